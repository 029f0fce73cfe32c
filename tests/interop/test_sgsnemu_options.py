"""sgsnemu in all its options against our GGSN; those of its interface are in ``test_tun`` too."""

from __future__ import annotations

import signal

import pytest

from tests.conftest import require_peer
from tests.interop.dissection import Dissection
from tests.interop.peers import Namespace, Peer, Peers, eventually

pytestmark = [pytest.mark.interop, pytest.mark.usefixtures("tshark")]

GGSN, SGSN = "127.0.10.1", "127.0.11.1"
OPEN = f"""\
ggsn:
  address: {GGSN}
  apns:
    - name: internet
      pool: [127.10.0.0/16, "2001:db8:6::/48"]
      dns: [127.0.10.53]
  gi: null
control: {{address: 127.0.10.4}}
"""
LAB = f"""\
ggsn:
  address: {GGSN}
  apns:
    - name: internet
      pool: 127.10.0.0/16
      dns: [127.0.10.53]
      credentials: [{{name: alice, password: secret}}]
  gi: null
control: {{address: 127.0.10.4}}
"""
CONTEXTS = "http://127.0.10.4:8080/v1/contexts"
ACK, NAK = 2, 3
ACCEPTED, AUTHENTICATION_FAILED = 128, 209


def start(peers: Peers, *options: str) -> Peer:
    """Start sgsnemu; each line that it writes is there at once."""
    return peers.start(
        "sgsnemu",
        *("stdbuf", "-oL", require_peer("sgsnemu", package="osmo-ggsn")),
        *("--statedir", ".", "--pidfile", "sgsnemu.pid", *options),
        # It lingers for 20 seconds after its last word.
        stop_with=signal.SIGKILL,
    )


def serve(peers: Peers, *options: str) -> tuple[Peer, Peer]:
    """Start our GGSN, open to everybody, and sgsnemu at it."""
    lab = peers.run_lab(OPEN)
    return lab, start(peers, "--listen", SGSN, "--remote", GGSN, *options)


def finish(peers: Peers, lab: Peer) -> Dissection:
    """End the lab, and return its capture."""
    assert lab.stop() == 0
    read = Dissection(peers.folder / "lab.pcapng")
    assert read.complaints() == []
    return read


def test_what_it_says_of_its_mobile_arrives(peers: Peers) -> None:
    """Every option of the Create PDP Context Request, one or another value than it would say."""
    said = {
        "--apn": "internet",
        "--imsi": "240019876543210",
        "--msisdn": "4670999",
        "--nsapi": "7",
        "--selmode": "2",
        "--rattype": "2",
        "--userloc": "1.240.01.4660.22136",
        "--rai": "240.01.4660.5",
        "--mstz": "+.8.1",
        "--imeisv": "3512345678901234",
        "--charging": "0x0400",
        "--qos": "0x000a921f",
        "--qose1": "0x7396fefe742bffff",
        "--qose2": "0x11",
        "--qose3": "0x0101",
        "--qose4": "0x4040",
        "--uid": "bob",
        "--pwd": "pw",
    }
    options = [word for pair in said.items() for word in pair]
    lab, sgsnemu = serve(peers, "--norecovery", *options)
    address = sgsnemu.wait_for("received EUA with IP address: .*$").rsplit(" ", 1)[1]
    (context,) = peers.place.ask("GET", CONTEXTS)["contexts"]
    assert (context["imsi"], context["msisdn"]) == (said["--imsi"], said["--msisdn"])
    assert (context["nsapi"], context["apn"], context["address"]) == (7, "internet", address)
    request = finish(peers, lab).one({"gtp.message": 16})
    found = {name: request[name] for name in ("e212.imsi", "e164.msisdn", "gtp.apn")}
    assert list(found.values()) == [said["--imsi"], said["--msisdn"], said["--apn"]]
    assert (request["pap.peer_id"], request["pap.password"]) == ("bob", "pw")
    assert request["gtp.ext_imeisv"] == said["--imeisv"]
    numbers = {
        "gtp.nsapi": 7,
        "gtp.sel_mode": 2,
        "gtp.ext_rat_type": 2,
        "gtp.rai_rac": 5,
        "gtp.sai_sac": 22136,
        "gtp.timezone": 8,
        "gtp.timezone_dst": 1,
        "gtp.chrg_char": 0x400,
        "gtp.qos_reliability": 2,
        # What it says without --qose1, which has no effect.
        "gtp.qos_traf_class": 4,
    }
    assert {name: request.number(name) for name in numbers} == numbers
    assert request.all("gtp.recovery") == []


def test_a_configuration_file_says_the_same(peers: Peers) -> None:
    """Options from a file, with its own words on; its DNS server is its host's alone."""
    lines = f'listen = "{SGSN}"\nremote = "{GGSN}"\napn = "internet"\nnsapi = 9\n'
    (peers.folder / "sgsnemu.conf").write_text(lines, encoding="utf-8")
    lab = peers.run_lab(OPEN)
    sgsnemu = start(peers, "--conf", "sgsnemu.conf", "--debug", "--dns", "127.0.10.53")
    sgsnemu.wait_for("received EUA with IP address")
    sgsnemu.wait_for("^idletime.tv_sec")
    request = finish(peers, lab).one({"gtp.message": 16})
    assert request.number("gtp.nsapi") == 9


def test_it_ends_its_contexts_at_its_time_limit(peers: Peers) -> None:
    """Two contexts of two subscribers, created and deleted."""
    lab, sgsnemu = serve(peers, "--apn", "internet", "--contexts", "2", "--timelimit", "2")
    for _ in range(2):
        sgsnemu.wait_for("^Received delete PDP context response. Cause value: 128")
    requests = [one for one in finish(peers, lab).packets if one.number("gtp.message") == 16]
    assert len({one["e212.imsi"] for one in requests}) == 2


def test_pings_go_as_they_are_told(peers: Peers) -> None:
    """So many, so long, so often, without sequence numbers in their G-PDUs."""
    options = ("--pingcount", "3", "--pingrate", "5", "--pingsize", "100", "--pingquiet")
    where = ("--apn", "internet", "--pinghost", "192.0.2.1", "--no-tx-gpdu-seq")
    lab, sgsnemu = serve(peers, *where, *options)
    eventually(
        lambda: peers.place.ask("GET", CONTEXTS)["contexts"],
        lambda contexts: bool(contexts) and contexts[0]["uplink_packets"] == 3,
    )
    sgsnemu.signal(signal.SIGINT)
    sgsnemu.wait_for("^3 packets transmitted")
    pings = [one for one in finish(peers, lab).packets if one.number("gtp.message") == 255]
    assert len(pings) == 3
    for ping in pings:
        assert (ping.number("gtp.flags.s"), ping["icmp.type"]) == (0, "8")
        assert ping.number("gtp.length") == 20 + 8 + 100


def test_it_gets_an_ipv6_address(peers: Peers) -> None:
    """The interface identifier in the response; the prefix would come by Router Advertisement."""
    lab, sgsnemu = serve(peers, "--apn", "internet", "--pdp-type", "v6")
    sgsnemu.wait_for("received EUA with IP address: .*:")
    response = finish(peers, lab).one({"gtp.message": 17})
    assert response.number("gtp.user_addr_pdp_type") == 0x57


def test_version_0_is_asked_where_nobody_is(peers: Peers) -> None:
    """GTPv0 has a port of its own, 3386, which a GGSN of version 1 does not listen on."""
    lab, sgsnemu = serve(peers, "--apn", "internet", "--gtpversion", "0")
    sgsnemu.wait_for("^Setting up PDP context #0")
    assert finish(peers, lab).gtp() == []


def test_its_interface_is_set_up_as_told(peers: Peers) -> None:
    """A TUN with the address, a default route, and a script that hears of it."""
    if not isinstance(peers.place, Namespace):
        pytest.skip("a TUN device wants a network namespace of its own")
    script = peers.folder / "up.sh"
    script.write_text('#!/bin/sh\necho "$@" > up\n', encoding="utf-8")
    script.chmod(0o755)
    lab, sgsnemu = serve(
        peers,
        *("--apn", "internet", "--createif", "--tun-device", "ms", "--defaultroute"),
        *("--net", "10.99.0.0/24", "--ipup", "./up.sh"),
    )
    sgsnemu.wait_for("^Adding IP to local pool")
    up = peers.folder / "up"
    told = eventually(lambda: up.read_text(encoding="utf-8") if up.exists() else "", bool)
    assert told == "ms 10.99.0.0 255.255.255.0\n"
    assert "10.99.0.0/24" in peers.place.run("ip", "address", "show", "dev", "ms")
    assert "dev ms" in peers.place.run("ip", "route", "show", "default")
    finish(peers, lab)


@pytest.mark.parametrize(
    ("password", "cause", "code"),
    [("secret", ACCEPTED, ACK), ("guessed", AUTHENTICATION_FAILED, NAK)],
)
def test_who_has_the_password_gets_a_context(
    peers: Peers, password: str, cause: int, code: int
) -> None:
    """Its PAP is answered in the response that grants or refuses the context."""
    lab = peers.run_lab(LAB)
    options = ("--apn", "internet", "--uid", "alice", "--pwd", password)
    sgsnemu = start(peers, "--listen", SGSN, "--remote", GGSN, *options)
    sgsnemu.wait_for("^Received create PDP context response")
    assert lab.stop() == 0
    read = Dissection(peers.folder / "lab.pcapng")
    assert read.complaints() == []
    request, response = read.one({"gtp.message": 16}), read.one({"gtp.message": 17})
    assert request.number("pap.code") == 1
    assert response.number("gtp.cause") == cause
    assert response.number("pap.code") == code
    assert response["pap.identifier"] == request["pap.identifier"]
