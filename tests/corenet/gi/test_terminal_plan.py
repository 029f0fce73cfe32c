"""What ``ip`` is to do with the device of a mobile."""

from __future__ import annotations

from ipaddress import IPv4Network

from corenet.gi.terminal_plan import EVERYTHING, TerminalPlan

PLAN = TerminalPlan("phone", "phone", (EVERYTHING, IPv4Network("192.0.2.0/24")), mtu=1400)


def test_a_device_begins_without_addresses() -> None:
    """And the kernel sends nothing of its own."""
    assert PLAN.begin() == [
        "link set dev phone addrgenmode none",
        "link set dev phone mtu 1400 multicast off up",
    ]


def test_addresses_come_with_the_routes() -> None:
    """Which are from the mobile's address."""
    assert PLAN.change((), ("10.45.0.2",)) == [
        "address add 10.45.0.2/32 dev phone",
        "route replace 0.0.0.0/0 dev phone src 10.45.0.2",
        "route replace 192.0.2.0/24 dev phone src 10.45.0.2",
    ]


def test_routes_stay_while_there_is_another_address() -> None:
    """The kernel forgets those from an address that goes."""
    plan = TerminalPlan("phone", routes=(EVERYTHING,))
    assert plan.change(("10.45.0.2", "10.46.0.2"), ("10.46.0.2",)) == [
        "address del 10.45.0.2/32 dev phone",
        "route replace 0.0.0.0/0 dev phone src 10.46.0.2",
    ]


def test_addresses_go_with_the_contexts() -> None:
    """The kernel forgets the routes by itself."""
    assert PLAN.change(("10.45.0.2",), ()) == ["address del 10.45.0.2/32 dev phone"]
