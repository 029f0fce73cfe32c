"""TCP for nodes: listening ports, connections in both directions, and what passes on them.

Theory of operation. Each connection is a Twisted protocol that hands what happens to its node
through ``deliver``, which the runtime gives. Twisted buffers what the peer does not take yet; once
that is more than ``MOST_UNSENT`` octets, or the peer takes nothing for ``FAREWELL`` seconds after
the node's ``Disconnect``, the connection is reset, so that nobody who does not read can fill our
memory or keep a socket open. While somebody interferes, what a node sends is carried through
``Lines``, and written when it has come to the end of them.

Where both ends are nodes of ours only the end that listens tells what passed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import partial
from itertools import count
from typing import Any, Protocol, cast

from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.error import CannotListenError, ConnectionAborted, ConnectionDone
from twisted.internet.interfaces import IPushProducer, ITCPTransport
from twisted.internet.protocol import ClientFactory, Factory, connectionDone
from twisted.internet.protocol import Protocol as TwistedProtocol
from twisted.python.failure import Failure
from zope.interface import implementer

from corenet.adapters.reactor import ConnectsTcp, ListeningPort, ScheduledCall, Schedules
from corenet.adapters.udp import CannotBindError
from corenet.interfaces.lines import NOT_ACKNOWLEDGED, Lines
from corenet.interfaces.node import Address, Interface, Node
from corenet.interfaces.runtime import Passed, Phase
from corenet.interfaces.streams import (
    CLOSED_HERE,
    RESET,
    Connect,
    Disconnect,
    StreamCommand,
    StreamNode,
    Transmit,
)

MOST_UNSENT = 8 << 20
"""Octets that may wait for a peer to take them."""

FAREWELL = 5.0
"""Seconds that a peer has to take what was sent before a connection closes."""

NOT_READING = "the peer does not read"

Verb = Callable[[float], None]
Deliver = Callable[[Node, Verb, str], None]
"""Called with a node, a verb of it that wants the time, and the occasion in words."""
Pass = Callable[[Interface, Address, Address, bytes, str, str, Phase], None]
"""Called with interface, source, destination, octets, names of sender and receiver, and phase."""


class StreamReactor(Schedules, ConnectsTcp, Protocol):
    """What connections ask of a reactor."""


@implementer(IPushProducer)
class _Connection(TwistedProtocol):
    """One connection."""

    def __init__(
        self, streams: Streams, node: StreamNode, interface: Interface, attempt: int | None
    ) -> None:
        self.number = 0
        """0 while it is not there."""
        self.local: Address = ("", 0)
        self.peer: Address = ("", 0)
        self.node = node
        self.interface = interface
        self.attempt = attempt
        self.told = True
        """Whether what passes is told at this end."""
        self._streams = streams
        self._unsent: int | None = None
        """Octets that wait since the transport's buffer is full, or None where it is not."""
        self._why = ""
        self._farewell: ScheduledCall | None = None

    @property
    def _tcp(self) -> ITCPTransport:
        return cast("ITCPTransport", self.transport)

    def connectionMade(self) -> None:
        """Tell the node."""
        self._tcp.setTcpNoDelay(True)
        self._tcp.setTcpKeepAlive(True)
        cast("Any", self.transport).registerProducer(self, True)
        ends = (self._tcp.getHost(), self._tcp.getPeer())
        self.local, self.peer = ((cast("Any", end).host, cast("Any", end).port) for end in ends)
        self._streams.made(self)

    def dataReceived(self, data: bytes) -> None:
        """Hand octets on, unless the node has done with it."""
        if not self._why:
            self._streams.received(self, data)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Tell the node why it is over."""
        if self._farewell is not None:
            self._farewell.cancel()
            self._farewell = None
        self._streams.lost(self, self._why or _in_words(reason))

    @property
    def is_ending(self) -> bool:
        """Whether the node has done with it, or it is broken."""
        return bool(self._why)

    def transmit(self, data: bytes) -> None:
        """Send; reset the connection where too much waits already."""
        if self._unsent is not None:
            self._unsent += len(data)
            if self._unsent > MOST_UNSENT:
                self.abort(NOT_READING)
                return
        self._tcp.write(data)

    def disconnect(self, reason: str = CLOSED_HERE) -> None:
        """Close once everything is sent."""
        if not self._why:
            self._why = reason
            self._streams.in_line(self, Phase.CLOSED, b"", self._close)

    def _close(self) -> None:
        self._farewell = self._streams.reactor.callLater(FAREWELL, self._gave_up)
        cast("Any", self.transport).unregisterProducer()
        self._tcp.loseConnection()

    def _gave_up(self) -> None:
        self._farewell = None
        self._tcp.abortConnection()

    def abort(self, reason: str) -> None:
        """Break it."""
        self._why = self._why or reason
        self._tcp.abortConnection()

    # The transport's buffer

    def pauseProducing(self) -> None:
        """Begin to count what waits."""
        self._unsent = self._unsent or 0

    def resumeProducing(self) -> None:
        """Stop counting: all was taken."""
        self._unsent = None

    def stopProducing(self) -> None:
        """Nothing: the end of the connection is told by ``connectionLost``."""


def _in_words(failure: Failure) -> str:
    if failure.check(ConnectionDone):
        return "the peer has closed"
    if failure.check(ConnectionAborted):
        return CLOSED_HERE
    return failure.getErrorMessage().rstrip(".")


class _Listener(Factory):
    noisy = False

    def __init__(self, streams: Streams, node: StreamNode, interface: Interface) -> None:
        self._make = (streams, node, interface, None)

    def buildProtocol(self, addr: object) -> _Connection:
        """Return the protocol of a connection that a peer opened."""
        del addr
        return _Connection(*self._make)


class _Connector(ClientFactory):
    noisy = False

    def __init__(self, streams: Streams, connection: _Connection) -> None:
        self._streams = streams
        self._connection = connection

    def buildProtocol(self, addr: object) -> _Connection:
        """Return the protocol of the connection that the node wanted."""
        del addr
        self._streams.connectors.pop(self._connection, None)
        return self._connection

    def clientConnectionFailed(self, connector: object, reason: Failure) -> None:
        """Tell the node."""
        del connector
        self._streams.connectors.pop(self._connection, None)
        self._streams.failed(self._connection, reason.getErrorMessage().rstrip("."))


class Streams:
    """The connections of all nodes of a runtime."""

    def __init__(
        self,
        reactor: StreamReactor,
        deliver: Deliver,
        passed: Pass,
        counters: Counter[str],
        lines: Lines,
        now: Callable[[], float],
    ) -> None:
        """``deliver`` calls nodes' verbs, ``passed`` takes what passes, ``lines`` carry it.

        ``counters`` count by interface what came to nothing: attempts that failed
        ("smpp-not-connected") and connections to those who do not read ("smpp-not-read").
        """
        self.reactor = reactor
        self.connectors: dict[_Connection, Any] = {}
        """Attempts under way, by the connections that they are to give."""
        self._counters = counters
        self._deliver = deliver
        self._passed = passed
        self._lines = lines
        self._now = now
        self._numbers = count(1)
        self._connections: dict[int, _Connection] = {}
        self._by_local: dict[Address, str] = {}
        self._ports: dict[str, list[ListeningPort]] = {}
        self._listening: dict[Address, str] = {}
        self._emptied: Deferred[object] | None = None
        self._is_closed = False

    def settle(self, node: Node, interface: Interface, address: Address) -> Address:
        """Listen for a node where it wants that; return its address, with the port it has.

        Raise ``CannotBindError`` where the port cannot be had.
        """
        if not isinstance(node, StreamNode) or interface not in node.listens:
            return address
        host, port = address
        listener = _Listener(self, node, interface)
        try:
            bound = self.reactor.listenTCP(port, listener, interface=host)
        except CannotListenError as failed:
            cause = failed.socketError
            error = cause if isinstance(cause, OSError) else OSError(str(cause))
            owner = f"{node.name} ({interface})"
            raise CannotBindError.because(owner, address, error, transport="TCP") from None
        settled: Address = (host, cast("Any", bound.getHost()).port)
        self._ports.setdefault(node.name, []).append(bound)
        self._listening[settled] = node.name
        return settled

    def carry_out(
        self, node: StreamNode, places: dict[Interface, Address], command: StreamCommand
    ) -> None:
        """Do what a node wants. Raise ``LookupError`` where it is not on the interface."""
        match command:
            case Connect():
                self._connect(node, places[command.interface][0], command)
            case Transmit():
                connection = self._connections.get(command.connection)
                if connection is not None and not connection.is_ending:
                    data = command.data
                    go = partial(self._transmit, connection, data)
                    self.in_line(connection, Phase.DATA, data, go)
            case Disconnect():
                connection = self._connections.get(command.connection)
                if connection is not None:
                    connection.disconnect()

    def _connect(self, node: StreamNode, host: str, command: Connect) -> None:
        connection = _Connection(self, node, command.interface, command.attempt)
        connection.local, connection.peer = (host, 0), command.peer
        self._lines.carry(
            connection,
            partial(self._shown, connection, Phase.OPENED, b""),
            partial(self._open, connection, command.timeout),
            partial(self.failed, connection, NOT_ACKNOWLEDGED),
            patience=command.timeout,
        )

    def _open(self, connection: _Connection, timeout: float) -> None:
        if self._is_closed:
            return
        host, port = connection.peer
        factory = _Connector(self, connection)
        bind = connection.local if connection.local[0] else None
        self.connectors[connection] = self.reactor.connectTCP(
            host, port, factory, timeout=timeout, bindAddress=bind
        )

    def in_line(
        self, connection: _Connection, phase: Phase, data: bytes, go: Callable[[], None]
    ) -> None:
        """Do something to a connection behind what is on its way."""
        shown = partial(self._shown, connection, phase, data)
        broken = partial(connection.abort, NOT_ACKNOWLEDGED)
        self._lines.carry(connection, shown, go, broken)

    def _transmit(self, connection: _Connection, data: bytes) -> None:
        self._tell(connection, Phase.DATA, data, outwards=True)
        connection.transmit(data)

    def _shown(self, connection: _Connection, phase: Phase, data: bytes) -> Passed:
        return Passed(
            self._now(),
            connection.interface,
            connection.local,
            connection.peer,
            data,
            connection.node.name,
            self._by_local.get(connection.peer) or self._name_at(connection.peer),
            phase,
        )

    def reset(self, interface: Interface) -> int:
        """Break every connection on an interface; return how many there were."""
        broken = [one for one in self._connections.values() if one.interface is interface]
        for connection in broken:
            connection.abort(RESET)
        return sum(connection.told for connection in broken)

    def release(self, node: Node) -> list[Deferred[object]]:
        """Stop listening for a node that has crashed, and reset its connections.

        The Deferreds fire when its ports are free.
        """
        for connection in [one for one in self._connections.values() if one.node is node]:
            connection.abort(RESET)
        self._listening = {a: name for a, name in self._listening.items() if name != node.name}
        return [maybeDeferred(port.stopListening) for port in self._ports.pop(node.name, [])]

    def close(self) -> list[Deferred[object]]:
        """Stop listening and connecting, and close every connection.

        The Deferreds fire when the ports are free and the connections are over.
        """
        self._is_closed = True
        self._lines.let_go()
        ports = [port for ports in self._ports.values() for port in ports]
        closing = [maybeDeferred(port.stopListening) for port in ports]
        self._ports.clear()
        for connector in list(self.connectors.values()):
            connector.stopConnecting()
        if self._connections:
            self._emptied = Deferred()
            closing.append(self._emptied)
        for connection in list(self._connections.values()):
            connection.disconnect()
        return closing

    # What happens to connections

    def made(self, connection: _Connection) -> None:
        """Give a connection its number and tell its node."""
        connection.number = number = next(self._numbers)
        self._connections[number] = connection
        node, attempt = connection.node, connection.attempt
        if attempt is not None:
            self._by_local[connection.local] = node.name
            connection.told = self._name_at(connection.peer) == ""
        self._tell(connection, Phase.OPENED, b"", outwards=attempt is not None)

        def verb(now: float) -> None:
            node.connected(
                connection.interface,
                number,
                peer=connection.peer,
                local=connection.local,
                attempt=attempt,
                now=now,
            )

        self._deliver(node, verb, "a connection")

    def received(self, connection: _Connection, data: bytes) -> None:
        """Hand octets to a node."""
        self._tell(connection, Phase.DATA, data, outwards=False)
        number, node = connection.number, connection.node
        self._deliver(
            node,
            lambda now: node.stream_received(number, data, now),
            f"{connection.interface} from {connection.peer[0]}:{connection.peer[1]}: {data.hex()}",
        )

    def lost(self, connection: _Connection, reason: str) -> None:
        """Tell a node that a connection is over."""
        number, node = connection.number, connection.node
        self._lines.forget(connection)
        del self._connections[number]
        self._by_local.pop(connection.local, None)
        if self._emptied is not None and not self._connections:
            self._emptied.callback(None)
        if reason == NOT_READING:
            self._counters[f"{connection.interface}-not-read"] += 1
        self._tell(connection, Phase.CLOSED, b"", outwards=reason == CLOSED_HERE)
        self._deliver(
            node, lambda now: node.disconnected(number, reason, now), "a connection's end"
        )

    def failed(self, connection: _Connection, reason: str) -> None:
        """Tell a node that an attempt came to nothing."""
        node, attempt = connection.node, connection.attempt
        assert attempt is not None
        self._counters[f"{connection.interface}-not-connected"] += 1
        self._deliver(
            node, lambda now: node.connect_failed(attempt, reason, now), "a failed attempt"
        )

    def _name_at(self, address: Address) -> str:
        listening = self._listening
        return listening.get(address) or listening.get(("0.0.0.0", address[1])) or ""

    def _tell(self, connection: _Connection, phase: Phase, data: bytes, *, outwards: bool) -> None:
        if not connection.told:
            return
        own, other = connection.node.name, self._by_local.get(connection.peer, "")
        here, there = connection.local, connection.peer
        interface = connection.interface
        if outwards:
            self._passed(interface, here, there, data, own, other, phase)
        else:
            self._passed(interface, there, here, data, other, own, phase)
