"""Pushes that the network returns (ICMP): back to judge, and the address is not trusted."""

from __future__ import annotations

from dataclasses import replace

import pytest

from corenet.interfaces.node import Interface
from testbed.codecs import pap
from testbed.codecs.pap import DeliveryMethod, MessageState
from testbed.gateway.config import OtaPolicy
from testbed.gateway.keeping.pushes import State
from testbed.gateway.routing.judge import CoreSilent, TerminalView
from testbed.gateway.terminal import Terminal
from testbed.gateway.terminal_testing import CLIENT_PORT, BenchTerminal
from testbed.gateway.testing import ADDRESS, IMSI, MESSAGE, MSISDN, accounting, active

START, INTERIM = 1, 3
PUSH_PORT = (ADDRESS, 2948)


def message(method: DeliveryMethod = DeliveryMethod.UNCONFIRMED, number: int = 1):
    quality = pap.QualityOfService(delivery_method=method)
    return replace(MESSAGE, push_id=f"{number}@pi.example", quality_of_service=quality)


@pytest.fixture
def bench(make_bench):
    """A gateway that knows by accounting alone who is there, and waits 0.1 s for ICMP."""
    bench = make_bench(ask_core=False, ota=OtaPolicy())
    bench.radius(accounting(START))
    return bench


def returned(bench, peer=PUSH_PORT, *, host=True, interface=Interface.WDP):
    bench.gateway.unreachable(interface, peer, host=host, now=bench.now)
    bench.settle()


def test_a_datagram_that_does_not_come_back_is_delivered(bench):
    """After a moment in which the network may return it."""
    bench.submit(message())
    assert bench.delivery().state is State.CONFIRMING
    assert bench.notifications == []
    bench.advance(0.1)
    (result,) = bench.notifications
    assert (result.state, result.desc) == (MessageState.DELIVERED, "delivered without confirmation")


def test_the_next_one_does_not_wait_for_that(bench):
    """Pushes leave as they come."""
    bench.submit(message())
    bench.submit(message(number=2))
    assert len(bench.pushed) == 2


def test_a_datagram_that_comes_back_is_judged_anew(bench):
    """Nobody is there: it waits until accounting says anew that the terminal is."""
    bench.submit(message())
    returned(bench)
    bench.advance(0)
    assert bench.delivery().state is State.HELD
    assert bench.gateway.counters["pushes returned"] == 1
    bench.advance(600)
    assert len(bench.pushed) == 1
    bench.radius(accounting(INTERIM, identifier=2))
    assert len(bench.pushed) == 2
    bench.advance(1)
    assert bench.delivery().state is State.DELIVERED
    notes = [entry.note for entry in bench.delivery().history if entry.state is State.RETRYING]
    assert notes == ["10.45.0.7:2948 cannot be reached"]


def test_an_address_found_absent_is_not_judged_online_again(bench):
    """Not for other pushes either."""
    bench.submit(message())
    returned(bench)
    bench.submit(message(number=2))
    assert len(bench.pushed) == 1
    assert bench.delivery("2@pi.example").state is State.HELD


def test_a_push_to_the_address_itself_waits_too(bench):
    """Whatever names the terminal."""
    bench.submit(message())
    returned(bench)
    address = f"WAPPUSH={ADDRESS}/TYPE=IPv4@ppg.example"
    bench.submit(replace(message(number=2), addresses=(address,)))
    assert len(bench.pushed) == 1


def test_a_port_that_nobody_has_leaves_the_address_trusted(bench):
    """The host is there: the push is tried again after a back-off."""
    bench.submit(message())
    returned(bench, host=False)
    assert bench.delivery().state is State.RETRYING
    bench.advance(30)
    assert len(bench.pushed) == 2


def test_the_core_says_anew_that_a_terminal_is_there(make_bench):
    """Its word counts more than what came back before."""
    bench = make_bench(ota=OtaPolicy())
    view = TerminalView(IMSI, MSISDN, (("wap.example", ADDRESS),))
    bench.views[Terminal.by_msisdn(MSISDN)] = view
    bench.submit(message())
    bench.views[Terminal.by_msisdn(MSISDN)] = TerminalView(IMSI, MSISDN)
    bench.outcome = active("10.45.0.8")
    returned(bench)
    bench.advance(0)
    assert [datagram.peer[0] for datagram in bench.pushed] == [ADDRESS, "10.45.0.8"]


def test_a_silent_core_does_not_make_an_absent_address_online(make_bench):
    """Accounting alone decides then, and it is not trusted."""
    bench = make_bench(ota=OtaPolicy())
    bench.radius(accounting(START))
    bench.views[Terminal.by_msisdn(MSISDN)] = CoreSilent("timeout")
    bench.submit(message())
    returned(bench)
    bench.advance(60)
    assert len(bench.pushed) == 1


def test_what_follows_to_the_same_address_is_judged_anew_too(make_bench):
    """A push that waited behind one that is returned does not go the same way."""
    bench = make_bench(ota=OtaPolicy())
    view = TerminalView(IMSI, MSISDN, (("wap.example", ADDRESS),))
    bench.views[Terminal.by_msisdn(MSISDN)] = view
    bench.submit(message(DeliveryMethod.CONFIRMED))
    bench.submit(message(number=2))
    assert bench.delivery("2@pi.example").state is State.JUDGING
    bench.views[Terminal.by_msisdn(MSISDN)] = TerminalView(IMSI, MSISDN, reachable=False)
    returned(bench)
    bench.advance(0)
    assert bench.delivery("1@pi.example").state is State.HELD
    assert bench.delivery("2@pi.example").state is State.HELD


def test_the_second_return_waits_longer(make_bench):
    """The first is judged anew at once, later ones after back-offs."""
    bench = make_bench(ota=OtaPolicy())
    view = TerminalView(IMSI, MSISDN, (("wap.example", ADDRESS),))
    bench.views[Terminal.by_msisdn(MSISDN)] = view
    bench.submit(message())
    returned(bench)
    bench.advance(0)
    returned(bench)
    bench.advance(59)
    assert len(bench.pushed) == 2
    bench.advance(1)
    assert len(bench.pushed) == 3


def test_what_comes_back_too_late_changes_nothing(bench):
    """It was reported."""
    bench.submit(message())
    bench.advance(0.1)
    returned(bench)
    assert len(bench.notifications) == 1


def test_what_comes_back_from_elsewhere_changes_nothing(bench):
    """Other terminals and other ports."""
    bench.submit(message())
    returned(bench, ("10.45.0.9", 2948))
    returned(bench, (ADDRESS, 9))
    assert bench.delivery().state is State.CONFIRMING


def test_a_oneshot_push_that_comes_back_is_not_sent_again(bench):
    """It was sent; that is all that was asked for."""
    bench.submit(message(DeliveryMethod.ONE_SHOT))
    returned(bench)
    bench.advance(600)
    assert len(bench.pushed) == 1
    assert bench.notifications[0].state is MessageState.DELIVERED


def test_a_push_that_is_on_its_way_cannot_be_cancelled(bench):
    """It has left."""
    bench.submit(message())
    (result,) = bench.ask(pap.CancelMessage("1@pi.example")).results
    assert result.code == 2008


def test_deliver_before_ends_the_wait_for_what_comes_back(make_bench):
    """It left in time, and counts as delivered."""
    bench = make_bench(ask_core=False, ota=OtaPolicy(returned=5))
    bench.radius(accounting(START))
    bench.submit(replace(message(), deliver_before=bench.now + 1))
    bench.advance(1)
    assert bench.notifications[0].state is MessageState.DELIVERED


def test_an_invitation_that_comes_back_is_a_failure(bench):
    """There will be no session."""
    bench.submit(message(DeliveryMethod.CONFIRMED))
    returned(bench)
    bench.advance(0)
    assert bench.delivery().state is State.HELD


def test_a_session_whose_client_cannot_be_reached_is_over(bench):
    """What is open on it is judged anew, and the session ended."""
    terminal = BenchTerminal(bench)
    terminal.answer = None
    bench.submit(message(DeliveryMethod.CONFIRMED))
    terminal.settle()
    assert bench.delivery().state is State.CONFIRMING
    returned(bench, (ADDRESS, CLIENT_PORT), interface=Interface.WSP, host=False)
    assert bench.delivery().state is State.RETRYING
    assert bench.gateway.counters["wsp sessions"] == 0


def test_an_unconfirmed_push_on_a_session_that_comes_back_is_judged_anew(bench):
    """As a datagram would be."""
    terminal = BenchTerminal(bench)
    terminal.connect()
    bench.submit(message())
    returned(bench, (ADDRESS, CLIENT_PORT), interface=Interface.WSP)
    bench.advance(0)
    assert bench.delivery().state is State.HELD


def test_a_terminal_that_opens_a_session_is_trusted_again(bench):
    """It has shown that it is there."""
    terminal = BenchTerminal(bench)
    bench.submit(message())
    returned(bench)
    terminal.connect()
    terminal.advance(1)
    assert bench.delivery().state is State.DELIVERED
