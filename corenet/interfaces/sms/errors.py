"""What a decoder of short messages raises, and the reader that all of them use."""

from __future__ import annotations

PROTOCOL_ERROR = 111
"""Protocol error, unspecified: the same number as CP cause and as RP cause (TS 24.011 §8)."""


class SmsError(Exception):
    """A peer sent octets that are not what they should be; carries the cause to answer with."""

    def __init__(self, text: str, octet: int, *, cause: int = PROTOCOL_ERROR) -> None:
        super().__init__(f"octet {octet}: {text}")
        self.text = text
        self.octet = octet
        """Offset from the start of what was decoded, counted from 0."""
        self.cause = cause
        """CP or RP cause; the numbers from 81 up mean the same in both."""


class Reader:
    """Takes octets off the front, and says where it stands when there are too few."""

    __slots__ = ("_base", "_cause", "_data", "position")

    def __init__(self, data: bytes, *, cause: int = PROTOCOL_ERROR, base: int = 0) -> None:
        """``cause`` is what a message that is too short is answered with.

        ``base`` is where ``data`` stands in what is decoded.
        """
        self._data = data
        self._cause = cause
        self._base = base
        self.position = 0

    @property
    def left(self) -> int:
        """How many octets there still are."""
        return len(self._data) - self.position

    def octet(self, what: str) -> int:
        """Take one octet."""
        return self.take(1, what)[0]

    def take(self, count: int, what: str) -> bytes:
        """Take ``count`` octets."""
        if count > self.left:
            raise SmsError(
                f"{what} wants {count} octets, {self.left} are there",
                self._base + self.position,
                cause=self._cause,
            )
        start = self.position
        self.position += count
        return self._data[start : self.position]

    def part(self, count: int, what: str) -> Reader:
        """Take ``count`` octets, to be read for themselves."""
        base = self._base + self.position
        return Reader(self.take(count, what), cause=self._cause, base=base)

    def rest(self) -> bytes:
        """Take all that is left."""
        return self.take(self.left, "rest")
