"""Somebody interferes with datagrams in virtual time, as on sockets."""

from __future__ import annotations

import pytest

from corenet.interfaces.interference import LOST, Fate
from corenet.interfaces.node import Interface
from corenet.interfaces.testing import ScriptedNode
from testbed.simulation.network import VirtualNetwork
from testbed.simulation.outside import OutsideHost

GGSN, SGSN = ("192.0.2.1", 2123), ("192.0.2.2", 2123)


@pytest.fixture
def network():
    return VirtualNetwork(1)


@pytest.fixture
def pair(network):
    ggsn, sgsn = ScriptedNode("ggsn"), ScriptedNode("sgsn")
    network.attach(ggsn, {Interface.GTP_C: GGSN})
    network.attach(sgsn, {Interface.GTP_C: SGSN})
    return ggsn, sgsn


def ask(network, node):
    network.command(node, lambda now: node.send(Interface.GTP_C, SGSN, b"please"))
    network.run_until(network.now() + 1)


@pytest.mark.parametrize(
    ("fate", "there", "back", "passed"),
    [
        (None, [0.01], [], 1),
        (LOST, [], [], 1),
        (Fate(sendings=(0.0, 0.5)), [0.01, 0.51], [], 2),
        (Fate(sendings=(), answers=(b"no",)), [], [0.01], 2),
    ],
)
def test_datagram_meets_its_fate(network, pair, fate, there, back, passed):
    """It goes as it is, not at all, late and twice, or is answered for somebody else."""
    ggsn, sgsn = pair
    seen, shown = [], []
    network.on_passed(seen.append)

    def interference(datagram):
        shown.append((datagram.sender, datagram.receiver, datagram.data))
        return fate

    network.interference = interference
    began = network.now()
    ask(network, ggsn)
    assert shown == [("ggsn", "sgsn", b"please")]
    assert [one.now - began for one in sgsn.received] == pytest.approx(there)
    assert [one.now - began for one in ggsn.received] == pytest.approx(back)
    assert [(one.data, one.peer) for one in ggsn.received] == [(b"no", SGSN)] * len(back)
    assert len(seen) == passed


def test_host_outside_takes_what_comes(network):
    """It waits for nothing and says nothing by itself."""
    host, other = OutsideHost("host"), ScriptedNode("other")
    network.attach(host, {Interface.WDP: ("198.51.100.1", 9200)})
    network.attach(other, {Interface.WDP: ("198.51.100.2", 9200)})
    network.command(host, lambda now: host.send(b"hello", ("198.51.100.2", 9200)))
    network.run_until(network.now() + 1)
    (received,) = other.received
    assert (received.data, received.peer) == (b"hello", ("198.51.100.1", 9200))
    network.command(other, lambda now: other.send(Interface.WDP, ("198.51.100.1", 9200), b"re"))
    network.run_until(network.now() + 1)
    host.handle_timeout(network.now())
    network.stop(host)
    assert network.timeouts() == {}
