"""What runs over connections while somebody interferes: late, stalled or broken, never missing.

Theory of operation. TCP hides that a segment was lost. It is sent again after a timeout, which
doubles each time (RFC 6298 §5), and what was sent behind it waits at the other end until it is
there. A connection that loses one for ``GIVE_UP`` seconds is over (RFC 9293 §3.8.3, R2).

So there is a line for each direction of a connection. What goes is shown to whoever interferes
each time that it goes, and arrives in the order of sending. To repeat it changes nothing: TCP
throws the second one away. Nor are there answers: they would have to come over the connection.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from functools import partial
from typing import Final, Protocol

from corenet.interfaces.interference import Interference
from corenet.interfaces.runtime import Passed, Timer

FIRST_TIMEOUT: Final = 1.0
"""Seconds (RFC 6298 §2.1 and §2.4)."""
LONGEST_TIMEOUT: Final = 60.0
"""Seconds (RFC 6298 §2.5)."""
GIVE_UP: Final = 100.0
"""Seconds (RFC 9293 §3.8.3: at least as long)."""

NOT_ACKNOWLEDGED: Final = "the peer does not acknowledge"

Action = Callable[[], None]
Shown = Callable[[], Passed]
"""Gives what whoever interferes is to see, with the time that it is."""


class Surroundings(Protocol):
    """Who calls later, and knows who interferes."""

    interference: Interference | None

    def call_later(self, delay: float, action: Action) -> Timer:
        """Call ``action`` after ``delay`` seconds."""
        ...


@dataclass(slots=True, eq=False)
class _Segment:
    shown: Shown
    arrive: Action
    broken: Action
    left: float
    """Seconds until it is given up."""
    is_there: bool = False


_Line = deque[_Segment]
"""What is not there yet, and what is there but behind it."""


class Lines:
    """The directions of connections on which something is late, by whatever tells them apart."""

    def __init__(self, surroundings: Surroundings) -> None:
        self._surroundings = surroundings
        self._lines: dict[Hashable, _Line] = {}

    def __len__(self) -> int:
        """Return on how many something is late."""
        return len(self._lines)

    def carry(
        self,
        key: Hashable,
        shown: Shown,
        arrive: Action,
        broken: Action,
        *,
        patience: float = GIVE_UP,
    ) -> None:
        """Carry something: ``arrive`` is called when it is there, and so is all before it.

        Where it never is, what waits behind it is forgotten, and ``broken`` called.
        """
        if self._surroundings.interference is None and key not in self._lines:
            arrive()
            return
        line = self._lines.setdefault(key, _Line())
        segment = _Segment(shown, arrive, broken, patience)
        line.append(segment)
        self._go(key, line, segment, FIRST_TIMEOUT)

    def forget(self, key: Hashable) -> None:
        """Let what is on its way never arrive."""
        line = self._lines.pop(key, None)
        if line is not None:
            line.clear()

    def let_go(self) -> None:
        """Let everything arrive that is on its way."""
        for key, line in list(self._lines.items()):
            for segment in line:
                segment.is_there = True
            self._move_up(key, line)

    def _go(self, key: Hashable, line: _Line, segment: _Segment, timeout: float) -> None:
        if segment not in line:
            return
        interference = self._surroundings.interference
        fate = None if interference is None else interference(segment.shown())
        later = self._surroundings.call_later
        if fate is None:
            self._arrive(key, line, segment)
        elif fate.sendings:
            later(min(fate.sendings), partial(self._arrive, key, line, segment))
        elif timeout >= segment.left:
            later(segment.left, partial(self._break, key, line, segment))
        else:
            segment.left -= timeout
            longer = min(2 * timeout, LONGEST_TIMEOUT)
            later(timeout, partial(self._go, key, line, segment, longer))

    def _arrive(self, key: Hashable, line: _Line, segment: _Segment) -> None:
        segment.is_there = True
        self._move_up(key, line)

    def _move_up(self, key: Hashable, line: _Line) -> None:
        while line and line[0].is_there:
            line.popleft().arrive()
        if not line and self._lines.get(key) is line:
            del self._lines[key]

    def _break(self, key: Hashable, line: _Line, segment: _Segment) -> None:
        if segment in line:
            self.forget(key)
            segment.broken()
