"""What the procedures of a GGSN share."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from random import Random
from typing import Final

from corenet.ggsn.config import GgsnConfig
from corenet.ggsn.contexts import ContextTable, ControlTunnel, PdpContext
from corenet.ggsn.counters import GgsnCounters
from corenet.ggsn.events import DropReason
from corenet.ggsn.pools import AccessPoints
from corenet.interfaces.node import Address, Datagram, Event, Interface
from corenet.schedule import Schedule
from gtp.constants import GTP_C_PORT
from gtp.endpoint import Endpoint
from gtp.errors import LocalProtocolError
from gtp.messages import Message
from gtp.user_plane import UserPlane, encapsulate

_FIRST_GROUP: Final = 224
"""First octet of the first multicast address; behind them are reserved ones, and broadcast."""


@dataclass(slots=True, eq=False)
class Core:
    """Configuration, endpoints and tables, and what is to go out."""

    config: GgsnConfig
    random: Random
    recovery: int
    endpoint: Endpoint
    user_plane: UserPlane
    access_points: AccessPoints
    contexts: ContextTable
    schedule: Schedule = field(default_factory=Schedule)
    counters: GgsnCounters = field(default_factory=GgsnCounters)
    events: list[Event] = field(default_factory=list)
    traffic: list[Datagram] = field(default_factory=list)
    """Packets in tunnels to mobiles."""
    stopping: bool = False
    """Whether service ends: there will be no new context."""

    def request(
        self,
        message: Message,
        peer: Address,
        now: float,
        *,
        context: object = None,
        asks_ms: bool = False,
    ) -> int | None:
        """Send a request; return its transaction, or None where it cannot be sent.

        ``asks_ms`` says that the SGSN has to ask the MS before it answers, which takes longer.

        That is so where the peer has as many requests open as there are sequence numbers, or
        where a caller's value, such as an IMSI, cannot be expressed.
        """
        try:
            attempts = None
            if asks_ms:
                attempts = max(self.config.timers.n3_requests, self.config.attempts_through_ms)
            return self.endpoint.request(message, peer, now, context=context, attempts=attempts)
        except LocalProtocolError:
            return None

    def drop(self, reason: DropReason, count: int = 1) -> None:
        """Count PDUs that were dropped."""
        self.counters.dropped[reason] += count

    def watch(self, host: str, now: float) -> None:
        """Monitor the path to an SGSN for one context more (TS 29.060 §7.2.1)."""
        self.endpoint.watch((host, GTP_C_PORT), now)

    def unwatch(self, host: str) -> None:
        """Monitor the path to an SGSN for one context less."""
        self.endpoint.unwatch((host, GTP_C_PORT))

    def move_tunnel(self, tunnel: ControlTunnel, sgsn_address: str, now: float) -> None:
        """Address a control tunnel's SGSN elsewhere from now on, and watch that path instead."""
        if sgsn_address == tunnel.sgsn_address:
            return
        for _ in tunnel.contexts:
            self.watch(sgsn_address, now)
            self.unwatch(tunnel.sgsn_address)
        tunnel.sgsn_address = sgsn_address

    def send_down(self, context: PdpContext, packet: bytes, now: float) -> None:
        """Send a packet to the MS through its tunnel (TS 29.060 §9.3), if there is one now."""
        if context.tunnel_lost:
            self.drop(DropReason.TUNNEL_LOST)
            return
        size = len(packet)
        context.downlink_packets += 1
        context.downlink_octets += size
        context.last_downlink = now
        counters = self.counters
        counters.downlink_packets += 1
        counters.downlink_octets += size
        self.send_own(context, packet)

    def send_own(self, context: PdpContext, packet: bytes) -> None:
        """Send the MS a packet of our own, which is no traffic of its user's."""
        number = context.ordering.number() if context.ordering is not None else None
        data = encapsulate(context.sgsn_teid_data, packet, number)
        self.traffic.append(Datagram(Interface.GTP_U, context.sgsn_user, data))


@lru_cache(maxsize=1024)
def can_be_reached(address: str) -> bool:
    """Whether a GSN address is one that we can send to: IPv4, as ours are, and of one node."""
    return ":" not in address and 0 < int(address.partition(".")[0]) < _FIRST_GROUP
