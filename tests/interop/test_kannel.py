"""Kannel as it is, as the push gateway in front of our core.

The configuration is that of the recorded vectors (``tests/vectors/kannel/kannel.conf``), less
what short messages need, on addresses of its own.
"""

from __future__ import annotations

import re
import sys
from typing import Any

import pytest

from tests.conftest import require_peer
from tests.interop.dissection import Dissection
from tests.interop.peers import CORENET, Peer, Peers, eventually

pytestmark = [pytest.mark.interop, pytest.mark.usefixtures("tshark")]

KANNEL, GGSN, SGSN, HLR = "127.0.30.1", "127.0.30.2", "127.0.30.3", "127.0.30.4"
CONTROL = "http://127.0.30.5:8080"
PPG = "http://127.0.0.1:18080/wappush"
IMSI, MSISDN, MOBILE = "234150000000001", "447700900001", "127.30.0.1"
SECRET = "testing123"

CONFIGURATION = f"""
group = core
admin-port = 13000
admin-password = bar
admin-allow-ip = "127.0.0.1"
wapbox-port = 13002
box-allow-ip = "127.0.0.1"
wdp-interface-name = "{KANNEL}"
log-level = 0

group = wapbox
bearerbox-host = 127.0.0.1
log-file = "wapbox-file.log"
log-level = 0

group = radius-acct
our-host = {KANNEL}
our-port = 1813
secret-nas = {SECRET}
nas-ports = 30
unified-prefix = "+358,00358,0;+,00"

group = ppg
ppg-url = /wappush
ppg-port = 18080
trusted-pi = true
concurrent-pushes = 100
users = 1024
"""
LAB = f"""
name: kannel
ggsn:
  address: {GGSN}
  apns: [{{name: wap.example, pool: 127.30.0.0/16}}]
  gi: {{ports: [2948]}}
  radius: [{{address: {KANNEL}, secret: {SECRET}}}]
sgsn: {{address: {SGSN}}}
hlr: {{address: {HLR}}}
subscribers:
  - imsi: "{IMSI}"
    msisdn: "{MSISDN}"
    apns: [{{name: wap.example, address: {MOBILE}}}]
control: {{address: 127.0.30.5, port: 8080}}
"""
BROWSERS = "".join(
    f"""
  - imsi: "23415000000001{number}"
    msisdn: "44770090001{number}"
    apns: [{{name: wap.example, address: 127.30.0.1{number}}}]
    mobile: {{wap_gateway: {KANNEL}, wap_mode: {mode}}}"""
    for number, mode in enumerate(("session", "connectionless"))
)
"""Mobiles that fetch pages through Kannel, in either way."""
ORIGIN = """
from http.server import BaseHTTPRequestHandler, HTTPServer

class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/vnd.wap.wml")
        self.end_headers()
        lines = "".join(f"<p>message {number}</p>" for number in range(int(self.path[2:])))
        self.wfile.write(f'<wml><card title="Mail">{lines}</card></wml>'.encode())

server = HTTPServer(("127.0.30.9", 8000), Handler)
print("ready", flush=True)
server.serve_forever()
"""
"""Has at /?N a deck of N messages."""


@pytest.fixture
def kannel(peers: Peers) -> Peer:
    """Start bearerbox and wapbox, and return the latter, which has the PPG and RADIUS."""
    bearerbox = require_peer("bearerbox", package="kannel")
    wapbox = require_peer("wapbox", package="kannel")
    (peers.folder / "kannel.conf").write_text(CONFIGURATION, encoding="utf-8")
    peers.start("bearerbox", bearerbox, "kannel.conf").wait_listening(13002)
    started = peers.start("wapbox", wapbox, "kannel.conf")
    started.wait_for("Connected to bearerbox")
    started.wait_listening(18080, 1813)
    return started


def terminal(peers: Peers) -> dict[str, Any]:
    """Return all that our core knows of the terminal."""
    view: dict[str, Any] = peers.place.ask("GET", f"{CONTROL}/v1/terminals/{IMSI}")
    return view


def push(peers: Peers, *options: str) -> str:
    """Have our push initiator post a push for the terminal's address to Kannel."""
    command = (str(CORENET), "push", MOBILE, "--gateway", PPG, "--wait", "0", *options)
    return peers.place.run(*command)


def test_push_to_an_offline_mobile_is_shown(peers: Peers, kannel: Peer) -> None:
    """PAP, a datagram to the static address, activation, SI on the mobile; SL over the same."""
    lab = peers.run_lab(LAB)
    assert terminal(peers)["online"] is False
    assert ": 1001 " in push(peers, "--text", "You have 4 new emails")
    view = eventually(lambda: terminal(peers), lambda seen: len(seen["mobile"]["shown"]) == 1)
    assert ": 1001 " in push(peers, "--sl", "--href", "http://www.example.com/sl")
    eventually(lambda: terminal(peers), lambda seen: len(seen["mobile"]["shown"]) == 2)
    indication, loading = terminal(peers)["mobile"]["shown"]
    assert (indication["kind"], indication["text"]) == ("SI", "You have 4 new emails")
    assert indication["details"]["href"] == "http://www.example.com/"
    assert indication["details"]["from"] == KANNEL
    assert (loading["kind"], loading["details"]["href"]) == ("SL", "http://www.example.com/sl")
    (context,) = view["contexts"]
    assert (context["address"], context["network_requested"]) == (MOBILE, True)
    kannel.wait_for("(?s)(PPG: unconfirmed push delivered to OTA.*){2}")
    assert lab.stop() == 0

    read = Dissection(peers.folder / "lab.pcapng", radius_secret=SECRET)
    assert read.complaints() == []
    assert read.gtp() == [32, 33, 27, 28, 16, 17, 255, 255, 20, 21]
    arrived = [
        packet
        for packet in read.having({"wsp.pdu_type": 6})
        if packet["frame.interface_name"] == "Gi"
    ]
    assert [(packet["ip.src"], packet["udp.srcport"]) for packet in arrived] == [
        (KANNEL, "9200")
    ] * 2
    print("Kannel: SI activated the context and was shown; SL followed on it")


def test_accounting_is_accepted(peers: Peers, kannel: Peer) -> None:
    """Kannel answers every record of our GGSN, and keeps its mapping by Start and Stop."""
    lab = peers.run_lab(LAB)
    asked = {"imsi": IMSI, "apn": "wap.example"}
    activation = peers.place.ask("POST", f"{CONTROL}/v1/activations", asked)
    assert activation["address"] == MOBILE
    mapping = rf"Mapping `{re.escape(MOBILE)} <-> {MSISDN}' for session id <(\w+)>"
    added = kannel.wait_for(f"{mapping} added")
    peers.place.ask("DELETE", f"{CONTROL}/v1/contexts/{IMSI}/wap.example")
    removed = kannel.wait_for(f"{mapping} removed")
    assert re.findall("<(\\w+)>", added) == re.findall("<(\\w+)>", removed)
    metrics = eventually(
        lambda: peers.place.fetch("GET", f"{CONTROL}/metrics"),
        lambda seen: 'name="accounting.answered",node="ggsn"} 3.0' in seen,
    )
    assert 'name="accounting.retransmissions",node="ggsn"} 0.0' in metrics
    assert lab.stop() == 0

    read = Dissection(peers.folder / "lab.pcapng", radius_secret=SECRET)
    assert read.complaints() == []
    requests = read.having({"radius.code": 4})
    statuses = [request.number("radius.Acct_Status_Type") for request in requests]
    # On, Start, Stop, Off (RFC 2866 §5.1).
    assert statuses == [7, 1, 2, 8]
    assert len(read.having({"radius.code": 5})) == 4
    print("Kannel: On, Start, Stop and Off answered; mapping added and removed")


def screen(peers: Peers, imsi: str) -> list[dict[str, Any]]:
    """Return what a mobile shows."""
    shown: list[dict[str, Any]] = peers.place.ask("GET", f"{CONTROL}/v1/terminals/{imsi}")[
        "mobile"
    ]["shown"]
    return shown


@pytest.mark.parametrize(
    ("number", "messages"),
    [pytest.param(0, 60, id="session"), pytest.param(1, 20, id="connectionless")],
)
def test_handset_browses_through_kannel(
    peers: Peers, kannel: Peer, number: int, messages: int
) -> None:
    """Kannel pushes a service loading; the handset has it fetch the page, which it compiles."""
    peers.start("origin", sys.executable, "-c", ORIGIN).wait_for("ready")
    lab = peers.run_lab(LAB.replace("\ncontrol:", BROWSERS + "\ncontrol:"))
    url = f"http://127.0.30.9:8000/?{messages}"
    command = ("push", f"127.30.0.1{number}", "--gateway", PPG, "--wait", "0", "--sl")
    assert ": 1001 " in peers.place.run(str(CORENET), *command, "--href", url)
    imsi = f"23415000000001{number}"
    loading, page = eventually(lambda: screen(peers, imsi), lambda shown: len(shown) == 2)
    assert (loading["kind"], page["kind"], page["details"]["title"]) == ("SL", "page", "Mail")
    assert page["details"]["content-type"] == "application/vnd.wap.wmlc"
    lines = [f"message {each}" for each in range(messages)]
    assert page["text"] == "\n".join(lines)[:4000]
    assert lab.stop() == 0

    read = Dissection(peers.folder / "lab.pcapng", radius_secret=SECRET)
    assert read.complaints() == []
    print(f"Kannel: a page of {page['details']['octets']} octets, {page['details']['status']}")
