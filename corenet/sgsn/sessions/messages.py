"""Session management messages from mobiles to their procedures.

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
from corenet.sgsn.sessions.activation import Activations
from corenet.sgsn.sessions.deactivation import Deactivations
from corenet.sgsn.sessions.modification import Modifications
from corenet.sgsn.sessions.network_request import NetworkRequests
from corenet.sgsn.sessions.secondary import SecondaryActivations
from corenet.sgsn.sessions.secondary_request import SecondaryRequests

_ACTIVATE_REQUEST = 0x41
_ACTIVATE_SECONDARY_REQUEST = 0x4D


class Sessions:
    """Takes session management messages of attached mobiles."""

    def __init__(
        self,
        core: Core,
        requests: NetworkRequests,
        activations: Activations,
        deactivations: Deactivations,
        modifications: Modifications,
        secondary: SecondaryActivations,
        secondary_requests: SecondaryRequests,
    ) -> None:
        self._core = core
        self._requests = requests
        self._activations = activations
        self._deactivations = deactivations
        self._modifications = modifications
        self._secondary = secondary
        self._secondary_requests = secondary_requests

    def receive(self, mobile: MmContext, octets: bytes, now: float) -> None:
        """Take a message."""
        try:
            message = decode(octets)
        except NasError as error:
            self._malformed(mobile, error, now)
            return
        if isinstance(message, ActivatePdpContextRequest):
            self._activations.activate(mobile, message, now)
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
            self._activations.refuse_malformed(mobile, error.ti, error.cause, now)
        elif error.message_type == _ACTIVATE_SECONDARY_REQUEST:
            self._secondary.refuse_malformed(mobile, error.ti, error.cause, now)
        else:
            self._say_status(mobile, error.ti, error.cause)

    def _rejected(
        self, mobile: MmContext, message: RequestPdpContextActivationReject, now: float
    ) -> None:
        request = self._requests.with_ti(mobile.imsi, message.ti)
        if request is None:
            self._say_status(mobile, message.ti, SmCause.INVALID_TRANSACTION_IDENTIFIER)
        else:
            self._requests.refused(request, message.cause, now)

    def _secondary_rejected(
        self, mobile: MmContext, message: RequestSecondaryPdpContextActivationReject, now: float
    ) -> None:
        request = self._secondary_requests.with_ti(mobile.imsi, message.ti)
        if request is None:
            self._say_status(mobile, message.ti, SmCause.INVALID_TRANSACTION_IDENTIFIER)
        else:
            self._secondary_requests.refused(request, message.cause, now)

    def _deactivate(
        self, mobile: MmContext, message: DeactivatePdpContextRequest, now: float
    ) -> None:
        context = mobile.context_with(message.ti)
        accept = DeactivatePdpContextAccept(message.ti.mirrored)
        if context is None:
            self._core.say(mobile.link, accept)
        elif context.state is PdpState.ACTIVE:
            self._deactivations.by_mobile(
                mobile, context, message.cause, now, teardown=message.teardown
            )
        elif context.state is PdpState.CREATING:
            self._activations.abandon(mobile, context, now)
            self._core.say(mobile.link, accept)
        elif self._deactivations.awaits_mobile(context):
            # Both sides deactivate at once: the mobile's request is as good as an Accept
            # (TS 24.008 §6.1.3.4.3, item b).
            self._core.say(mobile.link, accept)
            self._deactivations.over(mobile, context, now)

    def _deactivated(
        self, mobile: MmContext, message: DeactivatePdpContextAccept, now: float
    ) -> None:
        context = mobile.context_with(message.ti)
        if context is not None and self._deactivations.awaits_mobile(context):
            self._deactivations.over(mobile, context, now)
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
            self._modifications.wanted_by_mobile(mobile, context, message, now)
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
            self._modifications.rejected(context, message.cause, now)
        else:
            self._modifications.accepted(context, now)

    def _status(self, mobile: MmContext, message: SmStatus, now: float) -> None:
        """Abort what the mobile knows nothing of (TS 24.008 §6.1.3.6); never answered."""
        self._core.count("sm_status_received")
        request = self._requests.with_ti(mobile.imsi, message.ti)
        context = mobile.context_with(message.ti)
        secondary = self._secondary_requests.with_ti(mobile.imsi, message.ti)
        if request is not None:
            self._requests.refused(request, message.cause, now)
        elif secondary is not None:
            self._secondary_requests.refused(secondary, message.cause, now)
        elif (
            context is not None
            and message.cause != SmCause.INVALID_TRANSACTION_IDENTIFIER
            and self._modifications.asks(context)
        ):
            self._modifications.rejected(context, message.cause, now)
        elif context is None or message.cause not in (
            SmCause.INVALID_TRANSACTION_IDENTIFIER,
            SmCause.MESSAGE_TYPE_UNKNOWN,
        ):
            return
        elif context.state is PdpState.CREATING:
            self._activations.abandon(mobile, context, now)
        else:
            self._deactivations.release(mobile, context, DeactivationReason.MOBILE, now)

    def _out_of_place(self, mobile: MmContext, message: SmMessage) -> None:
        # What only the network sends is, from a mobile, no message at all.
        self._say_status(mobile, message.ti, SmCause.MESSAGE_TYPE_UNKNOWN)

    def _say_status(self, mobile: MmContext, ti: TransactionIdentifier, cause: int) -> None:
        self._core.count("sm_status_sent")
        self._core.say(mobile.link, SmStatus(ti.mirrored, cause))
