"""Datagrams out of captures of every kind that GTP is recorded in."""

from __future__ import annotations

import struct
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corenet.capture import pcapng
from corenet.gi.ip import udp_packet
from testbed.replay.captures import CaptureError, Datagram, datagrams

SOURCE, DESTINATION = ("192.0.2.1", 2123), ("192.0.2.2", 40_000)
PACKET = udp_packet(SOURCE, DESTINATION, b"gtp")
ETHERNET = bytes(12) + b"\x08\x00"


def pcap(link_type: int, *frames: bytes, order: str = "<", magic: int = 0xA1B2C3D4) -> bytes:
    head = struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, 65_535, link_type)
    return head + b"".join(
        struct.pack(order + "IIII", 10, 500_000, len(one), len(one)) + one for one in frames
    )


def read(content: bytes) -> list[Datagram]:
    return list(datagrams(content))


@pytest.mark.parametrize(
    ("link_type", "before"),
    [
        (101, b""),
        (228, b""),
        (0, b"\x02\0\0\0"),
        (1, ETHERNET),
        (1, bytes(12) + b"\x81\x00\x00\x07\x08\x00"),
        (113, bytes(14) + b"\x08\x00"),
        (276, b"\x08\x00" + bytes(18)),
    ],
)
def test_each_link_type_is_read(link_type: int, before: bytes) -> None:
    """Raw IP, loopback, Ethernet with and without VLAN, Linux cooked: all hold the datagram."""
    for order in "<>":
        (found,) = read(pcap(link_type, before + PACKET, order=order))
        assert found == Datagram(10.5, SOURCE, DESTINATION, b"gtp")


def test_ipv6_is_read() -> None:
    """IPv6 has longer addresses and the same datagram."""
    ends = ("2001:db8::1", 2123), ("2001:db8::2", 2123)
    (found,) = read(pcap(101, udp_packet(*ends, b"six")))
    assert (found.source, found.destination, found.data) == (*ends, b"six")


def test_nanoseconds() -> None:
    """A pcap of nanoseconds says so in its magic."""
    (found,) = read(pcap(101, PACKET, magic=0xA1B23C4D))
    assert found.time == pytest.approx(10.0005)


def test_our_own_captures_are_read() -> None:
    """What we write, names and comments included, is read back with its times."""
    content = b"".join(
        (
            pcapng.section_header("test"),
            pcapng.interface_description("Gn", "GTP"),
            pcapng.name_resolution([("192.0.2.1", "sgsn")]),
            pcapng.packet(0, 1_700_000_000.25, PACKET, "a comment"),
        )
    )
    assert read(content) == [Datagram(1_700_000_000.25, SOURCE, DESTINATION, b"gtp")]


@pytest.mark.parametrize(("option", "unit"), [(b"\x09", 1e-9), (b"\x8a", 2**-10), (b"\x03", 1e-3)])
def test_pcapng_says_its_unit_of_time(option: bytes, unit: float) -> None:
    """An interface's times have the resolution that it says, decimal or binary."""
    options = struct.pack("<HH", 9, 1) + option + bytes(3) + bytes(4)
    interface = struct.pack("<HHI", 101, 0, 0) + options
    block = struct.pack("<II", 1, len(interface) + 12) + interface
    block += struct.pack("<I", len(interface) + 12)
    packet = pcapng.packet(0, 0.004, PACKET)
    (found,) = read(pcapng.section_header("x") + block + packet)
    assert found.time == pytest.approx(4000 * unit)


def test_simple_packets_have_no_time() -> None:
    """A Simple Packet Block has nothing but its packet."""
    body = struct.pack("<I", len(PACKET)) + PACKET + bytes(-len(PACKET) % 4)
    block = struct.pack("<II", 3, len(body) + 12) + body + struct.pack("<I", len(body) + 12)
    head = pcapng.section_header("x") + pcapng.interface_description("a", "b")
    (found,) = read(head + block)
    assert (found.time, found.data) == (0.0, b"gtp")


@pytest.mark.parametrize(
    "frame",
    [
        b"",
        PACKET[:19],
        PACKET[:24],
        PACKET[:9] + b"\x06" + PACKET[10:],
        PACKET[:6] + b"\x20\x00" + PACKET[8:],
        b"\x60" + bytes(39),
        b"\x70" + bytes(40),
    ],
)
def test_what_is_no_datagram_is_left_out(frame: bytes) -> None:
    """TCP, fragments and stumps are no datagrams, and no reason to end."""
    assert len(read(pcap(101, frame, PACKET))) == 1
    assert read(pcap(147, PACKET)) == read(pcap(1, bytes(12) + b"\x08\x06" + PACKET)) == []


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "neither a pcap nor a pcapng"),
        (b"GET / HTTP", "neither a pcap nor a pcapng"),
        (pcap(101, PACKET)[:-1], "middle of a packet"),
        (pcap(101, PACKET)[:30], "middle of a block"),
        (pcapng.section_header("x")[:-4], "middle of a block"),
        (pcapng.section_header("x") + pcapng.packet(0, 0.0, PACKET), "interface 0"),
    ],
)
def test_broken_captures_are_refused(content: bytes, said: str) -> None:
    """A file that is no capture, or ends too soon, is refused with a sentence."""
    with pytest.raises(CaptureError, match=said):
        read(content)


@given(st.binary(max_size=200), st.sampled_from([b"", pcap(1), pcapng.section_header("x")]))
def test_whatever_a_file_holds_at_most_it_is_refused(octets: bytes, before: bytes) -> None:
    """Only ``CaptureError`` comes out of the reader."""
    with suppress(CaptureError):
        read(before + octets)
