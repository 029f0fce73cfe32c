"""Nodes on real sockets and real time: the Twisted runtime.

Theory of operation. Three things reach a node: a datagram, its timeout, a command. After each
the runtime takes what came out of it. Datagrams go at once (``sending``), packets of mobiles to
where they leave (``packets``), and connections are told what to do (``streams``). Events are told,
and what is on links between nodes is delivered, from a queue, by the outermost call only (``rim``).
Each node has one timer in the reactor, moved only when its timeout moves.

A node must not raise for what a peer sent. One that does has a bug: it is logged with the
octets that showed it, and everything keeps running.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from ipaddress import IPv4Network, IPv6Network
from types import MappingProxyType
from typing import Any, TypeVar

from twisted.internet.defer import Deferred, DeferredList
from twisted.logger import Logger

from corenet.adapters.draining_port import Batch
from corenet.adapters.packets import Packets
from corenet.adapters.places import NodeReactor, Place
from corenet.adapters.places import RuntimeStoppedError as RuntimeStoppedError
from corenet.adapters.reactor import GiDevice
from corenet.adapters.rim import Rim
from corenet.adapters.sending import Sending
from corenet.adapters.streams import Streams
from corenet.adapters.terminals import Terminals
from corenet.adapters.tunnel_socket import TunnelSocket
from corenet.adapters.tuns import Tuns
from corenet.adapters.udp import UdpSocket
from corenet.adapters.ways_out import WaysOut
from corenet.interfaces.attachments import OVER_TCP, OVER_UDP, TO_MOBILES
from corenet.interfaces.bulk import ForwardsInBulk
from corenet.interfaces.cells import Cells
from corenet.interfaces.interference import Interference
from corenet.interfaces.node import (
    Address,
    Event,
    HearsUnreachable,
    Interface,
    Node,
    StopsInTurns,
)
from corenet.interfaces.runtime import EventListener, Tap, Timer

T = TypeVar("T")

PAUSE_AFTER_FAULT = 1.0
"""Seconds until a node whose timeout raised is asked again."""

NO_LATENCIES: Mapping[Interface, float] = MappingProxyType({})

SHORTEST_WAIT = 0.001
"""Seconds between two timeouts of a node at least, should it always want to be called at once."""

FAREWELL_POLL = 0.02
"""Seconds between two looks at whether the stopped nodes still wait for something."""


class TwistedRuntime:
    """Runs nodes in a Twisted reactor (satisfies ``corenet.interfaces.runtime.Runtime``)."""

    def __init__(
        self,
        reactor: NodeReactor,
        *,
        gi: GiDevice | None = None,
        tuns: Tuns | None = None,
        terminals: Terminals | None = None,
        latencies: Mapping[Interface, float] = NO_LATENCIES,
        cells: Cells | None = None,
        wall_clock: Callable[[], float] = time.time,
        log: Logger | None = None,
    ) -> None:
        """Make a runtime without nodes.

        ``tuns`` carry packets from and to mobiles on the APNs that they are for, and ``gi`` all
        others; they are started with the first node on Gi. ``terminals`` are the devices of
        mobiles, started with the node on TERMINAL. What mobiles send outside and nobody
        carries is counted as "gi-unroutable". ``latencies`` has the seconds that datagrams wait,
        by interface, before they reach a node; ``cells`` do more to frames of the radio, of which
        the lost ones are counted as "radio-lost". ``wall_clock`` is asked once, so that a clock set
        while the core runs does not show in captures.
        """
        self._latencies = {which: latency for which, latency in latencies.items() if latency}
        self._reactor = reactor
        self._ways_out = WaysOut(gi, tuns)
        self._terminals = terminals
        self._log = log or Logger(namespace="corenet.runtime")
        self._rim = rim = Rim(reactor, wall_clock, self._log)
        self._listeners: list[EventListener] = []
        self._stopped: Deferred[None] | None = None
        self._streams = Streams(reactor, self._deliver, rim.taps, rim.counters, rim.lines, rim.now)
        self._packets = Packets(
            rim,
            self._ways_out,
            waits=bool(self._latencies),
            arrive=self._arrive,
            arrived=self._arrived,
            collect=self._collect,
        )
        self._sending = Sending(
            rim,
            self._packets,
            cells=cells,
            terminals=terminals,
            arrive=self._arrive,
            came_back=self._came_back,
        )

    @property
    def interference(self) -> Interference | None:
        """Is shown what our nodes send before it goes; may be changed at any time."""
        return self._rim.interference

    @interference.setter
    def interference(self, interference: Interference | None) -> None:
        self._rim.interference = interference

    @property
    def counters(self) -> Counter[str]:
        """What was lost here and why, and nodes' faults, by name."""
        return self._rim.counters

    # Time

    def now(self) -> float:
        """Return seconds since 1970-01-01 UTC; never goes backwards."""
        return self._rim.now()

    def call_later(self, delay: float, action: Callable[[], None]) -> Timer:
        """Call ``action`` after ``delay`` seconds, unless the runtime stops before."""
        return self._rim.call_later(delay, action)

    # Nodes

    def attach(self, node: Node, attachments: Mapping[Interface, Address]) -> None:
        """Bind the node's sockets and start it.

        Port 0 takes any free port where the node listens on it. Raise ``CannotBindError`` where a
        socket cannot be had, ``AlreadyAttachedError`` where a node of ours has the place; the
        node is not started then, and nothing stays bound.
        """
        if self._stopped is not None:
            raise RuntimeStoppedError("the runtime has stopped")
        self._rim.attachments.check(node, attachments)
        if Interface.GI in attachments:
            self._ways_out.start(self._packets.arrived, self._packets.arrived_from_tun)
        place = Place(node)
        try:
            for interface, address in attachments.items():
                place.addresses[interface] = self._settle(place, interface, address)
        except Exception:
            for socket in place.sockets.values():
                socket.close()
            self._streams.release(node)
            raise
        if Interface.TERMINAL in attachments and self._terminals is not None:
            self._terminals.start(partial(self._packets.arrived_from_terminal, place))
        self._rim.attachments.add(node, place.addresses)
        self._rim.places[node.name] = place
        self._touch(place, node.start)

    def _settle(self, place: Place, interface: Interface, address: Address) -> Address:
        if interface in OVER_TCP:
            return self._streams.settle(place.node, interface, address)
        if interface not in OVER_UDP:
            return address
        owner = f"{place.node.name} ({interface})"
        node, tuns = place.node, self._ways_out.tuns
        if interface is Interface.GTP_U and tuns is not None and isinstance(node, ForwardsInBulk):
            arrived = partial(self._packets.arrived_in_bulk, place, node)
            tunnels = TunnelSocket(tuns.reactor, owner, address, arrived, self.counters)
            place.sockets[interface] = tunnels
            return tunnels.address
        unreachable = None
        if interface in TO_MOBILES and isinstance(place.node, HearsUnreachable):
            unreachable = partial(self._came_back, place.node, place, interface)
        receive = partial(self._arrived, place, interface)
        socket = UdpSocket(self._reactor, owner, address, receive, unreachable)
        place.sockets[interface] = socket
        if unreachable is not None:
            place.hearing.append(socket)
        return socket.address

    def detach(self, node: Node) -> Deferred[Any]:
        """Let ``node`` crash: gone without a farewell.

        The Deferred fires when another can have its place.
        """
        place = self._rim.places.pop(node.name)
        self._arm(place, None, SHORTEST_WAIT)
        self._rim.attachments.remove(node)
        place.addresses.clear()
        closing: list[Deferred[Any]] = [*self._streams.release(node)]
        closing.extend(socket.close() for socket in place.sockets.values())
        return DeferredList(closing, consumeErrors=True)

    def route_gi(self, networks: Iterable[IPv4Network | IPv6Network], node: Node) -> None:
        """Let ``node`` take the packets that arrive on Gi for addresses in ``networks``.

        To IPv6 addresses this host's kernel knows the way, through the TUN devices.
        """
        self._rim.attachments.route((one for one in networks if isinstance(one, IPv4Network)), node)

    def address_of(self, node: Node, interface: Interface) -> Address | None:
        """Return where ``node`` is on ``interface``, with the port it really has, or None."""
        return self._rim.attachments.address_of(node, interface)

    def command(self, node: Node, action: Callable[[float], T]) -> T:
        """Call ``action(now)``, then carry out what ``node`` wants; return its result.

        What ``action`` raises comes through. Raise ``RuntimeStoppedError`` after ``stop``, and
        ``LookupError`` for a node that is not attached.
        """
        if self._rim.closed:
            raise RuntimeStoppedError("the runtime has stopped")
        place = self._rim.places.get(node.name)
        if place is None or place.node is not node:
            raise LookupError(f"{node.name} is not attached to this runtime")
        try:
            return action(self._rim.now())
        finally:
            self._collect(place)
            self._rim.work()

    def on_event(self, listener: EventListener) -> None:
        """Call ``listener`` for every event of every node."""
        self._listeners.append(listener)

    def on_passed(self, tap: Tap) -> Callable[[], None]:
        """Call ``tap`` for every datagram that passed, until the function returned is called."""
        return self._rim.taps.add(tap)

    def reset(self, interface: Interface) -> int:
        """Break every connection on an interface; return how many there were."""
        return self._streams.reset(interface)

    # What reaches a node

    def _arrived(self, place: Place, interface: Interface, batch: Batch) -> None:
        """Take what a UDP socket has received; what the node makes of all of it goes then."""
        local = place.addresses.get(interface)
        if local is None or self._rim.closed:
            return
        rim, now = self._rim, self._rim.now()
        receive, watched, late = place.node.receive, rim.taps.watched, interface in self._latencies
        for data, peer in batch:
            if watched and not self._is_ours(interface, peer):
                rim.taps(interface, peer, local, data, "", place.node.name)
            if late:
                self._arrive(place, interface, data, peer, local)
                continue
            try:
                receive(interface, data, peer=peer, local=local, now=now)
            except Exception:
                rim.fault(place, f"{interface} from {peer[0]}:{peer[1]}: {data.hex()}")
        self._collect(place)
        rim.work()

    def _is_ours(self, interface: Interface, peer: Address) -> bool:
        """Whether a node of ours has sent what came from ``peer``, so that it has passed."""
        if self._rim.attachments.exactly_at(interface, peer) is not None:
            return True
        if interface not in TO_MOBILES or self._ways_out.gi is None:
            return False
        # A mobile's datagram was seen as a packet when its GGSN sent it.
        return self._rim.attachments.on_gi(peer[0]) is not None

    def _came_back(
        self, node: HearsUnreachable, place: Place, interface: Interface, peer: Address, host: bool
    ) -> None:
        """Take the system's word that something sent to ``peer`` did not arrive."""
        if self._rim.closed:
            return
        self._rim.counters[f"{interface}-unreachable"] += 1
        try:
            node.unreachable(interface, peer, host=host, now=self._rim.now())
        except Exception:
            self._rim.fault(place, f"{interface} to {peer[0]}:{peer[1]} came back")
        self._collect(place)
        self._rim.work()

    def _arrive(
        self, place: Place, interface: Interface, data: bytes, peer: Address, local: Address
    ) -> None:
        """Let a node receive something, later if the interface has a latency."""
        latency = self._latencies.get(interface)
        if latency is None:
            self._receive(place, interface, data, peer, local)
        else:
            later = partial(self._receive, place, interface, data, peer, local)
            self._rim.call_later(latency, later)

    def _receive(
        self, place: Place, interface: Interface, data: bytes, peer: Address, local: Address
    ) -> None:
        try:
            place.node.receive(interface, data, peer=peer, local=local, now=self._rim.now())
        except Exception:
            self._rim.fault(place, f"{interface} from {peer[0]}:{peer[1]}: {data.hex()}")
        self._collect(place)

    def _deliver(self, node: Node, verb: Callable[[float], None], occasion: str) -> None:
        """Let a node hear what has happened to a connection."""
        place = self._rim.places.get(node.name)
        if place is None or place.node is not node or self._rim.closed:
            return  # it has crashed, and another may have its name
        try:
            verb(self._rim.now())
        except Exception:
            self._rim.fault(place, occasion)
        self._collect(place)
        self._rim.work()

    def _timed_out(self, place: Place) -> None:
        place.call = None
        due, place.due = place.due, None
        # A reactor that is late calls timers before it reads, and silence may mean something.
        for socket in place.hearing:
            socket.hear()
            if self._rim.places.get(place.node.name) is not place or self._rim.closed:
                return  # what was heard has led to its end
        if due is not None:
            # The reactor's floats may be a hair early; to the node it is the time it asked for.
            self._rim.reach(due)
        self._touch(place, place.node.handle_timeout, pause=PAUSE_AFTER_FAULT)

    def _touch(
        self, place: Place, verb: Callable[[float], None], *, pause: float = SHORTEST_WAIT
    ) -> None:
        """Call a verb of the node that takes the time only, and carry out what it wants."""
        shortest = SHORTEST_WAIT
        try:
            verb(self._rim.now())
        except Exception:
            self._rim.fault(place, verb.__name__)
            shortest = pause
        self._collect(place, shortest=shortest)
        self._rim.work()

    # What comes out of a node

    def _collect(self, place: Place, *, shortest: float = SHORTEST_WAIT) -> None:
        """Take datagrams, events and the next timeout."""
        node = place.node
        try:
            datagrams, events = node.take_datagrams(), node.take_events()
            streams = place.streams
            commands = [] if streams is None else streams.take_stream_commands()
            due = node.next_timeout()
        except Exception:
            self._rim.fault(place, "taking what it wants")
            return
        if events:
            self._rim.soon(partial(self._tell, self._rim.latest, node.name, events))
        self._sending.send(place, datagrams)
        if streams is not None:
            for command in commands:
                self._streams.carry_out(streams, place.addresses, command)
        if due != place.due:
            self._arm(place, due, shortest)

    def _arm(self, place: Place, due: float | None, shortest: float) -> None:
        place.due = due
        if due is None:
            if place.call is not None:
                place.call.cancel()
                place.call = None
            return
        wait = max(due - self._rim.now(), shortest)
        if place.call is not None:
            place.call.reset(wait)
        else:
            place.call = self._reactor.callLater(wait, self._timed_out, place)

    def _tell(self, now: float, name: str, events: list[Event]) -> None:
        for event in events:
            for listener in self._listeners:
                try:
                    listener(now, name, event)
                except Exception:
                    self._log.failure(
                        "A listener raised for {event} of {node}", event=event, node=name
                    )

    # The end

    def stop(self, *, patience: float = 0.25) -> Deferred[None]:
        """Stop every node, the last attached first, and close the sockets.

        Farewells that want an answer get ``patience`` seconds for it in all, from when no node
        has anything left to end. The Deferred fires when every port is free again. To stop a
        second time changes nothing.
        """
        if self._stopped is not None:
            again: Deferred[None] = Deferred()
            self._stopped.chainDeferred(again)
            return again
        self._stopped = Deferred()
        waiter: Deferred[None] = Deferred()
        self._stopped.chainDeferred(waiter)
        self._stop_next(list(self._rim.places.values()), patience, self._rim.now() + patience)
        return waiter

    def _stop_next(self, remaining: list[Place], patience: float, deadline: float) -> None:
        # One node a turn, so that those still in service hear the farewell.
        if remaining:
            place = remaining.pop()
            self._touch(place, place.node.stop)
            self._reactor.callLater(0, self._stop_next, remaining, patience, deadline)
            return
        nodes = [place.node for place in self._rim.places.values()]
        if any(isinstance(node, StopsInTurns) and node.is_stopping for node in nodes):
            deadline = self._rim.now() + patience
        if self._rim.now() < deadline and any(p.due is not None for p in self._rim.places.values()):
            self._reactor.callLater(FAREWELL_POLL, self._stop_next, remaining, patience, deadline)
        else:
            self._close()

    def _close(self) -> None:
        self._rim.close()
        closing: list[Deferred[Any]] = [*self._streams.close()]
        for place in self._rim.places.values():
            if place.call is not None:
                place.call.cancel()
                place.call = None
            closing.extend(socket.close() for socket in place.sockets.values())
        self._ways_out.stop()
        if self._terminals is not None:
            self._terminals.stop()
        stopped = self._stopped
        if stopped is not None:
            DeferredList(closing, consumeErrors=True).addCallback(lambda _: stopped.callback(None))
