"""A long push as Kannel cut it, recorded from its bearerbox, and as we cut it."""

from __future__ import annotations

from pathlib import Path

from corenet.interfaces.sms.errors import Reader
from corenet.interfaces.sms.header import Concatenation, Ports, concatenation, decode_header, ports
from corenet.interfaces.sms.segmentation import room, segment

VECTORS = Path(__file__).parents[4] / "tests" / "vectors" / "kannel"
MESSAGE_PAYLOAD_FOLLOWS = bytes.fromhex("0426000101")
"""more_messages_to_send, the one parameter behind the short message."""


def short_messages():
    """Return header and payload of each recorded segment."""
    for number in range(1, 5):
        path = VECTORS / f"smpp_submit_sm_sms_si_long_{number}of4.hex"
        octets = bytes.fromhex(path.read_text(encoding="ascii"))
        body = octets[octets.index(b"\x0b\x05\x04") :].removesuffix(MESSAGE_PAYLOAD_FOLLOWS)
        reader = Reader(body)
        yield decode_header(reader), reader.rest()


def test_kannels_headers_are_read():
    """Ports 2948 and 9200, and four parts of one reference."""
    recorded = list(short_messages())
    assert [ports(header) for header, _ in recorded] == [Ports(2948, 9200)] * 4
    assert [concatenation(header).sequence for header, _ in recorded] == [1, 2, 3, 4]
    assert {concatenation(header).total for header, _ in recorded} == {4}
    assert len({concatenation(header).reference for header, _ in recorded}) == 1


def test_we_cut_where_kannel_cuts():
    """The same parts from the same push; each but the last is full."""
    recorded = list(short_messages())
    reference = concatenation(recorded[0][0]).reference
    push = b"".join(payload for _, payload in recorded)
    ours = segment(push, dcs=0xF5, header=(Ports(2948, 9200),), reference=reference)
    assert [part.payload for part in ours] == [payload for _, payload in recorded]
    assert {frozenset(part.header) for part in ours} == {frozenset(h) for h, _ in recorded}
    assert len(ours[0].payload) == room(0xF5, (Concatenation(1, 4, 1), Ports(2948, 9200)))
