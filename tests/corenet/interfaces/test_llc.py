"""LLC UI frames."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corenet.interfaces import llc

GOLDEN = bytes.fromhex(
    "41"  # command from the SGSN, SAPI 1
    "c001"  # UI, N(U) 0, not ciphered, FCS over everything
    "0a440601210a2d0007280c03776170076578616d706c65"
    "ff4235"  # FCS, least significant octet first
)


@pytest.mark.clause(
    "44.064", "UI frames with FCS, acknowledged mode and XID left out", status="part"
)
def test_golden_frame_is_written_and_read() -> None:
    """A downlink frame has the octets that Wireshark calls correct."""
    payload = GOLDEN[3:-3]
    assert llc.encode_ui(1, payload, uplink=False, nu=0) == GOLDEN
    assert llc.decode_ui(GOLDEN) == llc.UiFrame(1, payload, 0, uplink=False)


@given(st.integers(0, 15), st.binary(max_size=200), st.booleans(), st.integers(0, 511))
def test_frame_is_read_as_it_was_written(sapi: int, payload: bytes, uplink: bool, nu: int) -> None:
    """Reading what was written gives SAPI, payload, direction and number back."""
    frame = llc.encode_ui(sapi, payload, uplink=uplink, nu=nu)
    assert llc.decode_ui(frame) == llc.UiFrame(sapi, payload, nu, uplink)


@given(st.binary(min_size=1, max_size=60), st.integers(0), st.integers(1, 255))
def test_changed_octet_is_noticed(payload: bytes, place: int, change: int) -> None:
    """One octet changed anywhere behind the address makes the frame one to discard."""
    frame = bytearray(llc.encode_ui(3, payload, uplink=True, nu=5))
    place = 3 + place % (len(frame) - 3)
    frame[place] ^= change
    with pytest.raises(llc.LlcError):
        llc.decode_ui(bytes(frame))


@given(st.binary(max_size=40))
def test_random_octets_raise_only_llc_error(octets: bytes) -> None:
    """Whatever arrives, a frame or LlcError comes out."""
    with contextlib.suppress(llc.LlcError):
        llc.decode_ui(octets)


@pytest.mark.parametrize(
    ("frame", "text"),
    [
        ("41c001ff42", "frame of 5 octets"),
        ("c1c001ff4235", "protocol discriminator"),
        ("4180010000ff4235", "control octet 0x80"),
        ("41c001ff4235", "check sequence"),
    ],
)
def test_frame_that_is_no_ui_frame_is_refused(frame: str, text: str) -> None:
    """Short frames, other control fields and wrong FCS are refused."""
    with pytest.raises(llc.LlcError, match=text):
        llc.decode_ui(bytes.fromhex(frame))


def test_unprotected_frame_may_have_its_tail_changed() -> None:
    """With PM = 0 the FCS covers the header and four octets, no more (TS 44.064 §5.5)."""
    covered = bytes.fromhex("03c000") + b"head"
    fcs = llc.frame_check_sequence(covered)
    assert llc.decode_ui(covered + b"any tail" + fcs).payload == b"headany tail"
    with pytest.raises(llc.LlcError):
        llc.decode_ui(bytes.fromhex("03c000") + b"heat" + b"any tail" + fcs)


def test_ciphered_frame_is_left_as_it_came() -> None:
    """A ciphered payload is handed on without a look at its FCS, which is ciphered too."""
    frame = llc.decode_ui(bytes.fromhex("41c003") + b"secret" + bytes(3))
    assert (frame.ciphered, frame.payload) == (True, b"secret")


def test_payload_that_is_too_long_is_refused() -> None:
    """N201-U bounds what a UI frame carries."""
    with pytest.raises(llc.LlcError, match="1521"):
        llc.encode_ui(3, bytes(1521), uplink=True, nu=0)


def test_window_takes_each_frame_once() -> None:
    """In order, late by less than 32, or after a gap: the first time it is new, then not."""
    numbers = llc.FrameNumbers()
    taken = [numbers.is_new(7, nu) for nu in (500, 501, 501, 503, 502, 502, 511, 0, 511, 1)]
    assert taken == [True, True, False, True, True, False, True, True, False, True]


def test_window_forgets_what_is_long_past() -> None:
    """A number 32 or more behind can only be a new frame, after a gap or a new count."""
    numbers = llc.FrameNumbers()
    for nu in range(100):
        numbers.is_new(7, nu)
    assert not numbers.is_new(7, 68)
    assert numbers.is_new(7, 67)
    assert numbers.is_new(7, 68)
