"""What a lab file says of Gi: loopback, TUN devices, policies of APNs."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network

import pytest

from corenet.gi.tun_plan import TunPlan
from testbed.lab.build import LoadedLab, build, load
from testbed.lab.yaml_source import SourceError, read


def built(apns: str, gi: str = "{tun: true}") -> LoadedLab:
    """Return the lab of a GGSN with these APNs."""
    text = f"ggsn:\n  address: 127.0.10.1\n  gi: {gi}\n  apns:\n{apns}"
    return build(read(text, "lab.yaml"))


def test_each_apn_has_a_device() -> None:
    """Named after it, with the first address of each family, routes and the MTU."""
    lab = built(
        "    - {name: internet, pool: [10.45.0.0/16, 10.46.0.0/16, 2001:db8:6::/48], mtu: 1400}\n"
        "    - {name: a-name-that-is-long, pool: 10.47.0.0/16, static: [10.48.0.0/16],"
        " gateways: []}\n"
    )
    networks = (
        IPv4Network("10.45.0.0/16"), IPv4Network("10.46.0.0/16"), IPv6Network("2001:db8:6::/48"),
    )  # fmt: skip
    assert lab.tuns == {
        ("ggsn", "internet"): TunPlan(
            "gi-internet", ("10.45.0.1", "2001:db8:6::1"), networks, 1400
        ),
        ("ggsn", "a-name-that-is-long"): TunPlan(
            "gi-a-name-that-", (), (IPv4Network("10.47.0.0/16"), IPv4Network("10.48.0.0/16")), 1500
        ),
    }
    assert lab.core is not None
    internet, other = lab.core.ggsns["ggsn"].apns
    assert internet.gateways == ("10.45.0.1", "2001:db8:6::1")
    assert other.gateways == ()


def test_a_pool_of_one_has_no_room_for_a_gateway() -> None:
    """It is the mobile's."""
    lab = built("    - {name: one, pool: [10.45.0.9/32, 2001:db8:6::/64]}\n")
    assert lab.tuns["ggsn", "one"].gateways == ()


def test_each_apn_may_choose() -> None:
    """One with a device beside others on loopback, or without any way out."""
    apns = "    - {name: here, pool: 127.10.0.0/16}\n" + (
        "    - {name: away, pool: 10.45.0.0/16, tun: true, device: tun7}\n"
    )
    for gi in ("{ports: [2948]}", "null"):
        lab = built(apns, gi)
        assert [(name, plan.device) for (_, name), plan in lab.tuns.items()] == [("away", "tun7")]
    lab = built("    - {name: here, pool: 127.10.0.0/16, tun: false}\n")
    assert lab.tuns == {}


def test_policies_of_an_apn_come_from_the_file() -> None:
    """All off when nothing is said."""
    lab = built(
        "    - {name: one, pool: 10.45.0.0/16}\n"
        "    - {name: two, pool: 10.46.0.0/16, answer_ping: true, mobile_to_mobile: true,\n"
        "       dns: [192.0.2.53], gateways: [10.46.0.9]}\n"
    )
    assert lab.core is not None
    one, two = lab.core.ggsns["ggsn"].apns
    assert (one.answers_for_dns, one.mobile_to_mobile) == (False, False)
    assert (two.answers_for_dns, two.mobile_to_mobile, two.gateways) == (True, True, ("10.46.0.9",))


@pytest.mark.parametrize(
    ("apns", "gi", "place", "words"),
    [
        ("{name: a, pool: 127.10.0.0/16}", "{tun: true}", "5:", "no TUN device can have 127.10"),
        ("{name: a, pool: 127.10.0.0/16, device: x}", "{}", "5:", "this APN has no TUN device"),
        ("{name: a, pool: 10.0.0.0/8}", "{}", "5:", "Gi on loopback needs a pool in 127.0.0.0/8"),
        ("{name: a, pool: 10.0.0.0/8, device: a/b}", "{tun: true}", "5:", "device"),
        (
            "{name: a, pool: 10.0.0.0/8, gateways: [10.0.0.1, 10.0.0.2]}",
            "{tun: true}",
            "5:",
            "at most one gateway per family",
        ),
        (
            "{name: a, pool: 10.1.0.0/16}\n    - {name: b, pool: 10.2.0.0/16, device: gi-a}",
            "{tun: true}",
            "6:",
            "two APNs have the TUN device gi-a",
        ),
        (
            "{name: a, pool: 127.10.0.0/25}\n    - {name: b, pool: 127.11.0.0/24}",
            "{per_address: true}",
            "6:",
            "per_address is for 256 addresses",
        ),
    ],
)
def test_what_cannot_be_is_named_with_its_place(apns: str, gi: str, place: str, words: str) -> None:
    """Before anything is started."""
    with pytest.raises(SourceError) as refused:
        built(f"    - {apns}\n", gi)
    assert words in str(refused.value)
    assert f"lab.yaml:{place}" in str(refused.value)


def test_the_ggsn_alone_is_ready_for_a_foreign_suite() -> None:
    """Three APNs, name servers that answer pings, echo every five seconds, mobiles that meet."""
    lab = load("ggsn")
    assert lab.core is not None
    config = lab.core.ggsns["ggsn"]
    assert [apn.name for apn in config.apns] == ["internet", "inet6", "inet46"]
    assert all(apn.answers_for_dns and apn.dns for apn in config.apns)
    assert [apn.mobile_to_mobile for apn in config.apns] == [True, False, False]
    families = [{network.version for network in apn.pools} for apn in config.apns]
    assert families == [{4}, {6}, {4, 6}]
    assert config.timers.echo_interval == 5
