"""Short messages on a mobile, frame by frame: behaviours, memory, and hostile octets."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corenet.interfaces.sms import rp
from corenet.interfaces.sms.address import SmsAddress
from corenet.interfaces.sms.causes import CpCause, RpCause
from corenet.interfaces.sms.cp import CpAck, CpData, CpError, Transaction
from corenet.interfaces.sms.header import Concatenation
from corenet.interfaces.sms.rp import RpAck, RpData, RpError, RpSmma
from corenet.interfaces.sms.times import Timestamp
from corenet.interfaces.sms.tpdu import Deliver, DeliverReport, FailureCause, SubmitReport
from corenet.mobile.behaviour import Behaviour, SmsAnswer, SmsBehaviour
from corenet.mobile.config import MobileConfig
from corenet.mobile.events import ShortMessageNotSent, ShortMessageReceived, ShortMessageRefused
from corenet.mobile.population import Mobiles
from corenet.mobile.testing import CELLS, ScriptedNetwork

IMSI = "234150999999999"
CENTRE, SENDER = SmsAddress("447785016005"), SmsAddress("447709000123")
THEIRS, OURS = Transaction(0), Transaction(0, to_allocator=True)


def make():
    mobiles = Mobiles(cells=CELLS, random=Random(1))
    mobiles.add(MobileConfig(IMSI, "447700900123", service_centre="447785016005"))
    mobiles.start(1000.0)
    network = ScriptedNetwork(mobiles)
    network.attach(IMSI)
    return network, mobiles


@pytest.fixture
def pair():
    return make()


def text(words="Hello", **more):
    return Deliver(SENDER, Timestamp(1_700_000_000), words.encode(), 0, **more).encode()


def send(network, message, ti=THEIRS):
    octets = message if isinstance(message, bytes) else message.encode(uplink=False)
    network.say_cp(IMSI, CpData(ti, octets))


def heard(network):
    return [message for _, message in network.short_messages()]


def answer(network):
    """Return the RP message that the mobile sent last, and acknowledge it."""
    data = next(m for m in reversed(heard(network)) if isinstance(m, CpData))
    network.say_cp(IMSI, CpAck(data.transaction.mirrored))
    return rp.decode(data.user_data, uplink=True)


def behave(pair, answer, **more):
    network, mobiles = pair
    mobiles.set_sms_behaviour(IMSI, SmsBehaviour(SmsAnswer(answer), **more), network.now)


def test_message_is_taken(pair):
    """CP-ACK at once, RP-ACK with a report, the text on the screen."""
    network, mobiles = pair
    send(network, RpData(3, text(), originator=CENTRE))
    acknowledgement, data = heard(network)
    assert acknowledgement == CpAck(OURS)
    assert rp.decode(data.user_data, uplink=True) == RpAck(3, DeliverReport().encode())
    network.say_cp(IMSI, CpAck(THEIRS))
    assert network.events()[0] == ShortMessageReceived(IMSI, "+447709000123", 1, None, "Hello")
    (shown,) = mobiles.mobile(IMSI).shown
    assert (shown.kind, shown.text, shown.details["from"]) == ("SMS", "Hello", "+447709000123")
    network.wait(60)
    assert mobiles.next_timeout() is None


def test_delay_is_between_message_and_answer(pair):
    """The mobile thinks about it; CP-ACK is not its to delay."""
    network, _ = pair
    behave(pair, "accept", delay=4.0)
    send(network, RpData(3, text(), originator=CENTRE))
    assert heard(network) == [CpAck(OURS)]
    network.wait(3.9)
    assert heard(network) == []
    network.wait(0.2)
    assert isinstance(answer(network), RpAck)


def test_answer_is_not_given_to_what_was_given_up(pair):
    """The network has ended the transfer while the mobile thought."""
    network, mobiles = pair
    behave(pair, "accept", delay=4.0)
    send(network, RpData(3, text(), originator=CENTRE))
    network.say_cp(IMSI, CpError(THEIRS, CpCause.NETWORK_FAILURE))
    network.wait(5)
    assert heard(network) == [CpAck(OURS)]
    assert mobiles.mobile(IMSI).shown == ()


@pytest.mark.parametrize(
    ("behaviour", "expected"),
    [
        ("memory-full", RpError(3, 22, user_data=b"\x00\xd3\x00")),
        ("reject", RpError(3, 41)),
    ],
)
def test_message_is_refused(pair, behaviour, expected):
    """With the cause, and with the report that belongs to it."""
    network, mobiles = pair
    behave(pair, behaviour, cause=41)
    send(network, RpData(3, text(), originator=CENTRE))
    assert answer(network) == expected
    assert network.events()[0] == ShortMessageRefused(IMSI, expected.cause)
    assert mobiles.mobile(IMSI).shown == ()


def test_silent_mobile_says_nothing_at_all(pair):
    """Not even CP-ACK; it is counted."""
    network, mobiles = pair
    behave(pair, "silent")
    send(network, RpData(3, text(), originator=CENTRE))
    assert heard(network) == []
    assert mobiles.counters["short_messages_ignored"] == 1


@pytest.mark.parametrize(
    ("octets", "expected"),
    [
        (b"\x01\x05\x00", RpError(5, RpCause.INVALID_MANDATORY_INFORMATION)),
        (b"\x03\x05", RpError(5, RpCause.MESSAGE_NOT_COMPATIBLE_WITH_STATE)),
        (
            bytes.fromhex("01 05 00 00 01 04"),
            RpError(5, 111, user_data=DeliverReport(FailureCause.TPDU_NOT_SUPPORTED).encode()),
        ),
    ],
    ids=["RP", "no request", "TPDU"],
)
def test_what_cannot_be_taken_is_refused(pair, octets, expected):
    """The fault has its cause, in the layer where it is."""
    network, _ = pair
    send(network, octets)
    assert answer(network) == expected


def test_report_of_the_centre_is_no_message_to_a_mobile(pair):
    """It is taken, for a mobile has no use for it."""
    network, mobiles = pair
    send(network, RpData(3, SubmitReport(Timestamp(1_700_000_000)).encode(), originator=CENTRE))
    assert isinstance(answer(network), RpAck)
    assert mobiles.mobile(IMSI).shown == ()


def test_memory_notice_is_repeated_and_kept_for_later(pair):
    """Twice, TRAM apart; after that at the next attach."""
    network, mobiles = pair
    behave(pair, "memory-full")
    send(network, RpData(3, text(), originator=CENTRE))
    answer(network)
    behave(pair, "accept")
    notices = []
    for _ in range(2):
        notice = answer(network)
        assert isinstance(notice, RpSmma)
        notices.append(notice.reference)
        data = RpError(notice.reference, 38)
        send(network, data, Transaction(len(notices) - 1, to_allocator=True))
        network.wait(30)
    assert notices == [1, 2]
    network.wait(100)
    assert heard(network) == [CpAck(Transaction(1))]
    mobiles.detach(IMSI, network.now)
    mobiles.power_off(IMSI, network.now)
    mobiles.power_on(IMSI, network.now)
    network.attach(IMSI)
    assert isinstance(answer(network), RpSmma)


def test_memory_notice_waits_until_the_refusal_is_through(pair):
    """Else the refusal could arrive after it, and would be the last word."""
    network, _ = pair
    behave(pair, "memory-full")
    send(network, RpData(3, text(), originator=CENTRE))
    network.short_messages()
    behave(pair, "accept")
    assert heard(network) == []
    network.wait(9)
    network.say_cp(IMSI, CpAck(THEIRS))
    network.wait(2)
    assert isinstance(answer(network), RpSmma)


def test_memory_notice_outlasts_a_detach_before_its_repetition(pair):
    """What was to be said again after TRAM is said at the next attach."""
    network, mobiles = pair
    behave(pair, "memory-full")
    send(network, RpData(3, text(), originator=CENTRE))
    answer(network)
    behave(pair, "accept")
    notice = answer(network)
    send(network, RpError(notice.reference, 38), OURS)
    network.wait(5)
    mobiles.power_off(IMSI, network.now)
    mobiles.power_on(IMSI, network.now)
    network.short_messages()
    network.attach(IMSI)
    assert isinstance(answer(network), RpSmma)


def test_text_that_nobody_answers_is_given_up_at_tr1m(pair):
    """The network has acknowledged it, and then says nothing for forty seconds."""
    network, mobiles = pair
    mobiles.send_sms(IMSI, "+447700900999", "Hi", network.now)
    answer(network)
    network.wait(39)
    assert network.events() == []
    network.wait(2)
    (told,) = network.events()
    assert told == ShortMessageNotSent(IMSI, "+447700900999", None, "no answer")
    assert heard(network) == [CpError(THEIRS, CpCause.PROTOCOL_ERROR)]


def test_answer_with_another_reference_is_none(pair):
    """The text counts as not sent."""
    network, mobiles = pair
    mobiles.send_sms(IMSI, "+447700900999", "Hi", network.now)
    sent = answer(network)
    send(network, RpAck(sent.reference + 1), OURS)
    (told,) = [e for e in network.events() if isinstance(e, ShortMessageNotSent)]
    assert (told.cause, told.text) == (None, "refused by the network")


def test_unread_answer_is_none(pair):
    """So it is with one that cannot be read."""
    network, mobiles = pair
    mobiles.send_sms(IMSI, "+447700900999", "Hi", network.now)
    answer(network)
    send(network, b"\x03", OURS)
    assert [e for e in network.events() if isinstance(e, ShortMessageNotSent)]


def test_behaviours_are_checked_and_have_words():
    """Causes have seven bits; nobody answers before he is asked."""
    assert str(SmsBehaviour(SmsAnswer.REJECT, 22)) == (
        "reject with memory capacity exceeded (rp 22)"
    )
    assert str(SmsBehaviour(SmsAnswer.MEMORY_FULL)) == "memory-full"
    assert str(Behaviour.silent()) == "silent"
    with pytest.raises(ValueError, match="seven bits"):
        SmsBehaviour(cause=128)
    with pytest.raises(ValueError, match="negative"):
        SmsBehaviour(delay=-1)


frames = st.one_of(
    st.builds(lambda b: b"\x09" + b, st.binary(max_size=40)),
    st.builds(
        lambda ti, flag, data: CpData(Transaction(ti, flag), data).encode(),
        st.integers(0, 2),
        st.booleans(),
        st.binary(max_size=60)
        | st.builds(lambda b: b"\x01\x05\x00\x00\x20" + b, st.binary(min_size=32, max_size=32))
        | st.builds(
            lambda ref, total, number, payload: RpData(
                ref,
                Deliver(
                    SENDER,
                    Timestamp(1_700_000_000),
                    payload,
                    4,
                    (Concatenation(ref, total, min(number, total)),),
                ).encode(),
            ).encode(uplink=False),
            st.integers(0, 3),
            st.integers(1, 3),
            st.integers(1, 3),
            st.binary(max_size=10),
        ),
    ),
)


@settings(max_examples=150)
@given(st.lists(st.tuples(frames, st.floats(0, 100)), max_size=15))
def test_nothing_that_comes_raises(course):
    """Any octets at any time; in the end no timer is left."""
    network, mobiles = make()
    for frame, wait in course:
        network.say_cp(IMSI, frame)
        network.wait(wait)
    network.wait(1000)
    assert mobiles.next_timeout() is None
