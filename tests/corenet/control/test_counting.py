"""What is counted, for metrics."""

from collections import Counter

from corenet.control.core import CoreControl
from corenet.ggsn.contexts import PdpContext
from corenet.sgsn.mm_context import MmContext


def test_every_node_is_counted(world, who):
    """GGSN, SGSN, HLR and mobiles have their counters, each GTP endpoint's among them."""
    core = world()
    core.finished(core.request(1))
    core.control.drive_mobile(who(2).imsi, "power-off", None)
    core.wait(2)
    counted = core.control.counters()
    assert list(counted) == ["ggsn", "sgsn", "hlr", "mobiles"]
    assert counted["ggsn"]["contexts_created"] == 1
    assert counted["ggsn"]["contexts_deleted.sgsn-request"] == 0
    assert counted["ggsn"]["activations_succeeded"] == 1
    assert counted["ggsn"]["gtp.requests_sent"] >= 2
    assert counted["ggsn"]["accounting.requests"] == 0
    assert counted["sgsn"]["gtp.requests_received"] == 1
    assert counted["hlr"]["gtp.requests_received"] == 1
    assert counted["hlr"]["gr.refused"] == 0
    assert all(isinstance(value, int) for node in counted.values() for value in node.values())


def test_core_of_nothing_counts_nothing(world):
    """No node, no counter."""
    core = world(ggsns={}, sgsns={}, hlr=None, mobiles=())
    assert core.control.counters() == {}
    assert set(core.control.sizes().values()) == {0}


def test_what_is_beside_the_nodes_is_counted(world):
    """Gi's device and the runtime, whose counters are read when they are asked for."""
    core = world()
    gi = Counter()
    control = CoreControl(core.core, core.network, beside={"gi": gi})
    gi["sent"] += 1
    assert list(control.counters()) == ["ggsn", "sgsn", "hlr", "mobiles", "gi"]
    assert control.counters()["gi"] == {"sent": 1}


def test_sizes_follow_what_happens(world, who):
    """Terminals, attached mobiles, contexts and running activations are counted."""
    core = world(unattached=(3,))
    requested = core.request(1)
    assert core.control.sizes() == {
        "terminals": 3,
        "attached_mobiles": 2,
        "pdp_contexts": 0,
        "running_activations": 1,
        "accounting_records": 0,
        "held_addresses": 0,
    }
    core.finished(requested)
    core.control.drive_mobile(who(2).imsi, "detach", None)
    core.wait(1)
    assert core.control.sizes() == {
        "terminals": 3,
        "attached_mobiles": 1,
        "pdp_contexts": 1,
        "running_activations": 0,
        "accounting_records": 0,
        "held_addresses": 0,
    }


def test_sizes_show_no_context(world, monkeypatch):
    """Counting a hundred thousand contexts must not mean to show each of them."""
    core = world()
    core.finished(core.request(1))

    def shown(self):
        raise AssertionError("a view was made")

    monkeypatch.setattr(PdpContext, "view", shown)
    monkeypatch.setattr(MmContext, "view", shown)
    assert core.control.sizes()["pdp_contexts"] == 1
    assert core.control.counters()["ggsn"]["contexts_created"] == 1
