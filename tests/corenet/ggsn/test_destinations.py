"""Where the packets of an APN's mobiles lead."""

from __future__ import annotations

from ipaddress import IPv4Network, ip_address

import pytest

from corenet.ggsn.config import Apn, StaticBinding
from corenet.ggsn.destinations import Destinations, Way

APN = Apn(
    "internet",
    (IPv4Network("10.45.0.0/24"),),
    static_ranges=(IPv4Network("10.99.0.0/24"),),
    dns=("192.0.2.53",),
    gateways=("10.45.0.1", "2001:db8:6::1"),
)
BINDINGS = {
    ip_address(binding.address).packed: binding
    for binding in (
        StaticBinding("234150000000001", "Internet", "203.0.113.1"),
        StaticBinding("234150000000002", "other", "203.0.113.2"),
    )
}


@pytest.mark.parametrize(
    ("address", "way"),
    [
        ("198.51.100.1", Way.OUTSIDE),
        ("192.0.2.53", Way.OUTSIDE),
        ("2001:db8::1", Way.OUTSIDE),
        ("10.45.0.1", Way.OURS),
        ("2001:db8:6::1", Way.OURS),
        ("10.45.0.200", Way.MOBILE),
        ("10.99.0.1", Way.MOBILE),
        ("203.0.113.1", Way.MOBILE),
        ("203.0.113.2", Way.OUTSIDE),
        ("169.254.0.1", Way.LINK),
        ("224.0.0.251", Way.LINK),
        ("ff02::fb", Way.LINK),
        ("fe80::1", Way.LINK),
    ],
)
def test_an_address_has_its_way(address: str, way: Way) -> None:
    """Pools, static ranges and bindings of this APN are mobiles'; another APN's are outside."""
    destinations = Destinations(APN, BINDINGS)
    octets = ip_address(address).packed
    assert [destinations.way(octets), destinations.way(octets)] == [way, way]
    assert (octets in destinations.known_outside) is (way is Way.OUTSIDE)


def test_not_too_many_addresses_outside_are_remembered() -> None:
    """A mobile that scans the Internet takes no memory."""
    destinations = Destinations(APN, {})
    for number in range(10_000):
        destinations.way((0xC6000000 + number).to_bytes(4, "big"))
    assert len(destinations.known_outside) <= 4096
