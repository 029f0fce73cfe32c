"""The connectionless Push PDU (WAP-230 §8.2.4.1, S-Unit-Push)."""

from __future__ import annotations

from dataclasses import dataclass

from testbed.codecs.media import ContentType

PUSH_PORT = 2948
"""Where terminals listen for connectionless pushes (wap-push)."""
SOURCE_PORT = 9200
"""Where gateways send them from (wap-wsp)."""


@dataclass(frozen=True, slots=True)
class Push:
    """One connectionless push: a UDP payload.

    ``tid`` is 0–255. ``headers`` are HTTP-like names and values in order, without Content-Type;
    known names and values are encoded by their numbers, others as text.
    """

    tid: int
    content_type: ContentType
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()

    def header(self, name: str) -> str | None:
        """Return the first header of that name in any case, or None."""
        raise NotImplementedError

    def encode(self) -> bytes:
        """Return the octets; WspError where a header cannot be encoded."""
        raise NotImplementedError


def decode_push(data: bytes) -> Push:
    """Read a connectionless Push PDU; WspError where it is none."""
    raise NotImplementedError
