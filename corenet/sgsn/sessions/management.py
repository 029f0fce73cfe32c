"""Session management: the procedures of PDP contexts, and the messages of mobiles that run them.

Specs: TS 24.008 §6.1.3 (procedures), §8.2 (messages that are too short), §8.3 (unknown
transaction identifiers), §8.4 (unknown messages), §8.5 (wrong mandatory elements).
"""

from __future__ import annotations

from corenet.interfaces.nas.causes import SmCause
from corenet.interfaces.nas.errors import NasError
from corenet.interfaces.nas.sm import (
    ActivatePdpContextRequest,
    ActivateSecondaryPdpContextRequest,
    DeactivatePdpContextAccept,
    DeactivatePdpContextRequest,
    ModifyPdpContextAcceptUplink,
    ModifyPdpContextReject,
    ModifyPdpContextRequestUplink,
    RequestPdpContextActivationReject,
    RequestSecondaryPdpContextActivationReject,
    SmMessage,
    SmStatus,
    TransactionIdentifier,
    decode,
)
from corenet.sgsn.core import Core
from corenet.sgsn.events import DeactivationReason, PdpState
from corenet.sgsn.mm_context import MmContext
from corenet.sgsn.paging import Paging
from corenet.sgsn.sessions.activation import Activations
from corenet.sgsn.sessions.deactivation import Deactivations
from corenet.sgsn.sessions.deletion import Deletions
from corenet.sgsn.sessions.ggsn_selection import GgsnSelection
from corenet.sgsn.sessions.modification import Modifications
from corenet.sgsn.sessions.network_request import NetworkRequests
from corenet.sgsn.sessions.notification import PduNotifications
from corenet.sgsn.sessions.packets import Packets
from corenet.sgsn.sessions.secondary import SecondaryActivations
from corenet.sgsn.sessions.secondary_request import SecondaryRequests
from corenet.sgsn.sessions.subscription_changes import SubscriptionChanges

_ACTIVATE_REQUEST = 0x41
_ACTIVATE_SECONDARY_REQUEST = 0x4D


class SessionManagement:
    """Makes the procedures, and takes session management messages of attached mobiles."""

    def __init__(self, core: Core, paging: Paging) -> None:
        self._core = core
        self.deletions = Deletions(core)
        self.deactivations = Deactivations(core, self.deletions)
        self.requests = NetworkRequests(core, paging)
        self.packets = Packets(core, self.deactivations)
        self.secondary_requests = SecondaryRequests(core, self.requests)
        self.selection = GgsnSelection(core)
        self.activations = Activations(
            core,
            self.deletions,
            self.deactivations,
            self.requests,
            self.packets,
            self.secondary_requests,
            self.selection,
        )
        self.modifications = Modifications(core, self.deactivations)
        self.notifications = PduNotifications(
            core, self.requests, self.deactivations, self.modifications
        )
        self.subscription_changes = SubscriptionChanges(
            self.activations, self.deactivations, self.modifications
        )
        self._secondary = SecondaryActivations(core, self.activations, self.secondary_requests)

    @property
    def under_way(self) -> dict[str, int]:
        """How much has begun and not ended, by what it is."""
        return {
            "network requests": len(self.requests),
            "PDP contexts": sum(len(mobile.contexts) for mobile in self._core.mobiles),
            "deactivations": len(self.deactivations),
            "secondary requests": len(self.secondary_requests),
            "modifications": len(self.modifications),
            "deletions": len(self.deletions),
            "questions to the DNS": len(self.selection),
        }

    def receive(self, mobile: MmContext, octets: bytes, now: float) -> None:
        """Take a message."""
        try:
            message = decode(octets)
        except NasError as error:
            self._malformed(mobile, error, now)
            return
        if isinstance(message, ActivatePdpContextRequest):
            self.activations.activate(mobile, message, now)
        elif isinstance(message, ActivateSecondaryPdpContextRequest):
            self._secondary.activate(mobile, message, now)
        elif isinstance(message, RequestPdpContextActivationReject):
            self._rejected(mobile, message, now)
        elif isinstance(message, RequestSecondaryPdpContextActivationReject):
            self._secondary_rejected(mobile, message, now)
        elif isinstance(message, DeactivatePdpContextRequest):
            self._deactivate(mobile, message, now)
        elif isinstance(message, DeactivatePdpContextAccept):
            self._deactivated(mobile, message, now)
        elif isinstance(message, ModifyPdpContextRequestUplink):
            self._modify(mobile, message, now)
        elif isinstance(message, ModifyPdpContextAcceptUplink | ModifyPdpContextReject):
            self._modified(mobile, message, now)
        elif isinstance(message, SmStatus):
            self._status(mobile, message, now)
        else:
            self._out_of_place(mobile, message)

    def _malformed(self, mobile: MmContext, error: NasError, now: float) -> None:
        self._core.count("sm_errors")
        if not isinstance(error.ti, TransactionIdentifier) or error.message_type is None:
            return  # nothing to answer to, or too short to be a message at all (§8.2)
        if error.message_type == _ACTIVATE_REQUEST:
            self.activations.refuse_malformed(mobile, error.ti, error.cause, now)
        elif error.message_type == _ACTIVATE_SECONDARY_REQUEST:
            self._secondary.refuse_malformed(mobile, error.ti, error.cause, now)
        else:
            self._say_status(mobile, error.ti, error.cause)

    def _rejected(
        self, mobile: MmContext, message: RequestPdpContextActivationReject, now: float
    ) -> None:
        request = self.requests.with_ti(mobile.imsi, message.ti)
        if request is None:
            self._say_status(mobile, message.ti, SmCause.INVALID_TRANSACTION_IDENTIFIER)
        else:
            self.requests.refused(request, message.cause, now)

    def _secondary_rejected(
        self, mobile: MmContext, message: RequestSecondaryPdpContextActivationReject, now: float
    ) -> None:
        request = self.secondary_requests.with_ti(mobile.imsi, message.ti)
        if request is None:
            self._say_status(mobile, message.ti, SmCause.INVALID_TRANSACTION_IDENTIFIER)
        else:
            self.secondary_requests.refused(request, message.cause, now)

    def _deactivate(
        self, mobile: MmContext, message: DeactivatePdpContextRequest, now: float
    ) -> None:
        context = mobile.context_with(message.ti)
        accept = DeactivatePdpContextAccept(message.ti.mirrored)
        if context is None:
            self._core.say(mobile.link, accept)
        elif context.state is PdpState.ACTIVE:
            self.deactivations.by_mobile(
                mobile, context, message.cause, now, teardown=message.teardown
            )
        elif context.state is PdpState.CREATING:
            self.activations.abandon(mobile, context, now)
            self._core.say(mobile.link, accept)
        elif self.deactivations.awaits_mobile(context):
            # Both sides deactivate at once: the mobile's request is as good as an Accept
            # (TS 24.008 §6.1.3.4.3, item b).
            self._core.say(mobile.link, accept)
            self.deactivations.over(mobile, context, now)

    def _deactivated(
        self, mobile: MmContext, message: DeactivatePdpContextAccept, now: float
    ) -> None:
        context = mobile.context_with(message.ti)
        if context is not None and self.deactivations.awaits_mobile(context):
            self.deactivations.over(mobile, context, now)
        elif context is None:
            self._say_status(mobile, message.ti, SmCause.INVALID_TRANSACTION_IDENTIFIER)
        else:
            self._say_status(mobile, message.ti, SmCause.MESSAGE_NOT_COMPATIBLE_WITH_STATE)

    def _modify(
        self, mobile: MmContext, message: ModifyPdpContextRequestUplink, now: float
    ) -> None:
        context = mobile.context_with(message.ti)
        if context is None:
            self._say_status(mobile, message.ti, SmCause.INVALID_TRANSACTION_IDENTIFIER)
        elif context.state is PdpState.ACTIVE:
            self.modifications.wanted_by_mobile(mobile, context, message, now)
        elif context.state is PdpState.CREATING:
            self._say_status(mobile, message.ti, SmCause.MESSAGE_NOT_COMPATIBLE_WITH_STATE)
        # While it is deactivated, the mobile learns that anyway (§6.1.3.4).

    def _modified(
        self,
        mobile: MmContext,
        message: ModifyPdpContextAcceptUplink | ModifyPdpContextReject,
        now: float,
    ) -> None:
        context = mobile.context_with(message.ti)
        if context is None:
            self._say_status(mobile, message.ti, SmCause.INVALID_TRANSACTION_IDENTIFIER)
        elif isinstance(message, ModifyPdpContextReject):
            self.modifications.rejected(context, message.cause, now)
        else:
            self.modifications.accepted(context, now)

    def _status(self, mobile: MmContext, message: SmStatus, now: float) -> None:
        """Abort what the mobile knows nothing of (TS 24.008 §6.1.3.6); never answered."""
        self._core.count("sm_status_received")
        request = self.requests.with_ti(mobile.imsi, message.ti)
        context = mobile.context_with(message.ti)
        secondary = self.secondary_requests.with_ti(mobile.imsi, message.ti)
        if request is not None:
            self.requests.refused(request, message.cause, now)
        elif secondary is not None:
            self.secondary_requests.refused(secondary, message.cause, now)
        elif (
            context is not None
            and message.cause != SmCause.INVALID_TRANSACTION_IDENTIFIER
            and self.modifications.asks(context)
        ):
            self.modifications.rejected(context, message.cause, now)
        elif context is None or message.cause not in (
            SmCause.INVALID_TRANSACTION_IDENTIFIER,
            SmCause.MESSAGE_TYPE_UNKNOWN,
        ):
            return
        elif context.state is PdpState.CREATING:
            self.activations.abandon(mobile, context, now)
        else:
            self.deactivations.release(mobile, context, DeactivationReason.MOBILE, now)

    def _out_of_place(self, mobile: MmContext, message: SmMessage) -> None:
        # What only the network sends is, from a mobile, no message at all.
        self._say_status(mobile, message.ti, SmCause.MESSAGE_TYPE_UNKNOWN)

    def _say_status(self, mobile: MmContext, ti: TransactionIdentifier, cause: int) -> None:
        self._core.count("sm_status_sent")
        self._core.say(mobile.link, SmStatus(ti.mirrored, cause))
