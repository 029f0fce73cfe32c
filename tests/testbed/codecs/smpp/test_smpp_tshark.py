"""Wireshark's dissector reads every PDU as we meant it, and has nothing to complain about."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest

from corenet.capture import pcapng
from corenet.capture.tcp import TcpConversation
from testbed.codecs.smpp import (
    PDUS,
    AbsoluteTime,
    AlertNotification,
    BindReceiver,
    BindReceiverResp,
    BindTransceiver,
    BindTransceiverResp,
    BindTransmitter,
    BindTransmitterResp,
    CancelSm,
    CancelSmResp,
    DataSm,
    DataSmResp,
    DeliverSm,
    DeliverSmResp,
    DistributionList,
    EnquireLink,
    EnquireLinkResp,
    GenericNack,
    NetworkErrorCode,
    Outbind,
    Pdu,
    QuerySm,
    QuerySmResp,
    RelativeTime,
    ReplaceSm,
    ReplaceSmResp,
    SmeAddress,
    SubmitMulti,
    SubmitMultiResp,
    SubmitSm,
    SubmitSmResp,
    Unbind,
    UnbindResp,
    Unsuccessful,
    encode,
)
from testbed.codecs.smpp import parameters as p
from tests.interop.dissection import Dissection, Packet

pytestmark = [pytest.mark.interop, pytest.mark.usefixtures("tshark")]

SOURCE = SmeAddress.international("447700900100")
TERMINAL = SmeAddress.international("447700900123")
PUSH = "0605040b8423f0010603b0af8202066a00850a036578616d706c6500850378000601"
BIND: dict[str, Any] = {
    "system_id": "wap",
    "password": "secret",
    "system_type": "VMA",
    "address_range": SmeAddress("^44", 1, 1),
}
BIND_FIELDS = {
    "smpp.system_id": ["wap"],
    "smpp.password": ["secret"],
    "smpp.system_type": ["VMA"],
    "smpp.interface_version": ["52"],
    "smpp.address_range": ["^44"],
}
MESSAGE: dict[str, Any] = {"service_type": "WAP", "source": SOURCE}
VERSION = (p.SC_INTERFACE_VERSION(0x34),)
INTEGERS = [
    p.DEST_ADDR_SUBUNIT(1),
    p.SOURCE_ADDR_SUBUNIT(2),
    p.SOURCE_PORT(9200),
    p.DESTINATION_PORT(2948),
    p.SAR_MSG_REF_NUM(513),
    p.SAR_TOTAL_SEGMENTS(3),
    p.SAR_SEGMENT_SEQNUM(2),
    p.PAYLOAD_TYPE(1),
    p.USER_MESSAGE_REFERENCE(77),
    p.PRIVACY_INDICATOR(1),
    p.DISPLAY_TIME(1),
    p.SMS_SIGNAL(5),
    p.MS_VALIDITY(1),
    p.LANGUAGE_INDICATOR(1),
    p.NUMBER_OF_MESSAGES(9),
    p.MORE_MESSAGES_TO_SEND(1),
    p.USER_RESPONSE_CODE(4),
    p.ITS_REPLY_TYPE(2),
    p.USSD_SERVICE_OP(2),
]
OTHERS = [
    p.CALLBACK_NUM(bytes.fromhex("010101") + b"4477"),
    p.CALLBACK_NUM_PRES_IND(1),
    p.CALLBACK_NUM_ATAG(b"\x00tag"),
    p.SOURCE_SUBADDRESS(b"\x80\x01"),
    p.DEST_SUBADDRESS(b"\x80\x02"),
    p.ALERT_ON_MESSAGE_DELIVERY(b""),
    p.MS_MSG_WAIT_FACILITIES(0x81),
    p.ITS_SESSION_INFO(0x0102),
]


def plain(value: str) -> str:
    """Return what Wireshark shows, a number in decimal."""
    return str(int(value, 0)) if value.startswith("0x") else value


def numbers(parameters: list[p.Tlv]) -> dict[str, list[str]]:
    """Return what Wireshark is to show of parameters that are plain numbers."""
    return {
        f"smpp.{p.PARAMETERS[tlv.tag].name}": [str(int.from_bytes(tlv.value))] for tlv in parameters
    }


# Each PDU, and the fields that Wireshark is to find.
EXPECTED: list[tuple[Pdu, dict[str, list[str]]]] = [
    (BindTransmitter(**BIND), BIND_FIELDS),
    (BindReceiver(**BIND), BIND_FIELDS),
    (BindTransceiver(**BIND), BIND_FIELDS),
    (BindTransmitterResp(system_id="SMSC", tlvs=VERSION), {"smpp.system_id": ["SMSC"]}),
    (BindReceiverResp(system_id="SMSC", tlvs=VERSION), {"smpp.SC_interface_version": ["52"]}),
    (BindTransceiverResp(system_id="SMSC"), {"smpp.system_id": ["SMSC"]}),
    (BindTransceiverResp(status=0x0E), {"smpp.command_status": ["14"]}),
    (Outbind(system_id="SMSC", password="secret"), {"smpp.password": ["secret"]}),
    (Unbind(), {}),
    (UnbindResp(), {}),
    (EnquireLink(), {}),
    (EnquireLinkResp(), {}),
    (GenericNack(status=3), {"smpp.command_status": ["3"]}),
    (
        SubmitSm(
            **MESSAGE,
            destination=TERMINAL,
            esm_class=0x42,
            protocol_id=0x41,
            priority_flag=2,
            schedule_delivery_time=AbsoluteTime.at(1_795_320_496.0),
            validity_period=RelativeTime(hours=2),
            registered_delivery=0x11,
            replace_if_present_flag=1,
            data_coding=0xF5,
            sm_default_msg_id=3,
            short_message=bytes.fromhex(PUSH),
            tlvs=(),
        ),
        {
            "smpp.service_type": ["WAP"],
            "smpp.source_addr": ["447700900100"],
            "smpp.source_addr_ton": ["1"],
            "smpp.destination_addr": ["447700900123"],
            "smpp.dest_addr_npi": ["1"],
            "smpp.esm.submit.msg_mode": ["2"],
            "smpp.esm.submit.features": ["1"],
            "smpp.protocol_id": ["65"],
            "smpp.priority_flag": ["2"],
            "smpp.validity_period_r": ["7200.000000000"],
            "smpp.regdel.receipt": ["1"],
            "smpp.regdel.notif": ["1"],
            "smpp.replace_if_present_flag": ["1"],
            "smpp.data_coding": ["245"],
            "smpp.sm_default_msg_id": ["3"],
            "smpp.sm_length": ["34"],
        },
    ),
    (SubmitSm(destination=TERMINAL, short_message=b"hi", tlvs=tuple(INTEGERS + OTHERS)), {}),
    (SubmitSmResp(message_id="0001"), {"smpp.message_id": ["0001"]}),
    (SubmitSmResp(status=0x58), {"smpp.command_status": ["88"]}),
    (
        SubmitMulti(
            **MESSAGE,
            destinations=(TERMINAL, DistributionList("friends")),
            short_message=b"hello",
        ),
        {"smpp.destination_addr": ["447700900123"], "smpp.dl_name": ["friends"]},
    ),
    (
        SubmitMultiResp(message_id="7", unsuccessful=(Unsuccessful(TERMINAL, 0x0B),)),
        {"smpp.error_status_code": ["11"], "smpp.destination_addr": ["447700900123"]},
    ),
    (
        DeliverSm(
            **MESSAGE,
            destination=TERMINAL,
            esm_class=4,
            short_message=b"id:7 stat:DELIVRD",
            tlvs=(
                p.RECEIPTED_MESSAGE_ID("7"),
                p.MESSAGE_STATE(2),
                p.NETWORK_ERROR_CODE(NetworkErrorCode(3, 6)),
            ),
        ),
        {
            "smpp.receipted_message_id": ["7"],
            "smpp.message_state": ["2"],
            "smpp.network_error.type": ["3"],
        },
    ),
    (DeliverSmResp(), {}),
    (
        DataSm(
            **MESSAGE,
            destination=TERMINAL,
            esm_class=2,
            data_coding=4,
            tlvs=(
                p.SOURCE_NETWORK_TYPE(1),
                p.SOURCE_BEARER_TYPE(1),
                p.SOURCE_TELEMATICS_ID(5),
                p.DEST_NETWORK_TYPE(1),
                p.DEST_BEARER_TYPE(1),
                p.DEST_TELEMATICS_ID(6),
                p.QOS_TIME_TO_LIVE(3600),
                p.SET_DPF(1),
                p.MESSAGE_PAYLOAD(bytes(3000)),
            ),
        ),
        {"smpp.qos_time_to_live": ["3600"], "smpp.set_dpf": ["1"]},
    ),
    (
        DataSmResp(
            message_id="0002",
            tlvs=(
                p.DELIVERY_FAILURE_REASON(0),
                p.NETWORK_ERROR_CODE(NetworkErrorCode(3, 6)),
                p.ADDITIONAL_STATUS_INFO_TEXT("no paging response"),
                p.DPF_RESULT(1),
            ),
        ),
        {
            "smpp.message_id": ["0002"],
            "smpp.delivery_failure_reason": ["0"],
            "smpp.additional_status_info_text": ["no paging response"],
            "smpp.dpf_result": ["1"],
        },
    ),
    (
        QuerySm(message_id="7", source=SOURCE),
        {"smpp.message_id": ["7"], "smpp.source_addr": ["447700900100"]},
    ),
    (
        QuerySmResp(
            message_id="7",
            final_date=AbsoluteTime.at(1_795_320_496.0),
            message_state=2,
            error_code=3,
        ),
        {"smpp.message_state": ["2"], "smpp.error_code": ["3"]},
    ),
    (
        CancelSm(**MESSAGE, message_id="7", destination=TERMINAL),
        {"smpp.message_id": ["7"], "smpp.destination_addr": ["447700900123"]},
    ),
    (CancelSmResp(), {}),
    (
        ReplaceSm(
            message_id="7",
            source=SOURCE,
            validity_period=RelativeTime(days=1),
            short_message=b"another",
        ),
        {"smpp.message_id": ["7"], "smpp.sm_length": ["7"]},
    ),
    (ReplaceSmResp(), {}),
    (
        AlertNotification(source=TERMINAL, esme=SOURCE, tlvs=(p.MS_AVAILABILITY_STATUS(2),)),
        {"smpp.esme_addr": ["447700900100"], "smpp.ms_availability_status": ["2"]},
    ),
]


@cache
def dissected() -> tuple[Dissection, list[Packet]]:
    """Return what tshark makes of all of them on one connection, and the packets with a PDU."""
    conversation = TcpConversation(("10.0.0.1", 49_152), ("10.0.0.2", 2775))
    packets = conversation.opening()
    for number, (pdu, _) in enumerate(EXPECTED, 1):
        packets += conversation.message(
            encode(pdu, number), from_client=not pdu.COMMAND.is_response
        )
    blocks = [pcapng.section_header("test"), pcapng.interface_description("SMPP", "")]
    blocks += [pcapng.packet(0, float(number), data) for number, data in enumerate(packets)]
    dissection = Dissection(b"".join(blocks))
    return dissection, [packet for packet in dissection.packets if "smpp" in packet.layers]


def test_every_pdu_is_among_them() -> None:
    """No PDU of the standard is left out."""
    assert {pdu.COMMAND for pdu, _ in EXPECTED} == set(PDUS)


def test_wireshark_has_no_complaint() -> None:
    """No PDU is malformed, none has expert information of a warning or worse."""
    dissection, packets = dissected()
    assert dissection.complaints() == []
    assert len(packets) == len(EXPECTED)


@pytest.mark.parametrize(
    "number", range(len(EXPECTED)), ids=lambda n: EXPECTED[n][0].COMMAND.spelling
)
def test_wireshark_reads_what_we_meant(number: int) -> None:
    """Operation, sequence number and every field are found as they were given."""
    pdu, fields = EXPECTED[number]
    packet = dissected()[1][number]
    assert packet.number("smpp.command_id") == pdu.COMMAND
    assert packet.number("smpp.sequence_number") == number + 1
    shown = {name: [plain(value) for value in packet.all(name)] for name in fields}
    assert shown == fields


@pytest.mark.clause("SMPP 3.4 §5.3", "optional parameters, typed")
def test_wireshark_reads_every_plain_parameter() -> None:
    """Optional parameters have the values that they were given, and none is unknown to it."""
    number = next(n for n, (pdu, _) in enumerate(EXPECTED) if len(pdu.tlvs) > 10)
    packet = dissected()[1][number]
    shown = {name: [plain(value) for value in packet.all(name)] for name in numbers(INTEGERS)}
    assert shown == numbers(INTEGERS)
    assert packet.all("smpp.vendor_op") == packet.all("smpp.reserved_op") == []
