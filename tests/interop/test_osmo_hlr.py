"""osmo-hlr behind our SGSN: GSUP in IPA over TCP, with a capture that tshark reads."""

from __future__ import annotations

import signal
import sqlite3
from typing import Any

import pytest

from tests.conftest import require_peer
from tests.interop.dissection import Dissection
from tests.interop.peers import Peer, Peers, eventually

pytestmark = [pytest.mark.interop, pytest.mark.usefixtures("tshark")]

HLR = "127.0.41.9"
KNOWN, UNKNOWN = "234150000000401", "234150000000402"
MSISDN = "447700900401"
OSMO_HLR = f"""
log stderr
 logging filter all 1
 logging color 0
 logging level main notice
hlr
 gsup
  bind ip {HLR}
"""

TERMINAL = """
import socket, sys
with socket.create_connection(("127.0.0.1", 4258), 60) as terminal:
    terminal.sendall(sys.argv[1].encode())
    said = b""
    # It is asked for the next command when it has carried out the last one.
    while said.count(b"OsmoHLR# ") < sys.argv[1].count("\\n"):
        said += terminal.recv(4096) or sys.exit("it hangs up")
print(said.decode("ascii", "replace"))
"""
"""Gives osmo-hlr's terminal a few lines, and prints what it says to them."""


def lab(number: int, *, attached: bool = True) -> str:
    """Return a lab with one SGSN, and both mobiles; a detached one is purged at once."""
    here = f"127.0.41.{number}"
    mobile = f"mobile: {{attached: {str(attached).lower()}}}"
    off = "mobile: {attached: false}"
    return f"""
name: sgsn-{number}
sgsn:
  address: {here}
  hlr: {{address: {HLR}, unit_name: sgsn-{number}}}
  detached_kept: 0
subscribers:
  - {{imsi: "{KNOWN}", msisdn: "{MSISDN}", apns: [{{name: internet}}], {mobile}}}
  - {{imsi: "{UNKNOWN}", msisdn: "447700900402", apns: [{{name: internet}}], {off}}}
control: {{address: {here}, port: 8080}}
"""


class Network:
    """osmo-hlr, and SGSNs of ours that are labs of their own."""

    def __init__(self, peers: Peers) -> None:
        self.peers = peers
        self.program = require_peer("osmo-hlr", package="osmo-hlr")
        (peers.folder / "osmo-hlr.cfg").write_text(OSMO_HLR, encoding="utf-8")
        self.hlr = self.start_hlr("osmo-hlr")
        with sqlite3.connect(peers.folder / "hlr.db", timeout=60.0) as db:
            db.execute("insert into subscriber (imsi, msisdn) values (?, ?)", (KNOWN, MSISDN))
        db.close()

    def start_hlr(self, name: str) -> Peer:
        """Start osmo-hlr with what its database has."""
        peer = self.peers.start(name, self.program, "-c", "osmo-hlr.cfg", "-l", "hlr.db")
        peer.wait_for("CTRL at")
        return peer

    def start_sgsn(self, number: int, *, attached: bool = True) -> Peer:
        """Start an SGSN of ours."""
        return self.peers.run_lab(lab(number, attached=attached), name=f"sgsn-{number}")

    def mobile(self, number: int, imsi: str = KNOWN) -> Any:
        """Return a mobile as the SGSN's lab shows it."""
        url = f"http://127.0.41.{number}:8080/v1/terminals/{imsi}"
        return self.peers.place.ask("GET", url)

    def command(self, number: int, verb: str, imsi: str = KNOWN) -> None:
        """Have a mobile do something."""
        url = f"http://127.0.41.{number}:8080/v1/mobiles/{imsi}/{verb}"
        self.peers.place.fetch("POST", url)

    def wait_attached(self, number: int, *, attached: bool = True) -> Any:
        """Wait until the SGSN has the known mobile, or not."""
        return eventually(lambda: self.mobile(number), lambda seen: seen["attached"] is attached)

    def wait_counted(self, number: int, name: str) -> None:
        """Wait until an SGSN has counted something."""
        self.peers.place.wait_counted(f"http://127.0.41.{number}:8080", "sgsn", name)

    def configure(self, command: str) -> None:
        """Give osmo-hlr a command on its terminal."""
        said = self.peers.place.run("python3", "-c", TERMINAL, f"enable\n{command}\n")
        assert "Unknown" not in said, said

    def forget_locations(self) -> None:
        """Take out of the database where the subscriber is."""
        with sqlite3.connect(self.peers.folder / "hlr.db", timeout=60.0) as db:
            db.execute("update subscriber set sgsn_number = null")
        db.close()

    def database(self) -> tuple[str | None, int]:
        """Return osmo-hlr's own word on the subscriber: the serving SGSN, and whether purged."""
        db = sqlite3.connect(self.peers.folder / "hlr.db", timeout=60.0)
        row = db.execute(
            "select sgsn_number, ms_purged_ps from subscriber where imsi = ?", (KNOWN,)
        ).fetchone()
        db.close()
        name: str | bytes | None = row[0]
        text = name.decode() if isinstance(name, bytes) else name
        return (None if text is None else text.rstrip("\0")), row[1]

    def dissect(self, number: int, lab: Peer) -> Dissection:
        """End an SGSN's lab and read its capture."""
        lab.signal(signal.SIGINT)
        assert lab.wait() == 0
        return Dissection(self.peers.folder / f"sgsn-{number}.pcapng")


@pytest.fixture
def network(peers: Peers) -> Network:
    """Start osmo-hlr with one subscriber."""
    return Network(peers)


def messages(seen: Dissection, imsi: str) -> list[int]:
    """Return the types of the GSUP messages of a subscriber, in order."""
    return [
        int(kind, 0)
        for packet in seen.packets
        for kind, of in zip(packet.all("gsup.msg_type"), packet.all("e212.imsi"), strict=False)
        if of == imsi
    ]


@pytest.mark.clause("GSUP", "in IPA over TCP, as client: identity, ping, reconnection")
def test_a_mobile_attaches_and_is_purged(network: Network) -> None:
    """UpdateLocation and InsertSubscriberData; osmo-hlr keeps the SGSN's unit name, and forgets."""
    sgsn = network.start_sgsn(2)
    seen = network.wait_attached(2)
    assert seen["msisdn"] == MSISDN
    assert eventually(network.database, lambda row: row[0] is not None) == ("sgsn-2", 0)
    network.command(2, "power-off")
    eventually(network.database, lambda row: row[1] == 1)
    network.wait_counted(2, "purges_answered")
    found = network.dissect(2, sgsn)
    # Update, its data, taken, granted; purge, granted.
    assert messages(found, KNOWN) == [0x04, 0x10, 0x12, 0x06, 0x0C, 0x0E]
    assert found.complaints() == []


def test_an_unknown_subscriber_is_refused(network: Network) -> None:
    """Cause 2, IMSI unknown in HLR, as far as the mobile."""
    sgsn = network.start_sgsn(2, attached=False)
    network.command(2, "attach", UNKNOWN)
    network.hlr.wait_for("Subscriber does not exist")
    network.wait_counted(2, "attaches_refused")
    found = network.dissect(2, sgsn)
    assert messages(found, UNKNOWN) == [0x04, 0x05]
    assert found.one({"gsup.msg_type": 0x05}).number("gsup.cause") == 2
    (reject,) = found.having({"gsm_a.dtap.msg_gmm_type": 0x04})
    assert reject.number("gsm_a.gm.gmm.cause") == 2


def test_a_mobile_that_attaches_elsewhere_is_there(network: Network) -> None:
    """osmo-hlr 1.5.0 knows the second SGSN from then on, and does not tell the first one."""
    first = network.start_sgsn(2)
    network.wait_attached(2)
    second = network.start_sgsn(3, attached=False)
    network.command(3, "attach")
    network.wait_attached(3)
    assert eventually(network.database, lambda row: row[0] == "sgsn-3") == ("sgsn-3", 0)
    assert messages(network.dissect(3, second), KNOWN)[:4] == [0x04, 0x10, 0x12, 0x06]
    assert 0x1C not in messages(network.dissect(2, first), KNOWN)


@pytest.mark.clause("GSUP", "Delete Data of osmo-hlr: who may not use GPRS any more is detached")
def test_who_may_not_use_gprs_any_more_is_sent_away(network: Network) -> None:
    """osmo-hlr deletes the data of a subscriber whose network access mode has no PS any more."""
    sgsn = network.start_sgsn(2)
    network.wait_attached(2)
    network.configure(f"subscriber imsi {KNOWN} update network-access-mode none")
    network.wait_attached(2, attached=False)
    found = network.dissect(2, sgsn)
    withdrawn = messages(found, KNOWN)[4:]
    assert withdrawn[0] == 0x14  # osmo-hlr asks twice, and need not wait for the first answer
    assert 0x16 in withdrawn
    (detach,) = found.having({"gsm_a.dtap.msg_gmm_type": 0x05, "gsm_a.gm.gmm.cause": 7})
    assert found.complaints() == [], detach


@pytest.mark.clause("23.007 §5", "locations are restored at osmo-hlr behind a new connection")
def test_osmo_hlr_is_told_anew_who_is_there(network: Network) -> None:
    """It comes back without what it had; no mobile does anything."""
    sgsn = network.start_sgsn(2)
    network.wait_attached(2)
    network.hlr.stop()
    sgsn.wait_for("hlr not connected")
    network.forget_locations()
    network.start_hlr("osmo-hlr-again")
    assert eventually(network.database, lambda row: row[0] is not None) == ("sgsn-2", 0)
    network.wait_counted(2, "locations_restored")
    found = network.dissect(2, sgsn)
    assert messages(found, KNOWN)[:8] == [0x04, 0x10, 0x12, 0x06] * 2


def test_osmo_hlr_may_restart(network: Network) -> None:
    """The SGSN comes back to it by itself, and mobiles attach again."""
    sgsn = network.start_sgsn(2, attached=False)
    network.hlr.stop()
    sgsn.wait_for("hlr not connected")
    network.start_hlr("osmo-hlr-again")
    network.command(2, "attach")
    network.wait_attached(2)
    assert network.dissect(2, sgsn).complaints() == []
