"""What ESMEs submit becomes messages, or a status that says why not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from corenet.interfaces.sms import tpdu
from corenet.interfaces.sms.address import SmsAddress, TypeOfNumber
from corenet.interfaces.sms.header import Concatenation, Ports
from testbed.codecs.smpp import (
    AbsoluteTime,
    CommandStatus,
    DataSm,
    DistributionList,
    Npi,
    RelativeTime,
    SmeAddress,
    SubmitMulti,
    SubmitSm,
    Ton,
)
from testbed.codecs.smpp import parameters as p
from testbed.smsc.message import Mode, NotSendableError, ShortMessage
from testbed.smsc.submission import Refused, Submission, read

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC).timestamp()
SERVICE = SmeAddress.international("447700900100")
ANN = SmeAddress.international("447700900123")
PORTS = bytes.fromhex("0605040B8423F0")
"""UDHL, then: 16-bit ports, destination 2948 (push), originator 9200 (wap-wsp)."""


def submit(**fields: object) -> SubmitSm:
    """Return a submit_sm for Ann."""
    defaults: dict[str, object] = {"source": SERVICE, "destination": ANN, "data_coding": 0xF5}
    return SubmitSm(**{**defaults, **fields})


def data(**fields: object) -> DataSm:
    """Return a data_sm for Ann."""
    defaults: dict[str, object] = {"source": SERVICE, "destination": ANN, "data_coding": 0xF5}
    return DataSm(**{**defaults, **fields})


def only(pdu: SubmitSm | DataSm | SubmitMulti) -> Submission:
    """Return the one submission that a PDU is."""
    (one,) = read(pdu, NOW, default=Mode.STORE_AND_FORWARD)
    return one


@pytest.mark.parametrize(
    ("esm_class", "mode"),
    [
        (0x00, Mode.STORE_AND_FORWARD),
        (0x01, Mode.DATAGRAM),
        (0x02, Mode.TRANSACTION),
        (0x03, Mode.STORE_AND_FORWARD),
    ],
)
def test_esm_class_says_the_mode(esm_class: int, mode: Mode) -> None:
    """Two bits choose datagram, transaction, or store and forward; 0 is the SMSC's default."""
    assert only(submit(esm_class=esm_class, short_message=b"x")).mode is mode


def test_a_header_comes_with_the_message() -> None:
    """With UDHI the message begins with its header, which every segment gets."""
    one = only(submit(esm_class=0x42, short_message=PORTS + b"push"))
    assert one.message.header == (Ports(2948, 9200),)
    assert one.message.payload == b"push"
    assert one.message.dcs == 0xF5
    assert one.message.source == SmsAddress("447700900100")
    assert one.message.destination == "447700900123"


def test_a_whole_push_comes_as_payload() -> None:
    """In message_payload there is room for all of it, and ports come by parameters."""
    push = bytes(range(256)) * 2
    pdu = data(
        esm_class=0x02,
        tlvs=(p.SOURCE_PORT(9200), p.DESTINATION_PORT(2948), p.MESSAGE_PAYLOAD(push)),
    )
    one = only(pdu)
    assert one.mode is Mode.TRANSACTION
    assert one.message.header == (Ports(2948, 9200),)
    assert one.message.payload == push


def test_an_esme_may_have_cut_the_message_itself() -> None:
    """The sar parameters become a concatenation with a wide reference."""
    sar = (p.SAR_MSG_REF_NUM(7), p.SAR_TOTAL_SEGMENTS(3), p.SAR_SEGMENT_SEQNUM(2))
    one = only(submit(short_message=b"x", tlvs=sar))
    assert one.message.header == (Concatenation(7, 3, 2, wide=True),)


def test_options_are_read() -> None:
    """Priority, protocol identifier, replacement, reference and the delivery pending flag."""
    one = only(
        submit(
            short_message=b"x",
            priority_flag=3,
            protocol_id=0x41,
            replace_if_present_flag=1,
            service_type="WAP",
            tlvs=(p.USER_MESSAGE_REFERENCE(77),),
        )
    )
    assert (one.priority, one.message.pid, one.replaces) == (3, 0x41, True)
    assert (one.service_type, one.user_reference, one.set_dpf) == ("WAP", 77, False)
    assert only(data(tlvs=(p.SET_DPF(1), p.MESSAGE_PAYLOAD(b"x")))).set_dpf


def test_each_destination_has_a_submission_of_its_own() -> None:
    """submit_multi is as many messages as it has destinations."""
    bob = SmeAddress.international("447700900124")
    pdu = SubmitMulti(source=SERVICE, destinations=(ANN, bob), data_coding=4, short_message=b"x")
    read_ones = read(pdu, NOW, default=Mode.DATAGRAM)
    assert [one.message.destination for one in read_ones] == ["447700900123", "447700900124"]


@pytest.mark.parametrize(
    ("coding", "octets", "dcs", "payload"),
    [
        (0x00, b"A\x1b\x65", 0x00, b"A\x1b\x65"),
        (0x01, b"at @", 0x00, b"at \x00"),
        (0x03, "Größe".encode("latin-1"), 0x00, b"Gr\x7c\x1ee"),
        (0x03, "ÿ".encode("latin-1"), 0x08, "ÿ".encode("utf-16-be")),
        (0x04, b"\xff", 0x04, b"\xff"),
        (0x02, b"\xff", 0x04, b"\xff"),
        (0x08, b"\x04\x10", 0x08, b"\x04\x10"),
        (0xF5, b"\xff", 0xF5, b"\xff"),
    ],
)
def test_data_coding_becomes_a_dcs(coding: int, octets: bytes, dcs: int, payload: bytes) -> None:
    """GSM's codings go as they are; other character sets become 7 bit, or UCS2 where they must."""
    message = only(submit(data_coding=coding, short_message=octets)).message
    assert (message.dcs, message.payload) == (dcs, payload)


def test_times_are_the_smscs() -> None:
    """Validity and schedule, absolute or relative, become seconds since 1970."""
    one = only(
        submit(
            short_message=b"x",
            schedule_delivery_time=RelativeTime.of(60),
            validity_period=AbsoluteTime.at(NOW + 3600),
        )
    )
    assert (one.scheduled, one.validity) == (NOW + 60, NOW + 3600)
    assert only(data(tlvs=(p.QOS_TIME_TO_LIVE(30),))).validity == NOW + 30
    past = submit(short_message=b"x", schedule_delivery_time=AbsoluteTime.at(NOW - 5))
    assert only(past).scheduled is None


def _with(**fields: object) -> Callable[[], SubmitSm]:
    return lambda: submit(**{"short_message": b"x", **fields})


S = CommandStatus


@pytest.mark.parametrize(
    ("make", "status"),
    [
        (_with(source=SmeAddress()), S.RINVSRCADR),
        (_with(source=SmeAddress("1", 9, 1)), S.RINVSRCTON),
        (_with(destination=SmeAddress("ann", Ton.UNKNOWN, Npi.ISDN)), S.RINVDSTADR),
        (_with(destination=SmeAddress("123", Ton.INTERNATIONAL, Npi.ISDN)), S.RINVDSTADR),
        (_with(destination=SmeAddress("447700900123", Ton.ALPHANUMERIC, 1)), S.RINVDSTTON),
        (_with(destination=SmeAddress("447700900123", 1, Npi.DATA)), S.RINVDSTNPI),
        (_with(tlvs=(p.MESSAGE_PAYLOAD(b"y"),)), S.RINVMSGLEN),
        (_with(sm_default_msg_id=1), S.RINVDFTMSGID),
        (_with(esm_class=0x40, short_message=b"\x06\x05"), S.RINVESMCLASS),
        (
            _with(esm_class=0x40, short_message=PORTS, tlvs=(p.DESTINATION_PORT(2948),)),
            S.ROPTPARNOTALLWD,
        ),
        (_with(tlvs=(p.SAR_MSG_REF_NUM(1),)), S.RMISSINGOPTPARAM),
        (
            _with(tlvs=(p.SAR_MSG_REF_NUM(1), p.SAR_TOTAL_SEGMENTS(2), p.SAR_SEGMENT_SEQNUM(3))),
            S.RINVOPTPARAMVAL,
        ),
        (_with(tlvs=(p.SOURCE_PORT(9200),)), S.RMISSINGOPTPARAM),
        (_with(data_coding=0x05), S.RSUBMITFAIL),
        (_with(data_coding=0x00, short_message=b"\xff"), S.RSUBMITFAIL),
        (_with(esm_class=0x02, schedule_delivery_time=RelativeTime.of(60)), S.RINVSCHED),
        (_with(validity_period=AbsoluteTime.at(NOW - 1)), S.RINVEXPIRY),
        (
            _with(schedule_delivery_time=RelativeTime.of(60), validity_period=RelativeTime.of(30)),
            S.RINVEXPIRY,
        ),
    ],
)
def test_a_submission_that_is_none_gets_its_status(
    make: Callable[[], SubmitSm], status: CommandStatus
) -> None:
    """Each fault has the command_status that the standard gives it."""
    with pytest.raises(Refused) as caught:
        read(make(), NOW, default=Mode.STORE_AND_FORWARD)
    assert caught.value.status is status
    assert str(caught.value)


def test_there_are_no_distribution_lists() -> None:
    """A list that nobody made cannot be sent to."""
    pdu = SubmitMulti(source=SERVICE, destinations=(DistributionList("all"),))
    with pytest.raises(Refused) as caught:
        read(pdu, NOW, default=Mode.DATAGRAM)
    assert caught.value.status is S.RINVDLNAME


def delivered(octets: bytes) -> tpdu.Deliver:
    """Return the SMS-DELIVER that octets are."""
    one = tpdu.decode(octets, uplink=False)
    assert isinstance(one, tpdu.Deliver)
    return one


def message(size: int, *, ports: bool = True) -> ShortMessage:
    """Return a message of octets, for the push client or for nobody."""
    return ShortMessage(
        source=SmsAddress("WAP", TypeOfNumber.ALPHANUMERIC, 0),
        destination="447700900123",
        payload=bytes(number % 251 for number in range(size)),
        header=(Ports(2948, 9200),) if ports else (),
        dcs=0xF5,
    )


@pytest.mark.parametrize(
    ("ports", "wide", "one", "each"),
    [
        (True, False, 133, 128),
        (True, True, 133, 127),
        (False, False, 140, 134),
        (False, True, 140, 133),
    ],
)
def test_segments_have_the_room_that_headers_leave(
    ports: bool, wide: bool, one: int, each: int
) -> None:
    """What fits goes as it is; else a reference of 8 or 16 bits takes its place in each segment."""
    whole = message(one, ports=ports).tpdus(lambda: 1, NOW, wide=wide)
    assert len(whole) == 1
    parts = [
        delivered(octets)
        for octets in message(one + 1, ports=ports).tpdus(lambda: 1, NOW, wide=wide)
    ]
    assert [len(part.payload) for part in parts] == [each, one + 1 - each]


def test_segments_say_that_more_are_to_come() -> None:
    """All but the last one have more messages to send; all have the same reference."""
    octets = message(300).tpdus(lambda: 9, NOW, wide=False)
    parts = [delivered(one) for one in octets]
    assert [part.more_messages for part in parts] == [True, True, False]
    assert [part.header[0] for part in parts] == [
        Concatenation(9, 3, number) for number in (1, 2, 3)
    ]
    assert b"".join(part.payload for part in parts) == message(300).payload


def test_a_segment_is_not_cut_again() -> None:
    """What an ESME has cut itself must fit."""
    long = ShortMessage(
        source=SmsAddress("1"),
        destination="447700900123",
        payload=bytes(141),
        header=(Concatenation(1, 2, 1),),
        dcs=4,
    )
    with pytest.raises(NotSendableError, match="longer"):
        long.tpdus(lambda: 1, NOW, wide=False)


def test_a_name_that_is_too_long_is_not_sendable() -> None:
    """A TPDU has room for eleven characters of a sender's name."""
    named = ShortMessage(
        source=SmsAddress("a" * 12, TypeOfNumber.ALPHANUMERIC, 0),
        destination="447700900123",
        payload=b"x",
    )
    with pytest.raises(NotSendableError, match="longer than 11"):
        named.tpdus(lambda: 1, NOW, wide=False)
