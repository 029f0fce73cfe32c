"""What is behind a push, from an origin server to the screen, as tshark reads all of it."""

from __future__ import annotations

import json
import sys
from typing import Any

import pytest

from testbed.codecs import mms, wml
from testbed.codecs.media import ContentType
from testbed.codecs.wsp.push import Push
from tests.conftest import missing_peer
from tests.interop.dissection import Dissection
from tests.interop.peers import CORENET, Peers, eventually
from tests.interop.test_fakewap import DECK, ORIGIN, SERVER

pytestmark = [pytest.mark.interop, pytest.mark.usefixtures("tshark")]

CONTROL = "http://127.0.33.4:8080"
IMSI, MSISDN = "234150000000001", "447700900001"
LAB = f"""
name: pages
ggsn:
  address: 127.0.33.1
  apns: [{{name: wap.example, pool: 127.33.0.0/16}}]
  radius: [{{address: 127.0.33.5}}]
sgsn: {{address: 127.0.33.2}}
hlr: {{address: 127.0.33.3}}
subscribers:
  - {{imsi: "{IMSI}", msisdn: "{MSISDN}", apns: [{{name: wap.example}}]}}
control: {{address: 127.0.33.4, port: 8080}}
gateway: {{address: 127.0.33.5, apn: wap.example}}
"""


def test_the_page_behind_a_push_is_shown(peers: Peers) -> None:
    """SL to an offline mobile, its browser's session through GTP, WML compiled on the way."""
    if not wml.is_available():
        missing_peer("libwbxml2.so.1 is not there: it is in Debian's package libwbxml2-1")
    (peers.folder / "hello.wml").write_text(DECK, encoding="utf-8")
    peers.start("origin", sys.executable, "-c", SERVER).wait_for("^ready")
    lab = peers.run_lab(LAB)
    push = (str(CORENET), "push", MSISDN, "--gateway", "http://127.0.33.5:8081/pap", "--wait", "0")
    assert ": 1001 " in peers.place.run(*push, "--sl", "--href", f"{ORIGIN}/hello.wml")

    def shown() -> list[dict[str, Any]]:
        view: dict[str, Any] = peers.place.ask("GET", f"{CONTROL}/v1/terminals/{IMSI}")
        return list(view["mobile"]["shown"])

    loading, page = eventually(shown, lambda seen: len(seen) == 2)
    assert (loading["kind"], page["kind"]) == ("SL", "page")
    assert page["text"].startswith("Hello, terminal.")
    assert page["details"]["content-type"] == wml.WBXML_TYPE
    assert lab.stop() == 0
    assert f"terminal=+{MSISDN}" in lab.output

    read = Dissection(peers.folder / "lab.pcapng")
    assert read.complaints() == []
    replies = read.having({"wsp.pdu_type": 4})
    # From the gateway, in a G-PDU, on the air.
    assert [reply["wsp.reply.status"] for reply in replies] == ["0x20"] * 3
    assert ["gtp" in reply.layers for reply in replies] == [False, True, False]
    assert all("wbxml" in reply.layers for reply in replies)
    print("tshark: the page on its three ways, compiled")


SMSC = "127.0.33.7"
CENTRE = "http://127.0.0.1:8089/a"
NOTIFICATION = bytes.fromhex(
    # m-notification-ind, T1234, version 1.2, personal, 12345 octets, 259200 s
    "8c82 985431323334008d92 8a80 8e023039 8805810303f480 83" + CENTRE.encode().hex() + "00"
)
MESSAGE = bytes.fromhex(
    # m-retrieve-conf, version 1.2, date, subject "Hi", multipart/mixed: "Hello", a JPEG
    "8c84 8d92 85046553f100 96486900 84a3 02 0105 83 48656c6c6f 0103 9e ffd8ff"
)
MESSAGE_CENTRE = f"""
import http.server

class Centre(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = bytes.fromhex("{MESSAGE.hex()}")
        self.send_response(200)
        self.send_header("Content-Type", "{mms.MEDIA_TYPE}")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        print("told", self.headers["Content-Type"], body.hex(), flush=True)
        self.send_response(204)
        self.end_headers()

server = http.server.ThreadingHTTPServer(("127.0.0.1", 8089), Centre)
print("ready", flush=True)
server.serve_forever()
"""


def test_a_multimedia_message_that_came_by_sms_is_fetched(peers: Peers) -> None:
    """The notification in a short message, a context for the fetch, the centre told at the end."""
    centre = peers.start("centre", sys.executable, "-c", MESSAGE_CENTRE)
    centre.wait_for("^ready")
    smsc = f"smsc: {{address: {SMSC}, esmes: [{{system_id: gateway, password: secret}}]}}\n"
    lab = peers.run_lab(LAB + smsc)
    headers = (("X-Wap-Application-Id", "x-wap-application:mms.ua"),)
    push = Push(1, ContentType(mms.MEDIA_TYPE), NOTIFICATION, headers).encode()
    program = (sys.executable, "-m", "tests.interop.smpplib_push", SMSC, "2775", push.hex(), MSISDN)
    assert json.loads(peers.place.run(*program))[MSISDN][0] == 0
    told = mms.encode_notify_response("T1234", mms.Status.RETRIEVED)
    centre.wait_for(f"^told {mms.MEDIA_TYPE} {told.hex()}$")
    seen = peers.place.ask("GET", f"{CONTROL}/v1/terminals/{IMSI}")["mobile"]["shown"]
    assert [one["kind"] for one in seen] == ["MMS", "MMS message"]
    assert (seen[1]["text"], seen[1]["details"]["subject"]) == ("Hello", "Hi")
    assert lab.stop() == 0

    read = Dissection(peers.folder / "lab.pcapng")
    assert read.complaints() == []
    kinds = [
        kind
        for packet in read.packets
        if "gtp" in packet.layers
        for kind in packet.all("mmse.message_type")
    ]
    assert [int(kind, 0) for kind in kinds] == [mms.RETRIEVE_CONF, mms.NOTIFYRESP_IND]
    print("tshark: m-retrieve-conf and m-notifyresp-ind through GTP, after a notification by SMS")
