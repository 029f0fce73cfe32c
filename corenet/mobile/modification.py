"""PDP context modification in a mobile: wanted by it, or by the network.

Specs: TS 24.008 §6.1.3.3 (modification procedures).

Theory of operation. The context stays active, and packets flow, whatever becomes of a change.
What the mobile wants is asked for until the network accepts or rejects it, T3381 apart; silence
leaves the context as it was. What the network wants is answered as the mobile's behaviour says,
and a template that is wrong is refused with its cause whatever the behaviour. Crossings:

- The network's request while the mobile's own is open: the network's takes precedence, and the
  mobile ends its own without a word (§6.1.3.3.4).
- The network's request while the mobile deactivates the context: it is ignored, for the
  deactivation goes on (§6.1.3.4.3).
- An answer to nothing that is open, as after a repetition: it is passed over.
"""

from __future__ import annotations

from functools import partial

from corenet.gi.flows import Filters, applied
from corenet.interfaces.nas import sm
from corenet.interfaces.nas.causes import SmCause, sm_cause_for_template
from corenet.mobile.behaviour import Answer, Behaviour
from corenet.mobile.contexts import Context, Modification
from corenet.mobile.errors import MobileError
from corenet.mobile.events import ContextModified, ContextState, ModificationRefused
from corenet.mobile.sessions import Sessions
from corenet.mobile.surroundings import Repetition
from gtp.ies.filters import TftError, TrafficFlowTemplate


def begin(
    sessions: Sessions, context: Context, qos: bytes | None, tft: bytes | None, now: float
) -> None:
    """Ask the network to change an active context (§6.1.3.3.2).

    A template that is wrong is asked for all the same: the network is to refuse it. Raises
    MobileError where a change is under way already, or the APN is to be left alone.
    """
    sessions.back_offs.require_none(context.apn, now)
    if context.modification is not None:
        raise MobileError(f"PDP context {context.nsapi} is being modified already")
    try:
        filters = context.filters if tft is None else new_filters(sessions, context, tft)
    except TftError:
        filters = context.filters
    request = sm.ModifyPdpContextRequestUplink(context.ti, qos=qos, tft=tft)
    surroundings = sessions.surroundings
    repetition = Repetition(
        surroundings,
        surroundings.timers.t3381,
        partial(sessions.send, request),
        partial(_refused, sessions, context, None),
        now,
    )
    context.modification = Modification(filters, repetition)


def accepted(sessions: Sessions, message: sm.ModifyPdpContextAcceptDownlink, _: float) -> None:
    """Take the network's Modify PDP Context Accept."""
    context = _open(sessions, message.ti)
    if context is None or context.modification is None:
        return
    context.filters = context.modification.filters
    context.qos = message.qos or context.qos
    context.llc_sapi = message.llc_sapi or context.llc_sapi
    context.stop_modification()
    _tell(sessions, context, by_network=False)


def rejected(sessions: Sessions, message: sm.ModifyPdpContextReject, now: float) -> None:
    """Take the network's Modify PDP Context Reject."""
    context = _open(sessions, message.ti)
    if context is not None:
        sessions.back_offs.begin(context.apn, message.back_off_timer, now)
        _refused(sessions, context, message.cause, now)


def requested(
    sessions: Sessions,
    message: sm.ModifyPdpContextRequestDownlink,
    behaviour: Behaviour,
    now: float,
) -> None:
    """Take the network's Modify PDP Context Request (§6.1.3.3.1)."""
    context = sessions.find(message.ti.mirrored)
    if context is None:
        sessions.send_unknown(message.ti)
    elif context.state is ContextState.ACTIVATING:
        cause = SmCause.MESSAGE_TYPE_NOT_COMPATIBLE_WITH_STATE
        sessions.send(sm.SmStatus(context.ti, cause))
    elif context.state is ContextState.DEACTIVATING:
        sessions.surroundings.count("unexpected_messages")
    elif behaviour.answer is Answer.SILENT:
        sessions.surroundings.count("modify_requests_ignored")
    else:
        sessions.ponder(context.ti, behaviour, partial(_answer, sessions, message, behaviour), now)


def _answer(
    sessions: Sessions,
    message: sm.ModifyPdpContextRequestDownlink,
    behaviour: Behaviour,
    now: float,
) -> None:
    context = sessions.find(message.ti.mirrored)
    if context is None or context.state is not ContextState.ACTIVE:
        return  # it has gone while the mobile thought about it
    if context.modification is not None:
        _refused(sessions, context, None, now)
    cause: int | None = behaviour.cause if behaviour.answer is Answer.REJECT else None
    filters = context.filters
    if cause is None and message.tft is not None:
        try:
            filters = new_filters(sessions, context, message.tft)
        except TftError as error:
            cause = sm_cause_for_template(error.cause)
    if cause is not None:
        sessions.send(sm.ModifyPdpContextReject(context.ti, cause))
        _tell_refusal(sessions, context, cause, by_network=True)
        return
    context.qos, context.llc_sapi, context.filters = message.qos, message.llc_sapi, filters
    if message.pdp_address is not None and message.pdp_address.ipv4 is not None:
        context.address = message.pdp_address.ipv4
    sessions.send(sm.ModifyPdpContextAcceptUplink(context.ti))
    _tell(sessions, context, by_network=True)


def new_filters(sessions: Sessions, context: Context, tft: bytes) -> Filters:
    """Return what an operation makes of a context's template. Raises TftError."""
    others = [
        other.filters
        for other in sessions
        if other is not context
        and other.state is not ContextState.ACTIVATING
        and (other.apn, other.address) == (context.apn, context.address)
    ]
    return applied(context.filters, TrafficFlowTemplate.parse(tft), others)


def _open(sessions: Sessions, ti: sm.TransactionIdentifier) -> Context | None:
    """Return the context of the mobile's own open modification, or None."""
    context = sessions.find(ti.mirrored)
    if context is None:
        sessions.send_unknown(ti)
    elif context.modification is None:
        sessions.surroundings.count("unexpected_messages")
        return None
    return context


def _refused(sessions: Sessions, context: Context, cause: int | None, _: float) -> None:
    context.stop_modification()
    _tell_refusal(sessions, context, cause, by_network=False)


def _tell(sessions: Sessions, context: Context, *, by_network: bool) -> None:
    sessions.surroundings.emit(
        ContextModified(sessions.imsi, context.apn or "", context.nsapi, context.qos, by_network)
    )


def _tell_refusal(
    sessions: Sessions, context: Context, cause: int | None, *, by_network: bool
) -> None:
    sessions.surroundings.emit(
        ModificationRefused(sessions.imsi, context.apn or "", context.nsapi, cause, by_network)
    )
