"""GGSNs by DNS in virtual time: a whole core with two GGSNs, name servers, and what may fail."""

from dataclasses import replace
from ipaddress import IPv4Network

import pytest

from corenet.assembly import CoreConfig
from corenet.control.model import MobileActivation
from corenet.ggsn.config import Apn, GgsnConfig
from corenet.hlr.config import HlrConfig, SubscribedApn, Subscriber
from corenet.mobile.config import MobileConfig
from corenet.sgsn.config import DnsConfig, SgsnConfig
from corenet.sgsn.events import ActivationRefused, GgsnPassedOver
from testbed.simulation.lab import VirtualLab
from testbed.simulation.names import Entry

APN = "wap.example"
NAME = f"{APN}.mnc015.mcc234.gprs"
NEAR, FAR, SGSN, HLR = "192.0.2.1", "192.0.2.9", "192.0.2.2", "192.0.2.3"
MOBILES = [f"2341500000000{number:02}" for number in range(20)]


def ggsn(address, network, limit=None):
    apn = Apn(APN, (IPv4Network(network),), maximum_contexts=limit)
    return GgsnConfig(address, address, (apn,), hlr=(HLR, 2123))


CORE = CoreConfig(
    ggsns={"near": ggsn(NEAR, "10.45.0.0/24"), "far": ggsn(FAR, "10.46.0.0/24")},
    sgsns={"sgsn": SgsnConfig(SGSN, SGSN, (HLR, 4222), dns=DnsConfig((("192.0.2.53", 53),)))},
    hlr=HlrConfig(
        HLR,
        tuple(Subscriber(imsi, f"4477009{imsi[-5:]}", (SubscribedApn(APN),)) for imsi in MOBILES),
    ),
    mobiles=tuple(
        MobileConfig(imsi, f"4477009{imsi[-5:]}", apns=(APN,), attach_at_start=True)
        for imsi in MOBILES
    ),
)


class Bench:
    """The core and its name servers, everybody attached."""

    def __init__(self, core=CORE, **entries):
        self.lab = VirtualLab(core, seed=1)
        self.names = self.lab.names
        if entries:
            self.names.entries[NAME] = Entry(**entries)
        self.events = []
        self.lab.network.on_event(lambda time, node, event: self.events.append(event))
        self.lab.start()
        assert self.lab.settle()

    def activate(self, *imsis):
        for imsi in imsis:
            self.lab.control.drive_mobile(imsi, "activate", MobileActivation(apn=APN))

    def counts(self):
        """How many contexts each GGSN has."""
        ggsns = self.lab.core.ggsns
        return ggsns["near"].context_count, ggsns["far"].context_count

    def refusals(self):
        return [event.sm_cause for event in self.events if isinstance(event, ActivationRefused)]

    def passed_over(self):
        return [event.ggsn for event in self.events if isinstance(event, GgsnPassedOver)]


def test_mobiles_are_spread_over_the_addresses_of_a_name():
    """One question, twenty contexts, both GGSNs."""
    bench = Bench(addresses=(NEAR, FAR))
    bench.activate(*MOBILES)
    bench.lab.run(5)
    near, far = bench.counts()
    assert near + far == 20
    assert min(near, far) > 3
    assert bench.names.asked == [NAME]


def test_a_ggsn_that_is_full_is_followed_by_the_other():
    """What one has no room for, the other serves."""
    core = replace(CORE, ggsns={**CORE.ggsns, "near": ggsn(NEAR, "10.45.0.0/24", 2)})
    bench = Bench(core, addresses=(NEAR, FAR))
    bench.activate(*MOBILES)
    bench.lab.run(5)
    assert bench.counts() == (2, 18)
    assert set(bench.passed_over()) == {NEAR}


def test_a_ggsn_that_is_dead_delays_only_who_comes_first():
    """After N3-REQUESTS the other is asked, and those who come later ask the other at once."""
    core = replace(CORE, ggsns={"far": CORE.ggsns["far"]})
    bench = Bench(core, addresses=(NEAR, FAR))
    bench.activate(*MOBILES[:10])
    bench.lab.run(30)
    assert bench.lab.core.ggsns["far"].context_count == 10
    first = len(bench.passed_over())
    assert first > 0
    bench.activate(*MOBILES[10:])
    bench.lab.run(2)
    assert bench.lab.core.ggsns["far"].context_count == 20
    assert len(bench.passed_over()) == first


def test_a_name_is_asked_again_when_its_ttl_is_over():
    """So a GGSN that moved is found."""
    bench = Bench(addresses=(NEAR,), ttl=60.0)
    bench.activate(*MOBILES[:2])
    bench.lab.run(5)
    bench.names.entries[NAME] = Entry((FAR,))
    bench.activate(MOBILES[2])
    bench.lab.run(60)
    bench.activate(MOBILES[3])
    bench.lab.run(5)
    assert bench.counts() == (3, 1)
    assert len(bench.names.asked) == 2


@pytest.mark.parametrize("back", [True, False])
def test_an_answer_for_an_sgsn_that_has_crashed_does_no_harm(back):
    """It is for the one that comes after, or for nobody."""
    bench = Bench(addresses=(NEAR,))
    bench.activate(MOBILES[0])
    bench.lab.run(0.01)
    assert bench.names.asked == [NAME]
    bench.lab.crash("sgsn")
    if back:
        bench.lab.bring_back("sgsn")
    bench.lab.run(1)
    assert bench.counts() == (0, 0)


@pytest.mark.parametrize(("silent", "cause"), [(False, 27), (True, 38)])
def test_without_an_address_the_mobile_hears_why(silent, cause):
    """No such name is an unknown APN; no answer is a failure of the network. Nothing is left."""
    bench = Bench()
    bench.names.silent = silent
    bench.activate(MOBILES[0])
    bench.lab.run(20)
    assert bench.refusals() == [cause]
    assert bench.lab.core.sgsns["sgsn"].under_way["questions to the DNS"] == 0
    assert bench.lab.switch_everything_off()
    assert bench.lab.leftovers() == []
