"""GSUP as Wireshark reads it: inside IPA on TCP port 4222."""

from __future__ import annotations

import struct
import subprocess
from pathlib import Path

import pytest

from corenet.authentication.secrets import Vector
from corenet.interfaces.gsup import (
    GSUP_PORT,
    CancelType,
    CnDomain,
    GsupMessage,
    MessageClass,
    MessageType,
    PdpAddress,
    PdpInfo,
    SmAlertReason,
    SmRpAddress,
)

pytestmark = [pytest.mark.interop, pytest.mark.usefixtures("tshark")]

IMSI = "234150999999999"
TPDU = bytes.fromhex("440c9144779000103200f522110121436500100b05040b8423f00003010201010601ae")
MESSAGES = (
    GsupMessage(MessageType.UPDATE_LOCATION_REQUEST, IMSI, cn_domain=CnDomain.PS),
    GsupMessage(MessageType.UPDATE_LOCATION_ERROR, IMSI, cause=2),
    GsupMessage(MessageType.UPDATE_LOCATION_RESULT, IMSI),
    GsupMessage(
        MessageType.INSERT_SUBSCRIBER_DATA_REQUEST,
        IMSI,
        msisdn="447700900123",
        pdp_info_complete=True,
        pdp_info=(PdpInfo(1, PdpAddress(address="10.45.0.7"), "wap.example"),),
        cn_domain=CnDomain.PS,
    ),
    GsupMessage(MessageType.DELETE_SUBSCRIBER_DATA_REQUEST, IMSI, pdp_context_ids=(1, 2)),
    GsupMessage(MessageType.INSERT_SUBSCRIBER_DATA_ERROR, IMSI, cause=111),
    GsupMessage(MessageType.INSERT_SUBSCRIBER_DATA_RESULT, IMSI),
    GsupMessage(
        MessageType.SEND_AUTH_INFO_REQUEST,
        IMSI,
        rand=bytes(16),
        auts=bytes(14),
        cn_domain=CnDomain.PS,
    ),
    GsupMessage(MessageType.SEND_AUTH_INFO_ERROR, IMSI, cause=2),
    GsupMessage(
        MessageType.SEND_AUTH_INFO_RESULT,
        IMSI,
        auth_tuples=(Vector(bytes(16), bytes(4), bytes(8)),) * 3,
    ),
    GsupMessage(
        MessageType.SEND_AUTH_INFO_RESULT,
        IMSI,
        auth_tuples=(
            Vector(bytes(16), bytes(4), bytes(8), bytes(16), bytes(8), bytes(16), bytes(16)),
        ),
    ),
    GsupMessage(MessageType.PURGE_MS_REQUEST, IMSI, cn_domain=CnDomain.PS),
    GsupMessage(MessageType.PURGE_MS_ERROR, IMSI, cause=2),
    GsupMessage(MessageType.PURGE_MS_RESULT, IMSI, freeze_ptmsi=True),
    GsupMessage(
        MessageType.LOCATION_CANCEL_REQUEST, IMSI, cancel_type=CancelType.SUBSCRIPTION_WITHDRAW
    ),
    GsupMessage(MessageType.LOCATION_CANCEL_ERROR, IMSI, cause=2),
    GsupMessage(MessageType.LOCATION_CANCEL_RESULT, IMSI),
    GsupMessage(MessageType.READY_FOR_SM_REQUEST, IMSI, sm_alert_reason=SmAlertReason.MS_PRESENT),
    GsupMessage(MessageType.READY_FOR_SM_ERROR, IMSI, cause=2),
    GsupMessage(MessageType.READY_FOR_SM_RESULT, IMSI),
    GsupMessage(
        MessageType.MO_FORWARD_SM_REQUEST,
        IMSI,
        sm_rp_mr=7,
        sm_rp_da=SmRpAddress.service_centre("447785016005"),
        sm_rp_oa=SmRpAddress.msisdn("447700900123"),
        sm_rp_ui=bytes.fromhex("01000b917360607050f4000004d4f29c0e"),
    ),
    GsupMessage(MessageType.MO_FORWARD_SM_ERROR, IMSI, sm_rp_mr=7, sm_rp_cause=38),
    GsupMessage(MessageType.MO_FORWARD_SM_RESULT, IMSI, sm_rp_mr=7),
    GsupMessage(
        MessageType.MT_FORWARD_SM_REQUEST,
        IMSI,
        sm_rp_mr=8,
        sm_rp_da=SmRpAddress.imsi(IMSI),
        sm_rp_oa=SmRpAddress.service_centre("447785016005"),
        sm_rp_ui=TPDU,
        sm_rp_mms=1,
        message_class=MessageClass.SMS,
        source_name=b"smsc",
    ),
    GsupMessage(MessageType.MT_FORWARD_SM_ERROR, IMSI, cause=10, sm_rp_mr=8, sm_rp_cause=27),
    GsupMessage(MessageType.MT_FORWARD_SM_RESULT, IMSI, sm_rp_mr=8, destination_name=b"smsc"),
)


def pcap(messages: tuple[GsupMessage, ...]) -> bytes:
    """Return a capture file with one TCP segment per message (link type raw IPv4)."""
    out = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 228)
    sequence = 1
    for index, message in enumerate(messages):
        gsup = message.encode()
        ipa = struct.pack(">HBB", len(gsup) + 1, 0xEE, 0x05) + gsup
        tcp = struct.pack(">HHIIBBHHH", 40000, GSUP_PORT, sequence, 1, 0x50, 0x18, 65535, 0, 0)
        sequence += len(ipa)
        total = 20 + len(tcp) + len(ipa)
        ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, total, index, 0, 64, 6, 0, bytes(4), bytes(4))
        out += struct.pack("<IIII", index, 0, total, total) + ip + tcp + ipa
    return out


def tshark(capture: Path, *arguments: str) -> list[str]:
    done = subprocess.run(
        ["tshark", "-r", str(capture), *arguments],
        capture_output=True,
        text=True,
        check=True,
        timeout=180,
    )
    return done.stdout.splitlines()


@pytest.fixture
def capture(tmp_path: Path) -> Path:
    path = tmp_path / "gsup.pcap"
    path.write_bytes(pcap(MESSAGES))
    return path


@pytest.mark.clause("GSUP", "Update Location, Insert Data, Purge MS, Location Cancel, Ready for SM")
def test_every_message_dissects_clean(capture: Path) -> None:
    """Wireshark finds nothing malformed and nothing to warn of in any message."""
    dissected = "\n".join(tshark(capture, "-V"))
    assert "Malformed" not in dissected
    assert "Expert Info (Error" not in dissected
    assert dissected.count("\nGSUP ") == len(MESSAGES)


def test_types_and_values_are_what_we_meant(capture: Path) -> None:
    """Wireshark reads the types, the identities and the subscription that were built."""
    fields = (
        "gsup.msg_type",
        "e212.imsi",
        "e164.msisdn",
        "gsup.apn",
        "gsup.cause",
        "gsup.cn_domain",
    )
    rows = [
        line.split("\t")
        for line in tshark(capture, "-T", "fields", *(a for f in fields for a in ("-e", f)))
    ]
    assert [int(row[0]) for row in rows] == [message.type for message in MESSAGES]
    assert {row[1].split(",")[0] for row in rows} == {IMSI}
    assert rows[3][2:4] == ["447700900123", "wap.example"]
    assert int(rows[1][4], 16) == 2
    assert rows[0][5] == "1"


def test_short_messages_are_read_down_to_the_text(capture: Path) -> None:
    """Wireshark reads reference, addresses, cause and the TPDU in a forwarded short message."""
    fields = (
        "gsup.msg_type",
        "gsup.sm_rp_mr",
        "gsup.sm_rp_da.addr_type",
        "gsup.sm_rp_oa.addr_type",
        "gsup.sm_rp.cause",
        "gsup.msg_class",
        "gsm_sms.udh.mm.msg_id",
        "gsm_sms.sms_text",
    )
    rows = {}
    for line in tshark(capture, "-T", "fields", *(a for f in fields for a in ("-e", f))):
        kind, *row = line.split("\t")
        rows[MessageType(int(kind))] = row
    mt = rows[MessageType.MT_FORWARD_SM_REQUEST]
    assert mt[:6] == ["0x08", "1", "3", "", "2", "1"]
    mo = rows[MessageType.MO_FORWARD_SM_REQUEST]
    assert mo[:3] == ["0x07", "3", "2"]
    assert mo[6] == "Test"
    assert rows[MessageType.MO_FORWARD_SM_ERROR][3] == "0x26"
