"""How long each route is tried, over restarts of the gateway: the store keeps since when."""

from __future__ import annotations

from dataclasses import replace

import pytest

from corenet.interfaces.activation import CauseSource, FailureCause, Step
from testbed.esme.outcome import SmsFailed
from testbed.gateway.config import RetryPolicy
from testbed.gateway.keeping.pushes import State
from testbed.gateway.routing.judge import TerminalView
from testbed.gateway.routing.policy import Next, Policy, Refusal, Route, Rule
from testbed.gateway.terminal import Terminal
from testbed.gateway.testing import IMSI, MESSAGE, MSISDN, NOW, accounting, failed

IP, ACTIVATION, TRIGGER, SMS, HOLD = Route
REFUSES = failed(Step.MS_ACTIVATION, FailureCause(CauseSource.GTP, 197, "MS refuses"))
ABSENT = failed(
    Step.ROUTEING_INFORMATION, FailureCause(CauseSource.MAP, 27, "Absent subscriber"), hold=True
)


@pytest.fixture
def bench(make_bench):
    """Two minutes of activation, then five of SMS, then ten of holding."""
    rule = Rule(order=(IP, ACTIVATION, SMS, HOLD), sms_for=300.0, hold_for=600.0)
    return make_bench(
        policy=Policy((rule,)), has_smsc=True, retry=RetryPolicy(waits=(5.0,), attempts=100)
    )


def test_activation_has_its_time_once(bench):
    """A gateway that restarts after 100 of 120 seconds tries for 20 more, not for 120."""
    bench.outcome = REFUSES
    bench.submit(MESSAGE)
    bench.advance(100)
    bench.restart()
    assert bench.messages == []
    bench.advance(25)
    assert len(bench.messages) == 1


def test_an_activation_under_way_keeps_its_time(bench):
    """It is stored when it begins, and not only when it has come to nothing."""
    bench.outcome = None
    bench.submit(MESSAGE)
    assert bench.store.find("1@pi.example").deliveries[0].route_times == ((ACTIVATION, NOW),)
    bench.advance(119)
    bench.restart()
    assert bench.activations[-1].deadline == NOW + 120
    bench.advance(1.1)
    assert len(bench.messages) == 1


def test_a_short_message_keeps_its_deadline(bench):
    """What is submitted again under the same key has what is left of its time."""
    bench.outcome = ABSENT
    bench.sms = lambda _: None
    bench.submit(MESSAGE)
    bench.advance(200)
    bench.restart()
    first, again = bench.messages
    assert (first.key, first.deadline) == (again.key, again.deadline) == (first.key, NOW + 300)
    assert again.again


def test_what_is_held_is_not_held_longer_for_a_restart(bench):
    """The ten minutes count from when it was held first."""
    bench.outcome = ABSENT
    bench.sms = lambda _: SmsFailed(0xFE, delivery_failure_reason=0)
    bench.submit(MESSAGE)
    bench.advance(590)
    bench.restart()
    assert bench.delivery().state is State.HELD
    bench.advance(15)
    assert bench.delivery().state is State.UNDELIVERABLE
    assert "hold has had its time" in bench.delivery().description


def test_a_time_that_ran_out_while_the_gateway_was_away_is_over(bench):
    """The next route is taken at once."""
    bench.outcome = REFUSES
    bench.submit(MESSAGE)
    tried = len(bench.activations)
    bench.now += 500
    bench.restart()
    assert (len(bench.activations), len(bench.messages)) == (tried, 1)


def test_a_terminal_that_shows_itself_gives_the_whole_time_anew(bench):
    """And so it is after a restart: what the store has goes with it."""
    bench.outcome = REFUSES
    bench.submit(MESSAGE)
    bench.advance(100)
    bench.gateway.terminal_reachable(bench.now, imsi="234150999999999")
    bench.settle()
    bench.restart()
    bench.advance(100)
    assert bench.messages == []
    bench.advance(25)
    assert len(bench.messages) == 1


def test_a_route_that_was_given_up_may_be_taken_after_a_restart(make_bench):
    """Nobody knows what a gateway that was away has missed; only the times go on."""
    rule = Rule(order=(IP, ACTIVATION, HOLD), after={Refusal.REFUSED: Next.HOLD}, hold_for=600.0)
    bench = make_bench(policy=Policy((rule,)))
    bench.outcome = REFUSES
    bench.submit(MESSAGE)
    assert (bench.delivery().state, len(bench.activations)) == (State.HELD, 1)
    bench.restart()
    assert len(bench.activations) == 2


def test_times_without_end_are_not_stored(make_bench):
    """An activation costs no commit of its own where its rule sets it no time."""
    bench = make_bench()
    bench.outcome = None
    bench.submit(MESSAGE)
    stored = bench.store.find("1@pi.example").deliveries[0]
    assert (stored.state, stored.route_times) == (State.ACCEPTED, ())


def test_looks_at_a_held_push_are_not_stored(bench, monkeypatch):
    """It would fill the store for a day, a row a minute."""
    bench.outcome = ABSENT
    bench.sms = lambda _: SmsFailed(0xFE, delivery_failure_reason=0)
    bench.submit(MESSAGE)
    bench.views[Terminal.by_msisdn(MSISDN)] = TerminalView(IMSI, MSISDN, reachable=False)
    bench.advance(130)
    written = []
    write = bench.store.write
    monkeypatch.setattr(bench.store, "write", lambda rows: written.append(rows) or write(rows))
    bench.advance(200)
    assert written == []


def test_times_of_what_is_not_known_to_the_rule_any_more_are_forgotten(bench):
    """The policy was changed while the gateway was away."""
    bench.outcome = REFUSES
    bench.submit(MESSAGE)
    bench.config = replace(bench.config, policy=Policy((Rule(order=(IP, HOLD)),)))
    bench.restart()
    assert bench.delivery().state is State.HELD
    bench.radius(accounting(1))
