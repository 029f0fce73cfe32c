"""Media types with parameters, as in Content-Type headers (RFC 2045 §5.1)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ContentType:
    """A media type and its parameters, in order; type and parameter names in lower case."""

    media: str
    parameters: tuple[tuple[str, str], ...] = ()

    def parameter(self, name: str) -> str | None:
        """Return the parameter's value without quotes, or None."""
        raise NotImplementedError

    def __str__(self) -> str:
        raise NotImplementedError


def parse(text: str) -> ContentType:
    """Read a Content-Type value; ValueError where it is none."""
    raise NotImplementedError
