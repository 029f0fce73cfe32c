"""Has messages written down: at most one commit of a message under way, the latest state next."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Final

from corenet.schedule import Schedule
from testbed.smsc.effects import Commit
from testbed.smsc.stored import MessageRecord

AGAIN: Final = 1.0
"""Seconds until what could not be written is written again."""


class Ledger:
    """What is being written down."""

    def __init__(
        self,
        schedule: Schedule,
        *,
        ask: Callable[[Commit], None],
        saved: Callable[[MessageRecord, float], None],
        failed: Callable[[MessageRecord, str, float], None],
    ) -> None:
        """``ask`` has a commit carried out; ``saved`` and ``failed`` are told of it."""
        self._schedule = schedule
        self._ask = ask
        self._saved = saved
        self._failed = failed
        self._numbers = count(1)
        self._commits: dict[int, MessageRecord] = {}
        self._under_way: set[str] = set()
        self._next: dict[str, MessageRecord] = {}

    def __len__(self) -> int:
        """Return how many commits are under way."""
        return len(self._commits)

    def save(self, record: MessageRecord) -> None:
        """Have a message written down as it stands."""
        if record.message_id in self._under_way:
            self._next[record.message_id] = record
            return
        number = next(self._numbers)
        self._under_way.add(record.message_id)
        self._commits[number] = record
        self._ask(Commit(number, record))

    def committed(self, number: int, now: float) -> None:
        """Take note that a commit is on disk."""
        record = self._commits.pop(number)
        self._under_way.discard(record.message_id)
        following = self._next.pop(record.message_id, None)
        if following is not None:
            self.save(following)
        self._saved(record, now)

    def commit_failed(self, number: int, why: str, now: float) -> None:
        """Take note that a commit is not on disk; it is tried again, unless it is dropped."""
        record = self._commits.pop(number)
        self._failed(record, why, now)
        if record.message_id in self._under_way:
            self._schedule.at(now + AGAIN, lambda _: self._again(record))

    def drop(self, message_id: str) -> None:
        """Forget a message whose first commit has failed."""
        self._under_way.discard(message_id)
        self._next.pop(message_id, None)

    def _again(self, record: MessageRecord) -> None:
        self._under_way.discard(record.message_id)
        self.save(self._next.pop(record.message_id, record))
