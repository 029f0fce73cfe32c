"""ICMP: what ``ping`` sends and a host answers, and what a router says of a packet it drops.

Specs: RFC 792 (Echo, Destination Unreachable, Time Exceeded), RFC 1191 §4 (next-hop MTU),
RFC 4443 §3.2, §3.3 and §4 (the same in IPv6); RFC 1122 §3.2.2 and RFC 4443 §2.4 (e) (about what
no error is ever sent).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, replace
from socket import AF_INET6, inet_pton
from typing import Final

from corenet.gi.ip import (
    DEFAULT_TTL,
    IPV4_HEADER_LENGTH,
    IPV6_HEADER_LENGTH,
    PROTOCOL_ICMP,
    PROTOCOL_ICMPV6,
    IpError,
    IpPacket,
    checksum,
    ipv4_packet,
    ipv6_packet,
    parse,
)

_ECHO_REPLY: Final = 0
_ECHO: Final = 8
_ECHO_V6: Final = 128
_ECHO_REPLY_V6: Final = 129
_HEADER: Final = struct.Struct("!BBHHH")
_UNREACHABLE: Final = 3
_FRAGMENTATION_NEEDED: Final = 4
_TIME_EXCEEDED: Final = 11
_TOO_BIG_V6: Final = 2
_TIME_EXCEEDED_V6: Final = 3
_ERRORS: Final = frozenset(bytes((kind,)) for kind in (3, 4, 5, 11, 12))
"""Of ICMP: errors and Redirect, about which no error is sent."""
_QUOTED: Final = 576
"""Octets of the longest error in IPv4, so that it gets through anywhere (RFC 1812 §4.3.2.3)."""
_QUOTED_V6: Final = 1280
_SERVICE: Final = 0xFC


@dataclass(frozen=True, slots=True)
class Echo:
    """An Echo message with the addresses of the packet that carried it, of one family."""

    source: str
    destination: str
    identifier: int
    sequence: int
    data: bytes = b""
    reply: bool = False
    service: int = 0
    """Type of service or traffic class, without the two bits of congestion."""

    def answer(self) -> Echo:
        """Return the reply: the same data, with the same service, back to where they came from.

        RFC 1349 §5.1.
        """
        return replace(self, source=self.destination, destination=self.source, reply=True)

    def packet(self) -> bytes:
        """Return the IP packet; raise ``IpError`` for addresses or data that do not fit one."""
        rest = self.identifier.to_bytes(2, "big") + self.sequence.to_bytes(2, "big") + self.data
        if ":" not in self.source:
            kind = _ECHO_REPLY if self.reply else _ECHO
            message = _with_checksum(bytes((kind, 0, 0, 0)) + rest, b"")
            ends = (self.source, self.destination)
            return ipv4_packet(*ends, PROTOCOL_ICMP, message, service=self.service)
        kind = _ECHO_REPLY_V6 if self.reply else _ECHO_V6
        try:
            octets = inet_pton(AF_INET6, self.source), inet_pton(AF_INET6, self.destination)
        except OSError:
            raise IpError(f"no IPv6 addresses: {self.source!r}, {self.destination!r}") from None
        return icmpv6_packet(*octets, bytes((kind, 0, 0, 0)) + rest, service=self.service)


def parse_echo(packet: bytes) -> Echo:
    """Return the Echo message in an IP packet.

    Raise ``IpError`` where it is no packet, no ICMP Echo, a fragment, cut short, or fails its
    checksum.
    """
    outer = parse(packet)
    if outer.protocol != (PROTOCOL_ICMP if outer.version == 4 else PROTOCOL_ICMPV6):
        raise IpError(f"protocol {outer.protocol} is not ICMP")
    if outer.fragment:
        raise IpError("a fragment of an ICMP message")
    if len(outer.payload) < _HEADER.size:
        raise IpError(f"{len(outer.payload)} octets are too few for ICMP Echo")
    kind, code, _, identifier, sequence = _HEADER.unpack_from(outer.payload)
    echoes = (_ECHO, _ECHO_REPLY) if outer.version == 4 else (_ECHO_V6, _ECHO_REPLY_V6)
    if kind not in echoes or code != 0:
        raise IpError(f"ICMP type {kind}, code {code} is not Echo")
    if checksum(_pseudo_header(outer) + outer.payload) != 0:
        raise IpError("wrong ICMP checksum")
    return Echo(
        outer.source,
        outer.destination,
        identifier,
        sequence,
        outer.payload[_HEADER.size :],
        reply=kind == echoes[1],
        service=_service(packet),
    )


def _service(packet: bytes) -> int:
    if packet[0] >> 4 == 4:
        return packet[1] & _SERVICE
    return int.from_bytes(packet[:2], "big") >> 4 & _SERVICE


def too_big(packet: bytes, router: str, mtu: int) -> bytes | None:
    """Return what tells the source of ``packet`` to send at most ``mtu`` octets, from ``router``.

    In IPv4 it is "fragmentation needed and DF set" (RFC 1191), in IPv6 Packet Too Big. None where
    no error may be sent about such a packet.
    """
    if packet[0] >> 4 == 4:
        return _error_v4(packet, router, _UNREACHABLE, _FRAGMENTATION_NEEDED, mtu)
    return _error_v6(packet, router, _TOO_BIG_V6, mtu)


def time_exceeded(packet: bytes, router: str) -> bytes | None:
    """Return what tells the source of ``packet`` that it has made its last hop, or None."""
    if packet[0] >> 4 == 4:
        return _error_v4(packet, router, _TIME_EXCEEDED, 0, 0)
    return _error_v6(packet, router, _TIME_EXCEEDED_V6, 0)


def icmpv6_packet(
    source: bytes,
    destination: bytes,
    message: bytes,
    *,
    hop_limit: int = DEFAULT_TTL,
    service: int = 0,
) -> bytes:
    """Return the packet with an ICMPv6 message, whose checksum, 0 until now, is made right."""
    pseudo = _pseudo_header_v6(source + destination, len(message))
    message = _with_checksum(message, pseudo)
    ends = (source, destination)
    return ipv6_packet(*ends, PROTOCOL_ICMPV6, message, hop_limit=hop_limit, service=service)


def icmpv6_checksum(source: bytes, destination: bytes, message: bytes) -> int:
    """Return the checksum of a message with its pseudo-header: 0 where it is right."""
    return checksum(_pseudo_header_v6(source + destination, len(message)) + message)


def _error_v4(packet: bytes, router: str, kind: int, code: int, mtu: int) -> bytes | None:
    header = (packet[0] & 0x0F) * 4
    later_fragment = packet[6] & 0x1F or packet[7]
    about_error = packet[9] == PROTOCOL_ICMP and packet[header : header + 1] in _ERRORS
    nobody = packet[12] in (0, 127) or packet[12] >= 224 or packet[16] >= 224
    if later_fragment or about_error or nobody:
        return None
    quoted = packet[: _QUOTED - IPV4_HEADER_LENGTH - _HEADER.size]
    message = _with_checksum(_HEADER.pack(kind, code, 0, 0, mtu) + quoted, b"")
    source = ".".join(map(str, packet[12:16]))
    return ipv4_packet(router, source, PROTOCOL_ICMP, message)


def _error_v6(packet: bytes, router: str, kind: int, parameter: int) -> bytes | None:
    about_error = packet[6] == PROTOCOL_ICMPV6 and packet[IPV6_HEADER_LENGTH:41] < b"\x80"
    # Packet Too Big may be about a packet to many (RFC 4443 §2.4 (e.3)); that is not carried here.
    nobody = packet[8] == 0xFF or not any(packet[8:24]) or packet[24] == 0xFF
    if about_error or nobody:
        return None
    quoted = packet[: _QUOTED_V6 - IPV6_HEADER_LENGTH - _HEADER.size]
    message = struct.pack("!BBHI", kind, 0, 0, parameter) + quoted
    return icmpv6_packet(inet_pton(AF_INET6, router), packet[8:24], message)


def _with_checksum(message: bytes, pseudo: bytes) -> bytes:
    value = checksum(pseudo + message)
    return message[:2] + value.to_bytes(2, "big") + message[4:]


def _pseudo_header(outer: IpPacket) -> bytes:
    """Return what the checksum covers beside the message: nothing in IPv4."""
    if outer.version == 4:
        return b""
    ends = inet_pton(AF_INET6, outer.source) + inet_pton(AF_INET6, outer.destination)
    return _pseudo_header_v6(ends, len(outer.payload))


def _pseudo_header_v6(ends: bytes, length: int) -> bytes:
    return ends + length.to_bytes(4, "big") + bytes((0, 0, 0, PROTOCOL_ICMPV6))
