"""Mobiles of another process in virtual time: the same nodes, over a link that loses and breaks."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import IPv4Network
from random import Random

from corenet.assembly import Core, CoreConfig, assemble
from corenet.ggsn.config import Apn, GgsnConfig
from corenet.hlr.config import HlrConfig, SubscribedApn, Subscriber
from corenet.interfaces.node import Address, Datagram, Event, Interface
from corenet.interfaces.runtime import Passed
from corenet.mobile.config import MobileConfig
from corenet.mobile.events import ContextState, MobileState, MobileView
from corenet.sgsn.config import RoutingArea, SgsnConfig
from corenet.sgsn.events import MmState
from corenet.um.config import BaseStationConfig, TransceiverConfig
from corenet.um.events import MobileRefused, NetworkFound, NetworkLost
from testbed.simulation.network import VirtualNetwork
from testbed.simulation.quality import LinkQuality

HERE, THERE = "234150000000001", "234150000000002"
GGSN, SGSN, HLR = "127.0.0.1", "127.0.0.2", "127.0.0.3"
LISTEN, PHONES = (SGSN, 4729), ("127.0.0.7", 40_000)
APN = "internet"
AREA = RoutingArea()


class Far:
    """The host of the other process, as one network has it: what is sent there goes over."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.arrived: list[tuple[bytes, Address, Address]] = []
        self._sending: list[Datagram] = []

    def emit(self, data: bytes, source: Address, destination: Address) -> None:
        self._sending.append(Datagram(Interface.UM, destination, data, source))

    def start(self, now: float) -> None: ...

    def stop(self, now: float) -> None: ...

    def receive(
        self, interface: Interface, data: bytes, *, peer: Address, local: Address, now: float
    ) -> None:
        self.arrived.append((data, peer, local))

    def next_timeout(self) -> float | None:
        return None

    def handle_timeout(self, now: float) -> None: ...

    def take_datagrams(self) -> list[Datagram]:
        taken, self._sending = self._sending, []
        return taken

    def take_events(self) -> list[Event]:
        return []


class World:
    """Two processes, each with a virtual network of its own, and UM between them.

    The network has one mobile of its own; the other process has another one.
    """

    def __init__(self, loss: float = 0.0) -> None:
        quality = {Interface.UM: LinkQuality(loss=loss)}
        self.home, self.away = (VirtualNetwork(seed, quality=quality) for seed in (11, 12))
        self.ends = {self.home: Far("far"), self.away: Far("near")}
        self.home.attach(self.ends[self.home], {Interface.UM: PHONES})
        self.away.attach(self.ends[self.away], {Interface.UM: LISTEN})
        self.passed: list[Passed] = []
        self.home.on_passed(self.passed.append)
        self.away.on_passed(self.passed.append)
        self.events: list[Event] = []
        self.away.on_event(lambda _time, _node, event: self.events.append(event))
        self.core = network()
        self.phones = phones()

    def run_until(self, goal: Callable[[], bool], within: float) -> bool:
        """Let time pass in both, 10 ms at a time, until it is ``goal``."""
        end = self.home.now() + within
        while not goal() and self.home.now() < end:
            for one, other in ((self.home, self.away), (self.away, self.home)):
                one.run_until(one.now() + 0.01)
                for passed in self.ends[one].arrived:
                    far = self.ends[other]
                    other.command(far, lambda _now, to=far, what=passed: to.emit(*what))
                self.ends[one].arrived.clear()
        return goal()

    def mobile(self) -> MobileView:
        assert self.phones.mobiles is not None
        return self.phones.mobiles.mobile(THERE)

    def is_attached(self) -> bool:
        return self.mobile().state is MobileState.ATTACHED

    def is_known(self) -> bool:
        """Whether the SGSN has it attached."""
        views = self.core.sgsns["sgsn"].mm_contexts()
        return any(one.imsi == THERE and one.state is MmState.ATTACHED for one in views)

    def is_online(self) -> bool:
        return [one.state for one in self.mobile().contexts] == [ContextState.ACTIVE]

    def request_activation(self) -> None:
        """Have the network ask for a context."""
        ggsn = self.core.ggsns["ggsn"]
        self.home.command(
            ggsn, lambda now: ggsn.activate(THERE, APN, key="1", deadline=None, now=now)
        )

    def restart_network(self) -> None:
        """Let the network's process end without a farewell, and start anew."""
        for node in (*self.core.sgsns.values(), *self.core.ggsns.values()):
            self.home.detach(node)
        for one in (self.core.hlr, self.core.mobiles, self.core.base_station):
            assert one is not None
            self.home.detach(one)
        self.core = network()


def network() -> Core:
    subscribed = (SubscribedApn(APN),)
    numbers = {HERE: "447700900001", THERE: "447700900002"}
    apn = Apn(APN, (IPv4Network("10.45.0.0/24"),))
    return assemble(
        CoreConfig(
            ggsns={"ggsn": GgsnConfig(GGSN, GGSN, (apn,), hlr=(HLR, 2123))},
            sgsns={"sgsn": SgsnConfig(SGSN, SGSN, hlr=(HLR, 4222), ggsns={APN: (GGSN,)})},
            hlr=HlrConfig(
                HLR, tuple(Subscriber(imsi, own, subscribed) for imsi, own in numbers.items())
            ),
            mobiles=(MobileConfig(HERE, numbers[HERE], attach_at_start=True),),
            base_station=BaseStationConfig(
                LISTEN, frozenset(AREA.cells), dict.fromkeys(AREA.cells, ("sgsn", 0)), own={HERE}
            ),
        ),
        random=Random(1),
        recovery=1,
    )


def phones(imsi: str = THERE) -> Core:
    phone = MobileConfig(imsi, "447700900002", apns=(APN,), attach_at_start=True)
    return assemble(
        CoreConfig(
            mobiles=(phone,),
            cells=dict.fromkeys(AREA.cells, AREA.encode()),
            transceiver=TransceiverConfig(LISTEN, PHONES, "phones"),
        ),
        random=Random(2),
        recovery=1,
    )


def test_a_mobile_elsewhere_attaches_and_is_activated_on_the_networks_request() -> None:
    """Its own end and the network's see every frame once; the mobile here is as ever."""
    world = World()
    world.core.attach(world.home)
    world.phones.attach(world.away)
    assert world.run_until(world.is_attached, within=5.0)
    world.request_activation()
    assert world.run_until(world.is_online, within=5.0)
    assert world.core.ggsns["ggsn"].contexts_of(THERE)
    assert world.core.mobiles is not None
    assert world.core.mobiles.mobile(HERE).state is MobileState.ATTACHED
    assert world.core.mobiles.counters == {}
    assert world.core.base_station is not None
    assert world.phones.transceiver is not None
    up, down = world.core.base_station.counters, world.phones.transceiver.counters
    assert (up["frames_up"], up["frames_down"]) == (down["frames_up"], down["frames_down"])


def test_a_mobile_waits_for_a_network_that_comes_later() -> None:
    """It is out of coverage until then, and attaches as soon as there is one."""
    world = World()
    world.phones.attach(world.away)
    assert not world.run_until(world.is_attached, within=100.0)
    assert not world.mobile().coverage
    world.core.attach(world.home)
    assert world.run_until(world.is_attached, within=32.0)
    assert world.mobile().coverage


def test_a_network_that_restarts_is_found_again() -> None:
    """The mobile speaks to it, is told that it is not known, and attaches again."""
    world = World()
    world.core.attach(world.home)
    world.phones.attach(world.away)
    assert world.run_until(world.is_attached, within=5.0)
    world.restart_network()
    assert world.run_until(lambda: not world.mobile().coverage, within=30.0)
    world.core.attach(world.home)
    assert world.run_until(lambda: world.mobile().coverage, within=31.0)
    assert world.run_until(world.is_known, within=10.0)
    kinds = [type(event) for event in world.events if isinstance(event, NetworkFound | NetworkLost)]
    assert kinds[:2] == [NetworkFound, NetworkLost]
    assert kinds[-1] is NetworkFound


def test_a_push_finds_a_mobile_after_the_link_was_away() -> None:
    """Where it is, is not forgotten: the page goes there."""
    world = World()
    world.core.attach(world.home)
    world.phones.attach(world.away)
    assert world.run_until(world.is_attached, within=5.0)
    world.home.cut("bts", "far")
    assert world.run_until(lambda: not world.mobile().coverage, within=30.0)
    world.home.mend("bts", "far")
    assert world.run_until(lambda: world.mobile().coverage, within=31.0)
    world.request_activation()
    assert world.run_until(world.is_online, within=5.0)


def test_a_lossy_link_costs_time_only() -> None:
    """One datagram in ten is lost, each way."""
    world = World(loss=0.05)
    world.core.attach(world.home)
    world.phones.attach(world.away)
    assert world.run_until(world.is_attached, within=120.0)
    world.request_activation()
    assert world.run_until(world.is_online, within=120.0)


def test_a_mobile_of_the_networks_own_process_is_not_another_ones() -> None:
    """The other process is told, and the mobile here is not disturbed."""
    world = World()
    world.phones = phones(HERE)
    world.core.attach(world.home)
    world.phones.attach(world.away)
    refused = lambda: any(isinstance(event, MobileRefused) for event in world.events)  # noqa: E731
    assert world.run_until(refused, within=5.0)
    assert world.core.mobiles is not None
    assert world.core.mobiles.mobile(HERE).state is MobileState.ATTACHED


def test_processes_end_in_good_order() -> None:
    """The mobile is switched off, which the SGSN hears, and then both say goodbye."""
    world = World()
    world.core.attach(world.home)
    world.phones.attach(world.away)
    assert world.run_until(world.is_known, within=5.0)
    assert world.phones.mobiles is not None
    assert world.phones.transceiver is not None
    assert world.core.base_station is not None
    world.away.stop(world.phones.mobiles)
    world.away.run_until(world.away.now() + 0.05)
    world.away.stop(world.phones.transceiver)
    station = world.core.base_station
    assert world.run_until(lambda: station.processes == 0, within=1.0)
    assert world.run_until(lambda: not world.is_known(), within=1.0)
    assert world.away.timeouts() == {}
