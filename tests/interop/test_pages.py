"""The page behind a push, from an origin server to the screen, as tshark reads all of it."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from testbed.codecs import wml
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
