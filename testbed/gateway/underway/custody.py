"""The pushes that a gateway has in its care, and what the store is writing of them.

Theory of operation. A delivery has at most one commit under way; what changes meanwhile goes into
the next, so that the store never sees an older state after a newer. A push is let go when the end
of each of its deliveries is stored, and reported where somebody wants to know.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import count
from typing import Final

from testbed.gateway.effects import Commit
from testbed.gateway.events import StoreFailed
from testbed.gateway.initiators import Allowances
from testbed.gateway.keeping.records import Row, StoredPush
from testbed.gateway.output import Output
from testbed.gateway.schedule import Schedule
from testbed.gateway.underway.deliveries import Delivery, Key

SAVE_AGAIN: Final = 1.0
"""Seconds until the store is tried again after it failed."""


class Custody:
    """All pushes of one gateway that are not forgotten."""

    def __init__(self, output: Output, allowances: Allowances) -> None:
        """Have nothing in care; ``allowances`` are told of what begins and ends."""
        self._output = output
        self._allowances = allowances
        self._pushes: dict[str, list[Delivery]] = {}
        self._commit_numbers = count(1)
        self._saves: dict[int, tuple[Delivery, int]] = {}
        """The delivery and the length of its history, by commit."""
        self._unsaved: Schedule[Key] = Schedule()

    @property
    def pushes(self) -> Mapping[str, list[Delivery]]:
        """Their deliveries by push-id, each list by the addresses' numbers."""
        return self._pushes

    def deliveries(self) -> Iterator[Delivery]:
        """Yield all deliveries; what is kept may change meanwhile."""
        for deliveries in list(self._pushes.values()):
            yield from deliveries

    def delivery(self, key: Key) -> Delivery:
        """Return a delivery; KeyError where its push is not here."""
        return self._pushes[key[0]][key[1]]

    def stored(self, push_id: str) -> StoredPush | None:
        """Return a push as it stands, or None where it is not here."""
        deliveries = self._pushes.get(push_id)
        if deliveries is None:
            return None
        return StoredPush(deliveries[0].push, tuple(d.record() for d in deliveries))

    def take(self, push_id: str, deliveries: list[Delivery]) -> None:
        """Have a push in care."""
        self._pushes[push_id] = deliveries
        self._allowances.began(deliveries[0].push.initiator, len(deliveries))

    def let_go(self, push_id: str) -> list[Delivery]:
        """Forget a push, and what was to be written of it; return its deliveries."""
        deliveries = self._drop(push_id)
        self._saves = {n: saved for n, saved in self._saves.items() if saved[0] not in deliveries}
        for delivery in deliveries:
            self._unsaved.cancel(delivery.key)
        return deliveries

    def finish(self, delivery: Delivery) -> None:
        """Take note that a delivery's end is stored and need not be reported any more."""
        self._output.count(delivery.state)
        delivery.done = True
        push_id = delivery.push.push_id
        if all(other.done for other in self._pushes[push_id]):
            self._drop(push_id)

    # Commits

    def commit(self, row: Row) -> int:
        """Have a row written; return the commit's number."""
        number = next(self._commit_numbers)
        self._output.ask(Commit(number, row))
        return number

    def save(self, delivery: Delivery) -> None:
        """Have a delivery stored as it is now, behind what is being stored of it."""
        delivery.dirty = delivery.saving
        if delivery.saving:
            return
        delivery.saving = True
        self._saves[self.commit(delivery.row())] = (delivery, len(delivery.history))

    def saving(self, number: int) -> Delivery | None:
        """Return whose commit it is, or None where it is of a push that was let go."""
        saved = self._saves.get(number)
        return None if saved is None else saved[0]

    def saved(self, number: int) -> Delivery | None:
        """Take note that a commit is on disk; return a delivery that is stored as it is now.

        None where it has changed meanwhile, or is not here any more.
        """
        saved = self._saves.pop(number, None)
        if saved is None:
            return None
        delivery, history = saved
        delivery.saving = False
        delivery.saved_history = history
        if delivery.dirty:
            self.save(delivery)
            return None
        return delivery

    def not_saved(self, number: int, reason: str, now: float) -> None:
        """Take note that a commit is not on disk; it is tried again a moment later."""
        saved = self._saves.pop(number, None)
        if saved is not None:
            delivery, _ = saved
            self._unsaved.set(delivery.key, now + SAVE_AGAIN)
            self._output.tell(StoreFailed(delivery.push.push_id, reason))

    def next_timeout(self) -> float | None:
        """Return when ``handle_timeout`` wants to be called, or None."""
        return self._unsaved.next()

    def handle_timeout(self, now: float) -> None:
        """Store again what could not be stored."""
        for key in self._unsaved.take_due(now):
            delivery = self.delivery(key)
            delivery.saving = False
            self.save(delivery)

    def _drop(self, push_id: str) -> list[Delivery]:
        deliveries = self._pushes.pop(push_id)
        self._allowances.ended(deliveries[0].push.initiator, len(deliveries))
        return deliveries
