"""Everything that passed, as one pcapng with named interfaces.

What has no IP packet around it gets one: GTP, RADIUS and WAP datagrams in UDP; LLC frames of
the radio as GSMTAP v2 type GB_LLC on UDP 4729, which Wireshark dissects down to the 24.008
message, and what pages mobiles as type UM, channel PCH; GSUP on Gr in IPA on a TCP connection;
SMPP, and GSUP to other processes, on their own connections. Nodes that have a name and no IP
address get one of 198.18.0.0/15 (RFC 2544), and the file says whose each address is.

Each record is flushed as it passes, so that the file can be read while it is written, and
streamed into ``wireshark -k -i -``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection
from ipaddress import IPv4Address
from socket import inet_aton
from typing import Final, Protocol

from corenet.capture import pcapng
from corenet.capture.tcp import TcpConversation
from corenet.gi.ip import IpError, udp_packet
from corenet.interfaces import gsmtap, paging
from corenet.interfaces.attachments import TO_MOBILES
from corenet.interfaces.node import Address, Interface
from corenet.interfaces.runtime import Passed, Phase

GSUP_PORT: Final = 4222

INTERFACES: Final = (
    ("Gn", "GTP between SGSN and GGSN (TS 29.060)"),
    ("Gc", "GTP between GGSN and HLR (TS 29.060 §7.4)"),
    ("Gr", "GSUP between SGSN and HLR, in IPA over TCP"),
    ("Gi", "IP between mobiles and the packet data network"),
    ("radio", "LLC frames between SGSN and mobiles, in GSMTAP (TS 44.064, TS 24.008)"),
    ("RADIUS", "RADIUS between GGSN and its servers (TS 29.061), and the gateway"),
    ("SMPP", "SMPP between SMSCs and external short message entities, over TCP"),
)
"""Name and description of each interface, in the order of their numbers in the file."""

_GN, _GC, _GR, _GI, _RADIO, _RADIUS, _SMPP = range(7)
_OVER_UDP: Final = {
    Interface.GTP_U: _GN,
    Interface.RADIUS: _RADIUS,
    Interface.RADIUS_ORDERS: _RADIUS,
    Interface.WDP: _GI,
    Interface.WSP: _GI,
}

_LLC_FROM_SGSN: Final = 0x40
"""C/R bit of a command from the SGSN (TS 44.064 §6.2.2); UI frames are always commands."""

_OVER_TCP: Final = {Interface.SMPP: _SMPP, Interface.GSUP: _GR}
_LARGEST_SEGMENT: Final = 16_384

_IPA_GSUP: Final = b"\xee\x05"
_FIRST_INVENTED: Final = int(IPv4Address("198.18.0.1"))
_FIRST_CLIENT_PORT: Final = 49_152


class Sink(Protocol):
    """Where a capture goes."""

    def write(self, blocks: bytes, /) -> object:
        """Take whole blocks; raise ``OSError`` where no more can be taken."""

    def flush(self) -> object:
        """Pass on what was written."""


class Capture:
    """A tap that writes each datagram to a pcapng stream as it passes."""

    def __init__(
        self,
        stream: Sink,
        *,
        gc_hosts: Collection[str] = (),
        gsup_nodes: Collection[str] = (),
        um_nodes: Collection[str] = (),
        on_end: Callable[[OSError], None] | None = None,
    ) -> None:
        """Write the header to ``stream``; GTP-C with an end in ``gc_hosts`` (HLRs) is Gc.

        What nodes in ``gsup_nodes`` take from Gr and put on it is recorded where it passes on
        their connections, and so is what those in ``um_nodes`` have of the radio: in their
        datagrams. ``on_end`` is called once, when the stream takes no more: the reader of
        a pipe went away, or the disk is full. The capture records nothing from then on.
        """
        self._stream = stream
        self._gc_hosts = frozenset(gc_hosts)
        self._gsup_nodes = frozenset(gsup_nodes)
        self._um_nodes = frozenset(um_nodes)
        self._on_end = on_end
        self._open = True
        self._hosts: dict[str, str] = {}
        self._invented = 0
        self._named: set[str] = set()
        self._connections: dict[frozenset[Address], tuple[Address, TcpConversation]] = {}
        self._streams: dict[frozenset[Address], tuple[Address, TcpConversation]] = {}
        self.counters: Counter[str] = Counter()
        """Packets by the name of their interface, and "unrecorded" ones."""
        header = [pcapng.section_header("corenet")]
        header.extend(pcapng.interface_description(name, text) for name, text in INTERFACES)
        self._write(b"".join(header))

    def __call__(self, passed: Passed) -> None:
        """Record one datagram; one that fits in no IP packet is counted and left out."""
        if not self._open:
            return
        try:
            self._write(self._blocks(passed))
        except IpError:
            self.counters["unrecorded"] += 1

    def close(self) -> None:
        """End the capture; the stream stays open for its owner to close."""
        self._open = False

    def _write(self, blocks: bytes) -> None:
        if not self._open:
            return
        try:
            self._stream.write(blocks)
            self._stream.flush()
        except OSError as error:
            self._open = False
            if self._on_end is not None:
                self._on_end(error)

    def _blocks(self, passed: Passed) -> bytes:
        if passed.interface is Interface.GI:
            return self._packet(_GI, passed.time, passed.data)
        if passed.interface is Interface.RADIO:
            if not self._um_nodes.isdisjoint((passed.sender, passed.receiver)):
                return b""
            return self._on_radio(passed)
        if passed.interface is Interface.UM:
            return self._on_um(passed)
        if passed.interface is Interface.GR and not self._gsup_nodes.isdisjoint(
            (passed.sender, passed.receiver)
        ):
            return b""
        if passed.interface is Interface.GSUP:
            # Its nodes stand for others, whose names the addresses have.
            ends = self._host(passed.source[0], ""), self._host(passed.destination[0], "")
            return self._on_stream(passed, *ends)
        if passed.interface is Interface.WDP6:
            packet = udp_packet(passed.source, passed.destination, passed.data)
            return self._packet(_GI, passed.time, packet)
        source = self._host(passed.source[0], passed.sender)
        # A WAP datagram is for a mobile; who receives it is the GGSN in front of it.
        receiver = "" if passed.interface in TO_MOBILES else passed.receiver
        destination = self._host(passed.destination[0], receiver)
        if passed.interface is Interface.GR:
            return self._on_gr(passed, source, destination)
        if passed.interface in _OVER_TCP:
            return self._on_stream(passed, source, destination)
        number = _OVER_UDP.get(passed.interface)
        if number is None:
            gc = not self._gc_hosts.isdisjoint((passed.source[0], passed.destination[0]))
            number = _GC if gc else _GN
        packet = udp_packet(
            (source, passed.source[1]), (destination, passed.destination[1]), passed.data
        )
        return self._packet(number, passed.time, packet)

    def _on_radio(self, passed: Passed) -> bytes:
        paged = paging.is_paging(passed.data)
        downlink = paged or not passed.data or passed.data[0] & _LLC_FROM_SGSN
        header = gsmtap.DOWNLINK if downlink else gsmtap.UPLINK
        tapped = (gsmtap.PAGING if paged else header) + passed.data
        source, destination = passed.source[0], passed.destination[0]
        ends = (self._host(source, source), self._host(destination, destination))
        packet = udp_packet((ends[0], gsmtap.GSMTAP_PORT), (ends[1], gsmtap.GSMTAP_PORT), tapped)
        comment = f"mobile {destination if downlink else source}"
        return self._packet(_RADIO, passed.time, packet, comment)

    def _on_um(self, passed: Passed) -> bytes:
        source, destination = passed.source, passed.destination
        ends = self._host(source[0], passed.sender), self._host(destination[0], passed.receiver)
        packet = udp_packet((ends[0], source[1]), (ends[1], destination[1]), passed.data)
        try:
            carried = gsmtap.decode(passed.data)
        except gsmtap.GsmtapError:
            carried = None
        comment = f"mobile {carried.imsi}" if isinstance(carried, gsmtap.RadioFrame) else ""
        return self._packet(_RADIO, passed.time, packet, comment)

    def _on_gr(self, passed: Passed, source: str, destination: str) -> bytes:
        key = frozenset((passed.source, passed.destination))
        packets: list[bytes] = []
        known = self._connections.get(key)
        if known is None:
            # Whoever speaks first has opened the connection, from a port of its own.
            port = _FIRST_CLIENT_PORT + len(self._connections)
            server_port = passed.destination[1] or GSUP_PORT
            conversation = TcpConversation((source, port), (destination, server_port))
            known = self._connections[key] = (passed.source, conversation)
            packets += conversation.opening()
        client, conversation = known
        framed = (len(passed.data) + 1).to_bytes(2, "big") + _IPA_GSUP + passed.data
        packets += conversation.message(framed, from_client=passed.source == client)
        return b"".join(self._packet(_GR, passed.time, packet) for packet in packets)

    def _on_stream(self, passed: Passed, source: str, destination: str) -> bytes:
        """Return what a part of a connection looks like; one that was missed is opened first."""
        key = frozenset((passed.source, passed.destination))
        packets: list[bytes] = []
        known = None if passed.phase is Phase.OPENED else self._streams.get(key)
        if known is None:
            ends = ((source, passed.source[1]), (destination, passed.destination[1]))
            known = self._streams[key] = (passed.source, TcpConversation(*ends))
            packets += known[1].opening()
        client, conversation = known
        from_client = passed.source == client
        for start in range(0, len(passed.data), _LARGEST_SEGMENT):
            segment = passed.data[start : start + _LARGEST_SEGMENT]
            packets += conversation.message(segment, from_client=from_client)
        if passed.phase is Phase.CLOSED:
            packets += conversation.closing(from_client=from_client)
            del self._streams[key]
        number = _OVER_TCP[passed.interface]
        return b"".join(self._packet(number, passed.time, packet) for packet in packets)

    def _packet(self, number: int, time: float, packet: bytes, comment: str = "") -> bytes:
        self.counters[INTERFACES[number][0]] += 1
        return pcapng.packet(number, time, packet, comment)

    def _host(self, host: str, name: str) -> str:
        """Return the IPv4 address that stands for ``host``; say once whose it is."""
        address = self._hosts.get(host)
        if address is None:
            address = self._hosts[host] = host if _is_ipv4(host) else self._invent()
        if name and address not in self._named:
            self._named.add(address)
            self._write(pcapng.name_resolution([(address, name)]))
        return address

    def _invent(self) -> str:
        self._invented += 1
        return str(IPv4Address(_FIRST_INVENTED + self._invented - 1))


def _is_ipv4(host: str) -> bool:
    try:
        inet_aton(host)
    except OSError:
        return False
    return host.count(".") == 3
