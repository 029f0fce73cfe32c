"""The GGSN: what the other modules of this room do, composed as one sans-IO node.

Specs: TS 23.060 §9.2.2.2 (network-requested activation), TS 29.060 (GTP), TS 29.061 (Gi, RADIUS).

Five things arrive: GTP-C from SGSNs and the HLR, GTP-U from SGSNs, packets from Gi, answers
from RADIUS servers and orders of theirs. Each goes to the endpoint that speaks it; what the
endpoint makes of it goes to the procedure that it belongs to; and what came out of all of them is
collected when it is taken, GTP-C before user traffic, so that a Create PDP Context Response leaves
before the first packet in its tunnel.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from ipaddress import ip_address
from itertools import islice
from random import Random

from corenet.ggsn.accounting import Accounting
from corenet.ggsn.activations import NetworkActivations
from corenet.ggsn.admission import Admission
from corenet.ggsn.config import GgsnConfig
from corenet.ggsn.contexts import ContextTable, PdpContext, PendingUpdate
from corenet.ggsn.core import Core
from corenet.ggsn.counters import GgsnCounters
from corenet.ggsn.deletion import Deletion
from corenet.ggsn.events import DeletionReason, PathChanged, PathState, PdpContextView
from corenet.ggsn.forwarding import Forwarding
from corenet.ggsn.network_activation import NetworkActivation
from corenet.ggsn.orders import Orders
from corenet.ggsn.pools import PREFIX_LENGTH, AccessPoints
from corenet.ggsn.reachability import Reachability
from corenet.ggsn.secondary import SecondaryContexts, SecondaryRequest
from corenet.ggsn.sessions import Sessions
from corenet.ggsn.traffic import Traffic
from corenet.ggsn.updates import Updates
from corenet.interfaces.activation import FailureCause, LocalCause
from corenet.interfaces.bulk import Burst
from corenet.interfaces.node import Address, Datagram, Event, Interface
from corenet.radius.access import AccessClient, AccessCounters
from corenet.radius.client import AccountingClient
from corenet.radius.dynamic import DynamicAuthorizationServer, DynamicCounters
from corenet.radius.journal import Journal
from corenet.radius.packets import Code
from corenet.radius.records import AccountingCounters
from gtp.constants import MessageType
from gtp.endpoint import (
    Endpoint,
    EndpointCounters,
    PathDown,
    PathSuspected,
    PathUp,
    PeerRestarted,
    RequestFailed,
    RequestReceived,
    ResponseReceived,
)
from gtp.ies.quality import QosProfile
from gtp.messages import (
    CreatePdpContextRequest,
    DeletePdpContextRequest,
    MsInfoChangeNotificationRequest,
    PduNotificationRejectRequest,
    UpdatePdpContextRequest,
)
from gtp.user_plane import ErrorIndicated, TPduReceived, UserPlane, UserPlaneCounters

_SERVED = frozenset(
    (
        MessageType.CREATE_PDP_CONTEXT_REQUEST,
        MessageType.UPDATE_PDP_CONTEXT_REQUEST,
        MessageType.DELETE_PDP_CONTEXT_REQUEST,
        MessageType.PDU_NOTIFICATION_REJECT_REQUEST,
        MessageType.NOTE_MS_GPRS_PRESENT_REQUEST,
        MessageType.MS_INFO_CHANGE_NOTIFICATION_REQUEST,
    )
)
"""Requests that a GGSN answers, beside Echo Request."""


_ACCOUNTING_RESPONSE = bytes((Code.ACCOUNTING_RESPONSE,))


class Ggsn:
    """A GGSN (satisfies ``corenet.interfaces.node.Node``).

    Attach it to GTP-C (control address, 2123), GTP-U (user address, 2152), GI ("", 0) and,
    where it has RADIUS servers, RADIUS, and RADIUS_ORDERS where they may order.
    """

    def __init__(
        self,
        config: GgsnConfig,
        *,
        name: str = "ggsn",
        random: Random,
        recovery: int,
        journal: Journal | None = None,
    ) -> None:
        """Make a GGSN that has not started.

        ``random`` chooses TEIDs, sequence numbers and identifiers; ``recovery`` is the restart
        counter, 0..255 (TS 29.060 §7.7.11). ``journal`` has the accounting records that an
        earlier life could not tell, and keeps those of this one.
        """
        self._config = config
        self._name = name
        contexts = ContextTable(random)
        self._core = core = Core(
            config=config,
            random=random,
            recovery=recovery,
            endpoint=Endpoint(
                timers=config.timers,
                recovery=recovery,
                accepts=_SERVED,
                random=random,
                cache_octets=config.response_cache,
                peer_teid=contexts.sgsn_teid,
            ),
            user_plane=UserPlane(config.user_address),
            access_points=AccessPoints(config),
            contexts=contexts,
        )
        self._radius = AccountingClient(
            config.radius, config.accounting, random=random, journal=journal
        )
        # An answer after the last repetition of the Create would be for nobody.
        patience = config.timers.t3_response * config.timers.n3_requests
        policy = config.authentication
        deadline = min(policy.deadline, patience)
        self._access = AccessClient(replace(policy, deadline=deadline), random=random)
        self._dynamic = DynamicAuthorizationServer(config.dynamic_authorization)
        self._accounting = Accounting(core, self._radius)
        self._admission = Admission(core, self._access)
        self._reachability = Reachability(core.schedule, core.events)
        self._activations = NetworkActivations(core, self._reachability)
        self._deletion = Deletion(core, self._accounting)
        self._updates = Updates(core, self._accounting, self._deletion)
        self._sessions = Sessions(
            core, self._activations, self._accounting, self._deletion, self._admission
        )
        self._secondary = SecondaryContexts(core, self._sessions, self._accounting, self._deletion)
        self._orders = Orders(core, self._dynamic, self._accounting, self._deletion, self._updates)
        self._traffic = Traffic(core, self._activations)
        self._forwarding = Forwarding(core, self._traffic, self._receive_tunnelled)

    @property
    def name(self) -> str:
        """The name that logs, captures and the lab file use."""
        return self._name

    @property
    def config(self) -> GgsnConfig:
        """What the GGSN was made with."""
        return self._config

    # Commands

    def activate(
        self, imsi: str, apn: str, *, key: str, deadline: float | None = None, now: float
    ) -> None:
        """Have a context activated; exactly one ``ActivationFinished`` tells how it went.

        Where the context is there already, or nothing can be tried, the event comes at once.
        A ``key`` that is waiting for this subscriber and APN already changes nothing.
        ``deadline`` is a time, seconds since 1970-01-01 UTC, or None for as long as the
        procedure takes. It ends this key's waiting; the procedure goes on for others.

        A subscriber without a static address on the APN is served too, where the APN has a
        pool: an extension to TS 23.060 §9.2.2.2 (see ``network_activation``).
        """
        self._activations.activate(imsi, apn, key, deadline, now)

    def deactivate(self, imsi: str, apn: str | None, now: float) -> int:
        """Delete the subscriber's contexts on ``apn``, or all; return how many there were.

        An activation under way ends too. An unknown APN has no contexts.
        """
        access = None
        if apn is not None:
            access = self._core.access_points.find(apn)
            if access is None:
                return 0
        count = self._deletion.deactivate(imsi, access, now)
        self._activations.abandon(imsi, access, FailureCause.local(LocalCause.DEACTIVATED), now)
        return count

    def deactivate_bearer(self, imsi: str, apn: str, nsapi: int, now: float) -> bool:
        """Delete one of the contexts that share an address; False where there is none."""
        context = self._context(imsi, apn, nsapi)
        if context is None:
            return False
        self._deletion.end_bearer(context, DeletionReason.COMMAND, now)
        return True

    def change_qos(
        self, imsi: str, apn: str, qos: bytes, now: float, nsapi: int | None = None
    ) -> int:
        """Ask the SGSN for another QoS (IE 135) of the subscriber's contexts on ``apn``.

        ``nsapi`` names one of them. Returns how many contexts that were; for each an event tells
        how it went: ``PdpContextUpdated`` or ``PdpContextUpdateFailed``. An unknown APN has no
        contexts.

        Raises:
            ValueError: ``qos`` is no QoS profile.
        """
        QosProfile.parse(qos)
        access = self._core.access_points.find(apn)
        return self._updates.change_qos(imsi, access, qos, now, nsapi) if access is not None else 0

    def change_template(self, imsi: str, apn: str, nsapi: int, tft: bytes, now: float) -> bool:
        """Ask the SGSN for another traffic flow template (IE 137) of one context.

        False where there is none. An event tells how it went, as for ``change_qos``.

        Raises:
            BearerControlError: the network may not ask for it.
            TftError: ``tft`` is none, or cannot be applied to the template of now.
        """
        context = self._context(imsi, apn, nsapi)
        if context is None:
            return False
        self._updates.ask_template(context, tft, now)
        return True

    def request_secondary(
        self, imsi: str, apn: str, qos: bytes, tft: bytes | None, now: float
    ) -> bool:
        """Ask the SGSN for one more context with the address that the subscriber has on ``apn``.

        False where it has none. An event tells how it went: ``SecondaryActivationSucceeded`` or
        ``SecondaryActivationFailed`` (TS 23.060 §9.2.2.3).

        Raises:
            BearerControlError: the network may not ask for it.
            ValueError: ``qos`` is no QoS profile, or ``tft`` no template for a new context.
        """
        QosProfile.parse(qos)
        linked = self._context(imsi, apn, None)
        if linked is None:
            return False
        self._secondary.request(linked, qos, tft, now)
        return True

    def _context(self, imsi: str, apn: str, nsapi: int | None) -> PdpContext | None:
        """Return the subscriber's oldest context on ``apn``, or the one with ``nsapi``."""
        access = self._core.access_points.find(apn)
        for context in self._core.contexts.of(imsi):
            if context.access is access and nsapi in (None, context.nsapi):
                return context
        return None

    # Queries

    def contexts(self, start: int = 0, stop: int | None = None) -> list[PdpContextView]:
        """Return every PDP context, oldest first, or those at ``start`` to ``stop`` of them."""
        return [context.view() for context in islice(self._core.contexts, start, stop)]

    @property
    def context_count(self) -> int:
        """How many PDP contexts there are."""
        return len(self._core.contexts)

    def contexts_of(self, imsi: str) -> list[PdpContextView]:
        """Return the subscriber's PDP contexts, oldest first."""
        return [context.view() for context in self._core.contexts.of(imsi)]

    def context_at(self, address: str) -> PdpContextView | None:
        """Return the PDP context that has ``address`` now, or its prefix, or None."""
        try:
            octets = ip_address(address).packed
        except ValueError:
            return None
        context = self._core.contexts.at(octets if len(octets) == 4 else octets[:PREFIX_LENGTH])
        return context.view() if context is not None else None

    def not_reachable(self, imsi: str) -> str | None:
        """Return why MNRG is set for the subscriber, in words, or None where it is not."""
        return self._reachability.not_reachable(imsi)

    @property
    def activations_under_way(self) -> int:
        """How many network-requested activations have neither succeeded nor failed yet."""
        return len(self._activations)

    @property
    def pending_records(self) -> int:
        """How many accounting records no server has answered yet."""
        return self._radius.pending

    @property
    def held_addresses(self) -> int:
        """How many addresses wait until accounting was told of their last session's end."""
        return self._accounting.held_addresses

    @property
    def under_way(self) -> dict[str, int]:
        """How much has begun and not ended, by what it is; all 0 in a GGSN at rest."""
        core = self._core
        return {
            "activations": len(self._activations),
            "secondary requests": len(self._secondary),
            "expected contexts": core.contexts.reserved,
            "PDP contexts": len(core.contexts),
            "tunnel endpoints": core.user_plane.tunnels,
            "watched paths": core.endpoint.watched_paths,
            "requests": core.endpoint.open_requests,
            "requests of others": core.endpoint.requests_in_work,
            "accounting records": self._radius.pending,
            "held addresses": self._accounting.held_addresses,
            "questions to RADIUS": len(self._admission),
        }

    @property
    def counters(self) -> GgsnCounters:
        """What the GGSN has counted."""
        return self._core.counters

    @property
    def endpoint_counters(self) -> EndpointCounters:
        """What GTP-C has counted."""
        return self._core.endpoint.counters

    @property
    def user_plane_counters(self) -> UserPlaneCounters:
        """What GTP-U has counted."""
        return self._core.user_plane.counters

    @property
    def access_counters(self) -> AccessCounters:
        """What authentication by RADIUS has counted."""
        return self._access.counters

    @property
    def dynamic_counters(self) -> DynamicCounters:
        """What has been counted of RADIUS servers' orders."""
        return self._dynamic.counters

    @property
    def accounting_counters(self) -> AccountingCounters:
        """What RADIUS accounting has counted."""
        return self._radius.counters

    # Node

    def start(self, now: float) -> None:
        """Begin service: Accounting-On to the servers."""
        self._accounting.start(now)

    def stop(self, now: float) -> None:
        """End service: activations fail, contexts go, Stops and Accounting-Off to the servers."""
        self._admission.abandon()
        self._take_judged(now)
        self._activations.stop(now)
        self._deletion.stop(now, self._accounting.stop)

    @property
    def is_stopping(self) -> bool:
        """Whether there are contexts left to end, at the next timeouts."""
        return self._core.stopping and len(self._core.contexts) > 0

    def receive(
        self,
        interface: Interface,
        data: bytes,
        *,
        peer: Address,
        local: Address,  # noqa: ARG002 - one attachment to each interface
        now: float,
    ) -> None:
        """Take octets from GTP-C, GTP-U, Gi or RADIUS. Never raises for what a peer sent."""
        if interface is Interface.GI:
            self._traffic.downlink(data, now)
        elif interface is Interface.GTP_U:
            self._receive_tunnelled(data, peer, now)
        elif interface is Interface.GTP_C:
            self._core.endpoint.receive(data, peer, now)
            self._take_control_events(now)
        elif interface is Interface.RADIUS:
            if data[:1] == _ACCOUNTING_RESPONSE:
                self._radius.receive(data, peer, now)
            else:
                self._access.receive(data, peer, now)
        elif interface is Interface.RADIUS_ORDERS:
            order = self._dynamic.receive(data, peer, now)
            if order is not None:
                self._orders.ordered(order, now)
        if self._admission.has_ended:
            self._take_judged(now)

    def forward_up(
        self, datagrams: Sequence[bytes], peers: Sequence[Address], now: float
    ) -> list[tuple[str, list[bytes]]]:
        """Take datagrams from GTP-U; return packets for Gi, by the APN that they leave through.

        With ``forward_down`` it is ``corenet.interfaces.bulk.ForwardsInBulk``.
        """
        self._forwarding.up(datagrams, peers, now)
        return self._core.access_points.take_outgoing()

    def forward_down(self, packets: Sequence[bytes], now: float) -> list[Burst]:
        """Take whole IP packets from Gi; return datagrams for GTP-U."""
        return self._forwarding.down(packets, now)

    def next_timeout(self) -> float | None:
        """Return when ``handle_timeout`` wants to be called, or None."""
        earliest = self._core.endpoint.next_timeout()
        for due in (
            self._core.schedule.next_timeout(),
            self._radius.next_timeout(),
            self._access.next_timeout(),
        ):
            if due is not None and (earliest is None or due < earliest):
                earliest = due
        return earliest

    def handle_timeout(self, now: float) -> None:
        """Do what is due at ``now``."""
        self._core.endpoint.handle_timeout(now)
        self._take_control_events(now)
        self._core.schedule.ring(now)
        self._radius.handle_timeout(now)
        self._access.handle_timeout(now)
        if self._admission.has_ended:
            self._take_judged(now)

    def take_datagrams(self) -> list[Datagram]:
        """Return what is to be sent, in order, and forget it."""
        core = self._core
        taken = [
            Datagram(Interface.GTP_C, peer, data) for data, peer in core.endpoint.take_datagrams()
        ]
        for data, peer in core.user_plane.take_datagrams():
            taken.append(Datagram(Interface.GTP_U, peer, data))
        if core.traffic:
            taken.extend(core.traffic)
            core.traffic.clear()
        for apn, packets in self._core.access_points.take_outgoing():
            taken.extend(Datagram(Interface.GI, (apn, 0), packet) for packet in packets)
        for data, peer in self._access.take_datagrams():
            taken.append(Datagram(Interface.RADIUS, peer, data))
        for data, peer in self._radius.take_datagrams():
            taken.append(Datagram(Interface.RADIUS, peer, data))
        for data, peer in self._dynamic.take_datagrams():
            taken.append(Datagram(Interface.RADIUS_ORDERS, peer, data))
        return taken

    def take_events(self) -> list[Event]:
        """Return what has happened since the last call, in order, and forget it."""
        taken = [*self._core.events]
        # The procedures share this list, so it is emptied and not replaced.
        self._core.events.clear()
        taken.extend(self._radius.take_events())
        taken.extend(self._access.take_events())
        return taken

    # Inside

    def _take_control_events(self, now: float) -> None:
        for event in self._core.endpoint.take_events():
            if isinstance(event, RequestReceived):
                self._take_request(event, now)
            elif isinstance(event, ResponseReceived):
                self._take_response(event, now)
            elif isinstance(event, RequestFailed):
                self._take_failure(event, now)
            elif isinstance(event, PeerRestarted):
                self._deletion.sgsn_restarted(event.peer[0], event.recovery, now)
                self._admission.abandon(event.peer[0])
            elif isinstance(event, PathUp):
                self._core.events.append(PathChanged(event.peer[0], PathState.UP))
            elif isinstance(event, PathSuspected):
                self._core.events.append(PathChanged(event.peer[0], PathState.SUSPECTED))
            elif isinstance(event, PathDown):
                self._core.events.append(PathChanged(event.peer[0], PathState.DOWN))
                self._deletion.path_lost(event.peer[0], now)

    def _take_response(self, event: ResponseReceived, now: float) -> None:
        if isinstance(event.context, NetworkActivation):
            self._activations.responded(event.context, event.response, now)
        elif isinstance(event.context, PendingUpdate):
            self._updates.responded(event.context, event.response, now)
        elif isinstance(event.context, SecondaryRequest):
            self._secondary.responded(event.context, event.response, now)

    def _take_failure(self, event: RequestFailed, now: float) -> None:
        if isinstance(event.context, NetworkActivation):
            self._activations.request_failed(event.context, event, now)
        elif isinstance(event.context, PendingUpdate):
            self._updates.request_failed(event.context, event.reason, now)
        elif isinstance(event.context, SecondaryRequest):
            self._secondary.request_failed(event.context, event.reason, now)

    def _take_request(self, received: RequestReceived, now: float) -> None:
        message = received.message
        if isinstance(message, CreatePdpContextRequest):
            if self._core.stopping:
                self._sessions.refuse_all(received, now)
            elif message.linked_nsapi is None:
                self._sessions.create_requested(received, now)
            else:
                self._secondary.create_requested(received, now)
        elif isinstance(message, DeletePdpContextRequest):
            self._deletion.delete_requested(received, now)
        elif isinstance(message, UpdatePdpContextRequest):
            self._updates.requested(received, now)
        elif isinstance(message, MsInfoChangeNotificationRequest):
            self._updates.ms_info_changed(received, now)
        elif isinstance(message, PduNotificationRejectRequest):
            self._activations.rejected(received, now)
        else:
            self._activations.ms_present(received, now)

    def _take_judged(self, now: float) -> None:
        for question in self._admission.take_judged():
            self._sessions.judged(question, now)

    def _receive_tunnelled(self, data: bytes, peer: Address, now: float) -> None:
        self._core.user_plane.receive(data, peer, now)
        for event in self._core.user_plane.take_events():
            if isinstance(event, TPduReceived):
                if isinstance(event.owner, PdpContext):
                    self._traffic.arrived(event.owner, event.payload, event.sequence, now)
            elif isinstance(event, ErrorIndicated):
                self._updates.error_indicated(event.peer, event.teid, now)
