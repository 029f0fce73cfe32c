"""Datagrams that nodes want sent: over UDP, on links between nodes of this process, on Gi.

Theory of operation. Datagrams go at once: over the UDP socket bound to the node's own address,
or into the queue of the links. Those that are alike go together (``bursts``), unless somebody
looks on. Whoever interferes is asked first what becomes of each.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from corenet.adapters.bursts import told_apart
from corenet.adapters.packets import Packets
from corenet.adapters.places import Place
from corenet.adapters.rim import Receive, Rim
from corenet.adapters.terminals import Terminals
from corenet.adapters.udp import CannotSendError, UdpSocket
from corenet.gi.ends import packet_ends
from corenet.interfaces.attachments import IN_PROCESS, LIKE_TCP, TO_MOBILES
from corenet.interfaces.cells import Cells
from corenet.interfaces.node import Address, Datagram, HearsUnreachable, Interface
from corenet.interfaces.runtime import Passed

CameBack = Callable[[HearsUnreachable, Place, Interface, Address, bool], None]
"""Told of what did not arrive: by whom and where it was sent, and whether there is no such host."""


class Sending:
    """Takes datagrams where they are to go."""

    def __init__(
        self,
        rim: Rim,
        packets: Packets,
        *,
        cells: Cells | None,
        terminals: Terminals | None,
        arrive: Receive,
        came_back: CameBack,
    ) -> None:
        """Send to other hosts, and to nodes of this process by ``arrive``."""
        self._rim = rim
        self._packets = packets
        self._cells = cells
        self._terminals = terminals
        self._arrive = arrive
        self._came_back = came_back

    def send(self, place: Place, datagrams: list[Datagram]) -> None:
        """Send what a node wants sent."""
        interfered = self._rim.is_interfered
        if len(datagrams) > 1 and not self._rim.taps.watched and not interfered:
            datagrams = self._send_together(place, datagrams)
        for datagram in datagrams:
            if not interfered or not self._is_interfered(place, datagram):
                self._send(place, datagram)

    def _is_interfered(self, place: Place, datagram: Datagram) -> bool:
        """Show a datagram to whoever interferes, do what is said; return whether anything is."""
        if datagram.interface in LIKE_TCP:
            self._carry_in_line(place, datagram)
            return True
        fate = None
        if self._rim.interference is not None:
            shown = self._shown(place, datagram)
            fate = self._rim.interference(shown)
        if fate is None:
            return False
        interface, local, peer, data = shown.interface, shown.source, shown.destination, shown.data
        if not fate.sendings:
            self._rim.taps(interface, local, peer, data, shown.sender, shown.receiver)
        for delay in fate.sendings:
            self._rim.call_later(delay, partial(self._send_later, place, datagram))
        for answer in fate.answers:
            self._rim.taps(interface, peer, local, answer, shown.receiver, shown.sender)
            self._rim.soon(partial(self._arrive, place, interface, answer, peer, local))
        return True

    def _carry_in_line(self, place: Place, datagram: Datagram) -> None:
        """Carry a message of an interface that stands for a connection."""
        self._rim.lines.carry(
            (place.node.name, datagram.interface, datagram.peer),
            partial(self._shown, place, datagram),
            partial(self._send_later, place, datagram),
            lambda: None,
        )

    def _send_later(self, place: Place, datagram: Datagram) -> None:
        """Send what was held back, unless its node has crashed meanwhile."""
        if self._rim.places.get(place.node.name) is place:
            self._send(place, datagram)

    def _shown(self, place: Place, datagram: Datagram) -> Passed:
        """Return what whoever interferes sees of a datagram."""
        interface, peer, data = datagram.interface, datagram.peer, datagram.data
        local = datagram.local or place.addresses.get(interface, ("", 0))
        if interface is Interface.GI:
            local, peer = packet_ends(data)
            there = self._rim.attachments.on_gi(peer[0])
        else:
            there = self._rim.attachments.at(interface, peer)
            if there is None and interface in TO_MOBILES:
                there = self._rim.attachments.on_gi(peer[0])
        name = "" if there is None else there.name
        return Passed(self._rim.now(), interface, local, peer, data, place.node.name, name)

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
            self._packets.send(place, peer[0], data)
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
        receiver = self._rim.attachments.at(interface, peer)
        name = "" if receiver is None else receiver.name
        self._rim.taps(interface, local, peer, data, place.node.name, name)
        if receiver is None:
            self._rim.counters[f"{interface}-unroutable"] += 1
            return
        there = self._rim.places[name]
        delay = 0.0 if self._cells is None else self._cells.delay(interface, local, peer)
        arrive = partial(self._arrive, there, interface, data, local, peer)
        if delay is None:
            self._rim.counters[f"{interface}-lost"] += 1
        elif delay > 0:
            self._rim.call_later(delay, arrive)
        else:
            self._rim.soon(arrive)

    def _send_over_udp(
        self, place: Place, interface: Interface, local: Address, peer: Address, data: bytes
    ) -> None:
        if self._rim.taps.watched:
            receiver = self._rim.attachments.exactly_at(interface, peer)
            if receiver is None and interface in TO_MOBILES:
                receiver = self._rim.attachments.on_gi(peer[0])
            name = "" if receiver is None else receiver.name
            self._rim.taps(interface, local, peer, data, place.node.name, name)
        try:
            place.sockets[interface].send(data, peer)
        except CannotSendError as refused:
            self._rim.counters[f"{interface}-not-sent"] += 1
            self._rim.log.warn(
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
                self._rim.soon(partial(self._came_back, node, place, interface, peer, False))

    def _misplaced(self, place: Place, datagram: Datagram, why: str) -> None:
        self._rim.counters["faults"] += 1
        self._rim.log.error(
            "{node} wants to send from {local}, but {why} {interface}: {octets}",
            node=place.node.name,
            local=datagram.local,
            why=why,
            interface=datagram.interface,
            octets=datagram.data.hex(),
        )
