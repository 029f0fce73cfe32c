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
from random import Random
from typing import Final

from corenet.ggsn.assembly import Assembly
from corenet.ggsn.config import GgsnConfig
from corenet.ggsn.contexts import PdpContext
from corenet.ggsn.dispatch import ControlDispatch
from corenet.ggsn.events import DeletionReason
from corenet.ggsn.queries import GgsnQueries
from corenet.ggsn.user_plane.forwarding import Forwarding
from corenet.interfaces.activation import FailureCause, LocalCause
from corenet.interfaces.bulk import Burst
from corenet.interfaces.node import Address, Datagram, Event, Interface
from corenet.radius.journal import Journal
from corenet.radius.packets import Code
from gtp.ies.quality import QosProfile
from gtp.user_plane import ErrorIndicated, TPduReceived

# An enumeration's members are slow to reach through their class, and so is a named tuple's maker.
_GTP_C: Final = Interface.GTP_C
_GTP_U: Final = Interface.GTP_U
_GI: Final = Interface.GI
_RADIUS: Final = Interface.RADIUS
_RADIUS_ORDERS: Final = Interface.RADIUS_ORDERS
_new: Final = tuple.__new__
_ACCOUNTING_RESPONSE: Final = bytes((Code.ACCOUNTING_RESPONSE,))


class Ggsn(GgsnQueries):
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
        parts = Assembly(config, random, recovery, journal)
        super().__init__(name, parts)
        self._core = parts.core
        self._radius = parts.radius
        self._access = parts.access
        self._dynamic = parts.dynamic
        self._accounting = parts.accounting
        self._admission = parts.admission
        self._activations = parts.activations
        self._inquiries = parts.inquiries
        self._deletion = parts.deletion
        self._updates = parts.updates
        self._creation = parts.creation
        self._secondary = parts.secondary
        self._orders = parts.orders
        self._traffic = parts.traffic
        self._dispatch = ControlDispatch(parts)
        self._forwarding = Forwarding(parts.core, parts.traffic, self._receive_tunnelled)
        self._asks_radius = any(apn.authentication is not None for apn in config.apns)

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

    def hlr_reset(self, now: float) -> None:
        """Take that the HLR may have forgotten whom this GGSN waits for; it is asked anew."""
        self._inquiries.begin(now)

    def _context(self, imsi: str, apn: str, nsapi: int | None) -> PdpContext | None:
        """Return the subscriber's oldest context on ``apn``, or the one with ``nsapi``."""
        access = self._core.access_points.find(apn)
        for context in self._core.contexts.of(imsi):
            if context.access is access and nsapi in (None, context.nsapi):
                return context
        return None

    # Verbs

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
        if interface is _GTP_C:
            self._core.endpoint.receive(data, peer, now)
            self._dispatch.take_events(now)
        elif interface is _RADIUS:
            if data[:1] == _ACCOUNTING_RESPONSE:
                self._radius.receive(data, peer, now)
            else:
                self._access.receive(data, peer, now)
        elif interface is _GTP_U:
            self._receive_tunnelled(data, peer, now)
        elif interface is _GI:
            self._traffic.downlink(data, now)
        elif interface is _RADIUS_ORDERS:
            order = self._dynamic.receive(data, peer, now)
            if order is not None:
                self._orders.ordered(order, now)
        if self._asks_radius and self._admission.has_ended:
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
        self._dispatch.take_events(now)
        self._core.schedule.ring(now)
        self._radius.handle_timeout(now)
        self._access.handle_timeout(now)
        if self._admission.has_ended:
            self._take_judged(now)

    def take_datagrams(self) -> list[Datagram]:
        """Return what is to be sent, in order, and forget it."""
        core = self._core
        taken = [
            _new(Datagram, (_GTP_C, peer, data, None))
            for data, peer in core.endpoint.take_datagrams()
        ]
        for data, peer in core.user_plane.take_datagrams():
            taken.append(Datagram(_GTP_U, peer, data))
        if core.traffic:
            taken.extend(core.traffic)
            core.traffic.clear()
        for apn, packets in core.access_points.take_outgoing():
            taken.extend(Datagram(_GI, (apn, 0), packet) for packet in packets)
        for data, peer in self._access.take_datagrams():
            taken.append(Datagram(_RADIUS, peer, data))
        for data, peer in self._radius.take_datagrams():
            taken.append(_new(Datagram, (_RADIUS, peer, data, None)))
        for data, peer in self._dynamic.take_datagrams():
            taken.append(Datagram(_RADIUS_ORDERS, peer, data))
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

    def _take_judged(self, now: float) -> None:
        for question in self._admission.take_judged():
            self._creation.judged(question, now)

    def _receive_tunnelled(self, data: bytes, peer: Address, now: float) -> None:
        self._core.user_plane.receive(data, peer, now)
        for event in self._core.user_plane.take_events():
            if isinstance(event, TPduReceived):
                if isinstance(event.owner, PdpContext):
                    self._traffic.arrived(event.owner, event.payload, event.sequence, now)
            elif isinstance(event, ErrorIndicated):
                self._updates.error_indicated(event.peer, event.teid, now)
