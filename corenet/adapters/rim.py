"""What the rooms of the Twisted runtime share: time, places, the queue, and what was lost.

Theory of operation. What is on links between nodes of this process, and what listeners are to be
told, waits in one queue that the outermost call works off. So nodes and listeners never recurse
into one another, and events are told in the order in which they happened.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable
from typing import Final

from twisted.logger import Logger

from corenet.adapters.places import NodeReactor, Place, RuntimeStoppedError
from corenet.adapters.reactor import Later, ScheduledCall
from corenet.adapters.taps import Taps
from corenet.interfaces.attachments import Attachments
from corenet.interfaces.interference import Interference
from corenet.interfaces.lines import Lines
from corenet.interfaces.node import Address, Interface
from corenet.interfaces.runtime import Timer

WORK_PER_TURN: Final = 2000
"""Queued deliveries after which sockets and timers of others get their turn."""

Receive = Callable[[Place, Interface, bytes, Address, Address], None]
"""Lets a node receive octets from a peer at an address of its own, and does what comes of it."""


class Rim:
    """Between the reactor and the nodes."""

    def __init__(self, reactor: NodeReactor, wall_clock: Callable[[], float], log: Logger) -> None:
        """Have no nodes; ``wall_clock`` is asked once."""
        self.reactor = reactor
        self.log = log
        self.attachments = Attachments()
        self.places: dict[str, Place] = {}
        self.taps = Taps(self.now, log)
        self.counters: Counter[str] = Counter()
        """What was lost here and why, and nodes' faults, by name."""
        self.interference: Interference | None = None
        """Is shown what our nodes send before it goes."""
        self.lines = Lines(self)
        self.closed = False
        self._latest = wall_clock()
        self._offset = self._latest - reactor.seconds()
        self._queue: deque[Callable[[], None]] = deque()
        self._working = False
        self._next_turn: ScheduledCall | None = None
        self._later: set[Later] = set()

    # Time

    @property
    def latest(self) -> float:
        """What ``now`` has last returned."""
        return self._latest

    def now(self) -> float:
        """Return seconds since 1970-01-01 UTC; never goes backwards."""
        self._latest = max(self._latest, self._offset + self.reactor.seconds())
        return self._latest

    def reach(self, due: float) -> None:
        """Take it that a time has come that was asked for: the reactor may be a hair early."""
        self._latest = max(self._latest, due)

    def call_later(self, delay: float, action: Callable[[], None]) -> Timer:
        """Call ``action`` after ``delay`` seconds, unless the runtime stops before."""
        if self.closed:
            raise RuntimeStoppedError("the runtime has stopped")

        def fire() -> None:
            self._later.discard(later)
            action()
            self.work()

        later = Later(self.reactor.callLater(max(0.0, delay), fire))
        self._later.add(later)
        return later

    # The queue

    def soon(self, action: Callable[[], None]) -> None:
        """Call ``action`` when everything has happened that is queued already."""
        self._queue.append(action)

    def work(self) -> None:
        """Deliver what is queued, unless a call further out does so already."""
        if self._working:
            return
        self._working = True
        try:
            for _ in range(WORK_PER_TURN):
                if not self._queue:
                    return
                self._queue.popleft()()
        finally:
            self._working = False
        if self._next_turn is None:
            self._next_turn = self.reactor.callLater(0, self._take_turn)

    def _take_turn(self) -> None:
        self._next_turn = None
        self.work()

    # Who looks on

    @property
    def is_interfered(self) -> bool:
        """Whether somebody has a say in what goes, or something is late because of that."""
        return self.interference is not None or len(self.lines) > 0

    def fault(self, place: Place, occasion: str) -> None:
        """Log and count that a node has raised."""
        self.counters["faults"] += 1
        self.log.failure(
            "{node} raised, which is a bug in it ({occasion})",
            node=place.node.name,
            occasion=occasion,
        )

    def close(self) -> None:
        """Let nothing happen any more."""
        self.closed = True
        self.interference = None
        self._queue.clear()
        for later in self._later:
            later.cancel()
        self._later.clear()
        if self._next_turn is not None:
            self._next_turn.cancel()
            self._next_turn = None
