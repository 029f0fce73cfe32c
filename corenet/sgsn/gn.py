"""What comes over Gn: requests of GGSNs, answers to ours, restarts.

Specs: TS 29.060 §7.3 (tunnel management), TS 23.007 §11 (restart of a GGSN).
"""

from __future__ import annotations

from corenet.interfaces.nas.causes import SmCause, sm_cause_for_delete
from corenet.sgsn.core import Core
from corenet.sgsn.events import DeactivationReason, PdpState
from corenet.sgsn.mobility.departure import Departures
from corenet.sgsn.sessions.management import SessionManagement
from gtp.constants import Cause
from gtp.events import (
    Event,
    MessageReceived,
    PathDown,
    PeerRestarted,
    RequestFailed,
    RequestReceived,
    ResponseReceived,
)
from gtp.messages import (
    DeletePdpContextRequest,
    DeletePdpContextResponse,
    IdentificationRequest,
    InitiatePdpContextActivationRequest,
    PduNotificationRequest,
    SgsnContextAcknowledge,
    SgsnContextRequest,
    UpdatePdpContextRequest,
    UpdatePdpContextResponse,
)


class Gn:
    """Takes what the GTP-C endpoint tells."""

    def __init__(
        self,
        core: Core,
        sessions: SessionManagement,
        departures: Departures,
    ) -> None:
        self._core = core
        self._notifications = sessions.notifications
        self._activations = sessions.activations
        self._deactivations = sessions.deactivations
        self._modifications = sessions.modifications
        self._secondary_requests = sessions.secondary_requests
        self._departures = departures

    def take_gtp(self, now: float) -> None:
        """Deal with everything that has happened."""
        while events := self._core.endpoint.take_events():
            for event in events:
                self._take(event, now)

    def _take(self, event: Event, now: float) -> None:
        if isinstance(event, ResponseReceived) and callable(event.context):
            event.context(event.response, now)
        elif isinstance(event, RequestFailed) and callable(event.context):
            event.context(None, now)
        elif isinstance(event, RequestReceived):
            self._requested(event, now)
        elif isinstance(event, MessageReceived):
            if isinstance(event.message, SgsnContextAcknowledge):
                self._departures.acknowledged(event.message, now)
        elif isinstance(event, PeerRestarted):
            self._restarted(event.peer[0], now)
        elif isinstance(event, PathDown):
            # Contexts stay: the GGSN may have them still when the path comes back.
            self._core.count("paths_down")

    def _requested(self, received: RequestReceived, now: float) -> None:
        message = received.message
        if isinstance(message, SgsnContextRequest):
            self._departures.hand_over(received, message, now)
        elif isinstance(message, IdentificationRequest):
            self._departures.identify(received, message, now)
        elif isinstance(
            message, UpdatePdpContextRequest | DeletePdpContextRequest
        ) and self._has_left(message):
            gone = (
                UpdatePdpContextResponse(cause=Cause.NON_EXISTENT)
                if isinstance(message, UpdatePdpContextRequest)
                else DeletePdpContextResponse(cause=Cause.NON_EXISTENT)
            )
            self._core.answer(received, gone, now)
        elif isinstance(message, PduNotificationRequest):
            self._notifications.receive(received, message, now)
        elif isinstance(message, DeletePdpContextRequest):
            self._delete(received, message, now)
        elif isinstance(message, UpdatePdpContextRequest):
            self._modifications.wanted_by_ggsn(received, message, now)
        elif isinstance(message, InitiatePdpContextActivationRequest):
            self._secondary_requests.requested(received, message, now)

    def _has_left(self, message: UpdatePdpContextRequest | DeletePdpContextRequest) -> bool:
        """Return whether it is about a context that another SGSN has by now."""
        tunnel = self._core.tunnels.with_teid(message.teid)
        context = None if tunnel is None else tunnel.contexts.get(message.nsapi)
        return context is not None and context.forwarding is not None

    def _delete(
        self, received: RequestReceived, message: DeletePdpContextRequest, now: float
    ) -> None:
        tunnel = self._core.tunnels.with_teid(message.teid)
        context = None if tunnel is None else tunnel.contexts.get(message.nsapi)
        mobile = None if context is None else self._core.mobiles.with_imsi(context.imsi)
        if tunnel is None or context is None or mobile is None:
            response = DeletePdpContextResponse(cause=Cause.NON_EXISTENT)
            self._core.answer(received, response, now)
            return
        response = DeletePdpContextResponse(
            teid=context.remote_teid_control, cause=Cause.REQUEST_ACCEPTED
        )
        self._core.answer(received, response, now)
        if context.state is PdpState.CREATING:
            self._activations.abort(mobile, context, now)
            return
        teardown = bool(message.teardown)
        cause = sm_cause_for_delete(message.cause)
        reason = DeactivationReason.GGSN
        self._deactivations.by_network(
            mobile, context, cause, reason, now, delete=False, teardown=teardown
        )

    def _restarted(self, ggsn: str, now: float) -> None:
        """Deactivate what a restarted GGSN has forgotten (TS 23.007 §11.2)."""
        self._core.count("ggsn_restarts")
        for tunnel in self._core.tunnels.with_ggsn(ggsn):
            for context in list(tunnel.contexts.values()):
                mobile = self._core.mobiles.with_imsi(context.imsi)
                ended = tunnel.contexts.get(context.nsapi) is not context
                ended |= context.forwarding is not None
                if context.state is PdpState.CREATING or mobile is None or ended:
                    continue  # its Create is processed by the GGSN as it is now
                self._deactivations.by_network(
                    mobile,
                    context,
                    SmCause.REACTIVATION_REQUESTED,
                    DeactivationReason.GGSN_RESTARTED,
                    now,
                    delete=False,
                    teardown=True,
                )
            tunnel.remote_teid = 0
