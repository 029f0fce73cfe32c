"""What a hop does to a packet: fragments, and one hop less."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corenet.gi.hop import fragments, may_be_fragmented, one_hop_less
from corenet.gi.ip import checksum, ipv4_packet, ipv6_packet, parse, udp_packet

SOURCE, DESTINATION = "198.51.100.1", "10.45.0.7"


def packet(size: int, *, options: bytes = b"", flags: int = 0, tos: int = 0xB9) -> bytes:
    """Return an IPv4 packet with ``size`` octets of data."""
    header = bytearray(ipv4_packet(SOURCE, DESTINATION, 17, b"", identification=0x4711)[:20])
    header[0] = 0x45 + len(options) // 4
    header[1] = tos
    header[2:4] = (20 + len(options) + size).to_bytes(2, "big")
    header[6:8] = flags.to_bytes(2, "big")
    header += options
    header[10:12] = bytes(2)
    header[10:12] = checksum(bytes(header)).to_bytes(2, "big")
    return bytes(header) + bytes(n % 251 for n in range(size))


def reassembled(parts: list[bytes]) -> bytes:
    """Return the data of fragments, each of which is read and fits to the next."""
    data = b""
    for number, part in enumerate(parts):
        read = parse(part)
        assert read.fragment_offset == len(data)
        assert read.more_fragments == (number < len(parts) - 1)
        data += read.payload
    return data


@given(st.integers(1, 4000), st.integers(68, 1500))
def test_fragments_are_no_longer_than_the_mtu_and_make_the_whole(size: int, mtu: int) -> None:
    """Each has the packet's identification, type of service and ECN."""
    whole = packet(size)
    parts = fragments(whole, mtu)
    assert all(len(part) <= mtu for part in parts)
    assert reassembled(parts) == whole[20:]
    assert {(part[1], part[4:6], part[8:10]) for part in parts} == {(0xB9, whole[4:6], whole[8:10])}


def test_a_fragment_is_cut_again() -> None:
    """Its offset counts on, and it stays a part of more (RFC 791 §3.2)."""
    first, second = fragments(packet(100, flags=0x2000 | 50), 84)
    assert [parse(part).fragment_offset for part in (first, second)] == [400, 464]
    assert parse(first).more_fragments
    assert parse(second).more_fragments


def test_only_options_to_be_copied_are_in_later_fragments() -> None:
    """Record Route stays in the first, Router Alert goes with all; no-operations are left out."""
    record_route, alert = bytes.fromhex("0707 04 00000000"), bytes.fromhex("94040000")
    parts = fragments(packet(400, options=b"\x01" + record_route + alert), 200)
    assert parts[0][20:32] == b"\x01" + record_route + alert
    assert {part[20:24] for part in parts[1:]} == {alert}
    assert {part[0] for part in parts[1:]} == {0x46}
    assert reassembled(parts) == packet(400)[20:]


@pytest.mark.parametrize("damaged", ["94000000", "94090000", "00940400", "01010194"])
def test_damaged_options_end_them(damaged: str) -> None:
    """What makes no sense is not copied."""
    parts = fragments(packet(400, options=bytes.fromhex(damaged)), 200)
    assert {part[0] for part in parts[1:]} == {0x45}
    assert reassembled(parts) == packet(400)[20:]


def test_who_may_be_fragmented() -> None:
    """IPv4 without DF, and nothing of IPv6 (RFC 8200 §4.5)."""
    assert may_be_fragmented(packet(10))
    assert not may_be_fragmented(packet(10, flags=0x4000))
    assert not may_be_fragmented(ipv6_packet(bytes(16), bytes(16), 17, b"", hop_limit=9))


def test_a_hop_takes_one_off_and_leaves_the_rest() -> None:
    """The checksum is made right; type of service and data stay."""
    before = packet(40, options=bytes.fromhex("94040000"))
    after = one_hop_less(before)
    assert after is not None
    assert parse(after).ttl == parse(before).ttl - 1
    assert (after[:8], after[9], after[12:]) == (before[:8], before[9], before[12:])


def test_a_hop_takes_one_off_in_ipv6() -> None:
    """There is no checksum; nothing else changes."""
    before = ipv6_packet(bytes(15) + b"\1", bytes(15) + b"\2", 17, b"data", hop_limit=2)
    after = one_hop_less(before)
    assert after == before[:7] + b"\1" + before[8:]


@pytest.mark.parametrize("hops", [0, 1])
@pytest.mark.parametrize(
    "make",
    [
        lambda hops: udp_packet((SOURCE, 1), (DESTINATION, 2), b"x", ttl=hops),
        lambda hops: ipv6_packet(bytes(16), bytes(16), 17, b"", hop_limit=hops),
    ],
    ids=["IPv4", "IPv6"],
)
def test_the_last_hop_is_the_end(make: Callable[[int], bytes], hops: int) -> None:
    """Nobody forwards it further (RFC 1812 §5.3.1)."""
    assert one_hop_less(make(hops)) is None
