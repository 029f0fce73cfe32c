"""The life of a message that is stored and forwarded, as a table; and what is kept of it.

Specs: SMPP 3.4 §2.7.1 (store and forward), §5.2.28 (message_state).

Theory of operation. A message is waiting for its time, under way, or away with its terminal: then
the network says when to go on. Each attempt sends what has not arrived yet, under the same
reference, so that a terminal can join what came in different attempts. It ends delivered,
undeliverable, expired, deleted or replaced. What was under way when the SMSC died is tried again
when it comes back: a terminal may then see a segment twice, and tells so by reference and number.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from testbed.codecs.smpp import MessageState
from testbed.smsc.submission import Submission


class State(StrEnum):
    """Where a stored message stands."""

    WAITING = "waiting"
    """For its time: it is scheduled, or a back-off passes."""
    SENDING = "sending"
    AWAY = "away"
    """Its terminal is out of reach, or full; the network will say when that is over."""
    DELIVERED = "delivered"
    UNDELIVERABLE = "undeliverable"
    EXPIRED = "expired"
    DELETED = "deleted"
    """Cancelled by its ESME, or another message took its place."""

    @property
    def final(self) -> bool:
        """Whether nothing follows."""
        return self in _FINAL

    @property
    def message_state(self) -> MessageState:
        """The state as SMPP names it."""
        return _FINAL.get(self, MessageState.ENROUTE)


_FINAL: Final[Mapping[State, MessageState]] = MappingProxyType(
    {
        State.DELIVERED: MessageState.DELIVERED,
        State.UNDELIVERABLE: MessageState.UNDELIVERABLE,
        State.EXPIRED: MessageState.EXPIRED,
        State.DELETED: MessageState.DELETED,
    }
)


class Input(StrEnum):
    """What can happen to a stored message."""

    DUE = "due"
    ARRIVED = "arrived"
    FAILED_FOR_NOW = "failed for now"
    """The attempt failed, and another one may succeed."""
    TERMINAL_AWAY = "terminal away"
    FAILED_FOR_GOOD = "failed for good"
    TERMINAL_BACK = "terminal back"
    VALIDITY_OVER = "validity over"
    CANCELLED = "cancelled"
    """By cancel_sm, or because another message took its place."""


class Action(StrEnum):
    """What the owner of a message is to do."""

    SEND = "send"
    WAIT = "wait"
    """For the next attempt's time, or for the terminal and a look at it now and then."""
    REPORT = "report"
    """Store the outcome, then tell the ESME if it wanted to know."""


TABLE: Final[Mapping[tuple[State, Input], tuple[Action, State]]] = MappingProxyType(
    {
        (State.WAITING, Input.DUE): (Action.SEND, State.SENDING),
        (State.WAITING, Input.VALIDITY_OVER): (Action.REPORT, State.EXPIRED),
        (State.WAITING, Input.CANCELLED): (Action.REPORT, State.DELETED),
        (State.SENDING, Input.ARRIVED): (Action.REPORT, State.DELIVERED),
        (State.SENDING, Input.FAILED_FOR_NOW): (Action.WAIT, State.WAITING),
        (State.SENDING, Input.TERMINAL_AWAY): (Action.WAIT, State.AWAY),
        (State.SENDING, Input.FAILED_FOR_GOOD): (Action.REPORT, State.UNDELIVERABLE),
        (State.AWAY, Input.DUE): (Action.SEND, State.SENDING),
        (State.AWAY, Input.TERMINAL_BACK): (Action.SEND, State.SENDING),
        (State.AWAY, Input.VALIDITY_OVER): (Action.REPORT, State.EXPIRED),
        (State.AWAY, Input.CANCELLED): (Action.REPORT, State.DELETED),
    }
)
"""A message that is under way can neither be cancelled nor expire: its attempt ends soon."""


class ReceiptState(StrEnum):
    """What became of the delivery receipt."""

    NONE = "none"
    """None was asked for, or the message has not ended."""
    DUE = "due"
    """To be sent until the ESME has taken it."""
    TAKEN = "taken"
    GIVEN_UP = "given up"
    """It waited too long, or others that came later needed its place."""


def part_id(message_id: str, number: int) -> str:
    """Return the id of a message's part for one destination, the first being number 0."""
    return f"{message_id}.{number}" if number else message_id


def public_id(record_id: str) -> str:
    """Return the id that an ESME knows: that of its submission, whichever destination it was."""
    return record_id.partition(".")[0]


def part_number(record_id: str) -> int:
    """Return which destination of its submission a part is for, from 0."""
    return int(record_id.partition(".")[2] or 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageRecord:
    """What is kept of a message to one terminal. Times are seconds since 1970-01-01 UTC."""

    message_id: str
    """As ``part_id`` makes it: several destinations of one submission have parts of one id."""
    esme: str
    """system_id of whoever submitted it."""
    lane: str
    submission: Submission
    accepted: float
    expires: float
    state: State = State.WAITING
    changed: float
    """When it took its state."""
    next_try: float
    reference: int | None = None
    """What its segments have in common, once it has been cut."""
    missing: tuple[int, ...] = ()
    """Segments that have not arrived, from 1; () before the first attempt: all."""
    attempts: int = 0
    failure: str = ""
    """Why the last attempt failed, in words."""
    network_error: int = 0
    """The network's error code for that, 0 for none."""
    receipt: ReceiptState = ReceiptState.NONE


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """When a stored message is tried again. Times are seconds."""

    waits: tuple[float, ...] = (30.0, 60.0, 120.0, 300.0, 900.0, 1_800.0)
    """After the first, second … attempt that failed for now; the last one repeats."""
    look: float = 3_600.0
    """Between looks at a terminal that the network will announce when it is back."""
    validity: float = 2 * 86_400.0
    """Of a message that names none."""
    longest_validity: float = 7 * 86_400.0

    def __post_init__(self) -> None:
        if not self.waits or min(self.waits) <= 0:
            raise ValueError("waits between attempts are one or more times above 0")
        if min(self.look, self.validity, self.longest_validity) <= 0:
            raise ValueError("look, validity and longest_validity are above 0")

    def wait_after(self, attempts: int) -> float:
        """Return how long to wait after that many attempts."""
        return self.waits[min(max(attempts, 1), len(self.waits)) - 1]

    def expiry(self, validity: float | None, begins: float) -> float:
        """Return when a message is given up that may go out from ``begins`` on."""
        longest = begins + self.longest_validity
        return min(begins + self.validity if validity is None else validity, longest)
