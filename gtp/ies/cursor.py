"""Reading what stands inside an information element, without ever reading past its end."""

from __future__ import annotations


class Cursor:
    """A place in octets that moves on as they are read; raises ValueError at their end."""

    __slots__ = ("_octets", "_position")

    def __init__(self, octets: bytes) -> None:
        """Stand before the first of ``octets``."""
        self._octets = octets
        self._position = 0

    @property
    def at_end(self) -> bool:
        """Whether everything was read."""
        return self._position == len(self._octets)

    def take(self, count: int) -> bytes:
        """Return the next ``count`` octets."""
        end = self._position + count
        if end > len(self._octets):
            raise ValueError(f"ends after {len(self._octets)} octets and wants {end}")
        taken = self._octets[self._position : end]
        self._position = end
        return taken

    def number(self, size: int = 1) -> int:
        """Return the next ``size`` octets as an unsigned number."""
        return int.from_bytes(self.take(size))

    def counted(self, size: int = 1) -> bytes:
        """Return the octets behind a length of ``size`` octets."""
        return self.take(self.number(size))

    def rest(self) -> bytes:
        """Return all that is left."""
        return self.take(len(self._octets) - self._position)

    def finish(self) -> None:
        """Raise ValueError if anything is left."""
        if not self.at_end:
            raise ValueError(f"has {len(self._octets) - self._position} octets too many")


def counted(value: bytes, size: int = 1) -> bytes:
    """Return ``value`` behind its length in ``size`` octets; OverflowError if it is too long."""
    return len(value).to_bytes(size) + value


def exactly(value: bytes, size: int) -> bytes:
    """Return ``value``; raises ValueError unless it has ``size`` octets."""
    if len(value) != size:
        raise ValueError(f"a part has {len(value)} octets, not {size}")
    return value
