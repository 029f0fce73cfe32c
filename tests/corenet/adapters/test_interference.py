"""Somebody interferes with datagrams on real sockets' runtime, and nodes crash there."""

from __future__ import annotations

import pytest
from twisted.logger import Logger

from corenet.adapters.runtime import TwistedRuntime
from corenet.adapters.testing import MemoryUdpReactor
from corenet.gi.ip import udp_packet
from corenet.interfaces.interference import LOST, Fate
from corenet.interfaces.node import ANYWHERE, Interface
from corenet.interfaces.testing import ScriptedNode

GGSN, SGSN = ("127.0.10.1", 2123), ("127.0.10.2", 2123)
MOBILE = ("127.20.0.1", 2948)


class World:
    """Two GSNs and mobiles, what passed, and what is done to it."""

    def __init__(self):
        self.reactor = MemoryUdpReactor()
        log = Logger(namespace="test", observer=lambda _: None)
        self.runtime = TwistedRuntime(self.reactor, wall_clock=lambda: 0.0, log=log)
        self.shown, self.passed = [], []
        self.runtime.on_passed(self.passed.append)
        self.ggsn, self.sgsn, self.mobiles = map(ScriptedNode, ("ggsn", "sgsn", "mobiles"))
        self.runtime.attach(self.ggsn, {Interface.GTP_C: GGSN, Interface.GI: ("", 0)})
        self.runtime.attach(self.sgsn, {Interface.GTP_C: SGSN, Interface.RADIO: ("sgsn", 0)})
        self.runtime.attach(self.mobiles, {Interface.RADIO: ANYWHERE})

    def interfere(self, fate):
        def interference(passed):
            self.shown.append((passed.sender, passed.receiver, passed.data))
            return fate

        self.runtime.interference = interference

    def send(self, node, *datagram):
        self.runtime.command(node, lambda now: node.send(*datagram))
        self.reactor.advance(0)


@pytest.fixture
def world():
    return World()


def heard(node):
    return [received.data for received in node.received]


def test_who_interferes_sees_what_is_sent_before_it_goes(world):
    """With both ends by name; None lets it go."""
    world.interfere(None)
    world.send(world.ggsn, Interface.GTP_C, SGSN, b"one")
    world.send(world.sgsn, Interface.RADIO, ("234", 0), b"two")
    assert world.shown == [("ggsn", "sgsn", b"one"), ("sgsn", "mobiles", b"two")]
    assert (heard(world.sgsn), heard(world.mobiles)) == ([b"one"], [b"two"])


def test_lost_datagram_has_passed_and_does_not_arrive(world):
    """As its sender sends it, so do taps see it."""
    world.interfere(LOST)
    world.send(world.ggsn, Interface.GTP_C, SGSN, b"lost")
    assert heard(world.sgsn) == []
    assert [passed.data for passed in world.passed] == [b"lost"]


def test_datagram_goes_later_and_twice(world):
    """Each sending is seen when it goes."""
    world.interfere(Fate(sendings=(0.0, 0.5)))
    world.send(world.ggsn, Interface.GTP_C, SGSN, b"twice")
    assert heard(world.sgsn) == [b"twice"]
    world.reactor.advance(0.5)
    assert heard(world.sgsn) == [b"twice"] * 2
    assert len(world.passed) == 2


def test_sender_is_answered_instead(world):
    """As from whom the datagram was for."""
    world.interfere(Fate(sendings=(), answers=(b"no",)))
    world.send(world.ggsn, Interface.GTP_C, SGSN, b"please")
    world.send(world.ggsn, Interface.GTP_C, SGSN, b"again")
    assert heard(world.sgsn) == []
    assert [(r.data, r.peer, r.local) for r in world.ggsn.received] == [(b"no", SGSN, GGSN)] * 2
    assert [passed.sender for passed in world.passed[:2]] == ["ggsn", "sgsn"]


def test_packets_on_gi_are_seen_by_their_own_ends(world):
    """Those of mobiles to hosts outside."""
    world.interfere(LOST)
    packet = udp_packet(MOBILE, ("127.0.0.9", 53), b"query")
    world.send(world.ggsn, Interface.GI, ("wap.example", 0), packet)
    assert world.shown == [("ggsn", "", packet)]


def test_crashed_node_is_gone_without_a_farewell(world):
    """Its place is free for another, which hears what comes then; the old one hears no more."""
    gone = []
    world.runtime.detach(world.sgsn).addCallback(gone.append)
    world.reactor.advance(0)
    assert gone
    assert world.sgsn.stopped == []
    with pytest.raises(LookupError):
        world.runtime.command(world.sgsn, lambda now: None)
    anew = ScriptedNode("sgsn")
    world.runtime.attach(anew, {Interface.GTP_C: SGSN, Interface.RADIO: ("sgsn", 0)})
    world.send(world.ggsn, Interface.GTP_C, SGSN, b"hello")
    assert (heard(anew), heard(world.sgsn)) == ([b"hello"], [])


def test_timer_of_a_crashed_node_is_forgotten(world):
    """It waited for something that nobody waits for any more."""
    world.runtime.command(world.sgsn, lambda now: setattr(world.sgsn, "due", now + 1))
    world.runtime.detach(world.sgsn)
    world.reactor.advance(2)
    assert world.sgsn.timeouts == []


def test_what_was_held_back_arrives_at_once_when_it_goes(world):
    """On a link in the process, too, where nothing else happens then."""
    world.interfere(Fate(sendings=(0.5,)))
    world.send(world.sgsn, Interface.RADIO, ("234", 0), b"late")
    assert heard(world.mobiles) == []
    world.reactor.advance(0.5)
    assert heard(world.mobiles) == [b"late"]


def test_what_was_held_back_does_not_go_when_its_sender_has_crashed(world):
    """Neither is it anybody's fault."""
    world.interfere(Fate(sendings=(0.5,)))
    world.send(world.sgsn, Interface.GTP_C, GGSN, b"late")
    world.runtime.detach(world.sgsn)
    world.reactor.advance(1)
    assert heard(world.ggsn) == []
    assert world.runtime.counters["faults"] == 0


def test_on_gr_nothing_is_missing_and_nothing_overtakes(world):
    """It stands for a connection: what is lost comes a second later, and what is behind waits."""
    hlr = ScriptedNode("hlr")
    world.runtime.attach(hlr, {Interface.GR: ("hlr", 0)})
    sgsn = ScriptedNode("sgsn-2")
    world.runtime.attach(sgsn, {Interface.GR: ("sgsn-2", 0)})
    world.interfere(LOST)
    world.send(sgsn, Interface.GR, ("hlr", 0), b"one")
    world.runtime.interference = None
    world.send(sgsn, Interface.GR, ("hlr", 0), b"two")
    assert heard(hlr) == []
    world.reactor.advance(1)
    assert heard(hlr) == [b"one", b"two"]
    assert [passed.data for passed in world.passed] == [b"one", b"two"]
