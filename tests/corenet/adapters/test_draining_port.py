"""UDP ports that hand on all that had come when they are read."""

import socket
from itertools import pairwise

import pytest
from twisted.internet import reactor
from twisted.internet.defer import Deferred, inlineCallbacks
from twisted.trial.unittest import TestCase

from corenet.adapters import draining_port
from corenet.adapters.draining_port import AT_ONCE, DrainingPort
from corenet.adapters.inbox import READS_TOGETHER
from corenet.adapters.runtime import TwistedRuntime
from corenet.adapters.udp import CannotSendError, UdpSocket
from corenet.interfaces.node import Interface
from corenet.interfaces.testing import ScriptedNode

HOST = "127.0.68.1"


class RealSockets(TestCase):
    """On the machine's own loopback network."""

    def peer(self, host=HOST):
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        peer = socket.socket(family, socket.SOCK_DGRAM)
        self.addCleanup(peer.close)
        peer.bind((host, 0))
        peer.settimeout(60)
        return peer

    def open(self, receive, host=HOST):
        port = UdpSocket(reactor, "node", (host, 0), receive)
        self.addCleanup(port.close)
        return port

    @inlineCallbacks
    def test_what_came_meanwhile_is_one_batch_up_to_a_bound(self):
        """Datagrams that wait are handed on together, in order, a bounded number at a time."""
        batches, all_here = [], Deferred()
        wanted = 2 * AT_ONCE + 1

        def receive(batch):
            batches.append(batch)
            if sum(map(len, batches)) == wanted:
                all_here.callback(None)

        port, peer = self.open(receive), self.peer()
        for number in range(wanted):
            peer.sendto(number.to_bytes(2, "big"), port.address)
        yield all_here
        assert [len(batch) for batch in batches] == [AT_ONCE, AT_ONCE, 1]
        numbers = [int.from_bytes(data, "big") for batch in batches for data, _ in batch]
        assert numbers == list(range(wanted))
        assert {sender for batch in batches for _, sender in batch} == {peer.getsockname()}

    @inlineCallbacks
    def test_each_datagram_of_a_batch_comes_with_its_own_sender(self):
        """Whatever their length, of either family, and however often a sender comes again."""
        sizes = (0, 1, 4000, 60_000, 0, 17)
        for host in (HOST, "::1"):
            got, all_here = [], Deferred()

            def receive(batch, got=got, all_here=all_here):
                got.extend(batch)
                if len(got) == 2 * len(sizes):
                    all_here.callback(None)

            port = self.open(receive, host)
            peers = [self.peer(host) for _ in sizes]
            for turn in (b"a", b"b"):
                for peer, size in zip(peers, sizes, strict=True):
                    peer.sendto(turn * size, port.address)
            yield all_here
            assert got == [
                (turn * size, peer.getsockname()[:2])
                for turn in (b"a", b"b")
                for peer, size in zip(peers, sizes, strict=True)
            ]

    @inlineCallbacks
    def test_what_has_come_over_ipv4_is_read_with_one_call_where_the_system_can(self):
        """Singly only over IPv6, and where there is no such call."""
        singly = []
        read_singly = DrainingPort.read_singly

        def read_and_note(port):
            singly.append(port.addressFamily)
            read_singly(port)

        self.patch(DrainingPort, "read_singly", read_and_note)
        for host, together in ((HOST, READS_TOGETHER), (HOST, False), ("::1", READS_TOGETHER)):
            self.patch(draining_port, "READS_TOGETHER", together)
            arrived = Deferred()
            port = self.open(arrived.callback, host)
            self.peer(host).sendto(b"data", port.address)
            ((data, _),) = yield arrived
            assert data == b"data"
        over_ipv4 = [] if READS_TOGETHER else [socket.AF_INET]
        assert singly == [*over_ipv4, socket.AF_INET, socket.AF_INET6]

    @inlineCallbacks
    def test_senders_are_remembered_up_to_a_bound(self):
        """One that comes again is the same object, until too many others have come."""
        self.patch(draining_port, "SENDERS_KNOWN", 2)
        senders, turns = [], []

        def receive(batch):
            senders.extend(sender for _, sender in batch)
            turns.pop().callback(None)

        port = self.open(receive)
        first, second, third = (self.peer() for _ in range(3))
        for peer in (first, first, second, third, first):
            turns.append(Deferred())
            turn = turns[0]
            peer.sendto(b"data", port.address)
            yield turn
        assert senders[0] is senders[1]
        assert senders[4] == senders[0]
        assert senders[4] is not senders[0]

    @inlineCallbacks
    def test_who_takes_a_batch_and_raises_gets_the_next_one(self):
        """What raises is logged, and the port serves on."""
        second = Deferred()
        answers = iter([RuntimeError("a bug"), None])

        def receive(batch):
            error = next(answers)
            if error is not None:
                peer.sendto(b"again", port.address)
                raise error
            second.callback(batch)

        port, peer = self.open(receive), self.peer()
        peer.sendto(b"first", port.address)
        batch = yield second
        assert batch == [(b"again", peer.getsockname())]
        assert len(self.flushLoggedErrors(RuntimeError)) == 1

    def test_names_and_other_families_are_not_sent_to(self):
        """Nobody is asked for the address of a name; IPv6 is not reached from IPv4."""
        port = self.open(lambda batch: None)
        for host in ("ggsn.example", "::1", ""):
            with pytest.raises(CannotSendError):
                port.send(b"data", (host, 9))

    @inlineCallbacks
    def test_a_node_gets_a_batch_at_one_time_and_answers_in_order(self):
        """Of datagrams read together each reaches the node; answers go in the order of theirs."""
        node = ScriptedNode(
            "node",
            react=lambda node, received: node.send(
                received.interface, received.peer, received.data + b"!"
            ),
        )
        runtime = TwistedRuntime(reactor)
        self.addCleanup(lambda: runtime.stop(patience=0))
        runtime.attach(node, {Interface.GTP_C: (HOST, 0)})
        told, done = [], Deferred()

        def tell(_now, _name, event):
            told.append(event)
            if len(told) == 3:
                # The answers go when the whole batch has been worked off.
                reactor.callLater(0, done.callback, None)

        runtime.on_event(tell)
        peer = self.peer()
        for letter in (b"a", b"b", b"c"):
            peer.sendto(letter, runtime.address_of(node, Interface.GTP_C))
        yield done
        assert [peer.recv(10) for _ in range(3)] == [b"a!", b"b!", b"c!"]
        assert [event.data for event in told] == [b"a", b"b", b"c"]
        assert all(one.now <= other.now for one, other in pairwise(node.received))
