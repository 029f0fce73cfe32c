"""Keeps messages until they are delivered: the classic way of an SMSC.

Specs: SMPP 3.4 §2.7.1 (store and forward), §4.8 (query_sm), §4.9 (cancel_sm), §4.10 (replace_sm).

Theory of operation. A message is written down before its submission is answered; then it takes its
course by the table in ``stored``. Each message is a stranger to the others: also the segments that
an ESME has cut, each of which is scheduled by itself. What a terminal's absence holds up goes out
when the network says that it is back. An outcome is written down before its receipt is sent, and
the receipt stays due until the ESME has taken it.

What has changed goes to ``save``, at most one commit of a message under way at a time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from corenet.schedule import Alarm, Schedule
from testbed.codecs.smpp import Receipt, RegisteredDelivery
from testbed.smsc.failures import Prospect
from testbed.smsc.message import NotSendableError
from testbed.smsc.references import NoReferenceError, References
from testbed.smsc.room import Room
from testbed.smsc.sending import Attempt, Consignment, Sending
from testbed.smsc.stored import (
    TABLE,
    Action,
    Input,
    MessageRecord,
    ReceiptState,
    RetryPolicy,
    State,
    part_number,
    public_id,
)
from testbed.smsc.submission import Submission
from testbed.smsc.transaction import Outcome, TransactionPolicy

_ATTEMPT: Final = TransactionPolicy(window=120.0, repeats=())
"""An attempt sends each segment once; when to try again is this module's business."""
_BY_PROSPECT: Final = {
    Prospect.SOON: Input.FAILED_FOR_NOW,
    Prospect.WHEN_BACK: Input.TERMINAL_AWAY,
    Prospect.NEVER: Input.FAILED_FOR_GOOD,
}


@dataclass(eq=False, slots=True)
class _Message:
    record: MessageRecord
    alarm: Alarm | None = None
    attempt: Attempt | None = None


class TooLateError(Exception):
    """A message cannot be changed any more, or there is none; the sentence says which."""


class StoreForward:
    """All messages that have not ended, or whose receipt is due."""

    def __init__(
        self,
        policy: RetryPolicy,
        sending: Sending,
        schedule: Schedule,
        references: References,
        room: Room,
        *,
        save: Callable[[MessageRecord], None],
        wide: bool,
    ) -> None:
        """``save`` has a record written down; ``wide`` says how references are."""
        self._policy = policy
        self._sending = sending
        self._schedule = schedule
        self._references = references
        self._room = room
        self._save = save
        self._wide = wide
        self._messages: dict[str, _Message] = {}
        self._away: dict[str, dict[str, None]] = {}
        """Ids of messages whose terminal is away, by terminal, in order."""
        self._by_terminal: dict[str, dict[str, None]] = {}
        self._further: dict[str, dict[str, None]] = {}
        """Ids of parts for further destinations, by the id of their message."""
        self.counts: Counter[str] = Counter()

    def __len__(self) -> int:
        """Return how many messages are kept in mind."""
        return len(self._messages)

    def find(self, message_id: str) -> list[MessageRecord]:
        """Return the parts of a message that are kept in mind; the store may know more."""
        ids = (message_id, *self._further.get(message_id, ()))
        return [self._messages[one].record for one in ids if one in self._messages]

    # Commands

    def new_record(
        self, message_id: str, esme: str, lane: str, one: Submission, now: float
    ) -> MessageRecord:
        """Return the record of a submission that is to be written down before ``begin``.

        Raises QueueFullError where there is no room for it.
        """
        self._room.take(esme, one.message.destination)
        begins = one.scheduled if one.scheduled is not None else now
        return MessageRecord(
            message_id=message_id,
            esme=esme,
            lane=lane,
            submission=one,
            accepted=now,
            expires=self._policy.expiry(one.validity, begins),
            changed=now,
            next_try=begins,
        )

    def drop(self, record: MessageRecord) -> None:
        """Forget a record that was not written down."""
        self._room.give_back(record.esme, record.submission.message.destination)

    def begin(self, record: MessageRecord, now: float) -> None:
        """Take up a message that is written down."""
        self._keep(record)
        self._wait(self._messages[record.message_id], now)

    def restore(self, records: Iterable[MessageRecord], now: float) -> None:
        """Take up what a store had kept: messages that have not ended, and receipts due.

        What was under way is tried again.
        """
        for record in records:
            taken_up = record
            if record.state is State.SENDING:
                taken_up = replace(record, state=State.WAITING, next_try=now)
            message = self._keep(taken_up)
            if record.reference is not None and not record.state.final:
                self._references.hold(record.submission.message.destination, record.reference)
            if record.state is State.AWAY:
                self._wait_for_terminal(message)
            if not record.state.final:
                self._room.hold(record.esme, record.submission.message.destination)
                self._wait(message, now)

    def terminal_back(self, terminal: str, now: float) -> None:
        """Try at once what waits for a terminal that has shown itself."""
        for message_id in list(self._away.get(terminal, ())):
            self._feed(self._messages[message_id], Input.TERMINAL_BACK, now)

    def cancel(self, records: Sequence[MessageRecord], now: float) -> None:
        """Delete the parts of a message that wait.

        Raises TooLateError where there is none such, or one is just being sent: then what waits
        is deleted all the same.
        """
        waiting = [one for one in records if (one.state, Input.CANCELLED) in TABLE]
        for record in waiting:
            self._feed(self._messages[record.message_id], Input.CANCELLED, now)
        if not waiting or any(one.state is State.SENDING for one in records):
            raise TooLateError("some of it has ended, or is just being sent")

    def cancel_all(
        self, esme: str, terminal: str, service_type: str, now: float, *, source: str
    ) -> int:
        """Delete what waits of an ESME for a terminal, of a service type; return how many."""
        found = [
            message
            for message_id in self._by_terminal.get(terminal, ())
            if (message := self._messages[message_id]).record.esme == esme
            and message.record.submission.service_type == service_type
            and message.record.submission.message.source.number == source
            and (message.record.state, Input.CANCELLED) in TABLE
        ]
        for message in found:
            self._feed(message, Input.CANCELLED, now)
        return len(found)

    def change(self, changed: Mapping[str, Submission], now: float) -> None:
        """Replace what parts of a message say, by id, and their times; all of them or none.

        Raises TooLateError where some of it has gone out.
        """
        for message_id in changed:
            kept = self._messages.get(message_id)
            if kept is None or kept.record.state is not State.WAITING or kept.record.missing:
                raise TooLateError("some of it has gone out")
        for message_id, submission in changed.items():
            message = self._messages[message_id]
            begins = submission.scheduled if submission.scheduled is not None else now
            message.record = replace(
                message.record,
                submission=submission,
                expires=self._policy.expiry(submission.validity, begins),
                next_try=begins,
            )
            self._wait(message, now)
            self._save(message.record)

    def receipt_over(self, message_id: str, how: ReceiptState) -> None:
        """Take note that the receipt is taken, or given up: the message is done with."""
        message = self._messages.get(message_id)
        if message is not None and message.record.receipt is ReceiptState.DUE:
            message.record = replace(message.record, receipt=how)
            self._forget(message)
            self._save(message.record)

    # The machine

    def _feed(self, message: _Message, occurred: Input, now: float) -> None:
        action, state = TABLE[message.record.state, occurred]
        self._leave(message)
        message.record = replace(message.record, state=state, changed=now)
        match action:
            case Action.SEND:
                self._send(message, now)
            case Action.WAIT:
                if state is State.AWAY:
                    self._wait_for_terminal(message)
                self._wait(message, now)
                self._save(message.record)
            case Action.REPORT:
                self._report(message)

    def _leave(self, message: _Message) -> None:
        if message.alarm is not None:
            message.alarm.cancel()
            message.alarm = None
        if message.record.state is State.AWAY:
            terminal = message.record.submission.message.destination
            waiting = self._away[terminal]
            del waiting[message.record.message_id]
            if not waiting:
                del self._away[terminal]

    def _wait_for_terminal(self, message: _Message) -> None:
        terminal = message.record.submission.message.destination
        self._away.setdefault(terminal, {})[message.record.message_id] = None

    def _wait(self, message: _Message, now: float) -> None:
        """Set the alarm for the next attempt, or for the end of validity."""
        if message.alarm is not None:
            message.alarm.cancel()
        record = message.record
        ends = record.expires <= max(record.next_try, now)
        occurred = Input.VALIDITY_OVER if ends else Input.DUE
        due = record.expires if ends else record.next_try

        def ring(later: float) -> None:
            message.alarm = None
            self._feed(message, occurred, later)

        message.alarm = self._schedule.at(max(due, now), ring)

    def _send(self, message: _Message, now: float) -> None:
        record = message.record
        try:
            tpdus = record.submission.message.tpdus(
                lambda: self._reference(message, now), record.accepted, wide=self._wide
            )
        except NotSendableError as error:
            self._failed(message, Input.FAILED_FOR_GOOD, str(error), 0, now)
            return
        except NoReferenceError as error:
            self._failed(message, Input.FAILED_FOR_NOW, str(error), 0, now)
            return
        missing = message.record.missing or tuple(range(1, len(tpdus) + 1))
        message.record = replace(
            message.record, missing=missing, attempts=message.record.attempts + 1
        )
        if record.reference != message.record.reference:
            # Without it, the next life would send the pieces as another message's.
            self._save(message.record)
        consignment = Consignment(
            record.submission.message.destination,
            tuple(tpdus[number - 1] for number in missing),
            record.lane,
            _ATTEMPT,
            record.expires,
            priority=record.submission.priority,
        )
        message.attempt = self._sending.send(
            consignment, lambda outcome, later: self._finished(message, outcome, later), now
        )

    def _reference(self, message: _Message, now: float) -> int:
        """Return the message's reference, taking one the first time."""
        record = message.record
        if record.reference is None:
            number = self._references.take(record.submission.message.destination, now)
            message.record = replace(record, reference=number)
            return number
        return record.reference

    def _finished(self, message: _Message, outcome: Outcome, now: float) -> None:
        message.attempt = None
        if outcome.failure is None:
            message.record = replace(message.record, missing=(), failure="", network_error=0)
            self._feed(message, Input.ARRIVED, now)
            return
        numbers = message.record.missing
        message.record = replace(
            message.record, missing=tuple(numbers[place - 1] for place in outcome.missing)
        )
        failure = outcome.failure
        occurred = _BY_PROSPECT[failure.prospect]
        self._failed(message, occurred, str(failure), failure.map_error or 0, now)

    def _failed(self, message: _Message, occurred: Input, why: str, error: int, now: float) -> None:
        record = message.record
        wait = self._policy.wait_after(record.attempts)
        if occurred is Input.TERMINAL_AWAY:
            wait = self._policy.look
        message.record = replace(record, failure=why, network_error=error, next_try=now + wait)
        self._feed(message, occurred, now)

    def _report(self, message: _Message) -> None:
        record = message.record
        self.counts[str(record.state)] += 1
        wanted = _wants(record.submission.registered, record.state)
        receipt = ReceiptState.DUE if wanted else ReceiptState.NONE
        terminal = record.submission.message.destination
        self._room.give_back(record.esme, terminal)
        if record.reference is not None:
            self._references.give_back(terminal, record.reference, record.changed)
        message.record = replace(record, receipt=receipt)
        if receipt is ReceiptState.NONE:
            self._forget(message)
        self._save(message.record)

    def _keep(self, record: MessageRecord) -> _Message:
        message = _Message(record)
        self._messages[record.message_id] = message
        terminal = record.submission.message.destination
        self._by_terminal.setdefault(terminal, {})[record.message_id] = None
        if part_number(record.message_id):
            parts = self._further.setdefault(public_id(record.message_id), {})
            parts[record.message_id] = None
        return message

    def _forget(self, message: _Message) -> None:
        message_id = message.record.message_id
        del self._messages[message_id]
        terminal = message.record.submission.message.destination
        of_terminal = self._by_terminal[terminal]
        del of_terminal[message_id]
        if not of_terminal:
            del self._by_terminal[terminal]
        if part_number(message_id):
            parts = self._further[public_id(message_id)]
            del parts[message_id]
            if not parts:
                del self._further[public_id(message_id)]


def _wants(registered: RegisteredDelivery, state: State) -> bool:
    """Return whether the ESME wants to hear of an end (SMPP 3.4 §5.2.17)."""
    if state is State.DELIVERED:
        return registered.receipt is Receipt.FINAL
    return registered.receipt in (Receipt.FINAL, Receipt.ON_FAILURE)
