"""Gi on the loopback network, with real sockets and no reactor."""

import socket
from ipaddress import IPv4Network

import pytest

from corenet.adapters.gi_loopback import LoopbackGi, NotLoopbackError
from corenet.adapters.udp import CannotBindError
from corenet.gi.ip import ipv4_packet, parse_udp, udp_packet

POOL = IPv4Network("127.77.0.0/16")
MOBILE = "127.77.3.4"


class Readers:
    """The part of a reactor that a Gi device needs."""

    def __init__(self):
        self.watched = []

    def addReader(self, reader):
        self.watched.append(reader)

    def removeReader(self, reader):
        if reader in self.watched:
            self.watched.remove(reader)

    def read(self):
        for reader in self.watched:
            assert reader.fileno() >= 0
            assert reader.logPrefix()
            reader.doRead()


@pytest.fixture
def free_port():
    """A UDP port that nobody has."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("0.0.0.0", 0))
        return probe.getsockname()[1]


@pytest.fixture
def host():
    """A program on this host."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as program:
        program.bind(("127.0.0.66", 0))
        program.settimeout(2)
        yield program


@pytest.fixture
def gi(free_port):
    readers = Readers()
    device = LoopbackGi(readers, [POOL], ports=[free_port])
    device.port = free_port
    device.readers = readers
    device.packets = []
    device.start(device.packets.append)
    yield device
    device.stop()
    assert readers.watched == []


def test_datagram_to_a_mobile_becomes_its_packet(gi, host):
    """What a program sends to a mobile's address arrives as a packet with both addresses."""
    host.sendto(b"push", (MOBILE, gi.port))
    gi.readers.read()
    (packet,) = gi.packets
    datagram = parse_udp(packet)
    assert datagram.source == host.getsockname()
    assert datagram.destination == (MOBILE, gi.port)
    assert datagram.payload == b"push"
    assert gi.counters == {"received": 1}


def test_mobiles_datagram_comes_from_the_mobile(gi, host):
    """What a mobile sends reaches the program with the mobile's address and port as source."""
    gi.send(udp_packet((MOBILE, gi.port), host.getsockname(), b"answer"))
    assert host.recvfrom(100) == (b"answer", (MOBILE, gi.port))
    assert gi.counters == {"sent": 1}


def test_flood_is_read_in_batches(gi, host):
    """One call of the reactor reads a bounded number of datagrams and leaves the rest."""
    for number in range(100):
        host.sendto(bytes([number]), (MOBILE, gi.port))
    gi.readers.read()
    assert 0 < len(gi.packets) < 100
    gi.readers.read()
    assert [parse_udp(p).payload[0] for p in gi.packets] == list(range(100))


def test_datagram_to_no_mobile_is_dropped(gi, host):
    """An address outside the networks is none of this core's, though the socket hears it."""
    host.sendto(b"push", ("127.78.0.1", gi.port))
    gi.readers.read()
    assert gi.packets == []
    assert gi.counters == {"dropped: destination is no mobile": 1}


@pytest.mark.parametrize(
    ("packet", "reason"),
    [
        (ipv4_packet(MOBILE, "127.0.0.1", 1, b"\x08\x00\xf7\xff\x00\x00\x00\x00"), "not UDP"),
        (b"\x60" + bytes(39), "not UDP"),
        (udp_packet(("127.0.0.1", 1), ("127.0.0.1", 2), b""), "source is no mobile"),
        (udp_packet((MOBILE, 1), ("192.0.2.1", 2), b""), "destination outside this host"),
        (udp_packet((MOBILE, 1), ("127.0.0.1", 2), b""), "source port not forwarded"),
    ],
)
def test_gi_is_no_relay(gi, packet, reason):
    """Only a mobile's UDP from a forwarded port to this host's loopback goes out."""
    gi.send(packet)
    assert gi.counters == {f"dropped: {reason}": 1}


def test_ipv6_datagram_is_from_no_mobile(gi):
    """A UDP datagram over IPv6 is dropped without ado."""
    ends = bytes(15) + b"\x01" + bytes(15) + b"\x01"
    udp = bytes((0, 1, 0, 2, 0, 8, 0xFF, 0xD3))
    gi.send(b"\x60\x00\x00\x00\x00\x08\x11\x40" + ends + udp)
    assert sum(gi.counters.values()) == 1


def test_what_the_system_does_not_take_is_dropped(gi):
    """A destination that the system refuses (port 0) is a lost datagram."""
    gi.send(udp_packet((MOBILE, gi.port), ("127.0.0.1", 0), b"x"))
    assert gi.counters == {"dropped: not taken by the system": 1}


def test_nobody_listening_harms_nothing(gi, host):
    """A datagram to a port without a listener is lost, and the device still receives."""
    gi.send(udp_packet((MOBILE, gi.port), ("127.0.0.66", 9), b"x"))
    host.sendto(b"push", (MOBILE, gi.port))
    gi.readers.read()
    assert len(gi.packets) == 1


@pytest.mark.parametrize("network", ["10.45.0.0/16", "0.0.0.0/0", "127.0.0.0/16", "127.0.0.0/8"])
def test_networks_that_are_not_the_mobiles_alone_are_refused(network):
    """A network outside loopback, or with the host's own 127.0.0.1 in it, is refused."""
    with pytest.raises(NotLoopbackError, match="such as 127"):
        LoopbackGi(Readers(), [IPv4Network(network)])


def test_second_core_cannot_take_the_port(gi):
    """A second core on the same port fails with a reason, and the first keeps its datagrams."""
    second = LoopbackGi(Readers(), [IPv4Network("127.88.0.0/16")], ports=[gi.port], name="Gi of b")
    with pytest.raises(CannotBindError) as caught:
        second.start(lambda packet: None)
    assert str(caught.value) == (
        f"Gi of b cannot listen on UDP 0.0.0.0:{gi.port}: another program, or another lab on "
        "this machine, has this port. End it, or forward other ports of mobiles."
    )


def test_server_on_one_loopback_address_keeps_its_port(gi):
    """A server bound to one address with SO_REUSEADDR cannot be shadowed, nor shadow us."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with pytest.raises(OSError, match="in use"):
            server.bind(("127.0.0.2", gi.port))


def test_lost_socket_is_closed(gi):
    """When the reactor gives a socket up, it is closed and reading it is harmless."""
    reader = gi.readers.watched.pop()
    reader.connectionLost(None)
    reader.doRead()
    gi.send(udp_packet((MOBILE, gi.port), ("127.0.0.1", 99), b"x"))
    assert gi.counters == {"dropped: not taken by the system": 1}
