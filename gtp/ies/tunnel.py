"""Tunnels and their ends: TEIDs, GSN addresses, Recovery, supported extension headers.

Specs: TS 29.060 §7.7.11 (Recovery), §7.7.13 (TEID Data I), §7.7.14 (TEID Control Plane),
§7.7.32 (GSN Address), §7.7.40 (Extension Header Types List), §7.7.44 (Charging Gateway
Address).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from socket import AF_INET, AF_INET6, inet_ntoa, inet_ntop, inet_pton
from typing import Final

from gtp.constants import IEType
from gtp.extension_headers import ExtensionHeaderType
from gtp.ies.element import Element, Usual, fixed_number, octet

_ADDRESSES_KNOWN: Final = 4096

_ipv4_text: Final[Callable[[bytes], str]] = lru_cache(_ADDRESSES_KNOWN)(inet_ntoa)
"""Return an IPv4 address as text: the same object for the few GSNs that there are."""


def decode_address(value: bytes) -> str:
    """Return an IPv4 or IPv6 address as text."""
    if len(value) == 4:
        return _ipv4_text(value)
    if len(value) == 16:
        return inet_ntop(AF_INET6, value)
    raise ValueError("length is neither 4 nor 16")


def encode_address(address: str) -> bytes:
    """Return the octets of an IPv4 or IPv6 address; OSError or TypeError for what is none."""
    return inet_pton(AF_INET6 if ":" in address else AF_INET, address)


def _address(ie_type: IEType) -> Element[str]:
    head4, head6 = bytes((ie_type, 0, 4)), bytes((ie_type, 0, 16))

    @lru_cache(_ADDRESSES_KNOWN)
    def encode(address: str) -> bytes:
        if ":" in address:
            return head6 + inet_pton(AF_INET6, address)
        return head4 + inet_pton(AF_INET, address)

    usual = Usual(octet(ie_type) + rb"\x00\x04(.{4})", _ipv4_text)
    return Element(ie_type, decode_address, encode, usual=usual)


def _decode_types(value: bytes) -> tuple[int, ...]:
    return tuple(value)


def _encode_types(types: tuple[int, ...]) -> bytes:
    # The one element with a length of one octet (TS 29.060 §7.7.40).
    return bytes((IEType.EXTENSION_HEADER_TYPES, len(types), *types))


def _types_text(types: tuple[int, ...]) -> str:
    return ", ".join(extension_header_text(number) for number in types) or "none"


def extension_header_text(number: int) -> str:
    """Return an extension header type in words."""
    try:
        return ExtensionHeaderType(number).name.replace("_", " ").lower()
    except ValueError:
        return f"{number:#04x}"


def teid_text(teid: int) -> str:
    """Return a TEID as it is written everywhere: eight hexadecimal digits."""
    return f"0x{teid:08x}"


TEID_DATA: Final = fixed_number(IEType.TEID_DATA, 4, teid_text)
TEID_CONTROL: Final = fixed_number(IEType.TEID_CONTROL, 4, teid_text)
RECOVERY: Final = fixed_number(IEType.RECOVERY, 1)
GSN_ADDRESS: Final = _address(IEType.GSN_ADDRESS)
CHARGING_GATEWAY_ADDRESS: Final = _address(IEType.CHARGING_GATEWAY_ADDRESS)
EXTENSION_HEADER_TYPES: Final = Element(
    IEType.EXTENSION_HEADER_TYPES, _decode_types, _encode_types, _types_text
)
