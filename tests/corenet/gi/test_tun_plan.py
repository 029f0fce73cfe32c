"""What sets a TUN device up."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network

from corenet.gi.tun_plan import TunPlan


def test_a_plan_is_commands_and_settings() -> None:
    """Addresses alone, without a network; routes to the mobiles; a quiet kernel."""
    networks = IPv4Network("10.45.0.0/16"), IPv6Network("2001:db8:6::/48")
    plan = TunPlan("gi-internet", ("10.45.0.1", "2001:db8:6::1"), networks, 1400)
    assert plan.commands() == [
        "link set dev gi-internet mtu 1400 multicast off up",
        "address add 10.45.0.1/32 dev gi-internet",
        "address add 2001:db8:6::1/128 dev gi-internet nodad",
        "route add 10.45.0.0/16 dev gi-internet",
        "route add 2001:db8:6::/48 dev gi-internet",
    ]
    assert plan.sysctls()["ipv4/conf/gi-internet/send_redirects"] == "0"
    assert plan.sysctls()["ipv6/conf/gi-internet/addr_gen_mode"] == "1"
