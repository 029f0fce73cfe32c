"""The responder's transactions: each success, refusal, timeout and crossing (WAP-224 §10.2)."""

from __future__ import annotations

import pytest

from testbed.codecs.wtp import (
    Abort,
    Ack,
    Invoke,
    NegativeAck,
    ProviderAbort,
    Result,
    Trailer,
    TransactionClass,
    UserAbort,
)
from testbed.wap.errors import WapError
from testbed.wap.events import (
    DatagramInvoked,
    InvokeReceived,
    ResultConfirmed,
    TransactionAborted,
)
from tests.testbed.wap.conftest import PEER, ack, result

TID = 7
RELIABLE = TransactionClass.RELIABLE
RESULT = TransactionClass.RESULT


def invoke(data=b"ask", **more):
    more.setdefault("transaction_class", RESULT)
    return Invoke(tid=TID, data=data, **more)


def aborted(number, reason, *, by_user=False, by_peer=False):
    return TransactionAborted(number, PEER, None, reason, by_user, by_peer)


# Class 0


def test_an_unreliable_invoke_is_told_and_forgotten(bench):
    """Class 0 gets no answer, and a copy is told too."""
    pdu = invoke(b"push", transaction_class=TransactionClass.UNRELIABLE)
    bench.get(pdu, pdu)
    assert bench.told() == [DatagramInvoked(PEER, b"push")] * 2
    assert bench.sent() == []
    assert bench.counters.invokes_received == 2
    assert bench.is_idle()


def test_an_unreliable_invoke_in_packets_makes_no_sense(bench):
    """Class 0 has no acknowledgements that segmentation could live by."""
    bench.get(invoke(transaction_class=TransactionClass.UNRELIABLE, trailer=Trailer.MORE))
    assert bench.told() == []
    assert bench.counters.malformed == 1


# Class 1


def test_a_reliable_invoke_is_acknowledged_by_its_user(bench):
    """Invoke, the user acknowledges, Ack; a copy gets the Ack again for 75 seconds."""
    pdu = invoke(b"push", transaction_class=RELIABLE, user_ack=True)
    bench.get(pdu)
    (event,) = bench.told()
    assert event == InvokeReceived(event.transaction, PEER, b"push", RELIABLE)
    assert bench.sent() == []
    bench.acknowledge(event.transaction)
    assert bench.sent() == [ack(TID)]
    bench.get(pdu)
    assert bench.sent() == []
    bench.get(invoke(b"push", transaction_class=RELIABLE, user_ack=True, rid=True))
    assert bench.sent() == [ack(TID)]
    assert bench.told() == []
    bench.wait(75)
    assert bench.is_idle()


def test_a_reliable_invoke_is_acknowledged_without_the_user_where_it_need_not(bench):
    """After 4 seconds the Ack goes out by itself."""
    bench.get_invoke(TID, transaction_class=RELIABLE)
    bench.wait(3.9)
    assert bench.sent() == []
    bench.wait(0.1)
    assert bench.sent() == [ack(TID)]
    bench.wait(75)
    assert bench.is_idle()


def test_a_user_that_does_not_acknowledge_ends_the_transaction(bench):
    """Six times A starts anew, then it is an Abort; copies of the invoke change nothing."""
    number = bench.get_invoke(TID, transaction_class=RELIABLE, user_ack=True)
    bench.wait(27.9)
    bench.get(invoke(transaction_class=RELIABLE, user_ack=True, rid=True))
    assert bench.sent() == []
    bench.wait(0.1)
    assert bench.sent() == [Abort(tid=TID | 0x8000, reason=ProviderAbort.NO_RESPONSE)]
    assert bench.told() == [aborted(number, ProviderAbort.NO_RESPONSE)]
    assert bench.is_idle()


def test_a_user_can_refuse(bench):
    """The Abort carries the user's reason."""
    number = bench.get_invoke(TID, transaction_class=RELIABLE, user_ack=True)
    bench.abort(number, UserAbort.USER_REFUSED)
    assert bench.sent() == [Abort(tid=TID | 0x8000, reason=UserAbort.USER_REFUSED, user=True)]
    assert bench.told() == []
    assert bench.is_idle()


def test_a_reliable_invoke_has_no_result(bench):
    """Class 1 is acknowledged, not answered."""
    number = bench.get_invoke(TID, transaction_class=RELIABLE)
    with pytest.raises(WapError, match="expects no result"):
        bench.result(number)


# Class 2


def test_a_result_ends_with_its_ack(bench):
    """Invoke, Result at once, Ack; the user of the result hears of it."""
    number = bench.get_invoke(TID)
    bench.result(number)
    assert bench.sent() == [result(TID)]
    bench.get(Ack(tid=TID))
    assert bench.told() == [ResultConfirmed(number, PEER)]
    assert bench.is_idle()


def test_a_slow_user_makes_the_initiator_hold_on(bench):
    """After 4 seconds without a result the invoke is acknowledged; a copy gets that again."""
    number = bench.get_invoke(TID)
    bench.get(invoke(rid=True))
    bench.wait(4)
    assert bench.sent() == [ack(TID)]
    bench.get(invoke())
    assert bench.sent() == []
    bench.get(invoke(rid=True))
    assert bench.sent() == [ack(TID)]
    bench.wait(100)
    bench.result(number)
    assert bench.sent() == [result(TID)]


def test_a_user_that_acknowledges_has_four_seconds_more_for_the_result(bench):
    """The Ack is held back, for the result says the same."""
    number = bench.get_invoke(TID, user_ack=True)
    bench.wait(20)
    assert bench.sent() == []
    bench.acknowledge(number)
    bench.get(invoke(rid=True))
    assert bench.sent() == []
    bench.wait(4)
    assert bench.sent() == [ack(TID)]
    bench.result(number)
    assert bench.sent() == [result(TID)]


def test_a_user_that_never_answers_ends_the_transaction(bench):
    """Two minutes after hold on the peer hears that nothing will come."""
    number = bench.get_invoke(TID)
    bench.wait(4)
    bench.sent()
    bench.wait(120)
    assert bench.sent() == [Abort(tid=TID | 0x8000, reason=ProviderAbort.NO_RESPONSE)]
    assert bench.told() == [aborted(number, ProviderAbort.NO_RESPONSE)]
    assert bench.is_idle()


def test_a_result_without_an_ack_is_sent_again_nine_times_in_all(bench):
    """Every 7 seconds with RID, 8 times; then an Abort, and the user is told."""
    number = bench.get_invoke(TID)
    bench.result(number)
    bench.wait(62)
    assert bench.sent() == [result(TID)] + [result(TID, rid=True)] * 8
    bench.get(invoke(rid=True))
    assert bench.sent() == []
    bench.wait(1)
    assert bench.sent() == [Abort(tid=TID | 0x8000, reason=ProviderAbort.NO_RESPONSE)]
    assert bench.told() == [aborted(number, ProviderAbort.NO_RESPONSE)]
    assert bench.is_idle()


def test_one_result_is_enough(bench):
    """A second one is refused, and so is one for a transaction that is over."""
    number = bench.get_invoke(TID)
    bench.result(number)
    with pytest.raises(WapError, match="expects no result"):
        bench.result(number)
    bench.get(Ack(tid=TID))
    with pytest.raises(WapError, match="expects no result"):
        bench.result(number)


def test_a_result_that_is_too_long_leaves_the_transaction_as_it_is(make_bench):
    """256 packets are the most; the user can send a shorter one instead."""
    bench = make_bench(packet=10)
    number = bench.get_invoke(TID)
    with pytest.raises(WapError, match="2561 octets"):
        bench.result(number, bytes(2561))
    bench.result(number, bytes(10))
    assert bench.sent() == [result(TID, bytes(10))]


# TID verification


def test_a_tid_that_is_not_new_is_verified(bench):
    """TIDve, TIDok: only then the user hears of the invoke."""
    bench.get_invoke(TID + 1)
    bench.get(invoke(b"older"))
    assert bench.told() == []
    assert bench.sent() == [ack(TID, tid_verification=True)]
    assert bench.counters.verifications == 1
    bench.get(Ack(tid=TID, tid_verification=True))
    (event,) = bench.told()
    assert event.data == b"older"
    bench.get(Ack(tid=TID, tid_verification=True))
    bench.result(event.transaction)
    assert bench.sent() == [result(TID)]


def test_a_question_is_repeated_for_an_invoke_that_is(bench):
    """The initiator that sends again has not heard it; a mere copy changes nothing."""
    bench.get_invoke(TID + 1)
    bench.get(invoke())
    bench.sent()
    bench.get(invoke())
    assert bench.sent() == []
    bench.get(invoke(rid=True))
    assert bench.sent() == [ack(TID, tid_verification=True)]


def test_a_repeated_confirmation_wants_the_ack_again(bench):
    """After verification the initiator repeats TIDok where it would repeat the invoke."""
    bench.get_invoke(TID + 1)
    bench.get(invoke())
    bench.get(Ack(tid=TID, tid_verification=True))
    bench.sent()
    bench.wait(4)
    bench.sent()
    bench.get(Ack(tid=TID, tid_verification=True, rid=True))
    assert bench.sent() == [ack(TID)]


@pytest.mark.parametrize(
    ("pdu", "answers"),
    [
        (Abort(tid=TID, reason=ProviderAbort.INVALID_TID), []),
        (b"\x40\x00\x07", [Abort(tid=TID | 0x8000, reason=ProviderAbort.PROTOCOL_ERROR)]),
    ],
)
def test_a_tid_that_is_denied_begins_nothing(bench, pdu, answers):
    """The user never hears of it."""
    bench.abort(bench.get_invoke(TID + 1))
    bench.get(invoke())
    bench.sent()
    bench.get(pdu)
    assert bench.told() == []
    assert bench.sent() == answers
    assert bench.is_idle()


def test_a_tid_that_nobody_confirms_is_forgotten(bench):
    """After the time that the initiator may go on sending, silently."""
    bench.abort(bench.get_invoke(TID + 1))
    bench.get(invoke())
    bench.sent()
    bench.wait(63)
    assert bench.told() == bench.sent() == []
    assert bench.is_idle()


# Aborts and faults

STAGES = ["with the user", "acknowledged", "held on", "answered"]


def staged(bench, stage):
    number = bench.get_invoke(TID, user_ack=True)
    match stage:
        case "acknowledged":
            bench.acknowledge(number)
        case "held on":
            bench.acknowledge(number)
            bench.wait(4)
        case "answered":
            bench.result(number)
    bench.sent()
    return number


@pytest.mark.parametrize("stage", STAGES)
def test_an_abort_by_the_peer_is_told_at_any_stage(bench, stage):
    """The reason reaches the user as the peer gave it; nothing is answered."""
    number = staged(bench, stage)
    bench.get(Abort(tid=TID, reason=UserAbort.DISCONNECT, user=True))
    assert bench.told() == [aborted(number, UserAbort.DISCONNECT, by_user=True, by_peer=True)]
    assert bench.sent() == []
    assert bench.is_idle()


@pytest.mark.parametrize("stage", STAGES)
def test_an_abort_by_the_user_is_said_and_not_told(bench, stage):
    """The peer hears the reason; the user knows already."""
    number = staged(bench, stage)
    bench.abort(number, UserAbort.CONGESTION)
    assert bench.sent() == [Abort(tid=TID | 0x8000, reason=UserAbort.CONGESTION, user=True)]
    assert bench.told() == []
    assert bench.is_idle()


@pytest.mark.parametrize("stage", STAGES)
def test_a_malformed_pdu_ends_the_transaction_at_any_stage(bench, stage):
    """Octets of this TID that are no PDU are answered with an Abort, and told."""
    number = staged(bench, stage)
    bench.get(b"\x40\x00\x07")
    assert bench.sent() == [Abort(tid=TID | 0x8000, reason=ProviderAbort.PROTOCOL_ERROR)]
    assert bench.told() == [aborted(number, ProviderAbort.PROTOCOL_ERROR)]
    assert bench.is_idle()


@pytest.mark.parametrize(("pdu", "answers"), [(Abort(tid=TID, reason=0), 0), (b"\x40\x00\x07", 1)])
def test_after_the_ack_nothing_is_told_any_more(bench, pdu, answers):
    """The user has acknowledged; an Abort or a fault only ends the lingering."""
    number = bench.get_invoke(TID, transaction_class=RELIABLE, user_ack=True)
    bench.acknowledge(number)
    bench.sent()
    bench.get(pdu)
    assert bench.told() == []
    assert len(bench.sent()) == answers
    assert bench.is_idle()


def test_aborting_after_the_ack_is_said(bench):
    """The user may still abort while copies are waited for."""
    number = bench.get_invoke(TID, transaction_class=RELIABLE, user_ack=True)
    bench.acknowledge(number)
    bench.sent()
    bench.abort(number)
    assert len(bench.sent()) == 1
    assert bench.is_idle()


def test_what_makes_no_sense_changes_nothing(bench):
    """Acks and Negative Acks of nothing, and PDUs of the other role, are counted."""
    bench.get_invoke(TID)
    bench.get(Ack(tid=TID), NegativeAck(tid=TID, missing=(0,)), Result(tid=TID, data=b""))
    assert bench.counters.out_of_turn == 3
    assert bench.sent() == bench.told() == []


def test_the_same_tid_of_two_peers_is_two_transactions(bench):
    """A TID belongs to its initiator's address and port."""
    first = bench.get_invoke(TID, b"one", peer=("10.0.0.2", 1))
    second = bench.get_invoke(TID, b"two", peer=("10.0.0.2", 2))
    bench.result(second, b"2")
    bench.result(first, b"1")
    assert bench.endpoint.take_datagrams() == [
        (result(TID, b"2").encode(), ("10.0.0.2", 2)),
        (result(TID, b"1").encode(), ("10.0.0.2", 1)),
    ]
