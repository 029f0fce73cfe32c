"""Nodes in virtual time: a seeded discrete-event network.

Theory of operation. Everything that is to happen is in one heap, ordered by its time and, at
the same time, by when it was planned: datagrams that arrive, nodes' timeouts, later calls.
Running takes the next one, sets the clock to its time, and does it; no time passes while
something is done. All chance comes from one generator with the given seed, so that one seed
gives one course of events, to the octet; ``trace`` is a digest to compare them by.

UDP interfaces and the radio lose, duplicate and reorder as their ``LinkQuality`` says. Gr, and
what runs over connections (``testbed.simulation.streams``), is reliable and in order. A datagram
for a mobile's address that no GGSN has comes back as ICMP.
"""

from __future__ import annotations

import hashlib
import heapq
from collections import Counter, deque
from collections.abc import Callable, Collection, Iterable, Mapping
from functools import partial
from ipaddress import IPv4Network, IPv6Network
from random import Random
from typing import TypeVar

from corenet.interfaces.attachments import (
    LIKE_TCP,
    OVER_UDP,
    TO_MOBILES,
    Attachments,
)
from corenet.interfaces.cells import CellQuality
from corenet.interfaces.interference import Fate, Interference
from corenet.interfaces.lines import Lines
from corenet.interfaces.node import (
    Address,
    Datagram,
    Event,
    HearsUnreachable,
    Interface,
    Node,
)
from corenet.interfaces.runtime import EventListener, Passed, Phase, Tap, Timer
from testbed.simulation.addressing import addressed
from testbed.simulation.links import Links
from testbed.simulation.places import Arrival, Later, Place, Server
from testbed.simulation.quality import LinkQuality
from testbed.simulation.streams import VirtualStreams

T = TypeVar("T")

_FIRST_FREE_PORT = 49_152
_TIMEOUTS_AT_ONE_INSTANT = 10_000


class TooMuchHappenedError(RuntimeError):
    """A run went beyond its event limit, or a node wants to be called at once for ever."""


class VirtualNetwork:
    """Runs nodes in virtual time (satisfies ``corenet.interfaces.runtime.Runtime``)."""

    def __init__(
        self,
        seed: int,
        *,
        quality: Mapping[Interface, LinkQuality] | None = None,
        cells: Mapping[int, CellQuality] | None = None,
        start: float = 1_700_000_000.0,
        event_limit: int = 5_000_000,
    ) -> None:
        """Make a network without nodes whose clock stands at ``start``.

        An interface that ``quality`` does not name is perfect but for 10 ms of latency, and so is
        a cell of the radio that ``cells`` does not name.
        ``event_limit`` bounds each ``run_until``. Raise ``ValueError`` where what runs over TCP
        is not reliable.
        """
        self.seed = seed
        self._random = Random(seed)
        self._links = Links(quality or {}, cells or {}, self._random)
        self._now = start
        self._event_limit = event_limit
        self._attachments = Attachments()
        self._lines = Lines(self)
        self._streams = VirtualStreams(self._attachments, self, self._lines)
        self._places: dict[str, Place] = {}
        self._listeners: list[EventListener] = []
        self._taps: list[Tap] = []
        self._heap: list[tuple[float, int, Callable[[], None]]] = []
        self._planned = 0
        self._told: deque[tuple[str, Event]] = deque()
        self._telling = False
        self._cut: set[frozenset[str]] = set()
        self._digest = hashlib.sha256()
        self.interference: Interference | None = None
        """Is shown what nodes send before it goes; may be changed at any time."""
        self.in_flight = 0
        """Datagrams under way."""
        self.counters: Counter[str] = Counter()
        """Datagrams "sent", "lost", "duplicated" and "unroutable", and "timeouts" of nodes."""

    # Time

    def now(self) -> float:
        """Return virtual seconds since 1970-01-01 UTC."""
        return self._now

    def call_later(self, delay: float, action: Callable[[], None]) -> Timer:
        """Call ``action`` after ``delay`` seconds."""
        later = Later(action)
        self.plan(self._now + max(0.0, delay), later)
        return later

    def run_until(self, goal: float | Callable[[], bool], *, within: float | None = None) -> bool:
        """Let time pass until it is ``goal``, or until ``goal()`` is true.

        Return whether that came: a condition may stay false until ``within`` seconds are over
        (then it is that late) or, without ``within``, until nothing is left to happen. Raise
        ``TooMuchHappenedError`` beyond the event limit.
        """
        if not callable(goal):
            self._run(lambda: False, goal)
            return True
        return self._run(goal, None if within is None else self._now + within)

    def _run(self, reached: Callable[[], bool], end: float | None) -> bool:
        for _ in range(self._event_limit):
            if reached():
                return True
            if not self._heap or (end is not None and self._heap[0][0] > end):
                if end is not None:
                    self._now = max(self._now, end)
                return False
            due, _order, action = heapq.heappop(self._heap)
            self._now = max(self._now, due)
            action()
            self._tell()
        raise TooMuchHappenedError(
            f"{self._event_limit} events and no end at {self._now} with seed {self.seed}"
        )

    def plan(self, due: float, action: Callable[[], None]) -> None:
        """Do something at a time."""
        self._planned += 1
        heapq.heappush(self._heap, (due, self._planned, action))

    # Nodes

    def attach(self, node: Node, attachments: Mapping[Interface, Address]) -> None:
        """Give ``node`` its place on each interface and start it.

        Port 0 takes any free port where the node listens on it. Raise ``AlreadyAttachedError``
        where a place is taken.
        """
        place = Place(node)
        for interface, (host, port) in attachments.items():
            listens = place.streams is not None and interface in place.streams.listens
            free = port == 0 and (interface in OVER_UDP or listens)
            place.addresses[interface] = self._free(interface, host) if free else (host, port)
        self._attachments.add(node, place.addresses)
        self._places[node.name] = place
        node.start(self._now)
        self._collect(place)
        self._tell()

    def _free(self, interface: Interface, host: str) -> Address:
        port = _FIRST_FREE_PORT
        while self._attachments.exactly_at(interface, (host, port)) is not None:
            port += 1
        return (host, port)

    def detach(self, node: Node) -> None:
        """Let ``node`` crash: gone without a farewell, and with it what is under way to it.

        Attach another one of the same name to restart it.
        """
        place = self._places.pop(node.name)
        place.gone = True
        self._attachments.remove(node)
        self._streams.crash(node)

    def stop(self, node: Node) -> None:
        """Stop ``node`` in good order; it stays attached to hear the answers to its farewells."""
        place = self._places[node.name]
        node.stop(self._now)
        self._collect(place)
        self._tell()

    def route_gi(self, networks: Iterable[IPv4Network | IPv6Network], node: Node) -> None:
        """Let ``node`` take the packets that arrive on Gi for addresses in ``networks``."""
        self._attachments.route(networks, node)

    def address_of(self, node: Node, interface: Interface) -> Address | None:
        """Return where ``node`` is on ``interface``, or None."""
        return self._attachments.address_of(node, interface)

    def command(self, node: Node, action: Callable[[float], T]) -> T:
        """Call ``action(now)``, then carry out what ``node`` wants; return its result.

        Raise ``LookupError`` for a node that is not attached.
        """
        place = self._places.get(node.name)
        if place is None or place.node is not node:
            raise LookupError(f"{node.name} is not attached to this network")
        try:
            return action(self._now)
        finally:
            self._collect(place)
            self._tell()

    def timeouts(self) -> dict[str, float]:
        """Return what each node that waits for something wants to be called at, by its name."""
        due = {name: place.node.next_timeout() for name, place in self._places.items()}
        return {name: when for name, when in due.items() if when is not None}

    # What is seen

    def on_event(self, listener: EventListener) -> None:
        """Call ``listener`` for every event of every node."""
        self._listeners.append(listener)

    def on_passed(self, tap: Tap) -> Callable[[], None]:
        """Call ``tap`` for every datagram as its sender sends it, whether it arrives or not.

        The function returned ends it.
        """
        self._taps.append(tap)
        return partial(self._taps.remove, tap)

    @property
    def trace(self) -> str:
        """A digest of everything that was sent and every event: the same for the same seed."""
        return self._digest.hexdigest()

    # What becomes of the network

    def set_quality(self, interface: Interface, quality: LinkQuality) -> None:
        """Change an interface for what is sent from now on; what runs over TCP stays reliable."""
        self._links.set_quality(interface, quality)

    def set_capacity(self, node: str, rate: float, interfaces: Collection[Interface]) -> None:
        """Let a node that is attached take ``rate`` messages a second from ``interfaces``.

        What comes faster waits for its turn; nothing is thrown away.
        """
        self._places[node].server = Server(1 / rate, frozenset(interfaces))

    def cut(self, one: str, other: str) -> None:
        """Let nothing through between two nodes, by name, until ``mend``; Gr breaks too.

        Connections between them are over.
        """
        self._cut.add(frozenset((one, other)))
        self._streams.cut(one, other)

    def mend(self, one: str, other: str) -> None:
        """Undo ``cut``."""
        self._cut.discard(frozenset((one, other)))

    def reset(self, interface: Interface) -> int:
        """Break every connection on an interface; return how many there were."""
        return self._streams.reset(interface)

    def is_cut(self, one: str, other: str) -> bool:
        """Return whether nothing passes between two nodes, by name."""
        return frozenset((one, other)) in self._cut

    def latency(self, interface: Interface) -> float:
        """Return how long octets of a connection take now."""
        return self._links.latency(interface)

    # What reaches a node

    def tell_node(self, node: Node, verb: Callable[[float], None]) -> None:
        """Call a verb of a node, unless it is gone, and carry out what it wants."""
        place = self._places.get(node.name)
        if place is None or place.node is not node:
            return
        try:
            verb(self._now)
        except Exception as error:
            error.add_note(f"a connection of {node.name} at {self._now}, seed {self.seed}")
            raise
        self._collect(place)

    def _arrive(self, place: Place, arrival: Arrival) -> None:
        server = place.server
        if server is None or arrival.interface not in server.interfaces:
            self._deliver(place, arrival)
        else:
            self.plan(server.done_at(self._now), partial(self._deliver, place, arrival))

    def _deliver(self, place: Place, arrival: Arrival) -> None:
        self.in_flight -= 1
        if place.gone:
            self.counters["lost"] += 1
            return
        try:
            place.node.receive(
                arrival.interface,
                arrival.data,
                peer=arrival.peer,
                local=arrival.local,
                now=self._now,
            )
        except Exception as error:
            error.add_note(
                f"{place.node.name} got {arrival.interface} from {arrival.peer} at {self._now}, "
                f"seed {self.seed}: {arrival.data.hex()}"
            )
            raise
        self._collect(place)

    def _wake(self, place: Place, armed: float) -> None:
        if place.gone or place.armed != armed:
            return
        place.armed = None
        due = place.node.next_timeout()
        if due is not None and due <= self._now:
            self._count_timeout(place)
            try:
                place.node.handle_timeout(self._now)
            except Exception as error:
                error.add_note(f"timeout of {place.node.name} at {self._now}, seed {self.seed}")
                raise
        self._collect(place)

    def _count_timeout(self, place: Place) -> None:
        self.counters["timeouts"] += 1
        if place.busy_since != self._now:
            place.busy_since, place.busy = self._now, 0
        place.busy += 1
        if place.busy > _TIMEOUTS_AT_ONE_INSTANT:
            raise TooMuchHappenedError(
                f"{place.node.name} wants to be called at {self._now} again and again, "
                f"seed {self.seed}"
            )

    # What comes out of a node

    def _collect(self, place: Place) -> None:
        node = place.node
        for event in node.take_events():
            self._digest.update(f"{self._now!r} {node.name} {event!r}\n".encode())
            self._told.append((node.name, event))
        for datagram in node.take_datagrams():
            self._send(place, datagram)
        if place.streams is not None:
            for command in place.streams.take_stream_commands():
                self._streams.carry_out(place.streams, place.addresses, command)
        due = node.next_timeout()
        # An entry that is planned too early is cheap: it finds nothing due and plans anew.
        if due is not None and (place.armed is None or due < place.armed):
            place.armed = due
            self.plan(max(due, self._now), partial(self._wake, place, due))

    def _tell(self) -> None:
        """Tell the listeners, unless a call further out does so already."""
        if self._telling:
            return
        self._telling = True
        try:
            while self._told:
                name, event = self._told.popleft()
                for listener in self._listeners:
                    listener(self._now, name, event)
        finally:
            self._telling = False

    def _send(self, place: Place, datagram: Datagram) -> None:
        own = place.addresses.get(datagram.interface)
        if own is None:
            raise ValueError(f"{place.node.name} is not attached to {datagram.interface}")
        source, destination, arrival = addressed(self._attachments, datagram, datagram.local or own)
        name = "" if arrival is None else arrival.receiver.name
        ends = (datagram.interface, source, destination)
        if datagram.interface in LIKE_TCP and (self.interference is not None or self._lines):
            self._lines.carry(
                (place.node.name, *ends),
                lambda: Passed(self._now, *ends, datagram.data, place.node.name, name),
                partial(self._go_later, place, datagram),
                lambda: None,
            )
            return
        if self.interference is not None:
            shown = Passed(self._now, *ends, datagram.data, place.node.name, name)
            fate = self.interference(shown)
            if fate is not None:
                self._interfere(fate, place, shown, arrival)
                return
        self._go(place, *ends, datagram.data, arrival)

    def _go_later(self, place: Place, datagram: Datagram) -> None:
        """Send what was in line, to who is there now, unless its sender has crashed."""
        if not place.gone:
            local = datagram.local or place.addresses[datagram.interface]
            source, destination, arrival = addressed(self._attachments, datagram, local)
            self._go(place, datagram.interface, source, destination, datagram.data, arrival)

    def _interfere(self, fate: Fate, place: Place, shown: Passed, arrival: Arrival | None) -> None:
        """Do to a datagram what was said."""
        ends = (shown.interface, shown.source, shown.destination)
        if not fate.sendings:
            self.show(*ends, shown.data, shown.sender, shown.receiver)
            self.counters["lost"] += 1
        for delay in fate.sendings:
            self.call_later(delay, partial(self._go, place, *ends, shown.data, arrival))
        for answer in fate.answers:
            there, here = shown.destination, shown.source
            self.show(shown.interface, there, here, answer, shown.receiver, shown.sender)
            back = Arrival(place.node, shown.interface, answer, there, here)
            self._carry(shown.interface, there, here, back)

    def _go(
        self,
        place: Place,
        interface: Interface,
        source: Address,
        destination: Address,
        data: bytes,
        arrival: Arrival | None,
    ) -> None:
        name = "" if arrival is None else arrival.receiver.name
        self.show(interface, source, destination, data, place.node.name, name)
        self.counters["sent"] += 1
        if arrival is None:
            self.counters["unroutable"] += 1
            if interface in TO_MOBILES and isinstance(place.node, HearsUnreachable):
                self._send_back(place, place.node, interface, destination)
        elif self.is_cut(place.node.name, name):
            self.counters["lost"] += 1
        else:
            self._carry(interface, source, destination, arrival)

    def _send_back(
        self, place: Place, node: HearsUnreachable, interface: Interface, peer: Address
    ) -> None:
        """Let ICMP say that there is no way to a host, if it gets through."""

        def tell() -> None:
            if not place.gone:
                node.unreachable(interface, peer, host=True, now=self._now)
                self._collect(place)

        for delay in self._links.delays(interface):
            self.plan(self._now + delay, tell)

    def _carry(
        self, interface: Interface, source: Address, destination: Address, arrival: Arrival
    ) -> None:
        place = self._places[arrival.receiver.name]
        arrivals = self._links.arrivals((interface, source, destination), self._now)
        if not arrivals:
            self.counters["lost"] += 1
            return
        self.counters["duplicated"] += len(arrivals) - 1
        for due in arrivals:
            self.in_flight += 1
            self.plan(due, partial(self._arrive, place, arrival))

    def show(
        self,
        interface: Interface,
        source: Address,
        destination: Address,
        data: bytes,
        sender: str,
        receiver: str,
        phase: Phase | None = None,
    ) -> None:
        """Let taps see what passes, and the trace know of it."""
        told = f"{self._now!r} {interface} {source} {destination} {phase or ''}"
        self._digest.update(told.encode() + data)
        if self._taps:
            passed = Passed(
                self._now, interface, source, destination, data, sender, receiver, phase
            )
            for tap in self._taps:
                tap(passed)
