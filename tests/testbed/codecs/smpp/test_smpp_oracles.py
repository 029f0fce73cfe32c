"""smpplib, an SMPP client written by others, reads our PDUs as we meant them, and we read its."""

from __future__ import annotations

from typing import Any

import pytest
import smpplib.smpp as smpplib
from smpplib.client import Client

from testbed.codecs.smpp import (
    AlertNotification,
    BindReceiver,
    BindTransceiver,
    BindTransceiverResp,
    BindTransmitter,
    DataSm,
    DataSmResp,
    DeliverSm,
    DeliverSmResp,
    EnquireLink,
    EnquireLinkResp,
    GenericNack,
    Pdu,
    QuerySm,
    QuerySmResp,
    SmeAddress,
    SubmitSm,
    SubmitSmResp,
    Unbind,
    UnbindResp,
    decode,
    encode,
)
from testbed.codecs.smpp import parameters as p

pytestmark = pytest.mark.oracle

CLIENT = Client("nowhere", 0, allow_unknown_opt_params=True)
"""smpplib's PDUs take their sequence numbers from a client, which is never connected here."""

SOURCE = SmeAddress.international("447700900100")
TERMINAL = SmeAddress("447700900123", 1, 1)
ADDRESSES: dict[str, Any] = {
    "service_type": b"WAP",
    "source_addr_ton": 1,
    "source_addr_npi": 1,
    "source_addr": b"447700900100",
    "dest_addr_ton": 1,
    "dest_addr_npi": 1,
    "destination_addr": b"447700900123",
}
BIND: dict[str, Any] = {
    "system_id": b"wap",
    "password": b"secret",
    "system_type": b"VMA",
    "interface_version": 0x34,
    "address_range": b"^44",
}
OUR_BIND: dict[str, Any] = {
    "system_id": "wap",
    "password": "secret",
    "system_type": "VMA",
    "address_range": SmeAddress("^44"),
}
MESSAGE: dict[str, Any] = {
    "service_type": "WAP",
    "source": SOURCE,
    "destination": TERMINAL,
    "esm_class": 0x42,
    "data_coding": 0xF5,
}

# Each PDU, and what smpplib is to find in it.
EXPECTED: list[tuple[Pdu, dict[str, Any]]] = [
    (BindTransmitter(**OUR_BIND), BIND),
    (BindReceiver(**OUR_BIND), BIND),
    (BindTransceiver(**OUR_BIND), BIND),
    (
        BindTransceiverResp(system_id="SMSC", tlvs=(p.SC_INTERFACE_VERSION(0x34),)),
        {"system_id": b"SMSC", "sc_interface_version": 0x34},
    ),
    (
        SubmitSm(
            **MESSAGE,
            short_message=b"\x01\x00\xff",
            tlvs=(p.USER_MESSAGE_REFERENCE(513), p.MORE_MESSAGES_TO_SEND(1)),
        ),
        ADDRESSES
        | {
            "esm_class": 0x42,
            "data_coding": 0xF5,
            "short_message": b"\x01\x00\xff",
            "user_message_reference": 513,
            "more_messages_to_send": 1,
        },
    ),
    (
        DeliverSm(**MESSAGE, tlvs=(p.RECEIPTED_MESSAGE_ID("42"), p.MESSAGE_STATE(2))),
        ADDRESSES | {"receipted_message_id": b"42", "message_state": 2},
    ),
    (
        DataSm(**MESSAGE, tlvs=(p.DESTINATION_PORT(2948), p.MESSAGE_PAYLOAD(bytes(1000)))),
        ADDRESSES | {"destination_port": 2948, "message_payload": bytes(1000)},
    ),
    (SubmitSmResp(message_id="42"), {"message_id": b"42"}),
    (SubmitSmResp(status=0x58), {"status": 0x58}),
    (DeliverSmResp(message_id=""), {"message_id": b""}),
    (
        DataSmResp(status=0xFE, message_id="42", tlvs=(p.ADDITIONAL_STATUS_INFO_TEXT("gone"),)),
        {"status": 0xFE, "message_id": b"42", "additional_status_info_text": b"gone"},
    ),
    (
        QuerySm(message_id="42", source=SOURCE),
        {"message_id": b"42", "source_addr": b"447700900100"},
    ),
    (
        QuerySmResp(message_id="42", message_state=2, error_code=7),
        {"message_id": b"42", "message_state": 2, "error_code": 7},
    ),
    (EnquireLink(), {}),
    (EnquireLinkResp(), {}),
    (Unbind(), {}),
    (UnbindResp(), {}),
    (GenericNack(status=3), {"status": 3}),
    (
        AlertNotification(source=TERMINAL, esme=SOURCE, tlvs=(p.MS_AVAILABILITY_STATUS(1),)),
        {
            "source_addr": b"447700900123",
            "esme_addr": b"447700900100",
            "ms_availability_status": 1,
        },
    ),
]


@pytest.mark.parametrize(("pdu", "fields"), EXPECTED, ids=lambda case: type(case).__name__)
def test_smpplib_reads_what_we_write(pdu: Pdu, fields: dict[str, Any]) -> None:
    """Every PDU that smpplib knows has for it the command and the values that we gave it."""
    read = smpplib.parse_pdu(encode(pdu, 77), client=CLIENT)
    assert (read.command, read.sequence) == (pdu.COMMAND.spelling, 77)
    assert {name: getattr(read, name) for name in fields} == fields


@pytest.mark.parametrize(
    ("command", "fields", "pdu"),
    [
        ("bind_transceiver", {**BIND, "system_id": "wap"}, BindTransceiver(**OUR_BIND)),
        ("enquire_link", {}, EnquireLink()),
        ("unbind", {}, Unbind()),
        ("deliver_sm_resp", {}, DeliverSmResp()),
        ("query_sm", {"message_id": "42"}, QuerySm(message_id="42")),
        (
            "submit_sm",
            {
                "source_addr": "447700900100",
                "source_addr_ton": 1,
                "source_addr_npi": 1,
                "destination_addr": "447700900123",
                "dest_addr_ton": 1,
                "dest_addr_npi": 1,
                "esm_class": 0x42,
                "data_coding": 0xF5,
                "short_message": b"\x01\x00\xff",
                "user_message_reference": 513,
            },
            SubmitSm(
                source=SOURCE,
                destination=TERMINAL,
                esm_class=0x42,
                data_coding=0xF5,
                short_message=b"\x01\x00\xff",
                tlvs=(p.USER_MESSAGE_REFERENCE(513),),
            ),
        ),
        (
            "data_sm",
            {"destination_port": 2948, "message_payload": b"abc"},
            DataSm(tlvs=(p.DESTINATION_PORT(2948), p.MESSAGE_PAYLOAD(b"abc"))),
        ),
    ],
    ids=lambda case: case if isinstance(case, str) else "",
)
def test_we_read_what_smpplib_writes(command: str, fields: dict[str, Any], pdu: Pdu) -> None:
    """A PDU that smpplib makes decodes to the same values."""
    values = {
        name: value.decode() if isinstance(value, bytes) and command.startswith("bind") else value
        for name, value in fields.items()
    }
    made = smpplib.make_pdu(command, client=CLIENT, **values)
    made.sequence = 77
    decoded = decode(made.generate())
    assert decoded.sequence == 77
    assert decoded.pdu.COMMAND == pdu.COMMAND
    assert decoded.pdu == pdu
