"""Every verdict, by what the two sources say."""

from __future__ import annotations

import pytest

from testbed.gateway.judge import (
    Activate,
    CoreSilent,
    Hold,
    NotAsked,
    Online,
    TerminalView,
    Undeliverable,
    UnknownTerminal,
    judge,
)
from testbed.gateway.terminal import Terminal

NOW = 1000.0
MSISDN = Terminal.by_msisdn("447700900123")
ADDRESS = Terminal.by_address("10.45.0.7")
OFFLINE = TerminalView("234150999999999", "447700900123", attached=True, reachable=True)
DETACHED = TerminalView("234150999999999", attached=False)
UNREACHABLE = TerminalView("234150999999999", attached=True, reachable=False)


def verdict(terminal=MSISDN, *, session=None, core=OFFLINE, awaited=False):
    return judge(
        terminal,
        session=session,
        core=core,
        awaited=awaited,
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
        NOW + 5.0, "the core does not answer: refused"
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
    assert verdict(core=DETACHED, awaited=True) == Hold(
        None, "detached: the network will note when it is back"
    )


def test_an_awaited_terminal_that_has_attached_is_activated():
    """The look after the hold finds the terminal attached."""
    assert isinstance(verdict(core=OFFLINE, awaited=True), Activate)


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
