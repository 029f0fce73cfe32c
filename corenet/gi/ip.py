"""IP packets as they pass over Gi: headers read and written, and UDP inside them.

Specs: RFC 791 (IPv4), RFC 8200 (IPv6), RFC 768 (UDP), RFC 1071 (checksum).

Addresses are text ("10.45.0.7"); a UDP end is ``(address, port)``. Reading raises ``IpError``
and nothing else, whatever the octets are.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from ipaddress import IPv6Address
from socket import AF_INET, AF_INET6, inet_aton, inet_ntoa, inet_pton
from typing import Final

from corenet.interfaces.node import Address

PROTOCOL_ICMP: Final = 1
PROTOCOL_TCP: Final = 6
PROTOCOL_UDP: Final = 17
PROTOCOL_ICMPV6: Final = 58

IPV4_HEADER_LENGTH: Final = 20
"""Octets of an IPv4 header without options."""
IPV6_HEADER_LENGTH: Final = 40
UDP_HEADER_LENGTH: Final = 8
MAXIMUM_UDP_PAYLOAD: Final = 65_535 - IPV4_HEADER_LENGTH - UDP_HEADER_LENGTH
"""Octets of UDP payload that fit in one IPv4 packet."""
DEFAULT_TTL: Final = 64

_IPV4: Final = struct.Struct("!BBHHHBBH4s4s")
_IPV6: Final = struct.Struct("!IHBB")
_UDP: Final = struct.Struct("!HHHH")
_DO_NOT_FRAGMENT: Final = 0x4000
_MORE_FRAGMENTS: Final = 0x2000
_OFFSET_MASK: Final = 0x1FFF


class IpError(ValueError):
    """The octets are no IP packet, or not the kind of packet that was asked for."""


@dataclass(frozen=True, slots=True)
class IpPacket:
    """An IP packet, read."""

    version: int
    """4 or 6."""
    source: str
    destination: str
    protocol: int
    """Protocol of the payload: 1 ICMP, 6 TCP, 17 UDP (in IPv6 the first next header)."""
    payload: bytes
    ttl: int
    """Hops that remain."""
    fragment_offset: int = 0
    """Where the payload belongs in the whole, octets; 0 in IPv6, whose fragments are a header."""
    more_fragments: bool = False

    @property
    def fragment(self) -> bool:
        """Whether this is a part of a larger packet."""
        return self.more_fragments or self.fragment_offset > 0


@dataclass(frozen=True, slots=True)
class UdpDatagram:
    """A UDP datagram with the addresses of the packet that carried it."""

    source: Address
    destination: Address
    payload: bytes


def checksum(data: bytes) -> int:
    """Return the Internet checksum of ``data``, padded to whole 16-bit words (RFC 1071).

    Over octets that include a right checksum it is 0.
    """
    if len(data) % 2:
        data += b"\x00"
    total = int.from_bytes(data, "big")
    # One's complement addition of 16-bit words is arithmetic modulo 65535, where only an
    # all-zero message sums to +0.
    return 0xFFFF - (total % 0xFFFF or 0xFFFF) if total else 0xFFFF


def parse(packet: bytes) -> IpPacket:
    """Return ``packet`` read, whichever its version.

    Octets behind the packet's own length (a link's padding) are left out. Raise ``IpError``
    where the header is cut short, inconsistent or, in IPv4, fails its checksum.
    """
    if not packet:
        raise IpError("an empty packet")
    version = packet[0] >> 4
    if version == 4:
        return _parse_ipv4(packet)
    if version == 6:
        return _parse_ipv6(packet)
    raise IpError(f"IP version {version}")


def ipv4_packet(
    source: str,
    destination: str,
    protocol: int,
    payload: bytes,
    *,
    identification: int = 0,
    ttl: int = DEFAULT_TTL,
    service: int = 0,
) -> bytes:
    """Return an IPv4 packet without options that must not be fragmented (RFC 791).

    Raise ``IpError`` for what is no IPv4 address, and for a payload that does not fit.
    """
    length = IPV4_HEADER_LENGTH + len(payload)
    if length > 0xFFFF:
        raise IpError(f"a payload of {len(payload)} octets does not fit in one IPv4 packet")
    try:
        ends = inet_aton(source), inet_aton(destination)
    except OSError:
        raise IpError(f"no IPv4 addresses: {source!r}, {destination!r}") from None
    first = (0x45, service, length, identification, _DO_NOT_FRAGMENT, ttl, protocol, 0)
    header = _IPV4.pack(*first, *ends)
    return header[:10] + checksum(header).to_bytes(2, "big") + header[12:] + payload


def ipv6_packet(
    source: bytes,
    destination: bytes,
    protocol: int,
    payload: bytes,
    *,
    hop_limit: int,
    service: int = 0,
) -> bytes:
    """Return an IPv6 packet without extension headers; addresses are 16 octets (RFC 8200 §3)."""
    head = _IPV6.pack(0x60000000 | service << 20, len(payload), protocol, hop_limit)
    return head + source + destination + payload


def udp_packet(
    source: Address,
    destination: Address,
    payload: bytes,
    *,
    identification: int = 0,
    ttl: int = DEFAULT_TTL,
) -> bytes:
    """Return a packet with one UDP datagram and all checksums right (RFC 768, RFC 8200 §8.1).

    It is in IPv6 where the source is an IPv6 address; there is no identification then. Raise
    ``IpError`` for what are no addresses of one family, a port beyond 65535 or a payload beyond
    ``MAXIMUM_UDP_PAYLOAD``.
    """
    if not (0 <= source[1] <= 0xFFFF and 0 <= destination[1] <= 0xFFFF):
        raise IpError(f"no UDP ports: {source[1]}, {destination[1]}")
    length = UDP_HEADER_LENGTH + len(payload)
    if length > 0xFFFF - IPV4_HEADER_LENGTH:
        raise IpError(f"a UDP payload of {len(payload)} octets does not fit in one IPv4 packet")
    is_ipv6 = ":" in source[0]
    family = AF_INET6 if is_ipv6 else AF_INET
    try:
        ends = inet_pton(family, source[0]), inet_pton(family, destination[0])
    except OSError:
        raise IpError(
            f"no IPv{6 if is_ipv6 else 4} addresses: {source[0]!r}, {destination[0]!r}"
        ) from None
    header = _UDP.pack(source[1], destination[1], length, 0)
    # In IPv6 the length has four octets, the protocol follows three zeros: the sum is the same.
    pseudo = ends[0] + ends[1] + bytes((0, PROTOCOL_UDP)) + length.to_bytes(2, "big")
    # A checksum of zero would say that there is none, so its other form is sent.
    value = checksum(pseudo + header + payload) or 0xFFFF
    datagram = header[:6] + value.to_bytes(2, "big") + payload
    if is_ipv6:
        return ipv6_packet(*ends, PROTOCOL_UDP, datagram, hop_limit=ttl)
    return ipv4_packet(
        source[0], destination[0], PROTOCOL_UDP, datagram, identification=identification, ttl=ttl
    )


def parse_udp(packet: bytes) -> UdpDatagram:
    """Return the UDP datagram in an IP packet.

    Raise ``IpError`` where it is no packet, no UDP, a fragment, cut short, or fails its
    checksum.
    """
    outer = parse(packet)
    if outer.protocol != PROTOCOL_UDP:
        raise IpError(f"protocol {outer.protocol} is not UDP")
    if outer.fragment:
        raise IpError("a fragment of a UDP datagram")
    data = outer.payload
    if len(data) < UDP_HEADER_LENGTH:
        raise IpError(f"{len(data)} octets are too few for a UDP header")
    source_port, destination_port, length, value = _UDP.unpack_from(data)
    if not UDP_HEADER_LENGTH <= length <= len(data):
        raise IpError(f"UDP length {length} in a packet with {len(data)} octets of payload")
    data = data[:length]
    # In IPv4 a checksum of zero means that the sender made none.
    if (value or outer.version == 6) and _udp_checksum(outer, data) != 0:
        raise IpError("wrong UDP checksum")
    return UdpDatagram(
        source=(outer.source, source_port),
        destination=(outer.destination, destination_port),
        payload=data[UDP_HEADER_LENGTH:],
    )


def _parse_ipv4(packet: bytes) -> IpPacket:
    if len(packet) < IPV4_HEADER_LENGTH:
        raise IpError(f"{len(packet)} octets are too few for an IPv4 header")
    first, _, length, _, flags, ttl, protocol, _, source, destination = _IPV4.unpack_from(packet)
    header_length = (first & 0x0F) * 4
    if not IPV4_HEADER_LENGTH <= header_length <= length <= len(packet):
        raise IpError(
            f"IPv4 header of {header_length} and packet of {length} in {len(packet)} octets"
        )
    if checksum(packet[:header_length]) != 0:
        raise IpError("wrong IPv4 header checksum")
    return IpPacket(
        version=4,
        source=inet_ntoa(source),
        destination=inet_ntoa(destination),
        protocol=protocol,
        payload=packet[header_length:length],
        ttl=ttl,
        fragment_offset=(flags & _OFFSET_MASK) * 8,
        more_fragments=bool(flags & _MORE_FRAGMENTS),
    )


def _parse_ipv6(packet: bytes) -> IpPacket:
    if len(packet) < IPV6_HEADER_LENGTH:
        raise IpError(f"{len(packet)} octets are too few for an IPv6 header")
    length = IPV6_HEADER_LENGTH + int.from_bytes(packet[4:6], "big")
    if length > len(packet):
        raise IpError(f"IPv6 packet of {length} in {len(packet)} octets")
    return IpPacket(
        version=6,
        source=str(IPv6Address(packet[8:24])),
        destination=str(IPv6Address(packet[24:40])),
        protocol=packet[6],
        payload=packet[IPV6_HEADER_LENGTH:length],
        ttl=packet[7],
    )


def _udp_checksum(outer: IpPacket, datagram: bytes) -> int:
    """Return the checksum over pseudo-header and datagram: 0 where it is right."""
    if outer.version == 4:
        ends = inet_aton(outer.source) + inet_aton(outer.destination)
        tail = bytes((0, PROTOCOL_UDP)) + len(datagram).to_bytes(2, "big")
    else:
        ends = IPv6Address(outer.source).packed + IPv6Address(outer.destination).packed
        tail = len(datagram).to_bytes(4, "big") + bytes((0, 0, 0, PROTOCOL_UDP))
    return checksum(ends + tail + datagram)
