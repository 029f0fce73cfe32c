"""Nodes on real sockets and real time: the Twisted runtime.

Theory of operation. Three things reach a node: a datagram, its timeout, a command. After each
the runtime takes what came out of it. Datagrams go at once: over the UDP socket bound to the
node's own address, to Gi (a TUN device, or loopback), or into the queue of the in-process links.
User traffic between GTP-U and TUN devices goes in batches, unless a tap looks on. Events, and
what is on the links, are delivered from that queue by the outermost call only, so that nodes
and listeners never recurse into one another and events are told in the order in which they
happened. Each node has one timer in the reactor, moved only when its timeout moves.

A node must not raise for what a peer sent. One that does has a bug: it is logged with the
octets that showed it, and everything keeps running.
"""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from ipaddress import IPv4Network, IPv6Network
from types import MappingProxyType
from typing import Any, TypeVar

from twisted.internet.defer import Deferred, DeferredList
from twisted.logger import Logger

from corenet.adapters.bursts import told_apart
from corenet.adapters.draining_port import Batch
from corenet.adapters.places import NodeReactor, Place
from corenet.adapters.places import RuntimeStoppedError as RuntimeStoppedError
from corenet.adapters.reactor import GiDevice, Later, ScheduledCall
from corenet.adapters.streams import Streams
from corenet.adapters.taps import Taps
from corenet.adapters.terminals import Terminals
from corenet.adapters.tunnel_socket import TunnelSocket
from corenet.adapters.tuns import Tuns
from corenet.adapters.udp import CannotSendError, UdpSocket
from corenet.adapters.ways_out import WaysOut
from corenet.gi.ends import is_for_many, packet_ends
from corenet.interfaces.attachments import (
    IN_PROCESS,
    LIKE_TCP,
    OVER_TCP,
    OVER_UDP,
    TO_MOBILES,
    Attachments,
)
from corenet.interfaces.bulk import ForwardsInBulk
from corenet.interfaces.cells import Cells
from corenet.interfaces.interference import Interference
from corenet.interfaces.lines import Lines
from corenet.interfaces.node import (
    ANYWHERE,
    Address,
    Datagram,
    Event,
    HearsUnreachable,
    Interface,
    Node,
    StopsInTurns,
)
from corenet.interfaces.runtime import EventListener, Passed, Tap, Timer

T = TypeVar("T")

WORK_PER_TURN = 2000
"""Queued deliveries after which sockets and timers of others get their turn."""

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
        self._cells = cells
        self._reactor = reactor
        self._ways_out = WaysOut(gi, tuns)
        self._terminals = terminals
        self._log = log or Logger(namespace="corenet.runtime")
        self._latest = wall_clock()
        self._offset = self._latest - reactor.seconds()
        self._attachments = Attachments()
        self._places: dict[str, Place] = {}
        self._listeners: list[EventListener] = []
        self._pass = Taps(self.now, self._log)
        self._queue: deque[Callable[[], None]] = deque()
        self._working = False
        self._next_turn: ScheduledCall | None = None
        self._later: set[Later] = set()
        self._stopped: Deferred[None] | None = None
        self._closed = False
        self.interference: Interference | None = None
        """Is shown what our nodes send before it goes; may be changed at any time."""
        self.counters: Counter[str] = Counter()
        """What was lost here and why, and nodes' faults, by name."""
        self._lines = Lines(self)
        self._streams = Streams(
            reactor, self._deliver, self._pass, self.counters, self._lines, self.now
        )

    # Time

    def now(self) -> float:
        """Return seconds since 1970-01-01 UTC; never goes backwards."""
        self._latest = max(self._latest, self._offset + self._reactor.seconds())
        return self._latest

    def call_later(self, delay: float, action: Callable[[], None]) -> Timer:
        """Call ``action`` after ``delay`` seconds, unless the runtime stops before."""
        if self._closed:
            raise RuntimeStoppedError("the runtime has stopped")

        def fire() -> None:
            self._later.discard(later)
            action()
            self._work()

        later = Later(self._reactor.callLater(max(0.0, delay), fire))
        self._later.add(later)
        return later

    # Nodes

    def attach(self, node: Node, attachments: Mapping[Interface, Address]) -> None:
        """Bind the node's sockets and start it.

        Port 0 takes any free port where the node listens on it. Raise ``CannotBindError`` where a
        socket cannot be had, ``AlreadyAttachedError`` where a node of ours has the place; the
        node is not started then, and nothing stays bound.
        """
        if self._stopped is not None:
            raise RuntimeStoppedError("the runtime has stopped")
        self._attachments.check(node, attachments)
        if Interface.GI in attachments:
            self._ways_out.start(self._arrived_on_gi, self._arrived_from_tun)
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
            self._terminals.start(partial(self._arrived_from_terminal, place))
        self._attachments.add(node, place.addresses)
        self._places[node.name] = place
        self._touch(place, node.start)

    def _settle(self, place: Place, interface: Interface, address: Address) -> Address:
        if interface in OVER_TCP:
            return self._streams.settle(place.node, interface, address)
        if interface not in OVER_UDP:
            return address
        owner = f"{place.node.name} ({interface})"
        node, tuns = place.node, self._ways_out.tuns
        if interface is Interface.GTP_U and tuns is not None and isinstance(node, ForwardsInBulk):
            arrived = partial(self._arrived_in_bulk, place, node)
            tunnels = TunnelSocket(tuns.reactor, owner, address, arrived, self.counters)
            place.sockets[interface] = tunnels
            return tunnels.address
        unreachable = None
        if interface in TO_MOBILES and isinstance(place.node, HearsUnreachable):
            unreachable = partial(self._came_back, place.node, place, interface)
        receive = partial(self._arrived, place, interface)
        socket = UdpSocket(self._reactor, owner, address, receive, unreachable)
        place.sockets[interface] = socket
        return socket.address

    def detach(self, node: Node) -> Deferred[Any]:
        """Let ``node`` crash: gone without a farewell.

        The Deferred fires when another can have its place.
        """
        place = self._places.pop(node.name)
        self._arm(place, None, SHORTEST_WAIT)
        self._attachments.remove(node)
        place.addresses.clear()
        closing: list[Deferred[Any]] = [*self._streams.release(node)]
        closing.extend(socket.close() for socket in place.sockets.values())
        return DeferredList(closing, consumeErrors=True)

    def route_gi(self, networks: Iterable[IPv4Network | IPv6Network], node: Node) -> None:
        """Let ``node`` take the packets that arrive on Gi for addresses in ``networks``.

        To IPv6 addresses this host's kernel knows the way, through the TUN devices.
        """
        self._attachments.route((one for one in networks if isinstance(one, IPv4Network)), node)

    def address_of(self, node: Node, interface: Interface) -> Address | None:
        """Return where ``node`` is on ``interface``, with the port it really has, or None."""
        return self._attachments.address_of(node, interface)

    def command(self, node: Node, action: Callable[[float], T]) -> T:
        """Call ``action(now)``, then carry out what ``node`` wants; return its result.

        What ``action`` raises comes through. Raise ``RuntimeStoppedError`` after ``stop``, and
        ``LookupError`` for a node that is not attached.
        """
        if self._closed:
            raise RuntimeStoppedError("the runtime has stopped")
        place = self._places.get(node.name)
        if place is None or place.node is not node:
            raise LookupError(f"{node.name} is not attached to this runtime")
        try:
            return action(self.now())
        finally:
            self._collect(place)
            self._work()

    def on_event(self, listener: EventListener) -> None:
        """Call ``listener`` for every event of every node."""
        self._listeners.append(listener)

    def on_passed(self, tap: Tap) -> Callable[[], None]:
        """Call ``tap`` for every datagram that passed, until the function returned is called."""
        return self._pass.add(tap)

    def reset(self, interface: Interface) -> int:
        """Break every connection on an interface; return how many there were."""
        return self._streams.reset(interface)

    # What reaches a node

    def _arrived(self, place: Place, interface: Interface, batch: Batch) -> None:
        """Take what a UDP socket has received; what the node makes of all of it goes then."""
        local = place.addresses.get(interface)
        if local is None or self._closed:
            return
        now = self.now()
        receive = place.node.receive
        for data, peer in batch:
            if self._pass.watched and not self._is_ours(interface, peer):
                self._pass(interface, peer, local, data, "", place.node.name)
            if self._is_delayed(place, interface, data, peer, local):
                continue
            try:
                receive(interface, data, peer=peer, local=local, now=now)
            except Exception:
                self._fault(place, f"{interface} from {peer[0]}:{peer[1]}: {data.hex()}")
        self._collect(place)
        self._work()

    def _is_ours(self, interface: Interface, peer: Address) -> bool:
        """Whether a node of ours has sent what came from ``peer``, so that it has passed."""
        if self._attachments.exactly_at(interface, peer) is not None:
            return True
        if interface not in TO_MOBILES or self._ways_out.gi is None:
            return False
        # A mobile's datagram was seen as a packet when its GGSN sent it.
        return self._attachments.on_gi(peer[0]) is not None

    def _came_back(
        self, node: HearsUnreachable, place: Place, interface: Interface, peer: Address, host: bool
    ) -> None:
        """Take the system's word that something sent to ``peer`` did not arrive."""
        if self._closed:
            return
        self.counters[f"{interface}-unreachable"] += 1
        try:
            node.unreachable(interface, peer, host=host, now=self.now())
        except Exception:
            self._fault(place, f"{interface} to {peer[0]}:{peer[1]} came back")
        self._collect(place)
        self._work()

    def _arrived_on_gi(self, packet: bytes) -> None:
        """Take an IP packet from the Gi device."""
        source, destination = packet_ends(packet)
        node = self._attachments.on_gi(destination[0])
        if node is None or self._closed:
            self.counters["gi-no-such-mobile"] += 1
            return
        self._arrived_for(self._places[node.name], packet, source, destination)

    def _arrived_for(
        self, place: Place, packet: bytes, source: Address, destination: Address
    ) -> None:
        """Take an IP packet from Gi for a mobile of the GGSN at ``place``."""
        seen = (
            self._attachments.outside(source) is not None
            or self._attachments.on_gi(source[0]) is not None
            # What the kernel says of its own on a device is nothing from the network.
            or is_for_many(destination[0])
        )
        if not seen:
            self._pass(Interface.GI, source, destination, packet, "", place.node.name)
        local = place.addresses.get(Interface.GI, ("", 0))
        if not self._is_delayed(place, Interface.GI, packet, ("", 0), local):
            self._receive(place, Interface.GI, packet, ("", 0), local)
            self._work()

    def _is_delayed(
        self, place: Place, interface: Interface, data: bytes, peer: Address, local: Address
    ) -> bool:
        """Have a node receive something later, if the interface has a latency; say whether."""
        latency = self._latencies.get(interface)
        if latency is None:
            return False

        self.call_later(latency, partial(self._receive, place, interface, data, peer, local))
        return True

    def _arrived_from_terminal(self, place: Place, imsi: str, packets: list[bytes]) -> None:
        """Take packets from the device of a mobile."""
        if self._closed:
            return
        for packet in packets:
            self._receive(place, Interface.TERMINAL, packet, (imsi, 0), ANYWHERE)
        self._work()

    def _arrived_from_tun(self, name: str, packets: list[bytes]) -> None:
        """Take packets from a TUN device of the GGSN with this name."""
        place = self._places.get(name)
        if place is None or self._closed:
            self.counters["gi-no-such-mobile"] += len(packets)
            return
        node, socket = place.node, place.sockets.get(Interface.GTP_U)
        if self._goes_singly or not (
            isinstance(node, ForwardsInBulk) and isinstance(socket, TunnelSocket)
        ):
            for packet in packets:
                self._arrived_for(place, packet, *packet_ends(packet))
            return
        try:
            for burst in node.forward_down(packets, self.now()):
                socket.send_burst(burst)
        except Exception:
            self._fault(place, f"{len(packets)} packets from Gi, the first {packets[0].hex()}")
        self._collect(place)
        self._work()

    @property
    def _goes_singly(self) -> bool:
        """Whether user traffic may not go in batches: somebody looks on, or it is to wait."""
        return self._pass.watched or bool(self._latencies) or self.interference is not None

    def _arrived_in_bulk(
        self,
        place: Place,
        node: ForwardsInBulk,
        datagrams: Sequence[bytes],
        peers: Sequence[Address],
    ) -> None:
        """Take a batch of datagrams from the socket of GTP-U."""
        if self._goes_singly:
            batch = [(data, peers[index]) for index, data in enumerate(datagrams)]
            self._arrived(place, Interface.GTP_U, batch)
            return
        if self._closed:
            return
        try:
            for apn, packets in node.forward_up(datagrams, peers, self.now()):
                self._send_all_on_gi(place, apn, packets)
        except Exception:
            self._fault(place, f"{len(datagrams)} G-PDUs, the first {datagrams[0].hex()}")
        self._collect(place)
        self._work()

    def _receive(
        self, place: Place, interface: Interface, data: bytes, peer: Address, local: Address
    ) -> None:
        try:
            place.node.receive(interface, data, peer=peer, local=local, now=self.now())
        except Exception:
            self._fault(place, f"{interface} from {peer[0]}:{peer[1]}: {data.hex()}")
        self._collect(place)

    def _deliver(self, node: Node, verb: Callable[[float], None], occasion: str) -> None:
        """Let a node hear what has happened to a connection."""
        place = self._places.get(node.name)
        if place is None or self._closed:
            return
        try:
            verb(self.now())
        except Exception:
            self._fault(place, occasion)
        self._collect(place)
        self._work()

    def _timed_out(self, place: Place) -> None:
        place.call = None
        due = place.due
        place.due = None
        if due is not None:
            # The reactor's floats may be a hair early; to the node it is the time it asked for.
            self._latest = max(self._latest, due)
        self._touch(place, place.node.handle_timeout, pause=PAUSE_AFTER_FAULT)

    def _touch(
        self, place: Place, verb: Callable[[float], None], *, pause: float = SHORTEST_WAIT
    ) -> None:
        """Call a verb of the node that takes the time only, and carry out what it wants."""
        shortest = SHORTEST_WAIT
        try:
            verb(self.now())
        except Exception:
            self._fault(place, verb.__name__)
            shortest = pause
        self._collect(place, shortest=shortest)
        self._work()

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
            self._fault(place, "taking what it wants")
            return
        if events:
            self._queue.append(partial(self._tell, self._latest, node.name, events))
        interfered = self.interference is not None or len(self._lines) > 0
        if len(datagrams) > 1 and not self._pass.watched and not interfered:
            datagrams = self._send_together(place, datagrams)
        for datagram in datagrams:
            if not interfered or not self._is_interfered(place, datagram):
                self._send(place, datagram)
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
        wait = max(due - self.now(), shortest)
        if place.call is not None:
            place.call.reset(wait)
        else:
            place.call = self._reactor.callLater(wait, self._timed_out, place)

    def _is_interfered(self, place: Place, datagram: Datagram) -> bool:
        """Show a datagram to whoever interferes, do what is said; return whether anything is."""
        if datagram.interface in LIKE_TCP:
            self._carry_in_line(place, datagram)
            return True
        fate = None
        if self.interference is not None:
            shown = self._shown(place, datagram)
            fate = self.interference(shown)
        if fate is None:
            return False
        interface, local, peer, data = shown.interface, shown.source, shown.destination, shown.data
        if not fate.sendings:
            self._pass(interface, local, peer, data, shown.sender, shown.receiver)
        for delay in fate.sendings:
            self.call_later(delay, partial(self._send_later, place, datagram))
        for answer in fate.answers:
            self._pass(interface, peer, local, answer, shown.receiver, shown.sender)
            if not self._is_delayed(place, interface, answer, peer, local):
                self._queue.append(partial(self._receive, place, interface, answer, peer, local))
        return True

    def _carry_in_line(self, place: Place, datagram: Datagram) -> None:
        """Carry a message of an interface that stands for a connection."""
        self._lines.carry(
            (place.node.name, datagram.interface, datagram.peer),
            partial(self._shown, place, datagram),
            partial(self._send_later, place, datagram),
            lambda: None,
        )

    def _send_later(self, place: Place, datagram: Datagram) -> None:
        """Send what was held back, unless its node has crashed meanwhile."""
        if self._places.get(place.node.name) is place:
            self._send(place, datagram)

    def _shown(self, place: Place, datagram: Datagram) -> Passed:
        """Return what whoever interferes sees of a datagram."""
        interface, peer, data = datagram.interface, datagram.peer, datagram.data
        local = datagram.local or place.addresses.get(interface, ("", 0))
        if interface is Interface.GI:
            local, peer = packet_ends(data)
            there = self._attachments.on_gi(peer[0])
        else:
            there = self._attachments.at(interface, peer)
            if there is None and interface in TO_MOBILES:
                there = self._attachments.on_gi(peer[0])
        name = "" if there is None else there.name
        return Passed(self.now(), interface, local, peer, data, place.node.name, name)

    def _send_together(self, place: Place, datagrams: list[Datagram]) -> list[Datagram]:
        """Send those that are alike, as far as the system takes them; return all others."""
        together, others = told_apart(datagrams)
        for interface, peer, group in together:
            socket = place.sockets.get(interface)
            octets = [datagram.data for datagram in group]
            if not isinstance(socket, UdpSocket) or not socket.send_together(octets, peer):
                others[:0] = group
        return others

    def _send(self, place: Place, datagram: Datagram) -> None:
        interface, peer, data = datagram.interface, datagram.peer, datagram.data
        own = place.addresses.get(interface)
        if own is None:
            self._misplaced(place, datagram, "it is not attached to")
            return
        local = datagram.local or own
        if interface in IN_PROCESS:
            self._send_on_link(place, interface, local, peer, data)
        elif interface is Interface.GI:
            self._send_on_gi(place, peer[0], data)
        elif interface is Interface.TERMINAL:
            if self._terminals is not None:
                self._terminals.send(peer[0], data)
        elif local != own:
            self._misplaced(place, datagram, f"it is at {own[0]}:{own[1]} and nowhere else on")
        else:
            self._send_over_udp(place, interface, local, peer, data)

    def _send_on_link(
        self, place: Place, interface: Interface, local: Address, peer: Address, data: bytes
    ) -> None:
        receiver = self._attachments.at(interface, peer)
        name = "" if receiver is None else receiver.name
        self._pass(interface, local, peer, data, place.node.name, name)
        if receiver is None:
            self.counters[f"{interface}-unroutable"] += 1
            return
        there = self._places[name]
        delay = 0.0 if self._cells is None else self._cells.delay(interface, local, peer)
        if delay is None:
            self.counters[f"{interface}-lost"] += 1
        elif delay > 0:
            self.call_later(
                delay, partial(self._carry_on_link, there, interface, data, local, peer)
            )
        else:
            self._carry_on_link(there, interface, data, local, peer)

    def _carry_on_link(
        self, there: Place, interface: Interface, data: bytes, local: Address, peer: Address
    ) -> None:
        if not self._is_delayed(there, interface, data, local, peer):
            self._queue.append(partial(self._receive, there, interface, data, local, peer))

    def _send_all_on_gi(self, place: Place, apn: str, packets: list[bytes]) -> None:
        if not self._ways_out.send((place.node.name, apn), packets):
            self.counters["gi-unroutable"] += len(packets)

    def _send_on_gi(self, place: Place, apn: str, packet: bytes) -> None:
        source, destination = packet_ends(packet)
        host = self._attachments.outside(destination)
        receiver = self._attachments.on_gi(destination[0]) if host is None else host[1]
        name = "" if receiver is None else receiver.name
        self._pass(Interface.GI, source, destination, packet, place.node.name, name)
        self._send_all_on_gi(place, apn, [packet])

    def _send_over_udp(
        self, place: Place, interface: Interface, local: Address, peer: Address, data: bytes
    ) -> None:
        if self._pass.watched:
            receiver = self._attachments.exactly_at(interface, peer)
            if receiver is None and interface in TO_MOBILES:
                receiver = self._attachments.on_gi(peer[0])
            name = "" if receiver is None else receiver.name
            self._pass(interface, local, peer, data, place.node.name, name)
        try:
            place.sockets[interface].send(data, peer)
        except CannotSendError as refused:
            self.counters[f"{interface}-not-sent"] += 1
            self._log.warn(
                "{node} cannot send {octets} octets to {host}:{port} on {interface}: {why}",
                node=place.node.name,
                octets=len(data),
                host=peer[0],
                port=peer[1],
                interface=interface,
                why=str(refused),
            )
            node = place.node
            if interface in TO_MOBILES and isinstance(node, HearsUnreachable):
                self._queue.append(
                    partial(self._came_back, node, place, interface, peer, host=False)
                )

    # The queue

    def _work(self) -> None:
        """Deliver what is queued, unless a call further out does so already."""
        if self._working:
            return
        self._working = True
        try:
            for _ in range(WORK_PER_TURN):
                if not self._queue:
                    return
                self._queue.popleft()()
        finally:
            self._working = False
        if self._next_turn is None:
            self._next_turn = self._reactor.callLater(0, self._take_turn)

    def _take_turn(self) -> None:
        self._next_turn = None
        self._work()

    def _tell(self, now: float, name: str, events: list[Event]) -> None:
        for event in events:
            for listener in self._listeners:
                try:
                    listener(now, name, event)
                except Exception:
                    self._log.failure(
                        "A listener raised for {event} of {node}", event=event, node=name
                    )

    # Faults

    def _fault(self, place: Place, occasion: str) -> None:
        self.counters["faults"] += 1
        self._log.failure(
            "{node} raised, which is a bug in it ({occasion})",
            node=place.node.name,
            occasion=occasion,
        )

    def _misplaced(self, place: Place, datagram: Datagram, why: str) -> None:
        self.counters["faults"] += 1
        self._log.error(
            "{node} wants to send from {local}, but {why} {interface}: {octets}",
            node=place.node.name,
            local=datagram.local,
            why=why,
            interface=datagram.interface,
            octets=datagram.data.hex(),
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
        self._stop_next(list(self._places.values()), patience, self.now() + patience)
        return waiter

    def _stop_next(self, remaining: list[Place], patience: float, deadline: float) -> None:
        # One node a turn, so that those still in service hear the farewell.
        if remaining:
            place = remaining.pop()
            self._touch(place, place.node.stop)
            self._reactor.callLater(0, self._stop_next, remaining, patience, deadline)
            return
        nodes = [place.node for place in self._places.values()]
        if any(isinstance(node, StopsInTurns) and node.is_stopping for node in nodes):
            deadline = self.now() + patience
        if self.now() < deadline and any(p.due is not None for p in self._places.values()):
            self._reactor.callLater(FAREWELL_POLL, self._stop_next, remaining, patience, deadline)
        else:
            self._close()

    def _close(self) -> None:
        self._closed = True
        self.interference = None
        self._queue.clear()
        for later in self._later:
            later.cancel()
        self._later.clear()
        if self._next_turn is not None:
            self._next_turn.cancel()
            self._next_turn = None
        closing: list[Deferred[Any]] = [*self._streams.close()]
        for place in self._places.values():
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
