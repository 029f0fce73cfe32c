"""A thousand pushes to offline mobiles, over links that lose a fifth of everything.

GTP-C, GTP-U, the radio, RADIUS and the way from the gateway to the GGSN lose, repeat and reorder.
Only Gr, the control interface, PAP and the notifications are reliable, as they run over TCP.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter

import pytest

from corenet.ggsn.events import DeletionReason
from corenet.interfaces.node import Interface
from corenet.interfaces.testing import ScriptedNode
from corenet.mobile.behaviour import Behaviour
from testbed.codecs.pap import MessageState
from testbed.gateway.events import PushSent
from testbed.simulation.links import RELIABLE
from testbed.simulation.quality import LinkQuality

LOSSY = LinkQuality(
    latency=0.02, jitter=0.02, loss=0.2, duplication=0.05, reordering=0.1, reordering_delay=0.1
)
QUALITY = {interface: LOSSY for interface in Interface if interface not in RELIABLE}

TRANSMISSIONS = 20
"""How often every request is sent at most, on GTP-C (N3-REQUESTS) and on the radio.

One exchange of request and response fails with 1 - 0.8² = 0.36. Five transmissions fail together
once in 165 times (0.36⁵), which in a thousand activations of half a dozen exchanges each leaves
some half done: the GGSN has a context that the SGSN has given up, say. No protocol repairs that
at once. Twenty fail together once in 10⁹ times, so that whatever is left over is a fault.
"""

NUMBER = 1000
LIFETIME = 900
"""Seconds that a push may take."""


def behaviour(index):
    """Return what one mobile in twenty does: refuse, or say nothing."""
    if index % 20 == 7:
        return Behaviour.reject(26)
    return Behaviour.silent() if index % 20 == 8 else Behaviour.accept()


def is_attached(index):
    return index % 20 != 9


def run(make_crowd, *, seed, number=NUMBER, transmissions=TRANSMISSIONS):
    """Push to everybody; some attach only later. Return the crowd when all is reported."""
    crowd = make_crowd(
        number,
        seed=seed,
        quality=QUALITY,
        behaviour=behaviour,
        attached=is_attached,
        transmissions=transmissions,
        spread=10.0,
        activation_time=300.0,
    )
    push_ids = [crowd.push(index, lifetime=LIFETIME) for index in range(number)]
    for index in range(29, number, 40):
        crowd.network.call_later(
            60.0 + index / 100, lambda index=index: crowd.drive(index, "attach")
        )
    crowd.reported(*push_ids)
    return crowd


@pytest.fixture(scope="module")
def thousand(make_crowd):
    """A thousand pushes, all reported, and then every mobile switched off."""
    crowd = run(make_crowd, seed=1)
    crowd.lab.switch_everything_off()
    return crowd


def test_every_push_is_delivered_or_reported_once(thousand):
    """The initiator hears of each address exactly once, and what it hears is what happened."""
    results = thousand.initiator.results()
    assert len(results) == len(thousand.initiator.accepted()) == NUMBER
    assert {len(copies) for copies in results.values()} == {1}
    states = Counter(copies[0].state for copies in results.values())
    # 850 are there and accept, 25 come; 50 refuse, 50 are silent, 25 never come.
    assert states == {MessageState.DELIVERED: 875, MessageState.EXPIRED: 125}
    sent = [event.push_id for event in thousand.told(PushSent)]
    delivered = [p for (p, _), (one,) in results.items() if one.state is MessageState.DELIVERED]
    assert sorted(sent) == sorted(delivered)


def test_no_mobile_shows_what_is_not_its_own_nor_twice(thousand):
    """A push may be lost over the air, as nothing confirms it, but it is never anybody else's."""
    shown = [thousand.shown(index) for index in range(NUMBER)]
    assert all(
        push_ids in ([], [f"push-{number}@pi.example"])
        for number, push_ids in enumerate(shown, start=1)
    )
    # Three lossy links, and a mobile that may not have heard yet that its context is active.
    assert sum(map(len, shown)) > 250


def test_nothing_is_left_of_a_thousand_pushes(thousand):
    """No node has a context, a transaction, a stored PDU or a timer."""
    assert thousand.lab.leftovers() == []
    assert thousand.lab.core.ggsns["ggsn"].contexts() == []
    assert all(not known.contexts for known in thousand.lab.core.sgsns["sgsn"].mm_contexts())
    assert thousand.network.timeouts() == {}


def test_one_seed_gives_one_trace(make_crowd):
    """Again with the same seed, everything is the same to the octet."""
    once, again = (run(make_crowd, seed=1, number=200) for _ in range(2))
    for crowd in (once, again):
        crowd.assert_nothing_left()
    assert again.network.trace == once.network.trace


def test_other_seeds_give_other_traces_and_leave_nothing(make_crowd):
    """What is lost differs, what comes of it does not."""
    traces = set()
    for seed in range(2, 7):
        crowd = run(make_crowd, seed=seed, number=120)
        crowd.assert_nothing_left()
        states = Counter(copies[0].state for copies in crowd.initiator.results().values())
        assert states == {MessageState.DELIVERED: 105, MessageState.EXPIRED: 15}
        traces.add(crowd.network.trace)
    assert len(traces) == 5


def test_half_done_contexts_go_when_they_are_used(make_crowd):
    """With five transmissions some contexts are known to one side only; traffic finds them out."""
    crowd = run(make_crowd, seed=2, number=400, transmissions=5)
    for interface in QUALITY:
        crowd.network.set_quality(interface, LinkQuality())
    for imsi in crowd.imsis:
        crowd.lab.control.drive_mobile(imsi, "detach", None)
    crowd.lab.run(600)
    ggsn = crowd.lab.core.ggsns["ggsn"]
    half_done = ggsn.contexts()
    assert half_done
    host = ScriptedNode("host")
    crowd.network.attach(host, {Interface.WDP: ("198.51.100.1", 9200)})
    for context in half_done:
        peer = (context.address, 2948)
        crowd.network.command(
            host, lambda now, peer=peer: host.send(Interface.WDP, peer, b"who is there?")
        )
    crowd.lab.run(60)
    assert ggsn.contexts() == []
    assert ggsn.counters.contexts_deleted[DeletionReason.ERROR_INDICATION] >= len(half_done)
    crowd.assert_nothing_left()


PROGRAM = """
from testbed.gateway.keeping.store import SqliteStore
from testbed.lab.build import load
from testbed.simulation.lab import VirtualLab

demo = load("demo")
store = SqliteStore(":memory:")
lab = VirtualLab(
    demo.core, demo.gateway, seed=1, self_activating=demo.self_activating, store=store
)
lab.start()
assert lab.settle()
for number in range(101, 108):
    lab.push(f"447700900{number}", lifetime=60)
assert lab.network.run_until(lambda: len(lab.initiator.notified) == 7, within=600)
assert lab.switch_everything_off()
print(lab.network.trace, lab.leftovers())
store.close()
"""


def test_trace_is_the_same_in_every_process():
    """The shipped demo lab takes one course whatever the process hashes strings to."""
    traces = {
        subprocess.run(
            [sys.executable, "-c", PROGRAM],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    (trace,) = traces
    assert trace.endswith(" []\n")
