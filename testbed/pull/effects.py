"""What pull asks of whoever runs it, and the answers it takes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

HttpHeaders = tuple[tuple[str, str], ...]
"""Names and values in order."""


@dataclass(frozen=True, slots=True)
class FetchFromOrigin:
    """Ask an origin server over HTTP, following no redirect.

    Answer: ``Pull.fetched(number, answer, now)`` with an ``OriginAnswer``, or
    ``Pull.fetch_failed(number, failure, text, now)``. One of these follows, also after
    ``CancelFetch``.
    """

    number: int
    method: str
    url: str
    """Absolute, http or https, of printable ASCII, without login and fragment."""
    headers: HttpHeaders
    body: bytes | None
    """None: the request has none."""
    timeout: float
    """Seconds after which no answer is wanted."""


@dataclass(frozen=True, slots=True)
class CancelFetch:
    """Break off what ``FetchFromOrigin`` with this number has begun: nobody waits for it."""

    number: int


@dataclass(frozen=True, slots=True)
class OriginAnswer:
    """What an origin server has answered."""

    status: int
    headers: HttpHeaders
    body: bytes

    def header(self, name: str) -> str | None:
        """Return the first header of that name in any case, or None."""
        lower = name.lower()
        return next((value for key, value in self.headers if key.lower() == lower), None)


class FetchFailure(Enum):
    """Why there is no answer; the value is the HTTP status that says so."""

    UNREACHABLE = 502
    """No connection, or one that broke, or an answer that is no HTTP."""
    FORBIDDEN = 403
    """The name leads to an address that may not be reached."""
    TOO_LARGE = 413
    TIMED_OUT = 504


Effect = FetchFromOrigin | CancelFetch
