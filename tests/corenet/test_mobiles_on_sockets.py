"""Two processes' services on sockets in memory: the network, and mobiles elsewhere."""

import io
from ipaddress import IPv4Network
from random import Random

from corenet.adapters.testing import MemoryUdpReactor
from corenet.assembly import CoreConfig
from corenet.control.core import CoreControl
from corenet.ggsn.config import Apn, GgsnConfig
from corenet.hlr.config import HlrConfig, SubscribedApn, Subscriber
from corenet.interfaces.cells import CellQuality
from corenet.interfaces.node import Interface
from corenet.mobile.config import MobileConfig
from corenet.mobile.events import MobileState
from corenet.service import CoreService
from corenet.sgsn.config import RoutingArea, SgsnConfig
from corenet.um.config import BaseStationConfig, TransceiverConfig

IMSI, MSISDN, APN = "234150000000001", "447700900001", "internet"
GGSN, SGSN, HLR = "127.0.0.1", "127.0.0.2", "127.0.0.3"
LISTEN, PHONES = (SGSN, 4729), ("127.0.0.7", 40_000)
AREA = RoutingArea()


def network(reactor, capture, **settings):
    config = CoreConfig(
        ggsns={"ggsn": GgsnConfig(GGSN, GGSN, (Apn(APN, (IPv4Network("10.45.0.0/24"),)),))},
        sgsns={"sgsn": SgsnConfig(SGSN, SGSN, (HLR, 4222), {APN: (GGSN,)})},
        hlr=HlrConfig(HLR, (Subscriber(IMSI, MSISDN, (SubscribedApn(APN),)),)),
        base_station=BaseStationConfig(LISTEN, frozenset({0}), {0: ("sgsn", 0)}),
    )
    return CoreService(
        reactor,
        config,
        random=Random(1),
        recovery=1,
        gi_ports=(),
        capture=capture,
        **settings,
    )


def phones(reactor, capture):
    config = CoreConfig(
        mobiles=(MobileConfig(IMSI, MSISDN, apns=(APN,), attach_at_start=True),),
        cells={0: AREA.encode()},
        transceiver=TransceiverConfig(LISTEN, PHONES, "phones"),
    )
    return CoreService(reactor, config, random=Random(2), recovery=1, gi_ports=(), capture=capture)


def test_both_processes_count_and_capture_the_same():
    """Each frame is in each capture once; the sockets are free at the end."""
    reactor, here, there = MemoryUdpReactor(), io.BytesIO(), io.BytesIO()
    core, handsets = network(reactor, here), phones(reactor, there)
    core.startService()
    handsets.startService()
    reactor.pump([0.01] * 20)
    mobiles = handsets.core.mobiles
    assert mobiles.mobile(IMSI).state is MobileState.ATTACHED
    handsets.runtime.command(mobiles, lambda now: mobiles.activate(IMSI, APN, now))
    reactor.pump([0.01] * 20)
    control = CoreControl(handsets.core, handsets.runtime)
    (context,) = control.terminal(IMSI).mobile.contexts
    assert context.state == "active"
    counted = control.counters()["transceiver"]
    assert counted == {"registrations": 1, "frames_up": 3, "frames_down": 2}
    assert core.core.base_station.counters == counted
    # Five frames, and REGISTER with its answer.
    assert core.capture.counters["radio"] == handsets.capture.counters["radio"] == 7
    for service in (handsets, core):
        service.stopService()
        reactor.pump([0.05] * 10)
    assert reactor.ports == {}
    assert reactor.getDelayedCalls() == []


def test_cells_of_the_network_hold_for_mobiles_elsewhere():
    """A frame takes as long in its cell as one of a mobile beside the network."""
    reactor = MemoryUdpReactor()
    core = network(reactor, None, cells={0: CellQuality(latency=0.5)})
    handsets = phones(reactor, None)
    passed = []
    core.runtime.on_passed(passed.append)
    core.startService()
    handsets.startService()
    reactor.pump([0.01] * 10)
    assert handsets.core.mobiles.mobile(IMSI).state is not MobileState.ATTACHED
    reactor.pump([0.1] * 11)
    assert handsets.core.mobiles.mobile(IMSI).state is MobileState.ATTACHED
    frames = [one for one in passed if one.interface is Interface.UM]
    assert frames[3].time - frames[2].time >= 1.0, "Attach Request up, and Attach Accept down"
    for service in (handsets, core):
        service.stopService()
        reactor.pump([0.05] * 20)
