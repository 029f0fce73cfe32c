"""Network-requested PDP context activation, the SGSN's side.

Specs: TS 23.060 §9.2.2.2, TS 29.060 §7.3.8 to §7.3.11, TS 24.008 §6.1.3.1.2 and §6.1.3.1.4.

Theory of operation. A PDU Notification Request (27) is answered (28) at once, after the SGSN's
own checks; acceptance only says that the mobile will be asked. The mobile is then asked with
Request PDP Context Activation, ``RadioTimers.attempts`` times in all, T3385 apart. What becomes
of it after 28 is told to the GGSN with PDU Notification Reject Request (29), or shows itself to
it as Create PDP Context Request. ``states.REQUEST`` has the states of a request, and what makes it
go from one to another.
"""

from __future__ import annotations

from corenet.interfaces.nas.causes import gtp_cause_for_failed_request
from corenet.interfaces.nas.sm import (
    RequestPdpContextActivation,
    TransactionIdentifier,
)
from corenet.schedule import Alarm
from corenet.sgsn.core import Core
from corenet.sgsn.events import (
    MmState,
    MsActivationRequested,
    NetworkRequestedActivationFailed,
    NetworkRequestFailure,
)
from corenet.sgsn.mm_context import MmContext
from corenet.sgsn.paging import Paging
from corenet.sgsn.pdp_context import PdpContext, address_text, pco_for_mobile, to_nas
from corenet.sgsn.states import REQUEST, RequestState
from corenet.sgsn.subscription import network_identifier
from gtp.constants import GTP_C_PORT, Cause
from gtp.ies.values import EndUserAddress, PdpType
from gtp.messages import Message, PduNotificationRejectRequest, PduNotificationRequest


class NetworkRequest:
    """One accepted PDU Notification until its context is active or it has died."""

    __slots__ = (
        "alarm",
        "apn",
        "asked_apn",
        "attempt",
        "context",
        "end_user_address",
        "ggsn",
        "imsi",
        "pco",
        "remote_teid",
        "state",
        "ti",
    )

    def __init__(self, notification: PduNotificationRequest, ti: int) -> None:
        self.imsi = notification.imsi
        self.asked_apn = notification.apn
        self.apn = network_identifier(notification.apn)
        self.end_user_address = notification.end_user_address
        self.pco = pco_for_mobile(notification.pco)
        self.ti = ti
        """Allocated by the network: flag 0 in what we send, 1 in what the mobile sends."""
        self.state = RequestState.WAITING
        self.attempt = 0
        self.alarm: Alarm | None = None
        self.context: PdpContext | None = None
        """What is being created in state ACTIVATING."""
        self.renew(notification)

    def renew(self, notification: PduNotificationRequest) -> None:
        """Note where the GGSN that asks last wants the Create and the Reject to go."""
        self.ggsn = notification.ggsn_address
        self.remote_teid = notification.teid_control

    @property
    def address(self) -> str:
        """The PDP address in text form, "" where it is dynamic."""
        return address_text(self.end_user_address)

    def is_for(self, apn: str, address: str) -> bool:
        """Whether it asks for exactly this PDP."""
        return self.apn == apn and self.address == address

    def enter(self, state: RequestState) -> None:
        """Change the state."""
        REQUEST.check(self.state, state)
        self.state = state

    def stop_timer(self) -> None:
        """Stop T3385."""
        if self.alarm is not None:
            self.alarm.cancel()
            self.alarm = None


class NetworkRequests:
    """Every network-requested activation under way, and the steps each one takes."""

    def __init__(self, core: Core, paging: Paging) -> None:
        self._core = core
        self._paging = paging
        self._by_imsi: dict[str, list[NetworkRequest]] = {}
        self._count = 0

    def __len__(self) -> int:
        """Return how many are under way."""
        return self._count

    def of(self, imsi: str) -> tuple[NetworkRequest, ...]:
        """Return the mobile's."""
        return tuple(self._by_imsi.get(imsi, ()))

    def find(self, imsi: str, apn: str, address: str) -> NetworkRequest | None:
        """Return the one that asks for exactly this PDP."""
        for request in self._by_imsi.get(imsi, ()):
            if request.is_for(apn, address):
                return request
        return None

    def add(self, request: NetworkRequest) -> None:
        """Take in an accepted one."""
        self._by_imsi.setdefault(request.imsi, []).append(request)
        self._count += 1

    def start(self, request: NetworkRequest, mobile: MmContext, now: float) -> None:
        """Ask the mobile, unless the request has died or gone on meanwhile."""
        if request.state is not RequestState.WAITING or request not in self.of(request.imsi):
            return
        if mobile.state is MmState.ATTACHED:
            request.enter(RequestState.PAGING)
            self._paging.reach(
                mobile, now, lambda reached, now: self._paged(request, mobile, reached, now)
            )

    def _paged(self, request: NetworkRequest, mobile: MmContext, reached: bool, now: float) -> None:
        if request.state is not RequestState.PAGING or request not in self.of(request.imsi):
            return  # the mobile has activated by itself meanwhile
        if reached:
            request.enter(RequestState.REQUESTING)
            request.attempt = 0
            self._transmit(request, mobile, now)
        else:
            cause = Cause(gtp_cause_for_failed_request(None))
            self.fail(request, NetworkRequestFailure.NOT_PAGED, cause, now)

    def mobile_attached(self, mobile: MmContext, now: float) -> None:
        """Go on with what waited for the mobile."""
        for request in self.of(mobile.imsi):
            self.start(request, mobile, now)

    def mobile_attaches_anew(self, imsi: str) -> None:
        """Hold everything: what the mobile was asked and what it had activated is void."""
        for request in self.of(imsi):
            request.stop_timer()
            request.enter(RequestState.WAITING)
            request.context = None

    def mobile_detached(self, imsi: str, now: float) -> None:
        """Give up everything for a mobile that is gone."""
        for request in self.of(imsi):
            self.fail(request, NetworkRequestFailure.DETACHED, Cause.MS_NOT_GPRS_RESPONDING_X, now)

    def with_ti(self, imsi: str, ti: TransactionIdentifier) -> NetworkRequest | None:
        """Return the request that a mobile's message about ``ti`` speaks of."""
        for request in self._by_imsi.get(imsi, ()):
            if request.state is RequestState.REQUESTING and ti == TransactionIdentifier(
                request.ti, True
            ):
                return request
        return None

    def with_context(self, context: PdpContext) -> NetworkRequest | None:
        """Return the request whose context is being created."""
        for request in self._by_imsi.get(context.imsi, ()):
            if request.context is context:
                return request
        return None

    def activating(self, request: NetworkRequest, context: PdpContext) -> None:
        """Note that the mobile activates: T3385 stops."""
        request.stop_timer()
        request.enter(RequestState.ACTIVATING)
        request.context = context

    def satisfied(self, request: NetworkRequest) -> None:
        """End a request whose context is active, or whose fate the GGSN knows."""
        request.stop_timer()
        self._remove(request)

    def refused(self, request: NetworkRequest, sm_cause: int, now: float) -> None:
        """End a request that the mobile refuses: 29 with cause 4 (TS 24.008 §6.1.3.1.4)."""
        cause = Cause(gtp_cause_for_failed_request(sm_cause))
        self.fail(request, NetworkRequestFailure.REFUSED, cause, now, sm_cause)

    def fail(
        self,
        request: NetworkRequest,
        reason: NetworkRequestFailure,
        cause: Cause | None,
        now: float,
        sm_cause: int | None = None,
    ) -> None:
        """End a request that has died; the GGSN is told ``cause`` unless it knows (None)."""
        request.stop_timer()
        self._remove(request)
        self._core.count("network_requests_failed")
        self._core.emit(
            NetworkRequestedActivationFailed(request.imsi, request.apn, sm_cause, reason)
        )
        if cause is not None:
            self._reject(request, cause, now)

    def _remove(self, request: NetworkRequest) -> None:
        mine = self._by_imsi[request.imsi]
        mine.remove(request)
        self._count -= 1
        if not mine:
            del self._by_imsi[request.imsi]

    def _transmit(self, request: NetworkRequest, mobile: MmContext, now: float) -> None:
        request.attempt += 1
        message = RequestPdpContextActivation(
            TransactionIdentifier(request.ti),
            to_nas(request.end_user_address),
            request.asked_apn,
            request.pco,
        )
        self._core.say(mobile.link, message)
        self._core.emit(MsActivationRequested(request.imsi, request.apn, request.attempt))
        request.alarm = self._core.schedule.at(
            now + self._core.config.radio.t3385, lambda now: self._expired(request, mobile, now)
        )

    def _expired(self, request: NetworkRequest, mobile: MmContext, now: float) -> None:
        request.alarm = None
        if request.attempt < self._core.config.radio.attempts:
            self._transmit(request, mobile, now)
            return
        # Silence is all there is to be known of a mobile out of coverage: whatever it says
        # next is news for the HLR (TS 23.060 §9.2.2.2).
        mobile.mnrg = True
        cause = Cause(gtp_cause_for_failed_request(None))
        self.fail(request, NetworkRequestFailure.NOT_RESPONDING, cause, now)

    def _reject(self, request: NetworkRequest, cause: Cause, now: float) -> None:
        # IE 17 is the TEID that we want in the header of message 30.
        reject = PduNotificationRejectRequest(
            teid=request.remote_teid,
            cause=cause,
            teid_control=self._core.tunnels.new_teid(),
            end_user_address=request.end_user_address,
            apn=request.asked_apn,
        )
        self._core.ask(reject, (request.ggsn, GTP_C_PORT), now, self._rejected)

    def _rejected(self, response: Message | None, _: float) -> None:
        self._core.count("rejects_answered" if response else "rejects_unanswered")


def free_network_ti(mobile: MmContext, requests: tuple[NetworkRequest, ...]) -> int | None:
    """Return a transaction identifier for the network to use with ``mobile``, or None.

    They are given out in turn, so that a late answer to one that is over meets no other.
    """
    used = {context.ti.value for context in mobile.contexts.values() if context.ti.flag}
    used |= {request.ti for request in requests} | mobile.requested_tis
    for step in range(1, 8):
        value = (mobile.last_network_ti + step) % 7
        if value not in used:
            return value
    return None


def can_be_requested(address: EndUserAddress) -> bool:
    """Whether a mobile can be asked to activate this PDP: IPv4 or IPv6, one of them."""
    return address.pdp_type in (PdpType.IPV4, PdpType.IPV6) and not address.other
