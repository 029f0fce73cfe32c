"""What is due when, for any number of keys: one heap behind a node's ``next_timeout``."""

from __future__ import annotations

from collections.abc import Hashable
from heapq import heapify, heappop, heappush
from itertools import count
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)


class Schedule(Generic[K]):
    """At most one time per key; keys that are due at the same time come in the order of setting."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, K]] = []
        self._current: dict[K, int] = {}
        self._numbers = count()

    def __len__(self) -> int:
        """Return how many keys have a time."""
        return len(self._current)

    def __contains__(self, key: K) -> bool:
        """Return whether ``key`` has a time."""
        return key in self._current

    def set(self, key: K, at: float) -> None:
        """Give ``key`` a time in place of any other."""
        number = next(self._numbers)
        self._current[key] = number
        heappush(self._heap, (at, number, key))
        if len(self._heap) > 64 and len(self._heap) > 4 * len(self._current):
            self._heap = [entry for entry in self._heap if self._holds(entry)]
            heapify(self._heap)

    def cancel(self, key: K) -> None:
        """Take the key's time away, if it has one."""
        self._current.pop(key, None)

    def next(self) -> float | None:
        """Return the earliest time, or None."""
        while self._heap and not self._holds(self._heap[0]):
            heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def take_due(self, now: float) -> list[K]:
        """Return the keys whose time has come, and forget them."""
        due: list[K] = []
        while self._heap and (self._heap[0][0] <= now or not self._holds(self._heap[0])):
            entry = heappop(self._heap)
            if self._holds(entry):
                due.append(entry[2])
                del self._current[entry[2]]
        return due

    def _holds(self, entry: tuple[float, int, K]) -> bool:
        return self._current.get(entry[2]) == entry[1]
