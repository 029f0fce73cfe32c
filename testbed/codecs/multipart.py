"""multipart/related bodies as PAP carries them over HTTP (RFC 2387, RFC 2046 §5.1)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from testbed.codecs.media import ContentType


class MultipartError(ValueError):
    """A body that cannot be split; ``part`` is the part's number from 1, or None for the whole."""

    def __init__(self, text: str, part: int | None = None) -> None:
        self.text = text
        self.part = part
        super().__init__(text if part is None else f"part {part}: {text}")


@dataclass(frozen=True, slots=True)
class Limits:
    """What is accepted; sizes in octets."""

    parts: int = 8
    headers: int = 64
    header_octets: int = 8192


DEFAULT_LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Part:
    """One entity: its headers in order, without Content-Type, and its octets unchanged."""

    content_type: ContentType
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()

    def header(self, name: str) -> str | None:
        """Return the first header of that name in any case, or None."""
        raise NotImplementedError


def parse(content_type: str, body: bytes, *, limits: Limits = DEFAULT_LIMITS) -> tuple[Part, ...]:
    """Split a body by the boundary that its Content-Type names; MultipartError where it can't."""
    raise NotImplementedError


def build(parts: Sequence[Part], *, boundary: str) -> tuple[str, bytes]:
    """Return the Content-Type value and the body.

    ValueError where the boundary occurs in a part or is not allowed.
    """
    raise NotImplementedError
