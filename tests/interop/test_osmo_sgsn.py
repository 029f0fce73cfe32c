"""osmo-sgsn at our HLR: GSUP in IPA over TCP, with a mobile on its Gb interface that we play."""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import require_peer
from tests.interop.dissection import Dissection
from tests.interop.peers import Peer, Peers, eventually

pytestmark = [pytest.mark.interop, pytest.mark.usefixtures("tshark")]

GGSN, SGSN, HLR = "127.0.47.1", "127.0.47.2", "127.0.47.3"
PROGRAM = Path(__file__).with_name("gb_program.py")
IMSI, UNKNOWN = "234150000000471", "234150000000479"
KEY, OPC = "465b5ce8b199b49faa5f0a2ee238a6bc", "cd63cb71954a9f4e48a5994e37a02baf"
UNIT = "SGSN-00-00-00-00-00-00"
"""What osmo-sgsn calls itself."""
CONFIGURATION = f"""
log stderr
 logging filter all 1
 logging color 0
 logging level all info
sgsn
 gtp local-ip {SGSN}
 ggsn 0 remote-ip {GGSN}
 ggsn 0 gtp-version 1
 authentication required
 auth-policy remote
 gsup remote-ip {HLR}
 gsup remote-port 4222
ns
 bind udp local
  listen {SGSN} 23000
  accept-ipaccess
bssgp
"""
LAB = f"""
name: hlr
hlr: {{address: {HLR}, listen: true}}
subscribers:
  - imsi: "{IMSI}"
    msisdn: "447700900471"
    apns: [{{name: internet}}]
    card: {{key: {KEY}, opc: {OPC}, sqn: 1000}}
control: {{address: {HLR}, port: 8080}}
"""
SUBSCRIBERS = f"http://{HLR}:8080/v1/subscribers"


class Network:
    """Our HLR, osmo-sgsn, and base stations with a mobile each."""

    def __init__(self, peers: Peers) -> None:
        self.peers = peers
        program = require_peer("osmo-sgsn", package="osmo-sgsn")
        (peers.folder / "osmo-sgsn.cfg").write_text(CONFIGURATION, encoding="utf-8")
        self.hlr = peers.run_lab(LAB, "--verbose", name="hlr")
        self.sgsn = peers.start("osmo-sgsn", program, "-c", "osmo-sgsn.cfg")
        self.hlr.wait_for(f"GsupClientConnected.*unit={UNIT}")
        # It listens on Gb before it has a link to the HLR, but says no word of that.

    def mobile(self, imsi: str = IMSI, key: str = KEY) -> Peer:
        """Switch a mobile on; it attaches."""
        words = (sys.executable, str(PROGRAM), SGSN, imsi, key, OPC)
        return self.peers.start(f"mobile-{imsi}-{key[:4]}", *words)

    def subscriber(self) -> Any:
        """Return the subscriber as our HLR has it."""
        return self.peers.place.ask("GET", f"{SUBSCRIBERS}/{IMSI}")

    def attached(self) -> Peer:
        """Have the mobile attach, and our HLR know where it is."""
        mobile = self.mobile()
        mobile.wait_for("AttachAccept")
        eventually(self.subscriber, lambda seen: seen["sgsn"] is not None)
        return mobile

    def dissect(self) -> Dissection:
        """End the HLR and read its capture."""
        self.hlr.signal(signal.SIGINT)
        assert self.hlr.wait() == 0
        return Dissection(self.peers.folder / "hlr.pcapng")


@pytest.fixture
def network(peers: Peers) -> Network:
    """Start the HLR and the SGSN."""
    return Network(peers)


def messages(seen: Dissection) -> list[int]:
    """Return the types of the GSUP messages, in order."""
    return [int(one, 0) for packet in seen.packets for one in packet.all("gsup.msg_type")]


@pytest.mark.clause("GSUP", "in IPA over TCP, as server: an SGSN of others attaches and purges")
def test_osmo_sgsn_attaches_a_mobile(network: Network) -> None:
    """UMTS vectors, location, subscriber data; when the mobile detaches, it is purged."""
    mobile = network.attached()
    assert '"umts": true' in mobile.output
    mobile.signal(signal.SIGUSR1)
    mobile.wait_for("DetachAcceptDownlink")
    eventually(network.subscriber, lambda seen: seen["sgsn"] is None)
    found = network.dissect()
    # Vectors; update, its data, taken, granted; purge, granted.
    assert messages(found) == [0x08, 0x0A, 0x04, 0x10, 0x12, 0x06, 0x0C, 0x0E]
    assert found.complaints() == []


def test_osmo_sgsn_follows_the_subscription(network: Network) -> None:
    """It takes changed data; when the subscriber is deleted, the mobile is sent away."""
    mobile = network.attached()
    place = network.peers.place
    place.ask("PATCH", f"{SUBSCRIBERS}/{IMSI}", {"apns": [{"name": "wap.example"}]})
    network.hlr.wait_for("SubscriberDataTaken")
    place.fetch("DELETE", f"{SUBSCRIBERS}/{IMSI}")
    mobile.wait_for("DetachRequestDownlink")
    network.hlr.wait_for("LocationCancelled")
    found = network.dissect()
    assert messages(found)[6:] == [0x10, 0x12, 0x1C, 0x1E]
    assert found.complaints() == []


@pytest.mark.clause("GSUP", "Delete Data to osmo-sgsn: who may not use GPRS any more is detached")
def test_osmo_sgsn_sends_away_who_is_barred(network: Network) -> None:
    """It detaches the mobile and purges it, in the midst of which comes its answer."""
    mobile = network.attached()
    network.peers.place.ask("PATCH", f"{SUBSCRIBERS}/{IMSI}", {"barring": "attach"})
    mobile.wait_for("DetachRequestDownlink")
    assert '"cause": 7' in mobile.output
    assert network.subscriber()["sgsn"] is None
    network.hlr.wait_for("LocationCancelled")
    found = network.dissect()
    # What comes in two packets may be answered one by one.
    assert messages(found)[6:] in ([0x14, 0x0C, 0x16, 0x0E], [0x14, 0x0C, 0x0E, 0x16])
    assert found.complaints() == []


def test_osmo_sgsn_refuses_whom_our_hlr_does_not_know(network: Network) -> None:
    """SendAuthInfo Error with IMSI unknown in HLR; the mobile is rejected."""
    network.mobile(UNKNOWN).wait_for("AttachReject")
    found = network.dissect()
    assert messages(found) == [0x08, 0x09]
    assert found.one({"gsup.msg_type": 0x09}).number("gsup.cause") == 2


def test_a_mobile_finds_out_an_hlr_that_has_another_key(network: Network) -> None:
    """Its card does not take the challenge: MAC failure."""
    mobile = network.mobile(key="0" * 32)
    mobile.wait_for("AuthenticationRequest")
    assert network.subscriber()["sgsn"] is None
    assert "AttachAccept" not in mobile.output
