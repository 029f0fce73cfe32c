"""One push as one transaction: its segments go back to back, and it ends as a whole.

Theory of operation. A transaction has as many segments as its message needs. They are sent in
order, as many at a time as the link takes. A segment that fails is sent again alone, at once and
then after waits that grow, before any that has not been sent yet: the pieces that have arrived
wait at the terminal, and its patience is what runs out. All of it happens within a window that
opens when the first segment leaves. The transaction succeeds when every segment has arrived; it
fails when the window closes before, or as soon as a segment fails in a way that no repetition
within the window can mend. What is asked for then is the outcome, and it names each segment.

A segment follows ``TABLE``; a pair that is not in it cannot happen. What the network answers after
the end is too late to matter, and is not fed in.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from testbed.smsc.failures import WINDOW_OVER, Failure, Prospect


class SegmentState(StrEnum):
    """Where a segment stands."""

    WAITING = "waiting"
    """It has not been sent."""
    UNDER_WAY = "under way"
    FAILED = "failed"
    """It is to be sent again, alone."""
    ARRIVED = "arrived"
    LOST = "lost"
    """It failed for good, or the window closed."""


class SegmentInput(StrEnum):
    """What can happen to a segment."""

    SENT = "sent"
    DELIVERED = "delivered"
    FAILED_FOR_NOW = "failed for now"
    FAILED_FOR_GOOD = "failed for good"
    WINDOW_CLOSED = "window closed"


_S = SegmentState
_I = SegmentInput

TABLE: Final[Mapping[tuple[SegmentState, SegmentInput], SegmentState]] = MappingProxyType(
    {
        (_S.WAITING, _I.SENT): _S.UNDER_WAY,
        (_S.WAITING, _I.WINDOW_CLOSED): _S.LOST,
        (_S.UNDER_WAY, _I.DELIVERED): _S.ARRIVED,
        (_S.UNDER_WAY, _I.FAILED_FOR_NOW): _S.FAILED,
        (_S.UNDER_WAY, _I.FAILED_FOR_GOOD): _S.LOST,
        (_S.UNDER_WAY, _I.WINDOW_CLOSED): _S.LOST,
        (_S.FAILED, _I.SENT): _S.UNDER_WAY,
        (_S.FAILED, _I.WINDOW_CLOSED): _S.LOST,
    }
)


@dataclass(frozen=True, slots=True)
class TransactionPolicy:
    """How a transaction goes about its segments. Times are seconds."""

    window: float = 20.0
    """From the first segment's leaving until all must have arrived."""
    at_once: int = 1
    """Segments under way at one time."""
    repeats: tuple[float, ...] = (0.0, 0.5, 1.0, 2.0)
    """Waits before a segment's second, third … sending; the last one repeats. None: no repeats."""

    def __post_init__(self) -> None:
        if self.window <= 0 or self.at_once < 1:
            raise ValueError("the window is above 0, and one segment at least is under way")
        if self.repeats and (min(self.repeats) < 0 or self.repeats[-1] <= 0):
            raise ValueError("no wait before a repeat is below 0, and the last one is above 0")


@dataclass(frozen=True, slots=True)
class SegmentOutcome:
    """What became of one segment."""

    number: int
    """From 1, as on the air."""
    arrived: bool
    attempts: int
    failure: Failure | None
    """The last one, also where a later attempt succeeded."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a message."""

    failure: Failure | None
    """None: it has arrived whole."""
    segments: tuple[SegmentOutcome, ...] = ()
    seconds: float = 0.0
    """From the first segment's leaving to the end."""

    @property
    def delivered(self) -> bool:
        """Whether it has arrived whole."""
        return self.failure is None

    @property
    def missing(self) -> tuple[int, ...]:
        """The segments that have not arrived, as far as is known."""
        return tuple(segment.number for segment in self.segments if not segment.arrived)

    def __str__(self) -> str:
        if self.failure is None:
            number = len(self.segments)
            return f"delivered in {number} segment{'s' if number > 1 else ''}"
        if not self.segments:
            return str(self.failure)
        missing = ", ".join(map(str, self.missing))
        return f"{self.failure}; segments missing of {len(self.segments)}: {missing}"


class _Segment:
    __slots__ = ("attempts", "due", "failure", "state")

    def __init__(self) -> None:
        self.state = SegmentState.WAITING
        self.attempts = 0
        self.due = 0.0
        self.failure: Failure | None = None

    def apply(self, occurred: SegmentInput) -> None:
        self.state = TABLE[self.state, occurred]


class Transaction:
    """The segments of one message on their way, numbered from 1."""

    def __init__(self, segments: int, policy: TransactionPolicy) -> None:
        """Begin with ``segments`` to send; the window opens with the first one."""
        self._policy = policy
        self._segments = [_Segment() for _ in range(segments)]
        self._began: float | None = None
        self._under_way = 0
        self._open = segments
        """How many have not arrived."""
        self.outcome: Outcome | None = None
        """Set at the end."""

    @property
    def is_whole(self) -> bool:
        """Whether no segment has been sent yet."""
        return self._began is None

    @property
    def remaining(self) -> int:
        """How many segments have not arrived."""
        return self._open

    def next_segment(self, now: float) -> int | None:
        """Return which segment is to be sent now, those that failed first; None: none."""
        if self.outcome is not None or self._under_way >= self._policy.at_once:
            return None
        waiting: int | None = None
        for number, segment in enumerate(self._segments, 1):
            if segment.state is SegmentState.FAILED and segment.due <= now:
                return number
            if segment.state is SegmentState.WAITING and waiting is None:
                waiting = number
        return waiting

    def sent(self, number: int, now: float) -> bool:
        """Take note that a segment has left; return whether that was for the first time."""
        segment = self._segments[number - 1]
        segment.apply(SegmentInput.SENT)
        segment.attempts += 1
        self._under_way += 1
        if self._began is None:
            self._began = now
        return segment.attempts == 1

    def delivered(self, number: int, now: float) -> None:
        """Take note that a segment has arrived; with the last one the transaction succeeds."""
        self._segments[number - 1].apply(SegmentInput.DELIVERED)
        self._under_way -= 1
        self._open -= 1
        if not self._open:
            self._end(None, now)

    def failed(self, number: int, failure: Failure, now: float) -> None:
        """Take note that a segment has not arrived: it is repeated, or the transaction fails."""
        segment = self._segments[number - 1]
        segment.failure = failure
        self._under_way -= 1
        if failure.prospect is not Prospect.SOON or not self._policy.repeats:
            segment.apply(SegmentInput.FAILED_FOR_GOOD)
            self._end(failure, now)
            return
        segment.apply(SegmentInput.FAILED_FOR_NOW)
        waits = self._policy.repeats
        segment.due = now + waits[min(segment.attempts, len(waits)) - 1]

    def give_up(self, failure: Failure, now: float) -> None:
        """End it from outside: nobody will send the rest."""
        self._end(failure, now)

    @property
    def closes(self) -> float | None:
        """When the window closes; None where it is not open."""
        if self._began is None or self.outcome is not None:
            return None
        return self._began + self._policy.window

    def next_timeout(self) -> float | None:
        """Return when ``handle_timeout`` or ``next_segment`` has something to do, or None."""
        closes = self.closes
        if closes is None:
            return None
        if self._under_way >= self._policy.at_once:
            return closes
        repeats = (s.due for s in self._segments if s.state is SegmentState.FAILED)
        return min(closes, min(repeats, default=closes))

    def handle_timeout(self, now: float) -> None:
        """Close the window, if it is time."""
        closes = self.closes
        if closes is not None and now >= closes:
            failures = [s.failure for s in self._segments if s.state is SegmentState.FAILED]
            self._end(next((f for f in failures if f is not None), WINDOW_OVER), now)

    def _end(self, failure: Failure | None, now: float) -> None:
        for segment in self._segments:
            if (segment.state, SegmentInput.WINDOW_CLOSED) in TABLE:
                segment.apply(SegmentInput.WINDOW_CLOSED)
        self._under_way = 0
        self.outcome = Outcome(
            failure,
            tuple(
                SegmentOutcome(n, s.state is SegmentState.ARRIVED, s.attempts, s.failure)
                for n, s in enumerate(self._segments, 1)
            ),
            0.0 if self._began is None else now - self._began,
        )
