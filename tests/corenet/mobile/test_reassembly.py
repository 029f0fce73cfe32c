"""The parts of long short messages, in every order and too few of them."""

from __future__ import annotations

from itertools import permutations
from random import Random

import pytest

from corenet.interfaces.sms.address import SmsAddress
from corenet.interfaces.sms.header import Concatenation, Ports
from corenet.interfaces.sms.segmentation import segment
from corenet.interfaces.sms.times import Timestamp
from corenet.interfaces.sms.tpdu import Deliver
from corenet.mobile.reassembly import MOST_MESSAGES, MOST_OCTETS, Abandoned, Reassembly, Whole

SENDER, OTHER = SmsAddress("447709000123"), SmsAddress("447709000124")
NOON = Timestamp(1_700_000_000)
PUSH = (Ports(2948, 9200),)
PAYLOAD = bytes(range(256)) + bytes(44)


def parts(payload=PAYLOAD, *, reference=1, sender=SENDER, header=PUSH, wide=False):
    return [
        Deliver(sender, NOON, one.payload, 4, one.header)
        for one in segment(payload, dcs=4, header=header, reference=reference, wide=wide)
    ]


def whole(payload=PAYLOAD, sender=SENDER, port=PUSH[0], number=3):
    return Whole(sender, 4, port, payload, number)


@pytest.fixture
def reassembly():
    return Reassembly(300.0)


def take(reassembly, *messages, now=0.0):
    """Take messages; return those that became whole."""
    taken = [reassembly.take(message, now)[0] for message in messages]
    return [one for one in taken if one is not None]


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_parts_make_the_message_in_any_order(reassembly, order):
    """The last that comes completes it."""
    three = parts()
    assert take(reassembly, *(three[index] for index in order)) == [whole()]
    assert len(reassembly) == 0
    assert reassembly.next_timeout() is None


def test_message_of_one_part_waits_for_nothing(reassembly):
    """With a port, and with no header at all."""
    assert take(reassembly, Deliver(SENDER, NOON, b"x", 4, PUSH)) == [whole(b"x", number=1)]
    assert take(reassembly, Deliver(SENDER, NOON, b"x", 0)) == [Whole(SENDER, 0, None, b"x", 1)]


def test_part_that_comes_twice_counts_once(reassembly):
    """Before the message is whole, and after."""
    one, two, three = parts()
    assert take(reassembly, one, one, two, two) == []
    assert take(reassembly, three) == [whole()]
    assert take(reassembly, one, two, three) == []
    assert len(reassembly) == 0


def test_late_duplicate_begins_anew_after_the_time(reassembly):
    """What is remembered of a message is as old as one may wait."""
    one, two, three = parts()
    take(reassembly, one, two, three)
    take(reassembly, one, now=301.0)
    assert len(reassembly) == 1


@pytest.mark.parametrize(
    "others",
    [
        parts(PAYLOAD[::-1], reference=2),
        parts(PAYLOAD[::-1], sender=OTHER),
        parts(PAYLOAD[::-1], wide=True),
        parts(PAYLOAD[::-1], header=(Ports(5000, 1),)),
        parts(PAYLOAD[::-1] + bytes(200)),
    ],
    ids=["reference", "sender", "width", "ports", "total"],
)
@pytest.mark.clause(
    "23.040 §9.2.3.24.1", "reassembly in any order, with duplicates, bounded in time and room"
)
def test_messages_that_differ_are_kept_apart(reassembly, others):
    """Reference, sender, width of the reference, ports and number of parts tell them apart."""
    mixed = [*parts(), *others]
    Random(1).shuffle(mixed)
    done = take(reassembly, *mixed)
    assert len(done) == 2
    assert whole() in done


def test_other_part_in_the_same_place_is_a_new_message(reassembly):
    """The sender has begun anew with a reference whose message never became whole."""
    old, new = parts(), parts(PAYLOAD[::-1])
    take(reassembly, old[0], old[1])
    done, abandoned = reassembly.take(new[0], 1.0)
    assert done is None
    assert abandoned == [Abandoned(SENDER, 1, 2, 3)]
    assert take(reassembly, new[1], new[2]) == [whole(PAYLOAD[::-1])]


def test_same_reference_again_after_a_whole_message(reassembly):
    """A next message may have the reference of the last."""
    take(reassembly, *parts())
    assert take(reassembly, *parts(PAYLOAD[::-1])) == [whole(PAYLOAD[::-1])]


def test_parts_are_given_up_in_time(reassembly):
    """The time runs from the first part; what comes later does not lengthen it."""
    one, two, three = parts()
    take(reassembly, one, now=10.0)
    take(reassembly, two, now=200.0)
    assert reassembly.next_timeout() == 310.0
    assert reassembly.expire(309.0) == []
    assert reassembly.expire(310.0) == [Abandoned(SENDER, 1, 2, 3)]
    assert take(reassembly, three, now=311.0) == []


def test_oldest_goes_when_there_are_too_many(reassembly):
    """There is a bound on messages."""
    abandoned = []
    for reference in range(MOST_MESSAGES + 2):
        abandoned += reassembly.take(parts(reference=reference)[0], reference)[1]
    assert [one.reference for one in abandoned] == [0, 1]
    assert len(reassembly) == MOST_MESSAGES


def test_oldest_goes_when_it_is_too_much(reassembly):
    """There is a bound on octets; the newest is kept whatever it has."""
    long = bytes(128 * 200)
    abandoned = []
    for reference in range(3):
        for part in parts(long, reference=reference)[:-1]:
            abandoned += reassembly.take(part, 0.0)[1]
    assert [one.reference for one in abandoned] == [0]
    assert 2 * 128 * 199 <= MOST_OCTETS < 3 * 128 * 199


def test_memory_of_whole_messages_is_bounded(reassembly):
    """The oldest is forgotten, and its duplicate would begin anew."""
    for reference in range(MOST_MESSAGES + 1):
        take(reassembly, *parts(reference=reference))
    take(reassembly, parts(reference=0)[0])
    assert len(reassembly) == 1
    take(reassembly, parts(reference=1)[0])
    assert len(reassembly) == 1


def test_last_concatenation_of_two_counts(reassembly):
    """As for any element that comes twice."""
    header = (Concatenation(9, 2, 1), Concatenation(1, 1, 1))
    done, _ = reassembly.take(Deliver(SENDER, NOON, b"x", 4, header), 0.0)
    assert done == Whole(SENDER, 4, None, b"x", 1)
