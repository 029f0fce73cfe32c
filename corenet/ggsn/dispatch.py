"""What a GGSN does with what its GTP-C endpoint tells: each event has the procedure it belongs to.

Specs: TS 29.060 §7.3 (tunnel management), §7.5 (location management), TS 23.007 §18 (restart).
"""

from __future__ import annotations

from corenet.ggsn.activation.inquiries import Inquiry
from corenet.ggsn.activation.network_activation import NetworkActivation
from corenet.ggsn.assembly import Assembly
from corenet.ggsn.contexts import PendingUpdate
from corenet.ggsn.events import PathChanged, PathState
from corenet.ggsn.sessions.secondary import SecondaryRequest
from gtp.endpoint import (
    PathDown,
    PathSuspected,
    PathUp,
    PeerRestarted,
    RequestFailed,
    RequestReceived,
    ResponseReceived,
)
from gtp.messages import (
    CreatePdpContextRequest,
    DeletePdpContextRequest,
    MsInfoChangeNotificationRequest,
    PduNotificationRejectRequest,
    SendRouteingInformationResponse,
    UpdatePdpContextRequest,
)


class ControlDispatch:
    """Brings events of GTP-C to procedures."""

    def __init__(self, parts: Assembly) -> None:
        """Know the procedures in ``parts``."""
        self._core = parts.core
        self._endpoint = parts.core.endpoint
        self._activations = parts.activations
        self._inquiries = parts.inquiries
        self._admission = parts.admission
        self._deletion = parts.deletion
        self._secondary = parts.secondary
        self._creation = parts.creation
        self._updates = parts.updates

    def take_events(self, now: float) -> None:
        """Take what the endpoint has to tell."""
        for event in self._endpoint.take_events():
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
        elif isinstance(event.context, Inquiry):
            assert isinstance(event.response, SendRouteingInformationResponse)
            self._inquiries.responded(event.context, event.response, now)
        elif isinstance(event.context, PendingUpdate):
            self._updates.responded(event.context, event.response, now)
        elif isinstance(event.context, SecondaryRequest):
            self._secondary.responded(event.context, event.response, now)

    def _take_failure(self, event: RequestFailed, now: float) -> None:
        if isinstance(event.context, NetworkActivation):
            self._activations.request_failed(event.context, event, now)
        elif isinstance(event.context, Inquiry):
            self._inquiries.request_failed(event.context, now)
        elif isinstance(event.context, PendingUpdate):
            self._updates.request_failed(event.context, event.reason, now)
        elif isinstance(event.context, SecondaryRequest):
            self._secondary.request_failed(event.context, event.reason, now)

    def _take_request(self, received: RequestReceived, now: float) -> None:
        message = received.message
        if isinstance(message, CreatePdpContextRequest):
            if self._core.stopping:
                self._creation.refuse_all(received, now)
            elif message.linked_nsapi is None:
                self._creation.create_requested(received, now)
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
