"""Secondary PDP contexts on the GGSN's request: the SGSN asks the mobile.

Specs: TS 23.060 §9.2.2.3, TS 29.060 §7.3.13 and §7.3.14 (Initiate PDP Context Activation),
TS 24.008 §6.1.3.2 (Request Secondary PDP Context Activation), T3385.

Theory of operation. Initiate PDP Context Activation Request (22) names an active context and what
the new one is to carry. The mobile is asked, ``RadioTimers.attempts`` times in all, T3385 apart,
and answers with a secondary activation under the transaction identifier that it was asked with.
Response (23) goes to the GGSN when all that is over, once:

    ASKING     -(Activate Secondary with this identifier)--> ACTIVATING
    ASKING     -(Request ... Reject, SM Status)------------> 23 with the mobile's cause, or 197
    ASKING     -(last expiry of T3385)---------------------> 23 with 196
    ACTIVATING -(context active)---------------------------> 23 with 128
    ACTIVATING -(GGSN refuses)-----------------------------> 23 with the GGSN's own cause
    ACTIVATING -(GGSN does not answer)---------------------> 23 with 204
    either     -(SGSN refuses the activation)--------------> 23 with 199, 200 or 210
    either     -(the linked context goes)------------------> 23 with 210
"""

from __future__ import annotations

from corenet.interfaces.nas.causes import gtp_cause_for_ms
from corenet.interfaces.nas.sm import (
    RequestSecondaryPdpContextActivation,
    TransactionIdentifier,
)
from corenet.schedule import Alarm
from corenet.sgsn.core import Core
from corenet.sgsn.events import (
    MsSecondaryActivationRequested,
    PdpState,
    SecondaryRequestAnswered,
)
from corenet.sgsn.mm_context import MmContext
from corenet.sgsn.pdp_context import (
    ALLOCATION_RETENTION_PRIORITY,
    PdpContext,
    pco_for_mobile,
    requested_qos,
)
from corenet.sgsn.sessions.network_request import NetworkRequests, free_network_ti
from gtp.constants import Cause
from gtp.events import RequestReceived
from gtp.ies.session import MS_AND_NETWORK
from gtp.messages import (
    InitiatePdpContextActivationRequest,
    InitiatePdpContextActivationResponse,
)


class SecondaryRequest:
    """One Initiate PDP Context Activation Request until it is answered."""

    __slots__ = (
        "alarm",
        "attempt",
        "context",
        "correlation_id",
        "linked",
        "message",
        "mobile",
        "owner",
        "received",
        "ti",
    )

    def __init__(
        self,
        owner: SecondaryRequests,
        received: RequestReceived,
        mobile: MmContext,
        linked: PdpContext,
        ti: int,
    ) -> None:
        assert isinstance(received.message, InitiatePdpContextActivationRequest)
        self.owner = owner
        self.received = received
        self.mobile = mobile
        self.linked = linked
        self.ti = ti
        """Allocated by the network: flag 0 in what we send, 1 in what the mobile sends."""
        self.message = received.message
        self.correlation_id = received.message.correlation_id
        self.attempt = 0
        self.alarm: Alarm | None = None
        """T3385."""
        self.context: PdpContext | None = None
        """What the mobile activates, in state ACTIVATING."""

    def abandon(self, now: float) -> None:
        """End because the linked context goes, or the one that is being activated."""
        self.owner.answer(self, Cause.CONTEXT_NOT_FOUND, now)


class SecondaryRequests:
    """Every request for a secondary context under way."""

    def __init__(self, core: Core, network_requests: NetworkRequests) -> None:
        self._core = core
        self._network_requests = network_requests
        self._by_imsi: dict[str, list[SecondaryRequest]] = {}
        self._count = 0

    def __len__(self) -> int:
        """Return how many are under way."""
        return self._count

    def with_ti(self, imsi: str, ti: TransactionIdentifier) -> SecondaryRequest | None:
        """Return the request that a mobile's message about ``ti`` answers."""
        for request in self._by_imsi.get(imsi, ()):
            if request.context is None and ti == TransactionIdentifier(request.ti, True):
                return request
        return None

    def requested(
        self, received: RequestReceived, message: InitiatePdpContextActivationRequest, now: float
    ) -> None:
        """Take an Initiate PDP Context Activation Request."""
        tunnel = self._core.tunnels.with_teid(message.teid)
        linked = None if tunnel is None else tunnel.contexts.get(message.linked_nsapi)
        mobile = None if linked is None else self._core.mobiles.with_imsi(linked.imsi)
        if linked is None or mobile is None:
            known = tunnel is not None
            self._respond(
                received,
                tunnel.remote_teid if tunnel is not None else 0,
                Cause.CONTEXT_NOT_FOUND if known else Cause.NON_EXISTENT,
                now,
            )
            return
        ti = free_network_ti(mobile, self._network_requests.of(mobile.imsi))
        refusal = self._refusal(mobile, linked, ti)
        if refusal is not None or ti is None:
            cause = refusal or Cause.NO_RESOURCES_AVAILABLE
            self._respond(received, linked.remote_teid_control, cause, now)
            return
        mobile.last_network_ti = ti
        request = SecondaryRequest(self, received, mobile, linked, ti)
        mobile.requested_tis |= {ti}
        linked.requests += (request,)
        self._by_imsi.setdefault(mobile.imsi, []).append(request)
        self._count += 1
        self._transmit(request, now)

    def _refusal(self, mobile: MmContext, linked: PdpContext, ti: int | None) -> Cause | None:
        if not self._core.config.network_requests:
            return Cause.SERVICE_NOT_SUPPORTED
        if mobile.suspended:
            return Cause.GPRS_CONNECTION_SUSPENDED
        if linked.bearer_control_mode != MS_AND_NETWORK:
            return Cause.BEARER_CONTROL_MODE_VIOLATION
        if linked.state is not PdpState.ACTIVE:
            return Cause.SYSTEM_FAILURE
        full = self._count >= self._core.config.max_network_requests
        return Cause.NO_RESOURCES_AVAILABLE if full or ti is None else None

    def _transmit(self, request: SecondaryRequest, now: float) -> None:
        request.attempt += 1
        asked = request.message
        subscribed = request.mobile.subscription.qos_of(request.linked.apn)
        qos = requested_qos(asked.qos[len(ALLOCATION_RETENTION_PRIORITY) :], subscribed)
        self._core.say(
            request.mobile.link,
            RequestSecondaryPdpContextActivation(
                TransactionIdentifier(request.ti),
                request.linked.ti.mirrored,
                qos[len(ALLOCATION_RETENTION_PRIORITY) :],
                asked.tft,
                pco_for_mobile(asked.pco),
            ),
        )
        self._core.emit(
            MsSecondaryActivationRequested(
                request.linked.imsi, request.linked.apn, request.linked.nsapi, request.attempt
            )
        )
        request.alarm = self._core.schedule.at(
            now + self._core.config.radio.t3385, lambda now: self._expired(request, now)
        )

    def _expired(self, request: SecondaryRequest, now: float) -> None:
        request.alarm = None
        if request.attempt < self._core.config.radio.attempts:
            self._transmit(request, now)
        else:
            self.answer(request, Cause(gtp_cause_for_ms(None)), now)

    def refused(self, request: SecondaryRequest, sm_cause: int, now: float) -> None:
        """End a request that the mobile refuses, or is refused for what it asks."""
        self.answer(request, Cause(gtp_cause_for_ms(sm_cause)), now, sm_cause)

    def activating(self, request: SecondaryRequest, context: PdpContext) -> None:
        """Note that the mobile activates: T3385 stops."""
        if request.alarm is not None:
            request.alarm.cancel()
            request.alarm = None
        request.context = context
        context.requested_by = request
        request.mobile.requested_tis -= {request.ti}

    def satisfied(self, context: PdpContext, now: float) -> None:
        """Tell the GGSN whose request a context answers that it is active."""
        self.failed(context, Cause.REQUEST_ACCEPTED, now)

    def failed(self, context: PdpContext, cause: Cause, now: float) -> None:
        """Answer the request that ``context`` was activated for, if there is one."""
        if isinstance(context.requested_by, SecondaryRequest):
            self.answer(context.requested_by, cause, now)

    def answer(
        self, request: SecondaryRequest, cause: Cause, now: float, sm_cause: int | None = None
    ) -> None:
        """Answer the GGSN and end the request."""
        if request.alarm is not None:
            request.alarm.cancel()
        if request.context is not None:
            request.context.requested_by = None
        linked, mobile = request.linked, request.mobile
        linked.requests = tuple(each for each in linked.requests if each is not request)
        mobile.requested_tis -= {request.ti}
        mine = self._by_imsi[mobile.imsi]
        mine.remove(request)
        if not mine:
            del self._by_imsi[mobile.imsi]
        self._count -= 1
        self._core.emit(
            SecondaryRequestAnswered(linked.imsi, linked.apn, linked.nsapi, cause, sm_cause)
        )
        self._respond(request.received, linked.remote_teid_control, cause, now)

    def _respond(self, received: RequestReceived, teid: int, cause: Cause, now: float) -> None:
        accepted = cause.is_acceptance
        self._core.count(f"secondary_requests_{'granted' if accepted else 'refused'}")
        response = InitiatePdpContextActivationResponse(teid=teid, cause=cause)
        self._core.answer(received, response, now)
