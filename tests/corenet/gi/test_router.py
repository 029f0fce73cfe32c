"""Router Solicitations and what they are answered (RFC 4861)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corenet.gi.ip import PROTOCOL_ICMPV6, PROTOCOL_UDP, checksum, ipv6_packet
from corenet.gi.router import (
    ROUTER_ADDRESS,
    is_router_solicitation,
    router_advertisement,
)

MOBILE = bytes.fromhex("fe80000000000000 1122334455667788")
ALL_ROUTERS = bytes.fromhex("ff020000000000000000000000000002")
PREFIX = bytes.fromhex("20010db800010002")

ADVERTISEMENT = (
    "60000000 0030 3a ff"  # IPv6, 48 octets of ICMPv6, hop limit 255
    "fe800000000000000000000000000001"  # from us
    "fe800000000000001122334455667788"  # to the mobile
    "86 00 0000"  # Router Advertisement, code 0, checksum
    "40 00 ffff"  # hop limit 64, M and O clear, router lifetime
    "00000000 00000000"  # reachable time, retransmission timer: unspecified
    "03 04 40 40"  # prefix information: four times 8 octets, 64 bits, only A set
    "ffffffff ffffffff 00000000"  # valid and preferred for ever
    "20010db8000100020000000000000000"  # the prefix
)
MTU_OPTION = "05 01 0000 00000578"  # MTU 1400


def solicitation(options=b"", *, source=MOBILE, kind=133, code=0, hops=255, spoil=0) -> bytes:
    """Return a Router Solicitation, perhaps with something wrong."""
    message = bytes((kind, code, 0, 0, 0, 0, 0, 0)) + options
    tail = len(message).to_bytes(4, "big") + bytes((0, 0, 0, PROTOCOL_ICMPV6))
    value = checksum(source + ALL_ROUTERS + tail + message) ^ spoil
    message = message[:2] + value.to_bytes(2, "big") + message[4:]
    return ipv6_packet(source, ALL_ROUTERS, PROTOCOL_ICMPV6, message, hop_limit=hops)


@pytest.mark.parametrize(
    "options", [b"", b"\x01\x01" + bytes(6), bytes.fromhex("0e02") + bytes(14)]
)
def test_a_solicitation_is_known(options: bytes) -> None:
    """With any options, as long as they are whole."""
    assert is_router_solicitation(solicitation(options))


@pytest.mark.parametrize(
    "packet",
    [
        solicitation(hops=254),
        solicitation(kind=134),
        solicitation(code=1),
        solicitation(spoil=1),
        solicitation(b"\x01"),
        solicitation(b"\x01\x00" + bytes(6)),
        solicitation(b"\x01\x02" + bytes(6)),
        solicitation()[:-1],
        ipv6_packet(MOBILE, ALL_ROUTERS, PROTOCOL_ICMPV6, b"\x85\0\0\0", hop_limit=255),
        ipv6_packet(MOBILE, ALL_ROUTERS, PROTOCOL_UDP, bytes(8), hop_limit=255),
    ],
)
def test_what_is_not_valid_is_none(packet: bytes) -> None:
    """Each condition of RFC 4861 §6.1.1 counts."""
    assert not is_router_solicitation(packet)


@pytest.mark.parametrize(("mtu", "octets"), [(None, ADVERTISEMENT), (1400, None)])
def test_an_advertisement_octet_by_octet(mtu, octets) -> None:
    """The prefix option, and the MTU option only where there is an MTU."""
    expected = bytearray.fromhex(octets or ADVERTISEMENT + MTU_OPTION)
    expected[5] = len(expected) - 40
    packet = router_advertisement(MOBILE, PREFIX, mtu)
    assert packet[:42] + b"\0\0" + packet[44:] == bytes(expected)
    tail = (len(packet) - 40).to_bytes(4, "big") + bytes((0, 0, 0, PROTOCOL_ICMPV6))
    assert checksum(ROUTER_ADDRESS + MOBILE + tail + packet[40:]) == 0


@given(st.binary(min_size=40, max_size=80))
def test_any_octets_are_either(packet: bytes) -> None:
    """Nothing is raised."""
    assert is_router_solicitation(packet) in (False, True)
