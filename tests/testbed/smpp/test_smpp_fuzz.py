"""Whatever comes over a connection: no crash, the right nack, and the session lives if it may."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from testbed.codecs.smpp import (
    CommandStatus,
    EnquireLink,
    EnquireLinkResp,
    GenericNack,
    decode,
    encode,
)
from testbed.smpp.states import BOUND, State
from tests.testbed.codecs.smpp.smpp_strategies import ANY_PDU
from tests.testbed.smpp.smpp_peer import PlayedEsme, PlayedSmsc

CHUNKS = st.lists(st.integers(1, 50), max_size=30)
FRAMED = st.binary(max_size=120).map(lambda body: (len(body) + 4).to_bytes(4) + body)
SANE = FRAMED.filter(lambda octets: len(octets) >= 16)


def deliver(play, octets, chunks):
    """Give octets in pieces; whatever the session sends must be PDUs."""
    for size in (*chunks, len(octets)):
        if octets[:size]:
            play.give_octets(octets[:size])
            octets = octets[size:]
        for sequence, pdu in play.sent():
            assert decode(encode(pdu, sequence)).pdu == pdu


def ends_well(play):
    """Every session ends when time has passed or the connection is lost, and leaves no timer."""
    play.wait(10_000.0)
    play.session.lost("end of test", play.now)
    play.sent()
    assert play.session.state is State.CLOSED
    assert play.timers is None
    assert play.session.outstanding == play.session.queued == play.session.unanswered == 0


@pytest.mark.parametrize("side", [PlayedEsme, PlayedSmsc])
@settings(max_examples=200)
@given(octets=st.binary(max_size=300), chunks=CHUNKS)
def test_any_octets_leave_a_session_that_ends(side, octets, chunks) -> None:
    """Random octets, bound or not."""
    for play in (side(), side().bound()):
        deliver(play, octets, chunks)
        ends_well(play)


@pytest.mark.parametrize("side", [PlayedEsme, PlayedSmsc])
@settings(max_examples=200)
@given(frames=st.lists(SANE, max_size=8), chunks=CHUNKS)
@pytest.mark.clause("SMPP 3.4 §2.8, §4.3", "generic_nack, and the session goes on where it can")
def test_framed_rubbish_leaves_the_session_bound(side, frames, chunks) -> None:
    """As long as lengths are right, only unbind ends a session; it goes on answering."""
    frames = [octets for octets in frames if octets[4:8] != b"\0\0\0\6"]
    play = side().bound()
    deliver(play, b"".join(frames), chunks)
    assert play.session.state in BOUND
    play.give(EnquireLink(), 4711)
    assert play.sent() == [(4711, EnquireLinkResp())]
    ends_well(play)


@pytest.mark.parametrize("side", [PlayedEsme, PlayedSmsc])
@settings(max_examples=200)
@given(pdus=st.lists(ANY_PDU, max_size=8), state=st.sampled_from([None, *BOUND]), chunks=CHUNKS)
def test_pdus_out_of_state_leave_a_session_that_ends(side, pdus, state, chunks) -> None:
    """Valid PDUs in any order, state and pieces: what is sent is PDUs, and nothing is left."""
    play = side() if state is None else side().bound(state)
    octets = b"".join(encode(pdu, number) for number, pdu in enumerate(pdus, 1))
    deliver(play, octets, chunks)
    ends_well(play)


@given(pdu=ANY_PDU, data=st.data())
def test_a_truncated_pdu_waits_and_then_ends_the_connection(pdu, data) -> None:
    """What is cut off keeps the session until the timer, whatever it is."""
    play = PlayedEsme(whole_pdu=10.0, enquire_link=None).bound()
    octets = encode(pdu, 1)
    play.give_octets(octets[: data.draw(st.integers(1, len(octets) - 1))])
    assert play.session.state in BOUND
    play.wait(10.0)
    assert play.session.state is State.CLOSED


@given(length=st.one_of(st.integers(0, 15), st.integers(70_001, 0xFFFF_FFFF)), rest=st.binary())
def test_a_length_that_is_none_is_nacked_once(length, rest) -> None:
    """Too short or too long: one generic_nack, then the connection closes."""
    play = PlayedEsme().bound()
    play.give_octets(length.to_bytes(4) + bytes(12) + rest)
    assert play.sent() == [(0, GenericNack(status=CommandStatus.RINVCMDLEN))]
    assert play.is_disconnected
