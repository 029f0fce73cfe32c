"""An SGSN with many contexts restarts, or is silent: others are served while they go."""

from __future__ import annotations

from ipaddress import IPv4Network
from itertools import pairwise

import pytest

from corenet.ggsn.config import Apn, PathDownPolicy, RestartPolicy
from corenet.ggsn.deletion import REMOVED_AT_ONCE
from corenet.ggsn.events import DeletionReason, PdpContextDeleted, SgsnRestarted
from gtp.ies import EndUserAddress
from gtp.messages import (
    CreatePdpContextResponse,
    DeletePdpContextRequest,
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
