"""Sends what is to go to terminals: one after the other to each, and all within the capacity.

Theory of operation. An attempt is one transaction on its way to one terminal. A terminal takes one
short message at a time, so attempts for it queue up behind each other; the foremost waits in its
lane. Whenever there is room, the lane whose turn it is sends one segment of its foremost attempt.
An attempt that has more to send stays ahead of its lane, so that its segments follow each other;
one that waits for an answer, or until a segment may be repeated, leaves the lane to others
meanwhile. It ends when its transaction does, and then its terminal's next one enters.

An attempt whose first segment has not left by a given time ends too: whoever handed it over wants
to know, and the message may go another way.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import count
from math import inf
from typing import Protocol

from corenet.schedule import Alarm, Schedule
from testbed.smsc.failures import NO_CAPACITY, Failure
from testbed.smsc.lanes import Lanes
from testbed.smsc.transaction import Outcome, Transaction, TransactionPolicy

Answered = Callable[[Failure | None, float], None]
"""Told once what became of a segment, and when: None is delivered."""


class Network(Protocol):
    """The way to terminals."""

    def forward(
        self, terminal: str, tpdu: bytes, *, more: bool, answered: Answered, now: float
    ) -> None:
        """Send one SMS-DELIVER; ``answered`` is called exactly once, some time later."""
        ...


@dataclass(frozen=True, slots=True)
class Consignment:
    """What is to go to a terminal as one group."""

    terminal: str
    """MSISDN."""
    tpdus: tuple[bytes, ...]
    """One SMS-DELIVER for each segment, in order."""
    lane: str
    policy: TransactionPolicy
    begin_before: float
    """When the first segment must have left, in seconds since 1970-01-01 UTC."""
    priority: int = 0
    """Higher goes before lower within a lane, as long as nothing of it has left."""


@dataclass(eq=False, slots=True)
class Attempt:
    """A consignment on its way."""

    consignment: Consignment
    transaction: Transaction
    finished: Callable[[Outcome, float], None]
    place: int | None = None
    """Its ticket in its lane, or None where it does not stand there."""
    alarm: Alarm | None = field(default=None, repr=False)


class _Queue:
    """Who stands in one lane: first who has begun, then by priority, then in order."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Attempt]] = []
        self._tickets = count()
        self._length = 0

    def __len__(self) -> int:
        return self._length

    def add(self, attempt: Attempt) -> None:
        transaction = attempt.transaction
        rank = -inf if not transaction.is_whole else -attempt.consignment.priority
        attempt.place = next(self._tickets)
        heappush(self._heap, (rank, attempt.place, attempt))
        self._length += 1

    def pop(self) -> Attempt:
        while True:
            _, ticket, attempt = heappop(self._heap)
            if attempt.place == ticket:
                self.remove(attempt)
                return attempt

    def remove(self, attempt: Attempt) -> None:
        attempt.place = None
        self._length -= 1


class Sending:
    """All attempts that have not ended."""

    def __init__(self, lanes: Lanes, network: Network, schedule: Schedule) -> None:
        """Send over ``network`` what ``lanes`` let through; ``schedule`` has to be rung."""
        self._lanes = lanes
        self._network = network
        self._schedule = schedule
        self._queues = {lane: _Queue() for lane in lanes.names}
        self._terminals: dict[str, deque[Attempt]] = {}
        """By MSISDN: the attempt that is at it, and those behind."""
        self._wake: Alarm | None = None
        self._wake_at = 0.0
        self._is_closed = False
        self.counts: Counter[str] = Counter()

    @property
    def under_way(self) -> int:
        """How many attempts have not ended."""
        return sum(map(len, self._terminals.values()))

    def queued(self, lane: str) -> int:
        """Return how many attempts stand in a lane."""
        return len(self._queues[lane])

    def send(
        self, consignment: Consignment, finished: Callable[[Outcome, float], None], now: float
    ) -> Attempt:
        """Begin an attempt; ``finished`` is called exactly once, unless it is withdrawn."""
        transaction = Transaction(len(consignment.tpdus), consignment.policy)
        attempt = Attempt(consignment, transaction, finished)
        line = self._terminals.setdefault(consignment.terminal, deque())
        line.append(attempt)
        attempt.alarm = self._schedule.at(
            consignment.begin_before, lambda later: self._expire(attempt, later)
        )
        if len(line) == 1:
            self._enter(attempt, now)
        return attempt

    def withdraw(self, attempt: Attempt, now: float) -> bool:
        """Take back an attempt of which nothing has left; False where it is too late."""
        if not attempt.transaction.is_whole or attempt.transaction.outcome is not None:
            return False
        attempt.finished = _nobody
        self._end(attempt, NO_CAPACITY, now)
        return True

    def give_up_all(self, failure: Failure, now: float) -> None:
        """End everything, and send nothing any more: the SMSC shuts down."""
        self._is_closed = True
        for line in list(self._terminals.values()):
            for attempt in reversed(list(line)):
                self._end(attempt, failure, now)

    # Lanes

    def _enter(self, attempt: Attempt, now: float) -> None:
        self._queues[attempt.consignment.lane].add(attempt)
        self._pump(now)

    def _leave(self, attempt: Attempt) -> None:
        if attempt.place is not None:
            self._queues[attempt.consignment.lane].remove(attempt)

    def _pump(self, now: float) -> None:
        """Send for as long as there is something to send, and room."""
        if self._is_closed:
            return
        while wanting := [lane for lane, queue in self._queues.items() if queue]:
            free_at = self._lanes.free_at()
            if free_at is None:
                return
            if free_at > now:
                self._wake_up(free_at)
                return
            lane = self._lanes.next(wanting)
            attempt = self._queues[lane].pop()
            number = attempt.transaction.next_segment(now)
            if number is not None:
                self._forward(attempt, number, now)

    def _wake_up(self, at: float) -> None:
        if self._wake is not None:
            if self._wake_at <= at:
                return
            self._wake.cancel()
        self._wake_at = at
        self._wake = self._schedule.at(at, self._woken)

    def _woken(self, now: float) -> None:
        self._wake = None
        self._pump(now)

    # Attempts

    def _forward(self, attempt: Attempt, number: int, now: float) -> None:
        consignment, transaction = attempt.consignment, attempt.transaction
        if not transaction.sent(number, now):
            self.counts["segments repeated"] += 1
        self._lanes.spend(consignment.lane, now)
        self.counts["segments sent"] += 1
        if transaction.next_segment(now) is not None:
            self._queues[consignment.lane].add(attempt)
        self._rearm(attempt)
        more = transaction.remaining > 1 or len(self._terminals[consignment.terminal]) > 1
        self._network.forward(
            consignment.terminal,
            consignment.tpdus[number - 1],
            more=more,
            answered=lambda failure, then: self._answered(attempt, number, failure, then),
            now=now,
        )

    def _answered(self, attempt: Attempt, number: int, failure: Failure | None, now: float) -> None:
        self._lanes.give_back()
        transaction = attempt.transaction
        if transaction.outcome is not None:
            self.counts["answers too late"] += 1
        elif failure is None:
            self.counts["segments delivered"] += 1
            transaction.delivered(number, now)
        else:
            self.counts["segments failed"] += 1
            transaction.failed(number, failure, now)
        self._go_on(attempt, now)
        self._pump(now)

    def _go_on(self, attempt: Attempt, now: float) -> None:
        if attempt.transaction.outcome is not None:
            self._finish(attempt, now)
            return
        if attempt.place is None and attempt.transaction.next_segment(now) is not None:
            self._queues[attempt.consignment.lane].add(attempt)
        self._rearm(attempt)

    def _rearm(self, attempt: Attempt) -> None:
        if attempt.alarm is not None:
            attempt.alarm.cancel()
            attempt.alarm = None
        transaction = attempt.transaction
        # In its lane it waits for its turn, whatever is due.
        due = transaction.closes if attempt.place is not None else transaction.next_timeout()
        if due is not None:
            attempt.alarm = self._schedule.at(due, lambda now: self._ring(attempt, now))

    def _ring(self, attempt: Attempt, now: float) -> None:
        attempt.alarm = None
        attempt.transaction.handle_timeout(now)
        self._go_on(attempt, now)
        self._pump(now)

    def _expire(self, attempt: Attempt, now: float) -> None:
        attempt.alarm = None
        self.counts["attempts not begun in time"] += 1
        self._end(attempt, NO_CAPACITY, now)

    def _end(self, attempt: Attempt, failure: Failure, now: float) -> None:
        attempt.transaction.give_up(failure, now)
        self._finish(attempt, now)
        self._pump(now)

    def _finish(self, attempt: Attempt, now: float) -> None:
        """Tell the outcome, and let the terminal's next attempt enter."""
        outcome = attempt.transaction.outcome
        terminal = attempt.consignment.terminal
        line = self._terminals.get(terminal)
        if outcome is None or line is None or attempt not in line:
            return  # It has been told already; this is an answer that came too late.
        if attempt.alarm is not None:
            attempt.alarm.cancel()
            attempt.alarm = None
        self._leave(attempt)
        was_first = line[0] is attempt
        line.remove(attempt)
        if not line:
            del self._terminals[terminal]
        attempt.finished(outcome, now)
        if was_first and line and line[0].transaction.outcome is None:
            self._enter(line[0], now)


def _nobody(_outcome: Outcome, _now: float) -> None:
    """Tell nobody."""
