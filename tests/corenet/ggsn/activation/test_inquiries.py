"""A GGSN that asks an HLR without its data after the subscribers that it waits for."""

from __future__ import annotations

import pytest

from corenet.ggsn.activation.inquiries import AT_A_TIME
from corenet.ggsn.events import MsReachable
from gtp.constants import Cause
from gtp.messages import SendRouteingInformationRequest

IMSI = "234150999999999"
SGSN = "192.0.2.2"
HLR = "192.0.2.9"
ABSENT = {"sgsn": None, "map_cause": 27}


@pytest.fixture
def waiting(bench):
    """A GGSN whose subscriber cannot be reached, and whose HLR has lost its data."""
    bench.activate()
    bench.route(**ABSENT)
    bench.told(MsReachable)
    reset(bench)
    return bench


def reset(bench):
    bench.ggsn.hlr_reset(bench.now)
    bench.take()


@pytest.mark.clause("23.007 §5", "an HLR without a database: GGSNs are on its lists again")
@pytest.mark.parametrize(
    "answer", [ABSENT, {"sgsn": None, "ms_not_reachable_reason": 2}, {"ms_not_reachable_reason": 6}]
)
def test_who_is_away_still_stays_marked(waiting, answer):
    """The HLR has listed the GGSN by then, and its note ends MNRG."""
    waiting.route(**answer)
    assert waiting.ggsn.not_reachable(IMSI) is not None
    waiting.assert_nothing_left()
    waiting.note_present()
    assert waiting.ggsn.not_reachable(IMSI) is None


@pytest.mark.parametrize("answer", [{}, {"ms_not_reachable_reason": 0}])
def test_who_is_there_can_be_reached(waiting, answer):
    """As if the HLR had noted it; whoever did not answer a page is tried all the same."""
    waiting.route(**answer)
    assert waiting.told(MsReachable) == [MsReachable(IMSI, SGSN)]
    assert waiting.ggsn.not_reachable(IMSI) is None


@pytest.mark.parametrize(
    "answer", [{"sgsn": None, "cause": Cause.IMSI_NOT_KNOWN}, {"sgsn": None, "map_cause": 34}]
)
def test_whom_the_hlr_says_nothing_of_is_not_waited_for(waiting, answer):
    """Nobody would tell when it is back."""
    waiting.route(**answer)
    assert waiting.ggsn.not_reachable(IMSI) is None
    assert waiting.told(MsReachable) == []


def test_an_hlr_that_does_not_answer_is_not_waited_for(waiting):
    """After N3-REQUESTS transmissions the next trigger tries anew."""
    waiting.advance(10)
    assert len(waiting.control) == 3
    assert waiting.ggsn.not_reachable(IMSI) is None


def test_who_came_back_meanwhile_is_not_asked_after(bench):
    """And no more are asked after at a time than is allowed, each once."""
    people = [f"23415000001{n:04}" for n in range(AT_A_TIME + 2)]
    for imsi in people:
        bench.activate(imsi)
        bench.route(imsi=imsi, **ABSENT)
    reset(bench)
    reset(bench)
    assert len(bench.control) == AT_A_TIME
    bench.note_present(people[-1])
    bench.control.pop()
    while bench.control:
        bench.route(imsi=bench.control[0][0].imsi, **ABSENT)
    marked = [imsi for imsi in people if bench.ggsn.not_reachable(imsi)]
    assert marked == people[:-1]


def test_a_ggsn_that_waits_for_nobody_asks_nothing(bench):
    """Nor does one whose subscriber can be reached."""
    reset(bench)
    assert bench.control == []
    bench.activate()
    bench.sent(SendRouteingInformationRequest, to=HLR)
    reset(bench)
    assert bench.control == []
