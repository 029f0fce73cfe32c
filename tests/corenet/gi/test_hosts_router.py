"""What a host makes of its router: the solicitation, and which advertisements count."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corenet.gi.icmp import icmpv6_packet
from corenet.gi.router import (
    ROUTER_ADDRESS,
    advertised_prefix,
    is_router_solicitation,
    router_advertisement,
    router_solicitation,
)

HOST = bytes.fromhex("fe80000000000000") + bytes(range(8))
PREFIX = bytes.fromhex("20010db800450001")
ADVERTISEMENT = router_advertisement(HOST, PREFIX, 1400)
MESSAGE = ADVERTISEMENT[40:]
FLAGS, BITS, LIFETIME = 16 + 3, 16 + 2, slice(16 + 4, 16 + 8)
"""Where these are in the message, of its first option."""


def changed(at: int | slice, octets: bytes, *, hop_limit: int = 255) -> bytes:
    """Return the advertisement with other octets somewhere, and a right checksum."""
    message = bytearray(MESSAGE)
    message[2:4] = bytes(2)
    message[at if isinstance(at, slice) else slice(at, at + 1)] = octets
    return icmpv6_packet(ROUTER_ADDRESS, HOST, bytes(message), hop_limit=hop_limit)


def test_a_router_takes_the_solicitation() -> None:
    """It is what our own router answers."""
    assert is_router_solicitation(router_solicitation(HOST))


@pytest.mark.parametrize("mtu", [None, 1400])
def test_the_prefix_is_found(mtu: int | None) -> None:
    """Whether an MTU comes with it or not."""
    assert advertised_prefix(router_advertisement(HOST, PREFIX, mtu)) == PREFIX


def test_the_prefix_is_found_behind_other_options() -> None:
    """An unknown one is passed over (RFC 4861 §4.6)."""
    message = bytearray(MESSAGE[:16] + bytes((200, 1)) + bytes(6) + MESSAGE[16:])
    message[2:4] = bytes(2)
    packet = icmpv6_packet(ROUTER_ADDRESS, HOST, bytes(message), hop_limit=255)
    assert advertised_prefix(packet) == PREFIX


@pytest.mark.clause("RFC 4861 §6.1.2", "router advertisements that do not count")
@pytest.mark.parametrize(
    "packet",
    [
        ADVERTISEMENT[:39],
        ADVERTISEMENT[:-1],
        changed(0, b"\x85"),
        changed(1, b"\x01"),
        changed(FLAGS, b"\x00"),
        changed(BITS, b"\x30"),
        changed(LIFETIME, bytes(4)),
        changed(17, b"\x00"),
        changed(FLAGS, b"\x40", hop_limit=64),
        ADVERTISEMENT[:8] + PREFIX + ADVERTISEMENT[16:],
        ADVERTISEMENT[:42] + bytes(2) + ADVERTISEMENT[44:],
        router_solicitation(HOST),
    ],
    ids=[
        *("header cut short", "message cut short", "other type", "other code"),
        *("not autonomous", "48 bits", "no lifetime", "option without length"),
        *("forwarded", "not from the link", "wrong checksum", "solicitation"),
    ],
)
def test_what_is_no_advertisement_for_addresses_is_passed_over(packet: bytes) -> None:
    """Nothing is made of it."""
    assert advertised_prefix(packet) is None


def test_octets_that_are_changed_and_right_otherwise_count() -> None:
    """So the refusals above are for what was changed."""
    assert advertised_prefix(changed(FLAGS, b"\x40")) == PREFIX


@given(st.binary(max_size=120))
def test_nothing_is_raised_for_any_octets(octets: bytes) -> None:
    """Behind a right header or without one."""
    assert advertised_prefix(octets) is None
    advertised_prefix(ADVERTISEMENT[:40] + octets)
    advertised_prefix(icmpv6_packet(ROUTER_ADDRESS, HOST, MESSAGE[:2] + bytes(2) + octets))
