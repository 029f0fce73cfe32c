"""ICMP Echo: what ``ping`` sends, and what a host answers.

Specs: RFC 792 (Echo, Echo Reply), RFC 1122 §3.2.2.6 (every host answers).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

from corenet.gi.ip import PROTOCOL_ICMP, IpError, checksum, ipv4_packet, parse

_ECHO_REPLY: Final = 0
_ECHO: Final = 8
_HEADER: Final = struct.Struct("!BBHHH")


@dataclass(frozen=True, slots=True)
class Echo:
    """An Echo message with the addresses of the packet that carried it."""

    source: str
    destination: str
    identifier: int
    sequence: int
    data: bytes = b""
    reply: bool = False

    def answer(self) -> Echo:
        """Return the reply: the same data back to where they came from."""
        return Echo(
            self.destination, self.source, self.identifier, self.sequence, self.data, reply=True
        )

    def packet(self) -> bytes:
        """Return the IPv4 packet; raise ``IpError`` for addresses or data that do not fit one."""
        kind = _ECHO_REPLY if self.reply else _ECHO
        header = _HEADER.pack(kind, 0, 0, self.identifier, self.sequence)
        value = checksum(header + self.data)
        header = _HEADER.pack(kind, 0, value, self.identifier, self.sequence)
        return ipv4_packet(self.source, self.destination, PROTOCOL_ICMP, header + self.data)


def parse_echo(packet: bytes) -> Echo:
    """Return the Echo message in an IPv4 packet.

    Raise ``IpError`` where it is no packet, no ICMP Echo, a fragment, cut short, or fails its
    checksum.
    """
    outer = parse(packet)
    if outer.version != 4 or outer.protocol != PROTOCOL_ICMP:
        raise IpError(f"protocol {outer.protocol} is not ICMP")
    if outer.fragment:
        raise IpError("a fragment of an ICMP message")
    if len(outer.payload) < _HEADER.size:
        raise IpError(f"{len(outer.payload)} octets are too few for ICMP Echo")
    kind, code, _, identifier, sequence = _HEADER.unpack_from(outer.payload)
    if kind not in (_ECHO, _ECHO_REPLY) or code != 0:
        raise IpError(f"ICMP type {kind}, code {code} is not Echo")
    if checksum(outer.payload) != 0:
        raise IpError("wrong ICMP checksum")
    return Echo(
        outer.source,
        outer.destination,
        identifier,
        sequence,
        outer.payload[_HEADER.size :],
        reply=kind == _ECHO_REPLY,
    )
