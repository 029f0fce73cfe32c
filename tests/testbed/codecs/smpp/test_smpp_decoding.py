"""What is wrong with a PDU is named: the PDU, the field, the octet, and the status to answer."""

from __future__ import annotations

from typing import Any

import pytest

from testbed.codecs.smpp import (
    AlertNotification,
    BindTransceiver,
    BindTransceiverResp,
    CancelSm,
    CommandStatus,
    DataSm,
    DataSmResp,
    DeliverSm,
    DeliverSmResp,
    DistributionList,
    EnquireLink,
    Framer,
    FramingError,
    GenericNack,
    LocalProtocolError,
    MessageState,
    NetworkErrorCode,
    Outbind,
    Pdu,
    QuerySm,
    QuerySmResp,
    RelativeTime,
    RemoteProtocolError,
    ReplaceSm,
    SmeAddress,
    SubmitMulti,
    SubmitMultiResp,
    SubmitSm,
    SubmitSmResp,
    Unbind,
    Unsuccessful,
    answer_to,
    decode,
    encode,
    response_to,
    status_text,
)
from testbed.codecs.smpp import parameters as p
from testbed.codecs.smpp.constants import CommandId

S = CommandStatus
SUBMIT = SubmitSm(
    service_type="WAP",
    source=SmeAddress.international("447700900100"),
    destination=SmeAddress.international("447700900123"),
    short_message=b"hello",
)


def framed(command: int, body: bytes, status: int = 0, sequence: int = 7) -> bytes:
    head = (16 + len(body), command, status, sequence)
    return b"".join(number.to_bytes(4) for number in head) + body


def refusal(octets: bytes) -> RemoteProtocolError:
    with pytest.raises(RemoteProtocolError) as caught:
        decode(octets)
    return caught.value


# A submit_sm by its fields, to break them one by one.
FIELDS: list[tuple[str, bytes]] = [
    ("service_type", b"WAP\0"),
    ("source", b"\x01\x01447700900100\0"),
    ("destination", b"\x01\x01447700900123\0"),
    ("esm_class", b"\x02"),
    ("protocol_id", b"\0"),
    ("priority_flag", b"\x01"),
    ("schedule_delivery_time", b"\0"),
    ("validity_period", b"000001000000000R\0"),
    ("registered_delivery", b"\0"),
    ("replace_if_present_flag", b"\0"),
    ("data_coding", b"\xf5"),
    ("sm_default_msg_id", b"\0"),
    ("short_message", b"\x05hello"),
]


def broken(name: str, octets: bytes) -> bytes:
    return b"".join(octets if field == name else good for field, good in FIELDS)


@pytest.mark.parametrize(
    ("name", "octets", "status"),
    [
        ("service_type", b"TOOLONG\0", S.RINVSERTYP),
        ("source", b"\x01\x01" + b"1" * 21 + b"\0", S.RINVSRCADR),
        ("destination", b"\x01\x01" + b"1" * 21 + b"\0", S.RINVDSTADR),
        ("priority_flag", b"\x04", S.RINVPRTFLG),
        ("schedule_delivery_time", b"tomorrow\0", S.RINVSCHED),
        ("schedule_delivery_time", b"261301000000000+\0", S.RINVSCHED),
        ("schedule_delivery_time", b"261122000000049+\0", S.RINVSCHED),
        ("validity_period", b"000001000000000X\0", S.RINVEXPIRY),
        ("validity_period", b"0" * 20 + b"\0", S.RINVEXPIRY),
        ("replace_if_present_flag", b"\x02", S.RINVREPFLAG),
        ("short_message", b"\xff" + b"x" * 255, S.RINVMSGLEN),
        ("short_message", b"\x06hello", S.RINVMSGLEN),
    ],
)
@pytest.mark.clause("SMPP 3.4 §5.1.3", "each field's own status")
def test_a_field_that_is_no_value_is_answered_with_its_status(
    name: str, octets: bytes, status: CommandStatus
) -> None:
    """Each field of submit_sm has the status that SMPP 3.4 gives it."""
    names = [field for field, _ in FIELDS]
    before = b"".join(good for _, good in FIELDS[: names.index(name)])
    error = refusal(framed(4, broken(name, octets)))
    assert (error.pdu, error.field, error.status) == ("submit_sm", name, status)
    start = 16 + len(before) + 1
    assert error.octet is not None
    assert start <= error.octet <= start + 2
    answer = answer_to(error)
    assert answer == SubmitSmResp(status=status)
    assert status.spelling in str(error)
    assert f"submit_sm.{name}: " in str(error)


@pytest.mark.parametrize("fields", range(len(FIELDS)))
def test_a_pdu_that_ends_early_has_a_wrong_length(fields: int) -> None:
    """A body cut off between two fields is answered with ESME_RINVCMDLEN."""
    body = b"".join(octets for _, octets in FIELDS[:fields])
    error = refusal(framed(4, body))
    assert (error.status, error.field) == (S.RINVCMDLEN, FIELDS[fields][0])
    assert error.octet == 16 + len(body) + 1


@pytest.mark.parametrize(
    ("command", "body", "field", "status"),
    [
        (9, b"x" * 16 + b"\0", "system_id", S.RINVSYSID),
        (9, b"esme\0" + b"x" * 9 + b"\0", "password", S.RINVPASWD),
        (9, b"esme\0secret\0" + b"x" * 13 + b"\0", "system_type", S.RINVSYSTYP),
        (9, b"esme\0secret\0\0\x34\0\0" + b"x" * 41 + b"\0", "address_range", S.RBINDFAIL),
        (3, b"x" * 65 + b"\0", "message_id", S.RINVMSGID),
        (0x21, b"\0\0\0\0\0", "destinations", S.RINVNUMDESTS),
        (0x21, b"\0\0\0\0\xff", "destinations", S.RINVNUMDESTS),
        (0x21, b"\0\0\0\0\x01\x03", "destinations", S.RINVDESTFLAG),
        (0x21, b"\0\0\0\0\x01\x01\x01\x01" + b"1" * 22, "destinations", S.RINVDSTADR),
        (0x21, b"\0\0\0\0\x01\x02" + b"1" * 22, "destinations", S.RINVDLNAME),
        (0x21, b"\0\0\0\0\x02\x02list\0\x01", "destinations", S.RINVCMDLEN),
        (0x80000021, b"id\0\x01\x01\x01123\0\0\0", "unsuccessful", S.RINVCMDLEN),
    ],
)
def test_other_pdus_name_their_fields_too(
    command: int, body: bytes, field: str, status: CommandStatus
) -> None:
    """Binds, queries and the lists of submit_multi say what is wrong with them."""
    error = refusal(framed(command, body))
    assert (error.field, error.status) == (field, status)


@pytest.mark.parametrize(
    ("part", "field", "status"),
    [
        (b"\x02\x0b\x00", "", S.RINVOPTPARSTREAM),
        (b"\x02\x0b\x00\x02\x0b", "destination_port", S.RINVOPTPARSTREAM),
        (b"\x99\x99\x00\x02\x0b", "parameter 0x9999", S.RINVOPTPARSTREAM),
        (b"\x02\x0b\x00\x01\x0b", "destination_port", S.RINVPARLEN),
        (b"\x04\x23\x00\x02\x03\x00", "network_error_code", S.RINVPARLEN),
        (b"\x00\x1e\x00\x03abc", "receipted_message_id", S.RINVOPTPARAMVAL),
        (b"\x00\x1e\x00\x00", "receipted_message_id", S.RINVPARLEN),
        (b"\x04\x21\x00\x01\x02", "set_dpf", S.RINVOPTPARAMVAL),
        (b"\x13\x0c\x00\x01\x00", "alert_on_message_delivery", S.RINVPARLEN),
    ],
)
def test_a_broken_optional_part_says_how(part: bytes, field: str, status: CommandStatus) -> None:
    """A stream of parameters that breaks off differs from a length and from a value."""
    good = encode(DataSm(tlvs=(p.SOURCE_PORT(9200),)), 7)
    octets = (len(good) + len(part)).to_bytes(4) + good[4:] + part
    error = refusal(octets)
    assert (error.pdu, error.field, error.status) == ("data_sm", field, status)
    assert error.octet is not None
    assert error.octet > len(good)
    assert answer_to(error) == DataSmResp(status=status)


@pytest.mark.clause("SMPP 3.4 §3.3", "what is unknown or not expected is ignored")
def test_what_is_not_expected_or_not_known_is_kept_and_means_nothing() -> None:
    """SMPP 3.4 §3.3: such parameters are ignored, whatever their length."""
    octets = encode(QuerySm(message_id="1"), 7) + bytes.fromhex("020b 0001 0b  1400 0003 616263")
    octets = len(octets).to_bytes(4) + octets[4:]
    pdu = decode(octets).pdu
    assert pdu.tlvs == (p.Tlv(0x020B, b"\x0b"), p.Tlv(0x1400, b"abc"))
    assert pdu.get(p.DESTINATION_PORT) is None
    assert encode(pdu, 7) == octets


def test_a_message_in_two_places_is_refused() -> None:
    """short_message and message_payload exclude each other (SMPP 3.4 §5.3.2.32)."""
    good = encode(SUBMIT, 7)
    part = b"\x04\x24\x00\x01x"
    error = refusal((len(good) + len(part)).to_bytes(4) + good[4:] + part)
    assert (error.status, error.field) == (S.ROPTPARNOTALLWD, "message_payload")
    with pytest.raises(LocalProtocolError, match="there is a short_message"):
        encode(SubmitSm(short_message=b"x", tlvs=(p.MESSAGE_PAYLOAD(b"y"),)), 1)


def test_an_unknown_command_is_answered_with_generic_nack() -> None:
    """SMPP 3.4 §3.3: ESME_RINVCMDID, with the sequence number of what came."""
    error = refusal(framed(0x0000_0111, b"whatever"))
    assert (error.status, error.sequence, error.pdu) == (S.RINVCMDID, 7, "")
    assert answer_to(error) == GenericNack(status=S.RINVCMDID)


def test_an_unknown_response_is_not_answered() -> None:
    """Two entities must not nack each other for ever."""
    assert answer_to(refusal(framed(0x8000_0111, b""))) is None
    assert answer_to(refusal(framed(0x8000_0004, b"no NUL"))) is None


def test_a_header_that_lies_breaks_the_framing() -> None:
    """A length that is not the PDU's is answered with ESME_RINVCMDLEN."""
    octets = encode(EnquireLink(), 9)
    for wrong in (octets[:15], octets + b"x"):
        error = refusal(wrong)
        assert isinstance(error, FramingError)
        assert answer_to(error) == GenericNack(status=S.RINVCMDLEN)


def test_a_stream_breaks_where_a_length_is_none() -> None:
    """Too short at once; too long once the header is there, with its sequence number."""
    short = Framer()
    short.add(b"\0\0\0\x0f")
    with pytest.raises(FramingError) as caught:
        short.take()
    assert caught.value.sequence == 0
    long = Framer(largest=100)
    octets = b"\0\0\0\x65" + encode(EnquireLink(), 9)[4:]
    long.add(octets[:15])
    assert long.take() is None
    long.add(octets[15:])
    with pytest.raises(FramingError) as caught:
        long.take()
    assert (caught.value.sequence, caught.value.command_id) == (9, CommandId.ENQUIRE_LINK)


@pytest.mark.parametrize(
    "response",
    [
        SubmitSmResp(status=S.RTHROTTLED),
        BindTransceiverResp(status=S.RINVPASWD),
        DataSmResp(status=S.RDELIVERYFAILURE),
        QuerySmResp(status=S.RQUERYFAIL),
    ],
)
def test_an_error_with_nothing_to_say_has_no_body(response: Pdu) -> None:
    """SMPP 3.4 §4.1.2, §4.4.2: the body is not returned with an error."""
    octets = encode(response, 1)
    assert len(octets) == 16
    assert decode(octets).pdu == response


def test_a_failed_transaction_says_why() -> None:
    """data_sm_resp has its message_id and the reasons also with an error (SMPP 3.4 §4.7.2)."""
    response = DataSmResp(
        status=S.RDELIVERYFAILURE,
        message_id="0002",
        tlvs=(p.DELIVERY_FAILURE_REASON(0), p.NETWORK_ERROR_CODE(NetworkErrorCode(3, 6))),
    )
    octets = bytes.fromhex("0000002180000103000000fe000000043030303200042500010004230003030006")
    assert encode(response, 4) == octets
    decoded = decode(octets).pdu
    assert decoded == response
    assert decoded.get(p.NETWORK_ERROR_CODE) == NetworkErrorCode(3, 6)


def test_a_response_without_a_body_is_taken() -> None:
    """Many entities answer deliver_sm with a header only."""
    assert decode(framed(0x8000_0005, b"")).pdu == DeliverSmResp()


@pytest.mark.parametrize(
    ("pdu", "reason"),
    [
        (SubmitSm(service_type="TOOLONG"), "service_type.*longer than 5"),
        (SubmitSm(source=SmeAddress("1" * 21)), "source.*longer than 20"),
        (SubmitSm(source=SmeAddress("1", 256)), "source"),
        (SubmitSm(short_message=bytes(255)), "short_message.*longer than 254"),
        (SubmitSm(priority_flag=4), "priority_flag.*not 0 to 3"),
        (SubmitSm(validity_period=RelativeTime(days=100)), "validity_period.*two digits"),
        (SubmitSm(tlvs=(p.Tlv(0x424, bytes(65_536)),)), "tlvs.*65536 octets"),
        (BindTransceiver(system_id="a\0b"), "system_id.*NUL"),
        (BindTransceiver(system_id="€"), "system_id"),
        (SubmitMulti(), "destinations.*not 1 to 254"),
        (SubmitMulti(destinations=(DistributionList("x"),) * 255), "not 1 to 254"),
        (SubmitMultiResp(unsuccessful=(Unsuccessful(SmeAddress(), 1),) * 255), "more than 254"),
        (SubmitSmResp(status=-1), "status -1"),
    ],
)
def test_what_smpp_cannot_express_is_our_callers_fault(pdu: Pdu, reason: str) -> None:
    """The encoder names the PDU and the field."""
    with pytest.raises(LocalProtocolError, match=reason) as caught:
        encode(pdu, 1)
    assert str(caught.value).startswith(pdu.COMMAND.spelling)


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        (p.DESTINATION_PORT, 65_536),
        (p.SET_DPF, 2),
        (p.SOURCE_SUBADDRESS, b"x"),
        (p.RECEIPTED_MESSAGE_ID, "x" * 65),
        (p.RECEIPTED_MESSAGE_ID, "a\0b"),
    ],
)
def test_a_parameter_refuses_what_is_no_value_of_it(
    parameter: p.Parameter[Any], value: object
) -> None:
    """An optional parameter checks its value where it is made."""
    with pytest.raises(LocalProtocolError, match=parameter.name):
        parameter(value)


def test_a_message_is_found_wherever_it_is() -> None:
    """message_payload stands in for short_message."""
    payload = p.MESSAGE_PAYLOAD(b"long")
    assert SUBMIT.user_data == b"hello"
    assert SubmitSm(tlvs=(payload,)).user_data == b"long"
    assert DataSm(tlvs=(payload,)).user_data == b"long"
    assert DataSm().user_data == b""
    assert DeliverSm(tlvs=(payload,)).without_tlvs() == DeliverSm()


def test_requests_know_their_responses() -> None:
    """Each request but outbind and alert_notification has a response."""
    assert response_to(CommandId.SUBMIT_SM, 8) == SubmitSmResp(status=8)
    assert response_to(Outbind.COMMAND, 8) is None
    assert response_to(AlertNotification.COMMAND, 8) is None
    without = {kind.COMMAND for kind in (Unbind, CancelSm, ReplaceSm)}
    assert all(response_to(command, 0) is not None for command in without)


def test_statuses_say_what_they_mean() -> None:
    """Names of the standard, and a word for what it leaves open."""
    assert status_text(0x58) == "ESME_RTHROTTLED: throttled: the ESME has exceeded its limits"
    assert status_text(0x401) == "vendor-specific status 0x0401"
    assert status_text(0x104) == "reserved status 0x0104"


def test_a_message_state_knows_whether_it_is_the_last() -> None:
    """ENROUTE and ACCEPTED may still change."""
    finals = [state for state in MessageState if state.is_final]
    assert len(finals) == 6
    assert MessageState.ENROUTE not in finals


def test_a_password_is_not_shown() -> None:
    """Events and logs show binds, and nobody's password."""
    for pdu in (BindTransceiver(password="secret"), Outbind(password="secret")):
        assert "secret" not in repr(pdu)
