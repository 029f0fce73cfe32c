"""Wireshark reads our answers to protocol configuration options as we meant them."""

from __future__ import annotations

import struct
import subprocess
import xml.etree.ElementTree as ElementTree

import pytest

from corenet.ggsn.config import Apn, Credential
from corenet.ggsn.options.pco import OptionAnswers
from corenet.gi.ip import udp_packet
from gtp.constants import Cause
from gtp.ies import EndUserAddress
from gtp.messages import CreatePdpContextResponse

pytestmark = [pytest.mark.interop, pytest.mark.usefixtures("tshark")]

SERVERS = ("192.0.2.53", "192.0.2.54", "2001:db8::53", "2001:db8::54")
APN = Apn("wap.example", dns=SERVERS, mtu=1400, credentials=(Credential("alice", "secret"),))
ACKING = Apn("wap.example", dns=SERVERS, ipcp_ack=True)
ADDRESS = bytes((10, 45, 0, 7))
WARNING = 0x00600000
"""Severity of expert information (``_ws.expert.severity``)."""

# APN, question, and the fields that Wireshark is to find in the answer, in order.
CASES = {
    "IPCP, Nak with every value": (
        APN,
        "80 8021 16 01070016 0306 00000000 8106 00000000 8306 00000000",
        {
            "gsm_a.gm.sm.pco_pid": ["0x8021"],
            "ppp.code": ["3"],
            "ppp.identifier": ["7"],
            "ipcp.opt.ip_address": ["10.45.0.7"],
            "ipcp.opt.pri_dns_address": ["192.0.2.53"],
            "ipcp.opt.sec_dns_address": ["192.0.2.54"],
        },
    ),
    "IPCP, two requests, each acknowledged": (
        ACKING,
        "80 c023 00 8021 0a 0105000a 8106 00000000 8021 0a 0106000a 8306 00000000",
        {
            "gsm_a.gm.sm.pco_pid": ["0x8021", "0x8021"],
            "ppp.code": ["2", "2"],
            "ppp.identifier": ["5", "6"],
            "ipcp.opt.pri_dns_address": ["192.0.2.53"],
            "ipcp.opt.sec_dns_address": ["192.0.2.54"],
        },
    ),
    "IPCP and LCP, Reject": (
        APN,
        "80 8021 0a 0101000a 8206 00000000 c021 09 01020009 0305 c22305",
        {
            "gsm_a.gm.sm.pco_pid": ["0x8021", "0xc021"],
            "ppp.code": ["4", "4"],
            "ipcp.opt.pri_nbns_address": ["0.0.0.0"],
            "lcp.opt.auth_protocol": ["0xc223"],
        },
    ),
    "PAP, Authenticate-Ack": (
        APN,
        "80 c023 11 01030011 05616c696365 06736563726574",
        {"pap.code": ["2"], "pap.identifier": ["3"], "pap.message.length": ["0"]},
    ),
    "PAP, Authenticate-Nak": (
        APN,
        "80 c023 06 01030006 0561",
        {"pap.code": ["3"], "pap.identifier": ["3"], "pap.message.length": ["0"]},
    ),
    "CHAP, Success": (
        APN,
        """80 c223 09 01090009 0401020304
              c223 1a 0209001a 10 326e94a2d20562c83ccbe6c275dd41a2 616c696365""",
        {"chap.code": ["3"], "chap.identifier": ["9"]},
    ),
    "CHAP, Failure": (
        APN,
        "80 c223 06 02090006 0103",
        {"chap.code": ["4"], "chap.identifier": ["9"]},
    ),
    "containers": (
        APN,
        "80 0003 00 0005 00 000a 00 000d 00 0010 00 ff00 00",
        {
            "gsm_a.gm.sm.pco_pid": ["0x0003", "0x0003", "0x0005", "0x000d", "0x000d", "0x0010"],
            "gsm_a.gm.sm.pco.dns.ipv6": ["2001:db8::53", "2001:db8::54"],
            "gsm_a.gm.sm.pco.sel_bearer_ctrl_mode": ["1"],
            "gsm_a.gm.sm.pco.dns.ipv4": ["192.0.2.53", "192.0.2.54"],
            "gsm_a.gm.sm.pco.ipv4_link_mtu_size": ["1400"],
        },
    ),
}


def capture(apn: Apn, asked: str) -> bytes:
    """Return a capture of the Create PDP Context Response with the answer."""
    message = CreatePdpContextResponse(
        sequence=1,
        cause=Cause.REQUEST_ACCEPTED,
        reordering_required=False,
        teid_data=0x101,
        teid_control=0x100,
        charging_id=4,
        end_user_address=EndUserAddress.for_ipv4("10.45.0.7"),
        pco=OptionAnswers(apn).answer(bytes.fromhex(asked), ADDRESS),
        ggsn_address_control="192.0.2.1",
        ggsn_address_user="192.0.2.1",
        qos=bytes.fromhex("020b921f7396fefe742bffff"),
    )
    packet = udp_packet(("192.0.2.1", 2123), ("192.0.2.2", 2123), message.encode())
    head = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 101)
    return head + struct.pack("<IIII", 0, 0, len(packet), len(packet)) + packet


def dissect(file: bytes) -> tuple[dict[str, list[str]], list[str]]:
    """Return the values of every field, and the protocols that were found."""
    done = subprocess.run(
        ["tshark", "-n", "-r", "-", "-T", "pdml"],
        input=file,
        capture_output=True,
        check=True,
        timeout=180,
    )
    root = ElementTree.fromstring(done.stdout)
    fields: dict[str, list[str]] = {}
    for field in root.iter("field"):
        fields.setdefault(field.get("name", ""), []).append(field.get("show", ""))
    return fields, [proto.get("name", "") for proto in root.iter("proto")]


@pytest.mark.parametrize(("apn", "asked", "expected"), CASES.values(), ids=CASES)
def test_wireshark_finds_the_values_that_were_given(apn, asked, expected) -> None:
    """Every value where it belongs, nothing malformed, and no warning."""
    fields, protocols = dissect(capture(apn, asked))
    assert {name: fields.get(name) for name in expected} == expected
    assert not [name for name in protocols if name.startswith("_ws.malformed")]
    severities = fields.get("_ws.expert.severity", [])
    assert [severity for severity in severities if int(severity) >= WARNING] == []
