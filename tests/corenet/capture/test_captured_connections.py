"""Connections in a capture: opened, octets in segments, closed; Wireshark puts them together."""

from __future__ import annotations

import io

import pytest

from corenet.capture.capture import Capture
from corenet.interfaces import gsmtap
from corenet.interfaces.gsmtap import LinkMessage, LinkVerb, RadioFrame
from corenet.interfaces.llc import encode_ui
from corenet.interfaces.node import Interface
from corenet.interfaces.runtime import Passed, Phase
from tests.interop.dissection import Dissection

ESME, SMSC = ("10.0.0.1", 50_000), ("10.0.0.2", 2775)
ENQUIRE = bytes.fromhex("00000010 00000015 00000000 00000001")
ANSWER = bytes.fromhex("00000010 80000015 00000000 00000001")
SYN, FIN = 0x02, 0x01


def passed(source, destination, data=b"", phase=Phase.DATA, time=1_700_000_000.0):
    return Passed(time, Interface.SMPP, source, destination, data, "", "", phase)


def record(*items):
    stream = io.BytesIO()
    capture = Capture(stream)
    for item in items:
        capture(item)
    return capture, stream.getvalue()


def flags(packets):
    return [packet.packet[33] for packet in packets]


def whole(client=ESME, server=SMSC):
    return [
        passed(client, server, phase=Phase.OPENED),
        passed(client, server, ENQUIRE),
        passed(server, client, ANSWER),
        passed(server, client, phase=Phase.CLOSED),
    ]


def test_a_connection_has_a_beginning_and_an_end(read_pcapng) -> None:
    """Three packets to open, one for each piece, three to close; ports are the real ones."""
    capture, data = record(*whole())
    packets, _ = read_pcapng(data)
    assert {packet.interface for packet in packets} == {"SMPP"}
    assert capture.counters == {"SMPP": 8}
    assert [flag & (SYN | FIN) for flag in flags(packets)] == [SYN, SYN, 0, 0, 0, FIN, FIN, 0]
    assert packets[0].packet[20:24] == (50_000).to_bytes(2) + (2775).to_bytes(2)
    assert packets[3].packet[40:] == ENQUIRE
    # Who closes is the server here; each end acknowledges the other's last octet and its FIN.
    assert packets[5].packet[12:16] == bytes((10, 0, 0, 2))
    numbers = [
        tuple(int.from_bytes(packet.packet[start : start + 4]) for start in (24, 28))
        for packet in packets[5:]
    ]
    assert numbers == [(17, 17), (17, 18), (18, 18)]


def test_a_connection_that_was_open_before_is_opened_in_the_capture(read_pcapng) -> None:
    """A capture that begins late shows what it sees as a whole connection."""
    _, data = record(passed(SMSC, ESME, ANSWER))
    packets, _ = read_pcapng(data)
    assert [flag & SYN for flag in flags(packets)] == [SYN, SYN, 0, 0]
    assert packets[0].packet[12:16] == bytes((10, 0, 0, 2))


def test_the_same_ports_again_are_a_new_connection(read_pcapng) -> None:
    """After its end, and also where the end was not seen."""
    _, data = record(*whole(), *whole()[:2], *whole())
    packets, _ = read_pcapng(data)
    assert sum(1 for flag in flags(packets) if flag == SYN) == 3


def test_many_octets_become_many_segments(read_pcapng) -> None:
    """What Twisted hands over at once can be more than a packet holds."""
    octets = bytes(40_000)
    _, data = record(passed(ESME, SMSC, octets))
    packets, _ = read_pcapng(data)
    carried = b"".join(packet.packet[40:] for packet in packets)
    assert carried == octets
    assert max(len(packet.packet) for packet in packets) <= 16_384 + 40


@pytest.mark.interop
@pytest.mark.usefixtures("tshark")
def test_wireshark_follows_the_connection() -> None:
    """PDUs cut anywhere are put together; sequence numbers and checksums are right."""
    payload = bytes.fromhex("00009c50 00000015 00000000 00000001") + bytes.fromhex("1400 9c3c")
    payload += bytes(0x9C50 - len(payload))
    items = whole()
    items[1:2] = [
        passed(ESME, SMSC, ENQUIRE + ENQUIRE[:5]),
        passed(ESME, SMSC, ENQUIRE[5:]),
        passed(ESME, SMSC, payload),
    ]
    _, data = record(*items, *whole(client=("10.0.0.1", 50_001)))
    dissection = Dissection(data)
    assert dissection.complaints() == []
    pdus = [
        int(value, 0) for packet in dissection.packets for value in packet.all("smpp.command_id")
    ]
    assert pdus == [0x15, 0x15, 0x15, 0x80000015, 0x15, 0x80000015]
    assert max(int(packet.all("tcp.stream")[0]) for packet in dissection.packets) == 1


def test_the_radio_to_another_process_is_recorded_once(read_pcapng) -> None:
    """In its datagrams, from and to real addresses; the step to the node that carries it is not."""
    stream = io.BytesIO()
    capture = Capture(stream, um_nodes={"bts"})
    phone, sgsn = ("234150000000001", 0), ("sgsn", 0)
    frame = encode_ui(1, b"\x08\x03", uplink=True, nu=0)
    capture(Passed(1.0, Interface.RADIO, phone, sgsn, frame, "bts", "sgsn"))
    assert capture.counters["radio"] == 0
    here, there = ("127.0.0.2", 4729), ("127.0.0.7", 40_000)
    register = gsmtap.encode_link(LinkMessage(LinkVerb.REGISTER, 1, "phones"))
    carried = gsmtap.encode_frame(RadioFrame(phone[0], 0, uplink=True, octets=frame))
    for octets in (register, carried, b"noise"):
        capture(Passed(1.0, Interface.UM, there, here, octets, "", "bts"))
    packets, _ = read_pcapng(stream.getvalue())
    assert [packet.packet[28:] for packet in packets] == [register, carried, b"noise"]
    assert [packet.packet[12:20] for packet in packets] == [bytes.fromhex("7f0000077f000002")] * 3
    capture(Passed(1.0, Interface.RADIO, phone, sgsn, frame, "mobiles", "sgsn"))
    assert capture.counters["radio"] == 4


def test_gr_to_another_process_is_recorded_once() -> None:
    """On its connection; the step to the node that carries it is left out."""
    stream = io.BytesIO()
    capture = Capture(stream, gsup_nodes={"far"})
    sgsn, far = ("192.0.2.2", 4222), ("far", 0)
    capture(Passed(1.0, Interface.GR, sgsn, far, b"\x04", "sgsn", "far"))
    capture(Passed(1.0, Interface.GR, far, sgsn, b"\x06", "far", "sgsn"))
    assert capture.counters["Gr"] == 0
    hlr = ("192.0.2.9", 4222)
    capture(Passed(1.0, Interface.GSUP, sgsn, hlr, b"", "far", "", Phase.OPENED))
    capture(Passed(1.0, Interface.GSUP, sgsn, hlr, b"\x00\x02\xee\x05\x04", "far", "", Phase.DATA))
    assert capture.counters["Gr"] == 4
    capture(Passed(1.0, Interface.GR, sgsn, ("192.0.2.1", 4222), b"\x04", "sgsn", "hlr"))
    assert capture.counters["Gr"] == 8
