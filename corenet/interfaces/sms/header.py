"""The user data header of a short message.

Spec: TS 23.040 §9.2.3.24: a length octet, then information elements of identifier, length and
value. What has no class here keeps its octets. A concatenation that cannot be (no segments, or a
number beyond them) is to be ignored (§9.2.3.24.1), so it is kept as octets too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from corenet.interfaces.sms.errors import Reader

CONCATENATION_8: Final = 0x00
PORTS_8: Final = 0x04
PORTS_16: Final = 0x05
CONCATENATION_16: Final = 0x08


@dataclass(frozen=True, slots=True)
class Concatenation:
    """Which part of a longer message this is (§9.2.3.24.1, §9.2.3.24.8)."""

    reference: int
    """The same in every part, and in no other message to that terminal meanwhile."""
    total: int
    sequence: int
    """From 1 to ``total``."""
    wide: bool = False
    """Whether the reference has 16 bits, not 8."""

    def encode(self) -> bytes:
        """Return the information element."""
        if not 0 <= self.reference < (0x10000 if self.wide else 0x100):
            raise ValueError(f"reference {self.reference} is out of range")
        if not 1 <= self.sequence <= self.total <= 255:
            raise ValueError(f"there is no part {self.sequence} of {self.total}")
        identifier, octets = (CONCATENATION_16, 2) if self.wide else (CONCATENATION_8, 1)
        reference = self.reference.to_bytes(octets, "big")
        return bytes((identifier, octets + 2)) + reference + bytes((self.total, self.sequence))


@dataclass(frozen=True, slots=True)
class Ports:
    """Which application is meant (§9.2.3.24.3, §9.2.3.24.4)."""

    destination: int
    originator: int = 0
    wide: bool = True
    """Whether ports have 16 bits, not 8."""

    def encode(self) -> bytes:
        """Return the information element."""
        octets = 2 if self.wide else 1
        if not all(0 <= port < 1 << 8 * octets for port in (self.destination, self.originator)):
            raise ValueError(f"port {max(self.destination, self.originator)} is out of range")
        return (
            bytes((PORTS_16 if self.wide else PORTS_8, 2 * octets))
            + self.destination.to_bytes(octets, "big")
            + self.originator.to_bytes(octets, "big")
        )


@dataclass(frozen=True, slots=True)
class OtherElement:
    """An information element that has no class, as its octets."""

    identifier: int
    value: bytes

    def encode(self) -> bytes:
        """Return the information element."""
        return bytes((self.identifier, len(self.value))) + self.value


Element = Concatenation | Ports | OtherElement
Header = tuple[Element, ...]

_T = TypeVar("_T", Concatenation, Ports)


def encode_header(elements: Sequence[Element]) -> bytes:
    """Return the header with its length octet, nothing for no elements. Raises ValueError."""
    if not elements:
        return b""
    octets = b"".join(element.encode() for element in elements)
    return bytes((len(octets),)) + octets


def decode_header(reader: Reader) -> Header:
    """Take a header with its length octet."""
    octets = reader.part(reader.octet("user data header length"), "user data header")
    elements = []
    while octets.left:
        identifier = octets.octet("element identifier")
        value = octets.take(octets.octet("element length"), f"element {identifier:#04x}")
        elements.append(_element(identifier, value))
    return tuple(elements)


def concatenation(header: Header) -> Concatenation | None:
    """Return which part this is; of several elements the last one counts (§9.2.3.24)."""
    return _last(header, Concatenation)


def ports(header: Header) -> Ports | None:
    """Return the application ports; of several elements the last one counts (§9.2.3.24)."""
    return _last(header, Ports)


def _last(header: Header, kind: type[_T]) -> _T | None:
    return next((element for element in reversed(header) if isinstance(element, kind)), None)


def _element(identifier: int, value: bytes) -> Element:
    if (identifier, len(value)) in ((CONCATENATION_8, 3), (CONCATENATION_16, 4)):
        total, sequence = value[-2:]
        if 1 <= sequence <= total:
            reference = int.from_bytes(value[:-2], "big")
            return Concatenation(reference, total, sequence, identifier == CONCATENATION_16)
    elif (identifier, len(value)) in ((PORTS_8, 2), (PORTS_16, 4)):
        half = len(value) // 2
        destination, originator = value[:half], value[half:]
        return Ports(
            int.from_bytes(destination, "big"),
            int.from_bytes(originator, "big"),
            identifier == PORTS_16,
        )
    return OtherElement(identifier, value)
