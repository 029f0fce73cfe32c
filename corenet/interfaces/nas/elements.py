"""What NAS messages are made of: a bounds-checked reader, APNs, addresses, identities.

Specs: TS 24.007 §11.2 (formats and the comprehension rule), TS 24.008 §8.5 to §8.7 (what to do
with wrong elements), §10.5 (elements), TS 23.003 §9.1 (APN).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from ipaddress import IPv4Address, IPv6Address

from corenet.interfaces.nas.causes import SmCause
from corenet.interfaces.nas.errors import NasError

_MAX_APN_OCTETS = 100


class PdpType(IntEnum):
    """IETF PDP type number (TS 24.008 §10.5.6.4)."""

    IPV4 = 0x21
    IPV6 = 0x57
    IPV4V6 = 0x8D


_ADDRESS_SIZES = {PdpType.IPV4: (0, 4), PdpType.IPV6: (0, 16), PdpType.IPV4V6: (0, 4, 16, 20)}
_IETF = 1


@dataclass(frozen=True, slots=True)
class PdpAddress:
    """Packet data protocol address (TS 24.008 §10.5.6.4).

    The first octet's spare half is 0 here, where GTP's end user address has it all ones.
    """

    type_number: int = PdpType.IPV4
    octets: bytes = b""
    """The address itself; empty asks for a dynamic one."""
    organisation: int = _IETF

    @classmethod
    def for_ipv4(cls, address: str) -> PdpAddress:
        """Return the address that is given as dotted decimals."""
        return cls(PdpType.IPV4, IPv4Address(address).packed)

    @classmethod
    def dynamic_ipv4(cls) -> PdpAddress:
        """Return an IPv4 PDP address whose value the network chooses."""
        return cls(PdpType.IPV4)

    @classmethod
    def dynamic_of(cls, pdp_type: PdpType) -> PdpAddress:
        """Return a PDP address of a type whose value the network chooses."""
        return cls(pdp_type)

    @property
    def pdp_type(self) -> PdpType | None:
        """The type, or None where it is not one of IETF's that are known here."""
        if self.organisation != _IETF or self.type_number not in _ADDRESS_SIZES:
            return None
        return PdpType(self.type_number)

    @property
    def ipv4(self) -> str | None:
        """The IPv4 address as dotted decimals, or None where there is none."""
        if self.pdp_type in (PdpType.IPV4, PdpType.IPV4V6) and len(self.octets) in (4, 20):
            return str(IPv4Address(self.octets[:4]))
        return None

    @property
    def ipv6(self) -> str | None:
        """The IPv6 address in text form, or None where there is none."""
        if self.pdp_type in (PdpType.IPV6, PdpType.IPV4V6) and len(self.octets) in (16, 20):
            return str(IPv6Address(self.octets[-16:]))
        return None

    @property
    def dynamic(self) -> bool:
        """Whether the network is to choose the address."""
        return not self.octets

    def encode(self) -> bytes:
        """Return the element's value part."""
        return bytes((self.organisation & 0x0F, self.type_number)) + self.octets

    @classmethod
    def decode(cls, value: bytes) -> PdpAddress:
        """Return the address in an element's value part.

        Raises ValueError where it is too short or its length is none of its type's.
        """
        if len(value) < 2:
            raise ValueError("PDP address without type")
        address = cls(value[1], bytes(value[2:]), value[0] & 0x0F)
        kind = address.pdp_type
        if kind is not None and len(address.octets) not in _ADDRESS_SIZES[kind]:
            raise ValueError(f"{kind.name} PDP address of {len(address.octets)} octets")
        return address

    def __str__(self) -> str:
        if self.dynamic:
            return "dynamic address"
        return self.ipv4 or self.ipv6 or self.octets.hex()


def encode_apn(apn: str) -> bytes:
    """Return an APN's labels, each with its length before it (TS 23.003 §9.1).

    Raises ValueError where it has an empty or over-long label, is over 100 octets or not ASCII.
    """
    labels = apn.encode("ascii").split(b".")
    if not all(0 < len(label) < 64 for label in labels):
        raise ValueError(f"APN {apn!r} has an empty label or one over 63 octets")
    octets = b"".join(bytes((len(label),)) + label for label in labels)
    if len(octets) > _MAX_APN_OCTETS:
        raise ValueError(f"APN {apn!r} is over {_MAX_APN_OCTETS} octets")
    return octets


def decode_apn(octets: bytes) -> str:
    """Return an APN as labels joined by dots; raises ValueError where it is malformed."""
    if not 0 < len(octets) <= _MAX_APN_OCTETS:
        raise ValueError(f"APN of {len(octets)} octets")
    labels = []
    at = 0
    while at < len(octets):
        end = at + 1 + octets[at]
        label = octets[at + 1 : end]
        if not 0 < len(label) < 64 or end > len(octets):
            raise ValueError("APN label that is empty or runs over the end")
        if not all(0x20 < octet < 0x7F and octet != 0x2E for octet in label):
            raise ValueError("APN label with octets that no name has")
        labels.append(label.decode("ascii"))
        at = end
    return ".".join(labels)


class Body:
    """Reads a message's octets in order; whatever is short becomes cause 96 with its place."""

    __slots__ = ("at", "octets")

    def __init__(self, octets: bytes, at: int) -> None:
        self.octets = octets
        self.at = at

    def fixed(self, size: int, what: str) -> bytes:
        """Read a mandatory element of ``size`` octets (format V)."""
        end = self.at + size
        if end > len(self.octets):
            raise invalid(f"{what} missing or short", self.at)
        value = self.octets[self.at : end]
        self.at = end
        return value

    def octet(self, what: str) -> int:
        """Read a mandatory element of one octet (format V)."""
        at = self.at
        if at >= len(self.octets):
            raise invalid(f"{what} missing", at)
        self.at = at + 1
        return self.octets[at]

    def counted(self, what: str, least: int, most: int = 255) -> bytes:
        """Read a mandatory element with its length before it (format LV)."""
        at = self.at
        size = self.octet(f"{what} length")
        if not least <= size <= most:
            raise invalid(f"{what} of {size} octets", at)
        return self.fixed(size, what)

    def optional(self, fixed: dict[int, int] | None = None) -> dict[int, bytes]:
        """Read what is left as optional elements: the first of each identifier with its value.

        One-octet elements stand under their high half, shifted down, with the low half as value.
        ``fixed`` names the sizes of the elements of format TV, which only their message knows.
        An element cut short ends the reading, as though it were not there (TS 24.008 §8.7).
        Identifiers 0x00 to 0x0F must be understood or the message refused (TS 24.007 §11.2.5).
        """
        octets, at, size = self.octets, self.at, len(self.octets)
        found: dict[int, bytes] = {}
        while at < size:
            identifier = octets[at]
            if identifier & 0x80:
                found.setdefault(identifier >> 4, bytes((identifier & 0x0F,)))
                at += 1
                continue
            if identifier < 0x10:
                raise invalid(f"element 0x{identifier:02x} must be understood and is not", at)
            if fixed is not None and identifier in fixed:
                start, end = at + 1, at + 1 + fixed[identifier]
            elif at + 1 < size:
                start, end = at + 2, at + 2 + octets[at + 1]
            else:
                break
            if end > size:
                break
            found.setdefault(identifier, octets[start:end])
            at = end
        self.at = size
        return found


def invalid(text: str, octet: int | None = None) -> NasError:
    """Return the error for mandatory information that is missing or wrong (cause 96)."""
    return NasError(SmCause.INVALID_MANDATORY_INFORMATION, text, octet)
