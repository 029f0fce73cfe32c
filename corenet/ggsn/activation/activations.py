"""Every network-requested activation of a GGSN: what starts one, joins one, moves one on.

Specs: TS 23.060 §9.2.2.2 and §9.2.2.3, TS 29.060 §7.3.8-7.3.11 and §7.5.

Two things start a procedure: the command of the control interface, and a PDU on Gi for a
static address without a context. There is one procedure for a subscriber and APN, whatever
asked for it, and everything that comes later joins it. What SGSN and HLR send is turned into
the procedure's inputs here.
"""

from __future__ import annotations

from corenet.ggsn.activation.causes import (
    absent_subscriber,
    gtp_cause,
    map_cause,
    not_reachable_text,
)
from corenet.ggsn.activation.inquiries import STILL_THERE
from corenet.ggsn.activation.network_activation import Failure, Input, NetworkActivation, State
from corenet.ggsn.activation.reachability import Reachability
from corenet.ggsn.config import StaticBinding, apn_key
from corenet.ggsn.contexts import PdpContext
from corenet.ggsn.core import Core
from corenet.ggsn.events import (
    ActivationFinished,
    ActivationStarted,
    DropReason,
    PdusDropped,
    Trigger,
)
from corenet.ggsn.pools import AccessPoint, octets_of
from corenet.interfaces.activation import ActivationOutcome, FailureCause, LocalCause, Step
from gtp.codes import MapCause
from gtp.constants import Cause
from gtp.endpoint import FailureReason, RequestFailed, RequestReceived
from gtp.messages import (
    FailureReportResponse,
    Message,
    NoteMsGprsPresentRequest,
    NoteMsGprsPresentResponse,
    PduNotificationRejectRequest,
    PduNotificationRejectResponse,
    PduNotificationRequest,
    PduNotificationResponse,
    SendRouteingInformationResponse,
)

_NOTIFIED = frozenset((State.NOTIFICATION, State.CREATE_WAIT))
"""States in which a 29 means the notification under way; 28 may have been lost before it."""


class NetworkActivations:
    """The procedures under way, by subscriber and APN."""

    def __init__(self, core: Core, reachability: Reachability) -> None:
        """Have no procedure under way."""
        self._core = core
        self._reachability = reachability
        self._under_way: dict[tuple[str, str], NetworkActivation] = {}
        self._by_teid: dict[int, NetworkActivation] = {}
        self._triggers = 0

    def __len__(self) -> int:
        """Return how many procedures are under way."""
        return len(self._under_way)

    # What starts or joins a procedure

    def activate(self, imsi: str, apn: str, key: str, deadline: float | None, now: float) -> None:
        """Take the control trigger; the outcome comes as an event, at once or later."""
        access = self._core.access_points.find(apn)
        if access is None:
            self._refuse(key, imsi, apn, FailureCause.local(LocalCause.UNKNOWN_APN))
            return
        context = self._core.contexts.find(imsi, access)
        if context is not None:
            outcome = ActivationOutcome(imsi, access.apn.name, Step.ACTIVE, context.address)
            self._core.events.append(ActivationFinished(key, outcome))
            return
        binding = access.bindings.get(imsi)
        name = access.apn.name
        activation = self._under_way.get((imsi, access.key))
        if activation is None:
            reason = self._reachability.not_reachable(imsi)
            back_off = self._reachability.back_off(imsi, access.key)
            if binding is None and not access.pools:
                self._refuse(key, imsi, name, FailureCause.local(LocalCause.NO_ADDRESS))
            elif reason is not None:
                cause = FailureCause.local(LocalCause.MS_NOT_REACHABLE, reason)
                self._refuse(key, imsi, name, cause, hold=True)
            elif back_off is not None:
                cause = FailureCause.local(LocalCause.BACK_OFF, back_off.cause.name)
                self._refuse(key, imsi, name, cause, retry_after=back_off.until - now)
            elif deadline is not None and deadline <= now:
                self._refuse(key, imsi, name, FailureCause.local(LocalCause.DEADLINE_EXPIRED))
            else:
                self._begin(self._make(imsi, access, binding, key, deadline, Trigger.CONTROL), now)
        elif activation.wait(key, deadline):
            self._core.events.append(
                ActivationStarted(key, imsi, name, Trigger.CONTROL, joined=True)
            )

    def pdu_arrived(self, binding: StaticBinding, pdu: bytes, now: float) -> None:
        """Take the Gi trigger: a PDU for a static address that has no context."""
        access = self._core.access_points.find(binding.apn)
        assert access is not None
        imsi = binding.imsi
        activation = self._under_way.get((imsi, access.key))
        reason = None
        if self._reachability.not_reachable(imsi) is not None:
            reason = DropReason.MS_NOT_REACHABLE
        elif activation is None and self._reachability.back_off(imsi, access.key) is not None:
            reason = DropReason.BACK_OFF
        if reason is not None:
            self._core.drop(reason)
            self._core.events.append(PdusDropped(imsi, access.apn.name, binding.address, 1, reason))
            return
        if activation is None:
            self._triggers += 1
            key = f"gi:{self._triggers}"
            activation = self._make(imsi, access, binding, key, None, Trigger.GI)
            activation.store(pdu, now)
            self._begin(activation, now)
        else:
            activation.store(pdu, now)

    def abandon(
        self, imsi: str, access: AccessPoint | None, cause: FailureCause, now: float
    ) -> None:
        """End the subscriber's procedures on one access point or all: nobody wants them now.

        One that is merely reporting to the HLR goes on: MNRG is to be right.
        """
        failure = Failure(cause)
        for activation in list(self._under_way.values()):
            if activation.imsi == imsi and access in (None, activation.access):
                activation.take(Input.ABANDONED, now, failure=failure)

    def stop(self, now: float) -> None:
        """End every procedure."""
        failure = Failure(FailureCause.local(LocalCause.STOPPED))
        for activation in list(self._under_way.values()):
            activation.take(Input.ABANDONED, now, failure=failure)
            activation.take(Input.FAILED, now)

    # What SGSN and HLR send

    def responded(self, activation: NetworkActivation, response: Message, now: float) -> None:
        """Take the response to a request of a procedure."""
        if isinstance(response, SendRouteingInformationResponse):
            self._routeing_answered(activation, response, now)
        elif isinstance(response, PduNotificationResponse):
            self._notification_answered(activation, response.cause, now)
        elif isinstance(response, FailureReportResponse):
            accepted = response.cause.is_acceptance and response.map_cause is None
            activation.take(Input.FAILURE_REPORTED if accepted else Input.FAILED, now)

    def request_failed(
        self, activation: NetworkActivation, failed: RequestFailed, now: float
    ) -> None:
        """Take that a request of a procedure got no usable response."""
        silent = failed.reason is FailureReason.TIMED_OUT
        by_sgsn = isinstance(failed.request, PduNotificationRequest)
        if silent:
            cause = FailureCause.local(LocalCause.SGSN_SILENT if by_sgsn else LocalCause.HLR_SILENT)
        else:
            cause = FailureCause.local(
                LocalCause.SGSN_UNUSABLE if by_sgsn else LocalCause.HLR_UNUSABLE,
                failed.reason if failed.error is None else f"{failed.reason}: {failed.error.text}",
            )
        failure = Failure(cause, self._core.config.back_offs.peer_silent)
        if activation.state is State.REPORTING:
            activation.take(Input.FAILED, now)
        elif by_sgsn and silent and not activation.route_is_fresh:
            self._ask_again(activation, failure, now)
        else:
            activation.take(Input.FAILED, now, failure=failure)

    def rejected(self, received: RequestReceived, now: float) -> None:
        """Take a PDU Notification Reject Request (29) and answer it (TS 29.060 §7.3.10)."""
        message = received.message
        assert isinstance(message, PduNotificationRejectRequest)
        activation = self._by_teid.get(message.teid) or self._named_in(message, received.peer[0])
        own = message.teid if activation is None else activation.teid
        known = activation is not None or self._is_active(message)
        response = PduNotificationRejectResponse(
            # The SGSN may name its own tunnel endpoint, or repeat ours, which says nothing.
            teid=message.teid_control if message.teid_control != own else 0,
            cause=Cause.REQUEST_ACCEPTED if known else Cause.NON_EXISTENT,
        )
        self._core.endpoint.respond(received, response, now)
        if activation is not None and activation.state in _NOTIFIED:
            # Who rejects had accepted before, though the 28 that said so is lost or late.
            activation.take(Input.NOTIFICATION_ACCEPTED, now)
            self._fail_by_cause(activation, message.cause, now)

    def ms_present(self, received: RequestReceived, now: float) -> None:
        """Take a Note MS GPRS Present Request (36) and answer it (TS 29.060 §7.4.5)."""
        message = received.message
        assert isinstance(message, NoteMsGprsPresentRequest)
        imsi = message.imsi
        self._reachability.note_present(imsi, message.sgsn_address)
        # Earlier failures say nothing any more.
        for access in self._core.access_points:
            self._reachability.end_back_off(imsi, access.key)
        if self._core.access_points.has_subscriber(imsi):
            self._reachability.remember_sgsn(imsi, message.sgsn_address)
        # Whoever may be activated by a control trigger only is not known here beforehand.
        response = NoteMsGprsPresentResponse(cause=Cause.REQUEST_ACCEPTED)
        self._core.endpoint.respond(received, response, now)

    # What comes of the MS's Create PDP Context Request

    def matching(
        self, imsi: str, access: AccessPoint | None, address: bytes | None
    ) -> NetworkActivation | None:
        """Return the procedure that a Create PDP Context Request belongs to, or None.

        It is matched by IMSI and by APN or static address (TS 29.060 §7.3.1 gives no
        reference to the notification).
        """
        if access is not None:
            return self._under_way.get((imsi, access.key))
        found = self._bound_to(address)
        return found if found is not None and found.imsi == imsi else None

    def created(
        self, activation: NetworkActivation | None, context: PdpContext, now: float
    ) -> None:
        """Note that an MS has a context, whoever asked for it."""
        imsi = context.imsi
        self._reachability.set_reachable(imsi, context.tunnel.sgsn_address)
        self._reachability.take_sgsn(imsi)
        self._reachability.end_back_off(imsi, context.access.key)
        if activation is not None:
            activation.take(Input.CONTEXT_CREATED, now, context=context)

    def create_refused(
        self, activation: NetworkActivation | None, cause: Cause, now: float
    ) -> None:
        """Note that we refused the context that the network had requested."""
        if activation is not None:
            failure = Failure(gtp_cause(cause), self._core.config.back_offs.create_refused)
            activation.take(Input.FAILED, now, failure=failure)

    # Inside

    def _bound_to(self, address: bytes | None) -> NetworkActivation | None:
        """Return the procedure for a static address or prefix, or None."""
        binding = None
        if address is not None:
            binding = self._core.access_points.binding_at(address)
        if binding is None:
            return None
        return self._under_way.get((binding.imsi, apn_key(binding.apn)))

    def _refuse(
        self,
        key: str,
        imsi: str,
        apn: str,
        cause: FailureCause,
        *,
        hold: bool = False,
        retry_after: float | None = None,
    ) -> None:
        """Answer a control trigger that starts nothing."""
        self._core.counters.activations_refused += 1
        outcome = ActivationOutcome(
            imsi,
            apn,
            Step.ACCEPTANCE,
            cause=cause,
            hold_until_reachable=hold,
            retry_after=retry_after,
        )
        self._core.events.append(ActivationFinished(key, outcome))

    def _make(
        self,
        imsi: str,
        access: AccessPoint,
        binding: StaticBinding | None,
        key: str,
        deadline: float | None,
        trigger: Trigger,
    ) -> NetworkActivation:
        activation = NetworkActivation(
            self._core, self._reachability, imsi, access, binding, self._forget
        )
        self._under_way[imsi, access.key] = activation
        self._by_teid[activation.teid] = activation
        self._core.counters.activations_started += 1
        self._core.events.append(ActivationStarted(key, imsi, access.apn.name, trigger))
        activation.wait(key, deadline)
        return activation

    def _begin(self, activation: NetworkActivation, now: float) -> None:
        sgsn_address = self._reachability.take_sgsn(activation.imsi)
        if sgsn_address is not None:
            activation.take(Input.SGSN_NAMED, now, sgsn_address=sgsn_address)
        else:
            activation.take(Input.SGSN_WANTED, now)

    def _forget(self, activation: NetworkActivation) -> None:
        del self._under_way[activation.imsi, activation.access.key]
        del self._by_teid[activation.teid]

    def _routeing_answered(
        self,
        activation: NetworkActivation,
        response: SendRouteingInformationResponse,
        now: float,
    ) -> None:
        """Take a Send Routeing Information for GPRS Response (33): TS 23.060 §9.2.2.2.1."""
        back_offs = self._core.config.back_offs
        reason = response.ms_not_reachable_reason
        if response.map_cause is not None and response.map_cause != MapCause.ABSENT_SUBSCRIBER:
            unknown = response.map_cause == MapCause.UNKNOWN_SUBSCRIBER
            failure = Failure(
                map_cause(response.map_cause),
                back_offs.unknown_subscriber if unknown else back_offs.routeing_failed,
            )
            activation.take(Input.FAILED, now, failure=failure)
        elif response.map_cause is None and not response.cause.is_acceptance:
            unknown = response.cause is Cause.IMSI_NOT_KNOWN
            failure = Failure(
                gtp_cause(response.cause),
                back_offs.unknown_subscriber if unknown else back_offs.routeing_failed,
            )
            activation.take(Input.FAILED, now, failure=failure)
        elif reason is not None and reason not in STILL_THERE:
            absent = Failure(absent_subscriber(not_reachable_text(reason)))
            activation.take(Input.MS_ABSENT, now, failure=absent)
        elif response.map_cause is not None or response.sgsn_address is None:
            absent = Failure(absent_subscriber("no SGSN serves it"))
            activation.take(Input.MS_ABSENT, now, failure=absent)
        else:
            self._route_found(activation, response.sgsn_address, now)

    def _route_found(self, activation: NetworkActivation, sgsn_address: str, now: float) -> None:
        if sgsn_address not in activation.refused_by:
            activation.route_is_fresh = True
            activation.take(Input.SGSN_NAMED, now, sgsn_address=sgsn_address)
        elif activation.imsi_refused:
            activation.take(Input.SGSN_UNCHANGED, now)
        else:
            activation.take(Input.FAILED, now)

    def _notification_answered(
        self, activation: NetworkActivation, cause: Cause, now: float
    ) -> None:
        """Take a PDU Notification Response (28): TS 29.060 §7.3.9."""
        if cause.is_acceptance:
            activation.take(Input.NOTIFICATION_ACCEPTED, now)
        else:
            self._fail_by_cause(activation, cause, now)

    def _fail_by_cause(self, activation: NetworkActivation, cause: Cause, now: float) -> None:
        """Do what the Cause of a 28 that rejects, or of a 29, asks for."""
        back_offs = self._core.config.back_offs
        if cause in (Cause.MS_REFUSES, Cause.MS_REFUSES_X):
            failure = Failure(gtp_cause(cause), back_offs.ms_refused)
            activation.take(Input.FAILED, now, failure=failure)
        elif cause in (Cause.MS_NOT_GPRS_RESPONDING, Cause.MS_NOT_GPRS_RESPONDING_X):
            # The SGSN has it, so the next attempt need not ask the HLR.
            failure = Failure(gtp_cause(cause), back_offs.ms_not_responding)
            self._reachability.remember_sgsn(activation.imsi, activation.sgsn_address)
            activation.take(Input.FAILED, now, failure=failure)
        elif activation.state is State.NOTIFICATION and cause is Cause.IMSI_NOT_KNOWN:
            failure = Failure(
                gtp_cause(cause), back_offs.notification_refused, Step.PDU_NOTIFICATION
            )
            activation.imsi_refused = True
            self._ask_again(activation, failure, now)
        elif activation.state is State.NOTIFICATION and cause is Cause.MS_GPRS_DETACHED:
            failure = Failure(
                gtp_cause(cause), back_offs.notification_refused, Step.PDU_NOTIFICATION
            )
            activation.take(Input.MS_DETACHED, now, failure=failure)
        else:
            failure = Failure(gtp_cause(cause), back_offs.notification_refused)
            activation.take(Input.FAILED, now, failure=failure)

    def _ask_again(self, activation: NetworkActivation, failure: Failure, now: float) -> None:
        """Ask the HLR whether the MS is with another SGSN by now; else ``failure`` stands."""
        activation.refused_by.add(activation.sgsn_address)
        activation.take(Input.SGSN_WANTED, now, failure=failure)

    def _named_in(
        self, message: PduNotificationRejectRequest, host: str
    ) -> NetworkActivation | None:
        """Return the procedure that a 29 means whose header does not tell."""
        activation = self._by_teid.get(message.teid_control)
        if activation is not None and activation.sgsn_address == host:
            return activation
        activation = self._bound_to(octets_of(message.end_user_address))
        if activation is not None and activation.access.key == apn_key(message.apn):
            return activation
        return None

    def _is_active(self, message: PduNotificationRejectRequest) -> bool:
        """Whether a 29 comes too late, because the context is there."""
        if self._core.contexts.tunnel(message.teid) is not None:
            return True
        address = octets_of(message.end_user_address)
        context = self._core.contexts.at(address) if address is not None else None
        return context is not None and context.access.key == apn_key(message.apn)
