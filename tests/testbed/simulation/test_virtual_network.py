"""The virtual-time network."""

from ipaddress import IPv4Network

import pytest

from corenet.gi.ip import parse_udp, udp_packet
from corenet.interfaces.attachments import AlreadyAttachedError
from corenet.interfaces.node import ANYWHERE, Interface
from corenet.interfaces.testing import Received, ScriptedNode
from testbed.simulation.network import TooMuchHappenedError, VirtualNetwork
from testbed.simulation.quality import LinkQuality

A = ("127.0.0.1", 2123)
B = ("127.0.0.2", 2123)
POOL = IPv4Network("10.45.0.0/16")
MOBILE = ("10.45.0.7", 2948)
GATEWAY = ("127.0.0.5", 9200)
SESSIONS = ("127.0.0.5", 9201)


def pair(seed=1, *, react=None, interface=Interface.GTP_C, **quality):
    """Return a network with two nodes whose interface has that quality."""
    network = VirtualNetwork(seed, quality={interface: LinkQuality(**quality)}, start=1000.0)
    one, two = ScriptedNode("one"), ScriptedNode("two", react=react)
    network.attach(one, {interface: A})
    network.attach(two, {interface: B})
    return network, one, two


def order(network, node, *datagrams):
    def action(now):
        for datagram in datagrams:
            node.send(*datagram)

    network.command(node, action)


def numbers(count, interface=Interface.GTP_C):
    return [(interface, B, bytes([number])) for number in range(count)]


def test_datagram_arrives_after_its_latency():
    """A datagram takes its interface's latency, and the clock stands there when it arrives."""
    network, one, two = pair(latency=0.25)
    order(network, one, (Interface.GTP_C, B, b"x"))
    assert two.received == []
    assert network.in_flight == 1
    assert network.run_until(lambda: bool(two.received))
    assert two.received == [Received(Interface.GTP_C, b"x", A, B, 1000.25)]
    assert network.now() == 1000.25
    assert network.in_flight == 0


def test_jitter_keeps_the_order():
    """Jitter spreads the arrivals but lets nothing overtake within a flow."""
    network, one, two = pair(jitter=1.0)
    order(network, one, *numbers(50))
    network.run_until(network.now() + 5)
    assert [r.data[0] for r in two.received] == list(range(50))
    assert len({r.now for r in two.received}) > 1


def test_a_node_of_limited_capacity_takes_one_after_the_other():
    """Messages wait for their turn, in order; those of other interfaces do not."""
    network, one, two = pair(latency=0.0)
    network.set_capacity("two", 4.0, {Interface.GTP_C})
    order(network, one, *numbers(3))
    network.run_until(network.now() + 10)
    assert [(r.data[0], r.now) for r in two.received] == [
        (0, 1000.25),
        (1, 1000.5),
        (2, 1000.75),
    ]
    network.set_capacity("two", 4.0, {Interface.GR})
    order(network, one, *numbers(1))
    network.run_until(network.now() + 1)
    assert two.received[-1].now == 1010.0


def test_many_flows_keep_their_order():
    """Flows of which nothing is under way are forgotten, and no others."""
    network, one, two = pair(jitter=1.0)
    for number in range(40):
        sources = range(1_000 * number, 1_000 * (number + 1))
        others = [(Interface.GTP_C, B, b"", (f"flow {source}", 2123)) for source in sources]
        order(network, one, *others, (Interface.GTP_C, B, bytes([number])))
        network.run_until(network.now() + 0.1)
    network.run_until(network.now() + 5)
    assert [r.data[0] for r in two.received if r.peer == A] == list(range(40))


def test_loss_duplication_and_reordering_do_what_they_say():
    """Of 200 datagrams about a fifth is lost, a fifth comes twice, and some are overtaken."""
    network, one, two = pair(loss=0.2, duplication=0.2, reordering=0.2, reordering_delay=0.05)
    order(network, one, *numbers(200))
    network.run_until(network.now() + 5)
    seen = [r.data[0] for r in two.received]
    assert 20 < network.counters["lost"] < 60
    assert 20 < network.counters["duplicated"] < 60
    assert len(seen) == 200 - network.counters["lost"] + network.counters["duplicated"]
    assert seen != sorted(seen)


def test_one_seed_gives_one_course_of_events():
    """Two runs with one seed have the same trace; another seed gives another one."""

    def run(seed):
        network, one, _two = pair(seed, react=_echo, loss=0.3, jitter=0.5, duplication=0.1)
        order(network, one, *numbers(40))
        network.run_until(network.now() + 10)
        return network.trace

    assert run(7) == run(7)
    assert run(7) != run(8)


def _echo(node, received):
    node.send(received.interface, received.peer, b"re:" + received.data, received.local)


def test_gr_is_reliable_and_in_order():
    """Gr may be slow, but a quality that loses or reorders is refused."""
    network, one, two = pair(interface=Interface.GR, jitter=3.0)
    order(network, one, *numbers(100, Interface.GR))
    network.run_until(network.now() + 10)
    assert [r.data[0] for r in two.received] == list(range(100))
    with pytest.raises(ValueError, match="TCP"):
        VirtualNetwork(1, quality={Interface.GR: LinkQuality(loss=0.1)})
    with pytest.raises(ValueError, match="TCP"):
        network.set_quality(Interface.GR, LinkQuality(reordering=0.1))


def test_quality_changes_for_what_is_sent_afterwards():
    """An interface made worse loses what is sent from then on, not what is under way."""
    network, one, two = pair()
    order(network, one, (Interface.GTP_C, B, b"before"))
    network.set_quality(Interface.GTP_C, LinkQuality(loss=1.0))
    order(network, one, (Interface.GTP_C, B, b"after"))
    network.run_until(network.now() + 1)
    assert [r.data for r in two.received] == [b"before"]


@pytest.mark.parametrize(
    "wrong", [{"loss": 1.5}, {"duplication": -0.1}, {"latency": -1.0}, {"jitter": -1.0}]
)
def test_impossible_quality_is_refused(wrong):
    """Probabilities are 0..1 and times are not negative."""
    with pytest.raises(ValueError):
        LinkQuality(**wrong)


def test_radio_reaches_the_mobiles_anywhere():
    """A frame for a mobile's name goes to the node that is attached anywhere, and back."""
    network = VirtualNetwork(1)
    sgsn, mobiles = ScriptedNode("sgsn"), ScriptedNode("mobiles", react=_echo)
    network.attach(sgsn, {Interface.RADIO: ("sgsn", 0)})
    network.attach(mobiles, {Interface.RADIO: ANYWHERE})
    order(network, sgsn, (Interface.RADIO, ("23415", 0), b"page"))
    network.run_until(lambda: bool(sgsn.received))
    assert sgsn.received[0].peer == ("23415", 0)


def gi_world():
    network = VirtualNetwork(1)
    ggsn, gateway = ScriptedNode("ggsn"), ScriptedNode("gateway")
    network.attach(ggsn, {Interface.GI: ("", 0)})
    network.route_gi([POOL], ggsn)
    network.attach(gateway, {Interface.WDP: GATEWAY, Interface.WSP: SESSIONS})
    return network, ggsn, gateway


OUTSIDE = pytest.mark.parametrize(
    ("interface", "ours"), [(Interface.WDP, GATEWAY), (Interface.WSP, SESSIONS)]
)


@OUTSIDE
def test_datagram_for_a_mobile_becomes_a_packet_on_gi(interface, ours):
    """What the gateway sends to a mobile's address reaches its GGSN as a whole IP packet."""
    network, ggsn, gateway = gi_world()
    passed = []
    network.on_passed(passed.append)
    order(network, gateway, (interface, MOBILE, b"push"))
    network.run_until(lambda: bool(ggsn.received))
    received = ggsn.received[0]
    assert (received.interface, received.peer) == (Interface.GI, ("", 0))
    datagram = parse_udp(received.data)
    assert (datagram.source, datagram.destination) == (ours, MOBILE)
    assert datagram.payload == b"push"
    (seen,) = passed
    assert (seen.interface, seen.sender, seen.receiver) == (interface, "gateway", "ggsn")


@OUTSIDE
def test_packet_on_gi_for_the_gateway_becomes_a_datagram(interface, ours):
    """What a mobile sends to the gateway's address and port arrives there as its payload."""
    network, ggsn, gateway = gi_world()
    packet = udp_packet(MOBILE, ours, b"answer")
    order(network, ggsn, (Interface.GI, ("", 0), packet))
    network.run_until(lambda: bool(gateway.received))
    (received,) = gateway.received
    assert (received.interface, received.data) == (interface, b"answer")
    assert (received.peer, received.local) == (MOBILE, ours)


def test_packet_on_gi_for_a_mobile_goes_to_its_ggsn():
    """Mobiles of two GGSNs reach one another over Gi."""
    network, ggsn, _ = gi_world()
    other = ScriptedNode("other")
    network.attach(other, {Interface.GI: ("", 0)})
    network.route_gi([IPv4Network("10.46.0.0/16")], other)
    packet = udp_packet(MOBILE, ("10.46.1.1", 5), b"hi")
    order(network, ggsn, (Interface.GI, ("", 0), packet))
    network.run_until(lambda: bool(other.received))
    assert other.received[0].data == packet


class HearingNode(ScriptedNode):
    """Keeps what it is told of as unreachable."""

    def __init__(self, name):
        super().__init__(name)
        self.heard = []

    def unreachable(self, interface, peer, *, host, now):
        self.heard.append((interface, peer, host, now))


def test_what_no_ggsn_has_comes_back():
    """ICMP says after a while that there is no way to the host."""
    network = VirtualNetwork(1)
    gateway = HearingNode("gateway")
    network.attach(gateway, {Interface.WDP: GATEWAY, Interface.RADIUS: ("127.0.0.5", 1813)})
    sent = network.now()
    order(
        network,
        gateway,
        (Interface.WDP, ("192.0.2.1", 2948), b"push"),
        (Interface.RADIUS, ("192.0.2.1", 1813), b"no push"),
    )
    network.run_until(lambda: bool(gateway.heard))
    network.run_until(network.now() + 1)
    ((interface, peer, host, now),) = gateway.heard
    assert (interface, peer, host) == (Interface.WDP, ("192.0.2.1", 2948), True)
    assert now > sent


def test_what_comes_back_to_a_node_that_is_gone_is_lost():
    """A crash is not told of anything."""
    network = VirtualNetwork(1)
    gateway = HearingNode("gateway")
    network.attach(gateway, {Interface.WDP: GATEWAY})
    order(network, gateway, (Interface.WDP, ("192.0.2.1", 2948), b"push"))
    network.detach(gateway)
    network.run_until(network.now() + 1)
    assert gateway.heard == []


def test_what_has_no_receiver_is_counted():
    """Datagrams for nobody, and broken packets, are unroutable and harm nothing."""
    network, ggsn, gateway = gi_world()
    broken = udp_packet(MOBILE, GATEWAY, b"answer")[:-1] + b"?"
    order(network, gateway, (Interface.WDP, ("192.0.2.1", 1), b"x"))
    order(
        network,
        ggsn,
        (Interface.GI, ("", 0), broken),
        (Interface.GI, ("", 0), b"no packet"),
        (Interface.GI, ("", 0), udp_packet(MOBILE, ("192.0.2.1", 1), b"")),
    )
    assert network.counters["unroutable"] == 4
    assert network.in_flight == 0


def test_node_is_called_when_it_wants():
    """A node is called at its timeout, which it may bring forward, put off or drop."""
    network = VirtualNetwork(1, start=1000.0)
    node = ScriptedNode("node")
    network.attach(node, {})
    for due in (1010.0, 1005.0, 1007.0):
        network.command(node, lambda now, due=due: setattr(node, "due", due))
    assert network.timeouts() == {"node": 1007.0}
    network.run_until(1020.0)
    assert node.timeouts == [1007.0]
    network.command(node, lambda now: setattr(node, "due", 1030.0))
    network.command(node, lambda now: setattr(node, "due", None))
    network.run_until(1040.0)
    assert node.timeouts == [1007.0]
    assert network.timeouts() == {}
    assert network.counters["timeouts"] == 1


def test_overdue_timeout_happens_now():
    """A timeout in the past happens at once, and time does not go back."""
    network = VirtualNetwork(1, start=1000.0)
    node = ScriptedNode("node")
    network.attach(node, {})
    network.command(node, lambda now: setattr(node, "due", 1.0))
    network.run_until(1000.0)
    assert node.timeouts == [1000.0]


def test_node_that_is_always_due_is_found_out():
    """A node that wants to be called at once for ever ends the run with its name."""
    network = VirtualNetwork(1)
    node = ScriptedNode("node", on_timeout=lambda node, now: setattr(node, "due", now))
    network.attach(node, {})
    network.command(node, lambda now: setattr(node, "due", now))
    with pytest.raises(TooMuchHappenedError, match="node wants to be called"):
        network.run_until(lambda: False, within=10)


def test_endless_run_ends_at_the_event_limit():
    """Two nodes that answer one another for ever don't run for ever."""
    network = VirtualNetwork(42, event_limit=500)
    one, two = ScriptedNode("one", react=_back), ScriptedNode("two", react=_back)
    network.attach(one, {Interface.GTP_C: A})
    network.attach(two, {Interface.GTP_C: B})
    order(network, one, (Interface.GTP_C, B, b"x"))
    with pytest.raises(TooMuchHappenedError, match=r"500 events and no end .* seed 42"):
        network.run_until(lambda: False)


def _back(node, received):
    node.send(received.interface, received.peer, b"x")


def test_later_calls_happen_in_order_unless_cancelled():
    """Later calls come at their time, those of one instant in the order they were planned."""
    network = VirtualNetwork(1, start=0.0)
    calls = []
    for name, delay in (("b", 2.0), ("a", 1.0), ("c", 2.0)):
        network.call_later(delay, lambda name=name: calls.append((name, network.now())))
    network.call_later(1.5, lambda: calls.append("never")).cancel()
    network.run_until(5.0)
    assert calls == [("a", 1.0), ("b", 2.0), ("c", 2.0)]


def test_condition_that_does_not_come_gives_up():
    """A condition stays false until the time is over, or until nothing can happen any more."""
    network = VirtualNetwork(1, start=0.0)
    assert not network.run_until(lambda: False, within=3.0)
    assert network.now() == 3.0
    network.call_later(1.0, lambda: None)
    assert not network.run_until(lambda: False)
    assert network.now() == 4.0


def test_cut_nodes_hear_nothing_until_mended():
    """Between nodes that are cut everything is lost, both ways, until they are mended."""
    network, one, two = pair(react=_echo)
    network.cut("two", "one")
    order(network, one, (Interface.GTP_C, B, b"lost"))
    network.run_until(network.now() + 1)
    network.mend("one", "two")
    order(network, one, (Interface.GTP_C, B, b"heard"))
    network.run_until(network.now() + 1)
    assert [r.data for r in two.received] == [b"heard"]
    assert [r.data for r in one.received] == [b"re:heard"]


def test_crashed_node_loses_what_was_under_way():
    """A crash takes what was on its way and the timeouts with it; a successor starts anew."""
    network, one, two = pair(latency=1.0)
    network.command(two, lambda now: setattr(two, "due", now + 1))
    order(network, one, (Interface.GTP_C, B, b"x"))
    network.detach(two)
    with pytest.raises(LookupError):
        network.command(two, lambda now: None)
    network.run_until(network.now() + 5)
    assert two.received == two.timeouts == []
    assert network.in_flight == 0
    successor = ScriptedNode("two")
    network.attach(successor, {Interface.GTP_C: B})
    order(network, one, (Interface.GTP_C, B, b"y"))
    network.run_until(network.now() + 5)
    assert [r.data for r in successor.received] == [b"y"]


def test_stopped_node_says_farewell_and_hears_the_answer():
    """A node that stops in good order sends its farewell and still hears."""
    network, _one, _two = pair(react=_echo)
    leaver = ScriptedNode("leaver", on_stop=lambda node, now: node.send(Interface.GTP_C, B, b"bye"))
    network.attach(leaver, {Interface.GTP_C: ("127.0.0.3", 2123)})
    network.stop(leaver)
    network.run_until(network.now() + 1)
    assert [r.data for r in leaver.received] == [b"re:bye"]


def test_free_port_is_found_for_port_0():
    """Port 0 gives each node a port of its own."""
    network = VirtualNetwork(1)
    nodes = [ScriptedNode(name) for name in ("one", "two")]
    for node in nodes:
        network.attach(node, {Interface.RADIUS: ("127.0.0.1", 0)})
    addresses = {network.address_of(node, Interface.RADIUS) for node in nodes}
    assert len(addresses) == 2


def test_place_that_is_taken_is_refused():
    """Two nodes cannot be at one address."""
    network, *_ = pair()
    with pytest.raises(AlreadyAttachedError):
        network.attach(ScriptedNode("three"), {Interface.GTP_C: A})


def test_node_that_raises_says_how_to_see_it_again():
    """What a node raises comes out with its name, the octets and the seed."""

    def choke(node, received):
        raise IndexError("bug")

    network, one, _ = pair(seed=99, react=choke)
    order(network, one, (Interface.GTP_C, B, b"\xde\xad"))
    with pytest.raises(IndexError) as caught:
        network.run_until(network.now() + 1)
    assert "seed 99: dead" in caught.value.__notes__[0]


def test_timeout_that_raises_says_whose_it_was():
    """What a timeout raises comes out with the node's name and the seed."""

    def choke(node, now):
        raise IndexError("bug")

    network = VirtualNetwork(99)
    node = ScriptedNode("node", on_timeout=choke)
    network.attach(node, {})
    network.command(node, lambda now: setattr(node, "due", now))
    with pytest.raises(IndexError) as caught:
        network.run_until(network.now() + 1)
    assert "timeout of node" in caught.value.__notes__[0]


def test_node_that_sends_where_it_is_not_attached_is_a_bug():
    """A datagram on an interface that the node has not got raises."""
    network, one, _ = pair()
    with pytest.raises(ValueError, match="one is not attached to gtp-u"):
        order(network, one, (Interface.GTP_U, B, b"x"))


def test_listener_may_command_and_events_keep_their_order():
    """A listener's command is carried out at once; its events follow those that were before."""
    network = VirtualNetwork(1)
    node, told = ScriptedNode("node"), []

    def make(data):
        return Received(Interface.GR, data, ANYWHERE, ANYWHERE, 0.0)

    def listen(now, name, event):
        told.append(event.data)
        if event.data == b"first":
            network.command(node, lambda now: node.tell(make(b"third")))

    network.on_event(listen)
    network.attach(node, {})

    def action(now):
        node.tell(make(b"first"))
        node.tell(make(b"second"))

    network.command(node, action)
    assert told == [b"first", b"second", b"third"]
