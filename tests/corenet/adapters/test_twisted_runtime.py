"""The Twisted runtime, in memory."""

import errno
from ipaddress import IPv4Network

import pytest
from twisted.logger import Logger

from corenet.adapters.runtime import NO_LATENCIES, RuntimeStoppedError, TwistedRuntime
from corenet.adapters.testing import MemoryUdpReactor
from corenet.adapters.udp import CannotBindError
from corenet.gi.ip import udp_packet
from corenet.interfaces.attachments import AlreadyAttachedError
from corenet.interfaces.node import ANYWHERE, Interface
from corenet.interfaces.testing import Received, ScriptedNode

GGSN = ("127.0.10.1", 2123)
SGSN = ("127.0.10.2", 2123)
FOREIGN = ("127.0.99.9", 2123)
EPOCH = 1_800_000_000.0


class FakeGi:
    """A Gi device that keeps what it is sent."""

    def __init__(self):
        self.sent = []
        self.running = False
        self.deliver = None

    def start(self, deliver):
        self.deliver = deliver
        self.running = True

    def send(self, packet):
        self.sent.append(packet)

    def stop(self):
        self.running = False


class World:
    """A runtime in memory with everything it tells."""

    def __init__(self, gi=None, latencies=NO_LATENCIES):
        self.reactor = MemoryUdpReactor()
        self.log = []
        self.runtime = TwistedRuntime(
            self.reactor,
            gi=gi,
            latencies=latencies,
            wall_clock=lambda: EPOCH,
            log=Logger(namespace="test", observer=self.log.append),
        )
        self.passed = []
        self.events = []
        self.runtime.on_passed(self.passed.append)
        self.runtime.on_event(lambda now, name, event: self.events.append((name, event)))

    def order(self, node, *datagrams):
        def action(now):
            for datagram in datagrams:
                node.send(*datagram)

        self.runtime.command(node, action)


@pytest.fixture
def world():
    return World()


def echo(node, received):
    node.send(received.interface, received.peer, b"re:" + received.data, received.local)


def test_datagram_leaves_from_the_nodes_own_address(world):
    """What a node sends over UDP has the address it is attached to as its source."""
    ggsn = ScriptedNode("ggsn")
    world.runtime.attach(ggsn, {Interface.GTP_C: GGSN})
    world.order(ggsn, (Interface.GTP_C, FOREIGN, b"hello"))
    assert world.reactor.sent == [(b"hello", GGSN, FOREIGN)]


def test_datagram_between_two_nodes_passes_once(world):
    """A datagram between our own nodes is tapped where it is sent, and not again on arrival."""
    ggsn, sgsn = ScriptedNode("ggsn"), ScriptedNode("sgsn", react=echo)
    world.runtime.attach(ggsn, {Interface.GTP_C: GGSN})
    world.runtime.attach(sgsn, {Interface.GTP_C: SGSN})
    world.order(ggsn, (Interface.GTP_C, SGSN, b"one"))
    world.reactor.advance(0)
    assert [(p.sender, p.receiver, p.source, p.destination, p.data) for p in world.passed] == [
        ("ggsn", "sgsn", GGSN, SGSN, b"one"),
        ("sgsn", "ggsn", SGSN, GGSN, b"re:one"),
    ]
    assert [r.data for r in ggsn.received] == [b"re:one"]


def test_datagram_of_a_foreign_peer_passes_on_arrival(world):
    """What a peer outside sends is tapped when it arrives, with no sender's name."""
    ggsn = ScriptedNode("ggsn")
    world.runtime.attach(ggsn, {Interface.GTP_C: GGSN})
    world.reactor.arrive(b"hi", FOREIGN, GGSN)
    world.reactor.advance(0)
    (passed,) = world.passed
    assert (passed.sender, passed.receiver, passed.source) == ("", "ggsn", FOREIGN)
    (received,) = ggsn.received
    assert (received.peer, received.local, received.now) == (FOREIGN, GGSN, EPOCH)


def test_a_free_port_is_taken_for_port_0(world):
    """Port 0 is replaced by the port that the system chose, in sending and in receiving."""
    ggsn = ScriptedNode("ggsn")
    world.runtime.attach(ggsn, {Interface.RADIUS: (GGSN[0], 0)})
    address = world.runtime.address_of(ggsn, Interface.RADIUS)
    assert address is not None
    assert address[1] != 0
    world.order(ggsn, (Interface.RADIUS, FOREIGN, b"start"))
    assert world.reactor.sent[-1].source == address


def test_links_deliver_through_a_queue(world):
    """Two nodes that answer one another on a link don't recurse, however long they go on."""
    depth = {"now": 0, "most": 0}

    def volley(node, received):
        depth["now"] += 1
        depth["most"] = max(depth["most"], depth["now"])
        if received.data[0]:
            node.send(received.interface, received.peer, bytes([received.data[0] - 1]))
        depth["now"] -= 1

    hlr, sgsn = ScriptedNode("hlr", react=volley), ScriptedNode("sgsn", react=volley)
    world.runtime.attach(hlr, {Interface.GR: ("hlr", 4222)})
    world.runtime.attach(sgsn, {Interface.GR: ("sgsn", 4222)})
    world.order(sgsn, (Interface.GR, ("hlr", 4222), b"\xff"))
    assert len(hlr.received) + len(sgsn.received) == 256
    assert depth["most"] == 1


def test_long_volley_on_a_link_lets_others_in(world):
    """A volley that goes on and on is cut into turns, so that sockets and timers get theirs."""

    def volley(node, received):
        if len(node.received) < 3000:
            node.send(received.interface, received.peer, b"x")

    one, two = ScriptedNode("one", react=volley), ScriptedNode("two", react=volley)
    world.runtime.attach(one, {Interface.GR: ("one", 1)})
    world.runtime.attach(two, {Interface.GR: ("two", 1)})
    world.order(one, (Interface.GR, ("two", 1), b"x"))
    assert 0 < len(two.received) < 3000
    world.reactor.advance(0)
    assert len(two.received) == 3000


def test_link_falls_back_to_the_node_attached_anywhere(world):
    """A frame for an address that no node has goes to the node that is attached anywhere."""
    sgsn, mobiles = ScriptedNode("sgsn"), ScriptedNode("mobiles", react=echo)
    world.runtime.attach(sgsn, {Interface.RADIO: ("sgsn", 0)})
    world.runtime.attach(mobiles, {Interface.RADIO: ANYWHERE})
    world.order(sgsn, (Interface.RADIO, ("23415", 0), b"page"))
    assert mobiles.received[0].local == ("23415", 0)
    assert sgsn.received[0].peer == ("23415", 0)
    assert [(p.sender, p.receiver) for p in world.passed] == [
        ("sgsn", "mobiles"),
        ("mobiles", "sgsn"),
    ]


def test_link_to_nobody_loses_the_frame(world):
    """A frame on a link for which there is no node passes, is counted and is lost."""
    sgsn = ScriptedNode("sgsn")
    world.runtime.attach(sgsn, {Interface.GR: ("sgsn", 1)})
    world.order(sgsn, (Interface.GR, ("hlr", 1), b"?"))
    assert world.passed[0].receiver == ""
    assert world.runtime.counters["gr-unroutable"] == 1


def test_timer_follows_the_nodes_timeout(world):
    """A node is called at the time it wants, which it may move or drop."""
    node = ScriptedNode("node")
    world.runtime.attach(node, {})
    world.runtime.command(node, lambda now: setattr(node, "due", now + 5))
    world.runtime.command(node, lambda now: setattr(node, "due", now + 2))
    assert len(world.reactor.getDelayedCalls()) == 1
    world.reactor.advance(1.5)
    assert node.timeouts == []
    world.reactor.advance(0.5)
    assert node.timeouts == [EPOCH + 2]
    world.runtime.command(node, lambda now: setattr(node, "due", now + 1))
    world.runtime.command(node, lambda now: setattr(node, "due", None))
    assert world.reactor.getDelayedCalls() == []


def test_timer_is_left_alone_when_the_timeout_stays(world):
    """A datagram that does not move the node's timeout does not touch its timer."""
    node = ScriptedNode("node")
    world.runtime.attach(node, {})
    world.runtime.command(node, lambda now: setattr(node, "due", now + 5))
    (call,) = world.reactor.getDelayedCalls()
    world.runtime.command(node, lambda now: None)
    assert world.reactor.getDelayedCalls() == [call]


def test_node_always_due_does_not_stop_the_reactor(world):
    """A node that wants to be called at once for ever is called at most every millisecond."""
    node = ScriptedNode("node", on_timeout=lambda node, now: setattr(node, "due", now))
    world.runtime.attach(node, {})
    world.runtime.command(node, lambda now: setattr(node, "due", now))
    world.reactor.pump([0.0005] * 20)
    assert 5 <= len(node.timeouts) <= 12


def test_time_never_goes_backwards():
    """A clock that is set back does not make the runtime's time go back."""
    world = World()
    world.reactor.advance(10)
    assert world.runtime.now() == EPOCH + 10
    world.reactor.rightNow = 3.0
    assert world.runtime.now() == EPOCH + 10


def test_node_that_raises_is_logged_and_goes_on(world):
    """A node that raises is logged with its name and the octets, and serves the next datagram."""

    def choke(node, received):
        node.send(received.interface, received.peer, b"before")
        if received.data == b"\xde\xad":
            raise IndexError("bug")

    ggsn = ScriptedNode("ggsn", react=choke)
    world.runtime.attach(ggsn, {Interface.GTP_C: GGSN})
    world.reactor.arrive(b"\xde\xad", FOREIGN, GGSN)
    world.reactor.arrive(b"fine", FOREIGN, GGSN)
    world.reactor.advance(0)
    assert len(ggsn.received) == 2
    assert [d for d in world.reactor.sent if d.source == GGSN] == [(b"before", GGSN, FOREIGN)] * 2
    (entry,) = world.log
    assert entry["node"] == "ggsn"
    assert "dead" in entry["occasion"]
    assert world.runtime.counters["faults"] == 1


def test_node_whose_timeout_raises_is_asked_again_later(world):
    """A timeout that raises is tried again after a pause, not in a loop."""

    def choke(node, now):
        node.due = now
        raise ValueError("bug")

    node = ScriptedNode("node", on_timeout=choke)
    world.runtime.attach(node, {})
    world.runtime.command(node, lambda now: setattr(node, "due", now))
    world.reactor.pump([0.1] * 25)
    assert len(node.timeouts) == 3


def test_what_a_command_raises_comes_through(world):
    """A command's error reaches its caller, and what the node wanted before is still done."""
    node = ScriptedNode("node")
    world.runtime.attach(node, {Interface.GTP_C: GGSN})

    def action(now):
        node.send(Interface.GTP_C, FOREIGN, b"sent")
        raise KeyError("no such IMSI")

    with pytest.raises(KeyError):
        world.runtime.command(node, action)
    assert world.reactor.sent[-1].data == b"sent"


def test_command_on_a_node_that_is_not_attached_is_refused(world):
    """A command on a node of another runtime is the caller's fault."""
    with pytest.raises(LookupError, match="stray is not attached"):
        world.runtime.command(ScriptedNode("stray"), lambda now: None)


def test_listener_may_command_and_events_keep_their_order(world):
    """A listener's command is carried out at once; its events follow those that were before."""
    node = ScriptedNode("node")
    told = []

    def listen(now, name, event):
        told.append(event.data)
        if event.data == b"first":
            world.runtime.command(node, lambda now: node.tell(make(b"third")))

    def make(data):
        return Received(Interface.GR, data, ANYWHERE, ANYWHERE, 0.0)

    world.runtime.on_event(listen)
    world.runtime.attach(node, {})

    def action(now):
        node.tell(make(b"first"))
        node.tell(make(b"second"))

    world.runtime.command(node, action)
    assert told == [b"first", b"second", b"third"]


def test_listeners_and_taps_that_raise_harm_nobody(world):
    """A listener or a tap that raises is logged, and the others still hear."""
    runtime = TwistedRuntime(
        world.reactor,
        wall_clock=lambda: EPOCH,
        log=Logger(namespace="test", observer=world.log.append),
    )

    def broken(*_):
        raise RuntimeError("no")

    passed, events = [], []
    runtime.on_event(broken)
    runtime.on_event(lambda now, name, event: events.append(event))
    runtime.on_passed(broken)
    runtime.on_passed(passed.append)
    node = ScriptedNode("node")
    runtime.attach(node, {Interface.GTP_C: GGSN})
    world.reactor.arrive(b"x", FOREIGN, GGSN)
    world.reactor.advance(0)
    assert len(passed) == len(events) == 1
    assert len(world.log) == 2


def test_taken_port_is_a_clear_error(world):
    """A port that another program has is an error with node, place, reason and remedy."""
    world.reactor.refused[GGSN] = errno.EADDRINUSE
    ggsn = ScriptedNode("ggsn")
    with pytest.raises(CannotBindError) as caught:
        world.runtime.attach(ggsn, {Interface.GTP_U: (GGSN[0], 2152), Interface.GTP_C: GGSN})
    assert caught.value.address == GGSN
    assert str(caught.value) == (
        "ggsn (gtp-c) cannot listen on UDP 127.0.10.1:2123: another program, or another lab on "
        "this machine, has this port. End it, or give one of them another address."
    )
    assert world.reactor.ports == {}
    assert ggsn.started == []


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.EADDRNOTAVAIL, "no such address"),
        (errno.EACCES, "below 1024"),
        (errno.ENOBUFS, "No buffer space"),
    ],
)
def test_each_refusal_to_bind_has_its_reason(world, number, words):
    """What the system says is turned into a sentence."""
    world.reactor.refused[GGSN] = number
    with pytest.raises(CannotBindError, match=words):
        world.runtime.attach(ScriptedNode("ggsn"), {Interface.GTP_C: GGSN})


def test_two_nodes_cannot_have_one_place(world):
    """A second node at the same address, or of the same name, is refused by name."""
    world.runtime.attach(ScriptedNode("one"), {Interface.GR: ("x", 1)})
    with pytest.raises(AlreadyAttachedError, match="two cannot be at x:1 on gr: one is there"):
        world.runtime.attach(ScriptedNode("two"), {Interface.GR: ("x", 1)})
    with pytest.raises(AlreadyAttachedError, match="a node named one"):
        world.runtime.attach(ScriptedNode("one"), {})


def test_datagram_that_the_system_refuses_is_lost_and_logged(world):
    """An error of the system in sending is a lost datagram, said in the log."""
    ggsn = ScriptedNode("ggsn")
    world.runtime.attach(ggsn, {Interface.GTP_C: GGSN})
    world.reactor.ports[GGSN].refuses_with = errno.ENETUNREACH
    world.order(ggsn, (Interface.GTP_C, ("192.0.2.1", 2123), b"x"))
    assert world.runtime.counters["gtp-c-not-sent"] == 1
    assert "unreachable" in world.log[0]["why"]


def test_datagram_from_where_the_node_is_not_is_its_bug(world):
    """A node that sends on an interface or from an address that it has not is logged."""
    ggsn = ScriptedNode("ggsn")
    world.runtime.attach(ggsn, {Interface.GTP_C: GGSN})
    world.order(
        ggsn,
        (Interface.GTP_U, FOREIGN, b"x"),
        (Interface.GTP_C, FOREIGN, b"y", ("127.0.0.9", 2123)),
    )
    assert world.reactor.sent == []
    assert world.runtime.counters["faults"] == 2


def test_call_later_happens_unless_cancelled(world):
    """A later call happens at its time; a cancelled one does not, whenever it is cancelled."""
    calls = []
    kept = world.runtime.call_later(1.0, lambda: calls.append("kept"))
    world.runtime.call_later(1.0, lambda: calls.append("not")).cancel()
    world.reactor.advance(1.0)
    kept.cancel()
    assert calls == ["kept"]


GI_PUSH = udp_packet(("127.0.0.5", 9200), ("127.10.0.7", 2948), b"push")
GI_ANSWER = udp_packet(("127.10.0.7", 2948), ("127.0.0.5", 9200), b"answer")


def test_gi_packet_reaches_the_ggsn_that_has_the_network():
    """A packet from Gi goes to the GGSN whose network its destination is in, and passes once."""
    gi = FakeGi()
    world = World(gi)
    one, two = ScriptedNode("one"), ScriptedNode("two")
    for node, network in ((one, "127.11.0.0/16"), (two, "127.10.0.0/16")):
        world.runtime.attach(node, {Interface.GI: ("", 0)})
        world.runtime.route_gi([IPv4Network(network)], node)
    gi.deliver(GI_PUSH)
    gi.deliver(udp_packet(("127.0.0.5", 9200), ("127.12.0.1", 2948), b"nobody's"))
    assert [r.data for r in two.received] == [GI_PUSH]
    assert one.received == []
    (passed,) = world.passed
    assert (passed.source, passed.destination) == (("127.0.0.5", 9200), ("127.10.0.7", 2948))
    assert world.runtime.counters["gi-no-such-mobile"] == 1


def test_an_interface_may_take_its_time():
    """Datagrams of UDP, links and Gi pass when they are sent, and arrive a latency later."""
    gi = FakeGi()
    latencies = {Interface.GTP_C: 0.5, Interface.GR: 0.25, Interface.GI: 0.125}
    world = World(gi, latencies)
    ggsn, hlr = ScriptedNode("ggsn"), ScriptedNode("hlr", react=echo)
    places = {Interface.GTP_C: GGSN, Interface.GR: ("ggsn", 0), Interface.GI: ("", 0)}
    world.runtime.attach(ggsn, places)
    world.runtime.route_gi([IPv4Network("127.10.0.0/16")], ggsn)
    world.runtime.attach(hlr, {Interface.GTP_C: SGSN, Interface.GR: ("hlr", 0)})
    world.order(ggsn, (Interface.GTP_C, SGSN, b"udp"), (Interface.GR, ("hlr", 0), b"link"))
    gi.deliver(GI_PUSH)
    assert [p.data for p in world.passed] == [b"udp", b"link", GI_PUSH]
    world.reactor.advance(0)
    assert hlr.received == ggsn.received == []
    world.reactor.pump([0.125] * 10)
    assert [(r.data, r.now - EPOCH) for r in hlr.received] == [(b"link", 0.25), (b"udp", 0.5)]
    assert [(r.data, r.now - EPOCH) for r in ggsn.received] == [
        (GI_PUSH, 0.125),
        (b"re:link", 0.5),
        (b"re:udp", 1.0),
    ]


def test_packet_to_gi_goes_out_by_the_device():
    """A packet from a mobile passes as a packet and goes to the Gi device whole."""
    gi = FakeGi()
    world = World(gi)
    ggsn = ScriptedNode("ggsn")
    world.runtime.attach(ggsn, {Interface.GI: ("", 0)})
    world.order(ggsn, (Interface.GI, ("", 0), GI_ANSWER))
    assert gi.sent == [GI_ANSWER]
    assert world.passed[0].source == ("127.10.0.7", 2948)


def test_packet_to_gi_without_a_device_is_counted(world):
    """Without a Gi device what mobiles send is seen and counted."""
    ggsn = ScriptedNode("ggsn")
    world.runtime.attach(ggsn, {Interface.GI: ("", 0)})
    world.order(ggsn, (Interface.GI, ("", 0), GI_ANSWER))
    assert len(world.passed) == 1
    assert world.runtime.counters["gi-unroutable"] == 1


@pytest.mark.parametrize(("interface", "port"), [(Interface.WDP, 9200), (Interface.WSP, 9201)])
def test_push_from_our_gateway_passes_once_each_way(interface, port):
    """A datagram that the kernel carries between our gateway and Gi passes where it is sent."""
    gi = FakeGi()
    world = World(gi)
    ggsn, gateway = ScriptedNode("ggsn"), ScriptedNode("gateway")
    ours, mobile = ("127.0.0.5", port), ("127.10.0.7", 2948)
    world.runtime.attach(ggsn, {Interface.GI: ("", 0)})
    world.runtime.route_gi([IPv4Network("127.10.0.0/16")], ggsn)
    world.runtime.attach(gateway, {interface: ours})
    world.order(gateway, (interface, mobile, b"push"))
    gi.deliver(udp_packet(ours, mobile, b"push"))
    world.order(ggsn, (Interface.GI, ("", 0), udp_packet(mobile, ours, b"answer")))
    world.reactor.arrive(b"answer", mobile, ours)
    world.reactor.advance(0)
    assert [(p.interface, p.sender, p.receiver) for p in world.passed] == [
        (interface, "gateway", "ggsn"),
        (Interface.GI, "ggsn", "gateway"),
    ]
    assert gateway.received[0].data == b"answer"


def stopped(world, **how):
    done = []
    world.runtime.stop(**how).addCallback(done.append)
    return done


def test_stop_lets_farewells_out_and_frees_everything():
    """The last node attached stops first, its farewell is heard, then all is closed."""
    gi = FakeGi()
    world = World(gi)
    order = []

    def leave(node, now):
        order.append(node.name)
        if node.name == "sgsn":
            node.send(Interface.GTP_C, GGSN, b"bye")

    ggsn, sgsn = (ScriptedNode(name, on_stop=leave) for name in ("ggsn", "sgsn"))
    world.runtime.attach(ggsn, {Interface.GTP_C: GGSN, Interface.GI: ("", 0)})
    world.runtime.attach(sgsn, {Interface.GTP_C: SGSN})
    world.runtime.call_later(100, lambda: None)
    done, again = stopped(world), stopped(world)
    world.reactor.pump([0, 0, 0, 0])
    assert order == ["sgsn", "ggsn"]
    assert [r.data for r in ggsn.received] == [b"bye"]
    assert done == again == [None]
    assert stopped(world) == [None]
    assert world.reactor.ports == {}
    assert world.reactor.getDelayedCalls() == []
    assert not gi.running


def test_stop_waits_for_answers_to_farewells_with_patience(world):
    """A node that still waits for something after its stop gets the patience, and no more."""
    node = ScriptedNode("node", on_stop=lambda node, now: setattr(node, "due", now + 60))
    world.runtime.attach(node, {Interface.GTP_C: GGSN})
    done = stopped(world, patience=0.5)
    world.reactor.pump([0.02] * 20)
    assert done == []
    world.reactor.pump([0.02] * 10)
    assert done == [None]
    assert world.reactor.getDelayedCalls() == []


def test_stop_ends_when_the_last_answer_is_there(world):
    """A farewell that is answered ends the stop before the patience is over."""
    node = ScriptedNode(
        "node",
        on_stop=lambda node, now: setattr(node, "due", now + 60),
        react=lambda node, received: setattr(node, "due", None),
    )
    world.runtime.attach(node, {Interface.GTP_C: GGSN})
    done = stopped(world)
    world.reactor.arrive(b"bye", FOREIGN, GGSN)
    world.reactor.pump([0.02] * 4)
    assert done == [None]


def test_stop_waits_for_a_node_that_ends_in_turns(world):
    """However long it has something left to end; only then its patience begins."""

    class Busy(ScriptedNode):
        is_stopping = False

    def go_on(node, now):
        node.is_stopping = len(node.timeouts) < 100
        node.due = now + 0.02 if node.is_stopping else now + 60

    node = Busy("node", on_stop=go_on, on_timeout=go_on)
    world.runtime.attach(node, {Interface.GTP_C: GGSN})
    done = stopped(world, patience=0.5)
    world.reactor.pump([0.02] * 120)
    assert (len(node.timeouts), done) == (100, [])
    world.reactor.pump([0.02] * 10)
    assert done == [None]


def test_nothing_can_be_asked_of_a_stopped_runtime(world):
    """Commands, later calls and nodes are refused once the runtime has stopped."""
    node = ScriptedNode("node")
    world.runtime.attach(node, {})
    stopped(world)
    with pytest.raises(RuntimeStoppedError):
        world.runtime.attach(ScriptedNode("late"), {})
    world.reactor.pump([0, 0, 0])
    with pytest.raises(RuntimeStoppedError):
        world.runtime.command(node, lambda now: None)
    with pytest.raises(RuntimeStoppedError):
        world.runtime.call_later(1, lambda: None)


def test_node_that_cannot_say_what_it_wants_is_logged(world):
    """A node that raises when its datagrams are taken is logged; others run on."""
    node = ScriptedNode("node")
    world.runtime.attach(node, {Interface.GTP_C: GGSN})
    node.next_timeout = lambda: 1 / 0
    world.reactor.arrive(b"x", FOREIGN, GGSN)
    world.reactor.advance(0)
    assert world.log[0]["occasion"] == "taking what it wants"


def test_node_that_raises_in_stop_does_not_keep_the_others(world):
    """Every node is stopped and every port freed, whatever one of them does."""

    def choke(node, now):
        raise RuntimeError("bug")

    nodes = [ScriptedNode("good"), ScriptedNode("bad", on_stop=choke)]
    world.runtime.attach(nodes[0], {Interface.GTP_C: GGSN})
    world.runtime.attach(nodes[1], {Interface.GTP_C: SGSN})
    done = stopped(world)
    world.reactor.pump([0, 0, 0])
    assert done == [None]
    assert len(nodes[0].stopped) == 1
    assert world.reactor.ports == {}


def test_stop_ends_a_volley_that_goes_on(world):
    """What is still to be delivered when the runtime closes is forgotten."""

    def volley(node, received):
        if len(node.received) < 3000:
            node.send(received.interface, received.peer, b"x")

    one, two = ScriptedNode("one", react=volley), ScriptedNode("two", react=volley)
    world.runtime.attach(one, {Interface.GR: ("one", 1)})
    world.runtime.attach(two, {Interface.GR: ("two", 1)})
    done = stopped(world)
    world.runtime.command(one, lambda now: one.send(Interface.GR, ("two", 1), b"x"))
    world.reactor.pump([0, 0, 0])
    assert done == [None]
    assert world.reactor.getDelayedCalls() == []
