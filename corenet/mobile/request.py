"""The network's request for a PDP context, and what a mobile makes of it.

Specs: TS 24.008 §6.1.3.1.2 and §6.1.3.1.4 (network-requested activation), §6.1.3.1.5 (abnormal
cases), §8 (what is no proper message).

Theory of operation. REQUEST PDP CONTEXT ACTIVATION is answered as the mobile's behaviour says,
once it has thought about it as long as it does. One that means to accept meets what it is doing
already:

- It is activating this very context on its own: the request is discarded (§6.1.3.1.5).
- It is activating one that may be this or not, as an address is still to come: refused, #26.
- It has accepted this very request before: the network has not heard, so it is told again.
- The transaction identifier or the PDP address is in use: that context is dropped, unsaid.
- The access point is none that its user has set up, and it is particular in that: refused, #27.
- It is set up for the other of IPv4 and IPv6 alone: refused, #28.
- It has all the contexts that it can have: refused, #26.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Final

from corenet.interfaces.nas import sm
from corenet.interfaces.nas.causes import SmCause
from corenet.interfaces.nas.elements import PdpType
from corenet.mobile.behaviour import Answer, Behaviour, Fault
from corenet.mobile.contexts import Context
from corenet.mobile.events import (
    ContextState,
    DeactivationReason,
    NetworkRequestAnswered,
    RequestAnswer,
)
from corenet.mobile.sessions import Sessions

_UNKNOWN_TYPE: Final = 0x7E
_UP_TO_LLC_SAPI: Final = 4
"""Octets of Activate PDP Context Request before its QoS."""
_TO_BE_UNDERSTOOD: Final = bytes((0x0E, 1, 0))
"""An element with 0000 in the bits that ask for comprehension (TS 24.007 §11.2.4)."""


def requested(
    sessions: Sessions,
    message: sm.RequestPdpContextActivation,
    behaviour: Behaviour,
    now: float,
) -> None:
    """Take the network's Request PDP Context Activation."""
    answer = partial(_answer, sessions, message, behaviour)
    ignored = partial(_note, sessions, message, RequestAnswer.IGNORED)
    sessions.consider(message.ti, behaviour, answer, ignored, now)


def _answer(
    sessions: Sessions, message: sm.RequestPdpContextActivation, behaviour: Behaviour, now: float
) -> None:
    if behaviour.answer is Answer.DETACH:
        _note(sessions, message, RequestAnswer.DETACHED)
        sessions.detach(now)
        return
    if behaviour.answer is Answer.MALFORMED and behaviour.fault not in _SPOIL:
        _note(sessions, message, RequestAnswer.MALFORMED)
        sessions.send_octets(_malformed(message, behaviour.fault))
        return
    same = sessions.find(message.ti.mirrored)
    if same and same.state is ContextState.ACTIVATING and same.is_for(message):
        sessions.surroundings.count("repeated_requests")
        if same.repetition is not None:
            same.repetition.repeat()
        return
    own = [
        context
        for context in sessions
        if context.state is ContextState.ACTIVATING and not context.network_requested
    ]
    if any(context.is_for(message) for context in own):
        _note(sessions, message, RequestAnswer.DISCARDED)
    elif any(context.may_be_for(message) for context in own):
        _reject(sessions, message, SmCause.INSUFFICIENT_RESOURCES)
    elif behaviour.answer is Answer.REJECT:
        _reject(sessions, message, behaviour.cause)
    elif sessions.config.only_own_apns and not _is_set_up(message.apn, sessions.config.apns):
        _reject(sessions, message, SmCause.MISSING_OR_UNKNOWN_APN)
    elif message.pdp_address.pdp_type not in (PdpType.IPV4, PdpType.IPV6):
        _reject(sessions, message, SmCause.FEATURE_NOT_SUPPORTED)
    elif sessions.config.pdp_type not in (message.pdp_address.pdp_type, PdpType.IPV4V6):
        _reject(sessions, message, SmCause.UNKNOWN_PDP_ADDRESS_OR_TYPE)
    else:
        _accept(sessions, message, behaviour, now)


def _is_set_up(apn: str | None, apns: tuple[str, ...]) -> bool:
    """Whether an access point is one of the user's, with or without an operator identifier."""
    if apn is None:
        return True
    asked = apn.lower()
    return any(asked == one.lower() or asked.startswith(f"{one.lower()}.mnc") for one in apns)


def _accept(
    sessions: Sessions, message: sm.RequestPdpContextActivation, behaviour: Behaviour, now: float
) -> None:
    ti = message.ti.mirrored
    for context in tuple(sessions):
        if context.ti == ti or context.stands_for(message):
            sessions.end(context, DeactivationReason.REPLACED, now)
    nsapi = sessions.free_nsapi()
    if nsapi is None:
        _reject(sessions, message, SmCause.INSUFFICIENT_RESOURCES)
        return
    if behaviour.answer is Answer.WRONG_NSAPI:
        nsapi = behaviour.nsapi
    sessions.back_offs.end(message.apn)
    context = Context(ti, nsapi, message.apn, message.pdp_address, now)
    if behaviour.answer is Answer.MALFORMED:
        _note(sessions, message, RequestAnswer.MALFORMED)
        sessions.begin(context, now, _SPOIL[behaviour.fault])
    else:
        _note(sessions, message, RequestAnswer.ACCEPTED)
        sessions.begin(context, now)


def _reject(sessions: Sessions, message: sm.RequestPdpContextActivation, cause: int) -> None:
    _note(sessions, message, RequestAnswer.REJECTED, cause)
    sessions.send(sm.RequestPdpContextActivationReject(message.ti.mirrored, cause))


def _malformed(message: sm.RequestPdpContextActivation, fault: Fault) -> bytes:
    """Return an answer that is no answer, in a way of TS 24.008 §8.2 to §8.4."""
    ti = message.ti.mirrored
    refusal = sm.RequestPdpContextActivationReject(ti, SmCause.INSUFFICIENT_RESOURCES).encode()
    if fault is Fault.TOO_SHORT:
        return ti.encode()
    if fault is Fault.RESERVED_TRANSACTION:
        # 7 announces an octet with the value, in which what is below 7 is reserved.
        return bytes((refusal[0] | 0x70, 0x80)) + refusal[1:]
    if fault is Fault.UNKNOWN_TRANSACTION:
        other = sm.TransactionIdentifier((ti.value + 1) % 7, ti.flag)
        return other.encode() + refusal[len(ti.encode()) :]
    return ti.encode() + bytes((_UNKNOWN_TYPE,))


def _without_elements(activation: bytes) -> bytes:
    """Return Activate PDP Context Request up to its LLC SAPI."""
    return activation[:_UP_TO_LLC_SAPI]


def _with_unknown_element(activation: bytes) -> bytes:
    """Return Activate PDP Context Request with what has to be understood, and cannot be."""
    return activation + _TO_BE_UNDERSTOOD


_SPOIL: Final[Mapping[Fault, Callable[[bytes], bytes]]] = MappingProxyType(
    {
        Fault.MISSING_ELEMENT: _without_elements,
        Fault.UNKNOWN_ELEMENT: _with_unknown_element,
    }
)
"""What makes an activation wrong (TS 24.008 §8.5)."""


def _note(
    sessions: Sessions,
    message: sm.RequestPdpContextActivation,
    answer: RequestAnswer,
    cause: int | None = None,
) -> None:
    sessions.surroundings.emit(
        NetworkRequestAnswered(
            sessions.imsi,
            message.apn or "",
            message.pdp_address.ipv4 or message.pdp_address.ipv6 or "",
            answer,
            cause,
        )
    )
