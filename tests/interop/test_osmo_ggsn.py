"""osmo-ggsn with its TUN, in a network namespace, behind our SGSN and a mobile."""

from __future__ import annotations

import os
import re
from typing import Any

import pytest

from tests.conftest import missing_peer, require_peer
from tests.interop.dissection import Dissection
from tests.interop.peers import Peer, Peers, eventually

pytestmark = [pytest.mark.interop, pytest.mark.usefixtures("tshark")]

GGSN, SGSN, HLR = "192.0.2.1", "192.0.2.2", "192.0.2.3"
GATEWAY = "198.51.100.1"
"""The TUN's own address, from which the network is reached."""
TUN = "/dev/net/tun"
CONTROL = "http://127.0.0.1:8080/v1"
IMSI, MSISDN = "234150000000001", "447700900001"
ACCEPTED = 128

OSMO_GGSN = f"""
log stderr
 logging filter all 1
 logging color 0
 logging timestamp 0
 logging level all info
ggsn ggsn
 gtp state-dir .
 gtp bind-ip {GGSN}
 apn internet
  gtpu-mode tun
  tun-device apn0
  type-support v4
  ip prefix dynamic 198.51.100.0/24
  ip ifconfig {GATEWAY}/24
  no shutdown
 no shutdown ggsn
"""
LAB = f"""
name: foreign-ggsn
sgsn:
  address: {SGSN}
  ggsns: {{internet: {GGSN}}}
hlr: {{address: {HLR}}}
subscribers:
  - {{imsi: "{IMSI}", msisdn: "{MSISDN}", apns: [{{name: internet}}]}}
control: {{address: 127.0.0.1, port: 8080}}
"""


@pytest.fixture
def network(isolated_peers: Peers) -> tuple[Peers, Peer, Peer]:
    """Start osmo-ggsn and, in front of it, our SGSN with one attached mobile."""
    peers = isolated_peers
    program = require_peer("osmo-ggsn", package="osmo-ggsn")
    if not os.access(TUN, os.R_OK | os.W_OK):
        missing_peer(f"osmo-ggsn cannot open {TUN} as this user")
    for address in (GGSN, SGSN, HLR):
        peers.place.run("ip", "address", "add", f"{address}/32", "dev", "lo")
    (peers.folder / "osmo-ggsn.cfg").write_text(OSMO_GGSN, encoding="utf-8")
    ggsn = peers.start("osmo-ggsn", program, "-c", "osmo-ggsn.cfg")
    ggsn.wait_for(r"GGSN\(ggsn\): Successfully started")
    return peers, ggsn, peers.run_lab(LAB)


def mobile(peers: Peers) -> dict[str, Any]:
    """Return the mobile as the control interface shows it."""
    view: dict[str, Any] = peers.place.ask("GET", f"{CONTROL}/terminals/{IMSI}")["mobile"]
    return view


def activate(peers: Peers) -> str:
    """Have the mobile activate a context, and return its address."""
    peers.place.ask("POST", f"{CONTROL}/mobiles/{IMSI}/activate", {"apn": "internet"})
    view = eventually(
        lambda: mobile(peers),
        lambda seen: [context["state"] for context in seen["contexts"]] == ["active"],
    )
    address: str = view["contexts"][0]["address"]
    return address


def test_mobile_is_reached_through_it(network: tuple[Peers, Peer, Peer]) -> None:
    """Create; three pings from osmo-ggsn's TUN to the mobile and back; delete."""
    peers, ggsn, lab = network
    require_peer("ping", package="iputils-ping")
    address = activate(peers)
    ggsn.wait_for(rf"Successful PDP Context Creation: APN=internet.* IPv4={re.escape(address)}")
    peers.place.ping(address, 3)
    peers.place.ask("POST", f"{CONTROL}/mobiles/{IMSI}/deactivate", {})
    eventually(lambda: mobile(peers), lambda seen: seen["contexts"] == [])
    ggsn.wait_for(rf"PDP\({IMSI}:5\): Deleting PDP context")
    assert lab.stop() == 0
    assert ggsn.stop() == 0

    read = Dissection(peers.folder / "lab.pcapng")
    assert read.complaints() == []
    assert read.gtp() == [16, 17, *[255] * 6, 20, 21]
    request, answer = read.one({"gtp.message": 16}), read.one({"gtp.message": 17})
    assert (request["e212.imsi"], request["e164.msisdn"]) == (IMSI, MSISDN)
    assert (answer.number("gtp.cause"), answer["gtp.user_ipv4"]) == (ACCEPTED, address)
    for message in read.having({"gtp.message": 255}):
        down = message["ip.src"] == GGSN
        ends = (message.all("ip.src")[1], message.all("ip.dst")[1])
        assert ends == ((GATEWAY, address) if down else (address, GATEWAY))
        assert message["gtp.teid"] == (request if down else answer)["gtp.teid_data"]
        assert message.number("icmp.type") == (8 if down else 0)
    assert read.one({"gtp.message": 21}).number("gtp.cause") == ACCEPTED
    print(f"osmo-ggsn: {address} created, 3 of 3 pings answered through the tunnel, deleted")


def test_lab_that_stops_leaves_nothing_behind(network: tuple[Peers, Peer, Peer]) -> None:
    """At the lab's end the mobile detaches, and osmo-ggsn is told to delete the context."""
    peers, ggsn, lab = network
    activate(peers)
    assert lab.stop() == 0
    ggsn.wait_for(rf"PDP\({IMSI}:5\): Deleting PDP context")
    read = Dissection(peers.folder / "lab.pcapng")
    assert read.complaints() == []
    assert read.gtp() == [16, 17, 20, 21]
    print("osmo-ggsn: context deleted when the lab ended")
