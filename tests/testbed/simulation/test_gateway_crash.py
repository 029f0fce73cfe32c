"""The gateway is killed at many instants of one scenario, and started again on what it had stored.

Nothing that was accepted is lost, whenever that is; and a push goes over the air a second time
only where the store did not have the first one's outcome yet.
"""

from __future__ import annotations

from itertools import count

import pytest

from corenet.mobile.behaviour import Behaviour
from testbed.codecs.pap import MessageState
from testbed.gateway.config import RetryPolicy
from testbed.gateway.events import PushSent

MOBILES = 6
REJECTING, LATE, SILENT = 3, 4, 5
DOWN = 2.0
"""Seconds until the gateway is started again."""
OVER = 40.0
"""Virtual seconds after which an undisturbed scenario is over."""


def behaviour(index):
    return {REJECTING: Behaviour.reject(26), SILENT: Behaviour.silent()}.get(
        index, Behaviour.accept()
    )


def scenario(make_crowd):
    """Push to mobiles of every kind, twice to the first; one attaches only later."""
    crowd = make_crowd(
        MOBILES,
        behaviour=behaviour,
        attached=lambda index: index != LATE,
        retry=RetryPolicy(waits=(5.0,), poll=20.0),
    )
    crowd.push(0, lifetime=30)
    for index in range(MOBILES):
        crowd.network.call_later(0.02 * index, lambda index=index: crowd.push(index, lifetime=30))
    crowd.network.call_later(6.0, lambda: crowd.drive(LATE, "attach"))
    return crowd


def step(crowd, steps):
    """Let so many things happen; return whether there were so many before the end."""
    done = count()
    over = crowd.network.now() + OVER
    crowd.network.run_until(lambda: next(done) >= steps or crowd.network.now() > over)
    return crowd.network.now() <= over


def sent_by_life(crowd, crashed_after):
    """Return the push-ids sent before the crash, and those sent after it."""
    before = [e.push_id for e in crowd.events[:crashed_after] if isinstance(e, PushSent)]
    after = [e.push_id for e in crowd.events[crashed_after:] if isinstance(e, PushSent)]
    return before, after


def is_settled(crowd, push_id):
    """Return whether the store has the outcome of a push."""
    stored = crowd.host.store.find(push_id)
    return stored is not None and all(one.state.final for one in stored.deliveries)


def crash_after(make_crowd, steps):
    """Kill the gateway after so many steps of the scenario; return whether it had so many."""
    crowd = scenario(make_crowd)
    if not step(crowd, steps):
        return False
    crowd.host.crash()
    crashed_after = len(crowd.events)
    push_ids = [f"push-{number}@pi.example" for number in range(1, MOBILES + 2)]
    settled = {push_id for push_id in push_ids if is_settled(crowd, push_id)}
    crowd.network.call_later(DOWN, crowd.host.start)

    results = {one.push_id: one for one in crowd.reported(*push_ids)}
    assert set(crowd.initiator.accepted()) == set(push_ids)
    for (push_id, _), copies in crowd.initiator.results().items():
        assert {copy.state for copy in copies} == {results[push_id].state}
    assert sum(one.state is MessageState.EXPIRED for one in results.values()) == 2

    before, after = sent_by_life(crowd, crashed_after)
    assert len(set(before)) == len(before)
    assert len(set(after)) == len(after)
    assert not settled.intersection(after)
    crowd.assert_nothing_left()
    return True


@pytest.mark.parametrize("first", range(0, 8, 2))
def test_gateway_killed_at_any_instant_loses_no_accepted_push(make_crowd, first):
    """Killed after every eighth step of the scenario, four times with another first step."""
    steps = first
    while crash_after(make_crowd, steps):
        steps += 8
    assert steps > 200


def test_gateway_killed_again_and_again(make_crowd):
    """It lives for half a second, is away for half a second, and so on: all comes to its end."""
    crowd = scenario(make_crowd)
    for _ in range(60):
        crowd.lab.run(0.5)
        crowd.host.crash()
        crowd.lab.run(0.5)
        crowd.host.start()
    push_ids = [f"push-{number}@pi.example" for number in range(1, MOBILES + 2)]
    results = crowd.reported(*push_ids)
    assert len(results) == MOBILES + 1
    assert len(crowd.initiator.accepted()) == MOBILES + 1
    crowd.assert_nothing_left()
