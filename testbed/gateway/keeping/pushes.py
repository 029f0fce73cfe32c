"""The life of one push at one address, as a table.

Specs: WAP-247 §9.13 (message-state).

Theory of operation. A push for several addresses is as many of these machines. ``TABLE`` says
for a state and an input what to do and what state follows; a pair that is not in it cannot
happen, and ``step`` raises. The machine knows nothing of terminals or stores: who owns it
carries out the action and feeds the next input. A push that has left is ``confirming`` for as long
as the terminal, its session or the network can still tell what became of it.

Whatever is not final when a gateway dies is accepted again when it comes back; only what is to be
sent once stays in ``sending``, which is stored before it leaves, and ends there. What
an SMSC has stays in ``submitting``, which is stored before it is submitted, and is submitted again
under the same key.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from testbed.codecs.pap import MessageState


class State(StrEnum):
    """Where a push stands."""

    ACCEPTED = "accepted"
    """It is stored, and nothing has been tried."""
    HELD = "held"
    """It waits: for deliver-after, or until the terminal is within reach."""
    RETRYING = "retrying"
    """It waits for a back-off to pass, after something came to nothing that may succeed later."""
    JUDGING = "judging"
    """The core is asked about the terminal."""
    ACTIVATING = "activating"
    """A PDP context is being activated."""
    SUBMITTING = "submitting"
    """An SMSC has it, or gets it as soon as that is stored."""
    SENDING = "sending"
    """The terminal has an address and the push goes out: at once, or when there is a session."""
    CONFIRMING = "confirming"
    """It has left; whether it arrived can still be heard of."""
    DELIVERED = "delivered"
    UNDELIVERABLE = "undeliverable"
    EXPIRED = "expired"
    ABORTED = "aborted"
    """The client did not want it."""
    TIMED_OUT = "timeout"
    """It left, and nobody confirmed it while there was time."""
    REJECTED = "rejected"
    """The push was accepted, but not for this address."""
    CANCELLED = "cancelled"
    REPLACED = "replaced"
    """Another push took its place."""

    @property
    def final(self) -> bool:
        """Whether nothing follows."""
        return self in _FINAL

    @property
    def message_state(self) -> MessageState:
        """The state as PAP names it."""
        return _FINAL.get(self, MessageState.PENDING)


_FINAL: Final[Mapping[State, MessageState]] = MappingProxyType(
    {
        State.DELIVERED: MessageState.DELIVERED,
        State.UNDELIVERABLE: MessageState.UNDELIVERABLE,
        State.EXPIRED: MessageState.EXPIRED,
        State.ABORTED: MessageState.ABORTED,
        State.TIMED_OUT: MessageState.TIMEOUT,
        State.REJECTED: MessageState.REJECTED,
        State.CANCELLED: MessageState.CANCELLED,
        State.REPLACED: MessageState.CANCELLED,
    }
)


class Input(StrEnum):
    """What can happen to a push."""

    DUE = "due"
    """Its time has come: at once, after deliver-after, or after a back-off."""
    TOO_EARLY = "too early"
    """deliver-after-timestamp lies ahead."""
    TERMINAL_BACK = "terminal back"
    """An accounting session began, or the network noted that the terminal is reachable."""
    REFUSED = "refused"
    """The address names nobody, or nobody whose push could be replaced."""
    JUDGED_ONLINE = "judged online"
    """The terminal has an address: by this push's look or by that of another one for it."""
    JUDGED_OFFLINE = "judged offline"
    JUDGED_ABSENT = "judged absent"
    """The terminal is out of reach, which the network will note when it changes."""
    JUDGED_UNDELIVERABLE = "judged undeliverable"
    ACTIVATED = "activated"
    JUDGED_FOR_SMS = "judged for sms"
    PUT_OFF = "put off"
    """It came to nothing now, and may succeed later: a look, an activation, sending, SMS."""
    GIVEN_UP = "given up"
    """SMS came to nothing, and another route may be taken."""
    IN_VAIN = "in vain"
    """What was tried came to nothing, and nothing is left to try."""
    SMS_DELIVERED = "sms delivered"
    SENT = "sent"
    """It has left without confirmation, and nobody said in time that it did not arrive."""
    AWAITED = "awaited"
    """It has left, and its confirmation is waited for, or that it comes back."""
    CONFIRMED = "confirmed"
    """The client has taken it."""
    ABORTED = "aborted"
    """The client has refused it."""
    UNCONFIRMED = "unconfirmed"
    """It was to be sent once, and the confirmation did not come."""
    NOT_POSSIBLE = "not possible"
    """The client does not take pushes of that kind or size."""
    INTERRUPTED = "interrupted"
    """The gateway died while a push that is to be sent once was going out."""
    CANCELLED = "cancelled"
    REPLACED = "replaced"
    DEADLINE_PASSED = "deadline passed"
    """deliver-before-timestamp, or the default lifetime, has passed."""


class Action(StrEnum):
    """What the owner of a push is to do."""

    JUDGE = "judge"
    ACTIVATE = "activate"
    WAIT = "wait"
    SUBMIT = "submit"
    """Store that it goes to the SMSC, then give it to it."""
    SEND = "send"
    AWAIT = "await"
    """Let those behind it go out, and wait for what is heard of it."""
    REPORT = "report"
    """Store the outcome, then notify the initiator."""


@dataclass(frozen=True, slots=True)
class Transition:
    """What a state and an input lead to."""

    action: Action
    state: State


def _to(action: Action, state: State) -> Transition:
    return Transition(action, state)


TABLE: Final[Mapping[tuple[State, Input], Transition]] = MappingProxyType(
    {
        (State.ACCEPTED, Input.DUE): _to(Action.JUDGE, State.JUDGING),
        (State.ACCEPTED, Input.TOO_EARLY): _to(Action.WAIT, State.HELD),
        (State.ACCEPTED, Input.REFUSED): _to(Action.REPORT, State.REJECTED),
        (State.ACCEPTED, Input.DEADLINE_PASSED): _to(Action.REPORT, State.EXPIRED),
        (State.HELD, Input.DUE): _to(Action.JUDGE, State.JUDGING),
        (State.HELD, Input.TERMINAL_BACK): _to(Action.JUDGE, State.JUDGING),
        (State.HELD, Input.JUDGED_ONLINE): _to(Action.SEND, State.SENDING),
        (State.HELD, Input.DEADLINE_PASSED): _to(Action.REPORT, State.EXPIRED),
        (State.RETRYING, Input.DUE): _to(Action.JUDGE, State.JUDGING),
        (State.RETRYING, Input.TERMINAL_BACK): _to(Action.JUDGE, State.JUDGING),
        (State.RETRYING, Input.JUDGED_ONLINE): _to(Action.SEND, State.SENDING),
        (State.RETRYING, Input.DEADLINE_PASSED): _to(Action.REPORT, State.EXPIRED),
        (State.JUDGING, Input.JUDGED_ONLINE): _to(Action.SEND, State.SENDING),
        (State.JUDGING, Input.JUDGED_OFFLINE): _to(Action.ACTIVATE, State.ACTIVATING),
        (State.JUDGING, Input.JUDGED_FOR_SMS): _to(Action.SUBMIT, State.SUBMITTING),
        (State.JUDGING, Input.JUDGED_ABSENT): _to(Action.WAIT, State.HELD),
        (State.JUDGING, Input.PUT_OFF): _to(Action.WAIT, State.RETRYING),
        (State.JUDGING, Input.JUDGED_UNDELIVERABLE): _to(Action.REPORT, State.UNDELIVERABLE),
        (State.JUDGING, Input.DEADLINE_PASSED): _to(Action.REPORT, State.EXPIRED),
        (State.ACTIVATING, Input.ACTIVATED): _to(Action.SEND, State.SENDING),
        (State.ACTIVATING, Input.JUDGED_OFFLINE): _to(Action.ACTIVATE, State.ACTIVATING),
        (State.ACTIVATING, Input.JUDGED_FOR_SMS): _to(Action.SUBMIT, State.SUBMITTING),
        (State.ACTIVATING, Input.JUDGED_ABSENT): _to(Action.WAIT, State.HELD),
        (State.ACTIVATING, Input.JUDGED_UNDELIVERABLE): _to(Action.REPORT, State.UNDELIVERABLE),
        (State.ACTIVATING, Input.PUT_OFF): _to(Action.WAIT, State.RETRYING),
        (State.ACTIVATING, Input.IN_VAIN): _to(Action.REPORT, State.UNDELIVERABLE),
        (State.ACTIVATING, Input.DEADLINE_PASSED): _to(Action.REPORT, State.EXPIRED),
        (State.SUBMITTING, Input.SMS_DELIVERED): _to(Action.REPORT, State.DELIVERED),
        (State.SUBMITTING, Input.PUT_OFF): _to(Action.WAIT, State.RETRYING),
        (State.SUBMITTING, Input.GIVEN_UP): _to(Action.JUDGE, State.JUDGING),
        (State.SUBMITTING, Input.IN_VAIN): _to(Action.REPORT, State.UNDELIVERABLE),
        (State.SUBMITTING, Input.INTERRUPTED): _to(Action.REPORT, State.UNDELIVERABLE),
        (State.SUBMITTING, Input.DEADLINE_PASSED): _to(Action.REPORT, State.EXPIRED),
        (State.SENDING, Input.SENT): _to(Action.REPORT, State.DELIVERED),
        (State.SENDING, Input.AWAITED): _to(Action.AWAIT, State.CONFIRMING),
        (State.SENDING, Input.PUT_OFF): _to(Action.WAIT, State.RETRYING),
        (State.SENDING, Input.IN_VAIN): _to(Action.REPORT, State.UNDELIVERABLE),
        (State.SENDING, Input.NOT_POSSIBLE): _to(Action.REPORT, State.UNDELIVERABLE),
        (State.SENDING, Input.INTERRUPTED): _to(Action.REPORT, State.UNDELIVERABLE),
        (State.SENDING, Input.DEADLINE_PASSED): _to(Action.REPORT, State.EXPIRED),
        (State.CONFIRMING, Input.SENT): _to(Action.REPORT, State.DELIVERED),
        (State.CONFIRMING, Input.CONFIRMED): _to(Action.REPORT, State.DELIVERED),
        (State.CONFIRMING, Input.ABORTED): _to(Action.REPORT, State.ABORTED),
        (State.CONFIRMING, Input.PUT_OFF): _to(Action.WAIT, State.RETRYING),
        (State.CONFIRMING, Input.IN_VAIN): _to(Action.REPORT, State.UNDELIVERABLE),
        (State.CONFIRMING, Input.NOT_POSSIBLE): _to(Action.REPORT, State.UNDELIVERABLE),
        (State.CONFIRMING, Input.UNCONFIRMED): _to(Action.REPORT, State.TIMED_OUT),
        (State.CONFIRMING, Input.INTERRUPTED): _to(Action.REPORT, State.UNDELIVERABLE),
        (State.CONFIRMING, Input.DEADLINE_PASSED): _to(Action.REPORT, State.TIMED_OUT),
        **{
            (state, occurred): _to(Action.REPORT, after)
            for state in (
                State.HELD,
                State.RETRYING,
                State.JUDGING,
                State.ACTIVATING,
                State.SENDING,
            )
            for occurred, after in (
                (Input.CANCELLED, State.CANCELLED),
                (Input.REPLACED, State.REPLACED),
            )
        },
    }
)


class ImpossibleInputError(RuntimeError):
    """An input came that its owner must not feed in this state."""

    def __init__(self, state: State, occurred: Input) -> None:
        super().__init__(f"a push that is {state} cannot take {occurred!r}")
        self.state = state
        self.occurred = occurred


def step(state: State, occurred: Input) -> Transition:
    """Return what ``occurred`` leads to; ImpossibleInputError where it cannot occur."""
    try:
        return TABLE[state, occurred]
    except KeyError:
        raise ImpossibleInputError(state, occurred) from None
