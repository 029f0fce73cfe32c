"""Session management messages from the network, each to what a mobile makes of it.

Specs: TS 24.008 §6.1.3.1 (activation), §6.1.3.4 (deactivation), §6.1.3.6 (SM STATUS), §8 (errors).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from corenet.interfaces.nas import sm
from corenet.interfaces.nas.causes import SmCause
from corenet.interfaces.nas.errors import NasError
from corenet.mobile import modification, request, secondary
from corenet.mobile.behaviour import Behaviour
from corenet.mobile.events import ContextState, DeactivationReason
from corenet.mobile.sessions import Sessions

_REQUEST_PDP_CONTEXT_ACTIVATION: Final = 0x44
_REQUEST_SECONDARY_PDP_CONTEXT_ACTIVATION: Final = 0x5B
_SM_STATUS: Final = 0x55


def receive(sessions: Sessions, octets: bytes, behaviour: Behaviour, now: float) -> None:
    """Take a session management message."""
    try:
        message = sm.decode(octets)
    except NasError as error:
        _refuse(sessions, error)
        return
    asked = _REQUESTS.get(type(message))
    told = _ANSWERS.get(type(message))
    if asked is not None:
        asked(sessions, message, behaviour, now)
    elif told is not None:
        told(sessions, message, now)
    else:
        sessions.send(sm.SmStatus(message.ti.mirrored, SmCause.MESSAGE_TYPE_UNKNOWN))


def _refuse(sessions: Sessions, error: NasError) -> None:
    """Answer a message that cannot be taken (TS 24.008 §8.3 to §8.5)."""
    sessions.surroundings.count("malformed_sm_messages")
    ti, cause = error.ti, error.cause
    ignored = (SmCause.INVALID_TRANSACTION_IDENTIFIER, SmCause.PROTOCOL_ERROR_UNSPECIFIED)
    if not isinstance(ti, sm.TransactionIdentifier) or cause in ignored:
        return
    if error.message_type == _REQUEST_PDP_CONTEXT_ACTIVATION:
        sessions.send(sm.RequestPdpContextActivationReject(ti.mirrored, cause))
    elif error.message_type == _REQUEST_SECONDARY_PDP_CONTEXT_ACTIVATION:
        sessions.send(sm.RequestSecondaryPdpContextActivationReject(ti.mirrored, cause))
    elif error.message_type != _SM_STATUS:
        sessions.send(sm.SmStatus(ti.mirrored, cause))


def _accept(sessions: Sessions, message: sm.ActivatePdpContextAccept, now: float) -> None:
    context = sessions.find(message.ti.mirrored)
    if context is None:
        sessions.send_unknown(message.ti)
        return
    if context.state is not ContextState.ACTIVATING:
        sessions.surroundings.count("unexpected_messages")
        return
    given = message.pdp_address or context.requested
    if given.ipv4 is None and given.ipv6 is None:
        sessions.send(sm.SmStatus(context.ti, SmCause.CONDITIONAL_IE_ERROR))
        return
    context.llc_sapi, context.qos = message.llc_sapi, message.qos
    sessions.activated(context, given, now)


def _reject(
    sessions: Sessions,
    message: sm.ActivatePdpContextReject | sm.ActivateSecondaryPdpContextReject,
    now: float,
) -> None:
    context = sessions.find(message.ti.mirrored)
    if context is None:
        sessions.send_unknown(message.ti)
    elif context.state is ContextState.ACTIVATING:
        sessions.back_offs.begin(context.apn, message.back_off_timer, now)
        sessions.end_activation(context, message.cause, now)
    else:
        cause = SmCause.MESSAGE_TYPE_NOT_COMPATIBLE_WITH_STATE
        sessions.send(sm.SmStatus(context.ti, cause))


def _deactivate(sessions: Sessions, message: sm.DeactivatePdpContextRequest, now: float) -> None:
    """End the context, or with teardown all that share its address (§6.1.3.4.2).

    A context that is unknown here is as good as ended, which the network is told.
    """
    context = sessions.find(message.ti.mirrored)
    sessions.forget_answer(message.ti.mirrored)
    sessions.send(sm.DeactivatePdpContextAccept(message.ti.mirrored))
    if context is None:
        return
    ended = [context]
    if message.teardown and context.address:
        ended = [
            other
            for other in sessions
            if (other.apn, other.address) == (context.apn, context.address)
        ]
    for other in ended:
        if other.state is ContextState.ACTIVATING:
            sessions.end_activation(other, message.cause, now)
        else:
            sessions.end(other, DeactivationReason.NETWORK, now, message.cause)


def _deactivated(sessions: Sessions, message: sm.DeactivatePdpContextAccept, now: float) -> None:
    context = sessions.find(message.ti.mirrored)
    if context is None:
        sessions.send_unknown(message.ti)
    elif context.state is ContextState.DEACTIVATING:
        sessions.end(context, DeactivationReason.MOBILE, now)
    else:
        cause = SmCause.MESSAGE_TYPE_NOT_COMPATIBLE_WITH_STATE
        sessions.send(sm.SmStatus(context.ti, cause))


def _status(sessions: Sessions, message: sm.SmStatus, now: float) -> None:
    """Abort what the network cannot go on with; never answer (§6.1.3.6)."""
    sessions.surroundings.count("sm_status_received")
    context = sessions.find(message.ti.mirrored)
    unknown = message.cause == SmCause.INVALID_TRANSACTION_IDENTIFIER
    if unknown:
        sessions.forget_answer(message.ti.mirrored)
    if context is None or not (unknown or message.cause == SmCause.MESSAGE_TYPE_UNKNOWN):
        return
    if context.state is ContextState.ACTIVATING:
        sessions.end_activation(context, message.cause, now)
    elif unknown or context.state is ContextState.DEACTIVATING:
        sessions.end(context, DeactivationReason.UNKNOWN_TO_NETWORK, now, message.cause)


_REQUESTS: Final[Mapping[type, Callable[[Sessions, Any, Behaviour, float], None]]] = (
    MappingProxyType(
        {
            sm.RequestPdpContextActivation: request.requested,
            sm.RequestSecondaryPdpContextActivation: secondary.requested,
            sm.ModifyPdpContextRequestDownlink: modification.requested,
        }
    )
)
"""What the mobile answers as it behaves."""
_ANSWERS: Final[Mapping[type, Callable[[Sessions, Any, float], None]]] = MappingProxyType(
    {
        sm.ActivatePdpContextAccept: _accept,
        sm.ActivatePdpContextReject: _reject,
        sm.DeactivatePdpContextRequest: _deactivate,
        sm.DeactivatePdpContextAccept: _deactivated,
        sm.ActivateSecondaryPdpContextAccept: secondary.accepted,
        sm.ActivateSecondaryPdpContextReject: _reject,
        sm.ModifyPdpContextAcceptDownlink: modification.accepted,
        sm.ModifyPdpContextReject: modification.rejected,
        sm.SmStatus: _status,
    }
)
