"""Things to do later, without a clock: guard timers, deadlines, back-offs, intervals."""

from __future__ import annotations

from collections.abc import Callable
from heapq import heapify, heappop, heappush
from typing import Final

Action = Callable[[float], None]
"""Called with the time at which it is done, not the one at which it was due."""

_COMPACTION: Final = 64
"""Cancelled entries that may stay in the heap whatever its size."""


class Entry:
    """One thing to do; ``Schedule.cancel`` takes it back."""

    __slots__ = ("action",)

    def __init__(self, action: Action) -> None:
        self.action: Action | None = action


class Schedule:
    """A heap of entries. Entries for the same time are done in the order they were made."""

    __slots__ = ("_cancelled", "_heap", "_made")

    def __init__(self) -> None:
        """Make an empty schedule."""
        self._heap: list[tuple[float, int, Entry]] = []
        self._made = 0
        self._cancelled = 0

    def __len__(self) -> int:
        """Return how many entries are to be done."""
        return len(self._heap) - self._cancelled

    def at(self, time: float, action: Action) -> Entry:
        """Have ``action`` called at or after ``time``, seconds since 1970-01-01 UTC."""
        entry = Entry(action)
        self._made += 1
        heappush(self._heap, (time, self._made, entry))
        return entry

    def cancel(self, entry: Entry | None) -> None:
        """Make sure that ``entry`` is not done. Safe after it was, and for None."""
        if entry is None or entry.action is None:
            return
        entry.action = None
        self._cancelled += 1
        if self._cancelled > _COMPACTION and self._cancelled * 2 > len(self._heap):
            self._heap = [item for item in self._heap if item[2].action is not None]
            heapify(self._heap)
            self._cancelled = 0

    def next_timeout(self) -> float | None:
        """Return when the next entry is due, or None."""
        heap = self._heap
        while heap and heap[0][2].action is None:
            heappop(heap)
            self._cancelled -= 1
        return heap[0][0] if heap else None

    def run(self, now: float) -> None:
        """Do what is due at ``now``."""
        while (due := self.next_timeout()) is not None and due <= now:
            entry = heappop(self._heap)[2]
            action, entry.action = entry.action, None
            if action is not None:
                action(now)
