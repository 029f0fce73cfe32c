"""Secondary PDP contexts: further ones with the address of a context that is there.

Specs: TS 29.060 §7.3.1-7.3.2 (Create PDP Context), §7.3.13-7.3.14 (Initiate PDP Context
Activation); TS 23.060 §9.2.2.1.1 (secondary activation), §9.2.2.3 (on the network's request);
TS 24.008 §6.1.3.2.

Theory of operation. A Create PDP Context Request with a linked NSAPI makes a context that shares
address, access point and control tunnel with the linked one, and has a data tunnel, a QoS, a
charging identifier and a traffic flow template of its own. It needs the template, unless every
other context of the address has one.

On the network's request, where the bearer control mode allows that, the SGSN is asked for such a
context (Initiate PDP Context Activation Request); it asks the MS, and the MS activates. The
Correlation-ID that the SGSN puts into its Create says which request that belongs to. A request ends
in one event:

- the context came, and then the SGSN's acceptance, or the acceptance and then the context;
- the SGSN refuses, says nothing, or answers what cannot be read;
- the SGSN accepts and no context comes within the guard time;
- we refuse the Create ourselves;
- the linked context is deleted meanwhile.
"""

from __future__ import annotations

from dataclasses import dataclass

from corenet.ggsn.aaa.accounting import Accounting
from corenet.ggsn.aaa.admission import RefusedError
from corenet.ggsn.activation.causes import gtp_cause
from corenet.ggsn.contexts import ControlTunnel, PdpContext
from corenet.ggsn.core import Core
from corenet.ggsn.events import (
    DeletionReason,
    PdpContextCreated,
    SecondaryActivationFailed,
    SecondaryActivationSucceeded,
    SecondaryFailure,
)
from corenet.ggsn.sessions.bearer_control import require_network
from corenet.ggsn.sessions.creation import Creation
from corenet.ggsn.sessions.deletion import Deletion
from corenet.ggsn.sessions.requests import require_consistent
from corenet.gi.flows import Filters, applied
from corenet.schedule import Alarm
from gtp.constants import GTP_C_PORT, Cause
from gtp.endpoint import FailureReason, RequestReceived
from gtp.ies.filters import TftError, TrafficFlowTemplate
from gtp.ies.quality import limited_qos
from gtp.messages import (
    CreatePdpContextRequest,
    InitiatePdpContextActivationRequest,
    InitiatePdpContextActivationResponse,
    Message,
)

_CORRELATION_IDS = 256


@dataclass(slots=True, eq=False)
class SecondaryRequest:
    """A secondary context that an SGSN was asked for."""

    linked: PdpContext
    correlation_id: int
    transaction: int = 0
    accepted: bool = False
    """Whether the SGSN has said so."""
    context: PdpContext | None = None
    """What came of it."""
    guard: Alarm | None = None


class SecondaryContexts:
    """Creates secondary PDP contexts, and asks SGSNs for them."""

    def __init__(
        self, core: Core, creation: Creation, accounting: Accounting, deletion: Deletion
    ) -> None:
        """Work on the contexts in ``core``; ``creation`` makes them."""
        self._core = core
        self._creation = creation
        self._accounting = accounting
        self._deletion = deletion
        deletion.on_removed = self._removed
        self._requests: dict[tuple[int, int], SecondaryRequest] = {}
        """By our TEID Control Plane and Correlation-ID."""
        self._last_correlation_id = 0

    def __len__(self) -> int:
        """Return how many requests to SGSNs are under way."""
        return len(self._requests)

    # Create

    def create_requested(self, received: RequestReceived, now: float) -> None:
        """Take a Create PDP Context Request with a linked NSAPI, and answer it."""
        message = received.message
        assert isinstance(message, CreatePdpContextRequest)
        core = self._core
        tunnel = core.contexts.tunnel(message.teid)
        request = None
        if message.correlation_id is not None:
            request = self._requests.get((message.teid, message.correlation_id))
        try:
            linked, filters, replaced = self._granted(message, tunnel)
        except RefusedError as refusal:
            imsi = tunnel.imsi if tunnel is not None else message.imsi
            self._creation.refuse(received, message, imsi, tunnel, refusal, now)
            if request is not None:
                cause = refusal.cause
                self._fail(request, SecondaryFailure.CREATE_REFUSED, now, cause)
            return
        if replaced is not None:
            self._deletion.remove(replaced, DeletionReason.REPLACED, now)
        context = self._make(message, linked, filters, now)
        context.network_requested = request is not None
        core.contexts.add(context, linked)
        core.user_plane.add_tunnel(context.teid_data, context)
        core.counters.contexts_created += 1
        core.counters.secondary_contexts_created += 1
        core.watch(context.tunnel.sgsn_address, now)
        response = self._creation.acceptance(message, context, Cause.REQUEST_ACCEPTED)
        core.endpoint.respond(received, response, now)
        core.events.append(PdpContextCreated(context.view()))
        self._accounting.context_created(context, now)
        self._deletion.limits.watch(context, now)
        if request is not None:
            request.context = context
            self._succeed_if_whole(request)

    def _granted(
        self, message: CreatePdpContextRequest, tunnel: ControlTunnel | None
    ) -> tuple[PdpContext, Filters, PdpContext | None]:
        """Return linked context, filters and what is replaced, or raise ``RefusedError``."""
        if tunnel is None:
            raise RefusedError(Cause.NON_EXISTENT)
        require_consistent(message, tunnel)
        assert message.linked_nsapi is not None
        linked = tunnel.contexts.get(message.linked_nsapi)
        if linked is None:
            raise RefusedError(Cause.CONTEXT_NOT_FOUND)
        if message.nsapi == message.linked_nsapi:
            raise RefusedError(Cause.MANDATORY_IE_INCORRECT)
        replaced = tunnel.contexts.get(message.nsapi)
        if replaced is not None and replaced.linked_nsapi is None:
            # A primary one has an address that others may share: that is no slip of an SGSN's.
            raise RefusedError(Cause.MANDATORY_IE_INCORRECT)
        gone = 0 if replaced is None else 1
        access = linked.access
        limit = access.apn.maximum_contexts
        if len(self._core.contexts) - gone >= self._core.config.maximum_contexts or (
            limit is not None and access.contexts - gone >= limit
        ):
            raise RefusedError(Cause.NO_RESOURCES_AVAILABLE)
        others = [bearer.filters for bearer in linked.bearers if bearer is not replaced]
        return linked, _template(message.tft, others), replaced

    def _make(
        self, message: CreatePdpContextRequest, linked: PdpContext, filters: Filters, now: float
    ) -> PdpContext:
        tunnel = linked.tunnel
        if message.teid_control is not None:
            tunnel.sgsn_teid = message.teid_control
        context = self._creation.make_context(
            message, tunnel, linked.access, self._creation.next_charging_id(), now
        )
        context.linked_nsapi = linked.nsapi
        context.filters = filters
        context.ipv4, context.ipv6 = linked.ipv4, linked.ipv6
        context.ms_takes_requests, context.told_mode = linked.ms_takes_requests, linked.told_mode
        context.msisdn = linked.msisdn
        context.authorization = linked.authorization
        context.selection_mode = linked.selection_mode
        for name in ("charging_characteristics", "rat_type", "rai", "user_location"):
            if getattr(context, name) is None:
                setattr(context, name, getattr(linked, name))
        context.ms_time_zone = context.ms_time_zone or linked.ms_time_zone
        context.imei = context.imei or linked.imei
        return context

    # Initiate

    def request(self, linked: PdpContext, qos: bytes, tft: bytes | None, now: float) -> None:
        """Ask the SGSN for a context with the address of ``linked`` (TS 23.060 §9.2.2.3).

        Raises BearerControlError where the network may not ask, TftError for a template that could
        not be served, ValueError where the SGSN has been asked for as many as can be told apart.
        """
        require_network(linked)
        _check(tft, [bearer.filters for bearer in linked.bearers])
        tunnel = linked.tunnel
        correlation_id = self._free_correlation_id(tunnel)
        request = SecondaryRequest(linked, correlation_id)
        self._requests[tunnel.teid, correlation_id] = request
        self._core.counters.secondary_requests += 1
        message = InitiatePdpContextActivationRequest(
            teid=tunnel.sgsn_teid,
            linked_nsapi=linked.nsapi,
            qos=limited_qos(qos, linked.access.apn.qos),
            tft=tft,
            correlation_id=correlation_id,
        )
        peer = (tunnel.sgsn_address, GTP_C_PORT)
        transaction = self._core.request(message, peer, now, context=request, asks_ms=True)
        if transaction is None:
            self._fail(request, SecondaryFailure.TIMED_OUT, now)
        else:
            request.transaction = transaction

    def _free_correlation_id(self, tunnel: ControlTunnel) -> int:
        for step in range(1, _CORRELATION_IDS + 1):
            number = (self._last_correlation_id + step) % _CORRELATION_IDS
            if (tunnel.teid, number) not in self._requests:
                self._last_correlation_id = number
                return number
        raise ValueError("too many secondary PDP contexts are asked for already")

    def responded(self, request: SecondaryRequest, response: Message, now: float) -> None:
        """Take the SGSN's answer."""
        assert isinstance(response, InitiatePdpContextActivationResponse)
        request.transaction = 0
        if not response.cause.is_acceptance:
            self._fail(request, SecondaryFailure.REFUSED, now, response.cause)
            return
        request.accepted = True
        if request.context is None:
            request.guard = self._core.schedule.at(
                now + self._core.config.guard_time,
                lambda then: self._fail(request, SecondaryFailure.NO_CONTEXT, then),
            )
        self._succeed_if_whole(request)

    def request_failed(self, request: SecondaryRequest, reason: FailureReason, now: float) -> None:
        """Take that the SGSN gave no usable answer."""
        request.transaction = 0
        silent = reason is FailureReason.TIMED_OUT
        failure = SecondaryFailure.TIMED_OUT if silent else SecondaryFailure.INVALID_RESPONSE
        if request.context is not None:
            # The context is what was wanted, whatever became of the response.
            request.accepted = True
            self._succeed_if_whole(request)
        else:
            self._fail(request, failure, now)

    def _removed(self, context: PdpContext, now: float) -> None:
        """Take note that a context is gone."""
        for request in list(self._requests.values()):
            if context is request.context:
                request.context = None
            if context is request.linked:
                self._fail(request, SecondaryFailure.CONTEXT_DELETED, now)

    def _succeed_if_whole(self, request: SecondaryRequest) -> None:
        if request.context is None or not request.accepted:
            return
        self._close(request)
        self._core.counters.secondary_requests_succeeded += 1
        self._core.events.append(
            SecondaryActivationSucceeded(request.linked.view(), request.context.view())
        )

    def _fail(
        self,
        request: SecondaryRequest,
        failure: SecondaryFailure,
        _: float,
        cause: Cause | None = None,
    ) -> None:
        self._close(request)
        self._core.counters.secondary_requests_failed += 1
        self._core.events.append(
            SecondaryActivationFailed(
                request.linked.view(), failure, gtp_cause(cause) if cause is not None else None
            )
        )

    def _close(self, request: SecondaryRequest) -> None:
        if request.guard is not None:
            request.guard.cancel()
        if request.transaction:
            self._core.endpoint.cancel(request.transaction)
        del self._requests[request.linked.tunnel.teid, request.correlation_id]


def _check(tft: bytes | None, others: list[Filters]) -> Filters:
    """Return the filters that a template gives a new context. Raises TftError."""
    if tft is None:
        return ()
    return applied((), TrafficFlowTemplate.parse(tft), others)


def _template(tft: bytes | None, others: list[Filters]) -> Filters:
    """Return the filters of a new context beside ``others``, or raise ``RefusedError``."""
    try:
        filters = _check(tft, others)
    except TftError as error:
        raise RefusedError(error.cause) from None
    if not filters and not all(others):
        raise RefusedError(Cause.PDP_CONTEXT_WITHOUT_TFT_ALREADY_ACTIVATED)
    return filters
