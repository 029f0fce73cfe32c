"""Gi on the loopback network, with real sockets and no reactor."""

import socket
from ipaddress import IPv4Network

import pytest
from twisted.internet.task import Clock

from corenet.adapters.gi_loopback import LoopbackGi, NotLoopbackError
from corenet.adapters.udp import CannotBindError
from corenet.gi.ip import ipv4_packet, parse_udp, udp_packet

POOL = IPv4Network("127.77.0.0/16")
MOBILE = "127.77.3.4"


class Readers(Clock):
    """The part of a reactor that a Gi device needs."""

    def __init__(self):
        super().__init__()
        self.watched = []

    def addReader(self, reader):
        self.watched.append(reader)

    def removeReader(self, reader):
        if reader in self.watched:
            self.watched.remove(reader)

    def read(self):
        for reader in tuple(self.watched):
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
def own_port(free_port):
    """A port of a mobile's that is not forwarded, with free ones behind it."""
    while True:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.bind((MOBILE, 0))
            port = min(probe.getsockname()[1], 65_000)
        if free_port not in range(port, port + 4):
            return port


@pytest.fixture
def host():
    """A program on this host."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as program:
        program.bind(("127.0.0.66", 0))
        program.settimeout(60)
        yield program


@pytest.fixture
def gi(free_port):
    readers = Readers()
    device = LoopbackGi(readers, [POOL], ports=[free_port], idle_time=300.0, most_own_ports=2)
    device.port = free_port
    device.readers = readers
    device.packets = []
    device.start(device.packets.append)
    yield device
    device.stop()
    assert readers.watched == []
    assert readers.getDelayedCalls() == []


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
    ],
)
def test_gi_is_no_relay(gi, packet, reason):
    """Only a mobile's UDP to this host's loopback goes out."""
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


def say(gi, host, port, payload=b"x", mobile=MOBILE):
    """Have a mobile send from a port to the host's program."""
    gi.send(udp_packet((mobile, port), host.getsockname(), payload))


def test_mobiles_own_port_is_opened_on_first_use(gi, host, own_port):
    """A port that is not forwarded is the mobile's own; answers to it come back."""
    say(gi, host, own_port, b"connect")
    assert host.recvfrom(100) == (b"connect", (MOBILE, own_port))
    host.sendto(b"granted", (MOBILE, own_port))
    gi.readers.read()
    answer = parse_udp(gi.packets.pop())
    assert (answer.source, answer.destination) == (host.getsockname(), (MOBILE, own_port))
    assert answer.payload == b"granted"
    say(gi, host, own_port, b"ack")
    assert host.recvfrom(100)[0] == b"ack"
    assert gi.counters == {"own ports opened": 1, "sent": 2, "received": 1}
    assert gi.own_ports == 1


def test_two_mobiles_have_the_same_port(gi, host, own_port):
    """A port is one of its mobile's address alone."""
    for mobile in (MOBILE, "127.77.3.5"):
        say(gi, host, own_port, mobile=mobile)
        assert host.recvfrom(100) == (b"x", (mobile, own_port))
    host.sendto(b"y", ("127.77.3.5", own_port))
    gi.readers.read()
    assert parse_udp(gi.packets.pop()).destination == ("127.77.3.5", own_port)


def test_own_port_is_closed_when_it_is_idle(gi, host, own_port):
    """What passes in either direction keeps it open; each port has its own time."""
    say(gi, host, own_port)
    gi.readers.advance(200)
    say(gi, host, own_port + 1)
    host.sendto(b"y", (MOBILE, own_port))
    gi.readers.read()
    gi.readers.advance(299)
    assert gi.own_ports == 2
    gi.readers.advance(1)
    assert gi.own_ports == 0
    assert gi.counters["own ports closed: idle"] == 2
    assert len(gi.readers.watched) == 1
    say(gi, host, own_port)
    gi.readers.advance(150)
    say(gi, host, own_port + 1)
    gi.readers.advance(150)
    assert gi.own_ports == 1
    assert gi.counters["own ports opened"] == 4


def test_ports_unused_for_longest_give_way(gi, host, own_port):
    """There are no more sockets than the device may have."""
    say(gi, host, own_port)
    say(gi, host, own_port + 1)
    say(gi, host, own_port)
    say(gi, host, own_port + 2)
    assert gi.own_ports == 2
    assert gi.counters["own ports closed: too many"] == 1
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as program:
        program.bind((MOBILE, own_port + 1))


def test_own_port_that_another_program_has_is_not_to_be_had(gi, host, own_port):
    """The datagram is dropped and counted, and nothing stays open."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as program:
        program.bind((MOBILE, own_port))
        say(gi, host, own_port)
    assert gi.counters == {"dropped: source port not to be had": 1}
    assert gi.own_ports == 0


def test_what_the_system_does_not_take_from_an_own_port_is_dropped(gi, own_port):
    """A destination that the system refuses (port 0) is a lost datagram."""
    gi.send(udp_packet((MOBILE, own_port), ("127.0.0.1", 0), b"x"))
    assert gi.counters == {"own ports opened": 1, "dropped: not taken by the system": 1}


def test_flood_on_an_own_port_is_read_in_batches(gi, host, own_port):
    """One call of the reactor reads a bounded number of datagrams."""
    say(gi, host, own_port)
    for number in range(100):
        host.sendto(bytes([number]), (MOBILE, own_port))
    gi.readers.read()
    assert 0 < len(gi.packets) < 100


def test_lost_own_port_is_opened_anew(gi, host, own_port):
    """When the reactor gives its socket up, reading it is harmless, and the next use opens one."""
    say(gi, host, own_port)
    reader = gi.readers.watched.pop()
    reader.connectionLost(None)
    reader.doRead()
    say(gi, host, own_port)
    assert gi.counters == {"own ports opened": 2, "sent": 2}
    gi.readers.watched.pop().connectionLost(None)


def test_datagram_for_a_port_that_has_just_closed_is_dropped(gi, host, own_port):
    """Reading one datagram may close the port that the next one is read from."""
    say(gi, host, own_port)
    say(gi, host, own_port + 1)
    gi.packets = None
    crowding = [own_port + 2, own_port + 3]
    gi.stop()
    delivered = []

    def deliver(packet):
        delivered.append(packet)
        for port in crowding:
            say(gi, host, port)

    gi.start(deliver)
    say(gi, host, own_port)
    for payload in (b"1", b"2"):
        host.sendto(payload, (MOBILE, own_port))
    gi.readers.read()
    assert [parse_udp(packet).payload for packet in delivered] == [b"1"]


def test_end_closes_own_ports(gi, host, own_port):
    """Nothing stays bound."""
    say(gi, host, own_port)
    gi.stop()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as program:
        program.bind((MOBILE, own_port))
