"""GPRS attach: the mobile becomes known, its subscription comes from the HLR.

Specs: TS 23.060 §6.5, TS 24.008 §4.7.3.1. A mobile whose P-TMSI is not
known, or that does not show with its signature that the P-TMSI is its own, is asked for its IMSI;
whether it has that subscriber's card is the matter of ``authentication``.

    CHECKING   -(authenticated)------------> UPDATING
    CHECKING   -(not authenticated)--------> Authentication and Ciphering Reject, Attach Reject
    UPDATING   -(Update Location result)---> ACCEPTING: P-TMSI allotted, Accept sent, T3350
    UPDATING   -(error, or no answer)------> Attach Reject
    ACCEPTING  -(Complete, or any SM)------> attached
    ACCEPTING  -(T3350 expires)------------> Accept again, ``RadioTimers.attempts`` times in all
    ACCEPTING  -(last expiry of T3350)-----> detached
    any        -(the same Attach Request)--> Accept again, where it was sent
    any        -(another Attach Request)---> from the start
"""

from __future__ import annotations

from corenet.interfaces.gsup import GsupMessage, MessageType
from corenet.interfaces.nas.causes import GmmCause, gmm_cause_text
from corenet.interfaces.nas.gmm import AttachAccept, AttachReject, AttachRequest, AttachType
from corenet.schedule import Alarm
from corenet.sgsn.core import Core
from corenet.sgsn.events import (
    AttachRefused,
    DeactivationReason,
    DetachReason,
    MmState,
    MobileAttached,
    MobileDetached,
)
from corenet.sgsn.hlr_link import HlrLink
from corenet.sgsn.mm_context import MmContext
from corenet.sgsn.mobility.authentication import Authentications, Refusal
from corenet.sgsn.mobility.detach import Detaches
from corenet.sgsn.mobility.identification import Identifications
from corenet.sgsn.radio import RadioLink
from corenet.sgsn.sessions.management import SessionManagement
from corenet.sgsn.short_messages import ShortMessages
from corenet.sgsn.subscription import NOTHING_SUBSCRIBED

_FEWEST_DIGITS = 6
"""Of an IMSI: with fewer it has no room for MCC, MNC and a subscriber (TS 23.003 §2.2)."""


class Attach:
    """One attach under way."""

    __slots__ = ("accept", "alarm", "attempt", "request")

    def __init__(self, request: AttachRequest) -> None:
        self.request = request
        self.accept: AttachAccept | None = None
        """Attach Accept once it has been sent: state ACCEPTING."""
        self.attempt = 0
        self.alarm: Alarm | None = None
        """T3350."""


class Attaches:
    """Every attach under way."""

    def __init__(
        self,
        core: Core,
        hlr: HlrLink,
        detaches: Detaches,
        identifications: Identifications,
        authentications: Authentications,
        sessions: SessionManagement,
        short_messages: ShortMessages,
    ) -> None:
        self._core = core
        self._hlr = hlr
        self._detaches = detaches
        self._identifications = identifications
        self._authentications = authentications
        self._requests = sessions.requests
        self._short_messages = short_messages
        self._pending: dict[MmContext, Attach] = {}

    def __len__(self) -> int:
        """Return how many are under way."""
        return len(self._pending)

    def attach(self, link: RadioLink, request: AttachRequest, now: float) -> None:
        """Take an Attach Request that came over ``link``, a retransmitted one included."""
        imsi, p_tmsi = request.identity.imsi, request.identity.p_tmsi
        known = None if p_tmsi is None else self._core.mobiles.with_p_tmsi(p_tmsi)
        if known is not None and self._core.mobiles.signs(known, p_tmsi, request.p_tmsi_signature):
            imsi = known.imsi
        if imsi is not None:
            self._identifications.drop(link.name)
            self._attach(imsi, link, request, now)
            return

        def identified(imsi: str, link: RadioLink, now: float) -> None:
            self._attach(imsi, link, request, now)

        self._identifications.ask(link, request, identified, now)

    def _attach(self, imsi: str, link: RadioLink, request: AttachRequest, now: float) -> None:
        mobile = self._core.mobiles.with_imsi(imsi)
        area = self._core.area_of(link.address)
        if mobile is None:
            if len(imsi) < _FEWEST_DIGITS:
                self.reject(link, GmmCause.INVALID_MANDATORY_INFORMATION)
                return
            name = link.name
            # Often a link's name is its mobile's IMSI: one string is enough then.
            mobile = MmContext(name if name == imsi else imsi, link, area, now)
            self._core.mobiles.add(mobile)
        elif self._is_repeated(mobile, request, now):
            return
        else:
            self._clear(mobile, now)
            self._core.mobiles.move(mobile, link)
        mobile.area = area
        mobile.attach_asked = now
        mobile.suspended = False
        mobile.subscription = NOTHING_SUBSCRIBED
        mobile.msisdn = ""
        self._pending[mobile] = Attach(request)
        self._authentications.begin(
            mobile, request, lambda refusal, now: self._authenticated(mobile, refusal, now), now
        )

    def complete(self, mobile: MmContext, now: float) -> bool:
        """Take an Attach Complete, or what shows as well that the Accept has arrived.

        Return whether the mobile is attached now by that.
        """
        attach = self._pending.get(mobile)
        if attach is None or attach.accept is None or mobile.p_tmsi is None:
            return False
        self.cancel(mobile)
        self._core.mobiles.confirm(mobile)
        mobile.enter(MmState.ATTACHED, now)
        self._core.count("attaches")
        self._core.emit(MobileAttached(mobile.imsi, mobile.msisdn, mobile.p_tmsi))
        self._requests.mobile_attached(mobile, now)
        self._short_messages.mobile_attached(mobile, now)
        return True

    def cancel(self, mobile: MmContext) -> None:
        """Forget an attach: it is complete, or its mobile does something else."""
        attach = self._pending.pop(mobile, None)
        if attach is not None and attach.alarm is not None:
            attach.alarm.cancel()
        self._authentications.drop(mobile)
        self._hlr.cancel(mobile.imsi, MessageType.UPDATE_LOCATION_REQUEST)

    def reject(self, link: RadioLink, cause: int) -> None:
        """Send an Attach Reject."""
        self._core.count("attaches_refused")
        self._core.say(link, AttachReject(cause))

    def _is_repeated(self, mobile: MmContext, request: AttachRequest, now: float) -> bool:
        attach = self._pending.get(mobile)
        if attach is None or attach.request != request:
            return False
        if attach.accept is not None:
            # Not counted as another attempt (TS 24.008 §4.7.3.1.6, item d).
            self._transmit(mobile, attach, attach.accept, now)
        return True

    def _clear(self, mobile: MmContext, now: float) -> None:
        """Let a known mobile begin anew: what it had before is void."""
        self.cancel(mobile)
        self._detaches.stop(mobile)
        self._core.leave(mobile, now)
        self._requests.mobile_attaches_anew(mobile.imsi)
        attached = mobile.state in (MmState.ATTACHED, MmState.LEAVING)
        mobile.enter(MmState.ATTACHING, now)
        if attached:
            self._short_messages.drop(mobile, now)
            self._detaches.release_contexts(mobile, DeactivationReason.DETACHED, now)
            self._core.emit(MobileDetached(mobile.imsi, DetachReason.REPLACED))
        self._core.mobiles.note_present(mobile)

    def _authenticated(self, mobile: MmContext, refusal: Refusal | None, now: float) -> None:
        if refusal is not None:
            self._refuse(mobile, refusal.cause, refusal.reason, now)
            return
        self._hlr.update_location(
            mobile.imsi, now, lambda answer, now: self._updated(mobile, answer, now)
        )

    def _updated(self, mobile: MmContext, answer: GsupMessage | None, now: float) -> None:
        if answer is None:
            self._refuse(mobile, GmmCause.NETWORK_FAILURE, "the HLR does not answer", now)
        elif answer.type is MessageType.UPDATE_LOCATION_ERROR:
            cause = answer.cause or GmmCause.NETWORK_FAILURE
            self._refuse(mobile, cause, gmm_cause_text(cause), now)
        else:
            mobile.mnrg = False
            attach = self._pending[mobile]
            combined = attach.request.attach_type != AttachType.GPRS
            attach.accept = AttachAccept(
                mobile.area.encode(),
                self._core.mobiles.name(mobile),
                periodic_update_timer=self._core.periodic_update_timer,
                cause=GmmCause.MSC_TEMPORARILY_NOT_REACHABLE if combined else None,
                ready_timer=self._core.agree_ready_timer(mobile, attach.request.ready_timer),
                p_tmsi_signature=self._core.mobiles.signature(mobile),
            )
            attach.attempt = 1
            self._transmit(mobile, attach, attach.accept, now)

    def _refuse(self, mobile: MmContext, cause: int | None, text: str, now: float) -> None:
        """Refuse; ``cause`` is None where the mobile knows already, or is not there."""
        self.cancel(mobile)
        self._short_messages.drop(mobile, now)
        self._core.mobiles.remove(mobile)
        if cause is not None:
            self.reject(mobile.link, cause)
        self._core.emit(AttachRefused(mobile.imsi, cause, text))
        self._requests.mobile_detached(mobile.imsi, now)

    def _transmit(
        self, mobile: MmContext, attach: Attach, accept: AttachAccept, now: float
    ) -> None:
        self._core.say(mobile.link, accept)
        if attach.alarm is not None:
            attach.alarm.cancel()

        def expired(now: float) -> None:
            if attach.attempt < self._core.config.radio.attempts:
                attach.attempt += 1
                self._transmit(mobile, attach, accept, now)
                return
            self.cancel(mobile)
            self._core.emit(AttachRefused(mobile.imsi, None, "no Attach Complete"))
            self._detaches.gone(mobile, None, now)

        attach.alarm = self._core.schedule.at(now + self._core.config.radio.t3350, expired)
