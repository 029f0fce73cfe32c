"""sgsnemu's mobiles on the Internet: through our GGSN, its TUN devices, and routers, in namespaces.

Three namespaces: the SGSN's, where sgsnemu's own TUN is the mobile; the GGSN's, where the lab runs
and the kernel forwards; and a host outside.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import require_peer
from tests.interop import tcp_program
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

GGSN, USER, SGSN = "192.168.7.1", "192.168.7.9", "192.168.7.2"
HOST, HOST_V6 = "198.51.100.2", "2001:db8:ffff::2"
ROUTER, ROUTER_V6 = "198.51.100.1", "2001:db8:ffff::1"
DNS, DNS_V6 = "192.0.2.53", "2001:db8::53"
GATEWAY, GATEWAY_V6 = "10.45.0.1", "2001:db8:6::1"
MTU = 1400
LAB = f"""
ggsn:
  address: {GGSN}
  user_address: {USER}
  apns:
    - {{name: internet, pool: 10.45.0.0/16, dns: [{DNS}], mtu: {MTU}, answer_ping: true}}
    - {{name: inet6, pool: "2001:db8:6::/48", dns: ["{DNS_V6}"], mtu: {MTU}, answer_ping: true}}
  gi: {{tun: true, forward: true}}
control: {{address: 127.0.0.1, port: 8080}}
"""
CONTROL = "http://127.0.0.1:8080/v1"


class World:
    """The three namespaces and who runs in them."""

    def __init__(self, folder: Path, core: Namespace) -> None:
        require_peer("ping", package="iputils-ping")
        require_tun()
        self.core, self.sgsn, self.outside = core, Namespace(beside=core), Namespace(beside=core)
        core.join(self.sgsn, "gn", (f"{GGSN}/24", f"{USER}/24"), (f"{SGSN}/24",))
        outer = (f"{ROUTER}/24", f"{ROUTER_V6}/64"), (f"{HOST}/24", f"{HOST_V6}/64")
        core.join(self.outside, "out", *outer)
        self.outside.run("ip", "route", "add", "default", "via", ROUTER)
        self.outside.run("ip", "-6", "route", "add", "default", "via", ROUTER_V6)
        self.cores = Peers(folder / "core", core)
        self.sgsns = Peers(folder / "sgsn", self.sgsn)
        self.hosts = Peers(folder / "outside", self.outside)

    def lab(self, text: str = LAB, name: str = "unseen") -> Peer:
        """Run a lab without a capture, so that packets go in bulk."""
        (self.cores.folder / f"{name}.yaml").write_text(text, encoding="utf-8")
        words = ("run", f"{name}.yaml", "--state", f"state-{name}")
        peer = self.cores.start(name, str(CORENET), *words)
        peer.wait_for("^Ready: ")
        return peer

    def mobile(self, apn: str, *options: str) -> str:
        """Have sgsnemu create a context, with an interface of its own; return its address."""
        program = require_peer("sgsnemu", package="osmo-ggsn")
        sgsnemu = self.sgsns.start(
            "sgsnemu",
            *("stdbuf", "-oL", program, "--listen", SGSN, "--remote", GGSN, "--statedir", "."),
            *("--pidfile", "sgsnemu.pid", "--apn", apn, "--nsapi", "5", "--createif"),
            *("--tun-device", "ms", *options),
            # It lingers for 20 seconds after its last word.
            stop_with=signal.SIGKILL,
        )
        said = sgsnemu.wait_for("^Adding IP to local pool: .*$")
        # The last line there is in IPv6: the address comes with the Router Advertisement.
        if "v6" in options:
            said = sgsnemu.wait_for("^Adding IP to local pool: 2001:db8:6:.*$")
        self.sgsn.run("ip", "route", "replace", "default", "dev", "ms")
        self.sgsn.run("ip", "-6", "route", "replace", "default", "dev", "ms", "metric", "1")
        return said.rsplit(" ", 1)[1]

    def counters(self) -> dict[tuple[str, str], float]:
        """Return what has been counted, by node and name."""
        counted = {}
        for line in self.core.fetch("GET", "http://127.0.0.1:8080/metrics").splitlines():
            if line.startswith("corenet_node_events_total"):
                labels, value = line.split("{")[1].split("} ")
                name, node = (part.split("=", 1)[1].strip('"') for part in labels.split(",", 1))
                counted[node, name] = float(value)
        return counted

    def close(self) -> None:
        """End everything."""
        for peers in (self.sgsns, self.hosts, self.cores):
            peers.stop()
        self.sgsn.close()
        self.outside.close()


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    core = make_namespace()
    assert isinstance(core, Namespace)
    world = World(tmp_path, core)
    yield world
    world.close()
    core.close()


def ping(place: Namespace, target: str, *options: str) -> str:
    """Return what ``ping`` says of two pings that do not get there."""
    return place.run("sh", "-c", f"ping -i 0.2 -c 2 -W 30 {' '.join(options)} {target} || true")


def test_ipv4_goes_everywhere_and_comes_back(world: World) -> None:
    """Gateway, name server and a host outside answer; the host reaches the mobile."""
    lab = world.cores.run_lab(LAB)
    address = world.mobile("internet")
    for target in (GATEWAY, DNS, HOST):
        world.sgsn.ping(target, 2)
    world.outside.ping(address, 2, "-Q", "0xb9")
    assert f"mtu = {MTU}" in ping(world.outside, address, "-M", "do", "-s", str(MTU - 27))
    world.outside.ping(address, 2, "-M", "dont", "-s", "3000")
    assert lab.stop() == 0

    read = Dissection(world.cores.folder / "lab.pcapng")
    assert read.complaints() == []
    carried = [packet for packet in read.packets if packet.number("gtp.message") == 255]
    assert {packet["ip.src"] for packet in carried} == {USER, SGSN}
    marked = [packet for packet in carried if "0xb9" in packet.all("ip.dsfield")]
    assert len(marked) == 4, "type of service and ECN are kept, both ways"
    assert {packet.all("ip.dsfield")[0] for packet in marked} == {"0x00"}
    down = [packet for packet in carried if packet["ip.src"] == USER]
    assert max(int(packet.all("ip.len")[1]) for packet in down) <= MTU
    shown = [packet for packet in read.packets if packet["frame.interface_name"] == "Gi"]
    assert {packet["ip.src"] for packet in shown} == {address, HOST}, "the kernel says nothing"


def test_ipv6_goes_everywhere_and_comes_back(world: World) -> None:
    """The address comes with the Router Advertisement; the rest is as in IPv4."""
    lab = world.cores.run_lab(LAB)
    address = world.mobile("inet6", "--pdp-type", "v6")
    for target in (GATEWAY_V6, DNS_V6, HOST_V6):
        world.sgsn.ping(target, 2)
    world.outside.ping(address, 2)
    assert f"mtu={MTU}" in ping(world.outside, address, "-M", "do", "-s", str(MTU - 47))
    assert lab.stop() == 0
    read = Dissection(world.cores.folder / "lab.pcapng")
    assert read.complaints() == []
    shown = [packet for packet in read.packets if packet["frame.interface_name"] == "Gi"]
    assert {packet["ipv6.src"] for packet in shown} == {address, HOST_V6}


@pytest.mark.parametrize(
    ("apn", "options", "host"),
    [("internet", (), HOST), ("inet6", ("--pdp-type", "v6"), HOST_V6)],
    ids=["IPv4", "IPv6"],
)
def test_tcp_is_carried_both_ways_with_packets_of_the_mtu(
    world: World, apn: str, options: tuple[str, ...], host: str
) -> None:
    """400,000 octets go out and come back whole, in bulk, although the mobile's own MTU is 1500."""
    lab = world.lab()
    world.mobile(apn, *options)
    program = str(Path(tcp_program.__file__))
    server = world.hosts.start("server", sys.executable, program, "serve", host, "8000")
    server.wait_for("^listening")
    assert world.sgsn.run(sys.executable, program, "ask", host, "8000") == "same\n"
    counters = world.counters()
    assert counters["ggsn", "uplink_octets"] > tcp_program.OCTETS
    assert counters["ggsn", "downlink_octets"] > tcp_program.OCTETS
    device = f"gi-{apn}"
    assert counters[device, "sent"] == counters["ggsn", "uplink_packets"]
    assert not counters.get(("runtime", "gtp-u-not-sent"))
    assert lab.stop() == 0


def test_each_of_several_contexts_is_reached(world: World) -> None:
    """Three mobiles of sgsnemu, each at its own address."""
    lab = world.lab()
    world.mobile("internet", "--contexts", "3")

    def listed() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = world.core.ask("GET", f"{CONTROL}/contexts")["contexts"]
        return found

    found = eventually(listed, lambda seen: len(seen) == 3)
    for context in found:
        # sgsnemu gives its interface the first address only.
        world.sgsn.run("ip", "address", "replace", f"{context['address']}/32", "dev", "ms")
        world.outside.ping(context["address"], 2)
    assert lab.stop() == 0


def test_gtp_u_is_answered_from_the_address_and_port_that_were_asked(world: World) -> None:
    """Echo to the user plane's own address, from any port; GTP-C has another address."""
    lab = world.lab()
    script = f"""
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(("{SGSN}", 40000)); s.settimeout(60)
s.sendto(bytes.fromhex("32010004" + "00000000" + "00070000"), ("{USER}", 2152))
data, peer = s.recvfrom(100); print(data[:2].hex(), *peer)
s.sendto(bytes.fromhex("30ff0000" + "00004711"), ("{USER}", 2152))
"""
    assert world.sgsn.run(sys.executable, "-c", script) == f"3202 {USER} 2152\n"
    eventually(
        lambda: world.counters().get(("ggsn", "gtp_u.error_indications_sent")),
        lambda seen: seen == 1,
    )
    assert lab.stop() == 0


PUSH_LAB = (
    LAB.replace("user_address:", "radius: [{address: 127.0.10.5}]\n  user_address:")
    + f"""gateway: {{address: 127.0.10.5, ipv6_address: "{ROUTER_V6}", apn: inet6}}
"""
)
PUSH_CLIENT = """
import socket, sys
s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
s.bind((sys.argv[1], 2948)); s.settimeout(60)
print("listening", flush=True)
data, peer = s.recvfrom(2000)
print("push", data.hex(), "from", *peer[:2], flush=True)
"""


def test_a_push_reaches_an_ipv6_address(world: World) -> None:
    """Found by accounting and by the core; ICMPv6 comes back where nobody listens any more."""
    lab = world.cores.run_lab(PUSH_LAB)
    address = world.mobile("inet6", "--pdp-type", "v6")
    client = world.sgsns.start("client", sys.executable, "-c", PUSH_CLIENT, address)
    client.wait_for("^listening")
    command = (str(CORENET), "push", address, "--gateway", "http://127.0.10.5:8081/pap")
    said = world.core.run(*command, "--text", "Hello over IPv6")
    assert "delivered" in said
    heard = client.wait_for("^push .*$")
    assert b"Hello over IPv6".hex() in heard
    assert heard.endswith(f"from {ROUTER_V6} 9200")
    assert client.wait() == 0

    said = world.core.run(*command, "--text", "Nobody listens", "--wait", "0")
    assert "1001" in said

    def came_back() -> float:
        return world.counters().get(("runtime", "wdp6-unreachable"), 0)

    eventually(came_back, lambda seen: seen == 1)
    assert lab.stop() == 0
    read = Dissection(world.cores.folder / "lab.pcapng")
    assert read.complaints() == []
    shown = [packet for packet in read.packets if packet["frame.interface_name"] == "Gi"]
    pushed = [one for one in shown if one["ipv6.nxt"] == "17"]
    assert [(one["ipv6.src"], one["ipv6.dst"]) for one in pushed] == [(ROUTER_V6, address)] * 2
    assert [one["icmpv6.code"] for one in shown if one.all("icmpv6.type") == ["1"]] == ["4"]


def devices(place: Namespace) -> set[str]:
    """Return the names of the interfaces in a namespace, but the wires and loopback."""
    shown = place.run("ip", "-brief", "link").splitlines()
    return {name for line in shown if "@" not in (name := line.split()[0])} - {"lo"}


def forwarding(place: Namespace) -> str:
    return place.run("cat", "/proc/sys/net/ipv4/ip_forward").strip()


def test_devices_and_sysctls_are_there_and_go(world: World) -> None:
    """With the lab, when it gets SIGTERM; and at once when its start fails."""
    before = devices(world.core)
    # A new namespace has what its host has.
    world.core.run("sh", "-c", "echo 0 > /proc/sys/net/ipv4/ip_forward")
    lab = world.lab()
    assert devices(world.core) - before == {"gi-internet", "gi-inet6"}
    assert forwarding(world.core) == "1"
    for name, value in (("send_redirects", "0"), ("forwarding", "1")):
        file = f"/proc/sys/net/ipv4/conf/gi-internet/{name}"
        assert world.core.run("cat", file).strip() == value
    assert "fe80" not in world.core.run("ip", "-6", "address", "show", "dev", "gi-inet6")
    assert "10.45.0.0/16 dev gi-internet" in world.core.run("ip", "route")

    same = LAB.replace("port: 8080", "port: 8081")
    (world.cores.folder / "same.yaml").write_text(same, encoding="utf-8")
    second = world.cores.start(
        "second", str(CORENET), "run", "same.yaml", "--state", "state-second"
    )
    assert second.wait() == 1
    assert "gi-internet: somebody has a device of that name" in second.output

    assert lab.stop() == 0
    assert (devices(world.core), forwarding(world.core)) == (before, "0")

    absent = LAB.replace(f"user_address: {USER}", "user_address: 192.168.9.9")
    (world.cores.folder / "absent.yaml").write_text(absent, encoding="utf-8")
    failed = world.cores.start(
        "absent", str(CORENET), "run", "absent.yaml", "--state", "state-absent"
    )
    assert failed.wait() == 1
    assert "192.168.9.9" in failed.output
    assert (devices(world.core), forwarding(world.core)) == (before, "0")


def test_a_route_that_is_taken_is_told(world: World) -> None:
    """With the command that failed; nothing of the device stays."""
    world.core.run("ip", "route", "add", "10.45.0.0/16", "dev", "out")
    before = devices(world.core)
    (world.cores.folder / "taken.yaml").write_text(LAB, encoding="utf-8")
    taken = world.cores.start("taken", str(CORENET), "run", "taken.yaml", "--state", "state")
    assert taken.wait() == 1
    assert "gi-internet: ip route add 10.45.0.0/16 dev gi-internet: RTNETLINK" in taken.output
    assert devices(world.core) == before


def test_who_may_not_make_a_device_is_told_what_to_do(world: World) -> None:
    """Without CAP_NET_ADMIN: root, or a namespace."""
    require_peer("setpriv", package="util-linux")
    (world.cores.folder / "denied.yaml").write_text(LAB, encoding="utf-8")
    words = ("setpriv", "--bounding-set", "-net_admin", "--inh-caps", "-net_admin")
    denied = world.cores.start("denied", *words, str(CORENET), "run", "denied.yaml")
    assert denied.wait() == 1
    assert "unshare -rn" in denied.output
