"""An HLR with a database crashes and comes back, and so does an SGSN: what is there still."""

from contextlib import closing

import pytest

from corenet.adapters.subscriber_file import SubscriberFile
from corenet.assembly import CoreConfig
from corenet.control.errors import ControlError
from corenet.control.model import ActivationRequest, MobileActivation
from corenet.control.subscriber_model import SubscriberChange, SubscriberCreation
from corenet.hlr.config import HlrConfig, SubscribedApn, Subscriber
from corenet.hlr.events import LocationUpdated, SubscriberDataTaken
from corenet.mobile.config import MobileConfig, MobileTimers
from corenet.mobile.events import Attached
from corenet.sgsn.config import SgsnConfig
from corenet.sgsn.events import LocationsRestored
from testbed.simulation.lab import VirtualLab
from tests.testbed.simulation.conftest import APN, FIXED, HLR, ROAMING, SGSN

CROWD = 1000


class Counting(SubscriberFile):
    """A database that counts its transactions."""

    writes = 0

    def save(self, states):
        self.writes += 1
        super().save(states)


@pytest.fixture
def store(tmp_path):
    with closing(Counting(str(tmp_path / "hlr.sqlite"))) as store:
        yield store


def activated(bench, imsi):
    """Whether the network's request for a context succeeds."""
    requested = bench.lab.control.request_activation(ActivationRequest(imsi=imsi, apn=APN))
    bench.run(60)
    return requested.outcome is not None and requested.outcome.active


@pytest.mark.clause("23.007 §5", "an HLR restarts: locations are restored, pushes go on")
def test_pushes_go_on_after_the_hlr_has_restarted(make_bench, store):
    """No mobile attaches anew: the HLR knows the SGSN of each, which is asked as before."""
    bench = make_bench(subscribers=store)
    before = bench.lab.core.hlr.location(FIXED)
    bench.lab.restart("hlr")
    bench.run(1)
    assert bench.lab.core.hlr.location(FIXED) == before
    assert before.sgsn == SGSN
    assert activated(bench, FIXED)
    assert bench.told(LocationUpdated) == []


def test_what_was_edited_is_there_after_a_restart(make_bench, store):
    """Created, changed, deleted over the control interface; and may be edited again."""
    bench = make_bench(subscribers=store)
    subscribers = bench.lab.control.subscribers
    subscribers.create(SubscriberCreation(imsi="234150000000009", msisdn="447700900009"))
    subscribers.change(FIXED, SubscriberChange(msisdn="447700900777"))
    subscribers.delete(ROAMING)
    bench.run(1)
    bench.lab.restart("hlr")
    bench.run(1)
    assert subscribers.get("234150000000009").msisdn == "447700900009"
    found = subscribers.get(FIXED)
    assert (found.msisdn, found.sgsn) == ("447700900777", SGSN)
    with pytest.raises(ControlError, match=ROAMING):
        subscribers.get(ROAMING)
    bench.events.clear()
    subscribers.change(FIXED, SubscriberChange(msisdn="447700900778"))
    bench.run(1)
    assert bench.told(SubscriberDataTaken) == [SubscriberDataTaken(FIXED, SGSN)]


def test_an_hlr_that_crashes_before_it_has_answered_has_promised_nothing(make_bench, store):
    """What it gathers is lost with it, and nobody was told: the mobile tries again."""
    bench = make_bench(subscribers=store, attached=False, hlr={"commit_interval": 1.0})
    bench.lab.control.drive_mobile(FIXED, "attach", None)
    bench.run(0.5)
    assert bench.lab.core.hlr.location(FIXED).sgsn == SGSN
    bench.lab.restart("hlr")
    assert bench.lab.core.hlr.location(FIXED).sgsn is None
    bench.run(60)
    assert bench.lab.core.hlr.location(FIXED).sgsn == SGSN
    assert bench.lab.control.terminal(FIXED).attached


@pytest.mark.clause("23.007 §5", "an HLR without a database: the SGSN tells it the locations anew")
def test_pushes_go_on_after_an_hlr_that_keeps_nothing_has_restarted(make_bench):
    """No mobile attaches anew: the SGSN updates the location of each as soon as it is back."""
    bench = make_bench()
    bench.lab.restart("hlr")
    assert bench.lab.core.hlr.location(FIXED).sgsn is None
    bench.run(1)
    assert {one.imsi for one in bench.told(LocationUpdated)} == {FIXED, ROAMING}
    assert bench.told(LocationsRestored) == [LocationsRestored(2)]
    assert activated(bench, FIXED)
    assert not bench.told(Attached)


def test_an_hlr_and_an_sgsn_may_restart_together(make_bench):
    """Nobody knows anybody then, until a mobile is heard."""
    bench = make_bench()
    for name in ("hlr", "sgsn"):
        bench.lab.crash(name)
    bench.run(1)
    for name in ("hlr", "sgsn"):
        bench.lab.bring_back(name)
    bench.run(1)
    assert not bench.told(LocationsRestored)
    assert bench.lab.core.hlr.location(FIXED).sgsn is None


@pytest.mark.clause("23.007 §6", "an SGSN restarts: mobiles attach anew, the HLR hears of it")
def test_pushes_go_on_after_the_sgsn_has_restarted(make_bench, store):
    """It knows nobody; a mobile that it hears attaches anew, and can be reached then."""
    bench = make_bench(subscribers=store)
    bench.lab.restart("sgsn")
    bench.run(1)
    assert not activated(bench, FIXED)
    assert bench.lab.core.hlr.location(FIXED).not_reachable
    bench.lab.control.drive_mobile(FIXED, "activate", MobileActivation(apn=APN))
    bench.run(60)
    assert not bench.lab.core.hlr.location(FIXED).not_reachable
    assert activated(bench, FIXED)


def test_a_thousand_mobiles_attach_in_few_transactions(store):
    """In one second; each answer waits some milliseconds, and one fsync serves many."""
    people = [(f"23415000010{number:04}", f"4477010{number:05}") for number in range(CROWD)]
    core = CoreConfig(
        sgsns={"sgsn": SgsnConfig(SGSN, SGSN, (HLR, 4222))},
        hlr=HlrConfig(
            HLR, tuple(Subscriber(imsi, number, (SubscribedApn(APN),)) for imsi, number in people)
        ),
        mobiles=tuple(
            MobileConfig(imsi, number, apns=(APN,), attach_at_start=True) for imsi, number in people
        ),
        mobile_timers=MobileTimers(attach_spread=1.0),
    )
    lab = VirtualLab(core, seed=1, subscribers=store)
    lab.start()
    assert lab.settle(within=5.0)
    lab.run(1)
    assert lab.control.sizes()["attached_mobiles"] == CROWD
    assert store.writes <= 210
    kept = {subscriber.imsi: state.sgsn for subscriber, state in store.load()}
    assert set(kept.values()) == {(SGSN, 4222)}
    assert len(kept) == CROWD
