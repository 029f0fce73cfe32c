"""A node that does as it is told, for tests of what runs nodes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from corenet.interfaces.node import Address, Datagram, Event, Interface


@dataclass(frozen=True, slots=True)
class Received(Event):
    """What a ``ScriptedNode`` was given, also told as an event."""

    interface: Interface
    data: bytes
    peer: Address
    local: Address
    now: float


class ScriptedNode:
    """Satisfies ``corenet.interfaces.node.Node``: records what reaches it, sends what it is told.

    ``react`` is called with the node and what it received; ``on_timeout`` and ``on_stop``
    with the node and the time. Each may call ``send``, ``tell`` and set ``due``, or raise.
    """

    def __init__(
        self,
        name: str,
        *,
        react: Callable[[ScriptedNode, Received], None] | None = None,
        on_timeout: Callable[[ScriptedNode, float], None] | None = None,
        on_stop: Callable[[ScriptedNode, float], None] | None = None,
    ) -> None:
        self.name = name
        self.received: list[Received] = []
        self.started: list[float] = []
        """When it was started."""
        self.stopped: list[float] = []
        """When it was stopped."""
        self.timeouts: list[float] = []
        """When ``handle_timeout`` was called."""
        self.due: float | None = None
        """What ``next_timeout`` returns; a timeout that comes clears it."""
        self._react = react
        self._on_timeout = on_timeout
        self._on_stop = on_stop
        self._datagrams: list[Datagram] = []
        self._events: list[Event] = []

    def send(
        self, interface: Interface, peer: Address, data: bytes, local: Address | None = None
    ) -> None:
        """Command: have ``data`` sent."""
        self._datagrams.append(Datagram(interface, peer, data, local))

    def tell(self, event: Event) -> None:
        """Command: have ``event`` told."""
        self._events.append(event)

    def start(self, now: float) -> None:
        """Record the time."""
        self.started.append(now)

    def stop(self, now: float) -> None:
        """Record the time and do what the script says."""
        self.stopped.append(now)
        if self._on_stop is not None:
            self._on_stop(self, now)

    def receive(
        self, interface: Interface, data: bytes, *, peer: Address, local: Address, now: float
    ) -> None:
        """Record it, tell it as an event, and do what the script says."""
        received = Received(interface, data, peer, local, now)
        self.received.append(received)
        self._events.append(received)
        if self._react is not None:
            self._react(self, received)

    def next_timeout(self) -> float | None:
        """Return ``due``."""
        return self.due

    def handle_timeout(self, now: float) -> None:
        """Record the time, clear ``due`` and do what the script says."""
        self.timeouts.append(now)
        self.due = None
        if self._on_timeout is not None:
            self._on_timeout(self, now)

    def take_datagrams(self) -> list[Datagram]:
        """Return what is to be sent."""
        taken, self._datagrams = self._datagrams, []
        return taken

    def take_events(self) -> list[Event]:
        """Return what has happened."""
        taken, self._events = self._events, []
        return taken
