"""Integers, texts and lengths of WSP, both ways (WAP-230 §8.1.2, §8.4.2)."""

from __future__ import annotations

from testbed.codecs.wsp.errors import WspError

QUOTE = 0x7F
LENGTH_QUOTE = 31
_SHORTEST_TEXT_OCTET = 0x20

Raw = int | str | bytes
"""A header's value before it is known what it means: short-integer, text, or counted octets."""


class Cursor:
    """Bounds-checked reading; ``base`` is the octet that position 0 stands for in error places."""

    def __init__(self, data: bytes, base: int = 0) -> None:
        self.data = data
        self.position = 0
        self._base = base

    def __bool__(self) -> bool:
        return self.position < len(self.data)

    def error(self, text: str) -> WspError:
        """Return an error for the present position."""
        return WspError(text, self._base + self.position)

    def peek(self) -> int:
        """Return the next octet without taking it."""
        if not self:
            raise self.error("the PDU ends too early")
        return self.data[self.position]

    def octet(self) -> int:
        """Take one octet."""
        value = self.peek()
        self.position += 1
        return value

    def octets(self, count: int) -> bytes:
        """Take ``count`` octets."""
        if self.position + count > len(self.data):
            raise self.error(f"{count} octets are announced, {self.left} are there")
        self.position += count
        return self.data[self.position - count : self.position]

    @property
    def left(self) -> int:
        """How many octets are left."""
        return len(self.data) - self.position

    def part(self, count: int) -> Cursor:
        """Take ``count`` octets as a cursor of their own."""
        base = self._base + self.position
        return Cursor(self.octets(count), base)

    def uintvar(self) -> int:
        """Take a uintvar of at most 32 bits."""
        value = 0
        for _ in range(5):
            octet = self.octet()
            value = value << 7 | octet & 0x7F
            if not octet & 0x80:
                if value >> 32:
                    break
                return value
        raise self.error("a uintvar of more than 32 bits")

    def text(self) -> str:
        """Take a text-string, quote octet and terminator included."""
        if self.peek() == QUOTE:
            self.position += 1
        end = self.data.find(b"\0", self.position)
        if end < 0:
            raise self.error("a text without its end")
        raw = self.octets(end - self.position)
        self.position += 1
        try:
            return raw.decode()
        except UnicodeDecodeError:
            return raw.decode("iso-8859-1")

    def value_length(self) -> int:
        """Take a value-length, where the next octet is known to begin one (0 to 31)."""
        first = self.octet()
        return self.uintvar() if first == LENGTH_QUOTE else first

    def raw(self) -> Raw:
        """Take a field value of any kind, which shows in its first octet (§8.4.1.2)."""
        first = self.peek()
        if first >= 0x80:
            return self.octet() & 0x7F
        if first >= _SHORTEST_TEXT_OCTET:
            return self.text()
        return self.octets(self.value_length())


def uintvar(value: int) -> bytes:
    """Write a uintvar."""
    octets = [value & 0x7F]
    while value := value >> 7:
        octets.append(value & 0x7F | 0x80)
    return bytes(reversed(octets))


def short_integer(value: int) -> bytes:
    """Write 0 to 127 in one octet."""
    return bytes((value | 0x80,))


def long_integer(value: int) -> bytes:
    """Write an integer below 2**240 with its length."""
    octets = value.to_bytes(max(1, (value.bit_length() + 7) // 8), "big")
    return bytes((len(octets),)) + octets


def integer(value: int) -> bytes:
    """Write an integer in its shortest form."""
    return short_integer(value) if value <= 0x7F else long_integer(value)


def counted(octets: bytes) -> bytes:
    """Write octets with their value-length before them."""
    length = len(octets)
    prefix = bytes((length,)) if length < LENGTH_QUOTE else bytes((LENGTH_QUOTE,)) + uintvar(length)
    return prefix + octets


def text_string(text: str) -> bytes:
    """Write a text-string; WspError where it holds a control character."""
    if any(character < " " or character == "\x7f" for character in text):
        raise WspError(f"{text[:80]!r} holds a control character")
    octets = text.encode()
    quote = bytes((QUOTE,)) if octets[:1] >= b"\x80" else b""
    return quote + octets + b"\0"


def quoted_string(text: str) -> bytes:
    """Write a quoted-string, whose closing quote is left out."""
    return b'"' + text_string(text).removeprefix(bytes((QUOTE,)))
