"""User traffic in bulk: the short cut that nearly every packet takes.

Specs: as ``corenet.ggsn.user_plane.traffic``, whose rules these are.

Theory of operation. Packets come in batches. A packet that is usual in every respect (a plain
G-PDU of a context whose order need not be kept, from the mobile's own address, to an address known
to be outside; or one that is not too long for a mobile with one context) is forwarded right here,
with a look at two dictionaries. Any other packet goes the way of ``Traffic``, one by one, and makes
its destination known where it is outside, so that the next one is usual. Nothing is decided here
that is not decided there: the tests give both the same packets and compare.

Downlink, packets of one length to one SGSN in a row are one ``Burst``: the kernel's segmentation
of UDP makes datagrams of it, for the price of one.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from typing import Final

from corenet.ggsn.contexts import PdpContext
from corenet.ggsn.core import Core
from corenet.ggsn.pools import PREFIX_LENGTH
from corenet.ggsn.user_plane.traffic import Traffic
from corenet.interfaces.bulk import Burst
from corenet.interfaces.node import Address

_UP: Final = struct.Struct(">HHIB11x4s4s")
"""A G-PDU's header, then of an IPv4 packet the version, source and destination."""
_DOWN: Final = struct.Struct(">B11xH2x4s")
"""Of an IPv4 packet the version, half of the source, the destination."""
_HEADER: Final = struct.Struct(">HHI")
_PLAIN_G_PDU: Final = 0x30FF
_HEADER_LENGTH: Final = 8
_SHORTEST: Final = 20
"""Octets of the shortest IPv4 packet."""
_SHORTEST_V6: Final = 40
_LINK_LOCAL_V4: Final = 0xA9FE
_LONGEST_BURST: Final = 64
"""Datagrams that the kernel makes of one (UDP_MAX_SEGMENTS)."""
_MOST_OCTETS: Final = 65_000


class Forwarding:
    """Forwards batches of packets between Gi and the tunnels."""

    def __init__(
        self, core: Core, traffic: Traffic, receive: Callable[[bytes, Address, float], None]
    ) -> None:
        """Find contexts in ``core``; what is not usual goes to ``traffic`` or ``receive``."""
        self._core = core
        self._traffic = traffic
        self._receive = receive
        self._owner = core.user_plane.owner
        self._context_at = core.contexts.at

    def up(self, datagrams: Sequence[bytes], peers: Sequence[Address], now: float) -> None:
        """Take datagrams from GTP-U; packets for Gi are in ``AccessPoint.outgoing`` then."""
        owner, unpack, shortest = self._owner, _UP.unpack_from, _HEADER_LENGTH + _SHORTEST
        packets = octets = 0
        for index, data in enumerate(datagrams):
            if len(data) >= shortest:
                kind, length, teid, version, source, destination = unpack(data)
                context = owner(teid)
                if (
                    kind == _PLAIN_G_PDU
                    and length == len(data) - _HEADER_LENGTH
                    and isinstance(context, PdpContext)
                    and context.ordering is None
                ):
                    access = context.access
                    if version >> 4 == 4:
                        usual = source == context.ipv4 and destination in access.known_outside
                    else:
                        usual = (
                            version >> 4 == 6
                            and context.ipv6 is not None
                            and data[16:24] == context.ipv6[:PREFIX_LENGTH]
                            and data[32:48] in access.known_outside
                        )
                    if usual:
                        access.outgoing.append(data[_HEADER_LENGTH:])
                        context.uplink_packets += 1
                        context.uplink_octets += length
                        packets += 1
                        octets += length
                        continue
            # Here and not afterwards: its place in the order is kept.
            self._receive(data, peers[index], now)
        counters = self._core.counters
        counters.uplink_packets += packets
        counters.uplink_octets += octets

    def down(self, packets: Sequence[bytes], now: float) -> list[Burst]:
        """Take packets from Gi; return those that go into tunnels as they are."""
        context_at, unpack, pack = self._context_at, _DOWN.unpack_from, _HEADER.pack
        bursts: list[Burst] = []
        pieces: list[bytes] = []
        peer: Address = ("", 0)
        size = count = room = total = octets = 0
        for packet in packets:
            length = len(packet)
            context = None
            if length >= _SHORTEST:
                version, source, destination = unpack(packet)
                if version >> 4 == 4:
                    if source != _LINK_LOCAL_V4:
                        context = context_at(destination)
                elif version >> 4 == 6 and length >= _SHORTEST_V6 and packet[8] != 0xFE:
                    context = context_at(packet[24:32])
            if (
                context is None
                or context.shared is not None
                or context.ordering is not None
                or context.tunnel_lost
                or length > context.access.longest
            ):
                self._traffic.downlink(packet, now)
                continue
            context.downlink_packets += 1
            context.downlink_octets += length
            context.last_downlink = now
            total += 1
            octets += length
            if room and length <= size and context.sgsn_user == peer:
                count += 1
                room = room - 1 if length == size else 0
            else:
                if count:
                    bursts.append(Burst(peer, size + _HEADER_LENGTH, count, pieces))
                pieces, peer, size, count = [], context.sgsn_user, length, 1
                room = min(_LONGEST_BURST, _MOST_OCTETS // (length + _HEADER_LENGTH)) - 1
            pieces.append(pack(_PLAIN_G_PDU, length, context.sgsn_teid_data))
            pieces.append(packet)
        if count:
            bursts.append(Burst(peer, size + _HEADER_LENGTH, count, pieces))
        counters = self._core.counters
        counters.downlink_packets += total
        counters.downlink_octets += octets
        return bursts
