"""UDP sockets and Gi in a real reactor."""

import socket
from ipaddress import IPv4Network

import pytest
from twisted.internet import reactor
from twisted.internet.defer import Deferred, inlineCallbacks
from twisted.trial.unittest import TestCase

from corenet.adapters.gi_loopback import LoopbackGi
from corenet.adapters.runtime import TwistedRuntime
from corenet.adapters.udp import CannotBindError
from corenet.gi.ip import parse_udp
from corenet.interfaces.node import Interface
from corenet.interfaces.testing import ScriptedNode

HOST = "127.0.66.1"


def free_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("0.0.0.0", 0))
        return probe.getsockname()[1]


class RealSockets(TestCase):
    """The runtime on the machine's own loopback network."""

    def setUp(self):
        self.gi = LoopbackGi(reactor, [IPv4Network("127.66.0.0/16")], ports=[free_port()])
        self.runtime = TwistedRuntime(reactor, gi=self.gi)
        self.addCleanup(lambda: self.runtime.stop(patience=0))

    def node(self, name, attachments):
        """Return a node, and a Deferred of what it receives next."""
        arrived = Deferred()
        node = ScriptedNode(name, react=lambda node, received: arrived.callback(received))
        self.runtime.attach(node, attachments)
        return node, arrived

    @inlineCallbacks
    def test_nodes_exchange_datagrams(self):
        """A datagram of the greatest size goes from one node's socket to another's."""
        one, _ = self.node("one", {Interface.GTP_U: (HOST, 0)})
        two, arrived = self.node("two", {Interface.GTP_U: (HOST, 0)})
        there = self.runtime.address_of(two, Interface.GTP_U)
        data = bytes(65_507)
        self.runtime.command(one, lambda now: one.send(Interface.GTP_U, there, data))
        received = yield arrived
        assert received.data == data
        assert received.peer == self.runtime.address_of(one, Interface.GTP_U)

    @inlineCallbacks
    def test_refused_and_oversized_datagrams_kill_nothing(self):
        """Datagrams to nobody, to nowhere and beyond all size are lost; the socket serves on."""
        one, _ = self.node("one", {Interface.GTP_C: (HOST, 0)})
        two, arrived = self.node("two", {Interface.GTP_C: (HOST, 0)})
        there = self.runtime.address_of(two, Interface.GTP_C)

        def action(now):
            for _ in range(3):
                one.send(Interface.GTP_C, (HOST, 9), b"to nobody")
            one.send(Interface.GTP_C, ("192.0.2.1", 9), b"from loopback to elsewhere")
            one.send(Interface.GTP_C, ("ggsn.example", 9), b"to a name")
            one.send(Interface.GTP_C, ("::1", 9), b"to IPv6")
            one.send(Interface.GTP_C, there, bytes(70_000))
            one.send(Interface.GTP_C, there, b"fine")

        self.runtime.command(one, action)
        received = yield arrived
        assert received.data == b"fine"
        assert self.runtime.counters["gtp-c-not-sent"] == 4

    @inlineCallbacks
    def test_our_gateway_reaches_a_mobile_through_the_kernel(self):
        """A WDP datagram of a node of ours comes back on Gi, having passed once."""
        passed = []
        self.runtime.on_passed(passed.append)
        ggsn, arrived = self.node("ggsn", {Interface.GI: ("", 0)})
        self.runtime.route_gi([IPv4Network("127.66.0.0/16")], ggsn)
        gateway, _ = self.node("gateway", {Interface.WDP: (HOST, 0)})
        mobile = ("127.66.0.9", *self.gi.ports)
        self.runtime.command(gateway, lambda now: gateway.send(Interface.WDP, mobile, b"push"))
        received = yield arrived
        assert parse_udp(received.data).destination == mobile
        assert [(p.sender, p.receiver) for p in passed] == [("gateway", "ggsn")]

    def test_taken_port_says_whose_it_is(self):
        """A port that another program has is refused with node, place and remedy."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
            other.bind((HOST, 0))
            with pytest.raises(CannotBindError) as caught:
                self.node("ggsn", {Interface.GTP_C: other.getsockname()})
        assert "another program" in str(caught.value)
        with pytest.raises(CannotBindError) as caught:
            self.node("ggsn", {Interface.GTP_C: ("192.0.2.1", 2123)})
        assert "no such address" in str(caught.value)
