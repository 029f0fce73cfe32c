"""Contexts that all go for one reason: those of an SGSN that is lost, or all of them.

Spec: TS 23.007 (restart of an SGSN, of the GGSN).

Theory of operation. So many contexts go in a turn, and whoever asks meanwhile is answered between
two turns. Where the SGSN is told of each, the next turn waits until it has answered most of what it
was sent, so that its answers don't pile up before those who ask; but not for long, for one that
does not answer must not keep contexts alive.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from typing import Final

from corenet.ggsn.contexts import PdpContext
from corenet.ggsn.core import Core

REMOVED_AT_ONCE: Final = 100
"""Contexts that go in one turn: some ten milliseconds with accounting."""
PAUSE: Final = 0.001
"""Seconds between two turns."""
LONGEST_PAUSE: Final = 0.05
"""Seconds that a turn waits for answers of the SGSN at most."""


class Teardown:
    """Removes contexts, so many in a turn."""

    def __init__(
        self,
        core: Core,
        contexts: Iterable[PdpContext],
        remove: Callable[[PdpContext, float], None],
        *,
        ended: Callable[[float], None] | None = None,
    ) -> None:
        """``remove`` takes one out of service; ``ended`` is called when all are gone."""
        self._core = core
        self._left = deque(contexts)
        self._remove = remove
        self._ended = ended
        self._latest_turn = 0.0
        """When the next turn comes whatever was answered."""

    def go_on(self, now: float) -> None:
        """Take a turn, and see to the next one.

        What is left a moment later may have gone otherwise, such as by a Create PDP Context
        Request that replaces it.
        """
        if now >= self._latest_turn or self._core.endpoint.open_requests < REMOVED_AT_ONCE:
            self._latest_turn = now + LONGEST_PAUSE
            for _ in range(min(len(self._left), REMOVED_AT_ONCE)):
                context = self._left.popleft()
                if context in self._core.contexts:
                    self._remove(context, now)
        if self._left:
            self._core.schedule.at(now + PAUSE, self.go_on)
        elif self._ended is not None:
            self._ended(now)
