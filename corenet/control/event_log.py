"""The last events of every node, numbered, as plain values: what a live event stream reads.

A listener that was away names the last number it saw and gets what came after, as far back as
the log reaches.
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


@dataclass(frozen=True, slots=True)
class Entry:
    """One event of one node."""

    number: int
    """From 1, without gaps, for as long as the process lives."""
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

    def __init__(self, kept: int = KEPT) -> None:
        self._entries: deque[Entry] = deque(maxlen=kept)
        self._listeners: list[Listener] = []
        self._number = 0

    def note(self, time: float, node: str, event: Event) -> None:
        """Add an event (an ``EventListener`` of a runtime)."""
        self._number += 1
        entry = Entry(self._number, time, node, event)
        self._entries.append(entry)
        for listener in tuple(self._listeners):
            listener(entry)

    def since(self, number: int) -> list[Entry]:
        """Return the entries that are kept and came after ``number``."""
        if not self._entries:
            return []
        skipped = max(0, number + 1 - self._entries[0].number)
        return list(islice(self._entries, skipped, None))

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
