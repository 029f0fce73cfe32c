"""Datagrams of one length to one peer leave together (UDP_SEGMENT)."""

import socket

import pytest
from twisted.internet import reactor
from twisted.trial.unittest import TestCase

from corenet.adapters.bursts import LARGEST_BURST, LONGEST_BURST, Alike, told_apart
from corenet.adapters.runtime import TwistedRuntime
from corenet.adapters.udp import UdpSocket
from corenet.interfaces.node import Datagram, Interface
from corenet.interfaces.testing import ScriptedNode

HOST = "127.0.69.1"
SGSN = ("192.0.2.2", 2123)
SERVER = ("192.0.2.3", 1813)


def answer(octets, peer=SGSN):
    return Datagram(Interface.GTP_C, peer, octets)


def test_datagrams_are_alike_by_interface_peer_and_length():
    """Each group keeps its order; what is like no other comes after them."""
    first, second, third = answer(b"aa"), answer(b"bbb"), answer(b"cc")
    record = Datagram(Interface.RADIUS, SGSN, b"dd")
    elsewhere = answer(b"ee", SERVER)
    together, others = told_apart([first, second, third, record, elsewhere])
    assert together == [Alike(Interface.GTP_C, SGSN, [first, third])]
    assert others == [second, record, elsewhere]


@pytest.mark.parametrize(
    "interface", [each for each in Interface if each not in (Interface.GTP_C, Interface.RADIUS)]
)
def test_where_order_counts_nothing_changes_places(interface):
    """User traffic, links to mobiles and whatever else is sent as it comes."""
    datagrams = [Datagram(interface, SGSN, octets) for octets in (b"aa", b"b", b"cc")]
    assert told_apart(datagrams) == ([], datagrams)


def test_what_leaves_from_another_address_goes_by_itself():
    """The socket that it belongs to may be another one."""
    datagrams = [Datagram(Interface.GTP_C, SGSN, b"aa", ("192.0.2.9", 2123)) for _ in range(2)]
    assert told_apart(datagrams) == ([], datagrams)


@pytest.mark.parametrize(("size", "most"), [(0, 64), (1, 64), (1000, 64), (1500, 43), (40_000, 1)])
def test_a_message_has_no_more_than_the_kernel_cuts(size, most):
    """Neither more datagrams nor more octets; one that is left over goes by itself."""
    assert (LARGEST_BURST, LONGEST_BURST) == (64, 65_000)
    datagrams = [answer(bytes(size)) for _ in range(2 * most + 1)]
    together, others = told_apart(datagrams)
    assert [len(each.datagrams) for each in together] == ([most, most] if most > 1 else [])
    assert len(others) == (1 if most > 1 else 3)


class RealSockets(TestCase):
    """On the machine's own loopback network."""

    def peer(self):
        peer = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(peer.close)
        peer.bind((HOST, 0))
        peer.settimeout(60)
        return peer

    def open(self):
        port = UdpSocket(reactor, "node", (HOST, 0), lambda batch: None)
        self.addCleanup(port.close)
        return port

    def received(self, peer, count):
        return [peer.recvfrom(100)[0] for _ in range(count)]

    def test_they_arrive_as_the_datagrams_that_they_are(self):
        """Once the peer is known to be an address, one message is as good as many."""
        port, peer = self.open(), self.peer()
        port.send(b"0", peer.getsockname())
        datagrams = [b"%02d" % number for number in range(LARGEST_BURST)]
        assert port.send_together(datagrams, peer.getsockname())
        assert self.received(peer, 1 + len(datagrams)) == [b"0", *datagrams]

    def test_what_the_system_does_not_take_is_still_to_be_sent(self):
        """A peer nobody has sent to, or more than the kernel cuts up."""
        port, peer = self.open(), self.peer()
        assert not port.send_together([b"1", b"2"], peer.getsockname())
        port.send(b"0", peer.getsockname())
        assert not port.send_together([b"x"] * 1000, peer.getsockname())
        assert self.received(peer, 1) == [b"0"]
        peer.settimeout(0.1)
        with pytest.raises(TimeoutError):
            peer.recv(100)

    def test_a_node_sends_each_once_whatever_goes_together(self):
        """The first ones alone, as nobody knows their peer yet; a capture sees every one."""
        runtime = TwistedRuntime(reactor)
        self.addCleanup(runtime.stop)
        node, peer = ScriptedNode("node"), self.peer()
        runtime.attach(node, {Interface.GTP_C: (HOST, 0)})
        lengths, passed = (2, 3, 2, 5, 3, 2), []
        for turn in range(3):
            sent = [bytes((turn,)) * length for length in lengths]
            if turn == 2:
                runtime.on_passed(passed.append)

            def send(_now, sent=sent):
                for octets in sent:
                    node.send(Interface.GTP_C, peer.getsockname(), octets)

            runtime.command(node, send)
            assert sorted(self.received(peer, len(sent))) == sorted(sent)
        assert [each.data for each in passed] == sent
