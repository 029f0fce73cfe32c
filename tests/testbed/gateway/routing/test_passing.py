"""Confirm: context. A push counts as delivered when the core has sent something to the mobile."""

from __future__ import annotations

from dataclasses import replace

import pytest

from testbed.codecs import pap
from testbed.codecs.pap import DeliveryMethod, MessageState
from testbed.gateway.config import OtaPolicy
from testbed.gateway.keeping.pushes import State
from testbed.gateway.routing.judge import CoreSilent, NotAsked, TerminalView, UnknownTerminal
from testbed.gateway.routing.passing import Passed, has_passed
from testbed.gateway.routing.policy import Confirm, Policy, Rule
from testbed.gateway.terminal import Terminal
from testbed.gateway.testing import ADDRESS, IMSI, MESSAGE, MSISDN, accounting, active

START = 1
BY_NUMBER, BY_ADDRESS = Terminal.by_msisdn(MSISDN), Terminal.by_address(ADDRESS)
CONTEXT = ("wap.example", ADDRESS)
ONE_SHOT = pap.QualityOfService(delivery_method=DeliveryMethod.ONE_SHOT)
CONFIRM = OtaPolicy(confirm=Confirm.CONTEXT)


def view(idle: float | None) -> TerminalView:
    return TerminalView(IMSI, MSISDN, (CONTEXT,), downlink_idle={ADDRESS: idle})


@pytest.mark.parametrize(
    ("answer", "passed"),
    [
        (view(1.9), Passed.YES),
        (view(2.0), Passed.YES),
        (view(2.1), Passed.NOT_YET),
        (view(None), Passed.NOT_YET),
        (TerminalView(IMSI, MSISDN, (CONTEXT,)), Passed.UNKNOWN),
        (TerminalView(IMSI, MSISDN, (("wap.example", "10.45.0.8"),)), Passed.GONE),
        (UnknownTerminal(), Passed.GONE),
        (CoreSilent("timeout"), Passed.UNKNOWN),
        (NotAsked(), Passed.UNKNOWN),
    ],
)
def test_what_the_core_says_means_something_for_a_push(answer, passed):
    """It left at 8.0, the answer came at 10.0."""
    assert has_passed(answer, ADDRESS, 8.0, 10.0) is passed


@pytest.fixture
def bench(make_bench):
    """A gateway that asks the core about what it sent, and a terminal that is online."""
    bench = make_bench(ota=CONFIRM)
    bench.views[BY_NUMBER] = TerminalView(IMSI, MSISDN, (CONTEXT,))
    return bench


def test_a_push_that_the_core_sent_on_is_delivered(bench):
    """Still without confirmation, as the client's application has said nothing."""
    bench.views[BY_ADDRESS] = view(0.05)
    bench.submit(MESSAGE)
    assert bench.context_look_ups == []
    bench.advance(0.1)
    assert bench.context_look_ups == [ADDRESS]
    (result,) = bench.notifications
    assert (result.state, result.desc) == (MessageState.DELIVERED, "delivered without confirmation")


def test_a_push_that_the_core_sends_on_late_is_delivered(bench):
    """It is asked again until it had time enough."""
    bench.views[BY_ADDRESS] = view(None)
    bench.submit(MESSAGE)
    bench.advance(1.5)
    assert bench.notifications == []
    bench.views[BY_ADDRESS] = view(0.01)
    bench.advance(0.1)
    assert bench.delivery().state is State.DELIVERED


def test_a_push_that_the_core_never_sent_on_is_judged_anew(bench):
    """After the time that a core has for it; then it is tried again after a back-off."""
    bench.views[BY_ADDRESS] = view(60.0)
    bench.submit(MESSAGE)
    bench.advance(2.1)
    assert bench.delivery().state is State.RETRYING
    assert bench.delivery().history[-1].note == "nothing has left for 10.45.0.7"
    assert bench.gateway.counters["pushes that no context took"] == 1
    bench.advance(30)
    assert len(bench.pushed) == 2


@pytest.mark.parametrize("answer", [UnknownTerminal(), TerminalView(IMSI, MSISDN)])
def test_a_push_whose_context_is_gone_is_judged_anew_at_once(bench, answer):
    """The terminal went away meanwhile: it is activated, and the push sent where it is then."""
    bench.views[BY_ADDRESS] = answer
    bench.submit(MESSAGE)
    bench.views[BY_NUMBER] = TerminalView(IMSI, MSISDN)
    bench.outcome = active("10.45.0.8")
    bench.views[Terminal.by_address("10.45.0.8")] = TerminalView(
        IMSI, MSISDN, (("wap.example", "10.45.0.8"),), downlink_idle={"10.45.0.8": 0.0}
    )
    bench.advance(0.3)
    assert [datagram.peer[0] for datagram in bench.pushed] == [ADDRESS, "10.45.0.8"]
    assert bench.delivery().state is State.DELIVERED


def test_a_core_that_does_not_answer_confirms_nothing_and_denies_nothing(bench):
    """The push counts as any other that left."""
    bench.views[BY_ADDRESS] = CoreSilent("timeout")
    bench.submit(MESSAGE)
    bench.advance(0.1)
    assert bench.delivery().state is State.DELIVERED


def test_what_is_sent_once_is_not_asked_about(bench):
    """Whatever the answer, it would not be sent again."""
    bench.submit(replace(MESSAGE, quality_of_service=ONE_SHOT))
    bench.advance(1)
    assert bench.context_look_ups == []
    assert bench.delivery().state is State.DELIVERED


def test_an_answer_about_a_push_that_came_back_meanwhile_is_late(bench):
    """ICMP was quicker than the core."""
    bench.views[BY_ADDRESS] = view(0.0)
    bench.submit(MESSAGE)
    bench.gateway.handle_timeout(bench.now + 0.1)
    bench.gateway.unreachable(bench.pushed[0].interface, (ADDRESS, 2948), host=False, now=bench.now)
    bench.settle()
    assert bench.context_look_ups == [ADDRESS]
    assert bench.delivery().state is State.RETRYING


def test_without_a_core_to_ask_nobody_is_asked(make_bench):
    """Accounting tells of no packets."""
    bench = make_bench(ota=CONFIRM, ask_core=False)
    bench.radius(accounting(START))
    bench.submit(MESSAGE)
    bench.advance(0.1)
    assert bench.delivery().state is State.DELIVERED


def test_times_that_leave_no_moment_to_ask_are_refused():
    """The core is asked when the network has had its time to return the push."""
    with pytest.raises(ValueError, match="confirm: context"):
        OtaPolicy(confirm=Confirm.CONTEXT, returned=0)


def test_each_rule_says_what_it_takes_to_be_delivered(make_bench):
    """The bank's pushes are checked with the core, all others count as sent when they left."""
    bank = Rule(initiators=frozenset({"bank"}), confirm=Confirm.CONTEXT)
    bench = make_bench(ota=OtaPolicy(), policy=Policy((bank, Rule())))
    bench.views[BY_NUMBER] = TerminalView(IMSI, MSISDN, (CONTEXT,))
    bench.views[BY_ADDRESS] = view(0.05)
    bench.submit(MESSAGE, initiator="news")
    bench.advance(0.1)
    assert (len(bench.notifications), bench.context_look_ups) == (1, [])
    bench.submit(replace(MESSAGE, push_id="2@pi.example"), initiator="bank")
    bench.advance(0.1)
    assert (len(bench.notifications), bench.context_look_ups) == (2, [ADDRESS])


def test_a_rule_can_spare_its_pushes_the_check_of_the_gateway(make_bench):
    """A push of an application that nobody waits for is delivered when it has left."""
    rule = Rule(applications=frozenset({"x-wap-application:wml.ua"}), confirm=Confirm.LEFT)
    bench = make_bench(ota=CONFIRM, policy=Policy((rule, Rule())))
    bench.views[BY_NUMBER] = TerminalView(IMSI, MSISDN, (CONTEXT,))
    bench.submit(MESSAGE)
    bench.advance(0.1)
    assert (len(bench.notifications), bench.context_look_ups) == (1, [])


@pytest.mark.parametrize("ota", [OtaPolicy(returned=0), OtaPolicy(confirm_time=0.05)])
def test_a_rule_that_asks_the_core_needs_time_to_do_so(make_bench, ota):
    """As the gateway does that asks about every push."""
    with pytest.raises(ValueError, match="confirm: context needs returned"):
        make_bench(ota=ota, policy=Policy((Rule(confirm=Confirm.CONTEXT),)))
