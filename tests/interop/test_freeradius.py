"""FreeRADIUS decides who gets a context, keeps the accounts, and orders contexts about.

It names every attribute from its own dictionaries (dictionary.3gpp), ignores Access-Requests
without Message-Authenticator, and writes what it was told; radclient orders. Wireshark finds
nothing to complain about.
"""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import require_peer
from tests.interop.dissection import Dissection
from tests.interop.freeradius import FreeRadius
from tests.interop.peers import Peer, Peers, eventually

pytestmark = [pytest.mark.interop, pytest.mark.usefixtures("tshark")]

GGSN, SGSN = "127.0.34.1", "127.0.34.2"
CONTROL = "http://127.0.34.4:8080/v1"
FIRST, SECOND = "127.0.34.5", "127.0.34.6"
SECRET = "testing123"
IMSI, MSISDN = "234150000000001", "447700900001"
USERS = f"""
{IMSI} Cleartext-Password := "apn-secret"
	Class := 0x636c617373,
	Session-Timeout := 3600

alice Cleartext-Password := "hush"
	User-Name := "alice@example",
	Framed-IP-Address := 10.60.0.77,
	Class := 0x616c696365,
	Idle-Timeout := 600,
	MS-Primary-DNS-Server := 192.0.2.53,
	MS-Secondary-DNS-Server := 192.0.2.54,
	3GPP-IPv6-DNS-Servers := 0x20010db8000000000000000000000053

six Cleartext-Password := "hush"
	Framed-IPv6-Prefix := 2001:db8:60:77::/64,
	Framed-Interface-Id := 0:0:0:9
"""
LAB = f"""
name: freeradius
ggsn:
  address: {GGSN}
  plmn: "23415"
  nas_identifier: ggsn.example
  charging_gateway: 127.0.34.9
  gi: null
  apns:
    - name: wap.example
      pool: [10.60.0.0/24, "2001:db8:60::/48"]
      authentication:
        servers:
          - {{address: {FIRST}, secret: {SECRET}}}
          - {{address: {SECOND}, secret: {SECRET}}}
    - name: imsi.example
      pool: 10.61.0.0/24
      authentication:
        servers: [{{address: {FIRST}, secret: {SECRET}}}]
        by: imsi
        password: apn-secret
    - {{name: open.example, pool: 10.62.0.0/24, user_name: nobody}}
  radius:
    - {{address: {FIRST}, secret: {SECRET}}}
    - {{address: {SECOND}, secret: {SECRET}}}
  accounting: {{first_wait: 30, tries: 2}}
  authentication: {{wait: 30, deadline: 100}}
  orders: {{servers: [{{address: 127.0.0.0/8, secret: {SECRET}}}]}}
control: {{address: 127.0.34.4}}
"""
"""Whose GGSN waits for a server that is slow."""
IMPATIENT = LAB.replace("first_wait: 30", "first_wait: 2").replace("wait: 30", "wait: 2")
"""Whose GGSN soon asks the next one."""


@pytest.fixture
def server(peers: Peers) -> FreeRadius:
    """Start the first server; the lab comes after it, and finds it ready."""
    return FreeRadius(peers, FIRST, secret=SECRET, users=USERS)


@pytest.fixture
def lab(peers: Peers, request: pytest.FixtureRequest) -> Peer:
    """Start a GGSN, after the server where the test has one."""
    if "server" in request.fixturenames:
        request.getfixturevalue("server")
    return peers.run_lab(LAB)


@pytest.fixture
def impatient_lab(peers: Peers) -> Peer:
    """Start a GGSN that waits for no server for long."""
    return peers.run_lab(IMPATIENT)


def sgsn(peers: Peers, *wanted: dict[str, Any]) -> list[dict[str, Any]]:
    """Have a GGSN do things for an SGSN, one after the other; return what it said."""
    said = peers.place.run(
        sys.executable, "-m", "tests.interop.sgsn_program", SGSN, GGSN, *map(json.dumps, wanted),
        timeout=180.0, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    return [json.loads(line) for line in said.splitlines()]


def listening_sgsn(peers: Peers, *wanted: dict[str, Any]) -> Peer:
    """Have a GGSN do things for an SGSN that then answers what the GGSN asks."""
    arguments = [json.dumps(one) for one in (*wanted, {"send": "listen"})]
    program = Path(__file__).with_name("sgsn_program.py")
    peer = peers.start("sgsn", sys.executable, str(program), SGSN, GGSN, *arguments)
    peer.wait_for('"ready"')
    return peer


def pap(name: str, password: str) -> str:
    """Return options with a PAP Authenticate-Request, and IPCP's request for name servers."""
    body = bytes((len(name),)) + name.encode() + bytes((len(password),)) + password.encode()
    packet = b"\x01\x07" + (len(body) + 4).to_bytes(2, "big") + body
    return "80" + entry(0xC023, packet) + IPCP


def chap(name: str, password: str) -> str:
    """Return options with a CHAP Challenge of the mobile's own and the Response to it."""
    challenge = bytes(range(16))
    value = hashlib.md5(b"\x05" + password.encode() + challenge).digest()
    packets = (
        b"\x01\x05\x00\x15\x10" + challenge,
        b"\x02\x05" + (21 + len(name)).to_bytes(2, "big") + b"\x10" + value + name.encode(),
    )
    return "80" + "".join(entry(0xC223, packet) for packet in packets) + IPCP


def entry(identifier: int, content: bytes) -> str:
    return identifier.to_bytes(2, "big").hex() + f"{len(content):02x}" + content.hex()


IPCP = entry(0x8021, bytes.fromhex("01010010 810600000000 830600000000")) + "000300"


def order(
    peers: Peers, kind: str, *attributes: str, secret: str = SECRET, patience: int = 30
) -> str:
    """Have radclient send an order, and return what it says."""
    radclient = require_peer("radclient", package="freeradius-utils")
    done = subprocess.run(
        peers.place.command(
            radclient, "-x", "-r", "1", "-t", str(patience), f"{GGSN}:3799", kind, secret
        ),
        input="\n".join((*attributes, "Message-Authenticator = 0x00", "")),
        capture_output=True,
        text=True,
        timeout=180.0,
    )
    return done.stdout + done.stderr


def contexts(peers: Peers) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = peers.place.ask("GET", f"{CONTROL}/contexts")["contexts"]
    return found


def dissect(peers: Peers, lab: Peer) -> Dissection:
    """End the lab and read its capture, about which there is nothing to complain."""
    assert lab.stop() == 0
    dissection = Dissection(peers.folder / "lab.pcapng", radius_secret=SECRET)
    assert dissection.complaints() == []
    assert "raised, which is a bug" not in lab.output
    return dissection


def test_freeradius_names_every_attribute_that_it_is_told(
    peers: Peers, server: FreeRadius, lab: Peer
) -> None:
    """Start, Interim-Update on a change, Stop, On and Off, as the detail file has them."""
    assert server.wait_for("Accounting-On")["NAS-Identifier"] == "ggsn.example"
    create = {"send": "create", "apn": "imsi.example", "imsi": IMSI}
    said = sgsn(peers, create, {"send": "update", "rat_type": 1}, {"send": "delete"})
    assert [one["cause"] for one in said] == ["REQUEST_ACCEPTED"] * 3
    start = server.wait_for("Start")
    told = {
        "User-Name": IMSI,
        "Framed-IP-Address": "10.61.0.1",
        "Calling-Station-Id": MSISDN,
        "Called-Station-Id": "imsi.example",
        "NAS-IP-Address": GGSN,
        "NAS-Identifier": "ggsn.example",
        "Service-Type": "Framed-User",
        "Framed-Protocol": "GPRS-PDP-Context",
        "NAS-Port-Type": "Wireless-Other",
        "Acct-Authentic": "RADIUS",
        "Acct-Delay-Time": "0",
        "Class": "0x636c617373",
        "3GPP-IMSI": IMSI,
        "3GPP-PDP-Type": "0",
        "3GPP-GPRS-Negotiated-QoS-profile": "99-0b921f7396fefe742bffff",
        "3GPP-NSAPI": "5",
        "3GPP-Charging-Gateway-Address": "127.0.34.9",
        "3GPP-SGSN-Address": SGSN,
        "3GPP-GGSN-Address": GGSN,
        "3GPP-IMSI-MCC-MNC": "23415",
        "3GPP-GGSN-MCC-MNC": "23415",
        "3GPP-SGSN-MCC-MNC": "23415",
        "3GPP-Selection-Mode": "0",
        "3GPP-Charging-Characteristics": "0800",
        "3GPP-IMEISV": "3512345678901234",
        "3GPP-RAT-Type": "GERAN",
        "3GPP-User-Location-Info": "0x0132f45112340001",
        "3GPP-MS-Time-Zone": "0x4000",
        "3GPP-Camel-Charging-Info": "0x3100",
    }
    assert {name: start.get(name) for name in told} == told
    # Beside those, what differs each time.
    assert start.keys() - told.keys() == {
        "Acct-Status-Type", "Acct-Session-Id", "3GPP-Charging-ID", "Event-Timestamp", "Timestamp",
    }  # fmt: skip
    assert start["Acct-Session-Id"] == f"7F002201{int(start['3GPP-Charging-ID']):08X}"

    interim = server.wait_for("Interim-Update")
    assert interim["3GPP-RAT-Type"] == "UTRAN"
    stop = server.wait_for("Stop")
    assert stop["Acct-Terminate-Cause"] == "User-Request"
    assert stop["3GPP-Session-Stop-Indicator"] in ("255", "0xff")
    usage = ("Time", "Input-Octets", "Output-Octets", "Input-Packets", "Output-Packets")
    for name in (f"Acct-Session-{usage[0]}", *(f"Acct-{name}" for name in usage[1:])):
        assert name in stop
        assert name in interim
    assert {one["Acct-Session-Id"] for one in (start, interim, stop)} == {start["Acct-Session-Id"]}
    dissection = dissect(peers, lab)
    assert server.wait_for("Accounting-Off")["NAS-IP-Address"] == GGSN
    assert len(dissection.having({"radius.code": 1})) == 1
    # Wireshark's key for the same session.
    assert dissection.having({"radius.code": 4, "radius.Acct_Status_Type": 2})


@pytest.mark.parametrize("proof", [pap, chap])
def test_who_has_the_right_password_gets_what_freeradius_grants(
    peers: Peers, server: FreeRadius, lab: Peer, proof: Any
) -> None:
    """Address, name servers and Class of the users file; by PAP and by CHAP."""
    (said,) = sgsn(peers, {"send": "create", "pco": proof("alice", "hush"), "type": "IPV4"})
    assert (said["cause"], said["ipv4"]) == ("REQUEST_ACCEPTED", "10.60.0.77")
    for name_server in ("c0000235", "c0000236", "20010db8000000000000000000000053"):
        assert name_server in said["pco"]
    start = server.wait_for("Start")
    assert (start["User-Name"], start["Class"]) == ("alice@example", "0x616c696365")
    assert start["Framed-IP-Address"] == "10.60.0.77"
    dissect(peers, lab)


@pytest.mark.usefixtures("server")
@pytest.mark.parametrize("proof", [pap, chap])
def test_who_has_a_wrong_password_gets_no_context(peers: Peers, lab: Peer, proof: Any) -> None:
    """User authentication failed, and the mobile is told so in the answer's options."""
    (said,) = sgsn(peers, {"send": "create", "pco": proof("alice", "guess")})
    assert said["cause"] == "USER_AUTHENTICATION_FAILED"
    assert said["pco"].startswith("80c02305" if proof is pap else "80c22304")
    assert contexts(peers) == []
    dissect(peers, lab)


def test_freeradius_chooses_an_ipv6_prefix(peers: Peers, server: FreeRadius, lab: Peer) -> None:
    """Framed-IPv6-Prefix and Framed-Interface-Id are the context's address."""
    (said,) = sgsn(peers, {"send": "create", "pco": pap("six", "hush"), "type": "IPV6"})
    assert (said["cause"], said["ipv6"]) == ("REQUEST_ACCEPTED", "2001:db8:60:77::9")
    start = server.wait_for("Start")
    assert start["Framed-IPv6-Prefix"] == "2001:db8:60:77::/64"
    assert start["3GPP-PDP-Type"] == "2"
    dissect(peers, lab)


def test_repeated_creates_are_judged_once(peers: Peers, impatient_lab: Peer) -> None:
    """The server is asked once, however often the SGSN asks, and is slow to start."""
    create = {"send": "create", "pco": pap("alice", "hush"), "times": 3}
    peer = listening_sgsn_soon(peers, create)
    impatient_lab.wait_for("radius server silent.*authentication")
    FreeRadius(peers, FIRST, secret=SECRET, users=USERS)
    FreeRadius(peers, SECOND, secret=SECRET, users=USERS)
    peer.wait_for('"cause": "REQUEST_ACCEPTED"')
    assert len(contexts(peers)) == 1
    dissection = dissect(peers, impatient_lab)
    asked = dissection.having({"radius.code": 1})
    assert dissection.having({"radius.code": 2})
    assert {one["ip.dst"] for one in asked} == {FIRST, SECOND}
    # Each repetition is the same request, to whomever it goes.
    assert len({one["radius.User_Password"] for one in asked}) == 1


def listening_sgsn_soon(peers: Peers, *wanted: dict[str, Any]) -> Peer:
    """Start an SGSN without waiting for what it is told."""
    arguments = [json.dumps(one) for one in wanted]
    program = Path(__file__).with_name("sgsn_program.py")
    return peers.start("sgsn", sys.executable, str(program), SGSN, GGSN, *arguments)


def test_the_second_server_takes_over_when_the_first_is_killed(
    peers: Peers, server: FreeRadius, impatient_lab: Peer
) -> None:
    """Both authentication and accounting, and the first is asked no more for a while."""
    first = server
    second = FreeRadius(peers, SECOND, secret=SECRET, users=USERS)
    (said,) = sgsn(peers, {"send": "create", "pco": pap("alice", "hush")})
    assert said["cause"] == "REQUEST_ACCEPTED"
    first.wait_for("Start")
    first.peer.stop()
    (said,) = sgsn(peers, {"send": "create", "pco": pap("alice", "hush")})
    assert said["cause"] == "REQUEST_ACCEPTED"
    # The second context took the first one's place.
    stop = second.wait_for("Stop")
    assert stop["Acct-Terminate-Cause"] == "Lost-Carrier"
    assert int(stop["Acct-Delay-Time"]) >= 1
    assert second.wait_for("Start")["User-Name"] == "alice@example"
    for service in ("accounting", "authentication"):
        impatient_lab.wait_for(f"radius server silent.*{FIRST}.*{service}")
    dissect(peers, impatient_lab)


def test_radclient_ends_and_changes_contexts(peers: Peers, server: FreeRadius, lab: Peer) -> None:
    """Disconnect and CoA are acknowledged, or refused with the right Error-Cause."""
    peer = listening_sgsn(peers, {"send": "create", "apn": "open.example"})
    session = server.wait_for("Start")["Acct-Session-Id"]
    who = f'Acct-Session-Id = "{session}"'

    said = order(peers, "coa", who, "Session-Timeout = 3600", f"NAS-IP-Address = {GGSN}")
    assert "Received CoA-ACK" in said
    said = order(
        peers, "coa", who, '3GPP-GPRS-Negotiated-QoS-profile = "99-0b921f7396fefe744a0000"'
    )
    assert "Received CoA-ACK" in said
    peer.wait_for('"qos": "020b921f7396fefe744a0000"')
    interim = server.wait_for("Interim-Update")
    assert interim["3GPP-GPRS-Negotiated-QoS-profile"] == "99-0b921f7396fefe744a0000"
    for attributes, cause in (
        (('Acct-Session-Id = "nobody"', "Session-Timeout = 1"), "Session-Context-Not-Found"),
        (("Session-Timeout = 1",), "Missing-Attribute"),
        ((who,), "Missing-Attribute"),
        ((who, "Port-Limit = 3"), "Unsupported-Attribute"),
        ((who, "Session-Timeout = 1", "NAS-IP-Address = 192.0.2.9"), "NAS-Identification-Mismatch"),
        ((who, "Service-Type = Authorize-Only"), "Unsupported-Service"),
    ):
        said = order(peers, "coa", *attributes)
        assert "Received CoA-NAK" in said
        assert f"Error-Cause = {cause}" in said
    said = order(peers, "disconnect", who, secret="guessed", patience=2)
    assert "Received" not in said
    assert len(contexts(peers)) == 1

    said = order(peers, "disconnect", who, f'3GPP-IMSI = "{IMSI}"', "Proxy-State = 0x0102")
    assert "Received Disconnect-ACK" in said
    assert "Proxy-State = 0x0102" in said
    peer.wait_for("DeletePdpContextRequest")
    assert server.wait_for("Stop")["Acct-Terminate-Cause"] == "Admin-Reset"
    assert contexts(peers) == []
    assert "Error-Cause = Session-Context-Not-Found" in order(peers, "disconnect", who)
    dissection = dissect(peers, lab)
    assert len(dissection.having({"radius.code": 41})) == 1


def test_records_survive_a_killed_ggsn(peers: Peers) -> None:
    """Nobody is there to take the Stop; the next life tells it before its Accounting-On."""
    first = peers.run_lab(IMPATIENT)
    said = sgsn(peers, {"send": "create", "apn": "open.example"}, {"send": "delete"})
    assert [one["cause"] for one in said] == ["REQUEST_ACCEPTED"] * 2
    first.wait_for("radius server silent.*accounting")
    first.kill()
    server = FreeRadius(peers, FIRST, secret=SECRET)
    second = peers.run_lab(IMPATIENT)
    assert re.search("accounting resumed.*records=2", second.output)
    server.wait_for("Accounting-On")
    # What was answered late may be there twice.
    records = {one["Acct-Status-Type"]: one for one in server.records()}
    assert list(records) == ["Start", "Stop", "Accounting-On"]
    assert records["Start"]["Acct-Session-Id"] == records["Stop"]["Acct-Session-Id"]
    assert int(records["Stop"]["Acct-Delay-Time"]) >= 1
    assert records["Start"]["User-Name"] == "nobody"
    answered = 'corenet_node_events_total{name="accounting.answered",node="ggsn"} 3.0'
    eventually(
        lambda: peers.place.fetch("GET", f"{CONTROL.removesuffix('/v1')}/metrics"),
        lambda seen: answered in seen,
    )
    dissect(peers, second)
