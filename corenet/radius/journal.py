"""What survives a restart of the GGSN: accounting records that nobody has answered yet.

A journal is given to the client, as chance and time are: what is in it outlives the node. Writing
has to come before the datagram that tells the record, so it is a call and no event.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple, Protocol


class JournalEntry(NamedTuple):
    """A record as it is kept."""

    number: int
    """Unlike any other in the journal; later records have higher ones."""
    made: float
    """Seconds since 1970-01-01 UTC."""
    attributes: bytes
    """As in the packet, without Acct-Delay-Time."""


class Journal(Protocol):
    """Keeps records until they are answered. None of its methods raises."""

    def entries(self) -> Iterable[JournalEntry]:
        """Return what is kept, oldest first."""
        ...

    def keep(self, entry: JournalEntry) -> None:
        """Keep a record."""
        ...

    def forget(self, number: int) -> None:
        """Forget a record, which may happen late: to tell it twice does less harm than never."""
        ...


class MemoryJournal:
    """A journal that lives as long as the object: nodes in virtual time restart with it."""

    def __init__(self) -> None:
        self._entries: dict[int, JournalEntry] = {}

    def entries(self) -> Iterable[JournalEntry]:
        """Return what is kept, oldest first."""
        return tuple(self._entries.values())

    def keep(self, entry: JournalEntry) -> None:
        """Keep a record."""
        self._entries[entry.number] = entry

    def forget(self, number: int) -> None:
        """Forget a record."""
        self._entries.pop(number, None)
