"""What passes in a lab, as arrows between its nodes: numbered, kept for a while, each with its own.

A browser shows them as a sequence diagram that grows. It reads them as it reads the core's
events: all that are kept, then those that come (``EventStream``).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from corenet.interfaces.node import Event
from corenet.interfaces.runtime import Passed
from testbed.expectations.messages import Read
from testbed.lab.ladder import Ladder, Rung
from testbed.lab.page.attribution import Attribution, ImsiOf

KEPT: Final = 20_000
"""Arrows that are kept."""


@dataclass(frozen=True, slots=True)
class Arrow:
    """A message from one node to another, or something that happened at one."""

    number: int
    """One more than that of the arrow before it."""
    rung: Rung
    imsi: str | None
    """Of the terminal that it is about, where it is about one."""
    interface: str | None
    """None for what did not pass as a datagram."""

    @property
    def name(self) -> str:
        """What a stream calls it."""
        return "arrow"

    def plain(self) -> dict[str, Any]:
        """Return it as values that JSON has."""
        return {
            "number": self.number,
            "time": self.rung.time,
            "source": self.rung.source,
            "destination": self.rung.destination,
            "message": self.rung.message,
            "details": self.rung.details,
            "imsi": self.imsi,
            "interface": self.interface,
        }


Listener = Callable[[Arrow], None]


class Watch:
    """Keeps the last arrows, and tells listeners of new ones."""

    def __init__(
        self, imsi_of: ImsiOf, names: Mapping[str, str] | None = None, *, kept: int = KEPT
    ) -> None:
        """``imsi_of`` knows subscribers by MSISDN, ``names`` nodes by IP address."""
        self.attribution = Attribution(imsi_of)
        self._ladder = Ladder(self._add, names)
        self._arrows: deque[Arrow] = deque(maxlen=kept)
        self._listeners: list[Listener] = []
        self._last = 0
        self._passing: Passed | None = None
        """What the ladder is just putting into words; None where it is an event."""

    @property
    def last(self) -> int:
        """The number of the last arrow; the first one will have 1."""
        return self._last

    @property
    def first_kept(self) -> int:
        """The number of the oldest arrow that is kept, or that the next one will get."""
        return self._last + 1 - len(self._arrows)

    def passed(self, passed: Passed) -> None:
        """Note what passed (a ``Tap``)."""
        self._passing = passed
        self._ladder.passed(passed)

    def happened(self, time: float, node: str, event: Event) -> None:
        """Note what happened (an ``EventListener``)."""
        self._passing = None
        self._ladder.happened(time, node, event)

    def arrow(self, number: int) -> Arrow | None:
        """Return one arrow, while it is kept."""
        place = number - self.first_kept
        return self._arrows[place] if 0 <= place < len(self._arrows) else None

    def since(self, number: int) -> Iterator[Arrow]:
        """Return the arrows that are kept and came after ``number``."""
        return islice(self._arrows, max(0, number + 1 - self.first_kept), None)

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Call ``listener`` for each new arrow, until the function returned is called."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener) if listener in self._listeners else None

    def _add(self, rung: Rung) -> None:
        passed = self._passing
        if passed is None:
            imsi, interface = self.attribution.of_event(rung.subject), None
        else:
            imsi = self.attribution.of_message(passed, Read(rung.message, rung.subject))
            interface = passed.interface.name.replace("_", "-")
        self._last += 1
        arrow = Arrow(self._last, rung, imsi, interface)
        self._arrows.append(arrow)
        for listener in tuple(self._listeners):
            listener(arrow)


class TerminalsWatch:
    """A watch as one terminal's ladder sees it: the arrows that are about it."""

    def __init__(self, watch: Watch, imsi: str) -> None:
        self._watch = watch
        self._imsi = imsi

    @property
    def last(self) -> int:
        """As ``Watch.last``."""
        return self._watch.last

    @property
    def first_kept(self) -> int:
        """As ``Watch.first_kept``."""
        return self._watch.first_kept

    def since(self, number: int) -> Iterator[Arrow]:
        """As ``Watch.since``."""
        return (arrow for arrow in self._watch.since(number) if arrow.imsi == self._imsi)

    def listen(self, listener: Listener) -> Callable[[], None]:
        """As ``Watch.listen``."""
        return self._watch.listen(
            lambda arrow: listener(arrow) if arrow.imsi == self._imsi else None
        )
