"""The capture: what passed, as packets of named interfaces."""

import io

import pytest

from corenet.capture.capture import INTERFACES, Capture
from corenet.gi.ip import parse_udp
from corenet.interfaces.node import Interface
from corenet.interfaces.runtime import Passed

HLR = "127.0.10.3"


def record(session, **settings):
    stream = io.BytesIO()
    capture = Capture(stream, gc_hosts=[HLR], **settings)
    for passed in session:
        capture(passed)
    return capture, stream.getvalue()


def test_each_datagram_is_on_its_interface(session, read_pcapng):
    """Everything of a session is on the interface of its name, once, in order."""
    capture, data = record(session)
    packets, _ = read_pcapng(data)
    without_handshake = packets[3:]
    assert [p.interface for p in without_handshake] == [
        *["Gr"] * 4, "RADIUS", "Gc", "Gn", "Gn", "radio", "radio", "Gi", "Gi", "Gn", "Gi",
    ]  # fmt: skip
    assert {p.time for p in packets} == {1_700_000_000.25}
    assert capture.counters == {"Gr": 7, "RADIUS": 1, "Gc": 1, "Gn": 3, "radio": 2, "Gi": 3}
    assert {name for name, _ in INTERFACES} == {*capture.counters, "SMPP"}


def test_udp_datagram_gets_its_packet(session, read_pcapng):
    """GTP, RADIUS and WAP datagrams are UDP in IPv4 between the ends that they passed."""
    udp = {Interface.GTP_C, Interface.GTP_U, Interface.RADIUS, Interface.WDP, Interface.WSP}
    for passed in (p for p in session if p.interface in udp):
        _, data = record([passed])
        (packet,), _ = read_pcapng(data)
        datagram = parse_udp(packet.packet)
        assert (datagram.source, datagram.destination) == (passed.source, passed.destination)
        assert datagram.payload == passed.data


def test_a_datagram_over_ipv6_is_a_packet_of_ipv6(read_pcapng):
    """Between the ends that it passed, whose addresses are not stood in for."""
    ends = ("2001:db8::5", 9200), ("2001:db8:6:1::7", 2948)
    _, data = record([Passed(1.0, Interface.WDP6, *ends, b"push", "gateway", "")])
    (packet,), _ = read_pcapng(data)
    assert (packet.interface, packet.packet[0] >> 4) == ("Gi", 6)
    datagram = parse_udp(packet.packet)
    assert (datagram.source, datagram.destination, datagram.payload) == (*ends, b"push")


def test_gi_packet_is_recorded_as_it_is(session, read_pcapng):
    """What passes on Gi is an IP packet already."""
    _, data = record([session[-1]])
    (packet,), _ = read_pcapng(data)
    assert packet.packet == session[-1].data


def test_radio_frames_are_gsmtap_with_their_direction(session, read_pcapng):
    """A frame is GSMTAP of type GB_LLC; the uplink bit and the mobile's IMSI are there."""
    frames = [p for p in session if p.interface is Interface.RADIO]
    _, data = record(frames)
    (down, up), names = read_pcapng(data)
    first, second = parse_udp(down.packet), parse_udp(up.packet)
    assert first.payload == bytes.fromhex(
        "0204080000000000000000000000000041c0010a440601210a2d0007280c03776170076578616d706c65ff4235"
    )
    assert second.payload[4:6] == b"\x40\x00"
    assert first.source == (second.destination[0], 4729)
    assert down.comment == up.comment == "mobile 234150000000001"
    assert names == {first.source[0]: "sgsn", first.destination[0]: "234150000000001"}


def test_names_of_nodes_are_told_once(session, read_pcapng):
    """The file says whose each address is, and does not call a mobile's address the GGSN's."""
    _, data = record(session)
    _, names = read_pcapng(data)
    assert names["127.0.10.1"] == "ggsn"
    assert names["127.0.10.5"] == "gateway"
    assert "127.10.0.1" not in names
    assert data.count(b"ggsn\0") == 1


def test_each_pair_on_gr_has_its_connection(session, read_pcapng):
    """A second SGSN opens a connection of its own, from another port."""
    update = session[0]
    other = Passed(
        update.time, Interface.GR, ("sgsn2", 4222), update.destination, update.data, "sgsn2", "hlr"
    )
    _, data = record([update, other])
    packets, _ = read_pcapng(data)
    assert len(packets) == 8
    assert packets[0].packet[20:22] != packets[4].packet[20:22]


def test_what_fits_in_no_packet_is_counted(session):
    """A datagram beyond the size of an IP packet is left out and counted."""
    first = session[5]
    huge = Passed(
        first.time, first.interface, first.source, first.destination, bytes(70_000), "", ""
    )
    capture, _ = record([huge])
    assert capture.counters == {"unrecorded": 1}


def test_ipv6_ends_get_addresses_that_stand_for_them(session, read_pcapng):
    """A peer with an IPv6 address is shown with an invented IPv4 address."""
    first = session[5]
    passed = Passed(
        first.time, first.interface, ("2001:db8::1", 2123), first.destination, b"x", "", ""
    )
    _, data = record([passed])
    (packet,), _ = read_pcapng(data)
    assert parse_udp(packet.packet).source == ("198.18.0.1", 2123)


class Breaking(io.BytesIO):
    """A stream that takes so many writes."""

    def __init__(self, writes, error):
        super().__init__()
        self.writes = writes
        self.error = error

    def write(self, data):
        self.writes -= 1
        if self.writes < 0:
            raise self.error
        return super().write(data)


@pytest.mark.parametrize("error", [BrokenPipeError(), OSError(28, "No space left on device")])
def test_stream_that_ends_ends_the_capture(session, error):
    """When the reader goes away or the disk is full, the capture ends, saying so once."""
    ended = []
    stream = Breaking(2, error)
    capture = Capture(stream, on_end=ended.append)
    for passed in session:
        capture(passed)
    assert ended == [error]
    quiet = Capture(Breaking(0, error))
    quiet(session[0])


def test_closed_capture_records_nothing(session):
    """After its end a capture takes no more, and leaves the stream to its owner."""
    stream = io.BytesIO()
    capture = Capture(stream)
    before = stream.getvalue()
    capture.close()
    capture(session[0])
    assert stream.getvalue() == before
    assert not stream.closed


def test_capture_can_be_read_while_it_is_written(session, tmp_path, read_pcapng):
    """Each record is in the file as soon as it has passed."""
    path = tmp_path / "live.pcapng"
    with path.open("wb") as stream:
        capture = Capture(stream)
        for number, passed in enumerate(session[4:], 1):
            capture(passed)
            packets, _ = read_pcapng(path.read_bytes())
            assert len(packets) == number
