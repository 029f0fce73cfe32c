"""The socket of GTP-U that reads and writes in batches, on real loopback sockets."""

from __future__ import annotations

import socket
from collections import Counter
from collections.abc import Iterator, Sequence

import pytest
from twisted.python.failure import Failure

from corenet.adapters.tunnel_socket import BATCH, READS_PER_TURN, TunnelSocket
from corenet.adapters.udp import CannotBindError, CannotSendError
from corenet.interfaces.bulk import Burst
from corenet.interfaces.node import Address


class Readers:
    """A reactor that only remembers whom it is to read."""

    def __init__(self) -> None:
        self.readers: list[object] = []

    def addReader(self, reader: object) -> None:
        self.readers.append(reader)

    def removeReader(self, reader: object) -> None:
        self.readers.remove(reader)


class World:
    def __init__(self) -> None:
        self.reactor = Readers()
        self.counters: Counter[str] = Counter()
        self.batches: list[list[tuple[bytes, Address]]] = []
        self.tunnels = TunnelSocket(
            self.reactor, "ggsn", ("127.0.0.1", 0), self._arrived, self.counters
        )
        self.peer = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        self.peer.bind(("127.0.0.1", 0))
        self.peer.settimeout(60.0)
        self.address: Address = self.peer.getsockname()

    def _arrived(self, datagrams: Sequence[bytes], peers: Sequence[Address]) -> None:
        assert len(peers) == BATCH
        senders = peers[: len(datagrams)]
        self.batches.append(list(zip(datagrams, senders, strict=True)))

    def receive(self, count: int) -> list[bytes]:
        return [self.peer.recv(65536) for _ in range(count)]


@pytest.fixture
def world() -> Iterator[World]:
    world = World()
    yield world
    world.tunnels.close()
    world.peer.close()


def test_what_waits_is_read_in_one_batch(world: World) -> None:
    """Of any length, from empty to the longest, with who sent it."""
    datagrams = [b"", b"short", bytes(range(256)) * 200]
    for data in datagrams:
        world.peer.sendto(data, world.tunnels.address)
    world.tunnels.doRead()
    assert world.batches == [[(data, world.address) for data in datagrams]]


def test_a_flood_is_read_in_turns(world: World) -> None:
    """So that others are read too."""
    count = BATCH * READS_PER_TURN + 10
    for number in range(count):
        world.peer.sendto(number.to_bytes(2, "big"), world.tunnels.address)
    world.tunnels.doRead()
    assert [len(batch) for batch in world.batches] == [BATCH] * READS_PER_TURN
    world.tunnels.doRead()
    read = [int.from_bytes(data, "big") for batch in world.batches for data, _ in batch]
    assert read == list(range(count))


def test_with_nothing_to_read_nothing_happens(world: World) -> None:
    """A reactor may be wrong."""
    world.tunnels.doRead()
    assert world.batches == []


def test_a_burst_arrives_as_its_datagrams(world: World) -> None:
    """All of one length, the last one shorter."""
    datagrams = [bytes([number]) * 108 for number in range(10)] + [b"last"]
    pieces = [piece for data in datagrams for piece in (data[:8], data[8:]) if piece]
    world.tunnels.send_burst(Burst(world.address, 108, len(datagrams), pieces))
    assert world.receive(len(datagrams)) == datagrams
    assert world.counters == {}


def test_a_burst_of_one_is_a_datagram(world: World) -> None:
    """Nothing is to be cut."""
    world.tunnels.send_burst(Burst(world.address, 9, 1, [b"head", b"-tail"]))
    assert world.receive(1) == [b"head-tail"]


def test_a_burst_that_the_system_does_not_cut_is_cut_here(world: World) -> None:
    """More datagrams than the kernel makes of one."""
    datagrams = [bytes([number]) * 20 for number in range(200)]
    world.tunnels.send_burst(Burst(world.address, 20, 200, datagrams))
    assert world.receive(200) == datagrams
    assert world.counters == {"gtp-u-bursts-cut-here": 1}


def test_what_the_system_does_not_take_is_counted(world: World) -> None:
    """There is no port 0."""
    world.tunnels.send_burst(Burst(("127.0.0.1", 0), 4, 2, [b"lost", b"lost"]))
    assert world.counters["gtp-u-not-sent"] == 2
    with pytest.raises(CannotSendError):
        world.tunnels.send(b"lost", ("127.0.0.1", 0))


def test_a_datagram_leaves_from_the_bound_port(world: World) -> None:
    """Echo Responses and Error Indications."""
    world.tunnels.send(b"echo", world.address)
    assert world.peer.recvfrom(100) == (b"echo", world.tunnels.address)


def test_a_port_that_is_taken_is_told(world: World) -> None:
    """With owner, address and remedy."""
    with pytest.raises(CannotBindError, match="ggsn cannot listen on UDP 127"):
        TunnelSocket(world.reactor, "ggsn", world.tunnels.address, lambda *_: None, world.counters)


def test_closed_it_is_read_no_more(world: World) -> None:
    """To close twice, or to be read once more, changes nothing."""
    assert world.reactor.readers == [world.tunnels]
    assert world.tunnels.logPrefix().startswith("G-PDUs at 127.0.0.1:")
    world.tunnels.connectionLost(Failure(OSError("gone")))
    world.tunnels.close()
    assert world.reactor.readers == []
    world.tunnels.doRead()
    assert world.batches == []
