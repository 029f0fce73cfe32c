"""The machine that carries an RP message and its answer, transition by transition."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corenet.interfaces.sms import cp
from corenet.interfaces.sms.causes import CpCause
from corenet.interfaces.sms.cp import CpAck, CpData, CpError, Transaction
from corenet.interfaces.sms.transfer import (
    TRANSITIONS,
    Failure,
    Input,
    State,
    TransferTable,
    TransferTimers,
)
from corenet.schedule import Schedule

TIMERS = TransferTimers(tc1=10, attempts=3, tr1=40, tr2=15)


class End:
    """One side: its table, what it sent, what it was asked, and how its requests ended."""

    def __init__(self, schedule):
        self.sent = []
        self.asked = []
        self.ended = []
        self.emptied = 0
        self.table = TransferTable(
            send=self.sent.append,
            schedule=schedule,
            timers=TIMERS,
            requested=lambda transfer, data, now: self.asked.append((transfer, data)),
            emptied=self._empty,
        )

    def _empty(self):
        self.emptied += 1

    def request(self, data=b"request", now=0.0):
        return self.table.request(
            data, now, lambda answer, failure, now: self.ended.append((answer, failure, now))
        )

    def said(self):
        """Return the CP messages sent since the last call."""
        taken = [cp.decode(octets) for octets in self.sent]
        self.sent.clear()
        return taken

    def hear(self, message, now=0.0):
        octets = message if isinstance(message, bytes) else message.encode()
        return self.table.receive(octets, now)


@pytest.fixture
def schedule():
    return Schedule()


@pytest.fixture
def end(schedule):
    return End(schedule)


def wait_until(schedule, end):
    """Let every alarm ring exactly when it is due."""
    while (due := schedule.next_timeout()) is not None and due <= end:
        schedule.ring(due)


OURS, THEIRS = Transaction(0), Transaction(0, to_allocator=True)


def test_every_transition_leads_to_a_state_of_its_side():
    """A requester never becomes a responder, and what is over stays over."""
    requester = {State.REQUESTING, State.AWAITING_ANSWER, State.ENDED}
    responder = {State.ANSWER_DUE, State.ANSWERING, State.ENDED}
    for (state, _), (_, following) in TRANSITIONS.items():
        assert any({state, following} <= side for side in (requester, responder))
        assert state is not State.ENDED or following is State.ENDED


def test_request_and_answer(end, schedule):
    """CP-DATA, CP-ACK, CP-DATA with the answer, CP-ACK; then the transfer lingers and goes."""
    end.request()
    assert end.said() == [CpData(OURS, b"request")]
    end.hear(CpAck(THEIRS), 1)
    end.hear(CpData(THEIRS, b"answer"), 2)
    assert end.said() == [CpAck(OURS)]
    assert end.ended == [(b"answer", None, 2)]
    wait_until(schedule, 31)
    assert len(end.table) == 1
    wait_until(schedule, 32)
    assert (len(end.table), end.emptied) == (0, 1)
    assert schedule.next_timeout() is None


def test_answer_stands_for_a_lost_acknowledgement(end):
    """CP-DATA that comes before the CP-ACK ends the transfer all the same."""
    end.request()
    end.hear(CpData(THEIRS, b"answer"), 1)
    assert end.ended == [(b"answer", None, 1)]


@pytest.mark.clause("24.011 §5", "SM-CP: TC1*, at most three repetitions, CP-ERROR")
def test_request_is_repeated_at_tc1_and_given_up(end, schedule):
    """Three transmissions in all."""
    end.request()
    wait_until(schedule, 25)
    assert end.said() == [CpData(OURS, b"request")] * 3
    wait_until(schedule, 30)
    assert end.ended == [(None, Failure.SILENT, 30)]
    assert end.said() == []


@pytest.mark.clause("24.011 §6", "SM-RP: TR1M, TR1N, TR2M, TR2N")
def test_acknowledged_request_is_given_up_at_tr1(end, schedule):
    """TR1 bounds the whole; the other side is told with CP-ERROR."""
    end.request()
    end.hear(CpAck(THEIRS), 5)
    end.said()
    wait_until(schedule, 40)
    assert end.ended == [(None, Failure.UNANSWERED, 40)]
    assert end.said() == [CpError(OURS, CpCause.PROTOCOL_ERROR)]


@pytest.mark.parametrize("acknowledged", [False, True])
def test_cp_error_ends_a_request(end, acknowledged):
    """In either state."""
    end.request()
    if acknowledged:
        end.hear(CpAck(THEIRS))
    end.hear(CpError(THEIRS, 17), 3)
    assert end.ended == [(None, Failure.REFUSED, 3)]


def test_answer_that_comes_again_is_acknowledged_again(end):
    """Our CP-ACK was lost; the answer is told once."""
    end.request()
    for now in (1, 2):
        end.hear(CpData(THEIRS, b"answer"), now)
    assert end.said()[1:] == [CpAck(OURS)] * 2
    assert len(end.ended) == 1


def test_responder_acknowledges_and_answers(end, schedule):
    """The request is passed up once, however often it comes."""
    end.hear(CpData(OURS, b"request"), 0)
    end.hear(CpData(OURS, b"request"), 1)
    ((transfer, data),) = end.asked
    assert data == b"request"
    assert end.said() == [CpAck(THEIRS)] * 2
    transfer.answer(b"answer", 2)
    end.hear(CpData(OURS, b"request"), 3)
    assert end.said() == [CpData(THEIRS, b"answer"), CpAck(THEIRS)]
    end.hear(CpAck(OURS), 4)
    assert not transfer.is_open
    transfer.answer(b"another", 5)
    assert end.said() == []
    wait_until(schedule, 100)
    assert len(end.table) == 0


def test_answer_is_repeated_at_tc1_and_given_up(end, schedule):
    """Three transmissions in all; TR2 does not count any more."""
    end.hear(CpData(OURS, b"request"))
    end.said()
    end.asked[0][0].answer(b"answer", 10)
    wait_until(schedule, 39)
    assert end.said() == [CpData(THEIRS, b"answer")] * 3
    wait_until(schedule, 40)
    assert not end.asked[0][0].is_open


def test_answer_that_does_not_come_in_tr2_is_given_up(end, schedule):
    """CP-ERROR; an answer after that goes nowhere."""
    end.hear(CpData(OURS, b"request"))
    end.said()
    wait_until(schedule, 15)
    assert end.said() == [CpError(THEIRS, CpCause.PROTOCOL_ERROR)]
    end.asked[0][0].answer(b"late", 16)
    assert end.said() == []


@pytest.mark.parametrize("answered", [False, True])
def test_cp_error_ends_a_response(end, answered):
    """In either state."""
    end.hear(CpData(OURS, b"request"))
    transfer = end.asked[0][0]
    if answered:
        transfer.answer(b"answer", 0)
    end.hear(CpError(OURS, 17), 1)
    assert not transfer.is_open


def test_identifier_of_what_is_over_may_begin_another(end):
    """Other octets are another request; the same are the old one."""
    end.hear(CpData(OURS, b"one"))
    end.asked[0][0].answer(b"answer", 0)
    end.hear(CpAck(OURS))
    end.hear(CpData(OURS, b"one"))
    assert len(end.asked) == 1
    end.hear(CpData(OURS, b"two"))
    assert [data for _, data in end.asked] == [b"one", b"two"]


def test_seven_transfers_at_a_time(end):
    """An eighth has no identifier until one is over."""
    transfers = [end.request(bytes((number,))) for number in range(7)]
    assert all(transfers)
    assert end.request() is None
    assert len(list(end.table)) == 7
    end.hear(CpData(Transaction(3, to_allocator=True), b"answer"))
    again = end.request(b"again")
    assert again is not None
    assert again.ti == Transaction(3)
    assert again.is_request


def test_answer_to_nothing_is_an_invalid_identifier(end):
    """CP-ERROR 81 (TS 24.011 §9.2.2)."""
    end.hear(CpData(THEIRS, b"answer"))
    assert end.said() == [CpError(OURS, CpCause.INVALID_TRANSACTION_IDENTIFIER)]


def test_acknowledgement_of_nothing_is_ignored(end):
    """So is an error."""
    assert end.hear(CpAck(THEIRS))
    assert end.hear(CpError(OURS, 17))
    assert end.said() == []


def test_what_cannot_be_read_is_refused_where_it_can_be(end):
    """CP-ERROR with the cause, to the transaction; nothing where there is none."""
    assert not end.hear(bytes.fromhex("0905"))
    assert end.said() == [CpError(THEIRS, CpCause.MESSAGE_TYPE_UNKNOWN)]
    assert not end.hear(b"\x0a")
    assert end.said() == []


def test_dropping_everything_leaves_no_timer(end, schedule):
    """Requests hear of it; nothing is said."""
    end.request()
    end.hear(CpData(Transaction(1), b"request"))
    end.hear(CpData(Transaction(0, to_allocator=True), b"x"))
    end.request(b"open")
    end.said()
    end.table.drop_all(9)
    assert end.ended[-1] == (None, Failure.DROPPED, 9)
    assert end.said() == []
    assert len(end.table) == 0
    assert schedule.next_timeout() is None


def test_attempts_are_bounded():
    """At most three repetitions (§5.3.2.1)."""
    with pytest.raises(ValueError, match="attempts"):
        TransferTimers(attempts=5)


kinds = st.sampled_from(["ack", "data", "error"])


@given(
    st.lists(
        st.tuples(
            kinds | st.sampled_from(["request", "answer", "wait", "drop"]),
            st.integers(0, 6),
            st.booleans(),
            st.floats(0, 20),
        ),
        max_size=40,
    )
)
def test_any_course_ends(course):
    """Whatever comes in whatever order: every request ends once, and every timer rings out."""
    schedule, now, begun = Schedule(), 0.0, 0
    end = End(schedule)
    for what, value, to_allocator, wait in course:
        now += wait
        wait_until(schedule, now)
        ti = Transaction(value, to_allocator)
        if what == "request":
            begun += end.request(bytes((begun,)), now) is not None
        elif what == "answer":
            for transfer, _ in end.asked:
                transfer.answer(b"answer", now)
        elif what == "drop":
            end.table.drop_all(now)
        elif what == "ack":
            end.hear(CpAck(ti), now)
        elif what == "data":
            end.hear(CpData(ti, bytes((value,))), now)
        elif what == "error":
            end.hear(CpError(ti, 17), now)
        end.said()
    wait_until(schedule, now + 1000)
    assert schedule.next_timeout() is None
    assert len(end.ended) == begun
    assert len(end.table) == 0


def test_table_is_for_every_pair():
    """What has no transition changes nothing."""
    schedule = Schedule()
    for state, what in product(State, Input):
        if (state, what) in TRANSITIONS:
            continue
        end = End(schedule)
        transfer = end.request()
        transfer.state = state
        end.said()
        transfer.take(what, b"", 1)
        assert transfer.state is state
        assert end.said() == []
