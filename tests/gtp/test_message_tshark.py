"""Wireshark's dissector reads our messages as we meant them, and has nothing to complain about."""

from __future__ import annotations

import json
import struct
import subprocess
from pathlib import Path
from typing import Any

import pytest

from gtp.constants import GTP_C_PORT, GTP_U_PORT, Cause
from gtp.extension_headers import ExtensionHeader, ExtensionHeaderType
from gtp.ies import EndUserAddress, MsTimeZone, PrivateExtension
from gtp.messages import (
    CreatePdpContextRequest,
    CreatePdpContextResponse,
    DeletePdpContextRequest,
    DeletePdpContextResponse,
    EchoRequest,
    EchoResponse,
    EndMarker,
    ErrorIndication,
    FailureReportRequest,
    FailureReportResponse,
    GPdu,
    Message,
    NoteMsGprsPresentRequest,
    NoteMsGprsPresentResponse,
    PduNotificationRejectRequest,
    PduNotificationRejectResponse,
    PduNotificationRequest,
    PduNotificationResponse,
    SendRouteingInformationRequest,
    SendRouteingInformationResponse,
    SupportedExtensionHeadersNotification,
    VersionNotSupported,
)

pytestmark = [pytest.mark.interop, pytest.mark.usefixtures("tshark")]

IMSI = "234150999999999"
QOS = bytes.fromhex("020b921f7396fefe742bffff")
EUA = EndUserAddress.for_ipv4("10.45.0.7")
ACCEPTED = Cause.REQUEST_ACCEPTED

# Each message, and the fields that Wireshark is to find, in the order of the wire.
EXPECTED: list[tuple[Message, dict[str, list[str]]]] = [
    (EchoRequest(sequence=1), {"gtp.message": ["0x01"], "gtp.seq_number": ["0x0001"]}),
    (EchoResponse(sequence=1, recovery=42), {"gtp.recovery": ["42"]}),
    (VersionNotSupported(sequence=2), {"gtp.message": ["0x03"]}),
    (
        SupportedExtensionHeadersNotification(extension_header_types=(0xC0, 0x40)),
        {"gtp.message": ["0x1f"]},
    ),
    (
        CreatePdpContextRequest(
            sequence=6,
            imsi=IMSI,
            rai=bytes.fromhex("32f415123405"),
            recovery=7,
            selection_mode=1,
            teid_data=0x201,
            teid_control=0x200,
            nsapi=5,
            charging_characteristics=0x0800,
            end_user_address=EUA,
            apn="wap.example",
            pco=bytes.fromhex("80000d00000300"),
            sgsn_address_control="192.0.2.2",
            sgsn_address_user="192.0.2.3",
            msisdn="447700900123",
            qos=QOS,
            common_flags=0x40,
            rat_type=2,
            user_location=bytes.fromhex("0132f41512345678"),
            ms_time_zone=MsTimeZone(4, 0),
            imei="1234567890123456",
            private_extension=(PrivateExtension(10415, b"\x01"),),
        ),
        {
            "e212.imsi": [IMSI],
            "gtp.rai_rac": ["5"],
            "gtp.recovery": ["7"],
            "gtp.sel_mode": ["1"],
            "gtp.teid_data": ["0x00000201"],
            "gtp.teid_cp": ["0x00000200"],
            "gtp.nsapi": ["5"],
            "gtp.chrg_char_n": ["1"],
            "gtp.user_ipv4": ["10.45.0.7"],
            "gtp.apn": ["wap.example"],
            "gtp.gsn_ipv4": ["192.0.2.2", "192.0.2.3"],
            "e164.msisdn": ["447700900123"],
            "gtp.ext_rat_type": ["2"],
            "gtp.ext_imeisv": ["1234567890123456"],
            "gtp.ext_id": ["10415"],
        },
    ),
    (
        CreatePdpContextRequest(
            sequence=7,
            imsi=IMSI,
            teid_data=0x201,
            nsapi=6,
            end_user_address=EndUserAddress.for_ipv6("2001:db8::7"),
            apn="internet",
            sgsn_address_control="2001:db8::2",
            sgsn_address_user="2001:db8::3",
            qos=QOS,
        ),
        {
            "gtp.user_ipv6": ["2001:db8::7"],
            "gtp.gsn_ipv6": ["2001:db8::2", "2001:db8::3"],
        },
    ),
    (
        CreatePdpContextResponse(
            teid=0x200,
            sequence=6,
            cause=ACCEPTED,
            reordering_required=False,
            recovery=42,
            teid_data=0x101,
            teid_control=0x102,
            charging_id=1,
            end_user_address=EUA,
            ggsn_address_control="192.0.2.1",
            ggsn_address_user="192.0.2.1",
            qos=QOS,
        ),
        {
            "gtp.teid": ["0x00000200"],
            "gtp.cause": ["128"],
            "gtp.reorder": ["0"],
            "gtp.chrg_id": ["0x00000001"],
            "gtp.gsn_ipv4": ["192.0.2.1", "192.0.2.1"],
        },
    ),
    (
        DeletePdpContextRequest(teid=0x102, sequence=8, teardown=True, nsapi=5),
        {"gtp.tear_ind": ["1"], "gtp.nsapi": ["5"]},
    ),
    (DeletePdpContextResponse(teid=0x200, sequence=8, cause=ACCEPTED), {"gtp.cause": ["128"]}),
    (
        PduNotificationRequest(
            sequence=9,
            imsi=IMSI,
            teid_control=0x100,
            end_user_address=EUA,
            apn="wap.example",
            ggsn_address="192.0.2.1",
        ),
        {
            "e212.imsi": [IMSI],
            "gtp.teid_cp": ["0x00000100"],
            "gtp.user_ipv4": ["10.45.0.7"],
            "gtp.apn": ["wap.example"],
            "gtp.gsn_ipv4": ["192.0.2.1"],
        },
    ),
    (
        PduNotificationResponse(teid=0x100, sequence=9, cause=Cause.MS_GPRS_DETACHED),
        {"gtp.teid": ["0x00000100"], "gtp.cause": ["195"]},
    ),
    (
        PduNotificationRejectRequest(
            teid=0x100,
            sequence=10,
            cause=Cause.MS_REFUSES_X,
            teid_control=0x100,
            end_user_address=EUA,
            apn="wap.example",
        ),
        {"gtp.cause": ["4"], "gtp.apn": ["wap.example"]},
    ),
    (PduNotificationRejectResponse(sequence=10, cause=ACCEPTED), {"gtp.cause": ["128"]}),
    (SendRouteingInformationRequest(sequence=11, imsi=IMSI), {"e212.imsi": [IMSI]}),
    (
        SendRouteingInformationResponse(
            sequence=11,
            cause=ACCEPTED,
            imsi=IMSI,
            map_cause=27,
            ms_not_reachable_reason=6,
            sgsn_address="192.0.2.2",
        ),
        {"gtp.map_cause": ["27"], "gtp.ms_reason": ["6"], "gtp.gsn_ipv4": ["192.0.2.2"]},
    ),
    (FailureReportRequest(sequence=12, imsi=IMSI), {"e212.imsi": [IMSI]}),
    (
        FailureReportResponse(sequence=12, cause=Cause.SYSTEM_FAILURE, map_cause=34),
        {"gtp.cause": ["204"], "gtp.map_cause": ["34"]},
    ),
    (
        NoteMsGprsPresentRequest(sequence=13, imsi=IMSI, sgsn_address="192.0.2.2"),
        {"gtp.gsn_ipv4": ["192.0.2.2"]},
    ),
    (NoteMsGprsPresentResponse(sequence=13, cause=ACCEPTED), {"gtp.cause": ["128"]}),
    (
        GPdu(teid=0x201, payload=bytes.fromhex("4500001400010000403b667a0a0000010a2d0007")),
        {"gtp.teid": ["0x00000201"], "ip.dst": ["127.0.0.2", "10.45.0.7"]},
    ),
    (
        ErrorIndication(
            teid_data=0x201,
            peer_address="192.0.2.2",
            extension_headers=(ExtensionHeader(ExtensionHeaderType.UDP_PORT, b"\x08\x68"),),
        ),
        {"gtp.teid_data": ["0x00000201"], "gtp.ext_hdr.udp_port": ["2152"]},
    ),
    (EndMarker(teid=0x201), {"gtp.message": ["0xfe"]}),
]


def ip_packet(payload: bytes, port: int) -> bytes:
    udp = struct.pack("!HHHH", port, port, 8 + len(payload), 0) + payload
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0)
    return head + bytes((127, 0, 0, 1, 127, 0, 0, 2)) + udp


def dissect(path: Path) -> list[dict[str, Any]]:
    """Return the fields of every packet of a capture, by name."""
    command = ["tshark", "-r", str(path), "-T", "json", "--no-duplicate-keys"]
    output = subprocess.run(command, capture_output=True, check=True, timeout=180).stdout
    return [packet["_source"]["layers"] for packet in json.loads(output)]


def values(layer: object, name: str) -> list[str]:
    """Return all values of a field, wherever in the tree they stand."""
    found: list[str] = []
    if isinstance(layer, dict):
        for key, value in layer.items():
            if key == name:
                found += value if isinstance(value, list) else [value]
            else:
                found += values(value, name)
    elif isinstance(layer, list):
        for each in layer:
            found += values(each, name)
    return found


@pytest.fixture(scope="module")
def dissected(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """What tshark makes of a capture with every message, in the order of EXPECTED."""
    path = tmp_path_factory.mktemp("gtp") / "messages.pcap"
    with path.open("wb") as capture:
        capture.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 101))
        for number, (message, _) in enumerate(EXPECTED):
            user_plane = isinstance(message, GPdu | EndMarker | ErrorIndication)
            packet = ip_packet(message.encode(), GTP_U_PORT if user_plane else GTP_C_PORT)
            capture.write(struct.pack("<IIII", number, 0, len(packet), len(packet)) + packet)
    return dissect(path)


@pytest.mark.parametrize(
    ("number", "fields"),
    [
        pytest.param(number, fields, id=f"{number}-{type(message).__name__}")
        for number, (message, fields) in enumerate(EXPECTED)
    ],
)
def test_wireshark_finds_the_values_that_were_set(
    dissected: list[dict[str, Any]], number: int, fields: dict[str, list[str]]
) -> None:
    """Each field has for Wireshark the value that the message was given."""
    layers = dissected[number]
    assert "gtp" in layers
    assert {name: values(layers, name) for name in fields} == fields


def test_wireshark_has_nothing_to_complain_about(dissected: list[dict[str, Any]]) -> None:
    """No message is malformed, and none raises an expert's note."""
    for layers in dissected:
        assert "_ws.malformed" not in layers
        assert not values(layers["gtp"], "_ws.expert")
