"""Values of GSUP's information elements to octets and back; ValueError for what has no place.

Specs: OsmoHLR user manual, "Generic Subscriber Update Protocol"; TS 24.008 §10.5.1.4 (digits),
§10.5.6.1 (APN); libosmocore's ``gsup_sms.c`` (SM-RP-DA and SM-RP-OA).
"""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address
from typing import Final

from corenet.interfaces.gsup.values import (
    PdpAddress,
    PdpType,
    SmRpAddress,
    SmRpAddressType,
)
from corenet.interfaces.sms.address import decode_typed, encode_typed
from corenet.interfaces.sms.errors import SmsError

_SWAPPED: Final = bytes(octet >> 4 | (octet & 0xF) << 4 for octet in range(256))
"""Each octet with its halves swapped."""


def encode_digits(digits: str) -> bytes:
    """Return digits in swapped semi-octets, filled up with F."""
    if not (digits.isascii() and digits.isdigit()):
        raise ValueError(f"no digits: {digits!r}")
    return bytes.fromhex(digits + "F" * (len(digits) % 2)).translate(_SWAPPED)


def decode_digits(value: bytes) -> str:
    """Return the digits of swapped semi-octets."""
    digits = value.translate(_SWAPPED).hex().removesuffix("f")
    if not digits.isdigit():
        raise ValueError(f"octets {value.hex()} are no digits")
    return digits


def decode_imsi(value: bytes) -> str:
    """Return an IMSI."""
    imsi = decode_digits(value)
    if not 6 <= len(imsi) <= 15:
        raise ValueError(f"an IMSI has 6 to 15 digits, not {len(imsi)}")
    return imsi


def encode_imsi(imsi: str) -> bytes:
    """Return the octets of an IMSI."""
    if not 6 <= len(imsi) <= 15:
        raise ValueError(f"an IMSI has 6 to 15 digits: {imsi!r}")
    return encode_digits(imsi)


def encode_msisdn(msisdn: str) -> bytes:
    """Return a length octet and the digits; OsmoHLR gives no octet for the type of number."""
    digits = encode_digits(msisdn)
    return bytes((len(digits),)) + digits


def decode_msisdn(value: bytes) -> str:
    """Return the digits behind their length octet."""
    if not value or value[0] != len(value) - 1:
        raise ValueError("the length of the digits is not the rest of the element")
    return decode_digits(value[1:])


def one_octet(value: bytes) -> int:
    """Return the one octet there is."""
    if len(value) != 1:
        raise ValueError(f"one octet is right, not {len(value)}")
    return value[0]


def encode_octet(value: int) -> bytes:
    """Return one octet."""
    return bytes((value,))


def auth_octets(least: int, most: int | None = None) -> Callable[[bytes], bytes]:
    """Return a conversion that lets octets through where they are that many."""

    def check(value: bytes) -> bytes:
        if not least <= len(value) <= (most or least):
            raise ValueError(f"{len(value)} octets are too few or too many")
        return value

    return check


def encode_flag(_: bool) -> bytes:
    """Return an octet that nobody reads: presence says it all, but Wireshark stumbles at none."""
    return b"\x01"


def decode_flag(_: bytes) -> bool:
    """Return that the element is there."""
    return True


def encode_apn(apn: str) -> bytes:
    """Return an access point name as labels."""
    if apn == "*":
        return b"*"
    labels = [label.encode("ascii") for label in apn.split(".")]
    if not all(0 < len(label) < 64 for label in labels):
        raise ValueError(f"no access point name: {apn!r}")
    return b"".join(bytes((len(label),)) + label for label in labels)


def decode_apn(value: bytes) -> str:
    """Return an access point name with dots."""
    if value == b"*":
        return "*"
    labels = []
    position = 0
    while position < len(value):
        end = position + 1 + value[position]
        if value[position] == 0 or end > len(value):
            raise ValueError("a label overruns the element")
        labels.append(value[position + 1 : end].decode("ascii"))
        position = end
    if not labels:
        raise ValueError("there is no label")
    return ".".join(labels)


def encode_pdp_address(pdp: PdpAddress) -> bytes:
    """Return PDP type and, where there is one, the address."""
    octets = (0xF000 | pdp.pdp_type).to_bytes(2, "big")
    if pdp.address is None:
        return octets
    if pdp.pdp_type == PdpType.IPV4:
        return octets + IPv4Address(pdp.address).packed
    if pdp.pdp_type == PdpType.IPV6:
        return octets + IPv6Address(pdp.address).packed
    raise ValueError(f"PDP type {pdp.pdp_type:#05x} takes no static address here")


def decode_pdp_address(value: bytes) -> PdpAddress:
    """Return PDP type and, where there is one, the address."""
    if len(value) < 2:
        raise ValueError(f"two octets of PDP type are the least, not {len(value)}")
    pdp_type = int.from_bytes(value[:2], "big") & 0x0FFF
    if len(value) == 2:
        return PdpAddress(pdp_type)
    if pdp_type == PdpType.IPV4:
        return PdpAddress(pdp_type, str(IPv4Address(value[2:])))
    if pdp_type == PdpType.IPV6:
        return PdpAddress(pdp_type, str(IPv6Address(value[2:])))
    raise ValueError(f"PDP type {pdp_type:#05x} takes no static address here")


def unchanged(value: bytes) -> bytes:
    """Return the octets as they are."""
    return value


def encode_sm_rp_address(address: SmRpAddress) -> bytes:
    """Return type and digits; numbers, but no IMSI, have a type of number before them."""
    kind = bytes((address.type,))
    if address.type is SmRpAddressType.NONE:
        return kind
    if address.type is SmRpAddressType.IMSI:
        return kind + encode_imsi(address.digits)
    return kind + encode_typed(address.number)


def decode_sm_rp_address(value: bytes) -> SmRpAddress:
    """Return what type and digits name."""
    if not value:
        raise ValueError("there is no type")
    kind = SmRpAddressType(value[0])
    if kind is SmRpAddressType.NONE:
        return SmRpAddress(kind)
    if kind is SmRpAddressType.IMSI:
        return SmRpAddress(kind, decode_imsi(value[1:]))
    try:
        address = decode_typed(value[1:])
    except SmsError as error:
        raise ValueError(error.text) from None
    return SmRpAddress(kind, address.number, address.ton)
