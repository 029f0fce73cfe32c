"""Our HLR, SGSNs and SMSC as processes of their own, between which tshark reads GSUP."""

from __future__ import annotations

import re
import signal
from pathlib import Path
from typing import Any

import pytest

from tests.interop.dissection import Dissection
from tests.interop.peers import CORENET, Peer, Peers, eventually

pytestmark = [pytest.mark.interop, pytest.mark.usefixtures("tshark")]

PAGE = Path(__file__).parents[2] / "docs" / "howto" / "hlr-in-another-process.md"
FILES = dict(
    re.findall(r"^```yaml (\S+)\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.M | re.S)
)
IMSI, MSISDN = "234150000000301", "447700900301"
HLR = f"""
name: hlr
hlr: {{address: 127.0.42.1, listen: true}}
subscribers:
  - {{imsi: "{IMSI}", msisdn: "{MSISDN}", apns: [{{name: internet}}]}}
"""


def sgsn(number: int) -> str:
    return f"""
name: sgsn-{number}
sgsn:
  address: 127.0.42.{number}
  hlr: {{address: 127.0.42.1, unit_name: sgsn-{number}}}
subscribers:
  - imsi: "{IMSI}"
    msisdn: "{MSISDN}"
    apns: [{{name: internet}}]
    mobile: {{attached: false}}
control: {{address: 127.0.42.{number}, port: 8080}}
"""


def ended(peers: Peers, lab: Peer, name: str) -> Dissection:
    """End a lab and read its capture."""
    lab.signal(signal.SIGINT)
    assert lab.wait() == 0
    return Dissection(peers.folder / f"{name}.pcapng")


def kinds(seen: Dissection) -> list[int]:
    """Return the types of the GSUP messages, in order."""
    return [int(kind, 0) for packet in seen.packets for kind in packet.all("gsup.msg_type")]


@pytest.mark.clause("GSUP", "Location Cancel between processes")
def test_a_mobile_moves_between_sgsns_of_other_processes(peers: Peers) -> None:
    """Our HLR cancels the location in the first SGSN, which detaches the mobile."""
    hlr = peers.run_lab(HLR, name="hlr")
    labs = {number: peers.run_lab(sgsn(number), name=f"sgsn-{number}") for number in (2, 3)}

    def mobile(number: int) -> Any:
        return peers.place.ask("GET", f"http://127.0.42.{number}:8080/v1/terminals/{IMSI}")

    for number in (2, 3):
        url = f"http://127.0.42.{number}:8080/v1/mobiles/{IMSI}/attach"
        peers.place.fetch("POST", url)
        eventually(lambda at=number: mobile(at), lambda seen: seen["attached"])
    eventually(lambda: mobile(2), lambda seen: not seen["attached"])
    first = ended(peers, labs[2], "sgsn-2")
    assert kinds(first)[:6] == [0x04, 0x10, 0x12, 0x06, 0x1C, 0x1E]
    captures = [first, ended(peers, labs[3], "sgsn-3"), ended(peers, hlr, "hlr")]
    assert [capture.complaints() for capture in captures] == [[], [], []]
    layers = {layer for packet in captures[2].packets for layer in packet.layers}
    assert {"gsm_ipa", "gsup"} <= layers


def test_a_push_goes_through_a_dedicated_smsc(peers: Peers) -> None:
    """PAP in the core's process, SMPP to the SMSC's, GSUP back, the text on the mobile's screen."""
    smsc = peers.run_lab(FILES["smsc.yaml"], name="smsc")
    core = peers.run_lab(FILES["core.yaml"], name="core")
    core.wait_for("smsc bound")
    said = peers.place.run(
        str(CORENET),
        *("push", f"+{MSISDN}", "--gateway", "http://127.0.30.5:8081/pap", "--wait", "60"),
        *("--text", "One push in several short messages, of two processes. " * 4),
    )
    assert "delivered (1000" in said
    view = peers.place.ask("GET", f"http://127.0.30.4:8080/v1/terminals/{IMSI}")
    assert len(view["mobile"]["shown"]) == 1
    seen = ended(peers, smsc, "smsc")
    assert kinds(seen) == [0x28, 0x2A] * (len(kinds(seen)) // 2)
    assert len(kinds(seen)) >= 4
    assert seen.complaints() == []
    assert ended(peers, core, "core").complaints() == []
