"""PDU Notification Request: whether the mobile may be asked, and still has to be.

Specs: TS 29.060 §7.3.8 and §7.3.9, TS 23.060 §9.2.2.2.

The checks are made in the order of ``_refusal``; the first that fails gives the Cause of the
response. A notification for what is under way already is accepted without asking the mobile a
second time. One for a context that is active here has two explanations: it crossed the
activation, or the GGSN has lost the context without being able to say so. While the GGSN may
still have been repeating a notification that it sent before the activation, the former is
believed and nothing more is done. Later the context is taken for stale: it is deactivated, and
then the mobile is asked to activate it anew.
"""

from __future__ import annotations

from corenet.interfaces.nas.causes import SmCause
from corenet.sgsn.core import Core
from corenet.sgsn.deactivation import Deactivations
from corenet.sgsn.events import DeactivationReason, MmState, NetworkRequestReceived, PdpState
from corenet.sgsn.mm_context import MmContext
from corenet.sgsn.network_request import (
    NetworkRequest,
    NetworkRequests,
    can_be_requested,
    free_network_ti,
)
from corenet.sgsn.pdp_context import PdpContext, address_text
from corenet.sgsn.subscription import network_identifier
from gtp.constants import Cause
from gtp.events import RequestReceived
from gtp.messages import PduNotificationRequest, PduNotificationResponse


class PduNotifications:
    """Takes PDU Notification Requests."""

    def __init__(self, core: Core, requests: NetworkRequests, deactivations: Deactivations) -> None:
        self._core = core
        self._requests = requests
        self._deactivations = deactivations

    def receive(
        self, received: RequestReceived, notification: PduNotificationRequest, now: float
    ) -> None:
        """Answer at once, then do what the answer says."""
        mobile = self._core.mobiles.with_imsi(notification.imsi)
        apn = network_identifier(notification.apn)
        address = address_text(notification.end_user_address)
        running = self._requests.find(notification.imsi, apn, address)
        refusal = self._refusal(mobile, notification, running)
        cause = refusal or Cause.REQUEST_ACCEPTED
        self._core.count("notifications_refused" if refusal else "notifications_accepted")
        response = PduNotificationResponse(teid=notification.teid_control, cause=cause)
        self._core.answer(received, response, now)
        self._core.emit(
            NetworkRequestReceived(
                notification.imsi, apn, address, notification.ggsn_address, cause
            )
        )
        if mobile is None or refusal is not None:
            return
        if running is not None:
            running.renew(notification)
        else:
            self._go_on(notification, mobile, now)

    def _refusal(
        self,
        mobile: MmContext | None,
        notification: PduNotificationRequest,
        running: NetworkRequest | None,
    ) -> Cause | None:
        config = self._core.config
        if mobile is None or mobile.state is MmState.LEAVING:
            return Cause.IMSI_NOT_KNOWN  # the GGSN asks the HLR again
        if mobile.state in (MmState.DETACHED, MmState.DETACHING):
            mobile.mnrg = True
            return Cause.MS_GPRS_DETACHED
        if mobile.suspended:
            return Cause.GPRS_CONNECTION_SUSPENDED
        if notification.imsi.startswith(config.roaming_restricted):
            return Cause.ROAMING_RESTRICTION
        requests = self._requests
        if running is None and (
            len(requests) >= config.max_network_requests
            or free_network_ti(mobile, requests.of(mobile.imsi)) is None
        ):
            return Cause.NO_RESOURCES_AVAILABLE
        if not config.network_requests or not can_be_requested(notification.end_user_address):
            return Cause.SERVICE_NOT_SUPPORTED
        return None

    def _go_on(self, notification: PduNotificationRequest, mobile: MmContext, now: float) -> None:
        ti = free_network_ti(mobile, self._requests.of(mobile.imsi))
        assert ti is not None  # _refusal has seen to it
        mobile.last_network_ti = ti
        request = NetworkRequest(notification, ti)
        context = _same_pdp(mobile, request)
        if context is not None and context.state is PdpState.ACTIVE:
            if now - context.since <= self._core.config.timers.response_retention:
                self._core.count("notifications_crossed")
                return
            elsewhere = context.tunnel.ggsn != request.ggsn
            self._deactivations.by_network(
                mobile,
                context,
                SmCause.REGULAR_DEACTIVATION,
                DeactivationReason.STALE,
                now,
                delete=elsewhere,
                teardown=True,
            )
        self._requests.add(request)
        if context is None:
            self._requests.start(request, mobile, now)
        elif context.state is PdpState.CREATING:
            self._requests.activating(request, context)
        else:
            self._deactivations.after(
                context, lambda now: self._requests.start(request, mobile, now)
            )


def _same_pdp(mobile: MmContext, request: NetworkRequest) -> PdpContext | None:
    for context in mobile.contexts.values():
        if context.apn == request.apn and request.address in ("", context.address_text):
            return context
    return None
