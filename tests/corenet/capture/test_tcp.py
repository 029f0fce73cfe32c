"""TCP connections around messages of a reliable link."""

import struct

from corenet.capture.tcp import TcpConversation
from corenet.gi.ip import PROTOCOL_TCP, checksum, parse

CLIENT = ("127.0.10.2", 49152)
SERVER = ("127.0.10.3", 4222)


def segment(packet):
    """Return source, sequence, acknowledgement, flags and payload; check the checksum."""
    outer = parse(packet)
    assert outer.protocol == PROTOCOL_TCP
    data = outer.payload
    pseudo = packet[12:20] + struct.pack("!HH", PROTOCOL_TCP, len(data))
    assert checksum(pseudo + data) == 0
    port, _, sequence, acknowledgement, offset, flags = struct.unpack_from("!HHIIBB", data)
    assert offset == 0x50
    return (outer.source, port), sequence, acknowledgement, flags, data[20:]


def test_connection_opens_with_three_segments():
    """SYN, SYN and ACK, ACK, with the numbers that follow from one another."""
    opening = TcpConversation(CLIENT, SERVER).opening()
    assert [segment(packet) for packet in opening] == [
        (CLIENT, 0, 0, 0x02, b""),
        (SERVER, 0, 1, 0x12, b""),
        (CLIENT, 1, 1, 0x10, b""),
    ]


def test_messages_number_their_octets():
    """Each message is a segment that begins where the last one of its direction ended."""
    conversation = TcpConversation(CLIENT, SERVER)
    conversation.opening()
    sent = [(b"update", True), (b"insert", False), (b"done", True), (b"ok", False)]
    packets = [
        packet
        for payload, from_client in sent
        for packet in conversation.message(payload, from_client=from_client)
    ]
    assert [segment(packet) for packet in packets] == [
        (CLIENT, 1, 1, 0x18, b"update"),
        (SERVER, 1, 7, 0x18, b"insert"),
        (CLIENT, 7, 7, 0x18, b"done"),
        (SERVER, 7, 11, 0x18, b"ok"),
    ]


def test_silent_receiver_acknowledges_in_time():
    """A long monologue is acknowledged before it fills the receiver's window."""
    conversation = TcpConversation(CLIENT, SERVER)
    conversation.opening()
    packets = [
        packet for _ in range(100) for packet in conversation.message(bytes(1000), from_client=True)
    ]
    outstanding, most, last = 0, 0, 1
    for source, sequence, acknowledgement, _, payload in map(segment, packets):
        if source == CLIENT:
            last = sequence + len(payload)
            outstanding += len(payload)
            most = max(most, outstanding)
        else:
            assert acknowledgement == last
            outstanding = 0
    assert 0 < most < 65_535


def test_sequence_numbers_wrap():
    """After four gigabytes the numbers begin again."""
    conversation = TcpConversation(CLIENT, SERVER)
    conversation.opening()
    block = bytes(60_000)
    for _ in range(2**32 // 60_000 // 1000):
        conversation.message(block, from_client=True)
    (packet, *_) = conversation.message(b"x", from_client=True)
    assert segment(packet)[1] == 1 + 60_000 * (2**32 // 60_000 // 1000)
