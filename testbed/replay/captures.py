"""Captures read: the UDP datagrams in pcap and pcapng files.

Specs: draft-ietf-opsawg-pcap, draft-ietf-opsawg-pcapng. Link types that GTP is captured on: raw
IP, Ethernet with or without VLAN tags, Linux cooked (1 and 2), BSD loopback. IP fragments are
left out, and so is whatever has no UDP in it.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from socket import AF_INET, AF_INET6, inet_ntop
from typing import Final

from corenet.interfaces.node import Address


class CaptureError(ValueError):
    """The file is no capture that can be read; the sentence says why."""


@dataclass(frozen=True, slots=True)
class Datagram:
    """One UDP datagram."""

    time: float
    """Seconds since 1970-01-01 UTC."""
    source: Address
    destination: Address
    data: bytes


_PCAP: Final = {
    b"\xd4\xc3\xb2\xa1": ("<", 1e-6),
    b"\xa1\xb2\xc3\xd4": (">", 1e-6),
    b"\x4d\x3c\xb2\xa1": ("<", 1e-9),
    b"\xa1\xb2\x3c\x4d": (">", 1e-9),
}
_SECTION: Final = b"\x0a\x0d\x0d\x0a"
_INTERFACE: Final = 1
_SIMPLE_PACKET: Final = 3
_ENHANCED_PACKET: Final = 6
_TIME_RESOLUTION: Final = 9

_ETHER_IPV4, _ETHER_IPV6 = 0x0800, 0x86DD
_VLAN_TAGS: Final = (0x8100, 0x88A8)
_UDP: Final = 17
_IPV6_HEADER: Final = 40


def datagrams(content: bytes) -> Iterator[Datagram]:
    """Yield the UDP datagrams of a file, in its order.

    Raises:
        CaptureError: it is neither pcap nor pcapng, or broken.
    """
    try:
        packets = _pcapng(content) if content[:4] == _SECTION else _pcap(content)
        for time, link_type, frame in packets:
            found = _udp(_ip(link_type, frame))
            if found is not None:
                yield Datagram(time, *found)
    except struct.error:
        raise CaptureError("the capture ends in the middle of a block") from None


def _pcap(content: bytes) -> Iterator[tuple[float, int, bytes]]:
    if content[:4] not in _PCAP:
        raise CaptureError("this is neither a pcap nor a pcapng file")
    order, unit = _PCAP[content[:4]]
    (link_type,) = struct.unpack_from(order + "I", content, 20)
    position = 24
    while position < len(content):
        seconds, fraction, kept, _ = struct.unpack_from(order + "IIII", content, position)
        start = position + 16
        position = start + kept
        if position > len(content):
            raise CaptureError("the capture ends in the middle of a packet")
        yield seconds + fraction * unit, link_type & 0xFFFF, content[start:position]


def _pcapng(content: bytes) -> Iterator[tuple[float, int, bytes]]:
    order, position = "<", 0
    interfaces: list[tuple[int, float]] = []
    while position < len(content):
        if content[position : position + 4] == _SECTION:
            order = ">" if content[position + 8 : position + 12] == b"\x1a\x2b\x3c\x4d" else "<"
            interfaces.clear()
        kind, total = struct.unpack_from(order + "II", content, position)
        if total < 12 or total % 4 or position + total > len(content):
            raise CaptureError("the capture ends in the middle of a block")
        body = content[position + 8 : position + total - 4]
        position += total
        if kind == _INTERFACE:
            interfaces.append(_interface(order, body))
        elif kind == _ENHANCED_PACKET:
            number, high, low, kept = struct.unpack_from(order + "IIII", body)
            if number >= len(interfaces):
                raise CaptureError(f"a packet is of interface {number}, which is not declared")
            link_type, unit = interfaces[number]
            yield (high << 32 | low) * unit, link_type, body[20 : 20 + kept]
        elif kind == _SIMPLE_PACKET and interfaces:
            (length,) = struct.unpack_from(order + "I", body)
            yield 0.0, interfaces[0][0], body[4 : 4 + length]


def _interface(order: str, body: bytes) -> tuple[int, float]:
    """Return an interface's link type, and the unit of its packets' times in seconds."""
    (link_type,) = struct.unpack_from(order + "H", body)
    position, unit = 8, 1e-6
    while position + 4 <= len(body):
        code, length = struct.unpack_from(order + "HH", body, position)
        value = body[position + 4 : position + 4 + length]
        if code == _TIME_RESOLUTION and value:
            unit = 2.0 ** -(value[0] & 0x7F) if value[0] & 0x80 else 10.0 ** -value[0]
        position += 4 + length + -length % 4
    return link_type, unit


def _ip(link_type: int, frame: bytes) -> bytes:
    """Return the IP packet in a frame, or nothing."""
    match link_type:
        case 12 | 14 | 101 | 228 | 229:
            return frame
        case 0 | 108:
            return frame[4:]
        case 1:
            return _behind(frame, 12)
        case 113:
            return _behind(frame, 14)
        case 276:
            return frame[20:] if _is_ip(int.from_bytes(frame[:2])) else b""
        case _:
            return b""


def _behind(frame: bytes, position: int) -> bytes:
    """Return what is behind an EtherType, which VLAN tags may stand before."""
    ether_type = int.from_bytes(frame[position : position + 2])
    while ether_type in _VLAN_TAGS:
        position += 4
        ether_type = int.from_bytes(frame[position : position + 2])
    return frame[position + 2 :] if _is_ip(ether_type) else b""


def _is_ip(ether_type: int) -> bool:
    return ether_type in (_ETHER_IPV4, _ETHER_IPV6)


def _udp(packet: bytes) -> tuple[Address, Address, bytes] | None:
    if len(packet) >= 20 and packet[0] >> 4 == 4:
        fragment = int.from_bytes(packet[6:8]) & 0x3FFF
        if packet[9] != _UDP or fragment:
            return None
        family, ends, start = AF_INET, packet[12:20], (packet[0] & 15) * 4
    elif len(packet) >= _IPV6_HEADER and packet[0] >> 4 == 6:
        if packet[6] != _UDP:
            return None
        family, ends, start = AF_INET6, packet[8:40], _IPV6_HEADER
    else:
        return None
    if len(packet) < start + 8:
        return None
    source_port, destination_port, length = struct.unpack_from("!HHH", packet, start)
    half = len(ends) // 2
    source, destination = inet_ntop(family, ends[:half]), inet_ntop(family, ends[half:])
    payload = packet[start + 8 : start + length]
    return (source, source_port), (destination, destination_port), payload
