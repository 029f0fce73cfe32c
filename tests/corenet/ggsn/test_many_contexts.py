"""An SGSN with many contexts restarts, or is silent: others are served while they go."""

from __future__ import annotations

from ipaddress import IPv4Network
from itertools import pairwise

import pytest

from corenet.ggsn.config import Apn, PathDownPolicy, RestartPolicy
from corenet.ggsn.events import DeletionReason, PdpContextDeleted, SgsnRestarted
from corenet.ggsn.sessions.teardown import LONGEST_PAUSE, REMOVED_AT_ONCE
from corenet.radius.accounting import RadiusServer
from gtp.constants import Cause
from gtp.ies import EndUserAddress
from gtp.messages import (
    CreatePdpContextResponse,
    DeletePdpContextRequest,
    DeletePdpContextResponse,
    EchoRequest,
    EchoResponse,
)
from gtp.timers import Timers

MANY = 5 * REMOVED_AT_ONCE + 1
DYNAMIC = EndUserAddress.dynamic_ipv4()
SGSN, OTHER = "192.0.2.2", "192.0.2.3"


def imsi(number: int) -> str:
    return f"23415{number:010d}"


@pytest.fixture
def crowd(make_bench):
    """Return a maker of a GGSN with many contexts of one SGSN."""

    def make(**changes):
        apn = Apn("wap.example", (IPv4Network("10.45.0.0/16"),))
        bench = make_bench(apns=(apn,), static_bindings=(), **changes)
        for number in range(MANY):
            bench.create(
                imsi=imsi(number),
                end_user_address=DYNAMIC,
                teid_control=number + 1,
                teid_data=number + 1,
                recovery=1,
            )
        bench.control.clear()
        bench.events.clear()
        return bench

    return make


def test_contexts_of_a_restarted_sgsn_go_by_and_by(crowd) -> None:
    """So many a turn; an Echo Request between two turns is answered, and all are told of once."""
    bench = crowd()
    bench.create(imsi=imsi(MANY), end_user_address=DYNAMIC, recovery=2)
    bench.sent(CreatePdpContextResponse)
    assert bench.told(SgsnRestarted) == [SgsnRestarted(SGSN, 2, MANY)]
    left, turns = [bench.ggsn.context_count], 0
    while bench.ggsn.context_count > 1:
        bench.request(EchoRequest(), OTHER)
        bench.sent(EchoResponse, to=OTHER)
        bench.advance(0.001)
        left.append(bench.ggsn.context_count)
        turns += 1
    assert turns == 5
    assert all(before - after <= REMOVED_AT_ONCE for before, after in pairwise(left))
    gone = bench.told(PdpContextDeleted)
    assert {event.reason for event in gone} == {DeletionReason.SGSN_RESTARTED}
    assert [event.context.imsi for event in gone] == [imsi(number) for number in range(MANY)]
    assert [context.imsi for context in bench.ggsn.contexts()] == [imsi(MANY)]


def test_a_context_that_comes_back_meanwhile_stays(crowd) -> None:
    """Its old one is replaced; what is left to remove is not what is new."""
    bench = crowd()
    bench.create(imsi=imsi(MANY), end_user_address=DYNAMIC, recovery=2)
    last = imsi(MANY - 1)
    bench.create(imsi=last, end_user_address=DYNAMIC, recovery=2)
    bench.advance(1.0)
    gone = bench.told(PdpContextDeleted)
    assert len(gone) == MANY
    assert [e.reason for e in gone if e.context.imsi == last] == [DeletionReason.REPLACED]
    assert [context.imsi for context in bench.ggsn.contexts()] == [imsi(MANY), last]


def test_a_second_restart_meanwhile_tears_down_what_is_left(crowd) -> None:
    """Each context is deleted and told once, whoever of the two got to it."""
    bench = crowd()
    bench.create(imsi=imsi(MANY), end_user_address=DYNAMIC, recovery=2)
    bench.create(imsi=imsi(MANY + 1), end_user_address=DYNAMIC, recovery=3)
    restarts = [event.contexts for event in bench.told(SgsnRestarted)]
    assert restarts == [MANY, MANY - REMOVED_AT_ONCE + 1]
    bench.advance(1.0)
    gone = [event.context.imsi for event in bench.told(PdpContextDeleted)]
    assert sorted(gone) == [imsi(number) for number in range(MANY + 1)]
    assert [context.imsi for context in bench.ggsn.contexts()] == [imsi(MANY + 1)]


def test_a_restarted_sgsn_is_told_by_and_by_too(crowd) -> None:
    """Where the policy says so, one Delete PDP Context Request for each that goes."""
    bench = crowd(on_sgsn_restart=RestartPolicy.DELETE)
    bench.create(imsi=imsi(MANY), end_user_address=DYNAMIC, recovery=2)
    assert len(bench.control) == REMOVED_AT_ONCE + 1
    bench.advance(0.5)
    kinds = [type(message) for message, _ in bench.control]
    assert kinds.count(DeletePdpContextRequest) == MANY


def deletes_answered(bench) -> int:
    """Answer every Delete PDP Context Request; return how many there were."""
    asked = [message for message, _ in bench.control if type(message) is DeletePdpContextRequest]
    bench.control.clear()
    for message in asked:
        bench.respond(message, DeletePdpContextResponse(cause=Cause.REQUEST_ACCEPTED), SGSN)
    return len(asked)


def test_an_sgsn_that_answers_sets_the_pace(crowd) -> None:
    """The next ones go when most are answered, so that answers don't queue before others' asking.

    With one that does not answer they go more slowly, but go.
    """
    bench = crowd(on_sgsn_restart=RestartPolicy.DELETE)
    bench.create(imsi=imsi(MANY), end_user_address=DYNAMIC, recovery=2)
    bench.advance(LONGEST_PAUSE / 2)
    assert deletes_answered(bench) == REMOVED_AT_ONCE
    bench.advance(0.002)
    assert deletes_answered(bench) == REMOVED_AT_ONCE
    bench.advance(0.002)
    assert bench.ggsn.context_count == MANY - 3 * REMOVED_AT_ONCE + 1
    bench.advance(LONGEST_PAUSE - 0.01)
    assert bench.ggsn.context_count == MANY - 3 * REMOVED_AT_ONCE + 1
    bench.advance(0.01)
    assert bench.ggsn.context_count == MANY - 4 * REMOVED_AT_ONCE + 1


def test_a_ggsn_that_stops_ends_its_contexts_by_and_by(crowd) -> None:
    """Others are answered meanwhile, but get nothing new; when all have gone, accounting ends."""
    server = RadiusServer(("192.0.2.5", 1813), b"radius")
    bench = crowd(radius=(server,))
    assert not bench.ggsn.is_stopping
    bench.ggsn.stop(bench.now)
    bench.take()
    assert bench.ggsn.is_stopping
    assert bench.ggsn.context_count == MANY - REMOVED_AT_ONCE
    bench.request(EchoRequest(), OTHER)
    bench.sent(EchoResponse, to=OTHER)
    bench.create(imsi=imsi(MANY), end_user_address=DYNAMIC)
    assert bench.sent(CreatePdpContextResponse).cause is Cause.SYSTEM_FAILURE
    bench.advance(0.01)
    assert not bench.ggsn.is_stopping
    gone = bench.told(PdpContextDeleted)
    assert [event.context.imsi for event in gone] == [imsi(number) for number in range(MANY)]
    # One Start and one Stop for each, Accounting-On before and Accounting-Off after them.
    assert bench.ggsn.accounting_counters.requests == 2 * MANY + 2


def test_contexts_of_a_silent_sgsn_go_by_and_by(crowd) -> None:
    """When its path is down, where the policy is to delete; in between others are answered."""
    timers = Timers(t3_response=1.0, n3_requests=1, echo_interval=5.0)
    bench = crowd(timers=timers, on_path_down=PathDownPolicy.DELETE)
    bench.advance(6.0)
    bench.control.clear()
    assert bench.ggsn.context_count == MANY - REMOVED_AT_ONCE
    bench.request(EchoRequest(), OTHER)
    bench.sent(EchoResponse, to=OTHER)
    bench.advance(0.1)
    assert bench.ggsn.context_count == 0
    gone = bench.told(PdpContextDeleted)
    assert [event.reason for event in gone] == [DeletionReason.PATH_DOWN] * MANY
