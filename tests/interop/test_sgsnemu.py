"""sgsnemu, the SGSN emulator of osmo-ggsn, against our GGSN alone."""

from __future__ import annotations

import signal
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Any

import pytest

from testbed.lab.build import load
from tests.conftest import require_peer
from tests.interop.dissection import Dissection
from tests.interop.peers import Peer, Peers, eventually

pytestmark = [pytest.mark.interop, pytest.mark.usefixtures("tshark")]

LAB = load("ggsn").model
GGSN = LAB.ggsn.address
SGSN = "127.0.11.1"
CONTROL = f"http://{LAB.control.address}:{LAB.control.port}/v1"
APN = LAB.ggsn.apns[0]
IMSI, MSISDN = "240010123456789", "46702123456"
"""What sgsnemu says when it is not told otherwise."""
ACCEPTED, UNKNOWN_APN = 128, 219


def start_sgsnemu(peers: Peers, *options: str) -> Peer:
    """Start sgsnemu without a TUN; each line that it writes is there at once."""
    program = require_peer("sgsnemu", package="osmo-ggsn")
    return peers.start(
        "sgsnemu",
        *("stdbuf", "-oL", program, "--listen", SGSN, "--remote", GGSN),
        *("--statedir", ".", "--pidfile", "sgsnemu.pid", *options),
        # It lingers for 20 seconds after its last word.
        stop_with=signal.SIGKILL,
    )


def contexts(peers: Peers) -> list[dict[str, Any]]:
    """Return what the control interface tells of our GGSN's contexts."""
    listed: list[dict[str, Any]] = peers.place.ask("GET", f"{CONTROL}/contexts")["contexts"]
    return listed


def finish(peers: Peers, lab: Peer) -> Dissection:
    """End the lab, and return its capture."""
    assert lab.stop() == 0
    read = Dissection(peers.folder / "lab.pcapng")
    assert read.complaints() == []
    return read


def test_context_is_created_and_deleted(peers: Peers) -> None:
    """Echo, Create and Delete are each answered as sgsnemu wants it, and the context was there."""
    lab = peers.run_lab("ggsn")
    sgsnemu = start_sgsnemu(peers, "--apn", APN.name, "--nsapi", "5")
    sgsnemu.wait_for("^Received echo response")
    said = sgsnemu.wait_for("received EUA with IP address: .*$")
    (context,) = contexts(peers)
    assert (context["imsi"], context["msisdn"]) == (IMSI, MSISDN)
    assert (context["apn"], context["nsapi"]) == (APN.name, 5)
    assert (context["sgsn_address"], context["network_requested"]) == (SGSN, False)
    assert IPv4Address(context["address"]) in IPv4Network(APN.pool[0])
    assert said.endswith(f": {context['address']}")
    sgsnemu.signal(signal.SIGINT)
    sgsnemu.wait_for(f"^Received delete PDP context response. Cause value: {ACCEPTED}")
    assert contexts(peers) == []

    read = finish(peers, lab)
    # On a busy machine there are Echo Requests of ours too: the lab asks every five seconds.
    assert {1, 2} <= set(read.gtp())
    assert [kind for kind in read.gtp() if kind > 2] == [16, 17, 20, 21]
    request, answer = read.one({"gtp.message": 16}), read.one({"gtp.message": 17})
    assert request["gtp.apn"] == APN.name
    assert answer.number("gtp.cause") == ACCEPTED
    assert answer["gtp.user_ipv4"] == context["address"]
    assert answer["gtp.teid"] == request["gtp.teid_cp"]
    assert read.one({"gtp.message": 20})["gtp.teid"] == answer["gtp.teid_cp"]
    echo = next(packet for packet in read.packets if packet.number("gtp.message") == 2)
    assert echo["gtp.recovery"] == answer["gtp.recovery"]
    print(f"sgsnemu: echo answered, {context['address']} created, used and deleted")


def test_user_data_of_several_contexts_comes_through(peers: Peers) -> None:
    """sgsnemu's pings inside G-PDU come out on Gi, each from its own context's address."""
    lab = peers.run_lab("ggsn")
    sgsnemu = start_sgsnemu(
        peers, "--apn", APN.name, "--nsapi", "5", "--contexts", "2", "--pinghost", "192.0.2.1"
    )
    listed = eventually(
        lambda: contexts(peers),
        lambda seen: len(seen) == 2 and all(one["uplink_octets"] >= 84 for one in seen),
    )
    assert len({one["imsi"] for one in listed}) == 2
    sgsnemu.signal(signal.SIGINT)
    eventually(lambda: contexts(peers), lambda seen: seen == [])

    read = finish(peers, lab)
    addresses = {one["address"] for one in listed}
    pings = [packet for packet in read.packets if packet["frame.interface_name"] == "Gi"]
    assert {ping["ip.src"] for ping in pings} == addresses
    assert {(ping["ip.dst"], ping.number("icmp.type")) for ping in pings} == {("192.0.2.1", 8)}
    assert read.gtp().count(255) == len(pings) >= 2
    print(f"sgsnemu: {len(pings)} pings from {len(addresses)} contexts came out on Gi")


@pytest.mark.parametrize("apn", ["inet6", "inet46"])
def test_context_for_ipv6_is_created_and_deleted(peers: Peers, apn: str) -> None:
    """sgsnemu's PDP type v6 gets a prefix of the APN's pool, also where there is IPv4 too."""
    lab = peers.run_lab("ggsn")
    sgsnemu = start_sgsnemu(peers, "--apn", apn, "--pdp-type", "v6", "--nsapi", "5")
    said = sgsnemu.wait_for("received EUA with IP address: .*$")
    (context,) = contexts(peers)
    assert context["ipv6_address"] == context["address"]
    (pool,) = (network for one in LAB.ggsn.apns if one.name == apn for network in one.pool[-1:])
    assert IPv6Address(context["address"]) in IPv6Network(pool)
    assert IPv6Address(said.rsplit(" ", 1)[1]) == IPv6Address(context["address"])
    sgsnemu.signal(signal.SIGINT)
    sgsnemu.wait_for(f"^Received delete PDP context response. Cause value: {ACCEPTED}")
    assert contexts(peers) == []

    read = finish(peers, lab)
    answer = read.one({"gtp.message": 17})
    assert answer.number("gtp.cause") == ACCEPTED
    assert answer["gtp.user_ipv6"] == context["address"]
    print(f"sgsnemu: {context['address']} created and deleted")


def test_unsupported_type_is_refused(peers: Peers) -> None:
    """IPv6 on an APN that has only IPv4: cause 220."""
    lab = peers.run_lab("ggsn")
    sgsnemu = start_sgsnemu(peers, "--apn", APN.name, "--pdp-type", "v6")
    sgsnemu.wait_for("^Received create PDP context response. Cause value: 220")
    read = finish(peers, lab)
    assert read.one({"gtp.message": 17}).number("gtp.cause") == 220


def test_unknown_apn_is_refused(peers: Peers) -> None:
    """sgsnemu reads cause 219 and gives up; nothing is left of the attempt."""
    lab = peers.run_lab("ggsn")
    sgsnemu = start_sgsnemu(peers, "--apn", "nowhere.example")
    sgsnemu.wait_for(f"^Received create PDP context response. Cause value: {UNKNOWN_APN}")
    assert sgsnemu.wait() == 1
    assert contexts(peers) == []
    read = finish(peers, lab)
    assert read.one({"gtp.message": 17}).number("gtp.cause") == UNKNOWN_APN
    print("sgsnemu: unknown APN refused with cause 219")
