"""ESMEs that others wrote submit to our SMSC, and mobiles of the lab show what they sent."""

from __future__ import annotations

import json
import sys
from typing import Any

import pytest

from testbed.codecs.media import ContentType
from testbed.codecs.si import WBXML_TYPE, ServiceIndication, encode
from testbed.codecs.wsp.push import Push
from tests.conftest import require_peer
from tests.interop.dissection import Dissection
from tests.interop.peers import Peers, eventually

pytestmark = [pytest.mark.interop, pytest.mark.usefixtures("tshark")]

SMSC, PORT = "127.0.20.7", "2775"
CONTROL = "http://127.0.20.4:8080/v1"
FIRST, SECOND = "234150000000201", "234150000000202"
LAB = f"""
name: short-messages
sgsn: {{address: 127.0.20.2}}
hlr: {{address: 127.0.20.3}}
subscribers:
  - imsi: "{FIRST}"
    msisdn: "447700900201"
    apns: [{{name: wap.example}}]
  - imsi: "{SECOND}"
    msisdn: "447700900202"
    apns: [{{name: wap.example}}]
    mobile: {{on_sms: reject, rp_cause: 41, sms_refused: [2]}}
control: {{address: 127.0.20.4}}
smsc:
  address: {SMSC}
  esmes: [{{system_id: gateway, password: secret, numbers: ["80101"]}}]
"""
TEXT = "Whoever reads this on a telephone has waited for all of its parts, in order. " * 3
KANNEL = f"""
group = core
admin-port = 13000
admin-password = bar
smsbox-port = 13001
log-level = 0
dlr-storage = internal

group = smsc
smsc = smpp
smsc-id = ours
host = {SMSC}
port = {PORT}
transceiver-mode = true
smsc-username = gateway
smsc-password = secret
system-type = VMA
interface-version = 34
source-addr-ton = 1
source-addr-npi = 1
dest-addr-ton = 1
dest-addr-npi = 1

group = smsbox
bearerbox-host = 127.0.0.1
bearerbox-port = 13001
sendsms-port = 13013
global-sender = 447700900100
log-level = 0

group = sendsms-user
username = tester
password = foobar
concatenation = true
max-messages = 10
"""
SERVICE = """
group = sms-service
keyword = default
catch-all = true
max-messages = 1
text = "You have asked the service."
"""


def shown(peers: Peers, imsi: str) -> list[tuple[str, str]]:
    """Return kind and text of what is on a mobile's screen."""
    mobile: Any = peers.place.ask("GET", f"{CONTROL}/terminals/{imsi}")["mobile"]
    return [(one["kind"], one["text"]) for one in mobile["shown"]]


def test_smpplib_gets_the_outcome_of_whole_pushes(peers: Peers) -> None:
    """Three transactions are open at once: delivered, delivered after a repair, no such number."""
    lab = peers.run_lab(LAB)
    indication = ServiceIndication(text=TEXT.strip(), href="http://www.example.com/", created=0.0)
    push = Push(1, ContentType(WBXML_TYPE), encode(indication)).encode()
    numbers = ("447700900201", "447700900202", "447700900999")
    program = (sys.executable, "-m", "tests.interop.smpplib_push", SMSC, PORT, push.hex(), *numbers)
    answered = json.loads(peers.place.run(*program, timeout=180.0))
    assert [answered[number][0] for number in numbers] == [0, 0, 0x0B]
    assert answered[numbers[0]][1]
    for imsi in (FIRST, SECOND):
        assert shown(peers, imsi) == [("SI", TEXT.strip())]
    eventually(lambda: lab.output.count("transaction ended"), lambda count: count == 3)
    lab.stop()
    read = Dissection(peers.folder / "lab.pcapng")
    assert read.complaints() == []
    over_the_air = [
        packet
        for packet in read.packets
        if packet.all("gsm_sms.fragment.count") and packet.all("llcgprs.sapi")
    ]
    assert len(over_the_air) == 2
    print("smpplib: three pushes of three segments, two delivered")


def test_kannel_sends_what_it_has_cut_itself(peers: Peers) -> None:
    """bearerbox submits segments with their headers; they arrive as one, and so do its receipts."""
    bearerbox = require_peer("bearerbox", package="kannel")
    smsbox = require_peer("smsbox", package="kannel")
    lab = peers.run_lab(LAB)
    (peers.folder / "kannel.conf").write_text(KANNEL, encoding="utf-8")
    box = peers.start("bearerbox", bearerbox, "kannel.conf")
    box.wait_for("MAIN: Start-up done")
    box.wait_listening(13001)
    services = peers.start("smsbox", smsbox, "kannel.conf")
    services.wait_for("Connected to bearerbox")
    services.wait_listening(13013)
    lab.wait_for("esme bound")
    text = TEXT.strip().replace(" ", "+")
    query = f"&to=447700900201&text={text}&dlr-mask=3&dlr-url=http%3A%2F%2F127.0.0.1%3A9%2F"
    url = "http://127.0.0.1:13013/cgi-bin/sendsms?username=tester&password=foobar" + query
    # It queues what comes before it knows that it is bound.
    assert peers.place.fetch("GET", url).startswith(("0: Accepted", "3: Queued"))
    seen = eventually(lambda: shown(peers, FIRST), bool)
    assert seen == [("SMS", TEXT.strip())]
    box.wait_for("created DLR message")
    eventually(lambda: lab.output.count("message ended"), lambda count: count == 2)
    box.stop()
    lab.stop()
    assert Dissection(peers.folder / "lab.pcapng").complaints() == []
    print("Kannel: a text in two segments delivered, with a receipt")


def test_a_mobile_asks_a_service_of_kannels(peers: Peers) -> None:
    """What it writes to the short code goes to bearerbox as deliver_sm; the answer comes back."""
    bearerbox = require_peer("bearerbox", package="kannel")
    smsbox = require_peer("smsbox", package="kannel")
    lab = peers.run_lab(LAB)
    asked = {"destination": "80101", "text": "What is the time?"}
    peers.place.ask("POST", f"{CONTROL}/mobiles/{FIRST}/send-sms", asked)
    lab.wait_for("esme unreached.*it is not bound")
    (peers.folder / "kannel.conf").write_text(KANNEL + SERVICE, encoding="utf-8")
    box = peers.start("bearerbox", bearerbox, "kannel.conf")
    box.wait_for("MAIN: Start-up done")
    box.wait_listening(13001)
    services = peers.start("smsbox", smsbox, "kannel.conf")
    services.wait_for("Connected to bearerbox")
    services.wait_listening(13013)
    lab.wait_for("esme bound")
    peers.place.ask("POST", f"{CONTROL}/mobiles/{FIRST}/send-sms", asked)
    seen = eventually(lambda: shown(peers, FIRST), bool)
    assert seen == [("SMS", "You have asked the service.")]
    lab.wait_for("esme reached")
    box.stop()
    lab.stop()
    read = Dissection(peers.folder / "lab.pcapng")
    assert read.complaints() == []
    (delivered,) = read.having({"smpp.command_id": 5})
    assert delivered.all("smpp.destination_addr") == ["80101"]
    print("Kannel: a mobile's message to a short code, and the service's answer")
