"""Pushes that another gateway holds: asking it to end them, and seeing what became of that.

Theory of operation. Gateways that share a store talk through it. What one wants withdrawn that
another holds is written down, so that whoever holds the push (its gateway, or the one that takes
over when that is gone) reads it within moments, and ends the push as if it had been asked itself.
Who asked looks at the push until it has ended, or has come into its own hands. Nothing is said
to be cancelled that the store does not have as cancelled.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from testbed.gateway.effects import FindPush
from testbed.gateway.keeping.records import AskWithdrawal, Row, StoredPush, Withdrawal
from testbed.gateway.output import Output
from testbed.gateway.schedule import Schedule

LOOK_AGAIN: Final = 0.25
"""Seconds between two looks at a push whose end another gateway was asked for."""


@dataclass(frozen=True, slots=True)
class Watch:
    """What to do when another gateway's push was looked at."""

    push_id: str
    look: Callable[[StoredPush | None, float], bool]
    """Takes the push as it stands, and when; returns whether it need not be looked at again."""
    fail: Callable[[str, float], bool]
    """Takes why nothing can be seen; returns likewise."""


class Elsewhere:
    """All pushes of other gateways that one gateway watches."""

    def __init__(self, output: Output, commit: Callable[[Row], int]) -> None:
        """``commit`` has a row written, and returns the commit's number."""
        self._output = output
        self._commit = commit
        self._unasked: dict[int, Watch] = {}
        """By the commit that writes what is asked."""
        self._watches: dict[str, list[Watch]] = {}
        self._looks: Schedule[str] = Schedule()

    def __len__(self) -> int:
        """Return how many watch."""
        return len(self._unasked) + sum(map(len, self._watches.values()))

    def withdraw(self, withdrawals: tuple[Withdrawal, ...], watch: Watch) -> None:
        """Ask who holds a push to end it, and watch from when that is written."""
        self._unasked[self._commit(AskWithdrawal(withdrawals))] = watch

    def watch(self, watch: Watch) -> None:
        """Watch a push, beginning now; what is asked of it is written already."""
        watches = self._watches.setdefault(watch.push_id, [])
        watches.append(watch)
        if len(watches) == 1:
            self._output.ask(FindPush(watch.push_id))

    def committed(self, number: int) -> bool:
        """Take note that a commit is on disk; return whether it was one of these."""
        watch = self._unasked.pop(number, None)
        if watch is not None:
            self.watch(watch)
        return watch is not None

    def commit_failed(self, number: int, now: float) -> bool:
        """Take note that a commit is not on disk; return whether it was one of these."""
        watch = self._unasked.pop(number, None)
        if watch is not None:
            watch.fail("the store could not be written", now)
        return watch is not None

    def found(self, push_id: str, stored: StoredPush | None, now: float) -> None:
        """Take what the store has of a push."""
        self._go_through(push_id, lambda watch: watch.look(stored, now), now)

    def find_failed(self, push_id: str, why: str, now: float) -> None:
        """Take note that the store cannot be read."""
        self._go_through(push_id, lambda watch: watch.fail(why, now), now)

    def forget_all(self, why: str, now: float) -> None:
        """Watch nothing any more."""
        watches = [
            *self._unasked.values(),
            *(one for some in self._watches.values() for one in some),
        ]
        for push_id in self._watches:
            self._looks.cancel(push_id)
        self._unasked.clear()
        self._watches.clear()
        for watch in watches:
            watch.fail(why, now)

    def next_timeout(self) -> float | None:
        """Return when ``handle_timeout`` wants to be called, or None."""
        return self._looks.next()

    def handle_timeout(self, now: float) -> None:
        """Look again at what has not ended."""
        for push_id in self._looks.take_due(now):
            self._output.ask(FindPush(push_id))

    def _go_through(self, push_id: str, is_done: Callable[[Watch], bool], now: float) -> None:
        # A look may be answered by one for somebody else, while a further one is on its way.
        watches = self._watches.pop(push_id, [])
        left = [watch for watch in watches if not is_done(watch)]
        if left:
            self._watches.setdefault(push_id, []).extend(left)
            self._looks.set(push_id, now + LOOK_AGAIN)
