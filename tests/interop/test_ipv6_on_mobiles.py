"""Emulated mobiles with IPv6 on real sockets: this host's kernel and tshark as peers.

The GGSN's Gi is a TUN device. The kernel routes a push, and the pings of ``ping``, to the address
that the mobile has made of the advertised prefix; tshark reads what passed.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.conftest import require_peer
from tests.interop.dissection import Dissection
from tests.interop.peers import CORENET, Namespace, Peers, eventually, make_namespace, require_tun

pytestmark = [pytest.mark.interop, pytest.mark.usefixtures("tshark")]

IMSI = "234150000000001"
OUTSIDE = "2001:db8:ffff::5"
STATIC, NEXT, NUMBER = "2001:db8:80:f000::25", "2001:db8:80:f001::25", "+447700900803"
CONTROL = "http://127.0.80.4:8080/v1"
LAB = f"""
ggsn:
  address: 127.0.80.1
  apns: [{{name: wap.example, pool: [10.80.0.0/16, "2001:db8:80::/48"]}}]
  gi: {{tun: true}}
  radius: [{{address: 127.0.80.5}}]
sgsn: {{address: 127.0.80.2}}
hlr: {{address: 127.0.80.3}}
subscribers:
  - imsi: "{IMSI}"
    msisdn: "447700900801"
    apns: [{{name: wap.example}}]
    mobile: {{pdp_type: PDP_TYPE, activate: [wap.example]}}
  - imsi: "234150000000002"
    msisdn: "447700900802"
    count: 2
    apns: [{{name: wap.example, address: "{STATIC}"}}]
    mobile: {{pdp_type: PDP_TYPE}}
control: {{address: 127.0.80.4}}
gateway: {{address: 127.0.80.5, ipv6_address: "{OUTSIDE}", apn: wap.example}}
"""
SOLICITATION, ADVERTISEMENT = "133", "134"


@pytest.mark.parametrize("pdp_type", ["ipv6", "ipv4v6"])
def test_a_mobile_is_pinged_and_pushed_to_over_ipv6(tmp_path: Path, pdp_type: str) -> None:
    """One solicitation, one advertisement, and then whatever the kernel sends gets there."""
    require_peer("ping", package="iputils-ping")
    require_tun()
    place = make_namespace()
    assert isinstance(place, Namespace)
    place.run("ip", "address", "add", f"{OUTSIDE}/128", "dev", "lo", "nodad")
    peers = Peers(tmp_path, place)

    def mobile() -> Any:
        return place.ask("GET", f"{CONTROL}/terminals/{IMSI}")["mobile"]

    def addresses() -> list[str]:
        return [one["ipv6_address"] for one in mobile()["contexts"] if one["ipv6_address"]]

    try:
        lab = peers.run_lab(LAB.replace("PDP_TYPE", pdp_type))
        (address,) = eventually(addresses, bool)
        assert address.startswith("2001:db8:80:")
        place.ping(address, 2, "-I", OUTSIDE)
        words = ("push", "--gateway", "http://127.0.80.5:8081/pap", "--text", "Hello", address)
        assert "delivered" in place.run(str(CORENET), *words)
        (shown,) = eventually(lambda: mobile()["shown"], bool)
        assert (shown["kind"], shown["text"]) == ("SI", "Hello")
        # Two that are offline, with static addresses: the kernel's packet reaches the one, and
        # a push that names its number the other, each over a context that the network requests.
        place.ping(STATIC, 2, "-I", OUTSIDE)
        words = ("push", "--gateway", "http://127.0.80.5:8081/pap", "--text", "Hello", NUMBER)
        assert "delivered" in place.run(str(CORENET), *words)
        assert lab.stop() == 0
    finally:
        peers.stop()
        place.close()

    read = Dissection(tmp_path / "lab.pcapng")
    assert read.complaints() == []
    in_tunnel = [packet for packet in read.packets if packet.number("gtp.message") == 255]
    types = [one["icmpv6.type"] for one in in_tunnel if one.all("icmpv6.type")]
    assert types[:2] == [SOLICITATION, ADVERTISEMENT]
    assert types.count(SOLICITATION) == 1, "who knows a static address asks no router"
    notified = [one for one in read.packets if one.number("gtp.message") == 27]
    assert [one.all("gtp.user_ipv6") for one in notified] == [[STATIC], [NEXT]]
    assert any(address in packet.all("ipv6.dst") for packet in in_tunnel)
