"""Mobiles of another process on another host: their radio over UDP, and curl on a phone.

Three namespaces: the network's, where the lab runs and the kernel forwards; the phones', where
``corenet mobiles`` runs and one phone is a TUN device; and a web server outside. What is between
network and phones is captured there by tshark, which knows nothing of us.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import require_peer
from tests.interop.dissection import Dissection
from tests.interop.peers import (
    CORENET,
    Namespace,
    Peer,
    Peers,
    eventually,
    make_namespace,
    require_tun,
)

pytestmark = [pytest.mark.interop, pytest.mark.usefixtures("tshark")]

NETWORK, PHONES = "192.168.8.1", "192.168.8.2"
ROUTER, WEB = "198.51.100.1", "198.51.100.2"
IMSI, SECOND = "234150000000701", "234150000000702"
URL = "http://127.0.0.1:8080/v1"
LAB = f"""
name: street
ggsn:
  address: 127.0.70.1
  apns: [{{name: internet, pool: 10.45.0.0/16}}]
  gi: {{tun: true, forward: true}}
sgsn: {{address: 127.0.70.2}}
hlr: {{address: 127.0.70.3}}
radio: {{address: {NETWORK}, clients: [{PHONES}/32]}}
mobiles:
  phones: {{address: {PHONES}, control: {{address: 127.0.0.1}}}}
subscribers:
  - imsi: "{IMSI}"
    msisdn: "447700900701"
    apns: [{{name: internet}}]
    mobile:
      process: phones
      activate: [internet]
      tun: {{device: phone, routes: [198.51.100.0/24]}}
  - imsi: "{SECOND}"
    msisdn: "447700900702"
    apns: [{{name: internet}}]
    mobile: {{process: phones}}
control: {{address: 127.0.0.1}}
"""


class World:
    """The namespaces and who runs in them."""

    def __init__(self, folder: Path, core: Namespace) -> None:
        require_peer("curl", package="curl")
        require_peer("ping", package="iputils-ping")
        require_tun()
        self.core, self.phones, self.web = core, Namespace(beside=core), Namespace(beside=core)
        core.join(self.phones, "air", (f"{NETWORK}/24",), (f"{PHONES}/24",))
        core.join(self.web, "out", (f"{ROUTER}/24",), (f"{WEB}/24",))
        self.web.run("ip", "route", "add", "default", "via", ROUTER)
        self.cores = Peers(folder / "core", core)
        self.handsets = Peers(folder / "phones", self.phones)
        self.hosts = Peers(folder / "web", self.web)

    def network(self, name: str = "lab") -> Peer:
        return self.cores.run_lab(LAB, name=name)

    def mobiles(self, lab: str = LAB, ready: str = "^Ready: ") -> Peer:
        (self.handsets.folder / "lab.yaml").write_text(lab, encoding="utf-8")
        words = ("mobiles", "lab.yaml", "--state", "state", "--pcap", "mobiles.pcapng")
        peer = self.handsets.start("mobiles", str(CORENET), *words, stop_with=signal.SIGINT)
        peer.wait_for(ready)
        return peer

    def terminal(self, place: Namespace, imsi: str = IMSI) -> Any:
        return place.ask("GET", f"{URL}/terminals/{imsi}")

    def is_attached(self, imsi: str = IMSI) -> bool:
        return bool(self.terminal(self.core, imsi)["attached"])

    def close(self) -> None:
        """End everything."""
        for peers in (self.handsets, self.hosts, self.cores):
            peers.stop()
        self.phones.close()
        self.web.close()


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    core = make_namespace()
    assert isinstance(core, Namespace)
    world = World(tmp_path, core)
    yield world
    world.close()
    core.close()


def addresses(place: Namespace) -> str:
    return place.run("ip", "-brief", "address", "show", "dev", "phone")


def test_curl_on_a_phone_fetches_a_page(world: World) -> None:
    """Phone's TUN, radio over UDP, SGSN, GGSN's TUN, and a web server; and back."""
    program = ("-m", "http.server", "80", "--bind", WEB)
    page = b"Hello, phone\n" * 2_500
    (world.hosts.folder / "page").write_bytes(page)
    world.hosts.start("server", sys.executable, *program).wait_listening(80)
    link = world.cores.folder / "link.pcapng"
    tshark = world.cores.start("tshark", "tshark", "-i", "air", "-w", str(link))
    # It says that it captures before it does; the file comes when the interface is open.
    eventually(link.exists, bool)
    lab = world.network()
    mobiles = world.mobiles()
    assert addresses(world.phones).split()[2] == "10.45.0.2/32"
    fetched = world.handsets.folder / "fetched"
    command = ("curl", "-sS", "--retry", "9", "--retry-connrefused", "-o", str(fetched))
    world.phones.run(*command, f"http://{WEB}/page")
    assert fetched.read_bytes() == page
    world.web.ping("10.45.0.2", 2)
    (context,) = world.terminal(world.core)["contexts"]
    assert context["downlink_octets"] > len(page)

    world.phones.ask("POST", f"{URL}/mobiles/{IMSI}/deactivate", {})
    eventually(lambda: addresses(world.phones), lambda seen: "10.45" not in seen)
    assert world.core.run("sh", "-c", "ip -brief link | grep -c gi-internet") == "1\n"
    world.phones.ask("POST", f"{URL}/mobiles/{IMSI}/activate", {"apn": "internet"})
    eventually(lambda: addresses(world.phones), lambda seen: "10.45" in seen)

    assert mobiles.stop() == 0
    assert "phone" not in world.phones.run("ip", "-brief", "link")
    eventually(world.is_attached, lambda attached: not attached)
    assert lab.stop() == 0
    tshark.signal(signal.SIGINT)
    tshark.wait()
    files = (world.cores.folder / "lab.pcapng", world.handsets.folder / "mobiles.pcapng", link)
    for capture in map(Dissection, files):
        # Segments of TCP come again, for they are lost, or captured on several interfaces, and
        # Wireshark complains of that.
        others = [packet for packet in capture.packets if "tcp" not in packet.layers]
        assert [packet.layers for packet in others if "_ws.malformed" in packet.layers] == []
        frames = [packet for packet in capture.packets if "llcgprs" in packet.layers]
        assert {packet["ip.src"] for packet in frames} == {NETWORK, PHONES}
        assert {packet["gsmtap.uplink"] for packet in frames} >= {"0", "1"}
        assert {"sndcp", "tcp"} <= {layer for packet in frames for layer in packet.layers}


def test_mobiles_are_driven_where_they_are(world: World) -> None:
    """The same verbs at their own control interface; the network's asks for an activation."""
    world.network()
    world.mobiles()
    eventually(lambda: world.is_attached(SECOND), bool)
    wanted = {"imsi": SECOND, "apn": "internet"}
    refuse = {"on_request": "reject", "sm_cause": 31}
    world.phones.ask("POST", f"{URL}/mobiles/{SECOND}/behaviour", refuse)
    assert world.terminal(world.phones, SECOND)["mobile"]["on_request"] == "reject"
    assert world.terminal(world.core, SECOND)["mobile"] is None
    world.phones.ask("POST", f"{URL}/mobiles/{SECOND}/behaviour", {"on_request": "accept"})
    assert world.core.ask("POST", f"{URL}/activations", wanted)["outcome"] == "active"
    (seen,) = world.terminal(world.phones, SECOND)["mobile"]["contexts"]
    assert seen["network_requested"]
    metrics = world.phones.fetch("GET", "http://127.0.0.1:8080/metrics")
    assert 'name="frames_up",node="transceiver"' in metrics


def test_a_network_that_goes_and_comes_is_found_again(world: World) -> None:
    """Mobiles wait for it, say why, and are out of coverage meanwhile."""
    mobiles = world.mobiles(ready="network lost.*it does not answer")
    lab = world.network()
    mobiles.wait_for("^Ready: ")
    lab.kill()
    mobiles.wait_for("network found(.|\n)*network lost.*it does not answer")
    assert not world.terminal(world.phones)["mobile"]["in_coverage"]
    world.network("again")
    eventually(lambda: world.terminal(world.phones)["mobile"]["in_coverage"], bool)
    world.phones.ask("POST", f"{URL}/mobiles/{SECOND}/activate", {"apn": "internet"})
    eventually(lambda: world.is_attached(SECOND), bool)


def test_who_may_not_come_is_told(world: World) -> None:
    """By the network, with the reason."""
    world.phones.run("ip", "address", "add", "192.168.8.3/24", "dev", "air")
    world.network()
    lab = LAB.replace(f"{{address: {PHONES},", "{address: 192.168.8.3,")
    world.mobiles(lab, ready="network lost.*192.168.8.3 is not among the clients")


def test_a_device_that_cannot_be_is_told(world: World) -> None:
    """Which one, why, and what to do; nothing of it stays."""

    def refused(lab: str, *words: str) -> str:
        (world.handsets.folder / "refused.yaml").write_text(lab, encoding="utf-8")
        command = (str(CORENET), "mobiles", "refused.yaml", "--state", "state-refused")
        peer = world.handsets.start("refused", *words, *command)
        assert peer.wait() == 1
        assert "phone" not in world.phones.run("ip", "-brief", "link")
        return peer.output

    said = refused(LAB.replace("device: phone,", "device: phone, namespace: nowhere,"))
    assert "corenet mobiles: cannot set up the TUN device phone: ip link set dev phone" in said
    assert "ip netns add" in said
    require_peer("setpriv", package="util-linux")
    denied = refused(LAB, "setpriv", "--bounding-set", "-net_admin", "--inh-caps", "-net_admin")
    assert "unshare -rn" in denied
    taken = refused(LAB.replace("device: phone", "device: air"))
    assert "cannot set up the TUN device air" in taken
    assert "ame another device" in taken


CITY = f"""
name: city
ggsn:
  address: 127.0.71.1
  apns: [{{name: wap.example, pool: 127.71.0.0/16}}]
  radius: [{{address: 127.0.71.5}}]
sgsn: {{address: 127.0.71.2}}
hlr: {{address: 127.0.71.3}}
radio: {{address: 127.0.71.2, cells: {{0: {{latency: 0.05}}}}}}
mobiles:
  phones: {{address: 127.0.71.7, control: {{address: 127.0.71.7}}}}
subscribers:
  - imsi: "{IMSI}"
    msisdn: "447700900701"
    apns: [{{name: wap.example}}]
    mobile: {{process: phones}}
control: {{address: 127.0.71.4}}
gateway: {{address: 127.0.71.5, apn: wap.example}}
"""


def test_an_offline_push_is_shown_on_a_mobile_elsewhere(peers: Peers) -> None:
    """The gateway has the network activate it; the text is on its screen, in its own process."""
    core = peers.run_lab(CITY)
    command = (str(CORENET), "mobiles", "lab.yaml", "--state", "state-phones", "--verbose")
    mobiles = peers.start("mobiles", *command, stop_with=signal.SIGINT)
    mobiles.wait_for("^Ready: ")
    said = peers.place.run(
        str(CORENET),
        *("push", "+447700900701", "--gateway", "http://127.0.71.5:8081/pap", "--wait", "60"),
        *("--text", "Hello elsewhere"),
    )
    assert "delivered" in said
    view = peers.place.ask("GET", f"http://127.0.71.7:8080/v1/terminals/{IMSI}")
    assert [shown["text"] for shown in view["mobile"]["shown"]] == ["Hello elsewhere"]
    assert (mobiles.stop(), core.stop()) == (0, 0)
