"""Timers of a node, without a clock: thousands of alarms, most cancelled before they ring."""

from __future__ import annotations

from collections.abc import Callable
from heapq import heapify, heappop, heappush
from itertools import count

Action = Callable[[float], None]
"""Called with the time at which it happens."""

_CANCELLED_KEPT = 64


class Alarm:
    """One call that is due later."""

    __slots__ = ("action", "schedule")

    def __init__(self, schedule: Schedule, action: Action) -> None:
        self.schedule = schedule
        self.action: Action | None = action

    def cancel(self) -> None:
        """Make sure that the call does not happen. Safe after it has happened."""
        if self.action is not None:
            self.action = None
            self.schedule.forget_one()


class Schedule:
    """Alarms by due time; those of one instant ring in the order in which they were set."""

    __slots__ = ("_cancelled", "_heap", "_number")

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Alarm]] = []
        self._number = count()
        self._cancelled = 0

    def at(self, due: float, action: Action) -> Alarm:
        """Call ``action`` at ``due``, in seconds since 1970-01-01 UTC."""
        alarm = Alarm(self, action)
        heappush(self._heap, (due, next(self._number), alarm))
        return alarm

    def forget_one(self) -> None:
        """Count a cancelled alarm; the heap is rebuilt once it holds mostly such."""
        self._cancelled += 1
        if self._cancelled > _CANCELLED_KEPT and self._cancelled * 2 > len(self._heap):
            self._heap = [entry for entry in self._heap if entry[2].action is not None]
            heapify(self._heap)
            self._cancelled = 0

    def next_timeout(self) -> float | None:
        """Return when the next alarm is due, or None."""
        heap = self._heap
        while heap and heap[0][2].action is None:
            heappop(heap)
            self._cancelled -= 1
        return heap[0][0] if heap else None

    def ring(self, now: float) -> None:
        """Call everything that is due at ``now``, also what falls due while doing so."""
        while (due := self.next_timeout()) is not None and due <= now:
            alarm = heappop(self._heap)[2]
            action, alarm.action = alarm.action, None
            if action is not None:
                action(now)
