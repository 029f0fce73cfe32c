"""Gr between two cores in virtual time: the same nodes, over connections that break."""

from __future__ import annotations

from random import Random

from corenet.assembly import CoreConfig, assemble
from corenet.gr.config import GsupServerConfig, HlrOutsideConfig
from corenet.gr.hlr_outside import place_of
from corenet.hlr.config import HlrConfig, Subscriber
from corenet.interfaces.node import Interface
from corenet.interfaces.runtime import Passed, Phase
from corenet.mobile.config import MobileConfig
from corenet.mobile.events import MobileState
from corenet.sgsn.config import SgsnConfig
from testbed.simulation.network import VirtualNetwork

IMSI, MSISDN = "234150000000001", "447700900001"
HLR, SGSN = "192.0.2.1", "192.0.2.2"
LISTEN = (HLR, 4222)


class World:
    """An HLR that listens, and an SGSN with one mobile that asks it."""

    def __init__(self) -> None:
        self.network = VirtualNetwork(11)
        self.passed: list[Passed] = []
        self.network.on_passed(self.passed.append)
        subscriber = Subscriber(IMSI, MSISDN)
        self.home = assemble(
            CoreConfig(
                hlr=HlrConfig(HLR, (subscriber,)),
                gsup_server=GsupServerConfig(LISTEN, LISTEN),
            ),
            random=Random(1),
            recovery=1,
        )
        self.away = assemble(
            CoreConfig(
                sgsns={"sgsn": SgsnConfig(SGSN, SGSN, hlr=place_of("far"))},
                hlrs_outside={"far": HlrOutsideConfig(LISTEN, {(SGSN, 4222): "sgsn-1"})},
                mobiles=(MobileConfig(IMSI, MSISDN, attach_at_start=True),),
            ),
            random=Random(2),
            recovery=1,
        )

    def is_attached(self) -> bool:
        assert self.away.mobiles is not None
        return self.away.mobiles.mobile(IMSI).state is MobileState.ATTACHED


def test_a_mobile_attaches_over_the_connection() -> None:
    """The HLR has the SGSN at the host that its connection comes from."""
    world = World()
    world.home.attach(world.network)
    world.away.attach(world.network)
    assert world.network.run_until(world.is_attached, within=5.0)
    assert world.home.hlr is not None
    location = world.home.hlr.location(IMSI)
    assert location is not None
    assert location.sgsn == SGSN
    opened = [passed for passed in world.passed if passed.phase is Phase.OPENED]
    assert [passed.interface for passed in opened] == [Interface.GSUP]


def test_an_attach_waits_for_an_hlr_that_comes_later() -> None:
    """The request waits for the connection, which is tried again and again."""
    world = World()
    world.away.attach(world.network)
    world.network.run_until(world.network.now() + 3.0)
    assert not world.is_attached()
    world.home.attach(world.network)
    assert world.network.run_until(world.is_attached, within=10.0)


def test_a_connection_that_is_cut_comes_back() -> None:
    """Both ends hear of it; the SGSN has the same name to the HLR afterwards."""
    world = World()
    world.home.attach(world.network)
    world.away.attach(world.network)
    assert world.network.run_until(world.is_attached, within=5.0)
    world.network.cut("gsup", "far")
    world.network.run_until(world.network.now() + 5.0)
    (far,) = world.away.hlrs_outside.values()
    assert far.connected_units == 0
    world.network.mend("gsup", "far")
    server = world.home.gsup_server
    assert server is not None
    assert world.network.run_until(lambda: server.connected_clients == 1, within=60.0)
    assert far.connected_units == 1


def test_an_hlr_that_crashes_takes_its_connections_with_it() -> None:
    """The SGSN connects anew, and tells the HLR, which has kept nothing, where the mobile is."""
    world = World()
    world.home.attach(world.network)
    world.away.attach(world.network)
    assert world.network.run_until(world.is_attached, within=5.0)
    for part in world.home.parts("hlr"):
        world.network.detach(part)
    world.home.renew("hlr", random=Random(3), recovery=2)
    world.home.attach_again(world.network, "hlr")
    assert world.home.hlr is not None
    location = world.home.hlr.location(IMSI)
    assert location is not None
    assert location.sgsn is None
    world.network.run_until(world.network.now() + 60.0)
    location = world.home.hlr.location(IMSI)
    assert location is not None
    assert location.sgsn == SGSN
    assert world.is_attached()
