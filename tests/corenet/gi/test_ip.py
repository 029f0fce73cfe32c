"""IP packets and UDP datagrams as they pass over Gi."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from corenet.gi.ip import (
    MAXIMUM_UDP_PAYLOAD,
    PROTOCOL_ICMP,
    PROTOCOL_UDP,
    IpError,
    IpPacket,
    UdpDatagram,
    checksum,
    ipv4_packet,
    parse,
    parse_udp,
    udp_packet,
)

UDP = bytes.fromhex(
    "45 00 0020"  # version 4, five words of header; 32 octets
    "0000 4000"  # identification 0, do not fragment
    "40 11 0665"  # TTL 64, UDP, header checksum
    "c6336401 0a2d0007"  # 198.51.100.1 to 10.45.0.7
    "23f0 0b84 000c b81b"  # port 9200 to 2948, 12 octets, checksum
    "70757368"  # "push"
)
IPV6_UDP = bytes.fromhex(
    "60000000 000c 11 40"  # version 6, 12 octets of payload, UDP, hop limit 64
    "20010db8000000000000000000000001"
    "20010db8000000000000000000000002"
    "23f0 0b84 000c 910f"  # ports, length, checksum
    "70757368"
)
addresses = st.ip_addresses(v=4).map(str)
ports = st.integers(0, 0xFFFF)


def changed(packet: bytes, at: int, octets: str, *, header: bool = True) -> bytes:
    """Return ``packet`` with octets replaced, and the IPv4 header checksum made right again."""
    new = bytes.fromhex(octets)
    packet = packet[:at] + new + packet[at + len(new) :]
    if header:
        zeroed = packet[:10] + b"\x00\x00" + packet[12:]
        length = (packet[0] & 15) * 4
        packet = zeroed[:10] + checksum(zeroed[:length]).to_bytes(2, "big") + zeroed[12:]
    return packet


def test_a_udp_packet_has_these_octets() -> None:
    """Header, pseudo-header checksum and payload in place."""
    assert udp_packet(("198.51.100.1", 9200), ("10.45.0.7", 2948), b"push") == UDP


def test_a_udp_packet_is_read() -> None:
    """Both ends and the payload; an IPv4 packet with all its fields."""
    assert parse_udp(UDP) == UdpDatagram(("198.51.100.1", 9200), ("10.45.0.7", 2948), b"push")
    assert parse(UDP) == IpPacket(
        version=4,
        source="198.51.100.1",
        destination="10.45.0.7",
        protocol=PROTOCOL_UDP,
        payload=UDP[20:],
        ttl=64,
    )


def test_an_ipv6_packet_is_read() -> None:
    """Addresses in their short form, UDP inside verified."""
    packet = parse(IPV6_UDP)
    assert (packet.version, packet.source, packet.destination) == (6, "2001:db8::1", "2001:db8::2")
    assert parse_udp(IPV6_UDP) == UdpDatagram(("2001:db8::1", 9200), ("2001:db8::2", 2948), b"push")


def test_a_udp_packet_is_made_in_ipv6() -> None:
    """RFC 8200 §8.1: the checksum is over the pseudo-header of IPv6."""
    made = udp_packet(("2001:db8::1", 9200), ("2001:db8::2", 2948), b"push")
    assert made == IPV6_UDP


def test_ends_are_of_one_family() -> None:
    """There is no packet between IPv4 and IPv6."""
    for source, destination in (("2001:db8::1", "10.0.0.1"), ("10.0.0.1", "2001:db8::1")):
        with pytest.raises(IpError, match=r"no IPv[46] addresses"):
            udp_packet((source, 1), (destination, 2), b"")


def test_padding_of_the_link_is_left_out() -> None:
    """The length in the header counts, not what came with it."""
    assert parse_udp(UDP + bytes(14)).payload == b"push"
    assert parse(IPV6_UDP + bytes(14)).payload == IPV6_UDP[40:]


def test_options_are_skipped() -> None:
    """A header of six words."""
    packet = changed(UDP[:20] + b"\x01\x01\x01\x00" + UDP[20:], 0, "46000024")
    assert parse_udp(packet).payload == b"push"


def test_a_datagram_without_checksum_is_read() -> None:
    """Zero says that the sender made none."""
    assert parse_udp(changed(UDP, 26, "0000", header=False)).payload == b"push"


def test_a_checksum_of_zero_is_sent_in_its_other_form() -> None:
    """RFC 768: zero would mean that there is none."""
    # The payload is the complement of the sum of all else, so that the checksum comes out as 0.
    plain = udp_packet(("10.0.0.1", 1), ("10.0.0.2", 2), b"\x00\x00")
    packet = udp_packet(("10.0.0.1", 1), ("10.0.0.2", 2), plain[26:28])
    assert packet[26:28] == b"\xff\xff"
    assert parse_udp(packet).payload == plain[26:28]


@pytest.mark.parametrize(
    ("packet", "words"),
    [
        (b"", "empty"),
        (UDP[:19], "too few for an IPv4"),
        (IPV6_UDP[:39], "too few for an IPv6"),
        (b"\x55" + UDP[1:], "version 5"),
        (changed(UDP, 0, "44"), "header of 16"),
        (UDP[:31], "packet of 32 in 31"),
        (changed(UDP, 2, "0010"), "packet of 16"),
        (IPV6_UDP[:-1], "packet of 52 in 51"),
        (changed(UDP, 8, "3f", header=False), "header checksum"),
        (changed(UDP, 9, "06"), "not UDP"),
        (changed(UDP, 6, "2000"), "fragment"),
        (changed(UDP, 6, "0001"), "fragment"),
        (changed(UDP, 2, "0018"), "too few for a UDP"),
        (changed(UDP, 24, "000d", header=False), "UDP length 13"),
        (changed(UDP, 24, "0007", header=False), "UDP length 7"),
        (changed(UDP, 28, "71", header=False), "UDP checksum"),
        (changed(IPV6_UDP, 46, "0000", header=False), "UDP checksum"),
    ],
)
def test_what_is_wrong_is_named(packet: bytes, words: str) -> None:
    """An IpError in words."""
    with pytest.raises(IpError, match=words):
        parse_udp(packet)


def test_fragments_are_read_as_such() -> None:
    """Offset in octets, and whether more follow."""
    packet = parse(changed(UDP, 6, "2003"))
    assert (packet.fragment_offset, packet.more_fragments, packet.fragment) == (24, True, True)


@pytest.mark.parametrize(
    "make",
    [
        lambda: ipv4_packet("10.0.0.256", "10.0.0.1", 1, b""),
        lambda: ipv4_packet("10.0.0.1", "host", 1, b""),
        lambda: ipv4_packet("10.0.0.1", "10.0.0.2", 1, bytes(65_516)),
        lambda: udp_packet(("x", 1), ("10.0.0.2", 2), b""),
        lambda: udp_packet(("10.0.0.1", 65_536), ("10.0.0.2", 2), b""),
        lambda: udp_packet(("10.0.0.1", 1), ("10.0.0.2", -1), b""),
        lambda: udp_packet(("10.0.0.1", 1), ("10.0.0.2", 2), bytes(MAXIMUM_UDP_PAYLOAD + 1)),
    ],
)
def test_what_cannot_be_sent_is_refused(make) -> None:
    """Addresses, ports and sizes that IP does not know."""
    with pytest.raises(IpError):
        make()


def test_the_largest_datagram_fits() -> None:
    """65507 octets of payload."""
    packet = udp_packet(("10.0.0.1", 1), ("10.0.0.2", 2), bytes(MAXIMUM_UDP_PAYLOAD))
    assert len(packet) == 65_535
    assert len(parse_udp(packet).payload) == MAXIMUM_UDP_PAYLOAD


@given(addresses, addresses, ports, ports, st.binary(max_size=200), st.integers(1, 255))
def test_what_is_built_is_read_alike(source, destination, one, other, payload, ttl) -> None:
    """UDP over IPv4, there and back."""
    packet = udp_packet((source, one), (destination, other), payload, ttl=ttl)
    assert parse_udp(packet) == UdpDatagram((source, one), (destination, other), payload)
    assert parse(packet).ttl == ttl


@given(st.binary(max_size=200))
@example(b"\x45" + bytes(30))
@example(b"\x60" + bytes(50))
def test_any_octets_are_read_or_refused(octets: bytes) -> None:
    """Nothing but IpError is raised."""
    with contextlib.suppress(IpError):
        parse_udp(octets)


@given(st.binary(max_size=99))
def test_a_checksum_makes_the_sum_right(octets: bytes) -> None:
    """RFC 1071, compared with the sum written out word by word."""
    padded = octets + bytes(len(octets) % 2)
    total = sum(int.from_bytes(padded[i : i + 2], "big") for i in range(0, len(padded), 2))
    while total > 0xFFFF:
        total = (total >> 16) + (total & 0xFFFF)
    assert checksum(octets) == 0xFFFF - total
    if total:
        assert checksum(padded + checksum(octets).to_bytes(2, "big")) == 0


@pytest.mark.oracle
@given(addresses, addresses, ports, ports, st.binary(max_size=60))
def test_scapy_builds_the_same_udp_packet(source, destination, one, other, payload) -> None:
    """An independent implementation agrees octet by octet."""
    inet = pytest.importorskip("scapy.layers.inet")
    expected = bytes(
        inet.IP(src=source, dst=destination, id=0, flags="DF", ttl=64)
        / inet.UDP(sport=one, dport=other)
        / payload
    )
    assert udp_packet((source, one), (destination, other), payload) == expected


@pytest.mark.oracle
def test_scapy_builds_the_same_icmp_packet() -> None:
    """Another protocol than UDP."""
    inet = pytest.importorskip("scapy.layers.inet")
    echo = bytes(inet.ICMP(type=8, id=1, seq=1) / b"ping")
    expected = bytes(
        inet.IP(src="10.0.0.1", dst="10.0.0.2", id=7, flags="DF", ttl=3, proto=1) / echo
    )
    built = ipv4_packet("10.0.0.1", "10.0.0.2", PROTOCOL_ICMP, echo, identification=7, ttl=3)
    assert built == expected
    assert parse(built).payload == echo
