"""osmo-hlr as the authentication centre of our SGSN: its vectors against our cards."""

from __future__ import annotations

import signal
import sqlite3
from collections.abc import Iterator
from typing import Any

import pytest

from tests.conftest import require_peer
from tests.interop.dissection import Dissection
from tests.interop.peers import Peer, Peers, eventually

pytestmark = [pytest.mark.interop, pytest.mark.usefixtures("tshark")]

HLR, SGSN = "127.0.43.9", "127.0.43.2"
IMSI, MSISDN = "234150000000431", "447700900431"
KEY, OPC = "465b5ce8b199b49faa5f0a2ee238a6bc", "cd63cb71954a9f4e48a5994e37a02baf"
XOR, MILENAGE = 4, 5
"""osmo-hlr's numbers of algorithms."""
OSMO_HLR = f"""
log stderr
 logging filter all 1
 logging color 0
 logging level main notice
hlr
 gsup
  bind ip {HLR}
"""
REQUEST, RESPONSE, REJECT, FAILURE = 0x12, 0x13, 0x14, 0x1C


def lab(authentication: str, card: str, attached: bool) -> str:
    """Return a lab with an SGSN and one mobile with that card."""
    return f"""
name: sgsn
sgsn:
  address: {SGSN}
  hlr: {{address: {HLR}, unit_name: sgsn}}
  authentication: {authentication}
subscribers:
  - imsi: "{IMSI}"
    msisdn: "{MSISDN}"
    apns: [{{name: internet}}]
    card: {{{card}}}
    mobile: {{attached: {str(attached).lower()}}}
control: {{address: {SGSN}, port: 8080}}
"""


USIM = f"key: {KEY}, opc: {OPC}"


class Centre:
    """osmo-hlr with a subscriber, and our SGSN in front of it."""

    def __init__(self, peers: Peers) -> None:
        self.peers = peers
        program = require_peer("osmo-hlr", package="osmo-hlr")
        (peers.folder / "osmo-hlr.cfg").write_text(OSMO_HLR, encoding="utf-8")
        hlr = peers.start("osmo-hlr", program, "-c", "osmo-hlr.cfg", "-l", "hlr.db")
        hlr.wait_for("CTRL at")
        self.write("insert into subscriber (id, imsi, msisdn) values (1, ?, ?)", IMSI, MSISDN)

    def write(self, statement: str, *values: object) -> None:
        """Change osmo-hlr's database."""
        with sqlite3.connect(self.peers.folder / "hlr.db", timeout=60.0) as db:
            db.execute(statement, values)
        db.close()

    def know(self, algorithm: int, key: str = KEY, sqn: int = 0) -> None:
        """Give osmo-hlr the subscriber's key."""
        if algorithm == MILENAGE:
            self.write(
                "insert into auc_3g values (1, 5, ?, null, ?, ?, 5)",
                key,
                OPC,
                sqn,
            )
        else:
            self.write("insert into auc_2g values (1, ?, ?)", algorithm, key)

    def run(self, authentication: str, card: str = USIM, *, attached: bool = True) -> Peer:
        """Start the SGSN; its mobile attaches at once, or is told to and fails."""
        sgsn = self.peers.run_lab(lab(authentication, card, attached), name="sgsn")
        if not attached:
            url = f"http://{SGSN}:8080/v1/mobiles/{IMSI}/attach"
            self.peers.place.fetch("POST", url)
            sgsn.wait_for("authentication failed")
        return sgsn

    def wait_attached(self) -> Any:
        """Wait until the mobile is attached."""
        url = f"http://{SGSN}:8080/v1/terminals/{IMSI}"
        ask = self.peers.place.ask
        return eventually(lambda: ask("GET", url), lambda seen: seen["attached"])

    def dissect(self, sgsn: Peer) -> Dissection:
        """End the lab and read its capture."""
        sgsn.signal(signal.SIGINT)
        assert sgsn.wait() == 0
        found = Dissection(self.peers.folder / "sgsn.pcapng")
        assert found.complaints() == []
        return found


@pytest.fixture
def centre(peers: Peers) -> Centre:
    """Start osmo-hlr."""
    return Centre(peers)


def gsup(seen: Dissection) -> list[int]:
    """Return the types of the GSUP messages, in order."""
    return [int(kind, 0) for packet in seen.packets for kind in packet.all("gsup.msg_type")]


def gmm(seen: Dissection) -> Iterator[int]:
    """Return the types of the messages of authentication, in order."""
    for packet in seen.packets:
        for text in packet.all("gsm_a.dtap.msg_gmm_type"):
            kind = int(text, 0)
            if kind in (REQUEST, RESPONSE, REJECT, FAILURE):
                yield kind


@pytest.mark.clause("GSUP", "SendAuthInfo: osmo-hlr's quintuplets, triplets and resynchronisation")
def test_a_usim_is_authenticated_by_quintuplet(centre: Centre) -> None:
    """osmo-hlr's Milenage and ours agree, in both directions."""
    centre.know(MILENAGE)
    sgsn = centre.run("umts")
    centre.wait_attached()
    seen = centre.dissect(sgsn)
    assert gsup(seen)[:6] == [0x08, 0x0A, 0x04, 0x10, 0x12, 0x06]
    assert list(gmm(seen)) == [REQUEST, RESPONSE]


def test_a_usim_out_of_step_is_followed(centre: Centre) -> None:
    """Synch failure with AUTS, which osmo-hlr takes; its next vector is accepted."""
    centre.know(MILENAGE, sqn=32)
    sgsn = centre.run("umts", f"{USIM}, sqn: {1 << 30}")
    centre.wait_attached()
    seen = centre.dissect(sgsn)
    assert gsup(seen)[:4] == [0x08, 0x0A, 0x08, 0x0A]
    assert list(gmm(seen)) == [REQUEST, FAILURE, REQUEST, RESPONSE]


def test_a_usim_in_gsm_is_authenticated_by_triplet(centre: Centre) -> None:
    """SRES of osmo-hlr's Milenage, by c2."""
    centre.know(MILENAGE)
    sgsn = centre.run("gsm")
    centre.wait_attached()
    assert list(gmm(centre.dissect(sgsn))) == [REQUEST, RESPONSE]


def test_a_sim_is_authenticated_by_triplet(centre: Centre) -> None:
    """The test algorithm is the same on both sides."""
    centre.know(XOR)
    sgsn = centre.run("umts", f"algorithm: xor, key: {KEY}")
    centre.wait_attached()
    assert list(gmm(centre.dissect(sgsn))) == [REQUEST, RESPONSE]


def test_another_card_is_refused(centre: Centre) -> None:
    """It finds the MAC wrong, and the SGSN gives up."""
    centre.know(MILENAGE, key="00" * 16)
    sgsn = centre.run("umts", attached=False)
    seen = centre.dissect(sgsn)
    assert list(gmm(seen)) == [REQUEST, FAILURE, REJECT]
    assert gsup(seen) == [0x08, 0x0A]


def test_a_subscriber_without_a_key_is_refused(centre: Centre) -> None:
    """osmo-hlr's cause reaches the mobile."""
    sgsn = centre.run("umts", attached=False)
    seen = centre.dissect(sgsn)
    assert gsup(seen) == [0x08, 0x09]
    assert list(gmm(seen)) == []
