"""UDP ports that hear of ICMP, on the loopback network of this machine."""

import socket
import struct

import pytest
from twisted.internet import reactor
from twisted.internet.defer import Deferred, inlineCallbacks
from twisted.internet.task import Clock
from twisted.trial.unittest import TestCase

from corenet.adapters.hearing_port import is_host_unreachable
from corenet.adapters.runtime import TwistedRuntime
from corenet.interfaces.node import Interface
from corenet.interfaces.testing import Received, ScriptedNode

HOST = "127.0.67.1"


class HearingNode(ScriptedNode):
    """Keeps what it is told of as unreachable, and says so in words."""

    def __init__(self, name, **how):
        super().__init__(name, **how)
        self.heard = []
        self.told, self.told_twice = Deferred(), Deferred()

    def unreachable(self, interface, peer, *, host, now):
        self.heard.append((interface, peer, host))
        told = {1: self.told, 2: self.told_twice}.get(len(self.heard))
        if told is not None:
            told.callback(None)


class RealSockets(TestCase):
    """The runtime on the machine's own loopback network."""

    def setUp(self):
        self.runtime = TwistedRuntime(reactor)
        self.addCleanup(lambda: self.runtime.stop(patience=0))
        self.arrived = Deferred()
        self.node = HearingNode(
            "gateway", react=lambda node, received: self.arrived.callback(received)
        )
        self.runtime.attach(self.node, {Interface.WDP: (HOST, 0)})
        self.peer = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.peer.bind((HOST, 0))
        self.peer.settimeout(60)
        self.addCleanup(self.peer.close)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as closed:
            closed.bind((HOST, 0))
            self.nobody = closed.getsockname()

    def send(self, *peers):
        def action(now):
            for peer in peers:
                self.node.send(Interface.WDP, peer, b"push")

        self.runtime.command(self.node, action)

    @inlineCallbacks
    def test_a_port_that_nobody_has_is_told(self):
        """ICMP port unreachable names where the datagram went."""
        self.send(self.nobody)
        yield self.node.told
        assert self.node.heard == [(Interface.WDP, self.nobody, False)]
        assert self.runtime.counters["wdp-unreachable"] == 1

    @inlineCallbacks
    def test_a_port_that_nobody_has_is_told_in_ipv6(self):
        """ICMPv6 port unreachable likewise; what comes is taken with its sender's address."""
        node = HearingNode("gateway6", react=lambda node, received: self.arrived.callback(received))
        self.runtime.attach(node, {Interface.WDP6: ("::1", 0)})
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as closed:
            closed.bind(("::1", 0))
            nobody = closed.getsockname()[:2]
        self.runtime.command(node, lambda now: node.send(Interface.WDP6, nobody, b"push"))
        yield node.told
        assert node.heard == [(Interface.WDP6, nobody, False)]
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as peer:
            peer.bind(("::1", 0))
            peer.sendto(b"hello", self.runtime.address_of(node, Interface.WDP6))
            received = yield self.arrived
            assert (received.data, received.peer) == (b"hello", peer.getsockname()[:2])

    @inlineCallbacks
    def test_the_port_goes_on_after_an_error(self):
        """It receives and sends as before."""
        self.send(self.nobody)
        yield self.node.told
        self.peer.sendto(b"hello", self.runtime.address_of(self.node, Interface.WDP))
        received = yield self.arrived
        assert received.data == b"hello"
        self.send(self.peer.getsockname())
        assert self.peer.recv(100) == b"push"

    @inlineCallbacks
    def test_what_is_sent_next_is_not_lost(self):
        """An error that waits in the queue is another datagram's."""
        self.send(self.nobody, self.peer.getsockname(), self.nobody, self.peer.getsockname())
        assert [self.peer.recv(100) for _ in range(2)] == [b"push"] * 2
        yield self.node.told_twice
        assert self.node.heard == [(Interface.WDP, self.nobody, False)] * 2

    @inlineCallbacks
    def test_what_the_system_does_not_take_is_told(self):
        """From a loopback address there is no way to another network."""
        self.send(("192.0.2.1", 2948))
        yield self.node.told
        assert self.node.heard == [(Interface.WDP, ("192.0.2.1", 2948), False)]

    @inlineCallbacks
    def test_what_is_too_large_is_told_and_harms_nothing(self):
        """The system puts that into the queue too, where it is nobody else's."""
        there = self.peer.getsockname()

        def action(now):
            self.node.send(Interface.WDP, there, bytes(70_000))
            self.node.send(Interface.WDP, there, b"push")

        self.runtime.command(self.node, action)
        assert self.peer.recv(100) == b"push"
        yield self.node.told
        assert self.node.heard == [(Interface.WDP, there, False)]
        assert self.runtime.counters["wdp-not-sent"] == 1

    @inlineCallbacks
    def test_a_node_that_raises_is_a_fault(self):
        """It is logged, and everything keeps running."""

        def unreachable(interface, peer, *, host, now):
            reactor.callLater(0, self.node.told.callback, None)
            raise ValueError("a bug")

        self.node.unreachable = unreachable
        self.send(self.nobody)
        yield self.node.told
        assert self.runtime.counters["faults"] == 1
        self.flushLoggedErrors(ValueError)


class LateReactor(Clock):
    """Calls timers, and has no time to read."""

    def addReader(self, reader):
        """Watch nothing."""

    def removeReader(self, reader):
        """Watch nothing."""

    def removeWriter(self, writer):
        """Watch nothing."""


@pytest.fixture
def late():
    """A node on a reactor that is late, whose datagram has come back, and which is due."""
    reactor = LateReactor()
    runtime = TwistedRuntime(reactor)
    node = HearingNode("gateway", on_timeout=lambda node, now: node.heard.append("timeout"))
    runtime.attach(node, {Interface.WDP: (HOST, 0)})
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as closed:
        closed.bind((HOST, 0))
        nobody = closed.getsockname()

    def send(now):
        node.send(Interface.WDP, nobody, b"push")
        node.due = now + 0.1

    runtime.command(node, send)
    yield reactor, runtime, node
    runtime.stop(patience=0)
    reactor.pump([0] * 5)


def test_what_has_come_back_is_told_before_a_time_is_over(late):
    """Who waits whether something comes back is not told that the time is over before that."""
    reactor, _, node = late
    reactor.advance(0.1)
    assert [told if told == "timeout" else told[0] for told in node.heard] == [
        Interface.WDP,
        "timeout",
    ]


def test_a_node_that_no_longer_waits_when_it_has_heard_is_not_called_early(late):
    """Its new time is its own; the one that was over is not taken for it."""
    reactor, runtime, node = late
    unreachable, now = node.unreachable, runtime.now()

    def hear(interface, peer, *, host, now):
        unreachable(interface, peer, host=host, now=now)
        node.due = now + 60

    node.unreachable = hear
    reactor.advance(0.1)
    assert runtime.now() - now == pytest.approx(0.1)


def test_a_node_that_crashes_of_what_it_hears_is_not_called_any_more(late):
    """As where somebody who listens takes it away."""
    reactor, runtime, node = late
    unreachable = node.unreachable

    def tell(interface, peer, *, host, now):
        unreachable(interface, peer, host=host, now=now)
        node.tell(Received(interface, b"", peer, peer, now))

    node.unreachable = tell
    runtime.on_event(lambda _now, _name, _event: runtime.detach(node))
    reactor.advance(0.1)
    assert len(node.heard) == 1
    assert runtime.counters["faults"] == 0


def extended_error(origin, icmp_type, code):
    """errno, origin, type, code, padding, info, data (struct sock_extended_err)."""
    return struct.pack("=IBBBxII", 111, origin, icmp_type, code, 0, 0)


@pytest.mark.parametrize(
    ("origin", "icmp_type", "code", "host"),
    [
        (2, 3, 0, True),  # network unreachable
        (2, 3, 1, True),  # host unreachable
        (2, 3, 13, True),  # administratively prohibited
        (2, 3, 2, False),  # protocol unreachable
        (2, 3, 3, False),  # port unreachable
        (3, 1, 0, True),  # ICMPv6: no route
        (3, 1, 3, True),  # address unreachable
        (3, 1, 4, False),  # port unreachable
        (3, 2, 0, None),  # packet too big
        (2, 3, 4, None),  # fragmentation needed
        (2, 11, 0, None),  # time exceeded
        (1, 3, 1, None),  # a local error
    ],
)
def test_codes_of_icmp_say_whether_the_host_is_gone(origin, icmp_type, code, host):
    """Port and protocol are the host's own word; sizes are another matter."""
    assert is_host_unreachable(extended_error(origin, icmp_type, code)) is host
