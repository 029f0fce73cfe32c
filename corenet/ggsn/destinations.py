"""Where the packets of an APN's mobiles lead.

Specs: TS 29.061 §11.2.1 (Gi); RFC 4291 §2.5.6, RFC 3927 §2.7 (link-local addresses are not
forwarded), RFC 5771 §4 (nor is the local network's control block).
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Final

from corenet.ggsn.config import Apn, StaticBinding, apn_key

_KEPT: Final = 4096
"""Addresses outside that are remembered; beyond, all are looked at anew."""

_PREFIX_LENGTH: Final = 8
"""Octets of what of an IPv6 address says whose it is."""

_Bits = tuple[int, int, int]
"""Octets of an address, the bits of a network, and which bits those are."""


class Way(Enum):
    """Where a destination is, seen from a mobile."""

    OUTSIDE = "outside"
    MOBILE = "mobile"
    """In a pool or static range of the APN, or bound to a subscriber on it."""
    OURS = "ours"
    """The gateway, or a name server that is answered for here."""
    LINK = "link"
    """The link itself, beyond which nobody hears of it."""


class Destinations:
    """The address plan of one APN. Addresses are 4 or 16 octets."""

    __slots__ = ("_bindings", "_key", "_mobiles", "_ours", "known_outside")

    def __init__(self, apn: Apn, bindings: Mapping[bytes, StaticBinding]) -> None:
        """Read the plan of ``apn``; ``bindings`` are those of all APNs, by address or prefix."""
        self._key = apn_key(apn.name)
        self._bindings = bindings
        self._mobiles = [_bits(network) for network in (*apn.pools, *apn.static_ranges)]
        ours = (*apn.gateways, *(apn.dns if apn.answers_for_dns else ()))
        self._ours = frozenset(ip_address(text).packed for text in ours)
        self.known_outside: set[bytes] = set()
        """Addresses that have been found to be outside: most packets go to one of them."""

    def way(self, address: bytes) -> Way:
        """Return where an address is."""
        if address in self.known_outside:
            return Way.OUTSIDE
        if address in self._ours:
            return Way.OURS
        if is_link_local(address) or _is_for_the_link(address):
            return Way.LINK
        number, length = int.from_bytes(address, "big"), len(address)
        for size, network, mask in self._mobiles:
            if size == length and number & mask == network:
                return Way.MOBILE
        binding = self._bindings.get(address if length == 4 else address[:_PREFIX_LENGTH])
        if binding is not None and apn_key(binding.apn) == self._key:
            return Way.MOBILE
        if len(self.known_outside) >= _KEPT:
            self.known_outside.clear()
        self.known_outside.add(address)
        return Way.OUTSIDE


def is_link_local(address: bytes) -> bool:
    """Whether an address is in fe80::/10 or 169.254.0.0/16."""
    if len(address) == 4:
        return address[:2] == b"\xa9\xfe"
    return address[0] == 0xFE and address[1] & 0xC0 == 0x80


def _is_for_the_link(address: bytes) -> bool:
    """Whether a destination is everybody on the link; of IPv6, any multicast address."""
    if len(address) == 4:
        return address == b"\xff\xff\xff\xff" or address[:3] == b"\xe0\x00\x00"
    return address[0] == 0xFF


def _bits(network: IPv4Network | IPv6Network) -> _Bits:
    return network.max_prefixlen // 8, int(network.network_address), int(network.netmask)
