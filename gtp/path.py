"""Paths to peers: whether they live, and whether they have restarted.

Specs: TS 29.060 §7.2 (path management), TS 23.007 §18 (restart counter).

A path is known by the peer's IP address, whatever port a message came from, because a restart
is the node's. A watched path has a state; ``TRANSITIONS`` says how it changes and what is told:

    unknown ──answered──► up ──unanswered──► suspected ──exhausted──► down
                          ▲                      │                     │
                          └──────answered────────┴──────answered───────┘
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from heapq import heappop, heappush
from types import MappingProxyType
from typing import Final

from gtp.events import Address, PathDown, PathSuspected, PathUp, PeerRestarted
from gtp.transactions import Transaction

PathEvent = PathUp | PathSuspected | PathDown

MAX_REMEMBERED: Final = 4096
"""Restart counters kept of peers that nobody watches; the oldest gives way."""


class PathState(StrEnum):
    """What is known of a watched path."""

    UNKNOWN = "unknown"
    UP = "up"
    SUSPECTED = "suspected"
    DOWN = "down"


class PathInput(StrEnum):
    """What happens to a watched path."""

    ANSWERED = "answered"
    """The peer has answered a request of ours, Echo or other."""
    UNANSWERED = "unanswered"
    """T3-RESPONSE of one transmission of an Echo Request has expired."""
    EXHAUSTED = "exhausted"
    """N3-REQUESTS transmissions of an Echo Request were not answered."""


TRANSITIONS: Final[Mapping[tuple[PathState, PathInput], tuple[PathState, type[PathEvent]]]] = (
    MappingProxyType(
        {
            (PathState.UNKNOWN, PathInput.ANSWERED): (PathState.UP, PathUp),
            (PathState.UNKNOWN, PathInput.UNANSWERED): (PathState.SUSPECTED, PathSuspected),
            (PathState.UNKNOWN, PathInput.EXHAUSTED): (PathState.DOWN, PathDown),
            (PathState.UP, PathInput.UNANSWERED): (PathState.SUSPECTED, PathSuspected),
            (PathState.UP, PathInput.EXHAUSTED): (PathState.DOWN, PathDown),
            (PathState.SUSPECTED, PathInput.ANSWERED): (PathState.UP, PathUp),
            (PathState.SUSPECTED, PathInput.EXHAUSTED): (PathState.DOWN, PathDown),
            (PathState.DOWN, PathInput.ANSWERED): (PathState.UP, PathUp),
        }
    )
)
"""(state, input) → (next state, event). What is not in the table changes nothing."""


@dataclass(slots=True, eq=False)
class Path:
    """A watched path."""

    peer: Address
    watchers: int = 0
    state: PathState = PathState.UNKNOWN
    recovery: int | None = None
    """The peer's restart counter, or None while it has told none."""
    due: float | None = None
    """When the next Echo Request goes out; None while one is open or echo is off."""
    echo: Transaction | None = None
    """The open Echo Request, or None."""
    asked: float = 0.0
    """When the last Echo Request went out first."""


class Paths:
    """The paths of one endpoint."""

    def __init__(self, echo_interval: float) -> None:
        """``echo_interval`` is in seconds; 0 turns echo off."""
        self._interval = echo_interval
        self._paths: dict[str, Path] = {}
        self._remembered: OrderedDict[str, int] = OrderedDict()
        self._heap: list[tuple[float, int, Path]] = []
        self._scheduled = 0

    def __len__(self) -> int:
        return len(self._paths)

    def find(self, peer: Address) -> Path | None:
        """Return the watched path to ``peer``, or None."""
        return self._paths.get(peer[0])

    def watch(self, peer: Address, now: float) -> None:
        """Begin to monitor the path to ``peer``, or count one more who wants it monitored."""
        path = self._paths.get(peer[0])
        if path is None:
            path = Path(peer, recovery=self._remembered.pop(peer[0], None), asked=now)
            self._paths[peer[0]] = path
            self.schedule(path, now)
        path.watchers += 1

    def unwatch(self, peer: Address) -> Path | None:
        """Count one less who wants the path monitored; return the path when it was the last."""
        path = self._paths.get(peer[0])
        if path is None:
            return None
        path.watchers -= 1
        if path.watchers:
            return None
        del self._paths[peer[0]]
        path.due = None
        if path.recovery is not None:
            self._remember(peer[0], path.recovery)
        return path

    def note_recovery(self, peer: Address, recovery: int) -> PeerRestarted | None:
        """Take a restart counter that ``peer`` has told; return what it means if it changed."""
        path = self._paths.get(peer[0])
        if path is not None:
            previous = path.recovery
            path.recovery = recovery
        else:
            previous = self._remembered.get(peer[0])
            self._remember(peer[0], recovery)
        if previous is None or previous == recovery:
            return None
        return PeerRestarted(peer, previous, recovery)

    def apply(self, path: Path, happened: PathInput) -> PathEvent | None:
        """Change the state of ``path`` as the table says; return what is to be told."""
        transition = TRANSITIONS.get((path.state, happened))
        if transition is None:
            return None
        path.state, event = transition
        return event(path.peer)

    def schedule(self, path: Path, now: float) -> None:
        """Have the next Echo Request due one interval after the last, but not in the past."""
        path.echo = None
        if not self._interval:
            return
        path.due = max(path.asked + self._interval, now)
        self._scheduled += 1
        heappush(self._heap, (path.due, self._scheduled, path))

    def next_timeout(self) -> float | None:
        """Return when the next Echo Request is due, or None."""
        heap = self._heap
        while heap and heap[0][2].due != heap[0][0]:
            heappop(heap)
        return heap[0][0] if heap else None

    def take_due(self, now: float) -> list[Path]:
        """Return the paths whose Echo Request is due, in order."""
        due = []
        while (first := self.next_timeout()) is not None and first <= now:
            _, _, path = heappop(self._heap)
            path.due = None
            path.asked = now
            due.append(path)
        return due

    def _remember(self, host: str, recovery: int) -> None:
        self._remembered[host] = recovery
        self._remembered.move_to_end(host)
        if len(self._remembered) > MAX_REMEMBERED:
            self._remembered.popitem(last=False)
