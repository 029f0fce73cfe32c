"""Frames and messages of the radio link between processes: octets, limits, what is refused."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corenet.interfaces import gsmtap
from corenet.interfaces.gsmtap import GsmtapError, LinkMessage, LinkVerb, RadioFrame

IMSIS = st.text("0123456789", min_size=1, max_size=15)
FRAMES = st.builds(
    RadioFrame, IMSIS, st.integers(0, 0xFFFF), st.booleans(), st.binary(min_size=1, max_size=1600)
)
MESSAGES = st.builds(
    LinkMessage,
    st.sampled_from(LinkVerb),
    st.integers(0, 2**64 - 1),
    st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=200),
)


def test_a_frame_is_gsmtap_with_cell_and_imsi_behind_the_header() -> None:
    """Version 2, 7 words, GB_LLC, uplink; cell 26; the digits of the IMSI."""
    assert gsmtap.encode_frame(RadioFrame("234150000000401", 26, True, b"\x01\xc0\x01")) == (
        bytes.fromhex("02070800 4000 0000 00000000 00000000")
        + bytes.fromhex("001a 0000 234150000000401f")
        + b"\x01\xc0\x01"
    )


def test_a_page_is_on_the_paging_channel() -> None:
    """Payload type UM, channel PCH."""
    page = gsmtap.encode_frame(RadioFrame("1", 0, False, b"page"), page=True)
    assert (page[2], page[12]) == (1, 5)


def test_a_message_has_a_type_that_gsmtap_does_not_use() -> None:
    """So a reader of GSMTAP takes none for a frame."""
    octets = gsmtap.encode_link(LinkMessage(LinkVerb.REGISTER, 1, "phones"))
    assert octets == (
        bytes.fromhex("0204c000 4000 0000 00000000 01000000 01 0000000000000001") + b"phones"
    )


@given(FRAMES)
def test_frames_come_back(frame: RadioFrame) -> None:
    """What is decoded is what was encoded."""
    assert gsmtap.decode(gsmtap.encode_frame(frame)) == frame


@given(MESSAGES)
def test_messages_come_back(message: LinkMessage) -> None:
    """What is decoded is what was encoded."""
    assert gsmtap.decode(gsmtap.encode_link(message)) == message


@given(st.binary(max_size=80) | st.binary(max_size=60).map(lambda rest: b"\x02\x07\x08" + rest))
def test_nothing_but_its_own_error_leaves_the_decoder(octets: bytes) -> None:
    """Whatever somebody sends to the port."""
    with suppress(GsmtapError):
        gsmtap.decode(octets)


@pytest.mark.parametrize(
    ("octets", "why"),
    [
        (b"", "version 2"),
        (bytes.fromhex("03040800") + bytes(20), "version 2"),
        (bytes.fromhex("02040200") + bytes(20), "payload type 2"),
        (gsmtap.UPLINK + b"frame of a capture", "without IMSI"),
        (bytes.fromhex("02070800") + bytes(24), "without IMSI"),
        (bytes.fromhex("02070800") + bytes(16) + b"\xff" * 8 + b"x", "IMSI is not"),
        (bytes.fromhex("02070800") + bytes(16) + b"\x1f" * 8 + b"x", "IMSI is not"),
        (bytes.fromhex("0204c000") + bytes(12) + bytes(8), "another format"),
        (bytes.fromhex("0204c000") + bytes(12) + b"\x02" + bytes(8), "another format"),
        (bytes.fromhex("0201c000") + bytes(20), "another format"),
        (bytes.fromhex("0204c000") + bytes(12) + b"\x01" + bytes(8), "cannot be read"),
        (gsmtap.encode_link(LinkMessage(LinkVerb.REFUSED, 1)) + b"\xc3", "cannot be read"),
        (gsmtap.encode_link(LinkMessage(LinkVerb.REFUSED, 1)) + b"\n", "not printable"),
        (gsmtap.encode_link(LinkMessage(LinkVerb.REFUSED, 1)) + b"x" * 201, "not printable"),
    ],
)
def test_what_is_none_of_it_is_refused(octets: bytes, why: str) -> None:
    """With what is wrong."""
    with pytest.raises(GsmtapError, match=why):
        gsmtap.decode(octets)


def test_a_frame_needs_an_imsi() -> None:
    """1 to 15 digits."""
    with pytest.raises(ValueError, match="1 to 15 digits"):
        gsmtap.encode_frame(RadioFrame("2341500000004011", 26, True, b"x"))
