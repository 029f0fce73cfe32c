"""Our frames on the radio link as Wireshark reads them: GSMTAP, LLC, then 24.008 or SNDCP."""

from __future__ import annotations

import struct
import subprocess
from pathlib import Path

import pytest

from corenet.gi import ip
from corenet.interfaces import llc, sndcp
from corenet.interfaces.nas import gmm, sm
from corenet.interfaces.nas.elements import PdpAddress

pytestmark = [pytest.mark.interop, pytest.mark.usefixtures("tshark")]

STATIC = PdpAddress.for_ipv4("10.45.0.7")
NETWORK_TI = sm.TransactionIdentifier(1)
MOBILE_TI = sm.TransactionIdentifier(1, flag=True)
LINKED = sm.TransactionIdentifier(0)
QOS = bytes.fromhex("0b921f7396fefe742bffff")
TFT = bytes.fromhex(
    "21 31 0a 15 10 c0000201ffffffff 30 11 41 13c413ce 51 27102af8".replace(" ", "")
)
"""Create filter 1: UDP from 192.0.2.1, local ports 5060 to 5070, remote ones 10000 to 11000."""
RAI = bytes.fromhex("32f451123401")

MESSAGES: list[tuple[gmm.GmmMessage | sm.SmMessage, bool]] = [
    (gmm.AttachRequest(gmm.MobileIdentity(imsi="234150999999999")), True),
    (gmm.AttachAccept(RAI, 0xC0000001, cause=16), False),
    (gmm.AttachComplete(), True),
    (gmm.AttachReject(7), False),
    (gmm.DetachRequestUplink(power_off=True, p_tmsi=0xC0000001), True),
    (gmm.DetachRequestDownlink(gmm.NetworkDetachType.REATTACH_REQUIRED, 10), False),
    (gmm.DetachAcceptUplink(), True),
    (gmm.DetachAcceptDownlink(), False),
    (gmm.AuthenticationRequest(3, bytes(range(16)), 2, bytes(range(16, 32))), False),
    (gmm.AuthenticationRequest(3, bytes(range(16)), 2), False),
    (gmm.AuthenticationResponse(3, bytes(range(8))), True),
    (gmm.AuthenticationFailure(21, bytes(range(14))), True),
    (gmm.AuthenticationReject(), False),
    (gmm.GmmStatus(97), False),
    (sm.RequestPdpContextActivation(NETWORK_TI, STATIC, "wap.example"), False),
    (sm.ActivatePdpContextRequest(MOBILE_TI, 5, pdp_address=STATIC, apn="wap.example"), True),
    (sm.ActivatePdpContextAccept(NETWORK_TI, pdp_address=STATIC), False),
    (sm.ActivatePdpContextReject(NETWORK_TI, 33), False),
    (sm.RequestPdpContextActivationReject(MOBILE_TI, 26), True),
    (sm.DeactivatePdpContextRequest(MOBILE_TI, 36, teardown=True), True),
    (sm.DeactivatePdpContextAccept(NETWORK_TI), False),
    (sm.ModifyPdpContextRequestDownlink(NETWORK_TI, QOS, pdp_address=STATIC, tft=TFT), False),
    (sm.ModifyPdpContextAcceptUplink(MOBILE_TI), True),
    (sm.ModifyPdpContextRequestUplink(MOBILE_TI, 3, QOS, TFT), True),
    (sm.ModifyPdpContextAcceptDownlink(NETWORK_TI, QOS, 3, 4), False),
    (sm.ModifyPdpContextReject(NETWORK_TI, 56), False),
    (sm.ActivateSecondaryPdpContextRequest(MOBILE_TI, 6, LINKED, 3, QOS, TFT), True),
    (sm.ActivateSecondaryPdpContextAccept(NETWORK_TI, 3, QOS), False),
    (sm.ActivateSecondaryPdpContextReject(NETWORK_TI, 46), False),
    (sm.RequestSecondaryPdpContextActivation(NETWORK_TI, LINKED.mirrored, QOS, TFT), False),
    (sm.RequestSecondaryPdpContextActivationReject(MOBILE_TI, 40), True),
    (sm.SmStatus(NETWORK_TI, 97), False),
    (sm.DeactivatePdpContextRequest(sm.TransactionIdentifier(16)), False),
]


def pcap(frames: list[tuple[bytes, bool]]) -> bytes:
    """Return a capture file with one GSMTAP datagram per frame (link type raw IP)."""
    out = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 101)
    for frame, uplink in frames:
        arfcn = 0x4000 if uplink else 0
        gsmtap = bytes.fromhex("02040800") + struct.pack("!H10x", arfcn) + frame
        packet = ip.udp_packet(("127.0.0.1", 4729), ("127.0.0.2", 4729), gsmtap)
        out += struct.pack("<IIII", 0, 0, len(packet), len(packet)) + packet
    return out


@pytest.fixture
def capture(tmp_path: Path) -> Path:
    frames = [
        (llc.encode_ui(1, message.encode(), uplink=uplink, nu=70 * index % 512), uplink)
        for index, (message, uplink) in enumerate(MESSAGES)
    ]
    packet = ip.udp_packet(("192.0.2.9", 9200), ("10.45.0.7", 40000), b"hello")
    frames.append((llc.encode_ui(3, sndcp.encode(5, packet, 300), uplink=False, nu=511), False))
    path = tmp_path / "radio.pcap"
    path.write_bytes(pcap(frames))
    return path


def tshark(capture: Path, *arguments: str) -> list[str]:
    done = subprocess.run(
        ["tshark", "-r", str(capture), *arguments],
        capture_output=True,
        text=True,
        check=True,
        timeout=180,
    )
    return done.stdout.splitlines()


def test_nothing_is_malformed(capture: Path) -> None:
    """Wireshark finds no malformed frame, no expert note and every FCS correct."""
    assert tshark(capture, "-Y", "_ws.malformed or _ws.expert") == []
    text = tshark(capture, "-V")
    assert sum("FCS:" in line and "(correct)" in line for line in text) == len(MESSAGES) + 1


def test_messages_have_their_types(capture: Path) -> None:
    """Each message is recognised, in order, by its type."""
    fields = ("gsm_a.dtap.msg_gmm_type", "gsm_a.dtap.msg_sm_type")
    lines = tshark(capture, "-T", "fields", *(part for field in fields for part in ("-e", field)))
    types = [int("".join(line.split("\t")), 16) for line in lines if line.strip()]
    assert types == [message.encode()[1] for message, _ in MESSAGES[:-1]] + [0x46]


def test_request_for_activation_has_its_values(capture: Path) -> None:
    """Offered address and APN come out as they were put in."""
    fields = ("gsm_a.gm.sm.pdp_address", "gsm_a.gm.sm.ip4_address", "gsm_a.gm.sm.apn")
    (line,) = tshark(
        capture,
        *("-Y", "gsm_a.dtap.msg_sm_type == 0x44", "-T", "fields"),
        *(part for field in fields for part in ("-e", field)),
    )
    assert set(line.split("\t")) - {""} == {"10.45.0.7", "wap.example"}


def test_causes_have_their_values(capture: Path) -> None:
    """SM and GMM causes come out as they were put in."""
    lines = tshark(capture, "-T", "fields", "-e", "gsm_a.gm.sm.cause", "-e", "gsm_a.gm.gmm.cause")
    causes = [line.strip() for line in lines if line.strip()]
    assert causes == ["16", "7", "10", "21", "97", "33", "26", "36", "56", "46", "40", "97", "36"]


def test_templates_and_linked_contexts_have_their_values(capture: Path) -> None:
    """Traffic flow templates and linked transaction identifiers come out as they were put in."""
    text = "\n".join(tshark(capture, "-V"))
    assert text.count("Create new TFT") == 4
    assert text.count("Packet evaluation precedence: 0x0a (10)") == 4
    assert text.count("192.0.2.1") >= 4
    assert text.count("Linked TI") == 2


def test_user_data_is_read_as_ip(capture: Path) -> None:
    """What SNDCP carries is dissected as the user's IP packet with its NSAPI."""
    (line,) = tshark(
        capture,
        *("-Y", "sndcp", "-T", "fields", "-E", "separator=;"),
        *("-e", "sndcp.nsapib", "-e", "ip.dst", "-e", "udp.dstport"),
    )
    nsapi, destinations, ports = line.split(";")
    assert (nsapi, destinations.split(",")[-1], ports.split(",")[-1]) == ("5", "10.45.0.7", "40000")
