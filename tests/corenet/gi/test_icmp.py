"""ICMP Echo in IPv4 packets."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corenet.gi.icmp import Echo, parse_echo
from corenet.gi.ip import PROTOCOL_ICMP, IpError, checksum, ipv4_packet

PING = bytes.fromhex(
    "45 00 0020"  # version 4, five words of header; 32 octets
    "0000 4000"  # identification 0, do not fragment
    "40 01 0675"  # TTL 64, ICMP, header checksum
    "c6336401 0a2d0007"  # 198.51.100.1 to 10.45.0.7
    "08 00 1925"  # Echo, code 0, checksum
    "0007 0003"  # identifier, sequence number
    "70696e67"  # "ping"
)
ECHO = Echo("198.51.100.1", "10.45.0.7", 7, 3, b"ping")
numbers = st.integers(0, 0xFFFF)


def icmp(octets: str) -> bytes:
    """Return an IPv4 packet of ICMP with its checksum made right."""
    message = bytes.fromhex(octets)
    value = checksum(message)
    message = message[:2] + value.to_bytes(2, "big") + message[4:]
    return ipv4_packet("198.51.100.1", "10.45.0.7", PROTOCOL_ICMP, message)


def test_an_echo_has_these_octets() -> None:
    """Type, checksum, identifier, sequence number and data in place."""
    assert ECHO.packet().hex() == PING.hex()


def test_an_echo_is_read() -> None:
    """What is in the octets comes out."""
    assert parse_echo(PING) == ECHO


def test_the_answer_goes_back_with_the_same_data() -> None:
    """Only the type and the addresses change."""
    answer = ECHO.answer()
    assert answer == Echo("10.45.0.7", "198.51.100.1", 7, 3, b"ping", reply=True)
    assert answer.packet()[20:22].hex() == "0000"


@pytest.mark.parametrize(
    ("packet", "why"),
    [
        pytest.param(b"", "empty", id="nothing"),
        pytest.param(ipv4_packet("1.2.3.4", "5.6.7.8", 17, bytes(8)), "not ICMP", id="udp"),
        pytest.param(b"\x60" + bytes(5) + b"\x01\x40" + bytes(32), "not ICMP", id="ipv6"),
        pytest.param(icmp("0800 0000 0007"), "too few", id="short"),
        pytest.param(icmp("0301 0000 00000000"), "type 3, code 1", id="unreachable"),
        pytest.param(icmp("0801 0000 00070003"), "type 8, code 1", id="code"),
        pytest.param(PING[:-1] + b"G", "wrong ICMP checksum", id="checksum"),
    ],
)
def test_what_is_no_echo_is_refused(packet: bytes, why: str) -> None:
    """Anything but a whole Echo raises, and says why."""
    with pytest.raises(IpError, match=why):
        parse_echo(packet)


def test_a_fragment_is_refused() -> None:
    """A part of a message answers nothing."""
    header = bytearray(PING[:20])
    header[6:8], header[10:12] = b"\x20\x00", b"\x00\x00"
    header[10:12] = checksum(bytes(header)).to_bytes(2, "big")
    with pytest.raises(IpError, match="fragment"):
        parse_echo(bytes(header) + PING[20:])


@given(
    st.builds(
        Echo,
        st.ip_addresses(v=4).map(str),
        st.ip_addresses(v=4).map(str),
        numbers,
        numbers,
        st.binary(max_size=100),
        st.booleans(),
    )
)
def test_what_is_written_is_read(echo: Echo) -> None:
    """Writing and reading are inverse."""
    assert parse_echo(echo.packet()) == echo


@given(st.binary(max_size=60))
def test_noise_raises_nothing_else(octets: bytes) -> None:
    """Random octets are an Echo or an ``IpError``."""
    with contextlib.suppress(IpError):
        parse_echo(octets)
