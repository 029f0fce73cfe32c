"""A queue that is ordered by rank, fair among lanes, and first in first out within a lane."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)


class FairQueue(Generic[K]):
    """Keys that wait their turn.

    A lower rank goes before a higher one. Within a rank the lanes take turns, one key at a time,
    so that who has a thousand keys in does not hold up who has one.
    """

    def __init__(self) -> None:
        self._ranks: dict[int, OrderedDict[str, OrderedDict[K, None]]] = {}
        self._places: dict[K, tuple[int, str]] = {}

    def __len__(self) -> int:
        """Return how many keys wait."""
        return len(self._places)

    def add(self, key: K, rank: int, lane: str) -> None:
        """Have ``key`` wait; one that waits already moves where its new rank is better."""
        place = self._places.get(key)
        if place is not None:
            if place[0] <= rank:
                return
            self.remove(key)
        self._places[key] = rank, lane
        lanes = self._ranks.setdefault(rank, OrderedDict())
        lanes.setdefault(lane, OrderedDict())[key] = None

    def remove(self, key: K) -> None:
        """Take ``key`` out; LookupError where it does not wait."""
        rank, lane = self._places.pop(key)
        lanes = self._ranks[rank]
        del lanes[lane][key]
        if not lanes[lane]:
            del lanes[lane]
        if not lanes:
            del self._ranks[rank]

    def pop(self) -> K:
        """Take out whose turn it is; LookupError where nobody waits."""
        if not self._places:
            raise LookupError("nobody waits")
        rank = min(self._ranks)
        lanes = self._ranks[rank]
        lane, keys = next(iter(lanes.items()))
        key = next(iter(keys))
        lanes.move_to_end(lane)
        self.remove(key)
        return key
