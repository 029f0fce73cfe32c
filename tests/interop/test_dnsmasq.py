"""dnsmasq as the DNS between operators: our SGSN asks it for GGSNs."""

from __future__ import annotations

import signal
from typing import Any

import pytest

from tests.conftest import require_peer
from tests.interop.peers import Peer, Peers, eventually

pytestmark = pytest.mark.interop

NAME_SERVER, PORT = "127.0.44.53", 5353
GGSN, DEAD = "127.0.44.1", "127.0.44.99"
IMSI = "234150000000441"
DNSMASQ = f"""
port={PORT}
listen-address={NAME_SERVER}
bind-interfaces
no-resolv
no-hosts
log-queries
log-facility=-
# Only here is the truth about gprs.
local=/gprs/
local-ttl=60
# The one that is dead comes with the other: whichever is asked first, the mobile gets its context.
host-record=wap.example.mnc015.mcc234.gprs,{DEAD}
host-record=wap.example.mnc015.mcc234.gprs,{GGSN}
cname=alias.example.mnc015.mcc234.gprs,gw.mnc015.mcc234.gprs
host-record=gw.mnc015.mcc234.gprs,{GGSN}
"""
LAB = f"""
name: dns
ggsn:
  address: {GGSN}
  apns:
    - {{name: wap.example, pool: 127.44.0.0/16}}
    - {{name: alias.example, pool: 127.45.0.0/16}}
    - {{name: missing.example, pool: 127.46.0.0/16}}
sgsn:
  address: 127.0.44.2
  dns: {{servers: {NAME_SERVER}, port: {PORT}, timeout: 6}}
  gtp: {{t3_response: 0.5, n3_requests: 2}}
hlr: {{address: 127.0.44.3}}
subscribers:
  - imsi: "{IMSI}"
    msisdn: "447700900441"
    apns: [{{name: wap.example}}, {{name: alias.example}}, {{name: missing.example}}]
    mobile: {{}}
control: {{address: 127.0.44.2, port: 8080}}
"""
CORE = "http://127.0.44.2:8080/v1"


class Network:
    """dnsmasq, and a lab whose SGSN asks it."""

    def __init__(self, peers: Peers) -> None:
        self.peers = peers
        self.program = require_peer("dnsmasq", package="dnsmasq-base")
        (peers.folder / "dnsmasq.conf").write_text(DNSMASQ, encoding="utf-8")
        self.names = self.start_names("dnsmasq")
        self.lab = peers.run_lab(LAB)
        eventually(self.terminal, lambda seen: seen["attached"])

    def start_names(self, name: str) -> Peer:
        """Start dnsmasq in the foreground, as whoever we are."""
        words = ("--keep-in-foreground", "--user=", "--conf-file=dnsmasq.conf", "--pid-file=")
        peer = self.peers.start(name, self.program, *words)
        peer.wait_for("started, version")
        return peer

    def terminal(self) -> Any:
        """Return the mobile as the control interface shows it."""
        return self.peers.place.ask("GET", f"{CORE}/terminals/{IMSI}")

    def activate(self, apn: str) -> None:
        """Have the mobile activate."""
        url = f"{CORE}/mobiles/{IMSI}/activate"
        self.peers.place.ask("POST", url, {"apn": apn})

    def counted(self, name: str) -> bool:
        """Return whether the SGSN's metrics show that something has happened once."""
        metrics = self.peers.place.fetch("GET", "http://127.0.44.2:8080/metrics")
        line = f'corenet_node_events_total{{name="{name}",node="sgsn"}} 1'
        return any(one.startswith(line) for one in metrics.splitlines())


@pytest.fixture
def network(peers: Peers) -> Network:
    """Start both."""
    return Network(peers)


def active(seen: Any) -> list[str]:
    """Return the access points to which there are contexts."""
    return sorted(one["apn"] for one in seen["mobile"]["contexts"] if one["state"] == "active")


def test_dnsmasq_names_the_ggsns(network: Network) -> None:
    """An alias, then a name with a GGSN that is dead, whichever order its addresses come in."""
    network.activate("alias.example")
    eventually(network.terminal, lambda seen: active(seen) == ["alias.example"])
    network.activate("wap.example")
    both = ["alias.example", "wap.example"]
    eventually(network.terminal, lambda seen: active(seen) == both)
    asked = network.names.output
    assert "query[A] wap.example.mnc015.mcc234.gprs from" in asked
    assert network.lab.output.count("ggsn passed over") <= 1
    network.lab.signal(signal.SIGINT)
    assert network.lab.wait() == 0


def test_what_dnsmasq_does_not_know_is_an_unknown_apn(network: Network) -> None:
    """NXDOMAIN; when dnsmasq is gone, it is a failure of the network instead."""
    network.activate("missing.example")
    network.lab.wait_for("ggsns not found.*name=missing.example.mnc015.mcc234.gprs")
    eventually(lambda: network.counted("ggsn_names_unknown"), bool)
    network.names.stop()
    network.activate("wap.example")
    eventually(lambda: network.counted("ggsn_names_failed"), bool)
    assert active(network.terminal()) == []
    network.start_names("dnsmasq-again")
    # What had no answer is asked again after five seconds.
    eventually(lambda: network.activate("wap.example") or network.terminal(), active)
