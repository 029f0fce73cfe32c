"""Wireshark finds nothing to complain about in what a GGSN and its SGSNs say to each other."""

from __future__ import annotations

import struct
import subprocess
import xml.etree.ElementTree as ElementTree
from ipaddress import IPv4Network, IPv6Address, IPv6Network

import pytest

from corenet.ggsn.config import Apn
from corenet.gi.ip import checksum
from gtp.constants import Cause
from gtp.ies import EndUserAddress, PdpType
from gtp.messages import (
    CreatePdpContextRequest,
    CreatePdpContextResponse,
    DeletePdpContextRequest,
    DeletePdpContextResponse,
    ErrorIndication,
    InitiatePdpContextActivationRequest,
    InitiatePdpContextActivationResponse,
    UpdatePdpContextRequest,
    UpdatePdpContextResponse,
)
from gtp.user_plane import encapsulate

pytestmark = [pytest.mark.interop, pytest.mark.usefixtures("tshark")]

IMSI = "234150999999999"
SGSN = "192.0.2.2"
RNC = "192.0.2.4"
QOS = bytes.fromhex("020b921f7396fefe742bffff")
WARNING = 0x00600000
"""Severity of expert information (``_ws.expert.severity``)."""


def dissect(packets: list[bytes]) -> tuple[dict[str, list[str]], list[str]]:
    """Return the values of every field, and the protocols that were found."""
    file = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 101)
    for packet in packets:
        file += struct.pack("<IIII", 0, 0, len(packet), len(packet)) + packet
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


def assert_clean(packets: list[bytes]) -> dict[str, list[str]]:
    """Nothing is malformed and there is no warning; return the fields."""
    fields, protocols = dissect(packets)
    assert not [name for name in protocols if name.startswith("_ws.malformed")]
    severities = fields.get("_ws.expert.severity", [])
    assert [severity for severity in severities if int(severity) >= WARNING] == []
    return fields


def test_changes_of_a_context(bench) -> None:
    """Update both ways, refused and accepted, with a direct tunnel that is lost."""
    bench.create()
    created = bench.sent(CreatePdpContextResponse)
    same = {
        "teid": created.teid_control,
        "nsapi": 5,
        "teid_data": 0x401,
        "sgsn_address_control": SGSN,
        "sgsn_address_user": RNC,
        "qos": QOS,
        "direct_tunnel_flags": 1,
    }
    bench.request(UpdatePdpContextRequest(**same), SGSN)
    bench.request(UpdatePdpContextRequest(**same | {"nsapi": 6}), SGSN)
    for _ in range(2):
        bench.sent(UpdatePdpContextResponse)
    bench.from_tunnel(ErrorIndication(teid_data=0x401, peer_address=RNC).encode(), RNC)
    request = bench.sent(UpdatePdpContextRequest)
    bench.respond(request, UpdatePdpContextResponse(cause=Cause.REQUEST_ACCEPTED), SGSN)
    bench.ggsn.change_qos(IMSI, "wap.example", QOS, bench.now)
    bench.take()
    request = bench.sent(UpdatePdpContextRequest)
    bench.respond(request, UpdatePdpContextResponse(cause=Cause.REQUEST_ACCEPTED, qos=QOS), SGSN)
    for _ in range(2):
        message = DeletePdpContextRequest(teid=created.teid_control, nsapi=5, teardown=True)
        bench.request(message, SGSN)
        bench.sent(DeletePdpContextResponse)
    fields = assert_clean(bench.passed)
    kinds = [int(kind, 16) for kind in fields["gtp.message"]]
    assert kinds == [16, 17, 18, 19, 18, 19, 26, 18, 19, 18, 19, 20, 21, 20, 21]


def test_secondary_contexts(bench) -> None:
    """Templates, linked NSAPIs and correlation identifiers come out as they were put in."""
    bench.create(pco=bytes.fromhex("80000500"), common_flags=0x20)
    created = bench.sent(CreatePdpContextResponse)
    secondary = {
        "teid": created.teid_control,
        "teid_data": 0x306,
        "nsapi": 6,
        "linked_nsapi": 5,
        "sgsn_address_control": SGSN,
        "sgsn_address_user": SGSN,
        "qos": QOS,
        "tft": bytes.fromhex("2130 0a 0c 10 c6336401ffffffff 50 23f0"),
    }
    bench.request(CreatePdpContextRequest(**secondary), SGSN)
    assert bench.sent(CreatePdpContextResponse).cause is Cause.REQUEST_ACCEPTED
    wanted = bytes.fromhex("2131 14 05 41 13c413ce")
    bench.ggsn.request_secondary(IMSI, "wap.example", QOS, wanted, bench.now)
    bench.take()
    request = bench.sent(InitiatePdpContextActivationRequest)
    network = {"nsapi": 7, "tft": wanted, "correlation_id": request.correlation_id}
    bench.request(CreatePdpContextRequest(**secondary | network), SGSN)
    bench.sent(CreatePdpContextResponse)
    teid = created.teid_control
    accepted = InitiatePdpContextActivationResponse(teid=teid, cause=Cause.REQUEST_ACCEPTED)
    bench.respond(request, accepted, SGSN)
    bench.ggsn.change_template(IMSI, "wap.example", 6, bytes.fromhex("6131 0b 02 3011"), bench.now)
    bench.take()
    update = bench.sent(UpdatePdpContextRequest)
    bench.respond(update, UpdatePdpContextResponse(teid=teid, cause=Cause.MS_REFUSES), SGSN)
    bench.request(DeletePdpContextRequest(teid=teid, nsapi=6), SGSN)
    fields = assert_clean(bench.passed)
    kinds = [int(kind, 16) for kind in fields["gtp.message"]]
    assert kinds == [16, 17, 16, 17, 22, 16, 17, 23, 18, 19, 20, 21]
    assert fields["gsm_a.gm.sm.tft.op_code"] == ["1", "1", "1", "3"]
    assert fields["gsm_a.gm.sm.tft.packet_evaluation_precedence"] == [
        "0x0a",
        "0x14",
        "0x14",
        "0x0b",
    ]
    assert fields["gtp.correlation_id"] == ["1", "1"]
    assert fields["gtp.bcm"] == ["1"]
    assert fields["gsm_a.gm.sm.pco.sel_bearer_ctrl_mode"] == ["2"]


def test_ipv6_on_the_link(make_bench) -> None:
    """Both addresses in the answer, and the Router Advertisement option by option."""
    apn = Apn("wap.example", (IPv4Network("10.45.0.0/24"), IPv6Network("2001:db8::/48")), mtu=1400)
    bench = make_bench(apns=(apn,), static_bindings=())
    bench.create(end_user_address=EndUserAddress(pdp_type=PdpType.IPV4V6))
    created = bench.sent(CreatePdpContextResponse)
    own = IPv6Address(created.end_user_address.ipv6).packed
    source = IPv6Address("fe80::").packed[:8] + own[8:]
    head = bytes.fromhex("6000000000083aff") + source + IPv6Address("ff02::2").packed
    tail = bytes((0, 0, 0, 8, 0, 0, 0, 58)) + bytes((133, *bytes(7)))
    value = checksum(head[8:] + tail).to_bytes(2, "big")
    solicitation = head + bytes((133, 0)) + value + bytes(4)
    bench.from_tunnel(encapsulate(created.teid_data, solicitation))
    fields = assert_clean(bench.passed)
    assert fields["gtp.user_ipv6"] == [created.end_user_address.ipv6]
    assert fields["icmpv6.type"] == ["133", "134"]
    assert fields["icmpv6.checksum.status"] == ["1", "1"]
    assert fields["icmpv6.opt.type"] == ["3", "5"]
    assert fields["icmpv6.opt.prefix"] == ["2001:db8::"]
    assert fields["icmpv6.opt.prefix.flag.a"] == ["1"]
    assert fields["icmpv6.opt.prefix.flag.l"] == ["0"]
    assert fields["icmpv6.nd.ra.flag.m"] == fields["icmpv6.nd.ra.flag.o"] == ["0"]
    assert fields["icmpv6.opt.mtu"] == ["1400"]
