"""Timers of a node, without a clock: thousands of alarms, most cancelled before they ring.

Theory of operation. An alarm waits in the bucket of its time, each ``_WIDTH`` seconds wide and in
no order. Only when nothing is due before a bucket begins are its alarms sorted, in a heap. So to
set and to cancel an alarm is cheap, and one that waits for an hour costs little more than itself:
there may be several for each of a hundred thousand mobiles. For their sake, too, an alarm can be
set with the subject that its action is to be called with, instead of a function of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from heapq import heapify, heappop, heappush
from itertools import count
from typing import Any, Final, TypeVar

S = TypeVar("S")

Action = Callable[[float], None]
"""Called with the time at which it happens."""

_WIDTH: Final = 4.0
"""Seconds."""
_CANCELLED_KEPT: Final = 64
_NOTHING: Final = object()


class Alarm:
    """One call that is due later."""

    __slots__ = ("action", "due", "schedule", "subject")

    def __init__(
        self, schedule: Schedule, due: float, action: Callable[..., None], subject: Any = _NOTHING
    ) -> None:
        self.schedule = schedule
        self.due = due
        self.action: Callable[..., None] | None = action
        self.subject = subject

    def cancel(self) -> None:
        """Make sure that the call does not happen. Safe after it has happened."""
        if self.action is not None:
            self.action = self.subject = None
            self.schedule.forget_one()

    def ring(self, now: float) -> None:
        """Make the call, unless it is cancelled."""
        action, subject = self.action, self.subject
        self.action = self.subject = None
        if action is None:
            return
        if subject is _NOTHING:
            action(now)
        else:
            action(subject, now)


class Schedule:
    """Alarms by due time; those of one instant ring in the order in which they were set."""

    __slots__ = ("_begins", "_buckets", "_cancelled", "_heap", "_number", "_size")

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Alarm]] = []
        self._buckets: dict[int, list[Alarm]] = {}
        self._begins: list[int] = []
        """Which buckets there are, as a heap."""
        self._number = count()
        self._size = 0
        """Alarms in heap and buckets, cancelled ones included."""
        self._cancelled = 0

    def at(self, due: float, action: Action) -> Alarm:
        """Call ``action`` at ``due``, in seconds since 1970-01-01 UTC."""
        return self._add(Alarm(self, due, action))

    def at_with(self, due: float, action: Callable[[S, float], None], subject: S) -> Alarm:
        """Call ``action`` at ``due`` with ``subject`` and the time."""
        return self._add(Alarm(self, due, action, subject))

    def forget_one(self) -> None:
        """Count a cancelled alarm; all is looked through once a third of it is such."""
        self._cancelled += 1
        if self._cancelled > _CANCELLED_KEPT and self._cancelled * 3 > self._size:
            self._heap = [entry for entry in self._heap if entry[2].action is not None]
            heapify(self._heap)
            for bucket in self._buckets.values():
                bucket[:] = [alarm for alarm in bucket if alarm.action is not None]
            self._size -= self._cancelled
            self._cancelled = 0

    def next_timeout(self) -> float | None:
        """Return when the next alarm is due, or None."""
        while True:
            heap, begins = self._heap, self._begins
            while heap and heap[0][2].action is None:
                heappop(heap)
                self._size -= 1
                self._cancelled -= 1
            if not begins or (heap and heap[0][0] < begins[0] * _WIDTH):
                return heap[0][0] if heap else None
            self._sort(self._buckets.pop(heappop(begins)))

    def ring(self, now: float) -> None:
        """Call everything that is due at ``now``, also what falls due while doing so."""
        while (due := self.next_timeout()) is not None and due <= now:
            alarm = heappop(self._heap)[2]
            self._size -= 1
            alarm.ring(now)

    def _add(self, alarm: Alarm) -> Alarm:
        begin = int(alarm.due // _WIDTH)
        bucket = self._buckets.get(begin)
        if bucket is None:
            self._buckets[begin] = [alarm]
            heappush(self._begins, begin)
        else:
            bucket.append(alarm)
        self._size += 1
        return alarm

    def _sort(self, bucket: list[Alarm]) -> None:
        """Put the alarms of a bucket into the heap."""
        for alarm in bucket:
            if alarm.action is None:
                self._size -= 1
                self._cancelled -= 1
            else:
                heappush(self._heap, (alarm.due, next(self._number), alarm))
