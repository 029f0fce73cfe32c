"""What a type of information element is: its number, how it is read and how it is written.

Spec: TS 29.060 §7.7. Types below 128 are TV with a fixed length, the others TLV with a length
of two octets that counts the value only; 141 alone has a length of one octet.

A decoder gets the value's octets and raises ValueError if they are no value. An encoder
returns the whole element, so that the commonest are a single C call; it may raise any of
``ENCODING_ERRORS``. The elements that nearly every message has say besides what they usually
look like, as a regular expression: so a usual message is split and checked in one C call.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import IntFlag
from functools import partial
from operator import itemgetter
from typing import Any, Final, Generic, TypeVar

from gtp.constants import IEType

T = TypeVar("T")
F = TypeVar("F", bound=IntFlag)

ENCODING_ERRORS: Final = (
    ValueError,
    TypeError,
    AttributeError,
    ArithmeticError,
    LookupError,
    OSError,
    struct.error,
)
"""What an encoder raises for a value that the element cannot carry."""

_HEAD: Final = struct.Struct("!BH").pack


@dataclass(frozen=True, slots=True)
class Usual(Generic[T]):
    """What an element usually looks like."""

    form: bytes
    """A regular expression for the whole element, with one group, that only values match."""
    take: Callable[[bytes], T]
    """The value from the group's octets; raises ValueError where the form said too much."""


@dataclass(frozen=True, slots=True)
class Element(Generic[T]):
    """A type of information element."""

    type: IEType
    decode: Callable[[bytes], T]
    encode: Callable[[T], bytes]
    text: Callable[[T], str] = str
    """The value in words."""
    usual: Usual[T] | None = None
    parse: Callable[[T], Any] | None = None
    """What takes a value apart that messages carry as octets, or as a number of codes; raises
    ValueError if it is none. ``Message.parsed`` calls it: most values are only passed on."""
    holds: str = ""
    """Of octets that are not for GTP to take apart: what they are."""

    def parsed(self, value: T) -> Any:
        """Return a value taken apart; what is no such value raises ValueError."""
        return value if self.parse is None else self.parse(value)


def octet(number: int) -> bytes:
    """Return the regular expression of one octet."""
    return b"\\x%02x" % number


def sized(ie_type: int, lengths: Iterable[int], value: bytes = b".{%d}") -> bytes:
    """Return the usual form of a TLV; the group has the length's low octet, then the value.

    ``value`` is the form of a value; it has a place for its length.
    """
    choices = b"|".join(octet(length) + value % length for length in lengths)
    return octet(ie_type) + rb"\x00(%b)" % choices


def tlv(ie_type: int, value: bytes) -> bytes:
    """Return a TLV element."""
    return _HEAD(ie_type, len(value)) + value


def named(names: Callable[[int], Any]) -> Callable[[int], str]:
    """Return what puts a number into words by an enumeration's names."""

    def text(value: int) -> str:
        try:
            return f"{names(value).name.replace('_', ' ').lower()} ({value})"
        except ValueError:
            return f"unassigned ({value})"

    return text


def taken_apart(parse: Callable[[T], Any], otherwise: Callable[[T], str]) -> Callable[[T], str]:
    """Return what puts a value into words by its parts, or as it is where it has none."""

    def text(value: T) -> str:
        try:
            return str(parse(value))
        except ValueError:
            return otherwise(value)

    return text


def _first(value: bytes) -> int:
    if not value:
        raise ValueError("is empty")
    return value[0]


def _yes_or_no(value: bool) -> str:
    return "yes" if value else "no"


def fixed_number(
    ie_type: IEType,
    size: int,
    text: Callable[[int], str] = str,
    parse: Callable[[int], Any] | None = None,
) -> Element[int]:
    """Return a TV element whose value is an unsigned number of 1, 2 or 4 octets."""
    layout = struct.Struct({1: "!BB", 2: "!BH", 4: "!BI"}[size])
    # int.from_bytes and a bound pack run without a Python frame.
    usual = Usual(octet(ie_type) + b"(.{%d})" % size, int.from_bytes)
    return Element(ie_type, int.from_bytes, partial(layout.pack, ie_type), text, usual, parse)


def number(
    ie_type: IEType,
    text: Callable[[int], str] | None = None,
    parse: Callable[[int], Any] | None = None,
) -> Element[int]:
    """Return a TLV element whose value is one octet, a number.

    Without ``text`` its words are those of what ``parse`` makes of it.
    """

    def decode(value: bytes) -> int:
        if len(value) != 1:
            raise ValueError("length is not 1")
        return value[0]

    encode = partial(struct.Struct("!BHB").pack, ie_type, 1)
    usual = Usual(octet(ie_type) + rb"\x00\x01(.)", int.from_bytes)
    if text is None:
        text = str if parse is None else taken_apart(parse, str)
    return Element(ie_type, decode, encode, text, usual, parse)


def wide_number(ie_type: IEType, size: int, text: Callable[[int], str] = str) -> Element[int]:
    """Return a TLV element whose value is a number of ``size`` octets."""

    def decode(value: bytes) -> int:
        if len(value) != size:
            raise ValueError(f"length is not {size}")
        return int.from_bytes(value)

    def encode(value: int) -> bytes:
        return tlv(ie_type, value.to_bytes(size))

    return Element(ie_type, decode, encode, text)


def first_octet(ie_type: IEType, text: Callable[[int], str] = str) -> Element[int]:
    """Return a TLV element whose first octet is a number; what may come behind it is not read."""
    encode = partial(struct.Struct("!BHB").pack, ie_type, 1)
    return Element(ie_type, _first, encode, text)


def flags(ie_type: IEType, kind: Callable[[int], F]) -> Element[F]:
    """Return a TLV element whose first octet has flags; what may come behind it is not read."""

    def decode(value: bytes) -> F:
        return kind(_first(value))

    def text(value: F) -> str:
        names = [each.name.replace("_", " ").lower() for each in value if each.name]
        return ", ".join(names) or "none"

    encode = partial(struct.Struct("!BHB").pack, ie_type, 1)
    return Element(ie_type, decode, encode, text)


def long_flag(ie_type: IEType) -> Element[bool]:
    """Return a TLV element of which the first octet's bit 1 counts, with spare bits of zero."""

    def decode(value: bytes) -> bool:
        return _first(value) & 1 == 1

    encode = partial(struct.Struct("!BH?").pack, ie_type, 1)
    return Element(ie_type, decode, encode, _yes_or_no)


def flag(ie_type: IEType) -> Element[bool]:
    """Return a TV element of which bit 1 counts; the spare bits are sent as ones."""
    true, false = bytes((ie_type, 0xFF)), bytes((ie_type, 0xFE))

    def decode(value: bytes) -> bool:
        return value[0] & 1 == 1

    def encode(value: bool) -> bytes:
        return true if value else false

    usual = Usual(octet(ie_type) + b"(.)", decode)
    return Element(ie_type, decode, encode, _yes_or_no, usual)


def fixed_octets(
    ie_type: IEType, size: int, *, parse: Callable[[bytes], Any] | None = None, holds: str = ""
) -> Element[bytes]:
    """Return a TV element whose value is kept as octets."""
    head = bytes((ie_type,))

    def encode(value: bytes) -> bytes:
        if len(value) != size:
            raise ValueError(f"length is {len(value)}, not {size}")
        return head + value

    usual = Usual(octet(ie_type) + b"(.{%d})" % size, bytes)
    return Element(ie_type, bytes, encode, _octets_text(parse), usual, parse, holds)


def octets(
    ie_type: IEType,
    minimum: int = 1,
    maximum: int = 65_535,
    *,
    usually: Iterable[int] = (),
    parse: Callable[[bytes], Any] | None = None,
    holds: str = "",
) -> Element[bytes]:
    """Return a TLV element whose value is kept as octets, within bounds of its length.

    ``usually`` are the lengths that it usually has; ``parse`` and ``holds`` are the element's.
    """

    def check(value: bytes) -> bytes:
        if not minimum <= len(value) <= maximum:
            raise ValueError(f"length is {len(value)}, not {minimum} to {maximum}")
        return value

    def encode(value: bytes) -> bytes:
        return _HEAD(ie_type, len(value)) + check(value)

    usual = Usual(sized(ie_type, usually), itemgetter(slice(1, None))) if usually else None
    return Element(ie_type, check, encode, _octets_text(parse), usual, parse, holds)


def _octets_text(parse: Callable[[bytes], Any] | None) -> Callable[[bytes], str]:
    return bytes.hex if parse is None else taken_apart(parse, bytes.hex)
