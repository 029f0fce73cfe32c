"""Gi on the loopback network with a socket for each address: several cores side by side."""

import socket
from ipaddress import IPv4Network

import pytest
from twisted.internet.task import Clock

from corenet.adapters.gi_loopback import MOST_ADDRESSES, LoopbackGi, TooManyAddressesError
from corenet.adapters.udp import CannotBindError
from corenet.gi.ip import parse_udp, udp_packet

ONE, OTHER = IPv4Network("127.79.1.0/29"), IPv4Network("127.79.2.0/29")


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
        for reader in self.watched:
            reader.doRead()


@pytest.fixture
def port():
    """A UDP port that nobody has."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("0.0.0.0", 0))
        return probe.getsockname()[1]


@pytest.fixture
def device(port):
    """Makes devices that are started, with the packets that have come."""
    made = []

    def start(*networks):
        readers, packets = Readers(), []
        gi = LoopbackGi(readers, networks, ports=[port], per_address=True)
        gi.start(packets.append)
        made.append(gi)
        return gi, readers, packets

    yield start
    for gi in made:
        gi.stop()


def test_two_cores_have_the_same_port(device, port):
    """Each hears what is for its own mobiles, and nothing else."""
    cores = [device(ONE), device(OTHER)]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as host:
        for _, readers, packets in cores:
            assert len(readers.watched) == 8
            assert packets == []
        host.sendto(b"one", ("127.79.1.3", port))
        host.sendto(b"other", ("127.79.2.3", port))
    for _, readers, _ in cores:
        readers.read()
    ends = [[parse_udp(packet).destination for packet in packets] for *_, packets in cores]
    assert ends == [[("127.79.1.3", port)], [("127.79.2.3", port)]]


def test_mobiles_send_from_their_address(device, port):
    """The forwarded port is the source, as with one socket for all."""
    gi, _, _ = device(ONE)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as host:
        host.bind(("127.0.0.66", 0))
        host.settimeout(60)
        gi.send(udp_packet(("127.79.1.5", port), host.getsockname(), b"answer"))
        assert host.recvfrom(100) == (b"answer", ("127.79.1.5", port))


def test_a_server_beside_the_mobiles_has_the_port_too(device, port):
    """A gateway that listens on the port at its own address is not in the way."""
    device(ONE)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.79.3.1", port))


def test_an_address_that_is_taken_is_named(device, port):
    """And no other socket stays bound."""
    device(IPv4Network("127.79.1.4/32"))
    readers = Readers()
    second = LoopbackGi(readers, [ONE], ports=[port], per_address=True)
    with pytest.raises(CannotBindError, match=rf"UDP 127\.79\.1\.4:{port}"):
        second.start(lambda packet: None)
    assert readers.watched == []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.79.1.0", port))


def test_an_address_in_two_networks_has_one_socket(device):
    """A static address can lie in the pool."""
    _, readers, _ = device(ONE, IPv4Network("127.79.1.2/32"))
    assert len(readers.watched) == 8


@pytest.mark.parametrize(
    "networks", [["127.79.0.0/16"], ["127.79.0.0/24", "127.79.1.0/32"]], ids=" and ".join
)
def test_too_many_addresses_are_refused(networks):
    """Before anything is bound."""
    with pytest.raises(TooManyAddressesError, match=str(MOST_ADDRESSES)):
        LoopbackGi(Readers(), map(IPv4Network, networks), per_address=True)
