"""Errors of ICMP: what they say, and about what there are none."""

from __future__ import annotations

from ipaddress import IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corenet.gi.icmp import Echo, icmpv6_checksum, parse_echo, time_exceeded, too_big
from corenet.gi.ip import IpError, checksum, ipv4_packet, ipv6_packet, parse, udp_packet

ROUTER, ROUTER_V6 = "10.45.0.1", "2001:db8:6::1"
HOST, MOBILE = "198.51.100.1", "10.45.0.7"
HOST_V6 = IPv6Address("2001:db8:ffff::2").packed
MOBILE_V6 = IPv6Address("2001:db8:6:1::7").packed


def v4(payload: bytes = bytes(2000), protocol: int = 17, source: str = HOST) -> bytes:
    return ipv4_packet(source, MOBILE, protocol, payload)


def v6(payload: bytes = bytes(2000), protocol: int = 17, source: bytes = HOST_V6) -> bytes:
    return ipv6_packet(source, MOBILE_V6, protocol, payload, hop_limit=64)


def test_fragmentation_needed_tells_the_mtu() -> None:
    """RFC 1191 §4: type 3, code 4, the next hop's MTU, and the packet's beginning."""
    packet = v4()
    error = too_big(packet, ROUTER, 1400)
    assert error is not None
    read = parse(error)
    assert (read.source, read.destination, read.protocol) == (ROUTER, HOST, 1)
    assert read.payload[:2] + read.payload[4:8] == bytes.fromhex("0304 0000 0578")
    assert checksum(read.payload) == 0
    assert packet.startswith(read.payload[8:])
    assert len(error) == 576


def test_packet_too_big_tells_the_mtu() -> None:
    """RFC 4443 §3.2: type 2, the MTU, and as much of the packet as fits into 1280 octets."""
    packet = v6()
    error = too_big(packet, ROUTER_V6, 1400)
    assert error is not None
    read = parse(error)
    assert (read.source, read.destination, read.protocol) == (ROUTER_V6, "2001:db8:ffff::2", 58)
    assert read.payload[:2] + read.payload[4:8] == bytes.fromhex("0200 00000578")
    assert icmpv6_checksum(error[8:24], error[24:40], read.payload) == 0
    assert packet.startswith(read.payload[8:])
    assert len(error) == 1280


def test_time_exceeded_in_both_families() -> None:
    """RFC 792 and RFC 4443 §3.3: in transit."""
    short = udp_packet((HOST, 1), (MOBILE, 2), b"x")
    error = time_exceeded(short, ROUTER)
    assert error is not None
    assert (
        parse(error).payload == bytes.fromhex("0b00") + parse(error).payload[2:4] + bytes(4) + short
    )
    error = time_exceeded(v6(b"x"), ROUTER_V6)
    assert error is not None
    assert parse(error).payload[:2] == bytes.fromhex("0300")


@pytest.mark.parametrize(
    "packet",
    [
        pytest.param(v4(b"\x03\x04" + bytes(60), protocol=1), id="an error"),
        pytest.param(v4(b"\x05\x00" + bytes(60), protocol=1), id="a redirect"),
        pytest.param(v4(source="0.0.0.0"), id="from nobody"),
        pytest.param(v4(source="127.0.0.1"), id="from loopback"),
        pytest.param(v4(source="224.0.0.1"), id="from many"),
        pytest.param(v4()[:6] + b"\x00\x10" + v4()[8:], id="a later fragment"),
        pytest.param(ipv4_packet(HOST, "224.0.0.251", 17, b""), id="to many"),
        pytest.param(v6(b"\x01\x00" + bytes(60), protocol=58), id="an error of IPv6"),
        pytest.param(v6(source=bytes(16)), id="from nobody, IPv6"),
        pytest.param(v6(source=b"\xff\x02" + bytes(14)), id="from many, IPv6"),
        pytest.param(
            ipv6_packet(HOST_V6, b"\xff\x02" + bytes(14), 17, b"", hop_limit=1), id="to many, IPv6"
        ),
    ],
)
def test_about_some_packets_there_is_no_error(packet: bytes) -> None:
    """RFC 1122 §3.2.2, RFC 4443 §2.4 (e)."""
    assert too_big(packet, ROUTER if packet[0] >> 4 == 4 else ROUTER_V6, 1400) is None
    assert time_exceeded(packet, ROUTER if packet[0] >> 4 == 4 else ROUTER_V6) is None


@pytest.mark.parametrize(
    "packet",
    [
        v4(b"\x08\x00" + bytes(60), protocol=1),
        v4(b"", protocol=1),
        v6(b"\x80\x00" + bytes(60), protocol=58),
    ],
)
def test_about_a_ping_there_is_one(packet: bytes) -> None:
    """Echo is no error."""
    router = ROUTER if packet[0] >> 4 == 4 else ROUTER_V6
    assert time_exceeded(packet, router) is not None


def test_an_echo_of_ipv6_wants_addresses_of_ipv6() -> None:
    """At both ends."""
    with pytest.raises(IpError, match="no IPv6 addresses"):
        Echo("2001:db8::1", "10.45.0.1", 1, 1).packet()


@given(st.integers(0, 0xFFFF), st.integers(0, 0xFFFF), st.binary(max_size=1400), st.booleans())
def test_an_echo_of_ipv6_is_read_as_it_was_written(
    identifier: int, sequence: int, data: bytes, reply: bool
) -> None:
    """Types 128 and 129, with a checksum over the pseudo-header (RFC 4443 §4)."""
    echo = Echo("2001:db8::1", "2001:db8::2", identifier, sequence, data, reply)
    packet = echo.packet()
    assert parse_echo(packet) == echo
    assert packet[40] == (129 if reply else 128)
