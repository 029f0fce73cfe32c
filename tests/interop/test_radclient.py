"""FreeRADIUS' radclient as the GGSN that tells our gateway who is online.

The attributes are written by FreeRADIUS from its own dictionaries (TS 29.061 §16.4.7, RFC 2866).
A gateway alone, which has no core to ask, believes accounting and nothing else: whether a push to
a number goes out shows what its session table says.
"""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

import pytest

from tests.conftest import require_peer
from tests.interop.peers import CORENET, Peer, Peers, eventually

pytestmark = pytest.mark.interop

GATEWAY, NAS, OTHER_NAS = "127.0.33.1", "127.0.33.2", "127.0.33.3"
SECRET = "testing123"
IMSI, MSISDN, ADDRESS = "234150000000001", "447700900001", "127.33.0.1"
LAB = f"""
name: radclient
gateway: {{address: {GATEWAY}, apn: wap.example, ask_core: false, radius_secret: {SECRET}}}
"""
TERMINAL = f"""
import socket

terminal = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
terminal.bind(("{ADDRESS}", 2948))
print("ready", flush=True)
while True:
    terminal.recv(2000)
"""
"""Takes pushes; where nobody did, the network would say so, and they would be tried again."""
ANSWERED = "Received Accounting-Response"

Attributes = Mapping[str, str | int]

SESSION: Attributes = {
    "NAS-IP-Address": NAS,
    "Acct-Session-Id": "7F00210200000001",
    "Framed-IP-Address": ADDRESS,
    "Calling-Station-Id": MSISDN,
    "Called-Station-Id": "wap.example",
    "Service-Type": "Framed-User",
    "Framed-Protocol": "GPRS-PDP-Context",
    "Acct-Authentic": "RADIUS",
    "3GPP-IMSI": IMSI,
    "3GPP-Charging-ID": 1,
    "3GPP-PDP-Type": 0,
    "3GPP-GPRS-Negotiated-QoS-profile": "99-0b921f7396fefe74",
    "3GPP-SGSN-Address": "127.0.33.4",
    "3GPP-GGSN-Address": NAS,
    "3GPP-IMSI-MCC-MNC": "23415",
    "3GPP-GGSN-MCC-MNC": "23415",
    "3GPP-NSAPI": "5",
    "3GPP-Selection-Mode": "0",
    "3GPP-Charging-Characteristics": "0800",
    "3GPP-RAT-Type": "0x02",
}
"""What a GGSN says of a PDP context."""


@pytest.fixture
def gateway(peers: Peers) -> Peer:
    """Start a gateway that has no core to ask."""
    require_peer("radclient", package="freeradius-utils")
    peers.start("terminal", sys.executable, "-c", TERMINAL).wait_for("ready")
    return peers.run_lab(LAB)


def words(status: str, attributes: Attributes) -> str:
    """Return an Accounting-Request as radclient reads it."""
    pairs = {"Acct-Status-Type": status, **attributes}
    return "".join(
        # Octets stand as they are, text in quotes.
        f"{name} = {value}\n" if str(value).startswith("0x") else f'{name} = "{value}"\n'
        for name, value in pairs.items()
    )


def command(
    *options: str, secret: str = SECRET, tries: int = 1, timeout: float = 30.0
) -> tuple[str, ...]:
    """Return the command line of radclient, which reads standard input unless told otherwise."""
    radclient = require_peer("radclient", package="freeradius-utils")
    patience = ("-r", str(tries), "-t", f"{timeout:g}")
    return (radclient, "-x", *patience, *options, f"{GATEWAY}:1813", "acct", secret)


def account(peers: Peers, status: str, attributes: Attributes, **options: Any) -> str:
    """Send a record and return what radclient says, whether it was answered or not."""
    done = subprocess.run(
        peers.place.command(*command(**options)),
        input=words(status, attributes),
        capture_output=True,
        text=True,
        timeout=120.0,
    )
    return done.stdout + done.stderr


def counters(peers: Peers) -> dict[str, int]:
    """Return what the gateway has counted."""
    health: dict[str, dict[str, int]] = peers.place.ask("GET", f"http://{GATEWAY}:8081/health")
    return health["counters"]


def push(peers: Peers, push_id: str) -> str:
    """Push to the terminal's number and return the state of the push once it has settled."""
    options = ("--gateway", f"http://{GATEWAY}:8081/pap", "--wait", "0", "--push-id", push_id)
    said = peers.place.run(str(CORENET), "push", f"+{MSISDN}", *options)
    assert ": 1001 " in said
    return settled(peers, push_id, but=("accepted", "judging", "sending", "confirming"))


def settled(peers: Peers, push_id: str, *, but: tuple[str, ...]) -> str:
    """Wait until the push is in none of the states ``but``, and return its state."""
    url = f"http://{GATEWAY}:8081/v1/pushes/{push_id}"
    view = eventually(
        lambda: peers.place.ask("GET", url), lambda seen: seen["deliveries"][0]["state"] not in but
    )
    state: str = view["deliveries"][0]["state"]
    return state


def test_sessions_follow_the_records(peers: Peers, gateway: Peer) -> None:
    """Start brings a terminal online and Stop takes it off; what waits goes out with its return."""
    assert push(peers, "before") == "held"
    assert ANSWERED in account(peers, "Start", SESSION)
    assert settled(peers, "before", but=("held", "judging", "sending", "confirming")) == "delivered"
    assert push(peers, "online") == "delivered"
    gateway.wait_for(rf"push sent.*push_id=online.*'{ADDRESS}', 2948")

    assert ANSWERED in account(peers, "Interim-Update", SESSION)
    assert push(peers, "still-online") == "delivered"

    assert ANSWERED in account(peers, "Stop", {**SESSION, "3GPP-Session-Stop-Indicator": "0xff"})
    assert push(peers, "offline") == "held"
    assert counters(peers)["radius answered"] == 3
    assert gateway.stop() == 0


def test_interim_update_of_a_session_unknown_brings_it_online(peers: Peers, gateway: Peer) -> None:
    """A gateway that was not there at the Start learns of the terminal by the Interim-Update."""
    assert ANSWERED in account(peers, "Interim-Update", SESSION)
    assert push(peers, "online") == "delivered"
    assert gateway.stop() == 0


def test_accounting_on_ends_the_sessions_of_its_ggsn_only(peers: Peers, gateway: Peer) -> None:
    """A GGSN that has started again has no sessions; those of another stay."""
    assert ANSWERED in account(peers, "Start", SESSION)
    assert ANSWERED in account(peers, "Accounting-On", {"NAS-IP-Address": OTHER_NAS})
    assert push(peers, "online") == "delivered"
    assert ANSWERED in account(peers, "Accounting-On", {"NAS-IP-Address": NAS})
    assert push(peers, "offline") == "held"
    assert gateway.stop() == 0


def test_record_with_a_wrong_secret_is_not_answered(peers: Peers, gateway: Peer) -> None:
    """What was not made with the shared secret gets no answer and changes nothing."""
    said = account(peers, "Start", SESSION, secret="guessed", timeout=0.5)
    assert "Sent Accounting-Request" in said
    assert "Received" not in said
    assert "No reply from server" in said
    counted = eventually(lambda: counters(peers), lambda seen: "radius wrong authenticator" in seen)
    assert "radius answered" not in counted
    assert push(peers, "offline") == "held"
    assert gateway.stop() == 0


def test_retransmission_is_answered_from_the_cache(peers: Peers, gateway: Peer) -> None:
    """A gateway that is slow gets a record twice, answers both and reads one."""
    record = peers.folder / "start.txt"
    record.write_text(words("Start", SESSION), encoding="utf-8")
    gateway.signal(signal.SIGSTOP)
    try:
        radclient = peers.start("radclient", *command("-f", str(record), tries=20, timeout=0.3))
        radclient.wait_for("(?s)Sent Accounting-Request.*Sent Accounting-Request")
    finally:
        gateway.signal(signal.SIGCONT)
    assert radclient.wait() == 0
    assert radclient.output.count(ANSWERED) == 1
    counted = eventually(lambda: counters(peers), lambda seen: seen.get("radius duplicate", 0) > 0)
    assert counted["radius answered"] == 1 + counted["radius duplicate"]
    assert push(peers, "online") == "delivered"
    assert gateway.stop() == 0
