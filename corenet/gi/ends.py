"""Who an IP packet is from and for, read without checking the rest of it."""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address
from socket import inet_ntoa

from corenet.gi.ip import PROTOCOL_TCP, PROTOCOL_UDP
from corenet.interfaces.node import Address

_NOWHERE: Address = ("", 0)


def is_for_many(host: str) -> bool:
    """Whether an address is multicast or the limited broadcast."""
    return bool(host) and (host == "255.255.255.255" or ip_address(host).is_multicast)


def packet_ends(packet: bytes) -> tuple[Address, Address]:
    """Return source and destination of a whole IP packet; port 0 where it has no ports.

    Octets that are no IP packet are from ("", 0) for ("", 0): whoever takes them will say what
    is wrong with them.
    """
    if len(packet) >= 20 and packet[0] >> 4 == 4:
        source, destination = inet_ntoa(packet[12:16]), inet_ntoa(packet[16:20])
        offset, protocol = (packet[0] & 0x0F) * 4, packet[9]
        first_fragment = packet[6] & 0x1F == 0 and packet[7] == 0
    elif len(packet) >= 40 and packet[0] >> 4 == 6:
        source, destination = str(IPv6Address(packet[8:24])), str(IPv6Address(packet[24:40]))
        offset, protocol, first_fragment = 40, packet[6], True
    else:
        return _NOWHERE, _NOWHERE
    if protocol not in (PROTOCOL_UDP, PROTOCOL_TCP) or not first_fragment:
        return (source, 0), (destination, 0)
    ports = packet[offset : offset + 4]
    return (
        (source, int.from_bytes(ports[:2], "big")),
        (destination, int.from_bytes(ports[2:], "big")),
    )
