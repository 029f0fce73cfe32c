"""Packets of mobiles: from and to Gi, TUN devices, and the devices of mobiles themselves.

Theory of operation. A packet from Gi goes to the GGSN whose mobile it is for, one from a GGSN to
the TUN devices of its APN or to what carries all others. User traffic between GTP-U and TUN devices
goes in batches (``corenet.interfaces.bulk``), unless a tap looks on, or it is to wait.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from corenet.adapters.draining_port import Batch
from corenet.adapters.places import Place
from corenet.adapters.rim import Receive, Rim
from corenet.adapters.tunnel_socket import TunnelSocket
from corenet.adapters.ways_out import WaysOut
from corenet.gi.ends import is_for_many, packet_ends
from corenet.interfaces.bulk import ForwardsInBulk
from corenet.interfaces.node import ANYWHERE, Address, Interface


class Packets:
    """Carries packets between nodes and devices."""

    def __init__(
        self,
        rim: Rim,
        ways_out: WaysOut,
        *,
        waits: bool,
        arrive: Receive,
        arrived: Callable[[Place, Interface, Batch], None],
        collect: Callable[[Place], None],
    ) -> None:
        """Hand packets to nodes by ``arrive``, and datagrams that go one by one by ``arrived``.

        ``waits`` says that on some interface datagrams have a latency; ``collect`` takes what a
        node wants besides.
        """
        self._rim = rim
        self._ways_out = ways_out
        self._waits = waits
        self._arrive = arrive
        self._arrived = arrived
        self._collect = collect

    def arrived(self, packet: bytes) -> None:
        """Take an IP packet from the Gi device."""
        source, destination = packet_ends(packet)
        node = self._rim.attachments.on_gi(destination[0])
        if node is None or self._rim.closed:
            self._rim.counters["gi-no-such-mobile"] += 1
            return
        self._arrived_for(self._rim.places[node.name], packet, source, destination)

    def _arrived_for(
        self, place: Place, packet: bytes, source: Address, destination: Address
    ) -> None:
        """Take an IP packet from Gi for a mobile of the GGSN at ``place``."""
        seen = (
            self._rim.attachments.outside(source) is not None
            or self._rim.attachments.on_gi(source[0]) is not None
            # What the kernel says of its own on a device is nothing from the network.
            or is_for_many(destination[0])
        )
        if not seen:
            self._rim.taps(Interface.GI, source, destination, packet, "", place.node.name)
        local = place.addresses.get(Interface.GI, ("", 0))
        self._arrive(place, Interface.GI, packet, ("", 0), local)
        self._rim.work()

    def arrived_from_terminal(self, place: Place, imsi: str, packets: list[bytes]) -> None:
        """Take packets from the device of a mobile."""
        if self._rim.closed:
            return
        for packet in packets:
            self._arrive(place, Interface.TERMINAL, packet, (imsi, 0), ANYWHERE)
        self._rim.work()

    def arrived_from_tun(self, name: str, packets: list[bytes]) -> None:
        """Take packets from a TUN device of the GGSN with this name."""
        place = self._rim.places.get(name)
        if place is None or self._rim.closed:
            self._rim.counters["gi-no-such-mobile"] += len(packets)
            return
        node, socket = place.node, place.sockets.get(Interface.GTP_U)
        if self._goes_singly or not (
            isinstance(node, ForwardsInBulk) and isinstance(socket, TunnelSocket)
        ):
            for packet in packets:
                self._arrived_for(place, packet, *packet_ends(packet))
            return
        try:
            for burst in node.forward_down(packets, self._rim.now()):
                socket.send_burst(burst)
        except Exception:
            self._rim.fault(place, f"{len(packets)} packets from Gi, the first {packets[0].hex()}")
        self._collect(place)
        self._rim.work()

    @property
    def _goes_singly(self) -> bool:
        """Whether user traffic may not go in batches: somebody looks on, or it is to wait."""
        return self._rim.taps.watched or self._waits or self._rim.interference is not None

    def arrived_in_bulk(
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
        if self._rim.closed:
            return
        try:
            for apn, packets in node.forward_up(datagrams, peers, self._rim.now()):
                self._send_all(place, apn, packets)
        except Exception:
            self._rim.fault(place, f"{len(datagrams)} G-PDUs, the first {datagrams[0].hex()}")
        self._collect(place)
        self._rim.work()

    def _send_all(self, place: Place, apn: str, packets: list[bytes]) -> None:
        if not self._ways_out.send((place.node.name, apn), packets):
            self._rim.counters["gi-unroutable"] += len(packets)

    def send(self, place: Place, apn: str, packet: bytes) -> None:
        """Send a packet of a mobile outside."""
        source, destination = packet_ends(packet)
        host = self._rim.attachments.outside(destination)
        receiver = self._rim.attachments.on_gi(destination[0]) if host is None else host[1]
        name = "" if receiver is None else receiver.name
        self._rim.taps(Interface.GI, source, destination, packet, place.node.name, name)
        self._send_all(place, apn, [packet])
