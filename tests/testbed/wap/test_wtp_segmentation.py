"""Messages in packets: groups, missing packets, and what gets lost of them (WAP-224 §8.14)."""

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
    SegmentedResult,
    Trailer,
    TransactionClass,
    psn_tpi,
)
from testbed.wap.errors import WapError
from testbed.wap.events import InvokeConfirmed, ResultConfirmed, ResultReceived, TransactionAborted
from tests.testbed.wap.conftest import PEER, RESPONDER, ack, result

TID = 7
MESSAGE = b"aabbccddeef"
"""Six packets of up to two octets: groups of three, then three."""


def group_ack(psn, tid=TID | RESPONDER):
    return Ack(tid=tid, tpis=(psn_tpi(psn),))


def packets(sent):
    """Return number, data, mark and RID of packets."""
    return [(getattr(pdu, "psn", 0), pdu.data, pdu.trailer, pdu.rid) for pdu in sent]


FIRST_GROUP = [
    (0, b"aa", Trailer.MORE, False),
    (1, b"bb", Trailer.MORE, False),
    (2, b"cc", Trailer.GROUP, False),
]
SECOND_GROUP = [
    (3, b"dd", Trailer.MORE, False),
    (4, b"ee", Trailer.MORE, False),
    (5, b"f", Trailer.LAST, False),
]


@pytest.fixture
def bench(make_bench):
    """Return an endpoint that sends two octets a packet, and three packets a group."""
    return make_bench(packet=2, group=3)


# Sending


def test_an_invoke_goes_out_in_groups(bench):
    """The second group waits for the Ack of the first; the Ack of the last is for the message."""
    number = bench.invoke(MESSAGE, transaction_class=TransactionClass.RELIABLE)
    sent = bench.sent()
    assert packets(sent) == FIRST_GROUP
    assert [type(pdu) for pdu in sent] == [Invoke, SegmentedInvoke, SegmentedInvoke]
    tid = sent[0].tid
    bench.get(group_ack(2, tid | RESPONDER))
    assert packets(bench.sent()) == SECOND_GROUP
    assert bench.told() == []
    bench.get(group_ack(5, tid | RESPONDER))
    assert bench.told() == [InvokeConfirmed(number, PEER, None)]
    assert bench.is_idle()


def test_a_result_goes_out_in_groups(bench):
    """The same from the responder; an Ack that names no packet is for the whole message."""
    number = bench.get_invoke(TID)
    bench.result(number, MESSAGE)
    sent = bench.sent()
    assert packets(sent) == FIRST_GROUP
    assert [type(pdu) for pdu in sent] == [Result, SegmentedResult, SegmentedResult]
    bench.get(group_ack(2, TID))
    assert packets(bench.sent()) == SECOND_GROUP
    bench.get(Ack(tid=TID))
    assert bench.told() == [ResultConfirmed(number, PEER)]
    assert bench.is_idle()


def test_acks_that_are_not_for_the_present_group_change_nothing(bench):
    """Stale ones, ones ahead of time, and ones that name no packet before the last group."""
    tid = begun(bench)
    bench.get(ack(tid), group_ack(1, tid | RESPONDER), group_ack(5, tid | RESPONDER))
    assert bench.sent() == []
    bench.get(group_ack(2, tid | RESPONDER), group_ack(2, tid | RESPONDER))
    assert packets(bench.sent()) == SECOND_GROUP


def begun(bench):
    bench.invoke(MESSAGE)
    return bench.sent()[0].tid


def test_only_what_is_missing_is_sent_again(bench):
    """A Negative Ack names packets of the group; others are left alone."""
    tid = begun(bench)
    bench.get(NegativeAck(tid=tid | RESPONDER, missing=(1, 0, 1, 9)))
    assert packets(bench.sent()) == [
        (0, b"aa", Trailer.MORE, True),
        (1, b"bb", Trailer.MORE, True),
    ]
    bench.get(NegativeAck(tid=tid | RESPONDER, missing=(3,)))
    assert bench.sent() == []
    bench.get(NegativeAck(tid=tid | RESPONDER))
    assert [number for number, *_ in packets(bench.sent())] == [0, 1, 2]
    assert bench.counters.retransmissions == 5


def test_negative_acks_are_obeyed_eight_times_a_group(bench):
    """A peer that is never content does not keep a transaction alive."""
    tid = begun(bench)
    for _ in range(20):
        bench.get(NegativeAck(tid=tid | RESPONDER, missing=(1,)))
    assert len(bench.sent()) == 8
    bench.get(group_ack(2, tid | RESPONDER))
    bench.sent()
    bench.get(NegativeAck(tid=tid | RESPONDER, missing=(4,)))
    assert packets(bench.sent()) == [(4, b"ee", Trailer.MORE, True)]


def test_a_negative_ack_after_the_ack_is_late(bench):
    """Once the invoke is acknowledged nothing of it is sent again."""
    tid = begun(bench)
    bench.get(group_ack(2, tid | RESPONDER), group_ack(5, tid | RESPONDER))
    bench.sent()
    bench.get(NegativeAck(tid=tid | RESPONDER, missing=(4,)))
    assert bench.sent() == []


def test_without_an_answer_the_marked_packet_is_sent_again(bench):
    """And with it the first, as long as nothing was heard: the others need that one."""
    tid = begun(bench)
    bench.wait(7)
    assert packets(bench.sent()) == [
        (0, b"aa", Trailer.MORE, True),
        (2, b"cc", Trailer.GROUP, True),
    ]
    bench.get(group_ack(2, tid | RESPONDER))
    bench.sent()
    bench.wait(7)
    assert packets(bench.sent()) == [(5, b"f", Trailer.LAST, True)]


def test_each_group_has_its_own_retransmissions(bench):
    """Eight for each; whoever says what is missing is there, and the count begins anew."""
    tid = begun(bench)
    bench.wait(62)
    bench.get(NegativeAck(tid=tid | RESPONDER, missing=(1,)))
    bench.wait(62)
    assert bench.told() == []
    bench.get(group_ack(2, tid | RESPONDER))
    bench.wait(62)
    assert bench.told() == []
    bench.wait(1)
    assert [type(event) for event in bench.told()] == [TransactionAborted]
    assert bench.is_idle()


def test_messages_of_more_packets_than_numbers_are_refused(bench):
    """256 packets are the most; nothing is left of the attempt."""
    with pytest.raises(WapError, match="513 octets are more than 256 packets of 2"):
        bench.invoke(bytes(513))
    assert bench.is_idle()
    bench.invoke(bytes(512))
    assert bench.endpoint.open_transactions == 1


# Receiving


def part(psn, data, trailer=Trailer.MORE, *, rid=False):
    if psn:
        return SegmentedInvoke(tid=TID, psn=psn, data=data, trailer=trailer, rid=rid)
    return Invoke(
        tid=TID,
        transaction_class=TransactionClass.RESULT,
        data=data,
        trailer=trailer,
        rid=rid,
        user_ack=True,
    )


def test_packets_are_put_together_in_their_order(bench):
    """Whatever order they come in; the marked packet of the first group is acknowledged."""
    bench.get(part(0, b"a"), part(2, b"c", Trailer.GROUP), part(1, b"b"))
    assert bench.sent() == [group_ack(2)]
    assert bench.endpoint.unfinished_octets == 3
    bench.get(part(4, b"e"), part(3, b"d"))
    assert bench.told() == []
    bench.get(part(5, b"f", Trailer.LAST))
    (event,) = bench.told()
    assert event.data == b"abcdef"
    assert bench.sent() == []
    assert bench.endpoint.unfinished_octets == 0
    bench.acknowledge(event.transaction)
    bench.wait(4)
    assert bench.sent() == [group_ack(5)]
    bench.get(part(5, b"f", Trailer.LAST, rid=True))
    assert bench.sent() == [group_ack(5)]


def test_missing_packets_are_asked_for_after_a_while(bench):
    """Half a second for what was overtaken, then a Negative Ack; complete, then an Ack."""
    bench.get(part(0, b"a"), part(3, b"d", Trailer.GROUP))
    bench.wait(0.4)
    assert bench.sent() == []
    bench.get(part(1, b"b"))
    bench.wait(0.1)
    assert bench.sent() == [NegativeAck(tid=TID | RESPONDER, missing=(2,))]
    assert bench.counters.negative_acks_sent == 1
    bench.get(part(2, b"c", rid=True))
    assert bench.sent() == [group_ack(3)]


def test_what_was_only_late_is_not_asked_for(bench):
    """The packet comes in time: the group is acknowledged, and no Negative Ack follows."""
    bench.get(part(0, b"a"), part(2, b"c", Trailer.GROUP), part(1, b"b"))
    bench.wait(1)
    assert bench.sent() == [group_ack(2)]
    bench.get(part(4, b"e", Trailer.LAST), part(3, b"d"))
    bench.wait(1)
    assert bench.sent() == []
    assert len(bench.told()) == 1


def test_a_marked_packet_that_comes_again_is_answered_again(bench):
    """With the Ack where the group is complete, else with what is missing."""
    bench.get(part(0, b"a"), part(1, b"b", Trailer.GROUP))
    bench.sent()
    bench.get(part(1, b"b", Trailer.GROUP))
    assert bench.sent() == []
    bench.get(part(1, b"b", Trailer.GROUP, rid=True))
    assert bench.sent() == [group_ack(1)]
    bench.get(part(3, b"d", Trailer.GROUP))
    bench.wait(1)
    bench.sent()
    bench.get(part(3, b"d", Trailer.GROUP, rid=True), part(3, b"d", Trailer.GROUP, rid=True))
    bench.wait(1)
    assert bench.sent() == [NegativeAck(tid=TID | RESPONDER, missing=(2,))]
    bench.get(part(1, b"b", Trailer.GROUP, rid=True))
    assert bench.sent() == [NegativeAck(tid=TID | RESPONDER, missing=(2,))]


def test_a_message_that_stops_coming_is_forgotten(bench):
    """After the time that a peer may go on sending one packet; the user never heard of it."""
    bench.get(part(0, b"a"))
    bench.wait(60)
    bench.get(part(1, b"b"))
    bench.wait(62)
    assert bench.endpoint.open_transactions == 1
    bench.wait(1)
    assert bench.told() == bench.sent() == []
    assert bench.is_idle()


@pytest.mark.parametrize(("pdu", "answers"), [(Abort(tid=TID, reason=0), 0), (b"\x40\x00\x07", 1)])
def test_a_message_that_is_aborted_on_the_way_is_forgotten(bench, pdu, answers):
    """The user never heard of it."""
    bench.get(part(0, b"a"), pdu)
    assert bench.told() == []
    assert len(bench.sent()) == answers
    assert bench.is_idle()


@pytest.mark.parametrize(
    "contradiction",
    [
        (part(2, b"c", Trailer.LAST), part(3, b"d")),
        (part(2, b"c"), part(1, b"b", Trailer.LAST)),
    ],
)
def test_packets_that_contradict_one_another_break_the_protocol(bench, contradiction):
    """A packet beyond the last one, or a last one before others that came."""
    bench.get(part(0, b"a"), *contradiction)
    assert bench.sent() == [Abort(tid=TID | RESPONDER, reason=ProviderAbort.PROTOCOL_ERROR)]
    assert bench.is_idle()


@pytest.mark.parametrize("first", [b"aaaa", b"aaa"])
def test_messages_that_are_too_long_are_refused(make_bench, first):
    """In one packet or in several."""
    bench = make_bench(message=3)
    whole = len(first) > 3
    bench.get(part(0, first, Trailer.WHOLE if whole else Trailer.MORE))
    if not whole:
        bench.get(part(1, b"b", Trailer.LAST))
    assert bench.sent() == [Abort(tid=TID | RESPONDER, reason=ProviderAbort.MESSAGE_TOO_LARGE)]
    assert bench.told() == []
    assert bench.is_idle()


def test_all_unfinished_messages_together_are_bounded(make_bench):
    """There is no room for the second peer's packets until the first is done."""
    bench = make_bench(unfinished=3)
    bench.get(part(0, b"aa"))
    bench.get(part(0, b"bb"), peer=("10.0.0.3", 1))
    assert bench.sent() == [Abort(tid=TID | RESPONDER, reason=ProviderAbort.CAPACITY_EXCEEDED)]
    bench.get(part(1, b"a", Trailer.LAST))
    assert len(bench.told()) == 1
    assert bench.endpoint.unfinished_octets == 0


def test_a_packet_without_its_first_asks_for_that(bench):
    """Only Invoke can begin a transaction: marked packets of unknown ones name what is missing."""
    bench.get(part(1, b"b"))
    assert bench.sent() == []
    bench.get(part(2, b"c", Trailer.GROUP))
    assert bench.sent() == [NegativeAck(tid=TID | RESPONDER, missing=(0, 1, 2))]
    bench.get(part(255, b"z", Trailer.LAST))
    assert bench.sent() == [NegativeAck(tid=TID | RESPONDER, missing=tuple(range(255)))]
    assert bench.is_idle()


# With TID verification


def test_packets_wait_for_the_verification(bench):
    """They are kept, and acknowledged once the TID is confirmed."""
    bench.abort(bench.get_invoke(TID + 1))
    bench.sent()
    bench.get(part(0, b"a"), part(2, b"c", Trailer.GROUP), part(1, b"b"))
    assert bench.sent() == [ack(TID, tid_verification=True)]
    bench.get(part(2, b"c", Trailer.GROUP, rid=True))
    assert bench.sent() == [ack(TID, tid_verification=True)]
    bench.get(Ack(tid=TID, tid_verification=True))
    assert bench.sent() == [group_ack(2)]
    bench.get(part(3, b"d", Trailer.LAST))
    assert [event.data for event in bench.told()] == [b"abcd"]


def test_what_is_missing_is_said_as_soon_as_the_tid_is_confirmed(bench):
    """A group that is marked and not complete is asked for; one that is not marked is awaited."""
    bench.abort(bench.get_invoke(TID + 1))
    bench.get(part(0, b"a"), part(2, b"c", Trailer.GROUP))
    bench.sent()
    bench.get(Ack(tid=TID, tid_verification=True))
    assert bench.sent() == [NegativeAck(tid=TID | RESPONDER, missing=(1,))]


def test_the_first_packet_alone_is_enough_for_the_verification(bench):
    """Nothing is acknowledged before a packet that asks for it."""
    bench.abort(bench.get_invoke(TID + 1))
    bench.get(part(0, b"a"))
    bench.sent()
    bench.get(Ack(tid=TID, tid_verification=True))
    assert bench.sent() == []
    bench.get(part(1, b"b", Trailer.LAST))
    assert [event.data for event in bench.told()] == [b"ab"]


def test_a_message_of_which_all_came_before_the_confirmation(bench):
    """It is told with the confirmation."""
    bench.abort(bench.get_invoke(TID + 1))
    bench.get(part(0, b"a"), part(1, b"b", Trailer.LAST))
    assert bench.told() == []
    bench.get(Ack(tid=TID, tid_verification=True))
    assert [event.data for event in bench.told()] == [b"ab"]


# Results


def test_a_result_in_packets_is_told_when_it_is_whole(bench):
    """The first packet acknowledges the invoke; the Ack names the last one."""
    number = bench.invoke(b"a")
    tid = bench.sent()[0].tid
    bench.get(result(tid, b"x", trailer=Trailer.MORE))
    bench.wait(100)
    assert bench.sent() == []
    last = SegmentedResult(tid=tid | RESPONDER, psn=1, data=b"y", trailer=Trailer.LAST)
    bench.get(last)
    assert bench.told() == [ResultReceived(number, PEER, None, b"xy")]
    bench.acknowledge(number)
    assert bench.sent() == [group_ack(1, tid)]
    bench.get(
        SegmentedResult(tid=tid | RESPONDER, psn=1, data=b"y", trailer=Trailer.LAST, rid=True)
    )
    assert bench.sent() == [group_ack(1, tid)]


def test_a_result_that_stops_coming_is_given_up(bench):
    """Two minutes after its last packet; late questions for the TID are denied."""
    number = bench.invoke(b"a")
    tid = bench.sent()[0].tid
    bench.get(result(tid, b"x", trailer=Trailer.MORE))
    bench.get(ack(tid, tid_verification=True))
    assert bench.sent() == [Abort(tid=tid, reason=ProviderAbort.INVALID_TID)]
    bench.wait(120)
    assert bench.sent() == [Abort(tid=tid, reason=ProviderAbort.NO_RESPONSE)]
    assert bench.told() == [
        TransactionAborted(number, PEER, None, ProviderAbort.NO_RESPONSE, False, False)
    ]
    assert bench.is_idle()
