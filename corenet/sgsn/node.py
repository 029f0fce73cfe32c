"""The SGSN as a sans-IO node.

Specs: TS 23.060 (procedures), TS 24.008 (GMM and SM towards mobiles), TS 29.060 (GTP).

Theory of operation. Octets that arrive go to the room of their interface: ``air`` (mobiles),
``gn`` and ``sessions.packets`` (GGSNs), ``hlr_link``, ``mobility.management`` and
``short_messages`` (HLR). These find the procedure that is concerned; each procedure is a module of
``mobility`` or ``sessions`` with its own text, and made by the ``management`` of its room. All of
them stand on ``core``, which collects what is to be sent and what has happened.

On ``stop`` every PDP context is deleted at its GGSN, with one Delete PDP Context Request whose
answer nobody waits for. Mobiles are not told: one that speaks to the SGSN that comes after is
told then to attach again.
"""

from __future__ import annotations

from random import Random

from corenet.interfaces.gsup import MessageType
from corenet.interfaces.names import NameAnswer
from corenet.interfaces.nas.causes import SmCause
from corenet.interfaces.node import Address, Datagram, Event, Interface
from corenet.sgsn.air import Air
from corenet.sgsn.config import SgsnConfig
from corenet.sgsn.core import Core
from corenet.sgsn.events import (
    DeactivationReason,
    DetachReason,
    MmContextView,
    MmState,
    MobileDetached,
    PdpState,
)
from corenet.sgsn.gn import Gn
from corenet.sgsn.hlr_link import HlrLink
from corenet.sgsn.mobility.management import MobilityManagement
from corenet.sgsn.paging import Paging
from corenet.sgsn.sessions.management import SessionManagement
from corenet.sgsn.short_messages import ShortMessages
from gtp.counters import EndpointCounters
from gtp.ies.quality import QosProfile


class Sgsn:
    """An SGSN. Attaches GTP_C, GTP_U, GR and RADIO; satisfies ``corenet.interfaces.node.Node``."""

    def __init__(
        self, config: SgsnConfig, *, name: str = "sgsn", random: Random, recovery: int
    ) -> None:
        """Make an SGSN; ``recovery`` is its restart counter, 0..255."""
        self.config = config
        self.name = name
        core = self._core = Core(config, random, recovery)
        self.counters = core.counters
        """What was counted, by name: procedures, packets, frames dropped and why."""
        self._hlr = HlrLink(core)
        self._paging = Paging(core)
        self._short_messages = ShortMessages(core, self._hlr, self._paging)
        self._sessions = sessions = SessionManagement(core, self._paging)
        self._mobility = mobility = MobilityManagement(
            core, self._hlr, self._paging, sessions, self._short_messages
        )
        self._air = Air(core, mobility, sessions, self._short_messages)
        self._gn = Gn(core, sessions, mobility.departures)
        self._running = True

    def start(self, now: float) -> None:
        """Begin service; an SGSN waits for mobiles, so there is nothing to do."""

    def stop(self, now: float) -> None:
        """End service: contexts are deleted at their GGSNs, whose answers are still heard."""
        for mobile in self._core.mobiles:
            self._mobility.detaches.forsake(mobile, DeactivationReason.STOPPED, now)
            self._core.mobiles.remove(mobile)
            if mobile.state is MmState.ATTACHED:
                self._core.emit(MobileDetached(mobile.imsi, DetachReason.STOPPED))
        self._running = False

    def receive(
        self,
        interface: Interface,
        data: bytes,
        *,
        peer: Address,
        local: Address,  # noqa: ARG002 - one address per interface
        now: float,
    ) -> None:
        """Take octets that ``peer`` sent to ``local``. Never raises for what a peer sent."""
        if not (self._running or (interface is Interface.GTP_C and self._awaits_answers)):
            return
        if interface is Interface.RADIO:
            self._air.receive(data, peer, now)
        elif interface is Interface.GTP_U:
            self._core.user_plane.receive(data, peer, now)
        elif interface is Interface.GTP_C:
            self._core.endpoint.receive(data, peer, now)
        elif interface is Interface.GR:
            message = self._hlr.receive(data, now)
            if message is None:
                pass
            elif message.type is MessageType.MT_FORWARD_SM_REQUEST:
                self._short_messages.forward(message, now)
            else:
                self._mobility.hlr_asks(message, now)
                mobile = self._core.mobiles.with_imsi(message.imsi)
                if mobile is not None:
                    self._sessions.subscription_changes.apply(mobile, now)
        self._end(now)

    def next_timeout(self) -> float | None:
        """Return when ``handle_timeout`` wants to be called, or None."""
        if not self._running:
            return self._core.endpoint.next_timeout() if self._awaits_answers else None
        due = self._core.endpoint.next_timeout()
        alarm = self._core.schedule.next_timeout()
        if due is None or alarm is None:
            return alarm if due is None else due
        return min(due, alarm)

    def handle_timeout(self, now: float) -> None:
        """Do what is due at ``now``."""
        if self._running:
            self._core.schedule.ring(now)
        elif not self._awaits_answers:
            return
        self._core.endpoint.handle_timeout(now)
        self._end(now)

    @property
    def _awaits_answers(self) -> bool:
        return self._core.endpoint.open_requests > 0

    def take_datagrams(self) -> list[Datagram]:
        """Return what is to be sent, in order, and forget it."""
        self._core.collect_gtp()
        datagrams, self._core.outgoing = self._core.outgoing, []
        return datagrams

    def take_events(self) -> list[Event]:
        """Return what has happened since the last call, in order, and forget it."""
        events, self._core.events = self._core.events, []
        return events

    def name_answered(self, answer: NameAnswer, now: float) -> None:
        """Take the DNS's answer to ``NameAsked``."""
        if self._running:
            self._sessions.selection.name_answered(answer, now)
            self._end(now)

    def hlr_reset(self, now: float) -> None:
        """Take that the HLR may have forgotten where mobiles are, as by MAP's Reset."""
        if self._running:
            self._mobility.restorations.begin(now)
            self._end(now)

    def detach(self, imsi: str, now: float, *, reattach: bool = False) -> bool:
        """Command a detach of the mobile (TS 24.008 §4.7.4.2); False if it is not attached.

        ``reattach`` has it attach again at once.
        """
        mobile = self._core.mobiles.with_imsi(imsi)
        done = mobile is not None and self._mobility.detach(mobile, now, reattach=reattach)
        self._end(now)
        return done

    def reallocate_p_tmsi(self, imsi: str, now: float) -> bool:
        """Give the mobile another P-TMSI (TS 24.008 §4.7.6).

        Return False if it is not attached, or is being given one already.
        """
        mobile = self._core.mobiles.with_imsi(imsi)
        done = mobile is not None and self._mobility.updates.reallocate(mobile, now)
        self._end(now)
        return done

    def deactivate(self, imsi: str, nsapi: int, now: float) -> bool:
        """Deactivate a PDP context (TS 24.008 §6.1.3.4.2); False if it is not active."""
        mobile = self._core.mobiles.with_imsi(imsi)
        context = None if mobile is None else mobile.contexts.get(nsapi)
        if mobile is None or context is None or context.state is not PdpState.ACTIVE:
            return False
        self._sessions.deactivations.by_network(
            mobile,
            context,
            SmCause.REGULAR_DEACTIVATION,
            DeactivationReason.NETWORK,
            now,
            delete=True,
        )
        self._end(now)
        return True

    def modify(self, imsi: str, nsapi: int, qos: bytes, now: float) -> bool:
        """Give a PDP context another QoS (IE 135; TS 23.060 §9.2.3.1); False if it is not active.

        An event tells how it went: ``PdpContextModified`` or ``PdpContextModificationFailed``.

        Raises:
            ValueError: ``qos`` is no QoS profile.
        """
        QosProfile.parse(qos)
        mobile = self._core.mobiles.with_imsi(imsi)
        context = None if mobile is None else mobile.contexts.get(nsapi)
        if mobile is None or context is None or context.state is not PdpState.ACTIVE:
            return False
        self._sessions.modifications.wanted_by_sgsn(mobile, context, qos, now)
        self._end(now)
        return True

    def suspend(self, imsi: str, now: float) -> bool:  # noqa: ARG002 - as every command
        """Suspend GPRS for a mobile in a circuit-switched call (TS 23.060 §16.2.1).

        Return False if it is not attached, or suspended already.
        """
        mobile = self._core.mobiles.with_imsi(imsi)
        if mobile is None or mobile.state is not MmState.ATTACHED or mobile.suspended:
            return False
        mobile.suspended = True
        return True

    def resume(self, imsi: str, now: float) -> bool:
        """Resume GPRS after ``suspend``; False if it was not suspended."""
        mobile = self._core.mobiles.with_imsi(imsi)
        if mobile is None or not mobile.suspended:
            return False
        mobile.suspended = False
        self._mobility.presence.heard(mobile, now)
        self._end(now)
        return True

    def mm_context(self, imsi: str) -> MmContextView | None:
        """Return the mobile's MM context, or None where the SGSN does not know the IMSI."""
        mobile = self._core.mobiles.with_imsi(imsi)
        return None if mobile is None else mobile.view()

    def mm_contexts(self) -> tuple[MmContextView, ...]:
        """Return every MM context."""
        return tuple(mobile.view() for mobile in self._core.mobiles)

    @property
    def attached_count(self) -> int:
        """How many mobiles are attached."""
        return sum(mobile.state is MmState.ATTACHED for mobile in self._core.mobiles)

    @property
    def endpoint_counters(self) -> EndpointCounters:
        """What GTP-C has counted."""
        return self._core.endpoint.counters

    @property
    def under_way(self) -> dict[str, int]:
        """How much has begun and not ended, by what it is; all 0 in an SGSN at rest.

        MM contexts are not counted: a mobile stays known when it is detached.
        """
        core = self._core
        return {
            **self._mobility.under_way,
            **self._sessions.under_way,
            "pages": len(self._paging),
            "tunnel endpoints": core.user_plane.tunnels,
            "watched paths": core.endpoint.watched_paths,
            "requests": core.endpoint.open_requests,
            "requests of others": core.endpoint.requests_in_work,
            "requests to the HLR": len(self._hlr),
            "short messages": len(self._short_messages),
        }

    def _end(self, now: float) -> None:
        """Do what every verb ends with."""
        self._sessions.packets.take_gtp(now)
        self._gn.take_gtp(now)
        self._paging.hold(now)
        self._core.collect_gtp()
