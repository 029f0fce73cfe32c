"""Secondary PDP contexts in a mobile: further ones with the address of one that is active.

Specs: TS 24.008 §6.1.3.2 (secondary activation, either side's).

Theory of operation. A secondary context is ACTIVATING, ACTIVE and DEACTIVATING like any other
(``sessions``), and has the PDP address of the one that it is linked to from the beginning. What the
network requests is answered as the mobile's behaviour says; a template that is wrong, or a linked
context that is not there, is refused with its cause whatever the behaviour. A request that comes
again has the mobile's activation sent again, for the network has not heard it.
"""

from __future__ import annotations

from functools import partial

from corenet.interfaces.nas import sm
from corenet.interfaces.nas.causes import SmCause, sm_cause_for_template
from corenet.mobile import modification
from corenet.mobile.behaviour import Answer, Behaviour
from corenet.mobile.contexts import Context
from corenet.mobile.errors import MobileError
from corenet.mobile.events import (
    ContextActivated,
    ContextState,
    DeactivationReason,
    RequestAnswer,
    SecondaryRequestAnswered,
)
from corenet.mobile.sessions import Sessions
from corenet.mobile.surroundings import Repetition
from gtp.ies.filters import TftError


def activate(
    sessions: Sessions, linked: Context, qos: bytes | None, tft: bytes | None, now: float
) -> None:
    """Activate a context with the address of an active one (§6.1.3.2.1).

    A template that is wrong is asked for all the same: the network is to refuse it. Raises
    MobileError where no further context is possible, or the APN is to be left alone.
    """
    sessions.back_offs.require_none(linked.apn, now)
    ti, nsapi = sessions.free_ti(), sessions.free_nsapi()
    if ti is None or nsapi is None:
        raise MobileError("no further PDP context is possible")
    _begin(sessions, Context(ti, nsapi, linked.apn, linked.requested, now, linked), qos, tft, now)


def _begin(
    sessions: Sessions, context: Context, qos: bytes | None, tft: bytes | None, now: float
) -> None:
    linked = sessions.with_nsapi(context.linked)
    assert linked is not None  # it was found a moment ago
    context.address = linked.address
    context.qos = qos or linked.qos
    if tft is not None:
        try:
            context.filters = modification.new_filters(sessions, context, tft)
        except TftError:
            context.filters = ()
    request = sm.ActivateSecondaryPdpContextRequest(
        context.ti, context.nsapi, linked.ti, qos=context.qos, tft=tft
    )
    surroundings = sessions.surroundings
    sessions.add(context)
    context.repetition = Repetition(
        surroundings,
        surroundings.timers.t3380,
        partial(sessions.send, request),
        partial(sessions.end_activation, context, None),
        now,
    )


def accepted(sessions: Sessions, message: sm.ActivateSecondaryPdpContextAccept, now: float) -> None:
    """Take the network's Activate Secondary PDP Context Accept."""
    context = sessions.find(message.ti.mirrored)
    if context is None:
        sessions.send_unknown(message.ti)
        return
    if context.state is not ContextState.ACTIVATING or context.linked is None:
        sessions.surroundings.count("unexpected_messages")
        return
    sessions.stop(context)
    context.enter(ContextState.ACTIVE, now)
    context.llc_sapi, context.qos = message.llc_sapi, message.qos
    sessions.surroundings.emit(
        ContextActivated(
            sessions.imsi,
            context.apn or "",
            context.nsapi,
            context.address,
            context.network_requested,
        )
    )


def requested(
    sessions: Sessions,
    message: sm.RequestSecondaryPdpContextActivation,
    behaviour: Behaviour,
    now: float,
) -> None:
    """Take the network's Request Secondary PDP Context Activation."""
    answer = partial(_answer, sessions, message, behaviour)
    ignored = partial(_note, sessions, message, RequestAnswer.IGNORED)
    sessions.consider(message.ti, behaviour, answer, ignored, now)


def _answer(
    sessions: Sessions,
    message: sm.RequestSecondaryPdpContextActivation,
    behaviour: Behaviour,
    now: float,
) -> None:
    ti = message.ti.mirrored
    same = sessions.find(ti)
    if same is not None and same.state is ContextState.ACTIVATING and same.linked is not None:
        sessions.surroundings.count("repeated_requests")
        if same.repetition is not None:
            same.repetition.repeat()
        return
    linked = sessions.find(message.linked_ti.mirrored)
    cause = _refusal(sessions, message, linked, behaviour)
    nsapi = sessions.free_nsapi()
    if cause is not None or linked is None or nsapi is None:
        cause = cause or SmCause.INSUFFICIENT_RESOURCES
        _note(sessions, message, RequestAnswer.REJECTED, cause)
        sessions.send(sm.RequestSecondaryPdpContextActivationReject(ti, cause))
        return
    if same is not None:
        sessions.end(same, DeactivationReason.REPLACED, now)
    _note(sessions, message, RequestAnswer.ACCEPTED)
    context = Context(ti, nsapi, linked.apn, linked.requested, now, linked)
    _begin(sessions, context, message.qos, message.tft, now)


def _refusal(
    sessions: Sessions,
    message: sm.RequestSecondaryPdpContextActivation,
    linked: Context | None,
    behaviour: Behaviour,
) -> int | None:
    if behaviour.answer is Answer.REJECT:
        return behaviour.cause
    if linked is None or linked.state is not ContextState.ACTIVE:
        return SmCause.UNKNOWN_PDP_CONTEXT
    if message.tft is None:
        return None
    probe = Context(linked.ti, linked.nsapi, linked.apn, linked.requested, 0.0, linked)
    probe.address = linked.address
    try:
        modification.new_filters(sessions, probe, message.tft)
    except TftError as error:
        return sm_cause_for_template(error.cause)
    return None


def _note(
    sessions: Sessions,
    message: sm.RequestSecondaryPdpContextActivation,
    answer: RequestAnswer,
    cause: int | None = None,
) -> None:
    linked = sessions.find(message.linked_ti.mirrored)
    sessions.surroundings.emit(
        SecondaryRequestAnswered(
            sessions.imsi,
            linked.apn or "" if linked is not None else "",
            linked.nsapi if linked is not None else None,
            answer,
            cause,
        )
    )
