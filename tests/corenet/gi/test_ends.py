"""Who an IP packet is from and for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corenet.gi.ends import is_for_many, packet_ends
from corenet.gi.ip import PROTOCOL_ICMP, PROTOCOL_TCP, ipv4_packet, udp_packet

HERE, THERE = ("127.0.0.5", 9200), ("127.10.0.7", 2948)


def test_udp_and_tcp_have_ports():
    """The ends of UDP and TCP are addresses with ports."""
    assert packet_ends(udp_packet(HERE, THERE, b"x")) == (HERE, THERE)
    tcp = ipv4_packet(HERE[0], THERE[0], PROTOCOL_TCP, bytes.fromhex("23f00b84") + bytes(16))
    assert packet_ends(tcp) == (HERE, THERE)


def test_what_has_no_ports_has_port_0():
    """ICMP has addresses only, and so has a later fragment."""
    icmp = ipv4_packet(HERE[0], THERE[0], PROTOCOL_ICMP, bytes(8))
    fragment = bytearray(udp_packet(HERE, THERE, b"x"))
    fragment[7] = 185
    for packet in (icmp, bytes(fragment)):
        assert packet_ends(packet) == ((HERE[0], 0), (THERE[0], 0))


def test_ipv6_is_read_too():
    """An IPv6 packet's ends are in the form that is usual for IPv6."""
    addresses = bytes.fromhex("20010db8") + bytes(11) + b"\x01" + bytes(15) + b"\x01"
    packet = b"\x60\x00\x00\x00\x00\x08\x11\x40" + addresses + bytes.fromhex("23f00b8400080000")
    assert packet_ends(packet) == (("2001:db8::1", 9200), ("::1", 2948))


@pytest.mark.parametrize("packet", [b"", b"\x45" + bytes(18), b"\x60" + bytes(30), bytes(40)])
def test_no_packet_is_from_nowhere(packet):
    """Octets that are no IP packet are from nowhere for nowhere."""
    assert packet_ends(packet) == (("", 0), ("", 0))


@given(st.binary(max_size=80))
def test_any_octets_are_read(data):
    """Whatever the octets are, reading does not raise."""
    packet_ends(data)


@pytest.mark.parametrize(
    ("host", "many"),
    [("ff02::16", True), ("224.0.0.22", True), ("255.255.255.255", True), ("10.45.0.1", False),
     ("2001:db8::1", False), ("", False)],
)  # fmt: skip
def test_who_is_many(host, many):
    """Multicast of both families, and the broadcast on the link."""
    assert is_for_many(host) is many
