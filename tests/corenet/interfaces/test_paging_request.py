"""PAGING REQUEST TYPE 1 (TS 44.018 §9.1.22) and GPRS timers (TS 24.008 §10.5.7.3)."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corenet.interfaces import llc, paging
from corenet.interfaces.nas.describe import frame_summary
from corenet.interfaces.nas.gprs_timer import LONGEST, decode_timer, encode_timer

P_TMSIS = st.integers(0, 0xFFFF_FFFF)


def test_a_page_is_a_message_of_the_paging_channel():
    """Pseudo length, RR, type, any channel, P-TMSI, packet page indication, padding: 23 octets."""
    assert paging.encode(0xE192D245).hex() == (
        "25"  # L2 pseudo length 9
        "06 21 00"  # RR, Paging Request Type 1, normal paging, any channel
        "05 f4 e192d245"  # one TMSI or P-TMSI
        "23"  # packet page indication 1: for GPRS
        "2b2b2b2b2b2b2b2b2b2b2b2b"
    ).replace(" ", "")


@given(P_TMSIS)
def test_what_is_paged_is_read(p_tmsi):
    """A page round-trips, and is told from frames."""
    octets = paging.encode(p_tmsi)
    assert len(octets) == 23
    assert paging.is_paging(octets)
    assert paging.decode(octets) == p_tmsi
    assert frame_summary(octets) == f"Paging Request, P-TMSI {p_tmsi:08x}"


@given(st.sampled_from([1, 3, 5, 7, 9, 11]), st.binary(max_size=20), st.integers(0, 511))
def test_no_frame_is_taken_for_a_page(sapi, payload, nu):
    """The second octet of a frame is never that of a page."""
    for uplink in (True, False):
        assert not paging.is_paging(llc.encode_ui(sapi, payload, uplink=uplink, nu=nu))


@pytest.mark.parametrize(
    "octets", ["250621", "310621000829433205000000002b", "25062100 05f4" + "0" * 34]
)
def test_other_pages_are_not_read(octets):
    """One that is cut short, for an IMSI, or for a call is none of ours."""
    page = bytes.fromhex(octets)
    assert paging.is_paging(page)
    with pytest.raises(paging.PagingError):
        paging.decode(page)
    assert frame_summary(page) == "Paging Request, no paging for GPRS with one P-TMSI"


@given(st.binary(max_size=30))
def test_anything_is_read_or_refused(octets):
    """Only PagingError leaves the decoder."""
    with contextlib.suppress(paging.PagingError):
        assert paging.encode(paging.decode(octets)) == octets


@pytest.mark.parametrize(
    ("seconds", "octet", "means"),
    [
        (0, 0x00, 0),
        (2, 0x01, 2),
        (3, 0x02, 4),
        (44, 0x16, 44),
        (62, 0x1F, 62),
        (63, 0x22, 120),
        (3240, 0x49, 3240),
        (LONGEST, 0x5F, LONGEST),
        (1e6, 0x5F, LONGEST),
        (None, 0xE0, None),
    ],
)
def test_timers(seconds, octet, means):
    """The shortest timer that is as long is told; None is deactivated."""
    assert encode_timer(seconds) == octet
    assert decode_timer(octet) == means


def test_an_unknown_unit_counts_in_minutes():
    """So §10.5.7.3 has it."""
    assert decode_timer(0x63) == 180.0
