"""What both ends of the radio link between processes have of a node."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from corenet.interfaces.gsmtap import LinkMessage, encode_link
from corenet.interfaces.node import Address, Datagram, Event, Interface
from corenet.schedule import Schedule


class UmNode:
    """A node between RADIO and UM."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._schedule = Schedule()
        self._datagrams: list[Datagram] = []
        self._events: list[Event] = []
        self._counts: Counter[str] = Counter()

    @property
    def name(self) -> str:
        """The name that logs, captures and the lab file use."""
        return self._name

    @property
    def counters(self) -> Mapping[str, int]:
        """What was counted since the start."""
        return self._counts

    def next_timeout(self) -> float | None:
        """Return when ``handle_timeout`` wants to be called, or None."""
        return self._schedule.next_timeout()

    def handle_timeout(self, now: float) -> None:
        """Do what is due."""
        self._schedule.ring(now)

    def take_datagrams(self) -> list[Datagram]:
        """Return what is to be sent, and forget it."""
        taken, self._datagrams = self._datagrams, []
        return taken

    def take_events(self) -> list[Event]:
        """Return what has happened, and forget it."""
        taken, self._events = self._events, []
        return taken

    def _say(self, peer: Address, message: LinkMessage) -> None:
        self._datagrams.append(Datagram(Interface.UM, peer, encode_link(message)))
