"""A lab that is told to stop in the midst of work, as Wireshark sees it, and its next life."""

from __future__ import annotations

import shlex
import signal
from collections import Counter

import pytest

from tests.interop.peers import CORENET, Peers, eventually

pytestmark = pytest.mark.interop

ACTIVE = 5
LAB = """
name: stopping
ggsn:
  address: 127.0.44.1
  apns: [{{name: wap.example, pool: 127.44.0.0/16}}]
  gi: {{ports: [2948]}}
  radius: [{{address: {radius}, secret: corenet}}]
  guard_time: 30
sgsn: {{address: 127.0.44.2}}
hlr: {{address: 127.0.44.3}}
subscribers:
  - imsi: "234150000000001"
    msisdn: "447700900001"
    count: 5
    apns: [{{name: wap.example, address: 127.44.0.1}}]
    mobile: {{activate: [wap.example]}}
  - imsi: "234150000000101"
    msisdn: "447700900101"
    apns: [{{name: wap.example}}]
    mobile: {{on_request: {answer}}}
control: {{address: 127.0.44.4}}
gateway: {{address: 127.0.44.5, apn: wap.example}}
"""
GATEWAY = "http://127.0.44.5:8081"
PUSH = "1@stopping.example"
STARTS, STOPS, OFFS = "1", "2", "8"
"""Values of Acct-Status-Type."""
UNFINISHED = """
import socket, time
submission = socket.create_connection(("127.0.44.5", 8081))
submission.send(b"POST /pap HTTP/1.1\\r\\nHost: x\\r\\nContent-Length: 100\\r\\n\\r\\nabc")
question = socket.create_connection(("127.0.44.4", 8080))
question.send(b"GET /v1/events HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n")
question.recv(1)
print("Ready", flush=True)
time.sleep(300)
"""


def _state(peers: Peers) -> str:
    pushes = f"{GATEWAY}/v1/pushes/{PUSH.replace('@', '%40')}"
    return str(peers.place.ask("GET", pushes)["deliveries"][0]["state"])


def _seen(peers: Peers, tshark: str, shown: str, field: str) -> Counter[str]:
    capture = str(peers.folder / "lab.pcapng")
    words = (tshark, "-r", capture, "-Y", shown, "-T", "fields", "-e", field)
    # A capture that is being written may end within a packet, which tshark calls an error.
    return Counter(peers.place.run("sh", "-c", f"{shlex.join(words)} || true").split())


def _are_active(peers: Peers) -> None:
    """Wait until every mobile that activates by itself has its context."""
    eventually(
        lambda: peers.place.ask("GET", "http://127.0.44.4:8080/v1/contexts")["total"],
        lambda total: total == ACTIVE,
    )


def test_a_lab_that_stops_takes_leave_and_goes_on_with_its_pushes(
    peers: Peers, tshark: str
) -> None:
    """Mobiles detach, contexts end, accounting ends and is off; the push comes in the next life.

    A client that has not finished its request and one that hears events do not hold it up.
    """
    lab = peers.run_lab(LAB.format(radius="127.0.44.5", answer="silent"))
    _are_active(peers)
    push = (str(CORENET), "push", "+447700900101", "--gateway", f"{GATEWAY}/pap", "--push-id", PUSH)
    peers.place.run(*push, "--wait", "0")
    eventually(lambda: _state(peers), lambda state: state == "activating")
    peers.start("clients", "python3", "-c", UNFINISHED).wait_for("Ready")
    lab.signal(signal.SIGTERM)
    assert lab.wait() == 0

    deleted = _seen(peers, tshark, "gtp.message in {20, 21}", "gtp.message")
    assert deleted == {"0x14": ACTIVE, "0x15": ACTIVE}
    detached = _seen(peers, tshark, "gsm_a.dtap.msg_gmm_type == 0x05", "gsm_a.dtap.msg_gmm_type")
    assert sum(detached.values()) == ACTIVE + 1
    asked = _seen(peers, tshark, "radius.code == 4", "radius.Acct_Status_Type")
    assert (asked[STARTS], asked[STOPS], asked[OFFS]) == (ACTIVE, ACTIVE, 1)
    answered = _seen(peers, tshark, "radius.code == 5", "radius.code")
    assert answered == {"5": asked.total()}

    peers.run_lab(LAB.format(radius="127.0.44.5", answer="accept"))
    eventually(lambda: _state(peers), lambda state: state == "delivered")


def test_a_silent_accounting_server_does_not_hold_up_a_stop(peers: Peers, tshark: str) -> None:
    """What it has not answered is kept, and told in the next life."""
    nobody = LAB.format(radius="127.0.44.9", answer="accept")
    lab = peers.run_lab(nobody)
    _are_active(peers)
    lab.signal(signal.SIGTERM)
    assert lab.wait() == 0
    assert (peers.folder / "state" / "accounting.journal").read_bytes() != b""

    peers.run_lab(LAB.format(radius="127.0.44.5", answer="accept"))
    eventually(
        lambda: _seen(peers, tshark, "radius.code == 4", "radius.Acct_Status_Type"),
        lambda asked: asked[STOPS] >= ACTIVE,
    )
