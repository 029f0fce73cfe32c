"""What both ends of Gr over TCP have of a node."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping

from corenet.gr.link import Link
from corenet.interfaces.node import Address, Datagram, Event, Interface
from corenet.interfaces.streams import StreamCommand
from corenet.schedule import Schedule


class LinkNode:
    """A stream node with links, by the numbers of their connections."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._schedule = Schedule()
        self._links: dict[int, Link] = {}
        self._datagrams: list[Datagram] = []
        self._events: list[Event] = []
        self._commands: list[StreamCommand] = []
        self._counts: Counter[str] = Counter()
        self._stopped = False

    @property
    def name(self) -> str:
        """The name that logs, captures and the lab file use."""
        return self._name

    @property
    def counters(self) -> Mapping[str, int]:
        """What was counted since the start."""
        return self._counts

    @property
    def listens(self) -> Collection[Interface]:
        """Nowhere, unless a subclass does."""
        return ()

    def start(self, now: float) -> None:
        """Begin service; there is nothing to do."""

    def stop(self, now: float) -> None:  # noqa: ARG002
        """Close every connection."""
        self._stopped = True
        for link in list(self._links.values()):
            link.close("closed here")

    def next_timeout(self) -> float | None:
        """Return when ``handle_timeout`` wants to be called, or None."""
        return self._schedule.next_timeout()

    def handle_timeout(self, now: float) -> None:
        """Do what is due."""
        self._schedule.ring(now)

    def stream_received(self, connection: int, data: bytes, now: float) -> None:
        """Take octets of a connection."""
        link = self._links.get(connection)
        if link is not None and not link.why:
            link.received(data, now)

    def take_datagrams(self) -> list[Datagram]:
        """Return what is to be sent on Gr, and forget it."""
        taken, self._datagrams = self._datagrams, []
        return taken

    def take_events(self) -> list[Event]:
        """Return what has happened, and forget it."""
        taken, self._events = self._events, []
        return taken

    def take_stream_commands(self) -> list[StreamCommand]:
        """Return what is to be done with connections, and forget it."""
        taken, self._commands = self._commands, []
        return taken

    def _command(self, command: StreamCommand) -> None:
        self._commands.append(command)

    def _hand_on(self, message: bytes, source: Address | None, destination: Address) -> None:
        """Put a message from outside on Gr."""
        self._datagrams.append(Datagram(Interface.GR, destination, message, source))
