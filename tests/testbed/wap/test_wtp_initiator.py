"""The initiator's transactions: each success, refusal, timeout and crossing (WAP-224 §10.1)."""

from __future__ import annotations

import pytest

from testbed.codecs.wtp import (
    Abort,
    Ack,
    Invoke,
    NegativeAck,
    ProviderAbort,
    Result,
    SegmentedInvoke,
    Trailer,
    TransactionClass,
    UserAbort,
)
from testbed.wap.config import WtpTimers
from testbed.wap.errors import WapError
from testbed.wap.events import InvokeConfirmed, ResultReceived, TransactionAborted
from tests.testbed.wap.conftest import PEER, RESPONDER, ack, result

RELIABLE = TransactionClass.RELIABLE
UNRELIABLE = TransactionClass.UNRELIABLE


def begun(bench, **more):
    """Begin a transaction; return its number and TID."""
    number = bench.invoke(**more)
    (invoke,) = bench.sent()
    return number, invoke.tid


def aborted(number, reason, *, by_user=False, by_peer=False, context=None):
    return TransactionAborted(number, PEER, context, reason, by_user, by_peer)


# Class 0


def test_an_unreliable_invoke_is_sent_once_and_forgotten(bench):
    """Class 0 has no state, no timer and no event."""
    bench.invoke(b"push", transaction_class=UNRELIABLE)
    (invoke,) = bench.sent()
    assert (invoke.transaction_class, invoke.data, invoke.user_ack) == (UNRELIABLE, b"push", False)
    assert bench.told() == []
    assert bench.is_idle()


def test_an_unreliable_invoke_must_fit_into_a_datagram(bench):
    """It cannot be segmented."""
    with pytest.raises(WapError, match="65001 octets"):
        bench.invoke(bytes(65001), transaction_class=UNRELIABLE)
    bench.invoke(bytes(65000), transaction_class=UNRELIABLE)


# Class 1


def test_a_reliable_invoke_ends_with_its_ack(bench):
    """Class 1: Invoke, Ack, told with the caller's context."""
    number = bench.invoke(b"push", transaction_class=RELIABLE, context="mine")
    (invoke,) = bench.sent()
    assert invoke == Invoke(tid=invoke.tid, transaction_class=RELIABLE, data=b"push", user_ack=True)
    assert not invoke.from_responder
    bench.get(ack(invoke.tid))
    assert bench.told() == [InvokeConfirmed(number, PEER, "mine")]
    assert bench.is_idle()


def test_the_responder_can_be_told_to_acknowledge_by_itself(bench):
    """Without user acknowledgement the flag is off."""
    bench.invoke(user_ack=False)
    assert not bench.sent()[0].user_ack


def test_an_invoke_without_an_answer_is_sent_again_nine_times_in_all(bench):
    """Every 7 seconds with RID, 8 times; then an Abort, and the user is told."""
    number = bench.invoke(transaction_class=RELIABLE, context=3)
    (first,) = bench.sent()
    times = []
    for _ in range(62):
        bench.wait(1)
        times += [(bench.now, pdu.rid, pdu.tid) for pdu in bench.sent()]
    assert times == [(1007.0 + 7 * turn, True, first.tid) for turn in range(8)]
    assert bench.counters.retransmissions == 8
    bench.wait(1)
    assert bench.told() == [aborted(number, ProviderAbort.NO_RESPONSE, context=3)]
    assert bench.sent() == [Abort(tid=first.tid, reason=ProviderAbort.NO_RESPONSE)]
    assert bench.is_idle()


def test_timers_and_counters_can_be_set(make_bench):
    """Two transmissions, two seconds apart."""
    bench = make_bench(timers=WtpTimers(retransmission=2.0, most_retransmissions=1))
    bench.invoke()
    bench.wait(3.9)
    assert [pdu.rid for pdu in bench.sent()] == [False, True]
    bench.wait(0.1)
    assert len(bench.told()) == 1


def test_a_result_to_a_reliable_invoke_breaks_the_protocol(bench):
    """Class 1 has no result: Abort, and the user is told."""
    number, tid = begun(bench, transaction_class=RELIABLE)
    bench.get(result(tid))
    assert bench.sent() == [Abort(tid=tid, reason=ProviderAbort.PROTOCOL_ERROR)]
    assert bench.told() == [aborted(number, ProviderAbort.PROTOCOL_ERROR)]
    assert bench.is_idle()


# Class 2


def test_a_result_is_told_and_acknowledged(bench):
    """Invoke, Result, the user acknowledges, Ack; a copy gets the Ack again for 75 seconds."""
    number, tid = begun(bench, context="mine")
    bench.get(result(tid))
    assert bench.told() == [ResultReceived(number, PEER, "mine", b"answer")]
    assert bench.sent() == []
    bench.acknowledge(number)
    assert bench.sent() == [Ack(tid=tid)]
    bench.get(result(tid, rid=True))
    assert bench.sent() == [Ack(tid=tid)]
    bench.get(result(tid))
    assert bench.sent() == []
    assert bench.endpoint.open_transactions == 0
    assert bench.endpoint.lingering_transactions == 1
    bench.wait(75)
    assert bench.told() == []
    assert bench.is_idle()


def test_an_acknowledged_invoke_is_not_sent_again(bench):
    """Hold on: the responder works on it; the result may take two minutes."""
    number, tid = begun(bench)
    bench.get(ack(tid))
    assert bench.told() == [InvokeConfirmed(number, PEER, None)]
    bench.get(ack(tid))
    bench.wait(119)
    assert bench.sent() == []
    assert bench.told() == []
    bench.get(result(tid))
    assert bench.told() == [ResultReceived(number, PEER, None, b"answer")]


def test_a_result_that_never_comes_is_given_up(bench):
    """After hold on and two minutes the transaction ends, and the peer hears of it."""
    number, tid = begun(bench)
    bench.get(ack(tid))
    bench.told()
    bench.wait(120)
    assert bench.sent() == [Abort(tid=tid, reason=ProviderAbort.NO_RESPONSE)]
    assert bench.told() == [aborted(number, ProviderAbort.NO_RESPONSE)]
    assert bench.is_idle()


def test_a_result_is_acknowledged_without_the_user_where_it_need_not(bench):
    """After 4 seconds the Ack goes out by itself."""
    _, tid = begun(bench, user_ack=False)
    bench.get(result(tid))
    bench.wait(3.9)
    assert bench.sent() == []
    bench.wait(0.1)
    assert bench.sent() == [Ack(tid=tid)]
    bench.wait(75)
    assert bench.is_idle()


def test_a_user_that_does_not_acknowledge_ends_the_transaction(bench):
    """Six times A starts anew, then it is an Abort; copies of the result change nothing."""
    number, tid = begun(bench)
    bench.get(result(tid))
    bench.told()
    bench.wait(27.9)
    bench.get(result(tid, rid=True))
    assert bench.sent() == []
    bench.wait(0.1)
    assert bench.sent() == [Abort(tid=tid, reason=ProviderAbort.NO_RESPONSE)]
    assert bench.told() == [aborted(number, ProviderAbort.NO_RESPONSE)]
    assert bench.is_idle()


# TID verification


def test_a_doubted_tid_is_confirmed(bench):
    """TIDve gets TIDok; the transaction then goes on."""
    number, tid = begun(bench)
    bench.wait(5)
    bench.get(ack(tid, tid_verification=True))
    assert bench.sent() == [Ack(tid=tid, tid_verification=True)]
    bench.wait(6.9)
    assert bench.sent() == []
    bench.get(result(tid))
    assert bench.told() == [ResultReceived(number, PEER, None, b"answer")]


def test_a_confirmation_is_repeated_like_the_invoke(bench):
    """Whichever of the two got lost: both go out again, marked as such, in one datagram."""
    _, tid = begun(bench)
    bench.get(ack(tid, tid_verification=True))
    bench.sent()
    bench.wait(7)
    confirmation, again = bench.sent()
    assert confirmation == Ack(tid=tid, tid_verification=True, rid=True)
    assert isinstance(again, Invoke)
    assert again.rid
    assert len(bench.datagrams) == 3


def test_verification_does_not_go_on_for_ever(bench):
    """Eight confirmations are enough; then the transaction times out."""
    number, tid = begun(bench)
    for _ in range(20):
        bench.get(ack(tid, tid_verification=True))
    assert bench.sent() == [Ack(tid=tid, tid_verification=True)] * 8
    bench.wait(7)
    assert bench.told() == [aborted(number, ProviderAbort.NO_RESPONSE)]


def test_the_tid_of_a_finished_transaction_is_denied(bench):
    """A copy of an old Invoke makes the responder ask; it hears that nothing is meant by it."""
    number, tid = begun(bench)
    bench.get(result(tid))
    bench.get(ack(tid, tid_verification=True))
    denied = Abort(tid=tid, reason=ProviderAbort.INVALID_TID)
    assert bench.sent() == [denied]
    bench.acknowledge(number)
    bench.sent()
    bench.get(ack(tid, tid_verification=True))
    assert bench.sent() == [denied]
    bench.wait(75)
    bench.get(ack(tid, tid_verification=True))
    assert bench.sent() == [denied]


def test_an_acknowledged_invoke_is_not_confirmed_a_second_time(bench):
    """A responder that asks after its Ack has begun anew; the first one is what counts."""
    _, tid = begun(bench)
    bench.get(ack(tid), ack(tid, tid_verification=True))
    assert bench.sent() == [Abort(tid=tid, reason=ProviderAbort.INVALID_TID)]


def test_a_late_copy_of_a_question_is_left_alone(bench):
    """What was confirmed before and is asked again after the Ack may be a copy."""
    _, tid = begun(bench)
    bench.get(ack(tid, tid_verification=True), ack(tid))
    bench.sent()
    bench.get(ack(tid, tid_verification=True))
    assert bench.sent() == []


# Aborts and faults


@pytest.mark.parametrize("by_user", [True, False])
@pytest.mark.parametrize("stage", ["sent", "held on", "in part", "with the user"])
def test_an_abort_by_the_peer_is_told_at_any_stage(bench, stage, by_user):
    """The reason reaches the user as the peer gave it; nothing is answered."""
    number, tid = begun(bench)
    staged(bench, stage, tid)
    bench.get(Abort(tid=tid | RESPONDER, reason=UserAbort.USER_PENDING, user=by_user))
    assert bench.told() == [aborted(number, UserAbort.USER_PENDING, by_user=by_user, by_peer=True)]
    assert bench.sent() == []
    assert bench.is_idle()


@pytest.mark.parametrize("stage", ["sent", "held on", "in part", "with the user"])
def test_an_abort_by_the_user_is_said_and_not_told(bench, stage):
    """The peer hears the reason; the user knows already."""
    number, tid = begun(bench)
    staged(bench, stage, tid)
    bench.abort(number, UserAbort.DISCONNECT)
    assert bench.sent() == [Abort(tid=tid, reason=UserAbort.DISCONNECT, user=True)]
    assert bench.told() == []
    assert bench.is_idle()
    bench.abort(number)
    assert bench.sent() == []


@pytest.mark.parametrize("stage", ["sent", "held on", "in part", "with the user"])
def test_a_malformed_pdu_ends_the_transaction_at_any_stage(bench, stage):
    """Octets of this TID that are no PDU are answered with an Abort, and told."""
    number, tid = begun(bench)
    staged(bench, stage, tid)
    bench.get(bytes.fromhex(f"40{tid | RESPONDER:04x}"))
    assert bench.sent() == [Abort(tid=tid, reason=ProviderAbort.PROTOCOL_ERROR)]
    assert bench.told() == [aborted(number, ProviderAbort.PROTOCOL_ERROR)]
    assert bench.is_idle()


def staged(bench, stage, tid):
    match stage:
        case "held on":
            bench.get(ack(tid))
        case "in part":
            bench.get(result(tid, b"ans", trailer=Trailer.MORE))
        case "with the user":
            bench.get(result(tid))
    bench.told()
    assert bench.sent() == []


@pytest.mark.parametrize(
    ("pdu", "answers"),
    [
        (Abort(tid=RESPONDER, reason=0), 0),
        (b"\x40\x80\x00", 1),
    ],
)
def test_after_the_ack_nothing_is_told_any_more(bench, pdu, answers):
    """The user has its outcome; an Abort or a fault only ends the lingering."""
    number, tid = begun(bench)
    bench.get(result(tid))
    bench.acknowledge(number)
    bench.told(), bench.sent()
    octets = pdu if isinstance(pdu, bytes) else pdu.encode()
    bench.get(octets[:1] + (tid | RESPONDER).to_bytes(2, "big") + octets[3:])
    assert bench.told() == []
    assert len(bench.sent()) == answers
    assert bench.is_idle()


def test_aborting_after_the_ack_is_said(bench):
    """The user may still abort while copies are waited for."""
    number, tid = begun(bench)
    bench.get(result(tid))
    bench.acknowledge(number)
    bench.sent()
    bench.abort(number)
    assert bench.sent() == [Abort(tid=tid, reason=UserAbort.USER_REQUEST, user=True)]
    assert bench.is_idle()


def test_what_makes_no_sense_changes_nothing(bench):
    """Negative Acks of nothing, PDUs of the other role, and Acks after the Ack are counted."""
    number, tid = begun(bench)
    bench.get(NegativeAck(tid=tid | RESPONDER, missing=(5,)))
    bench.get(Ack(tid=tid | RESPONDER), NegativeAck(tid=tid | RESPONDER))
    bench.get(Invoke(tid=tid | RESPONDER, transaction_class=RELIABLE, data=b""))
    bench.get(SegmentedInvoke(tid=tid | RESPONDER, psn=1, data=b"", trailer=Trailer.LAST))
    bench.get(Ack(tid=tid | RESPONDER))
    assert bench.counters.out_of_turn == 5
    assert bench.told() == [InvokeConfirmed(number, PEER, None)]
    assert bench.sent() == []


def test_commands_in_the_wrong_state_are_refused(bench):
    """Nothing can be acknowledged before it is there, or twice; an invoke of ours has no result."""
    number, tid = begun(bench)
    with pytest.raises(WapError, match="acknowledge"):
        bench.acknowledge(number)
    with pytest.raises(WapError, match="expects no result"):
        bench.result(number)
    bench.get(result(tid))
    bench.acknowledge(number)
    with pytest.raises(WapError, match="acknowledge"):
        bench.acknowledge(number)
    with pytest.raises(WapError, match="acknowledge"):
        bench.acknowledge(99)


def test_events_say_their_reason_in_words():
    """For logs and for people."""
    assert aborted(1, UserAbort.USER_DISCARDED_RESOURCES, by_user=True).text == (
        "user discarded resources"
    )
    assert aborted(1, ProviderAbort.MESSAGE_TOO_LARGE).text == "message too large"


def test_results_are_for_the_transaction_of_their_tid_and_peer(bench):
    """Two transactions with one peer, and a stranger: each gets its own."""
    first, first_tid = begun(bench, context=1)
    second, second_tid = begun(bench, context=2)
    assert second_tid == first_tid + 1
    bench.get(result(first_tid), peer=("10.9.9.9", 9201))
    assert bench.told() == []
    assert bench.sent() == [Abort(tid=first_tid, reason=ProviderAbort.INVALID_TID)]
    bench.get(result(second_tid, b"two"), result(first_tid, b"one"))
    assert bench.told() == [
        ResultReceived(second, PEER, 2, b"two"),
        ResultReceived(first, PEER, 1, b"one"),
    ]


def test_a_whole_result_may_carry_either_mark(bench):
    """Not segmented, or the last packet of a message of one."""
    number, tid = begun(bench)
    bench.get(Result(tid=tid | RESPONDER, data=b"x", trailer=Trailer.LAST))
    assert bench.told() == [ResultReceived(number, PEER, None, b"x")]
    bench.acknowledge(number)
    assert bench.sent() == [Ack(tid=tid)]
