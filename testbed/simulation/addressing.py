"""What a datagram is to its receiver: from where to where it goes, and what Gi makes of it.

WDP and WSP are bridged with Gi: a datagram of theirs for a mobile's address becomes an IP packet
at its GGSN, and the other way round.
"""

from __future__ import annotations

from corenet.gi.ends import packet_ends
from corenet.gi.ip import IpError, parse_udp, udp_packet
from corenet.interfaces.attachments import TO_MOBILES, Attachments
from corenet.interfaces.node import Address, Datagram, Interface
from testbed.simulation.places import Arrival

_GI: Address = ("", 0)


def addressed(
    attachments: Attachments, datagram: Datagram, local: Address
) -> tuple[Address, Address, Arrival | None]:
    """Return source and destination, and what the datagram is to its receiver, if any."""
    interface, peer, data = datagram.interface, datagram.peer, datagram.data
    if interface is Interface.GI:
        source, destination = packet_ends(data)
        return source, destination, _out_of_gi(attachments, data, destination)
    receiver = attachments.at(interface, peer)
    if receiver is not None:
        return local, peer, Arrival(receiver, interface, data, local, peer)
    ggsn = attachments.on_gi(peer[0]) if interface in TO_MOBILES else None
    if ggsn is not None:
        packet = udp_packet(local, peer, data)
        return local, peer, Arrival(ggsn, Interface.GI, packet, _GI, _GI)
    return local, peer, None


def _out_of_gi(attachments: Attachments, packet: bytes, destination: Address) -> Arrival | None:
    outside = attachments.outside(destination)
    if outside is not None:
        interface, host = outside
        try:
            datagram = parse_udp(packet)
        except IpError:
            return None
        return Arrival(host, interface, datagram.payload, datagram.source, datagram.destination)
    ggsn = attachments.on_gi(destination[0])
    return None if ggsn is None else Arrival(ggsn, Interface.GI, packet, _GI, _GI)
