"""smpplib and Kannel's bearerbox bind to our SMPP server, submit, and are delivered to."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest

from tests.conftest import require_peer
from tests.interop.dissection import Dissection
from tests.interop.peers import Peer, Peers, eventually
from tests.interop.smpplib_program import MANY

pytestmark = [pytest.mark.interop, pytest.mark.usefixtures("tshark")]

ROOT = Path(__file__).parents[2]
HOST, PORT = "127.0.40.1", "2775"
SENDSMS = "http://127.0.0.1:13013/cgi-bin/sendsms?username=tester&password=foobar"

CONFIGURATION = f"""
group = core
admin-port = 13000
admin-password = bar
admin-allow-ip = "127.0.0.1"
smsbox-port = 13001
box-allow-ip = "127.0.0.1"
log-level = 0
dlr-storage = internal

group = smsc
smsc = smpp
smsc-id = ours
host = {HOST}
port = {PORT}
transceiver-mode = true
smsc-username = kannel
smsc-password = secret
system-type = VMA
interface-version = 34
enquire-link-interval = 1
reconnect-delay = 1
source-addr-ton = 1
source-addr-npi = 1
dest-addr-ton = 1
dest-addr-npi = 1

group = smsbox
bearerbox-host = 127.0.0.1
bearerbox-port = 13001
sendsms-port = 13013
global-sender = 12345
log-level = 0

group = sendsms-user
username = tester
password = foobar
concatenation = true
max-messages = 10

group = sms-service
keyword = default
catch-all = true
max-messages = 0
text = "taken"
"""


@pytest.fixture
def smsc(peers: Peers) -> Peer:
    """Start our SMSC."""
    module = ("-m", "tests.interop.smsc_program", HOST, PORT, "smpp.pcapng")
    program = ("env", f"PYTHONPATH={ROOT}", sys.executable, *module)
    started = peers.start("smsc", *program)
    started.wait_for("^Ready")
    return started


def dissected(peers: Peers, smsc: Peer) -> Dissection:
    smsc.stop()
    read = Dissection(peers.folder / "smpp.pcapng")
    assert read.complaints() == []
    return read


def commands(read: Dissection) -> list[int]:
    """Return the command_id of every PDU."""
    return [int(value, 0) for packet in read.packets for value in packet.all("smpp.command_id")]


def test_smpplib_holds_a_session(peers: Peers, smsc: Peer) -> None:
    """Bind, submit with a receipt, a hundred outstanding, query, enquire_link both ways, unbind."""
    program = (sys.executable, "-m", "tests.interop.smpplib_program", HOST, PORT)
    seen = json.loads(peers.place.run(*program))
    held = seen["session"]
    assert (held["smsc"], held["version"]) == ("smsc", 0x34)
    assert held["submitted"] == [str(number) for number in range(1, MANY + 2)]
    (mobile, receipt) = held["delivered"]
    assert mobile == [0, "from a mobile"]
    assert receipt[0] == 4
    assert "stat:DELIVRD" in receipt[1]
    assert held["state"] == 2
    assert (seen["wrong password"], seen["unknown system_id"]) == (0x0E, 0x0F)
    assert seen["short length"] == "00000010800000000000000200000000"
    # ESME_RINVBNDSTS; the session init timer then ends what never binds.
    assert seen["out of state"] == "00000010800000150000000400000007"
    assert seen["half a PDU"] == ""
    assert "the rest of a PDU has not come within 1 s" in smsc.output
    read = dissected(peers, smsc)
    counts = {command: commands(read).count(command) for command in set(commands(read))}
    assert counts[4] == counts[0x8000_0004] == MANY + 1
    assert counts[5] == counts[0x8000_0005] == 2
    assert read.having({"smpp.command_id": 6, "ip.src": HOST}) == []
    print(f"smpplib: {MANY + 1} messages submitted, 2 delivered")


def test_kannel_binds_submits_and_is_delivered_to(peers: Peers, smsc: Peer) -> None:
    """bearerbox takes a mobile's message, sends one in two segments with a receipt, and unbinds."""
    bearerbox = require_peer("bearerbox", package="kannel")
    smsbox = require_peer("smsbox", package="kannel")
    (peers.folder / "kannel.conf").write_text(CONFIGURATION, encoding="utf-8")
    box = peers.start("bearerbox", bearerbox, "kannel.conf")
    box.wait_listening(13001)
    smpp = smsc.wait_for(r"BindRequested\(.*BindTransceiver\(.*")
    assert "system_id='kannel'" in smpp
    smsc.wait_for(r"Answered\(.*'hello', response=DeliverSmResp\(.*status=0")
    services = peers.start("smsbox", smsbox, "kannel.conf")
    services.wait_for("Connected to bearerbox")
    services.wait_listening(13013)
    text = "+".join(["long"] * 50)
    query = f"&to=447700900123&text={text}&dlr-mask=31&dlr-url=http%3A%2F%2F127.0.0.1%3A9%2F"
    answer = peers.place.fetch("GET", SENDSMS + query)
    assert answer.startswith("0: Accepted")
    # Kannel wants one receipt for the whole.
    smsc.wait_for(r"Answered\(.*'receipt', response=DeliverSmResp\(.*status=0")
    # It may have the receipt of the first before it submits the second.
    segment = r"Submitted\(.*short_message=b'\\x05\\x00\\x03"
    eventually(lambda: len(re.findall(segment, smsc.output)), lambda count: count == 2)
    services.wait_for("from a mobile")
    # Both sides ask by enquire_link when they have heard nothing for a while.
    eventually(lambda: box.output.count("type_name: enquire_link_resp"), lambda count: count >= 2)
    box.stop()
    smsc.wait_for(r"Unbound\(")
    assert "PduRefused" not in smsc.output
    read = dissected(peers, smsc)
    seen = commands(read)
    assert seen[:2] == [9, 0x8000_0009]
    assert {0x15, 0x8000_0015} <= set(seen)
    assert seen.count(4) == seen.count(0x8000_0004) == 2
    # Who was asked in the meantime may still answer that.
    assert [kind for kind in seen[seen.index(6) :] if kind & 0xFF == 6] == [6, 0x8000_0006]
    print("Kannel: two segments submitted, a message and a receipt delivered")
