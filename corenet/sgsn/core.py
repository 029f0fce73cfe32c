"""The ground that the SGSN's procedures stand on: tables, timers, links, what came out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from random import Random

from corenet.interfaces.llc import Sapi
from corenet.interfaces.nas.gmm import GmmMessage
from corenet.interfaces.nas.gprs_timer import decode_timer, encode_timer
from corenet.interfaces.nas.sm import SmMessage
from corenet.interfaces.node import Address, Datagram, Event, Interface
from corenet.schedule import Schedule
from corenet.sgsn.config import RoutingArea, SgsnConfig
from corenet.sgsn.mm_context import MmContext, MmContexts
from corenet.sgsn.pdp_context import ControlTunnel, PdpContext, Tunnels
from corenet.sgsn.radio import RadioLink
from gtp.constants import GTP_C_PORT, MessageType
from gtp.endpoint import Endpoint
from gtp.events import RequestReceived
from gtp.messages import Message
from gtp.user_plane import UserPlane

Answered = Callable[[Message | None, float], None]
"""Called with the response to a GTP request, or None where there is no usable one."""

HEARD = frozenset({MessageType.SGSN_CONTEXT_ACKNOWLEDGE})
"""The GTP-C messages without an answer that an SGSN takes."""

SERVED = frozenset(
    {
        MessageType.PDU_NOTIFICATION_REQUEST,
        MessageType.UPDATE_PDP_CONTEXT_REQUEST,
        MessageType.DELETE_PDP_CONTEXT_REQUEST,
        MessageType.INITIATE_PDP_CONTEXT_ACTIVATION_REQUEST,
        MessageType.IDENTIFICATION_REQUEST,
        MessageType.SGSN_CONTEXT_REQUEST,
    }
)
"""The GTP-C requests that an SGSN answers here, beside Echo Request."""


class Core:
    """What every procedure of one SGSN shares."""

    def __init__(self, config: SgsnConfig, random: Random, recovery: int) -> None:
        self.config = config
        self.random = random
        self.recovery = recovery
        self.counters: Counter[str] = Counter()
        self.schedule = Schedule()
        self.endpoint = Endpoint(
            timers=config.timers, recovery=recovery, accepts=SERVED, hears=HEARD, random=random
        )
        self.user_plane = UserPlane(config.user_address)
        self.mobiles = MmContexts(random)
        self.tunnels = Tunnels(random)
        self.outgoing: list[Datagram] = []
        self.events: list[Event] = []
        self._areas = {cell: area for area in config.routing_areas for cell in area.cells}
        self._served = {area.encode(): area for area in config.routing_areas}
        self._leaving: list[Callable[[MmContext, float], object]] = []
        self.unpaged: list[tuple[RadioLink, int, bytes]] = []
        """What is for mobiles in STANDBY: link, SAPI, what the frame is to carry."""

    def emit(self, event: Event) -> None:
        """Let ``event`` have happened."""
        self.events.append(event)

    def count(self, name: str) -> None:
        """Count one more of ``name``."""
        self.counters[name] += 1

    def on_leave(self, drop: Callable[[MmContext, float], object]) -> None:
        """Call ``drop`` for each mobile with which nothing is to be under way any more."""
        self._leaving.append(drop)

    def leave(self, mobile: MmContext, now: float) -> None:
        """Drop what is under way with a mobile that leaves, or begins anew."""
        for drop in self._leaving:
            drop(mobile, now)

    @property
    def periodic_update_timer(self) -> int:
        """T3312 as mobiles are told it."""
        return encode_timer(self.config.radio.t3312)

    def agree_ready_timer(self, mobile: MmContext, asked: int | None) -> int:
        """Give a mobile the READY timer that it asks for, or the usual one (§4.7.2.1)."""
        agreed = encode_timer(self.config.radio.t3314) if asked is None else asked
        mobile.ready_timer = decode_timer(agreed)
        return agreed

    def area_of(self, radio: Address) -> RoutingArea:
        """Return the routing area of the cell that a radio link is in."""
        return self._areas.get(radio[1], self.config.routing_areas[0])

    def serves(self, rai: bytes) -> bool:
        """Return whether a routing area is one of this SGSN's."""
        return rai in self._served

    def say(self, link: RadioLink, message: GmmMessage | SmMessage) -> None:
        """Send a layer 3 message to a mobile."""
        self.say_octets(link, message.encode())

    def say_octets(self, link: RadioLink, octets: bytes) -> None:
        """Send a layer 3 message, encoded already, to a mobile."""
        self.transmit(link, Sapi.MOBILITY_MANAGEMENT, octets)

    def transmit(self, link: RadioLink, sapi: int, octets: bytes) -> None:
        """Send a frame to a mobile; one in STANDBY is paged first."""
        if link.standby:
            self.unpaged.append((link, sapi, octets))
        else:
            frame = link.frame(sapi, octets)
            self.outgoing.append(Datagram(Interface.RADIO, link.address, frame))

    def ask(self, message: Message, peer: Address, now: float, answered: Answered) -> None:
        """Send a GTP request; ``answered`` is called once, with the response or None."""
        self.endpoint.request(message, peer, now, context=answered)
        self.collect_gtp()

    def answer(self, received: RequestReceived, response: Message, now: float) -> None:
        """Answer a GTP request."""
        self.endpoint.respond(received, response, now)
        self.collect_gtp()

    def tell(self, message: Message, peer: Address) -> None:
        """Send a GTP message that nobody answers."""
        self.endpoint.tell(message, peer)
        self.collect_gtp()

    def collect_gtp(self) -> None:
        """Put what GTP wants sent in line with the rest, so that order is kept."""
        for data, peer in self.endpoint.take_datagrams():
            self.outgoing.append(Datagram(Interface.GTP_C, peer, data))
        for data, peer in self.user_plane.take_datagrams():
            self.outgoing.append(Datagram(Interface.GTP_U, peer, data))

    def open_tunnel(self, imsi: str, ggsn: str) -> ControlTunnel:
        """Return the mobile's control tunnel with the GGSN at the address ``ggsn``."""
        return self.tunnels.open(imsi, ggsn, (ggsn, GTP_C_PORT))

    def open(self, context: PdpContext) -> None:
        """Accept G-PDUs for ``context`` from now on, also before the GGSN's answer is here."""
        self.tunnels.add(context)
        self.user_plane.add_tunnel(context.teid_data, context)

    def move(self, context: PdpContext, ggsn: str) -> None:
        """Give a context that has not been created other tunnel endpoints, towards ``ggsn``.

        A GGSN that was asked before may have created it and send what it has to the old ones.
        """
        self.close(context)
        context.tunnel = self.open_tunnel(context.imsi, ggsn)
        context.teid_data = self.tunnels.new_teid()
        self.open(context)

    def watch(self, tunnel: ControlTunnel, now: float) -> None:
        """Monitor the path to the tunnel's GGSN as long as the tunnel is there."""
        if tunnel.watched is None:
            tunnel.watched = tunnel.peer
            self.endpoint.watch(tunnel.peer, now)
            self.collect_gtp()

    def give_up(self, context: PdpContext, now: float) -> None:
        """Close a context that was active, and end what is under way for it."""
        if context.modification is not None:
            context.modification.abandon(now)
        for request in context.requests:
            request.abandon(now)
        self.close(context)

    def close(self, context: PdpContext) -> None:
        """Take a context's tunnel endpoints away; with the last one the path is left alone."""
        tunnel = context.tunnel
        self.user_plane.remove_tunnel(context.teid_data)
        if self.tunnels.remove(context) and tunnel.watched is not None:
            self.endpoint.unwatch(tunnel.watched)
            tunnel.watched = None
