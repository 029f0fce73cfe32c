"""A core assembled from its configuration, in virtual time."""

from ipaddress import IPv4Network
from random import Random

import pytest

from corenet.assembly import CoreConfig, assemble
from corenet.ggsn.config import (
    Apn,
    DynamicPolicy,
    GgsnConfig,
    RadiusAuthentication,
    RadiusClient,
    RadiusServer,
    StaticBinding,
)
from corenet.ggsn.events import ActivationFinished
from corenet.hlr.config import HlrConfig, SubscribedApn, Subscriber
from corenet.interfaces.application import Application, Shown
from corenet.interfaces.node import Interface
from corenet.interfaces.testing import ScriptedNode
from corenet.mobile.config import MobileConfig
from corenet.mobile.events import Attached, ShownOnScreen
from corenet.sgsn.config import RoutingArea, SgsnConfig
from corenet.um.config import BaseStationConfig, TransceiverConfig
from testbed.simulation.network import VirtualNetwork
from testbed.simulation.quality import LinkQuality

APN = "wap.example"
GGSN, SGSN, HLR, GATEWAY = "127.0.10.1", "127.0.10.2", "127.0.10.3", "127.0.10.5"
POOL = IPv4Network("127.10.0.0/16")
LOSSY = LinkQuality(latency=0.02, jitter=0.02, loss=0.2, duplication=0.02, reordering=0.05)


class Screen(Application):
    """An application that shows the text it gets and says so to its sender."""

    def __init__(self, host, port=2948):
        self.host = host
        host.bind(self.receive, port)

    def receive(self, payload, source, local, now):
        self.host.show(Shown("text", payload.decode()))
        self.host.send(b"shown", local, source)


def imsi(index):
    return f"23415{index:010d}"


def address(index):
    return str(POOL[256 + index])


def config(mobiles):
    people = [(imsi(i), f"4477009{i:05d}", address(i)) for i in range(mobiles)]
    return CoreConfig(
        ggsns={
            "ggsn": GgsnConfig(
                control_address=GGSN,
                user_address=GGSN,
                apns=(Apn(APN, (POOL,)),),
                static_bindings=tuple(StaticBinding(i, APN, a, m) for i, m, a in people),
                hlr=(HLR, 2123),
                radius=(RadiusServer((GATEWAY, 1813), b"secret"),),
            )
        },
        sgsns={"sgsn": SgsnConfig(SGSN, SGSN, (HLR, 4222), {APN: (GGSN,)})},
        hlr=HlrConfig(HLR, tuple(Subscriber(i, m, (SubscribedApn(APN, a),)) for i, m, a in people)),
        mobiles=tuple(MobileConfig(i, m, apns=(APN,), attach_at_start=True) for i, m, _ in people),
    )


def world(seed, mobiles, quality=None):
    network = VirtualNetwork(seed, quality=quality)
    core = assemble(
        config(mobiles), random=Random(seed), recovery=1, applications=lambda host: (Screen(host),)
    )
    told = []
    network.on_event(lambda now, name, event: told.append(event))
    core.attach(network)
    return network, core, told


def count(told, kind):
    return sum(isinstance(event, kind) for event in told)


def activate(network, ggsn, who):
    network.command(ggsn, lambda now: ggsn.activate(who, APN, key=who, now=now))


def test_core_activates_on_the_networks_request():
    """Every node of the core does its part, and the context is there with its static address."""
    network, core, told = world(1, 3)
    assert network.run_until(lambda: count(told, Attached) == 3, within=10)
    activate(network, core.ggsns["ggsn"], imsi(1))
    assert network.run_until(lambda: count(told, ActivationFinished) == 1, within=10)
    (context,) = core.ggsns["ggsn"].contexts()
    assert (context.imsi, context.address) == (imsi(1), address(1))


def test_datagram_to_an_offline_mobile_shows_on_its_screen():
    """A datagram for a static address activates the context, is delivered, and is answered."""
    network, _, told = world(2, 2)
    gateway = ScriptedNode("gateway")
    network.attach(gateway, {Interface.WDP: (GATEWAY, 9200)})
    network.run_until(lambda: count(told, Attached) == 2, within=10)
    network.command(gateway, lambda now: gateway.send(Interface.WDP, (address(0), 2948), b"hello"))
    assert network.run_until(lambda: bool(gateway.received), within=20)
    (shown,) = [event for event in told if isinstance(event, ShownOnScreen)]
    assert (shown.imsi, shown.shown.text) == (imsi(0), "hello")
    assert (gateway.received[0].data, gateway.received[0].peer) == (b"shown", (address(0), 2948))


def lossy_run(seed):
    network, core, told = world(
        seed, 60, {Interface.GTP_C: LOSSY, Interface.GTP_U: LOSSY, Interface.RADIO: LOSSY}
    )
    network.run_until(lambda: count(told, Attached) == 60, within=600)
    for index in range(60):
        activate(network, core.ggsns["ggsn"], imsi(index))
    network.run_until(lambda: count(told, ActivationFinished) == 60, within=600)
    return network, core, told


def test_every_activation_ends_on_a_lossy_network():
    """At 20 % loss each of many activations ends, active or with the step that failed."""
    _, core, told = lossy_run(5)
    outcomes = [event.outcome for event in told if isinstance(event, ActivationFinished)]
    assert sorted(outcome.imsi for outcome in outcomes) == [imsi(i) for i in range(60)]
    active = {outcome.imsi for outcome in outcomes if outcome.active}
    assert len(active) > 50
    assert active <= {context.imsi for context in core.ggsns["ggsn"].contexts()}


def test_one_seed_gives_one_course_of_events():
    """The whole core runs the same for the same seed, to the octet, and differs for another."""
    first, again, other = (lossy_run(seed)[0].trace for seed in (11, 11, 12))
    assert first == again != other


def test_core_stops_in_good_order():
    """Stopped from the mobiles to the HLR, the core has no context left and falls silent."""
    network, core, told = world(3, 5)
    network.run_until(lambda: count(told, Attached) == 5, within=10)
    for index in range(5):
        activate(network, core.ggsns["ggsn"], imsi(index))
    network.run_until(lambda: count(told, ActivationFinished) == 5, within=10)
    for node in (core.mobiles, core.sgsns["sgsn"], core.ggsns["ggsn"], core.hlr):
        network.stop(node)
        network.run_until(network.now() + 1)
    assert core.ggsns["ggsn"].contexts() == []
    assert network.in_flight == 0


def test_core_without_hlr_and_mobiles_is_a_ggsn_alone():
    """A core may be one GGSN for somebody else's SGSN."""
    core = assemble(
        CoreConfig(ggsns={"ggsn": GgsnConfig(GGSN, GGSN, (Apn(APN, (POOL,)),))}),
        random=Random(1),
        recovery=0,
    )
    network = VirtualNetwork(1)
    core.attach(network)
    assert (core.hlr, core.mobiles, dict(core.sgsns)) == (None, None, {})
    assert network.address_of(core.ggsns["ggsn"], Interface.RADIUS) is None


def test_a_ggsn_is_where_its_radius_servers_find_it():
    """A socket to ask from, where there are servers of any kind; one for orders, at its port."""
    server = RadiusServer((GATEWAY, 1812), b"secret")
    apn = Apn(APN, (POOL,), authentication=RadiusAuthentication((server,)))
    orders = DynamicPolicy((RadiusClient("127.0.0.0/8", b"secret"),), port=13799)
    config = GgsnConfig(GGSN, GGSN, (apn,), dynamic_authorization=orders)
    core = assemble(CoreConfig(ggsns={"ggsn": config}), random=Random(1), recovery=0)
    network = VirtualNetwork(1)
    core.attach(network)
    asked_from = network.address_of(core.ggsns["ggsn"], Interface.RADIUS)
    assert asked_from is not None
    assert asked_from[0] == GGSN
    assert network.address_of(core.ggsns["ggsn"], Interface.RADIUS_ORDERS) == (GGSN, 13799)


def test_networks_of_a_ggsn_are_pools_and_what_is_beside_them():
    """A static address inside a pool adds nothing; one beside it is a network of its own."""
    ggsn = GgsnConfig(
        GGSN,
        GGSN,
        (Apn(APN, (POOL,)),),
        (StaticBinding(imsi(1), APN, "127.10.0.9"), StaticBinding(imsi(2), APN, "127.11.0.9")),
    )
    networks = (POOL, IPv4Network("127.11.0.9/32"))
    assert ggsn.networks_of(ggsn.apns[0]) == networks
    core = CoreConfig(ggsns={"a": ggsn})
    assert core.gi_networks() == networks
    assert core.gi_networks(but={("a", APN)}) == ()


def test_hlrs_of_others_are_on_gc_too():
    """GTP-C with an HLR is Gc, whether it is this core's or one that a GGSN is told of."""
    ggsn = GgsnConfig(GGSN, GGSN, (Apn(APN),), hlr=("192.0.2.3", 2123))
    assert CoreConfig(ggsns={"a": ggsn}).gc_hosts == {"192.0.2.3"}
    assert CoreConfig(ggsns={"a": ggsn}, hlr=HlrConfig(HLR)).gc_hosts == {"192.0.2.3", HLR}
    assert CoreConfig().gc_hosts == frozenset()


SGSN_CONFIG = SgsnConfig(SGSN, SGSN, (HLR, 4222))
STATION = BaseStationConfig(("127.0.0.1", 4729), frozenset({0}), {0: ("sgsn", 0)})


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ({"sgsns": {"hlr": SGSN_CONFIG}}, "two nodes are named hlr"),
        ({"mobiles": (MobileConfig(imsi(1), "4477"),)}, "mobiles need an SGSN"),
        ({"sgsns": {"a": SGSN_CONFIG, "b": SGSN_CONFIG}}, "two routing areas have the cell 0"),
        ({"sgsns": {"bts": SGSN_CONFIG}}, "two nodes are named bts"),
        ({"base_station": STATION}, "a base station needs an SGSN"),
        (
            {"sgsns": {"a": SGSN_CONFIG}, "transceiver": TransceiverConfig(("127.0.0.1", 4729))},
            "here, or in another process",
        ),
    ],
)
def test_contradictions_are_refused(parts, words):
    """A core whose parts don't fit together is refused with a sentence."""
    with pytest.raises(ValueError, match=words):
        CoreConfig(**parts)


def test_mobiles_attach_to_the_sgsn_of_their_cell():
    """With two SGSNs the mobiles attach to the one whose cell they are in."""
    whole = config(1)
    both = CoreConfig(
        ggsns=whole.ggsns,
        sgsns={
            "far": SgsnConfig(
                "127.0.10.9",
                "127.0.10.9",
                (HLR, 4222),
                routing_areas=(RoutingArea(rac=2, cells=(7,)),),
            ),
            **whole.sgsns,
        },
        hlr=whole.hlr,
        mobiles=whole.mobiles,
    )
    network = VirtualNetwork(1)
    core = assemble(both, random=Random(1), recovery=0)
    core.attach(network)
    network.run_until(lambda: bool(core.sgsns["sgsn"].mm_contexts()), within=5)
    assert core.sgsns["far"].mm_contexts() == ()
