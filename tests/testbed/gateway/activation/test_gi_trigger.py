"""Activation by a datagram to the static address, where there is no core to ask."""

from __future__ import annotations

from dataclasses import replace

import pytest

from testbed.codecs import pap
from testbed.codecs.pap import DeliveryMethod
from testbed.codecs.wsp import decode_push
from testbed.gateway.activation.activate import Refused
from testbed.gateway.activation.trigger import GiTrigger
from testbed.gateway.config import Limits, RetryPolicy
from testbed.gateway.events import ActivationAnswered, GiTriggered, TerminalJudged
from testbed.gateway.keeping.pushes import State
from testbed.gateway.routing.judge import CoreSilent, TerminalView
from testbed.gateway.routing.policy import Next, Policy, Refusal, Route, Rule
from testbed.gateway.terminal import Terminal
from testbed.gateway.testing import ADDRESS, IMSI, MESSAGE, MSISDN, accounting, plmn

IP, ACTIVATION, TRIGGER, SMS, HOLD = Route
BY_TRIGGER = Policy((Rule(order=(IP, TRIGGER, HOLD)),))
TO_ADDRESS = replace(MESSAGE, addresses=(f"WAPPUSH={ADDRESS}/TYPE=IPV4@ppg.example",))
START, STOP = 1, 2


@pytest.fixture
def foreign(make_bench):
    """Makes gateways beside a core that tells by RADIUS only; arguments are of the trigger."""

    def make(*, config=None, **trigger: object):
        known = GiTrigger(**{"addresses": {MSISDN: ADDRESS}, "wait": 20.0, **trigger})
        changes = {"retry": RetryPolicy(waits=(30.0,)), "policy": BY_TRIGGER, **(config or {})}
        return make_bench(ask_core=False, gi_trigger=known, **changes)

    return make


def results(bench) -> list[tuple[str, int]]:
    return [(notification.state.value, notification.code) for notification in bench.notifications]


def sent(bench) -> list[tuple[str, int]]:
    return [datagram.peer for datagram in bench.pushed]


# A push that goes ahead


def test_a_push_triggers_and_counts_as_sent_when_the_context_shows(foreign):
    """The GGSN stores it, activates, and sends it on; accounting shows the context."""
    bench = foreign()
    bench.submit(MESSAGE)
    assert sent(bench) == [(ADDRESS, 2948)]
    assert decode_push(bench.pushed[0].data).body
    assert bench.delivery().state is State.ACTIVATING
    assert results(bench) == []
    bench.advance(5)
    bench.radius(accounting(START))
    assert results(bench) == [("delivered", 1000)]
    assert bench.delivery().description == "delivered without confirmation"
    assert len(bench.pushed) == 1


def test_what_the_log_says_of_a_trigger(foreign):
    """Verdict, trigger and answer, each with the push."""
    bench = foreign()
    bench.submit(MESSAGE)
    bench.radius(accounting(START))
    (judged,) = bench.told(TerminalJudged)
    assert (judged.verdict, judged.reason) == ("trigger", f"no session at {ADDRESS}")
    (triggered,) = bench.told(GiTriggered)
    assert (triggered.address, triggered.is_push) == (ADDRESS, True)
    assert triggered.push_ids == ("1@pi.example",)
    (answered,) = bench.told(ActivationAnswered)
    assert (answered.key, answered.result, answered.reason) == (triggered.key, "reached", ADDRESS)
    assert bench.gateway.counters["gi triggers"] == 1


def test_without_a_context_nothing_is_delivered(foreign):
    """After the wait the push is tried again, by a datagram of its own."""
    bench = foreign()
    bench.submit(MESSAGE)
    bench.advance(20)
    assert bench.delivery().state is State.RETRYING
    assert results(bench) == []
    bench.advance(35)
    assert len(bench.pushed) == 2
    bench.radius(accounting(START))
    assert results(bench) == [("delivered", 1000)]
    assert len(bench.pushed) == 2


def test_a_context_that_shows_later_gets_the_push_anew(foreign):
    """Nobody knows whether the GGSN still had the first one."""
    bench = foreign()
    bench.submit(MESSAGE)
    bench.advance(25)
    bench.radius(accounting(START))
    assert len(bench.pushed) == 2
    assert results(bench) == [("delivered", 1000)]


def test_a_push_to_an_address_triggers_it(foreign):
    """It need not be in the directory where its network is."""
    bench = foreign(addresses={}, networks=("10.45.0.0/16",))
    bench.submit(TO_ADDRESS)
    bench.radius(accounting(START))
    assert results(bench) == [("delivered", 1000)]


def test_an_address_of_nobody_is_not_sent_to(foreign):
    """The gateway is no relay for datagrams to anywhere: without a session the push is held."""
    bench = foreign(networks=("10.46.0.0/16",), addresses={})
    bench.submit(TO_ADDRESS)
    bench.submit(replace(MESSAGE, push_id="2"))
    assert bench.pushed == []
    assert bench.delivery().state is bench.delivery("2").state is State.HELD


def test_a_terminal_that_is_online_is_not_triggered(foreign):
    """Accounting says so; also where it names no number."""
    bench = foreign()
    bench.radius(accounting(START, msisdn=""))
    bench.submit(MESSAGE)
    assert results(bench) == [("delivered", 1000)]
    assert bench.told(GiTriggered) == []


def test_a_held_push_goes_when_a_session_at_its_static_address_begins(foreign):
    """Even one that accounting gives no number."""
    bench = foreign()
    bench.submit(MESSAGE)
    bench.advance(21)
    bench.radius(accounting(START, msisdn=""))
    assert results(bench) == [("delivered", 1000)]


# One trigger for all


def test_pushes_for_one_terminal_share_one_trigger(foreign):
    """The first goes ahead, the others follow when the context shows, in order."""
    bench = foreign()
    for number in range(3):
        bench.submit(replace(MESSAGE, push_id=str(number)))
    assert len(bench.pushed) == 1
    bench.radius(accounting(START))
    assert len(bench.pushed) == 3
    assert [n.push_id for n in bench.notifications] == ["0", "1", "2"]


def test_only_so_many_terminals_are_triggered_at_once(foreign):
    """A GGSN is as busy with these as with those that a core is asked for."""
    numbers = [f"44770090010{number}" for number in range(3)]
    addresses = {msisdn: f"10.45.0.{number}" for number, msisdn in enumerate(numbers)}
    bench = foreign(addresses=addresses, config={"limits": Limits(activations=2)})
    bench.submit(replace(MESSAGE, addresses=tuple(map(plmn, numbers))))
    assert len(bench.pushed) == 2
    bench.radius(accounting(START, address="10.45.0.0", msisdn=numbers[0]))
    assert len(bench.pushed) == 3


def test_a_push_that_went_ahead_cannot_be_cancelled(foreign):
    """The GGSN may have stored it; when it has not, it can."""
    bench = foreign()
    bench.submit(MESSAGE)
    cancel = pap.CancelMessage("1@pi.example")
    assert bench.ask(cancel).results[0].code == 2008
    bench.advance(21)
    assert bench.ask(cancel).results[0].code == 1000


# A datagram of its own


def test_a_trigger_of_its_own_is_followed_by_the_push(foreign):
    """For a GGSN that stores nothing: the push goes when the context shows."""
    bench = foreign(sends_push=False, port=9, payload=b"\0")
    bench.submit(MESSAGE)
    assert [(d.peer, d.data) for d in bench.pushed] == [((ADDRESS, 9), b"\0")]
    bench.radius(accounting(START))
    assert sent(bench) == [(ADDRESS, 9), (ADDRESS, 2948)]
    assert results(bench) == [("delivered", 1000)]


def test_a_trigger_that_brings_nothing_sends_no_push(foreign):
    """What is not there is not sent to."""
    bench = foreign(sends_push=False)
    bench.submit(MESSAGE)
    bench.advance(300)
    assert {datagram.data for datagram in bench.pushed} == {b""}
    assert results(bench) == []


def test_what_is_sent_once_does_not_go_ahead(foreign):
    """Its only datagram is for a terminal that is there; without one it is undeliverable."""
    once = pap.QualityOfService(delivery_method=DeliveryMethod.ONE_SHOT)
    bench = foreign()
    bench.submit(replace(MESSAGE, quality_of_service=once))
    assert [datagram.data for datagram in bench.pushed] == [b""]
    bench.advance(20)
    assert results(bench) == [("undeliverable", 4000)]


# Among other routes


def test_a_trigger_that_brings_nothing_for_long_makes_room_for_sms(foreign):
    """It is tried for as long as an activation would be."""
    rule = Rule(order=(IP, TRIGGER, SMS, HOLD), activation_for=60.0)
    bench = foreign(config={"policy": Policy((rule,)), "has_smsc": True})
    bench.submit(MESSAGE)
    bench.advance(60)
    assert len(bench.messages) == 1
    assert results(bench) == [("delivered", 1000)]


def test_the_trigger_stands_in_for_a_core_that_is_silent(make_bench):
    """Activation is asked for first."""
    rule = Rule(order=(IP, ACTIVATION, TRIGGER, HOLD), after={Refusal.CORE_SILENT: Next.NEXT})
    known = GiTrigger({MSISDN: ADDRESS})
    bench = make_bench(policy=Policy((rule,)), gi_trigger=known)
    bench.views[Terminal.by_msisdn(MSISDN)] = CoreSilent("connection refused")
    bench.submit(MESSAGE)
    assert sent(bench) == [(ADDRESS, 2948)]
    bench.radius(accounting(START))
    assert results(bench) == [("delivered", 1000)]


def test_the_trigger_follows_an_activation_that_failed(make_bench):
    """Where the policy says so, the second way is tried after the first."""
    rule = Rule(
        order=(IP, ACTIVATION, TRIGGER, HOLD), after={Refusal.UNKNOWN_SUBSCRIBER: Next.NEXT}
    )
    bench = make_bench(policy=Policy((rule,)), gi_trigger=GiTrigger({MSISDN: ADDRESS}))
    bench.outcome = None
    bench.views[Terminal.by_msisdn(MSISDN)] = TerminalView(IMSI, MSISDN)
    bench.submit(MESSAGE)
    bench.finish(bench.activations[0], Refused("no such terminal"))
    assert sent(bench) == [(ADDRESS, 2948)]


@pytest.mark.parametrize("wrong", [{"wait": 0.0}, {"networks": ("10.45.0.300/16",)}])
def test_what_is_no_trigger(wrong):
    """A wait takes time, and a network is one."""
    with pytest.raises(ValueError, match=r"above 0|10\.45"):
        GiTrigger(**{"addresses": {}, **wrong})
