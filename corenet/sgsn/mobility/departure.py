"""A mobile goes to another SGSN: this one hands over its contexts, and forwards its packets.

Specs: TS 23.060 §6.9.1.2.2 (inter-SGSN routing area update), TS 29.060 §7.5.1 to §7.5.5
(Identification, SGSN Context Request, Response and Acknowledge).

Theory of operation. The new SGSN asks for the contexts of a mobile that has shown it P-TMSI and
signature. From then on the mobile is LEAVING: what is under way with it ends, and packets for it
are kept until the Acknowledge says where they are to go. The tunnels stay until the departure's
time is over, for the GGSN learns of the new SGSN later.

    ATTACHED -(SGSN Context Request)-------------------> LEAVING, packets kept
    LEAVING  -(Acknowledge that accepts)---------------> LEAVING, packets forwarded
    LEAVING  -(Cancel Location)------------------------> gone, packets still forwarded
    LEAVING  -(mobile is here again)-------------------> gone; it is rejected, and attaches
    LEAVING  -(refused, or time is over without it)----> ATTACHED, STANDBY
    LEAVING  -(time is over, acknowledged)-------------> gone

Secondary contexts stay behind and are deleted: their templates do not travel.
"""

from __future__ import annotations

from corenet.interfaces import sndcp
from corenet.schedule import Alarm
from corenet.sgsn.core import Core
from corenet.sgsn.events import (
    DeactivationReason,
    DetachReason,
    MmState,
    MobileLeaves,
    NetworkRequestFailure,
    PdpState,
)
from corenet.sgsn.mm_context import MmContext
from corenet.sgsn.mobility.detach import Detaches
from corenet.sgsn.mobility.presence import Presence
from corenet.sgsn.paging import Paging
from corenet.sgsn.pdp_context import USER_DATA_SAPIS, Forwarding, PdpContext
from corenet.sgsn.sessions.management import SessionManagement
from corenet.sgsn.short_messages import ShortMessages
from gtp.constants import GTP_U_PORT, Cause
from gtp.events import RequestReceived
from gtp.ies.context import PdpContext as PdpContextTold
from gtp.ies.security import MmContext as MmContextTold
from gtp.ies.security import SecurityMode
from gtp.messages import (
    IdentificationRequest,
    IdentificationResponse,
    SgsnContextAcknowledge,
    SgsnContextRequest,
    SgsnContextResponse,
)

_P_TMSI_MARK = 0xC000_0000
"""A TLLI is the P-TMSI but for its two highest bits (TS 23.003 §2.6)."""
_FLAG = 8
"""Of a transaction identifier of four bits: the mobile has not allocated it."""


class Departure:
    """One mobile on its way to another SGSN."""

    __slots__ = ("acknowledged", "alarm", "contexts", "mobile", "teid")

    def __init__(self, mobile: MmContext, contexts: list[PdpContext], teid: int) -> None:
        self.mobile = mobile
        self.contexts = contexts
        self.teid = teid
        """Where the Acknowledge is to go."""
        self.acknowledged = False
        self.alarm: Alarm | None = None


class Departures:
    """Every mobile on its way to another SGSN."""

    def __init__(
        self,
        core: Core,
        paging: Paging,
        detaches: Detaches,
        presence: Presence,
        sessions: SessionManagement,
        short_messages: ShortMessages,
    ) -> None:
        self._core = core
        self._paging = paging
        self._packets = sessions.packets
        self._deactivations = sessions.deactivations
        self._requests = sessions.requests
        self._short_messages = short_messages
        self._detaches = detaches
        self._presence = presence
        self._by_teid: dict[int, Departure] = {}
        self._by_mobile: dict[MmContext, Departure] = {}
        core.on_leave(self._stay)

    def __len__(self) -> int:
        """Return how many are under way."""
        return len(self._by_teid)

    # What the new SGSN asks

    def identify(self, received: RequestReceived, asked: IdentificationRequest, now: float) -> None:
        """Say whose P-TMSI it is (TS 29.060 §7.5.1)."""
        mobile, cause = self._find(asked.rai, asked.p_tmsi, asked.p_tmsi_signature)
        response = IdentificationResponse(cause=cause, imsi=None if mobile is None else mobile.imsi)
        self._core.count("identifications_answered")
        self._core.answer(received, response, now)

    def hand_over(self, received: RequestReceived, asked: SgsnContextRequest, now: float) -> None:
        """Tell the contexts of a mobile (TS 29.060 §7.5.3)."""
        p_tmsi = asked.p_tmsi if asked.tlli is None else asked.tlli | _P_TMSI_MARK
        imsi = asked.imsi if asked.ms_validated else None
        mobile, cause = self._find(asked.rai, p_tmsi, asked.p_tmsi_signature, imsi)
        if mobile is not None and imsi is None and p_tmsi != mobile.p_tmsi:
            # It has been given another one since: it has turned round, or will attach.
            mobile, cause = None, Cause.P_TMSI_SIGNATURE_MISMATCH
        if mobile is None or mobile.state not in (MmState.ATTACHED, MmState.LEAVING):
            refused = SgsnContextResponse(
                teid=asked.teid_control, cause=cause if mobile is None else Cause.IMSI_NOT_KNOWN
            )
            self._core.count("handovers_refused")
            self._core.answer(received, refused, now)
            return
        departure = self._by_mobile.get(mobile) or self._leave(mobile, now)
        self._core.count("handovers")
        self._core.emit(MobileLeaves(mobile.imsi, asked.sgsn_address_control))
        response = SgsnContextResponse(
            teid=asked.teid_control,
            cause=Cause.REQUEST_ACCEPTED,
            imsi=mobile.imsi,
            teid_control=departure.teid,
            mm_context=MmContextTold(mode=SecurityMode.GSM_KEY_AND_TRIPLETS, key=bytes(8)),
            pdp_contexts=tuple(_told(context) for context in departure.contexts),
            sgsn_address_control=self._core.config.control_address,
        )
        self._core.answer(received, response, now)

    def acknowledged(self, message: SgsnContextAcknowledge, now: float) -> None:
        """Forward packets to where the new SGSN wants them (TS 29.060 §7.5.5)."""
        departure = self._by_teid.get(message.teid)
        if departure is None or departure.acknowledged:
            self._core.count("acknowledges_ignored")
            return
        if not message.cause.is_acceptance or message.sgsn_address_user is None:
            self._resume(departure, now)
            return
        departure.acknowledged = True
        peer = (message.sgsn_address_user, GTP_U_PORT)
        wanted = {told.nsapi: told.value for told in message.teids_data}
        for context in list(departure.contexts):
            teid = wanted.get(context.nsapi)
            forwarding = context.forwarding
            if teid is None or forwarding is None:
                departure.contexts.remove(context)
                context.forwarding = None
                self._deactivations.release(
                    departure.mobile, context, DeactivationReason.DETACHED, now
                )
                continue
            departure.mobile.drop(context)
            forwarding.peer, forwarding.teid = peer, teid
            self._packets.follow(context)

    # What else happens to it

    def cancelled(self, mobile: MmContext, now: float) -> bool:
        """Let a mobile go whose location the HLR cancels; False where it is not leaving."""
        departure = self._by_mobile.pop(mobile, None)
        if departure is None:
            return False
        for context in departure.contexts:
            mobile.drop(context)
        self._detaches.gone(mobile, DetachReason.MOVED, now)
        return True

    def _find(
        self, rai: bytes, p_tmsi: int | None, signature: bytes | None, imsi: str | None = None
    ) -> tuple[MmContext | None, Cause]:
        mobiles = self._core.mobiles
        mobile = None
        if imsi is not None:
            mobile = mobiles.with_imsi(imsi)
        elif self._core.serves(rai) and p_tmsi is not None:
            mobile = mobiles.with_p_tmsi(p_tmsi)
            if mobile is not None and not self._core.mobiles.signs(mobile, p_tmsi, signature):
                return None, Cause.P_TMSI_SIGNATURE_MISMATCH
        if mobile is None:
            return None, Cause.IMSI_NOT_KNOWN
        return mobile, Cause.REQUEST_ACCEPTED

    def _leave(self, mobile: MmContext, now: float) -> Departure:
        held = self._paging.held(mobile)
        self._core.leave(mobile, now)
        self._short_messages.drop(mobile, now)
        reason, cause = NetworkRequestFailure.MOVED, Cause.MS_NOT_GPRS_RESPONDING_X
        for request in self._requests.of(mobile.imsi):
            self._requests.fail(request, reason, cause, now)
        moving = []
        for context in list(mobile.contexts.values()):
            if context.state is PdpState.ACTIVE and context.linked_nsapi is None:
                if context.modification is not None:
                    context.modification.abandon(now)
                context.forwarding = Forwarding()
                moving.append(context)
            else:
                reason_ = DeactivationReason.DETACHED
                self._deactivations.release(mobile, context, reason_, now)
        mobile.enter(MmState.LEAVING, now)
        mobile.link.standby = False
        departure = Departure(mobile, moving, self._core.tunnels.new_teid())
        self._by_teid[departure.teid] = self._by_mobile[mobile] = departure
        for sapi, octets in held:
            if sapi in USER_DATA_SAPIS:
                nsapi, packet = sndcp.decode(octets)
                context_held = mobile.contexts.get(nsapi)
                if context_held is not None and context_held.forwarding is not None:
                    context_held.forwarding.kept.append(packet)
        due = now + self._core.config.departure_time
        departure.alarm = self._core.schedule.at(due, lambda now: self._over(departure, now))
        return departure

    def _resume(self, departure: Departure, now: float) -> None:
        """Go on with a mobile that does not leave after all."""
        self._forget(departure)
        mobile = departure.mobile
        mobile.enter(MmState.ATTACHED, now)
        for context in departure.contexts:
            context.forwarding = None
        # It has just been heard elsewhere: where it is, if anywhere, a page will show.
        self._presence.miss(mobile, now)

    def _over(self, departure: Departure, now: float) -> None:
        mobile = departure.mobile
        leaving = self._by_mobile.get(mobile) is departure
        if leaving and not departure.acknowledged:
            self._resume(departure, now)
            return
        self._forget(departure)
        for context in departure.contexts:
            self._core.give_up(context, now)
        if leaving:
            self._detaches.gone(mobile, DetachReason.MOVED, now)

    def _stay(self, mobile: MmContext, _: float) -> None:
        """Forget the departure of a mobile that detaches here, or begins anew."""
        departure = self._by_mobile.get(mobile)
        if departure is None:
            return
        if departure.acknowledged:
            del self._by_mobile[mobile]  # its packets are forwarded still
            return
        self._forget(departure)
        for context in departure.contexts:
            context.forwarding = None

    def _forget(self, departure: Departure) -> None:
        if departure.alarm is not None:
            departure.alarm.cancel()
        self._by_teid.pop(departure.teid, None)
        if self._by_mobile.get(departure.mobile) is departure:
            del self._by_mobile[departure.mobile]


def _told(context: PdpContext) -> PdpContextTold:
    """Return a context as the new SGSN is told it (TS 29.060 §7.7.29)."""
    return PdpContextTold(
        nsapi=context.nsapi,
        llc_sapi=context.sapi,
        qos_subscribed=b"",
        qos_requested=context.qos,
        qos_negotiated=context.qos,
        uplink_teid_control=context.remote_teid_control,
        uplink_teid_data=context.remote_teid_data,
        end_user_address=context.address,
        ggsn_address_control=context.tunnel.peer[0],
        ggsn_address_user=context.ggsn_user,
        apn=context.apn,
        transaction_identifier=(_FLAG if context.ti.flag else 0) | context.ti.value,
    )
