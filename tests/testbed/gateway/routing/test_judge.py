"""Every verdict, by what the two sources say."""

from __future__ import annotations

import pytest

from testbed.gateway.routing.judge import (
    Activate,
    CoreSilent,
    Hold,
    Known,
    NotAsked,
    Online,
    Sms,
    TerminalView,
    Trigger,
    Undeliverable,
    UnknownTerminal,
    judge,
)
from testbed.gateway.routing.policy import NEVER, Next, Refusal, Route, Rule, Standing, Tried
from testbed.gateway.terminal import Terminal

NOW = 1000.0
DEFAULT = Rule()
AWAITED = Standing(is_awaited=True)
MSISDN = Terminal.by_msisdn("447700900123")
ADDRESS = Terminal.by_address("10.45.0.7")
OFFLINE = TerminalView("234150999999999", "447700900123", attached=True, reachable=True)
DETACHED = TerminalView("234150999999999", attached=False)
UNREACHABLE = TerminalView("234150999999999", attached=True, reachable=False)


def verdict(
    terminal=MSISDN,
    *,
    session=None,
    core=OFFLINE,
    standing=None,
    static=None,
    rule=DEFAULT,
    tried=None,
):
    standings = {} if standing is None else dict.fromkeys(Route, standing)
    msisdn = terminal.value if terminal == MSISDN else None
    return judge(
        terminal,
        Known(core, session, msisdn, static, standings),
        rule,
        tried or {},
        apn="wap.example",
        ask_again=5.0,
        now=NOW,
    )


def on(*contexts: tuple[str, str]) -> TerminalView:
    return TerminalView("234150999999999", contexts=contexts)


def test_a_session_alone_means_online():
    """Without a core the accounting session decides."""
    assert verdict(session="10.45.0.7", core=NotAsked()) == Online("10.45.0.7", "accounting")


def test_neither_session_nor_core_means_hold_until_the_terminal_shows_itself():
    """With both sources off the push waits without a time."""
    assert verdict(core=NotAsked()) == Hold(
        None, "no accounting session, and no core to ask for an activation"
    )


def test_a_session_serves_while_the_core_is_silent():
    """A core that does not answer leaves the session as the only source."""
    assert verdict(session="10.45.0.7", core=CoreSilent("refused")) == Online(
        "10.45.0.7", "accounting"
    )


def test_a_silent_core_is_asked_again_soon():
    """Without a session and an answer the push waits for a moment."""
    assert verdict(core=CoreSilent("refused")) == Hold(
        NOW + 5.0, "the core does not answer: refused", Route.ACTIVATION
    )


def test_a_terminal_that_nobody_knows_is_undeliverable():
    """Unknown to core and accounting is address not found."""
    assert verdict(core=UnknownTerminal()) == Undeliverable(
        2003, "the core does not know +447700900123"
    )


def test_a_session_of_a_network_that_is_not_the_cores_is_online():
    """The core need not know whom another GGSN reports."""
    assert verdict(session="10.9.0.1", core=UnknownTerminal()) == Online("10.9.0.1", "accounting")


def test_a_context_beats_a_session_with_another_address():
    """A lost Stop leaves a session behind; the core is right."""
    assert verdict(session="10.45.0.9", core=on(("wap.example", "10.45.0.7"))) == Online(
        "10.45.0.7", "context"
    )


def test_a_stale_session_does_not_make_a_terminal_online():
    """Where the core sees no context the session is stale."""
    assert verdict(session="10.45.0.7") == Activate(
        "234150999999999", "wap.example", "447700900123"
    )


def test_the_context_on_the_gateways_apn_is_preferred():
    """Of several contexts the one on the configured APN is used, in any case."""
    core = on(("internet", "10.1.0.1"), ("WAP.example", "10.45.0.7"))
    assert verdict(core=core) == Online("10.45.0.7", "context")


def test_any_context_serves_where_none_is_on_the_gateways_apn():
    """A terminal that is online elsewhere is online."""
    assert verdict(core=on(("internet", "10.1.0.1"), ("corp", "10.2.0.1"))) == Online(
        "10.1.0.1", "context"
    )


@pytest.mark.parametrize("view", [OFFLINE, DETACHED, TerminalView("234150999999999")])
def test_a_terminal_without_context_is_activated(view):
    """The HLR's answer decides, not our guess: even one that seems detached is tried once."""
    assert verdict(core=view) == Activate("234150999999999", "wap.example", view.msisdn)


def test_a_terminal_with_mnrg_set_is_held():
    """While MNRG is set an activation is in vain."""
    assert verdict(core=UNREACHABLE) == Hold(
        None, "not reachable: the network will note when it is back"
    )


def test_a_detached_terminal_is_held_once_an_activation_said_so():
    """After "hold until reachable" a detached terminal is not tried again."""
    assert verdict(core=DETACHED, standing=AWAITED) == Hold(
        None, "detached: the network will note when it is back"
    )


def test_an_awaited_terminal_that_has_attached_is_activated():
    """The look after the hold finds the terminal attached."""
    assert isinstance(verdict(core=OFFLINE, standing=AWAITED), Activate)


def test_an_address_in_a_context_is_online():
    """A push to an IP address goes to that address only."""
    assert verdict(ADDRESS, core=on(("a", "10.1.0.1"), ("b", "10.45.0.7"))) == Online(
        "10.45.0.7", "context"
    )


def test_a_static_address_is_activated_on_its_own_apn():
    """The APN comes from the static binding."""
    view = TerminalView("234150999999999", static_addresses={"a": "10.1.0.1", "b": "10.45.0.7"})
    assert verdict(ADDRESS, core=view) == Activate("234150999999999", "b")


def test_an_address_that_is_nobodys_is_undeliverable():
    """An address in no context and no binding cannot be activated."""
    assert verdict(ADDRESS, core=on(("a", "10.1.0.1"))) == Undeliverable(
        2003, "10.45.0.7 is nobody's static address and in no context"
    )


# Routes in the order of a rule

IP, ACTIVATION, TRIGGER, SMS, HOLD = Route
WITH_SMS = Rule(order=(IP, ACTIVATION, SMS, HOLD))
ONLINE = on(("wap.example", "10.45.0.7"))
BACK_OFF = Standing(not_before=NOW + 30.0, why="MS refuses")


def given_up(*routes: Route) -> dict[Route, Tried]:
    """Return that routes were given up."""
    return {route: Tried(since=NOW - 1.0, given_up=f"{route} failed") for route in routes}


@pytest.mark.parametrize(
    ("core", "session", "expected"),
    [
        (ONLINE, None, Online("10.45.0.7", "context")),
        (OFFLINE, "10.45.0.9", Activate("234150999999999", "wap.example", "447700900123")),
        (UNREACHABLE, None, Sms("447700900123")),
        (NotAsked(), "10.45.0.7", Online("10.45.0.7", "accounting")),
        (NotAsked(), None, Sms("447700900123")),
        (CoreSilent("x"), None, Hold(NOW + 5.0, "the core does not answer: x", ACTIVATION)),
        (UnknownTerminal(), None, Undeliverable(2003, "the core does not know +447700900123")),
    ],
)
def test_sms_comes_where_ip_and_activation_cannot(core, session, expected):
    """A terminal that is out of the packet network's reach may still have short messages."""
    assert verdict(core=core, session=session, rule=WITH_SMS) == expected


@pytest.mark.parametrize("core", [ONLINE, OFFLINE, NotAsked(), CoreSilent("x"), UnknownTerminal()])
def test_a_rule_of_sms_alone_asks_nothing_else(core):
    """Whoever is online gets a short message too."""
    assert verdict(core=core, rule=Rule(order=(SMS,))) == Sms("447700900123")


def test_the_number_for_sms_comes_from_whoever_knows_it():
    """A push to an address finds the number at the core; without one SMS is passed over."""
    rule = Rule(order=(SMS, HOLD))
    view = TerminalView("234150999999999", "447700900999")
    assert verdict(ADDRESS, core=view, rule=rule) == Sms("447700900999")
    assert verdict(ADDRESS, core=NotAsked(), rule=rule) == Hold(
        None, "10.45.0.7 has no number for short messages"
    )


def test_routes_that_were_given_up_are_passed_over():
    """The next one is taken, with the reasons of those before."""
    assert verdict(rule=WITH_SMS, tried=given_up(ACTIVATION)) == Sms("447700900123")
    assert verdict(rule=WITH_SMS, tried=given_up(ACTIVATION, SMS)) == Hold(
        None, "activation failed; sms failed"
    )


def test_a_route_given_up_does_not_keep_ip_from_being_taken():
    """An address is an address."""
    tried = given_up(ACTIVATION, SMS)
    assert verdict(core=ONLINE, rule=WITH_SMS, tried=tried) == Online("10.45.0.7", "context")


@pytest.mark.parametrize(
    ("rule", "seconds", "expected"),
    [
        (WITH_SMS, 119.0, Activate("234150999999999", "wap.example", "447700900123")),
        (WITH_SMS, 120.0, Sms("447700900123")),
        (Rule(order=WITH_SMS.order, activation_for=30.0), 30.0, Sms("447700900123")),
        (DEFAULT, 86_400.0, Activate("234150999999999", "wap.example", "447700900123")),
        (Rule(activation_for=30.0), 30.0, Hold(None, "activation has had its time")),
    ],
)
def test_a_route_whose_time_is_over_is_passed_over(rule, seconds, expected):
    """Activation has two minutes where SMS follows, unless the rule says; else no end."""
    assert verdict(rule=rule, tried={ACTIVATION: Tried(since=NOW - seconds)}) == expected


def test_a_back_off_is_waited_for():
    """The terminal is not tried before, for whatever push."""
    assert verdict(standing=BACK_OFF) == Hold(NOW + 30.0, "MS refuses", ACTIVATION)


@pytest.mark.parametrize("not_before", [NOW + 120.0, NEVER])
def test_a_back_off_that_outlives_the_route_is_not_waited_for(not_before):
    """The next route is taken at once."""
    standing = Standing(not_before=not_before, why="MS refuses")
    assert verdict(rule=WITH_SMS, standing=standing) == Sms("447700900123")
    hold = Rule(order=(IP, ACTIVATION, HOLD), activation_for=60.0)
    assert verdict(rule=hold, standing=standing) == Hold(None, "MS refuses")


def test_an_smsc_that_could_not_take_it_is_waited_for():
    """Its own back-off counts for SMS only."""
    rule = Rule(order=(IP, SMS, HOLD), sms_for=600.0)
    tried = {SMS: Tried(since=NOW - 10.0, not_before=NOW + 20.0)}
    assert verdict(rule=rule, tried=tried) == Hold(NOW + 20.0, "the SMSC is tried again later", SMS)
    late = {SMS: Tried(since=NOW - 590.0, not_before=NOW + 20.0)}
    assert verdict(rule=rule, tried=late) == Hold(None, "the SMSC is tried again later")


def test_a_hold_with_an_end_makes_room_for_what_follows():
    """The push waits ten minutes for the terminal, and then goes as a short message."""
    rule = Rule(order=(IP, HOLD, SMS), hold_for=600.0)
    assert verdict(rule=rule) == Hold(NOW + 600.0, "until the terminal shows itself")
    assert verdict(rule=rule, tried={HOLD: Tried(since=NOW - 100.0)}).until == NOW + 500.0
    assert verdict(rule=rule, tried={HOLD: Tried(since=NOW - 600.0)}) == Sms("447700900123")


def test_where_no_route_is_left_the_push_is_undeliverable():
    """With the reason of each."""
    rule = Rule(order=(IP, ACTIVATION, SMS))
    assert verdict(rule=rule, tried=given_up(ACTIVATION, SMS)) == Undeliverable(
        4000, "activation failed; sms failed"
    )
    assert verdict(rule=Rule(order=(IP,))) == Undeliverable(4000, "no route is left")


@pytest.mark.parametrize(
    ("follows", "expected"),
    [
        (Next.FAIL, Undeliverable(4000, "the core does not answer: x")),
        (Next.RETRY, Hold(NOW + 5.0, "the core does not answer: x", ACTIVATION)),
        (Next.NEXT, Sms("447700900123")),
        (Next.SMS, Sms("447700900123")),
        (Next.HOLD, Hold(None, "the core does not answer: x")),
    ],
)
def test_a_rule_says_what_follows_a_silent_core(follows, expected):
    """The refusals that judging itself finds are no exception."""
    rule = Rule(order=WITH_SMS.order, after={Refusal.CORE_SILENT: follows})
    assert verdict(core=CoreSilent("x"), rule=rule) == expected


def test_a_rule_may_try_an_unknown_terminal_by_sms():
    """A foreign subscriber has short messages, though this core has never heard of it."""
    rule = Rule(order=WITH_SMS.order, after={Refusal.UNKNOWN_SUBSCRIBER: Next.SMS})
    assert verdict(core=UnknownTerminal(), rule=rule) == Sms("447700900123")
    assert verdict(core=UnknownTerminal(), rule=rule, tried=given_up(SMS)) == Hold(
        None, "the core does not know +447700900123; sms failed"
    )


# The Gi trigger

BY_TRIGGER = Rule(order=(IP, TRIGGER, HOLD))


def test_a_static_address_is_triggered_where_there_is_no_core_to_ask():
    """A datagram to it makes the GGSN activate."""
    assert verdict(core=NotAsked(), static="10.45.0.7", rule=BY_TRIGGER) == Trigger("10.45.0.7")


def test_a_session_beats_the_trigger():
    """Whoever has a context is sent to."""
    assert verdict(
        core=NotAsked(), session="10.45.0.7", static="10.45.0.7", rule=BY_TRIGGER
    ) == Online("10.45.0.7", "accounting")


def test_without_a_static_address_there_is_nothing_to_trigger():
    """The push is held until the terminal shows itself."""
    assert verdict(core=NotAsked(), rule=BY_TRIGGER) == Hold(
        None, "+447700900123 has no static address that a trigger could go to"
    )


def test_a_trigger_in_back_off_is_waited_for():
    """One that brought nothing is not repeated at once."""
    hold = verdict(core=NotAsked(), static="10.45.0.7", rule=BY_TRIGGER, standing=BACK_OFF)
    assert hold == Hold(NOW + 30.0, "MS refuses", TRIGGER)


def test_a_trigger_stands_in_for_a_silent_core():
    """Behind activation it serves where the control interface cannot be reached."""
    rule = Rule(order=(IP, ACTIVATION, TRIGGER, HOLD), after={Refusal.CORE_SILENT: Next.NEXT})
    assert verdict(core=CoreSilent("x"), static="10.45.0.7", rule=rule) == Trigger("10.45.0.7")
    held = verdict(core=UNREACHABLE, static="10.45.0.7", rule=rule)
    assert isinstance(held, Hold), "the core knows that it would be in vain"
