"""Pushes to IPv6 addresses: a terminal has all addresses of its prefix (TS 23.060 §9.2.1.1)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from corenet.interfaces.node import Interface
from testbed.codecs import pap, si
from testbed.codecs.pap import DeliveryMethod
from testbed.codecs.wsp import decode_push
from testbed.gateway.config import OtaPolicy
from testbed.gateway.keeping.pushes import State
from testbed.gateway.routing.judge import TerminalView, UnknownTerminal
from testbed.gateway.routing.passing import Passed, has_passed
from testbed.gateway.routing.policy import Confirm
from testbed.gateway.submissions.recipients import Nobody, terminal_of
from testbed.gateway.terminal import Terminal
from testbed.gateway.testing import ADDRESS, IMSI, INDICATION, MESSAGE, MSISDN, accounting

START, STOP = 1, 2
OWN = "2001:db8:ffff::5"
GIVEN = "2001:db8:6:1::abcd"
"""What the GGSN told the terminal to take."""
CHOSEN = "2001:db8:6:1:1234:5678:9abc:def0"
"""What it has taken (RFC 8981)."""


def to(address: str, method: DeliveryMethod = DeliveryMethod.UNCONFIRMED) -> pap.PushMessage:
    return replace(
        MESSAGE,
        addresses=(f"WAPPUSH={address}/TYPE=IPv6@ppg.example",),
        quality_of_service=pap.QualityOfService(delivery_method=method),
    )


@pytest.fixture
def bench(make_bench):
    """A gateway with an IPv6 address, which knows by accounting alone who is there."""
    return make_bench(ask_core=False, ipv6_address=OWN)


def start(**how):
    return accounting(START, address="", ipv6=GIVEN, **how)


@pytest.mark.clause("WAP-247 §9.5", "push to a terminal's IPv6 address")
@pytest.mark.parametrize("address", [GIVEN, CHOSEN], ids=["as it was given", "of its own choice"])
def test_a_push_goes_to_the_address_that_was_asked_for(bench, address):
    """Found by the prefix, sent over IPv6 to the push port, reported as delivered."""
    bench.radius(start())
    bench.submit(to(address))
    (datagram,) = bench.pushed
    assert (datagram.interface, datagram.peer) == (Interface.WDP6, (address, 2948))
    assert si.decode(decode_push(datagram.data).body) == INDICATION
    (result,) = bench.notifications
    assert (result.state, result.code) == (pap.MessageState.DELIVERED, 1000)


def test_it_leaves_from_the_gateways_own_address(bench):
    """At the same port as over IPv4."""
    assert bench.config.attachments[Interface.WDP6] == (OWN, 9200)


def test_a_gateway_without_ipv6_refuses_it(make_bench):
    """With 2002, saying why; accounting of IPv6 contexts concerns it not."""
    bench = make_bench(ask_core=False)
    assert Interface.WDP6 not in bench.config.attachments
    bench.radius(start())
    assert len(bench.gateway.sessions) == 0
    answer = bench.submit(to(GIVEN))
    assert (answer.code, answer.desc) == (2002, f"{GIVEN}: pushes go over IPv4 here")


@pytest.mark.parametrize("address", ["::", "ff02::1", "fe80::1"])
def test_an_address_of_no_single_terminal_is_refused(address):
    """Unspecified, multicast, link-local."""
    whom = terminal_of(f"WAPPUSH={address}/TYPE=IPv6@p", {}, has_ipv6=True)
    assert isinstance(whom, Nobody)
    assert (whom.code, address in whom.text) == (2002, True)


def test_a_mapped_address_stands_for_the_ipv4_address(bench):
    """The push leaves over IPv4."""
    bench.radius(accounting(START, ipv6=GIVEN))
    bench.submit(to(f"::ffff:{ADDRESS}"))
    assert [(one.interface, one.peer[0]) for one in bench.pushed] == [(Interface.WDP, ADDRESS)]


def test_a_push_to_a_number_goes_over_ipv6_where_there_is_nothing_else(bench):
    """To the address that the terminal was given."""
    bench.radius(start())
    bench.submit(MESSAGE)
    assert bench.pushed[0].peer == (GIVEN, 2948)


def test_a_push_to_a_number_prefers_ipv4(bench):
    """Where the context has both."""
    bench.radius(accounting(START, ipv6=GIVEN))
    bench.submit(MESSAGE)
    bench.submit(replace(to(CHOSEN), push_id="2@pi.example"))
    assert [one.peer[0] for one in bench.pushed] == [ADDRESS, CHOSEN]


@pytest.mark.parametrize("both", [False, True], ids=["IPv6", "IPv4v6"])
def test_a_push_waits_until_the_prefix_is_somebodys(bench, both):
    """The Start that brings the prefix ends the wait, whatever the interface identifier."""
    bench.submit(to(CHOSEN))
    assert bench.delivery().state is State.HELD
    bench.radius(start(imsi="1", msisdn="1") if not both else accounting(START, ipv6=GIVEN))
    assert [one.peer[0] for one in bench.pushed] == [CHOSEN]


def test_after_the_stop_a_push_waits(bench):
    """Nobody has the prefix any more."""
    bench.radius(start())
    bench.radius(accounting(STOP, address="", ipv6=GIVEN, identifier=2))
    bench.submit(to(GIVEN))
    assert bench.pushed == []


def test_an_address_that_cannot_be_reached_is_judged_anew(make_bench):
    """ICMPv6 says that nobody is there: the session is doubted until accounting says otherwise."""
    bench = make_bench(ask_core=False, ipv6_address=OWN, ota=OtaPolicy())
    bench.radius(start())
    bench.submit(to(CHOSEN))
    bench.gateway.unreachable(Interface.WDP6, (CHOSEN, 2948), host=True, now=bench.now)
    bench.settle()
    assert bench.notifications == []
    assert bench.delivery().state in (State.HELD, State.RETRYING)
    bench.radius(accounting(3, address="", ipv6=GIVEN, identifier=2))
    bench.advance(0.1)
    assert len(bench.pushed) == 2
    assert bench.notifications[0].code == 1000


@pytest.mark.parametrize(
    ("method", "state"),
    [
        (DeliveryMethod.CONFIRMED, pap.MessageState.UNDELIVERABLE),
        (DeliveryMethod.PREFER_CONFIRMED, pap.MessageState.DELIVERED),
    ],
)
def test_no_session_is_opened_over_ipv6(bench, method, state):
    """What has to be confirmed is not possible; what need not goes as a datagram."""
    bench.radius(start())
    bench.submit(to(GIVEN, method))
    (result,) = bench.notifications
    assert result.state is state
    if method is DeliveryMethod.CONFIRMED:
        assert (result.code, bench.pushed) == (3007, [])
        assert "IPv6" in result.desc


# With a core

SEEN = TerminalView(IMSI, MSISDN, contexts=(("wap.example", GIVEN),), downlink_idle={GIVEN: 0.0})


def test_the_core_says_who_has_the_prefix(make_bench):
    """Its word holds as in IPv4."""
    bench = make_bench(ipv6_address=OWN)
    bench.views[Terminal.by_address(CHOSEN)] = SEEN
    bench.submit(to(CHOSEN))
    assert bench.pushed[0].peer == (CHOSEN, 2948)


def test_the_core_confirms_that_a_push_has_left(make_bench):
    """With confirm: context, by the context that has the prefix."""
    ota = OtaPolicy(confirm=Confirm.CONTEXT)
    bench = make_bench(ipv6_address=OWN, ota=ota)
    bench.views[Terminal.by_address(CHOSEN)] = SEEN
    bench.submit(to(CHOSEN))
    bench.advance(0.1)
    assert bench.notifications[0].code == 1000


def test_without_ipv6_such_contexts_are_not_seen(make_bench):
    """A number whose only context is in IPv6 is activated as if it had none."""
    bench = make_bench()
    bench.views[Terminal.by_msisdn(MSISDN)] = SEEN
    bench.submit(MESSAGE)
    assert len(bench.activations) == 1
    assert bench.pushed[0].peer == (ADDRESS, 2948)


@pytest.mark.parametrize(
    ("answer", "passed"),
    [
        (SEEN, Passed.YES),
        (replace(SEEN, downlink_idle={GIVEN: None}), Passed.NOT_YET),
        (replace(SEEN, downlink_idle={}), Passed.UNKNOWN),
        (replace(SEEN, contexts=(("a", "2001:db8:6:2::1"),)), Passed.GONE),
        (UnknownTerminal(), Passed.GONE),
    ],
)
def test_what_has_left_for_the_prefix_counts(answer, passed):
    """Whatever address of it the push went to."""
    assert has_passed(answer, CHOSEN, 100.0, 100.0) is passed
