"""Short messages at the SGSN: what HLR and mobile say wrongly, late, or in each other's way."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corenet.interfaces.gsup import GsupMessage, MessageType, SmAlertReason, SmRpAddress
from corenet.interfaces.nas import gmm
from corenet.interfaces.node import Interface
from corenet.interfaces.sms import rp
from corenet.interfaces.sms.address import SmsAddress
from corenet.interfaces.sms.causes import CpCause, RpCause
from corenet.interfaces.sms.cp import CpAck, CpData, CpError, Transaction
from corenet.interfaces.sms.rp import RpAck, RpData, RpError, RpSmma
from corenet.interfaces.sms.tpdu import DeliverReport, FailureCause
from corenet.sgsn.events import (
    ShortMessageDelivered,
    ShortMessageNotDelivered,
    ShortMessageNotSubmitted,
    ShortMessageSubmitted,
)

IMSI = "234150999999999"
CENTRE = SmsAddress("447785016005")
TPDU = bytes.fromhex("440c9144779000103200f522110121436500100b05040b8423f00003010201010601ae")
OURS, THEIRS = Transaction(0), Transaction(0, to_allocator=True)
REQUEST = GsupMessage(
    MessageType.MT_FORWARD_SM_REQUEST,
    IMSI,
    sm_rp_mr=9,
    sm_rp_da=SmRpAddress.imsi(IMSI),
    sm_rp_oa=SmRpAddress.service_centre("447785016005"),
    sm_rp_ui=TPDU,
    source_name=b"smsc",
)


def say(around, message):
    around.say_octets(message.encode(), sapi=7)


def relay(around, message, ti=THEIRS):
    """Let the mobile send an RP message in a transaction."""
    say(around, CpData(ti, message.encode(uplink=True)))


def answered(around):
    """Take the network's RP answer, and acknowledge it."""
    assert isinstance(around.heard(CpAck), CpAck)
    data = around.heard(CpData)
    say(around, CpAck(data.transaction.mirrored))
    return rp.decode(data.user_data, uplink=False)


def test_message_goes_as_rp_data_and_the_ack_comes_back_as_result(attached):
    """Reference, service centre and TPDU are the HLR's; so is the name the answer is for."""
    attached.from_hlr(REQUEST)
    data = attached.heard(CpData)
    assert data.transaction == OURS
    assert rp.decode(data.user_data, uplink=False) == RpData(9, TPDU, originator=CENTRE)
    say(attached, CpAck(THEIRS))
    relay(attached, RpAck(9, DeliverReport().encode()))
    attached.heard(CpAck)
    result = attached.told_hlr(MessageType.MT_FORWARD_SM_RESULT)
    assert (result.imsi, result.sm_rp_mr, result.sm_rp_ui) == (IMSI, 9, None)
    assert result.destination_name == b"smsc"
    assert attached.events() == [ShortMessageDelivered(IMSI, 9)]
    assert attached.sgsn.under_way["short messages"] == 0
    attached.run(60)
    assert attached.sgsn.next_timeout() is None


def test_report_that_says_more_comes_back(attached):
    """A TPDU beside the RP cause is the service centre's to read."""
    attached.from_hlr(REQUEST)
    report = DeliverReport(FailureCause.SIM_STORAGE_FULL).encode()
    relay(attached, RpError(9, 22, user_data=report))
    error = attached.told_hlr(MessageType.MT_FORWARD_SM_ERROR)
    assert (error.cause, error.sm_rp_cause, error.sm_rp_ui) == (None, 22, report)
    attached.from_hlr(REQUEST)
    attached.to_mobiles.clear()
    relay(attached, RpAck(9, b"\x00\x01\x7f"), Transaction(1, to_allocator=True))
    assert attached.told_hlr(MessageType.MT_FORWARD_SM_RESULT).sm_rp_ui == b"\x00\x01\x7f"


@pytest.mark.parametrize(
    "octets",
    [b"\x02", RpAck(8).encode(uplink=True), RpSmma(9).encode(), b"\x04\x09\x00"],
    ids=["short", "reference", "no answer", "no cause"],
)
def test_answer_that_is_none_is_a_protocol_error(attached, octets):
    """What the mobile answers with has to answer this message."""
    attached.from_hlr(REQUEST)
    say(attached, CpData(THEIRS, octets))
    error = attached.told_hlr(MessageType.MT_FORWARD_SM_ERROR)
    assert (error.cause, error.sm_rp_cause) == (111, RpCause.PROTOCOL_ERROR)


@pytest.mark.parametrize(
    "changes",
    [
        {"sm_rp_mr": None},
        {"sm_rp_ui": None},
        {"sm_rp_ui": bytes(165)},
        {"sm_rp_oa": None},
        {"sm_rp_oa": SmRpAddress.imsi(IMSI)},
    ],
)
def test_request_that_lacks_something_is_refused(attached, changes):
    """No frame is sent."""
    attached.from_hlr(replace(REQUEST, **changes))
    error = attached.told_hlr(MessageType.MT_FORWARD_SM_ERROR)
    assert (error.cause, error.sm_rp_cause) == (96, 96)
    assert attached.silent()


def test_message_for_nobody_is_refused(attached):
    """The SGSN has no such subscriber."""
    attached.from_hlr(replace(REQUEST, imsi="234150000000000"))
    error = attached.told_hlr(MessageType.MT_FORWARD_SM_ERROR)
    assert (error.cause, error.sm_rp_cause) == (9, RpCause.UNIDENTIFIED_SUBSCRIBER)


def test_suspended_mobile_is_absent_until_it_resumes(attached):
    """In a circuit-switched call it cannot be sent anything; the HLR hears of its end."""
    attached.command("suspend", IMSI)
    attached.from_hlr(REQUEST)
    assert attached.told_hlr(MessageType.MT_FORWARD_SM_ERROR).sm_rp_cause == 27
    attached.command("resume", IMSI)
    ready = attached.told_hlr(MessageType.READY_FOR_SM_REQUEST)
    assert ready.sm_alert_reason is SmAlertReason.MS_PRESENT


def test_same_request_is_joined_and_another_is_refused(attached):
    """The HLR is a peer like any other: it may repeat itself."""
    attached.from_hlr(REQUEST)
    attached.from_hlr(REQUEST)
    assert not attached.gsup
    attached.from_hlr(replace(REQUEST, sm_rp_ui=b"\x04"))
    assert attached.told_hlr(MessageType.MT_FORWARD_SM_ERROR).sm_rp_cause == 98
    attached.heard(CpData)
    assert attached.silent()
    assert attached.sgsn.counters["short_messages_duplicate"] == 1


def test_cp_error_is_a_protocol_error(attached):
    """The mobile gives the transfer up."""
    attached.from_hlr(REQUEST)
    say(attached, CpError(THEIRS, CpCause.NETWORK_FAILURE))
    assert attached.told_hlr(MessageType.MT_FORWARD_SM_ERROR).sm_rp_cause == 111
    (event,) = attached.events(ShortMessageNotDelivered)
    assert event.text == "CP-ERROR"


def test_message_waits_for_the_mobile_to_attach(around):
    """The HLR may have told the service centre before Attach Complete is here."""
    around.say(gmm.AttachRequest(gmm.MobileIdentity(imsi=IMSI)))
    around.heard(gmm.AttachAccept)
    around.from_hlr(REQUEST)
    assert around.silent()
    around.say(gmm.AttachComplete())
    around.heard(CpData)
    relay(around, RpAck(9))
    around.gsup.popleft()
    around.told_hlr(MessageType.INSERT_SUBSCRIBER_DATA_RESULT)
    around.told_hlr(MessageType.MT_FORWARD_SM_RESULT)


def test_message_waits_in_vain_for_an_attach(around):
    """Without Attach Complete the mobile was never there."""
    around.say(gmm.AttachRequest(gmm.MobileIdentity(imsi=IMSI)))
    around.from_hlr(REQUEST)
    around.gsup.clear()
    around.run(31)
    error = around.told_hlr(MessageType.MT_FORWARD_SM_ERROR)
    assert (error.cause, error.sm_rp_cause) == (10, 27)
    assert around.sgsn.under_way["short messages"] == 0
    assert around.sgsn.next_timeout() is None


def test_message_waits_in_vain_for_the_hlr(around):
    """Nor is a mobile there that is refused."""
    around.hlr_answers = False
    around.say(gmm.AttachRequest(gmm.MobileIdentity(imsi=IMSI)))
    around.from_hlr(REQUEST)
    around.gsup.clear()
    around.run(11)
    assert around.told_hlr(MessageType.MT_FORWARD_SM_ERROR).cause == 10


def test_mobile_attaching_anew_drops_what_was_under_way(attached):
    """It has forgotten all of it."""
    attached.from_hlr(REQUEST)
    attached.restart_numbering()
    attached.run(5)
    attached.say(gmm.AttachRequest(gmm.MobileIdentity(imsi=IMSI)))
    error = attached.told_hlr(MessageType.MT_FORWARD_SM_ERROR)
    assert (error.cause, error.sm_rp_cause) == (10, 27)


def test_stopping_says_farewell_to_the_hlr(attached):
    """Service centres need not wait for the timeout."""
    attached.from_hlr(REQUEST)
    attached.sgsn.stop(attached.now)
    attached.collect()
    assert attached.told_hlr(MessageType.MT_FORWARD_SM_ERROR).cause == 10


# From the mobile


def test_submission_goes_to_the_hlr_and_its_result_back(attached):
    """With the number that the subscription has; the report of the centre comes along."""
    relay(attached, RpData(5, b"\x01\x00", destination=CENTRE), OURS)
    request = attached.told_hlr(MessageType.MO_FORWARD_SM_REQUEST)
    assert request.sm_rp_da == SmRpAddress.service_centre("447785016005")
    assert request.sm_rp_oa == SmRpAddress.msisdn("447700900123")
    assert (request.sm_rp_mr, request.sm_rp_ui) == (5, b"\x01\x00")
    assert attached.sgsn.under_way["short messages"] == 1
    result = GsupMessage(MessageType.MO_FORWARD_SM_RESULT, IMSI, sm_rp_mr=5, sm_rp_ui=b"\x01")
    attached.from_hlr(result)
    assert answered(attached) == RpAck(5, b"\x01")
    assert attached.events() == [ShortMessageSubmitted(IMSI, 5)]


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        ({"sm_rp_cause": 50}, 50),
        ({"sm_rp_cause": 0xAF}, 0x2F),
        ({"cause": 17}, RpCause.NETWORK_OUT_OF_ORDER),
        ({"sm_rp_cause": 50, "sm_rp_ui": bytes(240)}, 50),
    ],
)
def test_submission_that_is_refused(attached, error, cause):
    """The RP cause goes on; where there is none it is the network's; a report must fit."""
    relay(attached, RpData(5, b"\x01\x00", destination=CENTRE), OURS)
    attached.from_hlr(GsupMessage(MessageType.MO_FORWARD_SM_ERROR, IMSI, sm_rp_mr=5, **error))
    assert answered(attached) == RpError(5, cause)
    assert attached.events(ShortMessageNotSubmitted)


def test_submission_that_nobody_answers(attached):
    """Network out of order, before TR2N."""
    relay(attached, RpData(5, b"\x01\x00", destination=CENTRE), OURS)
    attached.run(11)
    assert answered(attached) == RpError(5, RpCause.NETWORK_OUT_OF_ORDER)


def test_submission_without_a_destination_is_refused(attached):
    """There is no service centre to send it to."""
    relay(attached, RpData(5, b"\x01"), OURS)
    assert answered(attached) == RpError(5, RpCause.INVALID_MANDATORY_INFORMATION)
    assert not attached.gsup


def test_submissions_beyond_the_limit_are_congestion(surrounding):
    """RP cause 42."""
    around = surrounding(max_short_messages=0)
    around.attach()
    relay(around, RpData(5, b"\x01", destination=CENTRE), OURS)
    assert answered(around) == RpError(5, RpCause.CONGESTION)


@pytest.mark.parametrize(
    ("octets", "answer"),
    [
        (b"\x00\x05\x00", RpError(5, RpCause.INVALID_MANDATORY_INFORMATION)),
        (b"\x07\x05", RpError(5, RpCause.MESSAGE_TYPE_UNKNOWN)),
        (b"\x02\x05", RpError(5, RpCause.MESSAGE_NOT_COMPATIBLE_WITH_STATE)),
        (bytes.fromhex("00 05 00 02d141 01 01"), RpError(5, 96)),
        (bytes.fromhex("00 05 00 0d91") + bytes(12) + b"\x01\x01", RpError(5, 96)),
    ],
    ids=["short", "type", "no request", "name", "long number"],
)
@pytest.mark.clause("24.011 §9.2, §9.3", "unknown and erroneous messages")
def test_beginning_that_is_none_is_refused(attached, octets, answer):
    """RP-ERROR with the cause."""
    say(attached, CpData(OURS, octets))
    assert answered(attached) == answer


def test_beginning_without_a_reference_is_left_to_time(attached):
    """There is nothing to answer; TR2N ends it with CP-ERROR."""
    say(attached, CpData(OURS, b""))
    attached.heard(CpAck)
    attached.run(16)
    attached.heard(CpError)
    attached.run(60)
    assert attached.sgsn.next_timeout() is None


@pytest.mark.parametrize(("granted", "answer"), [(True, RpAck(6)), (False, RpError(6, 38))])
def test_memory_available_is_told_to_the_hlr(attached, granted, answer):
    """RP-SMMA becomes Ready for SM."""
    relay(attached, RpSmma(6), OURS)
    request = attached.told_hlr(MessageType.READY_FOR_SM_REQUEST)
    assert request.sm_alert_reason is SmAlertReason.MEMORY_AVAILABLE
    kind = request.type.result if granted else request.type.error
    cause = None if granted else 17
    attached.from_hlr(GsupMessage(kind, IMSI, sm_rp_mr=6, cause=cause))
    assert answered(attached) == answer


def test_frame_that_cannot_be_read_leaves_nothing(attached):
    """It is counted; nothing is kept of it."""
    attached.say_octets(b"\x09\x05", sapi=7)
    attached.heard(CpError)
    assert attached.sgsn.counters["cp_errors"] == 1
    assert attached.sgsn.next_timeout() is None


def test_detached_mobile_is_sent_away(around):
    """Who is not attached speaks to nobody."""
    around.say_octets(CpAck(OURS).encode(), sapi=7)
    around.heard(gmm.DetachRequestDownlink)


texts = st.binary(max_size=60)


@settings(max_examples=150)
@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("frame"), st.builds(lambda b: b"\x09" + b, texts)),
            st.tuples(
                st.just("data"),
                st.builds(
                    lambda ti, flag, data: CpData(Transaction(ti, flag), data).encode(),
                    st.integers(0, 2),
                    st.booleans(),
                    st.one_of(texts, st.builds(lambda b: b"\x00\x05\x00" + b, texts)),
                ),
            ),
            st.tuples(
                st.just("gsup"),
                st.builds(
                    lambda kind, more: (
                        bytes((kind,)) + bytes.fromhex("010832140599999999f9") + more
                    ),
                    st.sampled_from([0x24, 0x25, 0x26, 0x28, 0x29, 0x2A, 0x2C, 0x2D, 0x2E]),
                    st.one_of(
                        texts,
                        st.builds(lambda b: REQUEST.encode()[11:] + b, st.binary(max_size=6)),
                    ),
                ),
            ),
            st.tuples(st.just("wait"), st.just(b"")),
        ),
        max_size=12,
    )
)
def test_nothing_that_comes_raises(surrounding, course):
    """Any octets from mobile and HLR in any order; in the end nothing is left."""
    around = surrounding()
    around.attach()
    for where, octets in course:
        if where == "wait":
            around.run(9)
        elif where == "gsup":
            around.give(Interface.GR, octets, around.config.hlr)
        else:
            around.say_octets(octets, sapi=7)
    around.run(500)
    assert around.sgsn.under_way["short messages"] == 0
    assert around.sgsn.next_timeout() is None
