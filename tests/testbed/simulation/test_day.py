"""A random day of a whole network in virtual time; ``testbed.experiments.day`` lives long ones."""

from contextlib import ExitStack, closing
from dataclasses import replace

import pytest

from corenet.adapters.subscriber_file import SubscriberFile
from corenet.control.model import MobileActivation
from corenet.mobile.events import MobileState
from testbed.experiments.day import days, live, main, report
from testbed.gateway.keeping.store import SqliteStore
from testbed.simulation.agreement import contradictions, identifiers_used_twice
from testbed.simulation.day import Day, Life
from testbed.simulation.day_network import configuration, imsi_of
from testbed.simulation.lab import VirtualLab

SEED = 6
SHORT = Life(
    mobiles=200,
    length=3_600.0,
    between_acts=900.0,
    between_pushes=900.0,
    between_crashes=1_800.0,
    between_cuts=900.0,
)
TINY = Life(mobiles=10, length=600.0, between_acts=60.0, between_pushes=60.0, between_crashes=300.0)


@pytest.mark.clause("23.060 §6, §9.2", "nodes agree after a random day with loss and crashes")
def test_after_a_random_day_all_nodes_agree():
    """Movement, detaches, crashes, broken links and pushes, with loss: in the end all is well."""
    seen = live(SHORT, SEED)
    assert seen.problems == (), f"seed {SEED}:\n" + "\n".join(seen.problems)
    for happened in (
        "MobileArrived",
        "ActivationFinished",
        "InitiatorNotified",
        "SgsnRestarted",
        "lose-power",
        "hlr crashes",
        "links cut",
    ):
        assert seen.counts[happened], happened


def test_a_seed_gives_one_day():
    """What a day has shown it shows again; another seed makes another day."""
    (first, _), (other, _) = days(TINY, (1, 2), 1)
    assert live(TINY, 1).counts == first.counts != other.counts
    assert report(first).startswith("seed 1: all agree, nothing left; ")


def test_the_command(capsys):
    """Each day has its line; the exit status says whether all went well."""
    short = ["--mobiles", "4", "--hours", "0.2"]
    assert main([*short, "--days", "2", "--first", "5"]) == 0
    out = capsys.readouterr().out
    assert "seed 5: all agree" in out
    assert "2 days, 0 with problems" in out
    for wrong in (["--days", "0"], ["--loss", "2"]):
        with pytest.raises(SystemExit):
            main([*short, *wrong])


@pytest.fixture
def lab():
    """The network of such a day with four mobiles, attached."""
    with ExitStack() as files:
        subscribers = files.enter_context(closing(SubscriberFile(":memory:")))
        config = configuration(4)
        ggsns = {name: replace(ggsn, radius=()) for name, ggsn in config.ggsns.items()}
        lab = VirtualLab(replace(config, ggsns=ggsns), seed=1, subscribers=subscribers)
        lab.start()
        assert lab.settle()
        lab.run(30)
        assert contradictions(lab.core) == []
        yield lab


def test_a_day_that_ends_badly_says_so():
    """A push without result is a sentence."""
    with (
        closing(SqliteStore(":memory:")) as store,
        closing(SubscriberFile(":memory:")) as subscribers,
    ):
        day = Day(TINY, 1, store=store, subscribers=subscribers)
        day.lab.initiator.accepted = lambda: ["lost@pi.example"]
        assert "lost@pi.example: no outcome" in day.run().problems


def test_a_mobile_that_nobody_knows_is_seen(lab):
    """The SGSN has crashed, and the mobile has not noticed yet."""
    lab.crash("sgsn-1")
    lab.bring_back("sgsn-1")
    assert contradictions(lab.core) == [
        f"mobile {imsi_of(number)} is attached to sgsn-1, but it is so at none"
        for number in range(4)
    ]


def test_a_mobile_that_is_gone_without_a_word_is_seen(lab):
    """The SGSN has it still."""
    lab.control.drive_mobile(imsi_of(0), "lose-power", None)
    assert lab.core.mobiles.mobile(imsi_of(0)).state is MobileState.DETACHED
    assert contradictions(lab.core) == [f"mobile {imsi_of(0)} is detached, but attached to sgsn-1"]


def test_a_context_on_one_side_is_seen(lab):
    """The GGSN has crashed: mobile and SGSN have the context, and it has not."""
    lab.control.drive_mobile(imsi_of(1), "activate", MobileActivation(apn="wap.example"))
    lab.run(10)
    assert contradictions(lab.core) == []
    lab.crash("ggsn-1")
    (said,) = contradictions(lab.core)
    assert said.endswith("is known to SGSN and mobile alone")


def test_only_nodes_of_the_core_crash(lab):
    """A name that no GGSN, SGSN or HLR has is refused."""
    for name in ("mobiles", "sgsn-9"):
        with pytest.raises(KeyError, match=name):
            lab.crash(name)


def test_identifiers_that_two_contexts_have_are_seen(lab, monkeypatch):
    """An address at two mobiles, and TEIDs at two contexts of a GGSN or an SGSN."""
    lab.control.drive_mobile(imsi_of(1), "activate", MobileActivation(apn="wap.example"))
    lab.run(10)
    ggsn, sgsn = lab.core.ggsns["ggsn-1"], lab.core.sgsns["sgsn-1"]
    (at_ggsn,) = ggsn.contexts()
    other = replace(at_ggsn, imsi=imsi_of(2))
    mobile = next(one for one in sgsn.mm_contexts() if one.contexts)
    twice = replace(mobile, contexts=(*mobile.contexts, *mobile.contexts))
    with monkeypatch.context() as patch:
        patch.setattr(type(ggsn), "contexts", lambda self: (at_ggsn, other)[: 2 * (self is ggsn)])
        patch.setattr(type(sgsn), "mm_contexts", lambda self: [twice][: self is sgsn])
        assert list(identifiers_used_twice(lab.core)) == [
            f"ggsn-1: 2 contexts have the TEID data {at_ggsn.teid_data:#x}",
            f"ggsn-1: 2 tunnels have the TEID control {at_ggsn.teid_control:#x}",
            f"{at_ggsn.address} is the address of {imsi_of(1)} and {imsi_of(2)}",
            f"sgsn-1: 2 contexts have the TEID data {mobile.contexts[0].teid_data:#x}",
        ]
    assert list(identifiers_used_twice(lab.core)) == []


def test_a_timer_that_is_left_is_seen(lab):
    """That of a mobile that was switched off without a word, say: its SGSN waits for it still."""
    lab.control.drive_mobile(imsi_of(0), "lose-power", None)
    assert not lab.switch_everything_off(600.0)
    left = lab.leftovers()
    assert [one.partition(" for ")[0] for one in left] == ["sgsn-1: a timer"]
    assert lab.rest(7200.0)
    assert lab.leftovers() == []
