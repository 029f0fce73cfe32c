"""A transaction: segments back to back, one repaired alone, one outcome."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testbed.smsc.failures import NO_ANSWER, WINDOW_OVER, Prospect, by_rp_cause
from testbed.smsc.transaction import (
    TABLE,
    SegmentInput,
    SegmentState,
    Transaction,
    TransactionPolicy,
)

NOW = 1_000.0


def all_ready(transaction: Transaction, now: float) -> list[int]:
    """Send whatever is ready; return the segments' numbers."""
    sent: list[int] = []
    while (number := transaction.next_segment(now)) is not None:
        transaction.sent(number, now)
        sent.append(number)
    return sent


def test_segments_go_one_after_the_other() -> None:
    """With one under way at a time, a segment leaves when the one before it has arrived."""
    transaction = Transaction(3, TransactionPolicy())
    for number in (1, 2, 3):
        assert all_ready(transaction, NOW) == [number]
        transaction.delivered(number, NOW)
    assert transaction.outcome is not None
    assert transaction.outcome.delivered
    assert [segment.attempts for segment in transaction.outcome.segments] == [1, 1, 1]


def test_as_many_go_at_once_as_the_link_takes() -> None:
    """With three under way at a time, a fourth leaves when any of them has arrived."""
    transaction = Transaction(5, TransactionPolicy(at_once=3))
    assert all_ready(transaction, NOW) == [1, 2, 3]
    transaction.delivered(2, NOW)
    assert all_ready(transaction, NOW) == [4]


def test_the_window_opens_with_the_first_segment() -> None:
    """A transaction that waits for its turn has all its time still ahead of it."""
    transaction = Transaction(1, TransactionPolicy(window=10))
    transaction.handle_timeout(NOW + 3_600)
    assert transaction.next_timeout() is None
    assert transaction.outcome is None
    transaction.sent(1, NOW + 3_600)
    assert transaction.next_timeout() == NOW + 3_610


def test_only_what_failed_is_sent_again() -> None:
    """A lost segment is repeated alone; what has arrived is not sent twice."""
    transaction = Transaction(3, TransactionPolicy(at_once=3))
    all_ready(transaction, NOW)
    transaction.delivered(1, NOW + 1)
    transaction.failed(2, NO_ANSWER, NOW + 1)
    transaction.delivered(3, NOW + 1)
    assert all_ready(transaction, NOW + 1) == [2]
    transaction.delivered(2, NOW + 2)
    assert transaction.outcome is not None
    assert transaction.outcome.delivered
    assert [segment.attempts for segment in transaction.outcome.segments] == [1, 2, 1]
    assert transaction.outcome.segments[1].failure == NO_ANSWER


def test_what_failed_goes_before_what_was_never_sent() -> None:
    """The pieces that have arrived wait at the terminal, so the gap is closed first."""
    transaction = Transaction(3, TransactionPolicy())
    transaction.sent(1, NOW)
    transaction.failed(1, NO_ANSWER, NOW)
    assert transaction.next_segment(NOW) == 1


def test_others_go_while_a_repeat_has_to_wait() -> None:
    """Between a segment's failures its successors use the time."""
    transaction = Transaction(2, TransactionPolicy(repeats=(0.0, 5.0)))
    for _ in range(2):
        assert all_ready(transaction, NOW) == [1]
        transaction.failed(1, NO_ANSWER, NOW)
    assert transaction.next_segment(NOW) == 2
    assert transaction.next_timeout() == NOW + 5
    assert transaction.next_segment(NOW + 5) == 1


def test_repeats_are_ever_further_apart() -> None:
    """The waits before repeats are as configured, and the last one goes on."""
    transaction = Transaction(1, TransactionPolicy(window=100, repeats=(0.0, 1.0, 2.0)))
    now, times = NOW, []
    for _ in range(5):
        times.append(now - NOW)
        assert all_ready(transaction, now) == [1]
        transaction.failed(1, NO_ANSWER, now)
        due = transaction.next_timeout()
        assert due is not None
        now = due
    assert times == [0, 0, 1, 3, 5]


@pytest.mark.parametrize("cause", [22, 27, 30, 111])
def test_what_no_repeat_can_mend_ends_it_at_once(cause: int) -> None:
    """An absent or unknown subscriber, a full memory, a protocol error: the rest is not sent."""
    transaction = Transaction(3, TransactionPolicy())
    transaction.sent(1, NOW)
    transaction.failed(1, by_rp_cause(cause), NOW + 1)
    assert transaction.next_segment(NOW + 1) is None
    assert transaction.outcome is not None
    assert transaction.outcome.failure == by_rp_cause(cause)
    assert transaction.outcome.missing == (1, 2, 3)
    assert [segment.attempts for segment in transaction.outcome.segments] == [1, 0, 0]


def test_without_repeats_the_first_failure_is_the_end() -> None:
    """A policy that repeats nothing leaves that to whoever hears the outcome."""
    transaction = Transaction(2, TransactionPolicy(repeats=()))
    transaction.sent(1, NOW)
    transaction.delivered(1, NOW)
    transaction.sent(2, NOW)
    transaction.failed(2, NO_ANSWER, NOW)
    assert transaction.outcome is not None
    assert transaction.outcome.failure == NO_ANSWER
    assert transaction.outcome.missing == (2,)


def test_the_window_closes_on_what_has_failed() -> None:
    """When time is over the outcome names the missing segment and why it failed last."""
    transaction = Transaction(2, TransactionPolicy(window=10, repeats=(4.0,)))
    all_ready(transaction, NOW)
    transaction.delivered(1, NOW)
    assert all_ready(transaction, NOW) == [2]
    congestion = by_rp_cause(42)
    transaction.failed(2, congestion, NOW + 8)
    assert transaction.next_timeout() == NOW + 10
    transaction.handle_timeout(NOW + 10)
    assert transaction.outcome is not None
    assert transaction.outcome.failure == congestion
    assert transaction.outcome.missing == (2,)
    assert str(transaction.outcome) == "congestion (rp 42); segments missing of 2: 2"
    assert transaction.outcome.seconds == 10


def test_the_window_closes_on_what_is_still_under_way() -> None:
    """A segment that nobody has answered for counts as missing."""
    transaction = Transaction(1, TransactionPolicy(window=10))
    all_ready(transaction, NOW)
    transaction.handle_timeout(NOW + 9.9)
    assert transaction.next_timeout() == NOW + 10
    transaction.handle_timeout(NOW + 10)
    assert transaction.outcome is not None
    assert transaction.outcome.failure == WINDOW_OVER


def test_a_transaction_can_be_given_up() -> None:
    """Who cannot send the rest says why, and that is the outcome."""
    transaction = Transaction(2, TransactionPolicy())
    assert transaction.is_whole
    transaction.give_up(WINDOW_OVER, NOW)
    assert transaction.outcome is not None
    assert transaction.outcome.missing == (1, 2)
    assert transaction.outcome.seconds == 0
    assert transaction.next_timeout() is None


@pytest.mark.parametrize(
    "wrong", [{"window": 0}, {"at_once": 0}, {"repeats": (-1.0, 1.0)}, {"repeats": (0.0,)}]
)
def test_a_policy_that_cannot_work_is_refused(wrong: dict[str, object]) -> None:
    """A window, a number at once and waits that lead nowhere are errors of whoever sets them."""
    with pytest.raises(ValueError, match="above 0"):
        TransactionPolicy(**wrong)


def test_every_pair_of_the_table_is_told() -> None:
    """What has arrived or is lost stays so; everything else can be cut off by the window."""
    final = {SegmentState.ARRIVED, SegmentState.LOST}
    assert not [pair for pair in TABLE if pair[0] in final]
    for state in SegmentState:
        assert ((state, SegmentInput.WINDOW_CLOSED) in TABLE) is (state not in final)


@given(
    segments=st.integers(1, 8),
    at_once=st.integers(1, 8),
    loss=st.floats(0, 1),
    seed=st.integers(0, 2**32),
)
def test_it_always_ends_and_says_the_truth(
    segments: int, at_once: int, loss: float, seed: int
) -> None:
    """Whatever is lost, it ends within the window, and arrived is what was delivered."""
    random = Random(seed)
    transaction = Transaction(segments, TransactionPolicy(window=20, at_once=at_once))
    now, delivered, under_way = NOW, set[int](), list[int]()
    for _ in range(10_000):
        under_way += all_ready(transaction, now)
        assert len(under_way) <= at_once
        if under_way:
            number = under_way.pop(random.randrange(len(under_way)))
            now += 0.1
            if random.random() < loss:
                transaction.failed(number, NO_ANSWER, now)
            else:
                transaction.delivered(number, now)
                delivered.add(number)
        due = transaction.next_timeout()
        if due is not None:
            now = max(now, due) if not under_way and transaction.next_segment(now) is None else now
            transaction.handle_timeout(now)
        if transaction.outcome is not None:
            break
    assert transaction.outcome is not None
    arrived = {segment.number for segment in transaction.outcome.segments if segment.arrived}
    assert arrived == delivered
    assert transaction.outcome.delivered == (len(delivered) == segments)
    assert transaction.outcome.seconds <= 21


def test_each_cause_has_a_prospect() -> None:
    """The network's causes are told apart by what a repetition would bring."""
    assert by_rp_cause(42).prospect is Prospect.SOON
    assert by_rp_cause(27).prospect is Prospect.WHEN_BACK
    assert by_rp_cause(30).prospect is Prospect.NEVER
    assert by_rp_cause(77).prospect is Prospect.SOON
    assert by_rp_cause(77).rp_cause == 77
