"""Rules and policies: which one holds, what follows a refusal, and what is no policy."""

from __future__ import annotations

from pathlib import Path

import pytest

from testbed.gateway.routing import policy_page
from testbed.gateway.routing.policy import (
    FOLLOWS,
    NEVER,
    Next,
    Policy,
    Refusal,
    Route,
    Rule,
    code_of,
)
from testbed.gateway.underway.routes import GiveUp, GoOn, Progress, Wait

IP, ACTIVATION, TRIGGER, SMS, HOLD = Route
MMS = "x-wap-application:mms.ua"
WITH_SMS = (IP, ACTIVATION, SMS, HOLD)


def test_the_first_rule_that_fits_holds():
    """Application and initiator must both fit where a rule names them."""
    both = Rule(applications=frozenset({MMS}), initiators=frozenset({"centre"}))
    application = Rule(applications=frozenset({MMS}))
    rest = Rule()
    policy = Policy((both, application, rest))
    assert policy.rule_for(MMS, "centre") is both
    assert policy.rule_for(MMS, "shop") is application
    assert policy.rule_for("x-wap-application:wml.ua", "centre") is rest


@pytest.mark.parametrize(
    ("rules", "problem"),
    [
        ((), "the last rule fits every push"),
        ((Rule(initiators=frozenset({"shop"})),), "the last rule fits every push"),
        ((Rule(), Rule()), "rule 1 fits every push, so those after it never hold"),
    ],
)
def test_a_policy_has_a_rule_for_every_push(rules, problem):
    """And no rule that never holds."""
    with pytest.raises(ValueError, match=problem):
        Policy(rules)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"order": ()}, "order names one route at least, and each once"),
        ({"order": (IP, HOLD, IP)}, "order names one route at least, and each once"),
        ({"order": (ACTIVATION, IP)}, "activation gives a terminal an address, so ip comes before"),
        ({"order": (TRIGGER, HOLD)}, "gi-trigger gives a terminal an address"),
        ({"after": {Refusal.ABSENT: Next.SMS}}, "after absent comes sms, which is not in order"),
        (
            {"order": (IP, ACTIVATION), "after": {Refusal.LATE: Next.HOLD}},
            "after late comes hold, which is not in order",
        ),
        ({"hold_for": 0.0}, "times are above 0"),
        ({"lifetime": -1.0}, "times are above 0"),
        ({"activations": 0}, "activations is at least 1"),
    ],
)
def test_what_is_no_rule(changes, problem):
    """Each objection says what is wrong."""
    with pytest.raises(ValueError, match=problem):
        Rule(**changes)


def test_every_refusal_has_something_that_follows():
    """Nobody has to write a rule about each."""
    assert set(FOLLOWS) == set(Refusal)
    assert code_of(Refusal.UNKNOWN_SUBSCRIBER) == code_of(Refusal.SMS_ADDRESS) == 2003
    assert code_of(Refusal.NO_ACCESS) == 4000


def test_a_rule_says_what_follows():
    """Where SMS is to follow and is not in the order, the push is undeliverable."""
    assert Rule().follows(Refusal.NO_ACCESS) is Next.FAIL
    assert Rule(order=WITH_SMS).follows(Refusal.NO_ACCESS) is Next.SMS
    rule = Rule(order=WITH_SMS, after={Refusal.REFUSED: Next.SMS})
    assert rule.follows(Refusal.REFUSED) is Next.SMS
    assert rule.follows(Refusal.ABSENT) is FOLLOWS[Refusal.ABSENT]


def test_routes_have_their_times():
    """Those that nobody limits end with the push; activation makes room for SMS."""
    rule = Rule(order=(IP, ACTIVATION, TRIGGER, SMS, HOLD))
    assert [rule.time_of(route) for route in Route] == [NEVER, 120.0, 120.0, NEVER, NEVER]
    rule = Rule(order=rule.order, activation_for=1.0, sms_for=2.0, hold_for=3.0)
    assert [rule.time_of(route) for route in Route] == [NEVER, 1.0, 1.0, 2.0, 3.0]
    assert Rule(order=(IP, SMS, ACTIVATION, HOLD)).time_of(ACTIVATION) == NEVER


# How far one push has come


def test_a_route_has_its_time_from_its_first_use():
    """Later uses do not lengthen it."""
    progress = Progress(Rule(order=WITH_SMS, activation_for=60.0))
    assert progress.begin(ACTIVATION, 100.0) == 160.0
    assert progress.begin(ACTIVATION, 130.0) == 160.0
    progress.start_over()
    assert progress.begin(ACTIVATION, 200.0) == 260.0


def test_a_retry_waits_as_long_as_the_route_has_time():
    """Beyond that the next route is taken."""
    progress = Progress(Rule(order=WITH_SMS, activation_for=60.0))
    again = progress.fail(ACTIVATION, Refusal.REFUSED, "no", at=130.0, now=100.0)
    assert again == Wait(130.0)
    assert progress.tried[ACTIVATION].not_before == 130.0
    assert progress.fail(ACTIVATION, Refusal.REFUSED, "no", at=160.0, now=130.0) == GoOn()
    assert progress.tried[ACTIVATION].given_up == "no"


def test_a_route_without_end_is_given_up_when_it_is_never_to_be_tried_again():
    """After the last attempt only the terminal itself helps."""
    progress = Progress(Rule())
    assert progress.fail(ACTIVATION, Refusal.REFUSED, "no", at=NEVER, now=1.0) == GoOn()


def given_up(follows: Next, order=WITH_SMS) -> set[Route]:
    progress = Progress(Rule(order=order, after={Refusal.REFUSED: follows}))
    assert progress.fail(ACTIVATION, Refusal.REFUSED, "no", at=2.0, now=1.0) == GoOn()
    return {route for route, tried in progress.tried.items() if tried.given_up}


def test_next_gives_up_the_route_alone():
    """The order says what comes."""
    assert given_up(Next.NEXT) == {ACTIVATION}


def test_sms_and_hold_pass_over_what_stands_before_them():
    """IP stays: an address serves all the same."""
    assert given_up(Next.SMS, (IP, ACTIVATION, TRIGGER, HOLD, SMS)) == {ACTIVATION, TRIGGER, HOLD}
    assert given_up(Next.HOLD, (IP, ACTIVATION, TRIGGER, SMS, HOLD)) == {ACTIVATION, TRIGGER, SMS}


def test_fail_gives_the_push_up():
    """With the status code of the refusal."""
    progress = Progress(Rule())
    assert progress.fail(ACTIVATION, Refusal.UNKNOWN_SUBSCRIBER, "who?", at=2.0, now=1.0) == GiveUp(
        2003
    )


@pytest.mark.docs
def test_the_page_is_what_the_tables_say():
    """The reference page is generated anew whenever they change."""
    page = Path(__file__).parents[4] / "docs/reference/policy.md"
    assert page.read_text(encoding="utf-8") == policy_page.page()
