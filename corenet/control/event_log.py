"""The last events of every node, numbered, as plain values: what a live event stream reads.

A listener that was away names the last number it saw and gets what came after, as far back as
the log reaches. Numbers begin with the time at which the log was made, so that those of an
earlier process are lower: who comes back to a core that has restarted gets all that it keeps.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass
from enum import Enum
from itertools import islice
from typing import Any

from corenet.interfaces.node import Event

KEPT = 10_000
"""Events that the log keeps."""
NUMBERS_A_SECOND = 1_000_000
"""Numbers for each second that has passed since 1970; they stay below 2^53, as JSON wants."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One event of one node."""

    number: int
    """One more than that of the event before it."""
    time: float
    """Seconds since 1970-01-01 UTC."""
    node: str
    event: Event

    @property
    def name(self) -> str:
        """The event's name, such as "PdpContextCreated"."""
        return type(self.event).__name__

    def plain(self) -> dict[str, Any]:
        """Return the entry as values that JSON has."""
        return {
            "number": self.number,
            "time": self.time,
            "node": self.node,
            "event": self.name,
            **_plain(self.event),
        }


Listener = Callable[[Entry], None]


class EventLog:
    """Keeps the last events and tells listeners of new ones."""

    def __init__(self, now: float, kept: int = KEPT) -> None:
        """``now`` is seconds since 1970-01-01 UTC, ``kept`` how many events are kept."""
        self._entries: deque[Entry] = deque(maxlen=kept)
        self._listeners: list[Listener] = []
        self._last = int(now) * NUMBERS_A_SECOND

    @property
    def last(self) -> int:
        """The number of the last event; that of the first one will be one more than this."""
        return self._last

    @property
    def first_kept(self) -> int:
        """The number of the oldest event that is kept, or that the next one will get."""
        return self._last + 1 - len(self._entries)

    def note(self, time: float, node: str, event: Event) -> None:
        """Add an event (an ``EventListener`` of a runtime)."""
        self._last += 1
        entry = Entry(self._last, time, node, event)
        self._entries.append(entry)
        for listener in tuple(self._listeners):
            listener(entry)

    def since(self, number: int) -> list[Entry]:
        """Return the entries that are kept and came after ``number``.

        After a number that was never given, that is all of them.
        """
        skipped = number + 1 - self.first_kept if number <= self._last else 0
        return list(islice(self._entries, max(0, skipped), None))

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Call ``listener`` for each new entry; return what ends that."""
        self._listeners.append(listener)

        def end() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)

        return end


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list | set | frozenset):
        return [_plain(item) for item in value]
    return value
