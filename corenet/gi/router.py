"""The router on a mobile's IPv6 link: what it is asked, and what it advertises.

Specs: RFC 4861 §4.1, §6.1.1 (Router Solicitation), §4.2, §4.6, §6.1.2 (Router Advertisement and
its options); RFC 4862 §5.5.3 (what a host makes of a prefix); RFC 4443 §2.3 (checksum); TS
29.061 §11.2.1.3.4 (what a GGSN advertises).

The prefix is the mobile's alone: it makes any address of it (A set), but nobody else is on the
link (L clear). There is no DHCPv6 (M and O clear). As nothing is sent unasked, every lifetime
is the longest one.
"""

from __future__ import annotations

import struct
from typing import Final

from corenet.gi.icmp import icmpv6_checksum, icmpv6_packet
from corenet.gi.ip import IPV6_HEADER_LENGTH, PROTOCOL_ICMPV6

LINK_LOCAL_PREFIX: Final = bytes.fromhex("fe80000000000000")
ROUTER_ADDRESS: Final = LINK_LOCAL_PREFIX + (1).to_bytes(8, "big")
"""Ours on every link: fe80::1."""

_ALL_ROUTERS: Final = bytes.fromhex("ff02") + bytes(13) + bytes((2,))
_SOLICITATION: Final = 133
_ADVERTISEMENT: Final = 134
_HOP_LIMIT: Final = 255
"""Of every message of neighbour discovery: no router has forwarded it."""
_SOLICITATION_LENGTH: Final = 8
"""Octets before the options."""
_HEAD: Final = struct.Struct("!BBHBBHII")
_PREFIX: Final = struct.Struct("!BBBBIII8s8x")
_MTU: Final = struct.Struct("!BBHI")
_PREFIX_OPTION: Final = 3
_AUTONOMOUS: Final = 0x40
_FOR_EVER: Final = 0xFFFFFFFF
_CURRENT_HOP_LIMIT: Final = 64
_LONGEST_LIFETIME: Final = 0xFFFF


def router_solicitation(source: bytes) -> bytes:
    """Return the packet by which a host with a link-local address (16 octets) asks routers."""
    message = bytes((_SOLICITATION, 0)) + bytes(_SOLICITATION_LENGTH - 2)
    return icmpv6_packet(source, _ALL_ROUTERS, message, hop_limit=_HOP_LIMIT)


def advertised_prefix(packet: bytes) -> bytes | None:
    """Return the prefix (eight octets) that a packet allows to make addresses of.

    None where it is no valid Router Advertisement, or has no such prefix.
    """
    if len(packet) < IPV6_HEADER_LENGTH:
        return None
    length = int.from_bytes(packet[4:6], "big")
    message = packet[IPV6_HEADER_LENGTH : IPV6_HEADER_LENGTH + length]
    valid = (
        packet[0] >> 4 == 6
        and packet[6] == PROTOCOL_ICMPV6
        and packet[7] == _HOP_LIMIT
        and packet[8:16] == LINK_LOCAL_PREFIX
        and len(message) == length >= _HEAD.size
        and message[:2] == bytes((_ADVERTISEMENT, 0))
        and icmpv6_checksum(packet[8:24], packet[24:40], message) == 0
        and _options_are_whole(message[_HEAD.size :])
    )
    options = message[_HEAD.size :] if valid else b""
    while options:
        if options[0] == _PREFIX_OPTION and options[1] * 8 == _PREFIX.size:
            _, _, bits, flags, lifetime, _, _, prefix = _PREFIX.unpack_from(options)
            if bits == len(prefix) * 8 and flags & _AUTONOMOUS and lifetime:
                return bytes(prefix)
        options = options[8 * options[1] :]
    return None


def is_router_solicitation(packet: bytes) -> bool:
    """Whether an IPv6 packet, its header whole, is a valid Router Solicitation (§6.1.1)."""
    length = int.from_bytes(packet[4:6], "big")
    message = packet[IPV6_HEADER_LENGTH : IPV6_HEADER_LENGTH + length]
    return (
        packet[6] == PROTOCOL_ICMPV6
        and packet[7] == _HOP_LIMIT
        and len(message) == length >= _SOLICITATION_LENGTH
        and message[:2] == bytes((_SOLICITATION, 0))
        and icmpv6_checksum(packet[8:24], packet[24:40], message) == 0
        and _options_are_whole(message[_SOLICITATION_LENGTH:])
    )


def router_advertisement(destination: bytes, prefix: bytes, mtu: int | None) -> bytes:
    """Return the packet that tells ``destination`` (16 octets) its prefix (eight) and the MTU."""
    message = _HEAD.pack(_ADVERTISEMENT, 0, 0, _CURRENT_HOP_LIMIT, 0, _LONGEST_LIFETIME, 0, 0)
    message += _PREFIX.pack(_PREFIX_OPTION, 4, 64, _AUTONOMOUS, _FOR_EVER, _FOR_EVER, 0, prefix)
    if mtu is not None:
        message += _MTU.pack(5, 1, 0, mtu)
    return icmpv6_packet(ROUTER_ADDRESS, destination, message, hop_limit=_HOP_LIMIT)


def _options_are_whole(options: bytes) -> bool:
    """Whether every option has a length above 0, and the last one ends with the message."""
    while options:
        if len(options) < 2 or not options[1] or len(options) < 8 * options[1]:
            return False
        options = options[8 * options[1] :]
    return True
