"""Connections in virtual time.

Theory of operation. A connection takes one latency to be known to the end that listens and two to
be known to the end that opens it. Octets arrive whole, once and in order, each after the latency
of its interface, and after what whoever interferes adds (``corenet.interfaces.lines``). When the
nodes are cut off from each other, or one of them crashes, what is under way is lost and whoever is
left hears that the connection is over.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from typing import Protocol

from corenet.interfaces.attachments import Attachments
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

_FIRST_PORT = 49_152
_PORTS = 65_536 - _FIRST_PORT

REFUSED = "connection refused"
TIMED_OUT = "the attempt timed out"
CUT = "the connection was cut"
CLOSED = "the peer has closed"


class Surroundings(Protocol):
    """What the network does for connections."""

    def now(self) -> float:
        """Return virtual seconds."""
        ...

    def plan(self, due: float, action: Callable[[], None]) -> None:
        """Do something later."""
        ...

    def tell_node(self, node: Node, verb: Callable[[float], None]) -> None:
        """Call a verb of a node that is still there, and carry out what it wants."""
        ...

    def latency(self, interface: Interface) -> float:
        """Return how long octets take now."""
        ...

    def is_cut(self, one: str, other: str) -> bool:
        """Return whether nothing passes between two nodes."""
        ...

    def show(
        self,
        interface: Interface,
        source: Address,
        destination: Address,
        data: bytes,
        sender: str,
        receiver: str,
        phase: Phase,
    ) -> None:
        """Let taps see what passes."""
        ...


@dataclass(eq=False, slots=True)
class _End:
    """One end of a connection."""

    number: int
    node: StreamNode
    interface: Interface
    local: Address
    peer: Address
    is_open: bool = True
    arrives: float = 0.0
    """When the last of what was sent here arrives."""
    other: _End = field(init=False)


class VirtualStreams:
    """The connections of a network."""

    def __init__(self, attachments: Attachments, surroundings: Surroundings, lines: Lines) -> None:
        self._attachments = attachments
        self._surroundings = surroundings
        self._lines = lines
        self._numbers = count(1)
        self._ports = count()
        self._ends: dict[int, _End] = {}

    def carry_out(
        self, node: StreamNode, places: Mapping[Interface, Address], command: StreamCommand
    ) -> None:
        """Do what a node at ``places`` wants."""
        match command:
            case Connect():
                self._connect(node, places[command.interface][0], command)
            case Transmit():
                end = self._ends.get(command.connection)
                if end is not None and end.is_open:
                    self._transmit(end, command.data)
            case Disconnect():
                end = self._ends.get(command.connection)
                if end is not None and end.is_open:
                    self._disconnect(end)

    # Opening

    def _connect(self, node: StreamNode, host: str, command: Connect) -> None:
        local = (host, _FIRST_PORT + next(self._ports) % _PORTS)
        receiver = self._attachments.exactly_at(command.interface, command.peer)
        names = (node.name, "" if receiver is None else receiver.name)
        ends = (command.interface, local, command.peer, b"", *names, Phase.OPENED)
        self._lines.carry(
            ends,
            lambda: Passed(self._surroundings.now(), *ends),
            partial(self._open, node, local, command, self._surroundings.now()),
            partial(self._fail, node, command.attempt, TIMED_OUT),
            patience=command.timeout,
        )

    def _open(self, node: StreamNode, local: Address, command: Connect, since: float) -> None:
        latency = self._surroundings.latency(command.interface)
        self._after(latency, partial(self._arrive, node, local, command, since))

    def _arrive(self, node: StreamNode, local: Address, command: Connect, since: float) -> None:
        if self._attachments.named(node.name) is not node:
            return
        surroundings, interface = self._surroundings, command.interface
        receiver = self._attachments.exactly_at(interface, command.peer)
        latency = surroundings.latency(interface)
        if receiver is not None and surroundings.is_cut(node.name, receiver.name):
            left = max(0.0, since + command.timeout - surroundings.now())
            self._after(left, partial(self._fail, node, command.attempt, TIMED_OUT))
            return
        if not isinstance(receiver, StreamNode) or interface not in receiver.listens:
            self._after(latency, partial(self._fail, node, command.attempt, REFUSED))
            return
        client = _End(next(self._numbers), node, interface, local, command.peer)
        server = _End(next(self._numbers), receiver, interface, command.peer, local)
        client.other, server.other = server, client
        self._ends[client.number], self._ends[server.number] = client, server
        self._show(client, b"", Phase.OPENED)
        server.arrives = surroundings.now() + latency
        surroundings.plan(server.arrives, partial(self._tell_connected, client, command.attempt))
        self._tell_connected(server, None)

    def _fail(self, node: StreamNode, attempt: int, reason: str) -> None:
        self._surroundings.tell_node(node, lambda now: node.connect_failed(attempt, reason, now))

    def _tell_connected(self, end: _End, attempt: int | None) -> None:
        def verb(now: float) -> None:
            end.node.connected(
                end.interface,
                end.number,
                peer=end.peer,
                local=end.local,
                attempt=attempt,
                now=now,
            )

        self._surroundings.tell_node(end.node, verb)

    # Octets

    def _transmit(self, end: _End, data: bytes) -> None:
        self._carry(end, data, Phase.DATA, partial(self._receive, end.other, data))

    def _carry(self, end: _End, data: bytes, phase: Phase, action: Callable[[], None]) -> None:
        """Do something at the other end once whoever interferes lets it go."""

        def go() -> None:
            self._show(end, data, phase)
            self._in_line(end, action)

        self._lines.carry(
            end,
            lambda: Passed(self._surroundings.now(), *self._shown(end, data, phase)),
            go,
            partial(self._break, end, NOT_ACKNOWLEDGED),
        )

    def _receive(self, end: _End, data: bytes) -> None:
        if end.is_open:
            self._surroundings.tell_node(
                end.node, lambda now: end.node.stream_received(end.number, data, now)
            )

    def _in_line(self, end: _End, action: Callable[[], None]) -> None:
        """Do something at the other end, behind everything that was sent before."""
        surroundings = self._surroundings
        end.arrives = max(end.arrives, surroundings.now() + surroundings.latency(end.interface))
        surroundings.plan(end.arrives, action)

    # The end

    def _disconnect(self, end: _End) -> None:
        end.is_open = False
        self._after(0.0, partial(self._tell_closed, end, CLOSED_HERE))
        self._carry(end, b"", Phase.CLOSED, partial(self._close, end.other, CLOSED))

    def _close(self, end: _End, reason: str) -> None:
        if end.is_open:
            end.is_open = False
            self._lines.forget(end)
            self._tell_closed(end, reason)

    def _tell_closed(self, end: _End, reason: str) -> None:
        self._ends.pop(end.number, None)
        self._surroundings.tell_node(
            end.node, lambda now: end.node.disconnected(end.number, reason, now)
        )

    def cut(self, one: str, other: str) -> None:
        """Break every connection between two nodes."""
        for end in list(self._ends.values()):
            if end.is_open and {end.node.name, end.other.node.name} == {one, other}:
                self._break(end, CUT)

    def reset(self, interface: Interface) -> int:
        """Break every connection on an interface; return how many there were."""
        broken = 0
        for end in list(self._ends.values()):
            if end.is_open and end.interface is interface:
                self._break(end, RESET)
                broken += 1
        return broken

    def _break(self, end: _End, reason: str) -> None:
        """Let both ends hear that their connection is over, and nothing else any more."""
        self._show(end, b"", Phase.CLOSED)
        due = self._surroundings.now() + self._surroundings.latency(end.interface)
        for each in (end, end.other):
            self._lines.forget(each)
            if each.is_open:
                each.is_open = False
                # Never before it has heard that there is a connection.
                last = max(due, each.other.arrives)
                self._surroundings.plan(last, partial(self._tell_closed, each, reason))

    def crash(self, node: Node) -> None:
        """Reset every connection of a node that is gone."""
        for end in list(self._ends.values()):
            if end.node is node:
                del self._ends[end.number]
                self._lines.forget(end)
                if end.is_open:
                    end.is_open = False
                    self._show(end, b"", Phase.CLOSED)
                    self._in_line(end, partial(self._close, end.other, RESET))

    def _after(self, delay: float, action: Callable[[], None]) -> None:
        self._surroundings.plan(self._surroundings.now() + delay, action)

    def _show(self, end: _End, data: bytes, phase: Phase) -> None:
        self._surroundings.show(*self._shown(end, data, phase))

    @staticmethod
    def _shown(
        end: _End, data: bytes, phase: Phase
    ) -> tuple[Interface, Address, Address, bytes, str, str, Phase]:
        names = (end.node.name, end.other.node.name)
        return (end.interface, end.local, end.peer, data, *names, phase)
