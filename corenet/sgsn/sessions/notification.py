"""PDU Notification Request: whether the mobile may be asked, and still has to be.

Specs: TS 29.060 §7.3.8 and §7.3.9, TS 23.060 §9.2.2.2.

The checks are made in the order of ``_refusal``; the first that fails gives the Cause of the
response. A notification for what is under way already is accepted without asking the mobile a
second time. One for a context that is active here has two explanations: it crossed the
activation, or the GGSN has lost the context, as after a restart that nothing has told of yet
(TS 23.007 §11.2). The GGSN is asked, by an Update PDP Context Request that changes nothing: where
it has the context, all is well; where it has not, the context is deactivated and then the mobile
is asked to activate it anew. Where the GGSN that notifies is not the one of the context, the
context is deleted at that one first.
"""

from __future__ import annotations

from corenet.interfaces.nas.causes import SmCause
from corenet.sgsn.core import Core
from corenet.sgsn.events import (
    DeactivationReason,
    MmState,
    NetworkRequestFailure,
    NetworkRequestReceived,
    PdpState,
)
from corenet.sgsn.mm_context import MmContext
from corenet.sgsn.pdp_context import PdpContext, address_text
from corenet.sgsn.sessions.deactivation import Deactivations
from corenet.sgsn.sessions.modification import Modifications
from corenet.sgsn.sessions.network_request import (
    NetworkRequest,
    NetworkRequests,
    can_be_requested,
    free_network_ti,
)
from corenet.sgsn.subscription import network_identifier
from gtp.constants import Cause
from gtp.events import RequestReceived
from gtp.messages import PduNotificationRequest, PduNotificationResponse


class PduNotifications:
    """Takes PDU Notification Requests."""

    def __init__(
        self,
        core: Core,
        requests: NetworkRequests,
        deactivations: Deactivations,
        modifications: Modifications,
    ) -> None:
        self._core = core
        self._requests = requests
        self._deactivations = deactivations
        self._modifications = modifications

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
        self._requests.add(request)
        context = _same_pdp(mobile, request)
        if context is None:
            self._requests.start(request, mobile, now)
        elif context.state is PdpState.CREATING:
            self._requests.activating(request, context)
        elif context.state is PdpState.DEACTIVATING:
            self._start_after(context, request, mobile, now)
        elif request.ggsn in (context.tunnel.ggsn, context.tunnel.peer[0]):
            self._confirm(context, request, mobile, now)
        else:
            self._deactivations.by_network(
                mobile,
                context,
                SmCause.REGULAR_DEACTIVATION,
                DeactivationReason.STALE,
                now,
                delete=True,
                teardown=True,
            )
            self._start_after(context, request, mobile, now)

    def _start_after(
        self, context: PdpContext, request: NetworkRequest, mobile: MmContext, now: float
    ) -> None:
        self._deactivations.after(
            context, lambda now: self._requests.start(request, mobile, now), now
        )

    def _confirm(
        self, context: PdpContext, request: NetworkRequest, mobile: MmContext, now: float
    ) -> None:
        """Ask the GGSN whether it has a context that is active here."""

        def confirmed(known: bool, now: float) -> None:
            if request not in self._requests.of(request.imsi):
                return  # the mobile has gone meanwhile
            going = (
                context in self._deactivations or mobile.contexts.get(context.nsapi) is not context
            )
            if known:
                self._core.count("notifications_crossed")
                self._requests.satisfied(request)
            elif going:
                self._start_after(context, request, mobile, now)
            else:
                reason = NetworkRequestFailure.NOT_CONFIRMED
                self._requests.fail(request, reason, Cause.SYSTEM_FAILURE, now)

        self._modifications.confirm(mobile, context, now, confirmed)


def _same_pdp(mobile: MmContext, request: NetworkRequest) -> PdpContext | None:
    for context in mobile.contexts.values():
        if context.apn == request.apn and request.address in ("", context.address_text):
            return context
    return None
