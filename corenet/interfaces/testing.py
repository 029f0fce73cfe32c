"""A node that does as it is told, for tests of what runs nodes."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

from corenet.interfaces.node import Address, Datagram, Event, Interface
from corenet.interfaces.streams import Connect, Disconnect, StreamCommand, Transmit


@dataclass(frozen=True, slots=True)
class Received(Event):
    """What a ``ScriptedNode`` was given, also told as an event."""

    interface: Interface
    data: bytes
    peer: Address
    local: Address
    now: float


@dataclass(frozen=True, slots=True)
class Connected(Event):
    """A ``ScriptedNode`` got a connection."""

    connection: int
    peer: Address
    local: Address
    attempt: int | None


@dataclass(frozen=True, slots=True)
class ConnectFailed(Event):
    """A ``ScriptedNode``'s attempt came to nothing."""

    attempt: int
    reason: str


@dataclass(frozen=True, slots=True)
class StreamReceived(Event):
    """A ``ScriptedNode`` got octets of a connection."""

    connection: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Disconnected(Event):
    """A ``ScriptedNode`` lost a connection."""

    connection: int
    reason: str


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


class ScriptedStreamNode(ScriptedNode):
    """Satisfies ``corenet.interfaces.streams.StreamNode``: tells what it hears of connections.

    ``on_stream`` is called with the node and each such event, and may call ``connect``,
    ``transmit`` and ``disconnect``, or raise.
    """

    def __init__(
        self,
        name: str,
        *,
        listens: Collection[Interface] = (),
        on_stream: Callable[[ScriptedStreamNode, Event], None] | None = None,
    ) -> None:
        super().__init__(name)
        self.listens = listens
        self.stream: list[Event] = []
        """What it heard of connections, in order."""
        self._on_stream = on_stream
        self._commands: list[StreamCommand] = []

    def connect(self, interface: Interface, peer: Address, attempt: int = 1) -> None:
        """Command: have a connection opened."""
        self._commands.append(Connect(interface, peer, attempt))

    def transmit(self, connection: int, data: bytes) -> None:
        """Command: have octets sent."""
        self._commands.append(Transmit(connection, data))

    def disconnect(self, connection: int) -> None:
        """Command: have a connection closed."""
        self._commands.append(Disconnect(connection))

    @property
    def connections(self) -> list[int]:
        """The connections that it got, in order."""
        return [event.connection for event in self.stream if isinstance(event, Connected)]

    def octets(self, connection: int) -> bytes:
        """Return everything that it got on a connection."""
        return b"".join(
            event.data
            for event in self.stream
            if isinstance(event, StreamReceived) and event.connection == connection
        )

    def endings(self) -> list[tuple[int, str]]:
        """Return which connections ended, and why."""
        return [
            (event.connection, event.reason)
            for event in self.stream
            if isinstance(event, Disconnected)
        ]

    def _heard(self, event: Event) -> None:
        self.stream.append(event)
        self.tell(event)
        if self._on_stream is not None:
            self._on_stream(self, event)

    def connected(
        self,
        interface: Interface,  # noqa: ARG002
        connection: int,
        *,
        peer: Address,
        local: Address,
        attempt: int | None,
        now: float,  # noqa: ARG002
    ) -> None:
        """Tell it."""
        self._heard(Connected(connection, peer, local, attempt))

    def connect_failed(self, attempt: int, reason: str, now: float) -> None:  # noqa: ARG002
        """Tell it."""
        self._heard(ConnectFailed(attempt, reason))

    def stream_received(self, connection: int, data: bytes, now: float) -> None:  # noqa: ARG002
        """Tell it."""
        self._heard(StreamReceived(connection, data))

    def disconnected(self, connection: int, reason: str, now: float) -> None:  # noqa: ARG002
        """Tell it."""
        self._heard(Disconnected(connection, reason))

    def take_stream_commands(self) -> list[StreamCommand]:
        """Return what is to be done with connections."""
        taken, self._commands = self._commands, []
        return taken
