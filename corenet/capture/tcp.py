"""A TCP connection that never was, around messages of a reliable link.

Specs: RFC 9293 (TCP). Gr runs in-process here, yet Wireshark knows GSUP on TCP only, so a
capture shows each pair of nodes as one connection: opened before its first message, one
segment per message, and everything acknowledged in time. What passes on connections is octets to
us too, not packets, and is shown in the same way, up to the end of the connection.
"""

from __future__ import annotations

import struct
from socket import inet_aton
from typing import Final

from corenet.gi.ip import PROTOCOL_TCP, checksum, ipv4_packet
from corenet.interfaces.node import Address

_HEADER: Final = struct.Struct("!HHIIBBHHH")
_HEADER_LENGTH: Final = 20
_WINDOW: Final = 0xFFFF
_ACKNOWLEDGED_BY: Final = 0x4000
"""Octets after which the receiver acknowledges, should it have nothing to say itself."""

_FIN: Final = 0x01
_SYN: Final = 0x02
_PUSH: Final = 0x08
_ACK: Final = 0x10


class _End:
    """One end of the connection."""

    __slots__ = ("address", "next", "unacknowledged")

    def __init__(self, address: Address) -> None:
        self.address = address
        self.next = 0
        """The sequence number of its next octet, from 0."""
        self.unacknowledged = 0


class TcpConversation:
    """Turns messages between two ends into the IPv4 packets of a TCP connection."""

    def __init__(self, client: Address, server: Address) -> None:
        """``client`` opens the connection. Both are IPv4 addresses with ports."""
        self._client = _End(client)
        self._server = _End(server)

    def opening(self) -> list[bytes]:
        """Return the three packets that open the connection; ask for them once, first."""
        client, server = self._client, self._server
        syn = self._segment(client, server, _SYN)
        client.next = 1
        answer = self._segment(server, client, _SYN | _ACK)
        server.next = 1
        return [syn, answer, self._segment(client, server, _ACK)]

    def message(self, payload: bytes, *, from_client: bool) -> list[bytes]:
        """Return the packets that carry one message."""
        ends = (self._client, self._server)
        sender, receiver = ends if from_client else ends[::-1]
        packets = [self._segment(sender, receiver, _PUSH | _ACK, payload)]
        sender.next = (sender.next + len(payload)) & 0xFFFFFFFF
        sender.unacknowledged += len(payload)
        receiver.unacknowledged = 0
        if sender.unacknowledged >= _ACKNOWLEDGED_BY:
            packets.append(self._segment(receiver, sender, _ACK))
            sender.unacknowledged = 0
        return packets

    def closing(self, *, from_client: bool) -> list[bytes]:
        """Return the packets that close the connection; ask for them once, last."""
        ends = (self._client, self._server)
        first, second = ends if from_client else ends[::-1]
        packets = [self._segment(first, second, _FIN | _ACK)]
        first.next = (first.next + 1) & 0xFFFFFFFF
        packets.append(self._segment(second, first, _FIN | _ACK))
        second.next = (second.next + 1) & 0xFFFFFFFF
        packets.append(self._segment(first, second, _ACK))
        return packets

    @staticmethod
    def _segment(sender: _End, receiver: _End, flags: int, payload: bytes = b"") -> bytes:
        acknowledgement = receiver.next if flags & _ACK else 0
        (source, source_port), (destination, destination_port) = sender.address, receiver.address
        header = _HEADER.pack(
            source_port,
            destination_port,
            sender.next,
            acknowledgement,
            _HEADER_LENGTH // 4 << 4,
            flags,
            _WINDOW,
            0,
            0,
        )
        segment = header + payload
        pseudo = (
            inet_aton(source)
            + inet_aton(destination)
            + struct.pack("!HH", PROTOCOL_TCP, len(segment))
        )
        value = checksum(pseudo + segment)
        segment = header[:16] + value.to_bytes(2, "big") + header[18:] + payload
        return ipv4_packet(source, destination, PROTOCOL_TCP, segment)
