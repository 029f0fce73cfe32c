"""A WTP endpoint as a whole: TIDs, bounds, shared datagrams, and octets that are no PDUs."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from testbed.codecs import wtp
from testbed.codecs.wtp import (
    Abort,
    Ack,
    Invoke,
    ProviderAbort,
    Result,
    SegmentedResult,
    Trailer,
    TransactionClass,
)
from testbed.wap.config import TIMER_TABLE, WtpLimits, WtpTimers
from testbed.wap.errors import WapError
from testbed.wap.events import InvokeReceived
from testbed.wap.invoking import INITIATOR
from testbed.wap.responding import RESPONDER as RESPONDER_TABLE
from testbed.wap.table import Input, State
from testbed.wap.tids import Tids, Verdict
from tests.testbed.wap.conftest import PEER, RESPONDER, Bench, ack, result

# Transaction identifiers


def tids(**more):
    return Tids(
        Random(1),
        peers=more.pop("peers", 10),
        retention=126.0,
        verify_strangers=more.pop("verify_strangers", False),
    )


def judged(theirs, tid, now=1000.0, *, peer=PEER, wrapped=False):
    return theirs.judge(peer, tid, now, wrapped=wrapped)


def test_tids_go_up_by_one_for_each_peer():
    """From a random one on, and independently of other peers."""
    ours = tids()
    first, _ = ours.next_of_ours(PEER)
    assert ours.next_of_ours(PEER) == (first + 1, False)
    assert ours.next_of_ours(("10.0.0.3", 1))[0] != first + 2
    assert ours.next_of_ours(PEER) == (first + 2, False)
    assert len(ours) == 2


def test_wrapped_tids_are_marked():
    """After 0x7FFF comes 0, which is marked so that the peer forgets what was last."""
    ours = tids()
    start, _ = ours.next_of_ours(PEER)
    following = [ours.next_of_ours(PEER) for _ in range(0x8000)]
    assert [tid for tid, wrapped in following if wrapped] == [0]
    assert following[-1] == (start, False)
    assert max(tid for tid, _ in following) == 0x7FFF


@pytest.mark.parametrize(
    ("last", "tid", "verdict"),
    [
        (100, 101, Verdict.NEW),
        (100, 99, Verdict.DOUBTED),
        (100, 100, Verdict.COPY),
        (100, 100 + 0x4000, Verdict.NEW),
        (100, 101 + 0x4000, Verdict.DOUBTED),
        (0x7FFF, 0, Verdict.NEW),
        (0, 0x7FFF, Verdict.DOUBTED),
        (0x7000, 0x2000, Verdict.NEW),
    ],
)
def test_tids_are_new_within_half_their_range(last, tid, verdict):
    """Modulo 2**15, as they wrap."""
    theirs = tids()
    theirs.note(PEER, last, 1000.0)
    assert judged(theirs, tid) is verdict


def test_the_first_tid_of_a_peer_is_new_unless_strangers_are_verified():
    """Which costs a round trip each."""
    assert judged(tids(), 5) is Verdict.NEW
    assert judged(tids(verify_strangers=True), 5) is Verdict.DOUBTED


def test_wrapping_makes_the_last_tid_forgotten():
    """The transaction that says so is verified; those after it begin from there."""
    theirs = tids()
    theirs.note(PEER, 9, 1000.0)
    assert judged(theirs, 10, wrapped=True) is Verdict.DOUBTED
    theirs.note(PEER, 10, 1000.0)
    assert judged(theirs, 11) is Verdict.NEW


def test_recent_tids_are_copies_until_their_peer_sends_no_more():
    """6, then 5 that was overtaken and verified: a copy of 6 does not pass for new."""
    theirs = tids()
    theirs.note(PEER, 6, 1000.0)
    theirs.note(PEER, 5, 1001.0)
    assert judged(theirs, 6, 1125.9) is Verdict.COPY
    assert judged(theirs, 6, 1126.0) is Verdict.NEW
    assert judged(theirs, 5, 1126.0) is Verdict.COPY
    assert judged(theirs, 5, 1127.0) is Verdict.DOUBTED
    assert judged(theirs, 7) is Verdict.NEW


def test_the_peer_that_was_silent_longest_is_forgotten():
    """What is known of peers is bounded."""
    theirs = tids(peers=2)
    one, two, three = (("10.0.0.1", port) for port in (1, 2, 3))
    theirs.note(one, 100, 1000.0)
    theirs.note(two, 100, 1000.0)
    assert judged(theirs, 99, peer=one) is Verdict.DOUBTED
    theirs.note(three, 100, 1000.0)
    assert len(theirs) == 2
    assert judged(theirs, 99, peer=one) is Verdict.DOUBTED
    assert judged(theirs, 99, peer=two) is Verdict.NEW


def test_a_copy_of_what_is_over_begins_nothing(bench):
    """A mere copy is dropped; whoever sends it again waits for something, and hears that."""
    bench.abort(bench.get_invoke(5))
    bench.sent()
    assert bench.get_invoke(5) is None
    assert bench.sent() == []
    assert bench.get_invoke(5, rid=True) is None
    assert bench.sent() == [Abort(tid=5 | RESPONDER, reason=ProviderAbort.INVALID_TID)]
    assert bench.counters.out_of_turn == 2
    bench.wait(126)
    assert bench.get_invoke(5) is None
    assert bench.sent() == [ack(5, tid_verification=True)]


def test_tids_of_open_transactions_are_passed_over(make_bench):
    """A number that is in use is not given again, however often they wrap."""
    bench = make_bench(transactions_per_peer=2)
    bench.invoke()
    (first,) = bench.sent()
    for _ in range(0x8000 - 1):
        bench.invoke(transaction_class=TransactionClass.UNRELIABLE)
    bench.sent()
    bench.invoke()
    (following,) = bench.sent()
    assert following.tid == first.tid + 1


def test_a_wrapped_tid_is_marked_also_when_it_was_passed_over():
    """The peer has to forget what was last whichever number comes first after the wrap."""
    seed = next(seed for seed in range(200_000) if Random(seed).randrange(0x8000) == 0)
    bench = Bench(seed=seed)
    bench.invoke()
    (zero,) = bench.sent()
    assert (zero.tid, zero.tid_new) == (0, True)
    for _ in range(0x7FFF):
        bench.invoke(transaction_class=TransactionClass.UNRELIABLE)
    bench.sent()
    bench.invoke()
    (one,) = bench.sent()
    assert (one.tid, one.tid_new) == (1, True)


def test_the_peer_wraps(bench):
    """TIDnew makes us ask, whatever the number; the next one begins at once."""
    bench.get_invoke(0x7FFF)
    bench.get(Invoke(tid=0, transaction_class=TransactionClass.RESULT, data=b"", tid_new=True))
    assert bench.sent() == [ack(0, tid_verification=True)]
    bench.get(Ack(tid=0, tid_verification=True))
    assert [type(event) for event in bench.told()] == [InvokeReceived]
    assert bench.get_invoke(1) is not None


# Bounds


def test_a_peer_has_no_more_than_its_share(make_bench):
    """The third invoke is refused for the time being; other peers are not concerned."""
    bench = make_bench(transactions_per_peer=2)
    first = bench.get_invoke(1)
    bench.get_invoke(2)
    assert bench.get_invoke(3) is None
    assert bench.sent() == [Abort(tid=3 | RESPONDER, reason=ProviderAbort.CAPACITY_EXCEEDED)]
    assert bench.counters.refused == 1
    assert bench.get_invoke(3, peer=("10.0.0.3", 1)) is not None
    bench.result(first)
    bench.get(Ack(tid=1))
    bench.told()
    assert bench.get_invoke(4) is not None


def test_our_own_transactions_with_a_peer_are_bounded(make_bench):
    """The third is refused to the user; what lingers does not count."""
    bench = make_bench(transactions_per_peer=2)
    numbers = [bench.invoke(), bench.invoke()]
    with pytest.raises(WapError, match=r"10\.0\.0\.2:9201"):
        bench.invoke()
    bench.get(result(bench.sent()[0].tid))
    bench.acknowledge(numbers[0])
    bench.invoke()


def test_all_transactions_together_are_bounded(make_bench):
    """Whoever has begun them."""
    bench = make_bench(transactions=2)
    bench.get_invoke(1)
    bench.invoke()
    with pytest.raises(WapError):
        bench.invoke(peer=("10.0.0.3", 1))
    assert bench.get_invoke(1, peer=("10.0.0.4", 1)) is None


def test_the_oldest_of_those_that_linger_give_way(make_bench):
    """Its Ack cannot be repeated any more; the others' can."""
    bench = make_bench(lingering=2)
    for tid in (1, 2, 3):
        number = bench.get_invoke(tid, transaction_class=TransactionClass.RELIABLE)
        bench.acknowledge(number)
    bench.sent()
    assert bench.endpoint.lingering_transactions == 2
    for tid in (2, 3):
        bench.get_invoke(tid, transaction_class=TransactionClass.RELIABLE, rid=True)
    assert bench.sent() == [ack(2), ack(3)]
    bench.wait(75)
    assert bench.is_idle()


def test_peers_are_remembered_within_bounds(make_bench):
    """A flood from ever new addresses leaves nothing behind but its bound."""
    bench = make_bench(peers=5)
    for port in range(20):
        bench.abort(bench.get_invoke(1, peer=("10.0.0.3", port)))
    assert bench.endpoint.known_peers == 5
    assert bench.is_idle()


@pytest.mark.parametrize(
    "values",
    [
        {"retransmission": 0.0},
        {"wait": -1.0},
        {"acknowledgement": float("nan")},
        {"most_retransmissions": -1},
    ],
)
def test_timers_that_nobody_could_work_with_are_refused(values):
    """With the name of the timer."""
    with pytest.raises(WapError, match=next(iter(values))):
        WtpTimers(**values)


@pytest.mark.parametrize("values", [{"packet": 0}, {"peers": -1}, {"group": 257}])
def test_limits_that_nobody_could_work_with_are_refused(values):
    """With the name of the limit."""
    with pytest.raises(WapError, match=next(iter(values))):
        WtpLimits(**values)


def test_the_table_of_timers_is_that_of_the_values():
    """Each timer has its row, with the default that it has."""
    timers = WtpTimers(most_retransmissions=0, most_ack_expirations=0)
    assert timers.lifetime == 7.0
    defaults = WtpTimers()
    assert {row.field: row.default for row in TIMER_TABLE} == {
        name: getattr(defaults, name) for name in WtpTimers.__slots__
    }
    assert defaults.lifetime == 63.0


# Datagrams


def test_pdus_that_arise_together_share_a_datagram(bench):
    """The Ack of a result and the next invoke, for instance."""
    number = bench.invoke()
    (first,) = bench.sent()
    bench.get(result(first.tid))
    bench.acknowledge(number)
    bench.invoke(b"next")
    bench.datagrams.clear()
    assert [type(pdu) for pdu in bench.sent()] == [Ack, Invoke]
    assert len(bench.datagrams) == 1
    assert bench.datagrams[0][0][0] == 0


def test_datagrams_are_filled_up_to_their_size(make_bench):
    """What does not fit goes into the next; a PDU that is larger has its own."""
    bench = make_bench(datagram=40, packet=100)
    for length in (10, 10, 5, 60, 1):
        bench.invoke(bytes(length), transaction_class=TransactionClass.RELIABLE)
    lengths = [len(datagram) for datagram, _ in bench.endpoint.take_datagrams()]
    # 1 + 2 * (1 + 14); with 1 + 9 more it would be 41
    assert lengths == [31, 9, 64, 5]


def test_each_pdu_of_a_datagram_stands_for_itself(bench):
    """A malformed one in the middle does not harm its neighbours."""
    one = Invoke(tid=1, transaction_class=TransactionClass.RESULT, data=b"one").encode()
    two = Invoke(tid=2, transaction_class=TransactionClass.RESULT, data=b"two").encode()
    bench.get(wtp.join([one, b"\x40\x12\x34", b"", two]))
    assert [event.data for event in bench.told()] == [b"one", b"two"]
    assert bench.counters.malformed == 2


@pytest.mark.parametrize("octets", ["", "0005", "0e", "400001", "40ffff"])
def test_octets_that_are_no_pdus_are_counted(bench, octets):
    """And get no answer."""
    bench.get(bytes.fromhex(octets))
    assert bench.counters.malformed == 1
    assert bench.sent() == bench.told() == []


def test_an_invoke_of_another_version_is_told_ours(bench):
    """WTP version zero; one that cannot be read otherwise is a protocol error."""
    bench.get(bytes.fromhex("0e000742"))
    assert bench.sent() == [Abort(tid=7 | RESPONDER, reason=ProviderAbort.WTP_VERSION_ZERO)]
    bench.get(bytes.fromhex("0e000703"))
    assert bench.sent() == [Abort(tid=7 | RESPONDER, reason=ProviderAbort.PROTOCOL_ERROR)]
    bench.get(bytes.fromhex("0e800703"))
    assert bench.sent() == []


def test_pdus_of_unknown_transactions_are_answered_where_that_helps(bench):
    """Results and questions for a TID would come again; anything else would not."""
    invalid = Abort(tid=7, reason=ProviderAbort.INVALID_TID)
    bench.get(result(7))
    bench.get(SegmentedResult(tid=7 | RESPONDER, psn=1, data=b"", trailer=Trailer.LAST))
    bench.get(ack(7, tid_verification=True))
    assert bench.sent() == [invalid] * 3
    bench.get(ack(7), Ack(tid=7, tid_verification=True), invalid, Result(tid=7, data=b""))
    bench.get(Abort(tid=7 | RESPONDER, reason=0))
    bench.get(Invoke(tid=7 | RESPONDER, transaction_class=TransactionClass.RESULT, data=b""))
    assert bench.sent() == bench.told() == []
    assert bench.counters.unmatched == 9
    assert bench.is_idle()


# The tables


@pytest.mark.parametrize("table", [INITIATOR, RESPONDER_TABLE])
def test_every_state_is_reached_and_left(table):
    """From NULL all states can be reached, and NULL from all of them by time alone."""
    reached, grown = {State.NULL}, True
    while grown:
        before = len(reached)
        reached |= {state for (origin, _), (_, state) in table.items() if origin in reached}
        grown = len(reached) > before
    assert {origin for origin, _ in table} == reached
    by_time = {
        Input.R_EXHAUSTED,
        Input.PATIENCE_EXPIRED,
        Input.USER_ABSENT,
        Input.W_EXPIRED,
    }
    ending = {origin for (origin, happened), (_, state) in table.items() if happened in by_time}
    assert ending == reached - {State.NULL}


@pytest.mark.parametrize("table", [INITIATOR, RESPONDER_TABLE])
def test_every_state_ends_with_an_abort_or_a_fault(table):
    """Whatever is going on."""
    for state in {origin for origin, _ in table} - {State.NULL}:
        for happened in (Input.ABORTED, Input.FAULT):
            assert table[state, happened][1] is State.NULL


# Anything


FIRST = 8805
"""The first TID that the bench's endpoint gives, which a fixed seed makes the same every time."""

OURS = st.integers(FIRST, FIRST + 3).map(lambda tid: tid | RESPONDER)
THEIRS = st.integers(1, 4)
SMALL = st.binary(max_size=4)
FLAG = st.booleans()
PSN = st.integers(1, 4)
TRAILER = st.sampled_from(Trailer)
ARRIVING = st.one_of(
    st.builds(
        Invoke,
        tid=THEIRS,
        transaction_class=st.sampled_from(TransactionClass),
        data=SMALL,
        tid_new=FLAG,
        user_ack=FLAG,
        trailer=TRAILER,
        rid=FLAG,
    ),
    st.builds(Result, tid=OURS, data=SMALL, trailer=TRAILER, rid=FLAG),
    st.builds(
        Ack,
        tid=OURS | THEIRS,
        tid_verification=FLAG,
        rid=FLAG,
        tpis=st.sampled_from(((), *((wtp.psn_tpi(psn),) for psn in range(6)))),
    ),
    st.builds(Abort, tid=OURS | THEIRS, reason=st.integers(0, 255), user=FLAG),
    st.builds(wtp.SegmentedInvoke, tid=THEIRS, psn=PSN, data=SMALL, trailer=TRAILER, rid=FLAG),
    st.builds(SegmentedResult, tid=OURS, psn=PSN, data=SMALL, trailer=TRAILER, rid=FLAG),
    st.builds(wtp.NegativeAck, tid=OURS | THEIRS, missing=st.lists(PSN, max_size=3).map(tuple)),
)
"""PDUs that are near enough to open transactions to mean something."""
STEPS = st.one_of(
    st.tuples(st.just("get"), ARRIVING),
    st.tuples(st.just("get"), SMALL),
    st.tuples(st.just("invoke"), st.binary(max_size=20)),
    st.tuples(st.sampled_from(("acknowledge", "result", "abort")), st.integers(0, 9)),
    st.tuples(st.just("wait"), st.sampled_from((0.6, 4.0, 7.0, 76.0))),
)


def attempt(action, *arguments):
    try:
        return action(*arguments)
    except WapError:
        return None


@settings(max_examples=300)
@given(st.lists(STEPS, min_size=1, max_size=25))
def test_anything_may_arrive_in_any_order(steps):
    """Whatever a peer sends and a user does: no error but refusals, and an end of everything."""
    bench = Bench(transactions_per_peer=4, packet=3, group=2, message=40, lingering=3)
    numbers = [0]
    for action, argument in steps:
        if action in ("acknowledge", "result", "abort"):
            argument = numbers[-1 - argument % len(numbers)]
        number = attempt(getattr(bench, action), argument)
        numbers += [number] if action == "invoke" and number is not None else []
        numbers += [getattr(event, "transaction", 0) for event in bench.told()]
        bench.sent()
    bench.wait(10_000)
    assert bench.is_idle()


def test_the_tids_of_the_endpoint_are_those_expected(bench):
    """What the property above counts on."""
    bench.invoke()
    assert bench.sent()[0].tid == FIRST
