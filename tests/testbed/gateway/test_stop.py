"""A gateway goes out of service: farewells at once, nothing sent after, nothing durable lost."""

from __future__ import annotations

from dataclasses import replace

import pytest

from corenet.interfaces.node import Interface
from testbed.codecs import pap
from testbed.codecs.pap import DeliveryMethod, MessageState
from testbed.codecs.wsp.pdus import Get
from testbed.gateway.effects import Commit
from testbed.gateway.keeping.pushes import State
from testbed.gateway.routing.judge import TerminalView
from testbed.gateway.tenure import POSSIBLE_DUPLICATES
from testbed.gateway.terminal import Terminal
from testbed.gateway.terminal_testing import BenchTerminal
from testbed.gateway.testing import ADDRESS, IMSI, MESSAGE, MSISDN, accounting, active, body_of
from testbed.wap.session_events import EndReason, MethodAborted, SessionEnded

CONTEXT = ("wap.example", ADDRESS)
CONFIRMED = replace(
    MESSAGE, quality_of_service=pap.QualityOfService(delivery_method=DeliveryMethod.CONFIRMED)
)


@pytest.fixture
def online(bench):
    """A gateway whose terminal is online."""
    bench.views[Terminal.by_msisdn(MSISDN)] = TerminalView(IMSI, MSISDN, (CONTEXT,))
    return bench


def stop(bench):
    bench.gateway.stop(bench.now)
    bench.settle()


def ends(terminal):
    return [event.reason for event in terminal.events if isinstance(event, SessionEnded)]


# Farewells


def test_every_session_is_disconnected(online):
    """Whether it was opened for a push or for pages, one Disconnect each, and then it is over."""
    other = BenchTerminal(online, address="10.45.0.8")
    other.connect()
    terminal = BenchTerminal(online)
    online.submit(CONFIRMED)
    terminal.settle()
    stop(online)
    terminal.settle()
    other.settle()
    assert ends(terminal) == ends(other) == [EndReason.DISCONNECTED]
    assert (terminal.client.sessions(), other.client.sessions()) == ((), ())
    assert online.gateway.counters["wsp sessions"] == 0


def test_a_suspended_session_is_disconnected_too(online):
    """Its terminal would try in vain to resume it."""
    terminal = BenchTerminal(online)
    terminal.connect()
    terminal.client.suspend(terminal.session, online.now)
    terminal.settle()
    stop(online)
    terminal.settle()
    assert ends(terminal) == [EndReason.DISCONNECTED]


def test_a_request_that_is_not_answered_ends_with_its_session(online):
    """The terminal hears so, and the origin server is not waited for."""
    online.origin = lambda _: None
    terminal = BenchTerminal(online)
    terminal.connect()
    terminal.client.invoke(terminal.session, Get("http://127.0.0.1:8088/page"), online.now)
    terminal.settle()
    stop(online)
    terminal.settle()
    assert ends(terminal) == [EndReason.DISCONNECTED]
    assert any(isinstance(event, MethodAborted) for event in terminal.events)
    assert online.broken_off == [online.fetches[0].number]


def test_a_farewell_waits_for_nothing(online):
    """No timer runs any more: the terminals may be gone, and Disconnect is not acknowledged."""
    terminal = BenchTerminal(online)
    online.submit(CONFIRMED)
    terminal.settle()
    terminal.is_deaf = True
    online.submit(replace(CONFIRMED, push_id="2@pi.example"))
    assert online.gateway.next_timeout() is not None
    stop(online)
    assert online.gateway.next_timeout() is None


def test_nobody_is_heard_after_the_farewell(online):
    """A session that a terminal asks for now would end with the process."""
    stop(online)
    before = len(online.datagrams)
    terminal = BenchTerminal(online)
    terminal.connect()
    online.gateway.receive(
        Interface.WDP, b"\x01\x40\x00", peer=(ADDRESS, 9), local=("", 9200), now=online.now
    )
    online.settle()
    assert len(online.datagrams) == before


# Pushes


def test_what_is_under_way_goes_on_when_the_gateway_is_back(bench):
    """The activation's answer comes too late for this one, and is asked for anew by the next."""
    bench.outcome = None
    bench.submit(MESSAGE)
    stop(bench)
    (request,) = bench.activations
    bench.finish(request, active()(request))
    bench.radius(accounting(1))
    assert bench.pushed == []
    bench.outcome = active()
    bench.restart()
    assert len(bench.pushed) == 1
    assert [result.state for result in bench.notifications] == [MessageState.DELIVERED]


def test_a_push_to_be_confirmed_is_sent_again_and_counted(online):
    """Whether the terminal has it nobody knows, for its Ack is not waited for."""
    terminal = BenchTerminal(online)
    terminal.answer = None
    online.submit(CONFIRMED)
    terminal.settle()
    assert online.delivery().state is State.CONFIRMING
    stop(online)
    terminal.settle()
    terminal.answer = True
    online.restart()
    terminal.settle()
    assert len(terminal.received) == 2
    assert online.gateway.counters[POSSIBLE_DUPLICATES] == 1
    assert [result.state for result in online.notifications] == [MessageState.DELIVERED]


def test_a_oneshot_push_that_was_being_stored_does_not_leave_any_more(online):
    """Its state could not be stored behind it."""
    once = pap.QualityOfService(delivery_method=DeliveryMethod.ONE_SHOT)
    gateway = online.gateway
    gateway.submit("s", *body_of(replace(MESSAGE, quality_of_service=once)), online.now)
    (added,) = (one for one in gateway.take_effects() if isinstance(one, Commit))
    gateway.stop(online.now)
    gateway.committed(added.number, online.now)
    online.settle()
    assert online.answers["s"].status == 202
    assert online.pushed == []


def test_nobody_is_notified_any_more(online):
    """The next gateway reports what this one has not."""
    online.initiator = lambda _: None
    online.submit(MESSAGE)
    assert online.delivery().state is State.DELIVERED
    stop(online)
    online.gateway.notification_failed("1@pi.example", 0, "connection lost", online.now)
    online.initiator = lambda _: (200, b"")
    online.advance(600)
    assert online.notifications == []
    online.restart()
    assert len(online.notifications) == 1


@pytest.mark.parametrize(
    "document", [pap.StatusQuery("1@pi.example"), pap.CancelMessage("1@pi.example")]
)
def test_everything_that_is_submitted_is_answered_4001(bench, document):
    """A push and a question alike: come again later."""
    bench.outcome = None
    bench.submit(MESSAGE)
    stop(bench)
    assert bench.submit(replace(MESSAGE, push_id="2@pi.example")).code == 4001
    (result,) = bench.ask(document).results
    assert (result.code, result.desc) == (4001, "the gateway is going out of service")


def test_a_lease_that_is_renewed_late_changes_nothing(bench):
    """The store's answer may come after the farewell."""
    bench.outcome = None
    bench.gateway.renewed(bench.now + 10, bench.now)
    bench.submit(MESSAGE)
    stop(bench)
    bench.gateway.renewed(bench.now + 20, bench.now)
    bench.settle()
    assert (len(bench.activations), bench.gateway.next_timeout()) == (1, None)
