"""Addresses of short messages: whom they come from and go to.

Specs: TS 23.040 §9.1.2.5 (address fields of TPDUs), TS 24.011 §8.2.5.1 (addresses of RP),
TS 24.008 §10.5.4.7 (type and digits).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache
from typing import Final

from corenet.interfaces.sms import alphabet
from corenet.interfaces.sms.errors import Reader, SmsError

_DIGITS: Final = "0123456789*#abc"
_MOST_DIGITS: Final = 20
_MOST_SEPTETS: Final = 11


class TypeOfNumber(IntEnum):
    """Type of number."""

    UNKNOWN = 0
    INTERNATIONAL = 1
    NATIONAL = 2
    NETWORK_SPECIFIC = 3
    SUBSCRIBER = 4
    ALPHANUMERIC = 5
    ABBREVIATED = 6
    RESERVED = 7


@dataclass(frozen=True, slots=True)
class SmsAddress:
    """A number with its type, or the name of a sender."""

    number: str
    """Digits (also "*", "#", "a", "b", "c"), without "+"; a text where ``ton`` is ALPHANUMERIC."""
    ton: TypeOfNumber = TypeOfNumber.INTERNATIONAL
    plan: int = 1
    """Numbering plan identification; 1 is that of telephony (E.164)."""

    def __str__(self) -> str:
        return f"+{self.number}" if self.ton is TypeOfNumber.INTERNATIONAL else self.number

    @classmethod
    def parse(cls, text: str) -> SmsAddress:
        """Return the address that people write: "+44…", digits, or a sender's name."""
        if text.startswith("+"):
            return cls(text[1:])
        if text and all(character in _DIGITS for character in text):
            return cls(text, TypeOfNumber.UNKNOWN)
        return cls(text, TypeOfNumber.ALPHANUMERIC, 0)


def encode_tp(address: SmsAddress) -> bytes:
    """Return an address field of a TPDU: semi-octets, type, digits. Raises ValueError."""
    if address.ton is TypeOfNumber.ALPHANUMERIC:
        septets = alphabet.encode(address.number)
        if len(septets) > _MOST_SEPTETS:
            raise ValueError(f"{address.number!r} is longer than {_MOST_SEPTETS} septets")
        value = alphabet.pack(septets)
        semi_octets = (7 * len(septets) + 3) // 4
    else:
        value = _encode_digits(address.number)
        semi_octets = len(address.number)
    return bytes((semi_octets, _type_octet(address))) + value


def decode_tp(reader: Reader, what: str) -> SmsAddress:
    """Take an address field of a TPDU."""
    start = reader.position
    semi_octets = reader.octet(what)
    if semi_octets > _MOST_DIGITS:
        raise SmsError(f"{what} of {semi_octets} semi-octets is over {_MOST_DIGITS}", start)
    ton, plan = _split_type(reader.octet(what))
    value = reader.take((semi_octets + 1) // 2, what)
    if ton is TypeOfNumber.ALPHANUMERIC:
        text = alphabet.decode(alphabet.unpack(value, semi_octets * 4 // 7))
        return SmsAddress(text, ton, plan)
    return SmsAddress(_decode_digits(value, semi_octets, start), ton, plan)


def encode_typed(address: SmsAddress) -> bytes:
    """Return type and digits, as in RP and in GSUP. Raises ValueError."""
    if address.ton is TypeOfNumber.ALPHANUMERIC:
        raise ValueError(f"{address.number!r} is a name, not a number")
    return bytes((_type_octet(address),)) + _encode_digits(address.number)


def decode_typed(octets: bytes) -> SmsAddress:
    """Return the address of type and digits."""
    if not octets:
        raise SmsError("an address has no type", 0)
    ton, plan = _split_type(octets[0])
    if ton is TypeOfNumber.ALPHANUMERIC:
        raise SmsError("an address is a name, not a number", 0)
    count = 2 * len(octets) - 2
    if count and octets[-1] >> 4 == 0xF:
        count -= 1
    if count > _MOST_DIGITS:
        raise SmsError(f"{count} digits are over {_MOST_DIGITS}", 1)
    return SmsAddress(_decode_digits(octets[1:], count, 1), ton, plan)


def _type_octet(address: SmsAddress) -> int:
    return 0x80 | address.ton << 4 | address.plan


def _split_type(octet: int) -> tuple[TypeOfNumber, int]:
    return TypeOfNumber(octet >> 4 & 7), octet & 0xF


@lru_cache(1024)
def _encode_digits(digits: str) -> bytes:
    # Remembered: every segment of a message repeats its sender, and every request the centre.
    if len(digits) > _MOST_DIGITS:
        raise ValueError(f"{digits!r} has more than {_MOST_DIGITS} digits")
    try:
        values = [_DIGITS.index(digit) for digit in digits]
    except ValueError:
        raise ValueError(f"{digits!r} is no number") from None
    if len(values) % 2:
        values.append(0xF)
    return bytes(low | high << 4 for low, high in zip(values[::2], values[1::2], strict=True))


def _decode_digits(octets: bytes, count: int, octet: int) -> str:
    values = [value for pair in octets for value in (pair & 0xF, pair >> 4)][:count]
    if 0xF in values:
        raise SmsError(f"{octets.hex()} are no digits", octet)
    return "".join(_DIGITS[value] for value in values)
