"""SN-UNITDATA."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corenet.interfaces import sndcp


@pytest.mark.clause("44.065", "SN-UNITDATA in one segment", status="part")
def test_golden_octets_are_written_and_read() -> None:
    """An N-PDU has its NSAPI and number before it."""
    octets = bytes.fromhex(
        "65"  # first segment, SN-UNITDATA, no more, NSAPI 5
        "00"  # no compression
        "012c"  # segment 0, N-PDU 300
        "4500"
    )
    assert sndcp.encode(5, b"\x45\x00", 300) == octets
    assert sndcp.decode(octets) == (5, b"\x45\x00")


@given(st.integers(0, 15), st.binary(min_size=1, max_size=1500), st.integers(0, 4095))
def test_packet_is_read_as_it_was_written(nsapi: int, packet: bytes, n_pdu: int) -> None:
    """Reading what was written gives NSAPI and packet back."""
    assert sndcp.decode(sndcp.encode(nsapi, packet, n_pdu)) == (nsapi, packet)


@pytest.mark.parametrize(
    ("octets", "text"),
    [
        ("65000000", "4 octets"),
        ("4500000045", "SN-DATA"),
        ("7500000045", "segmented"),
        ("2500000045", "segmented"),
        ("6500100045", "segmented"),
        ("6501000045", "compressed"),
    ],
)
def test_pdu_that_cannot_be_taken_is_refused(octets: str, text: str) -> None:
    """Acknowledged, segmented and compressed PDUs are refused, each with its reason."""
    with pytest.raises(sndcp.SndcpError, match=text):
        sndcp.decode(bytes.fromhex(octets))


@given(st.binary(max_size=20))
def test_random_octets_raise_only_sndcp_error(octets: bytes) -> None:
    """Whatever arrives, a packet or SndcpError comes out."""
    with contextlib.suppress(sndcp.SndcpError):
        sndcp.decode(octets)


def test_packet_that_is_too_long_is_refused() -> None:
    """A packet fits one LLC frame or is refused."""
    sndcp.encode(5, bytes(sndcp.MAX_PACKET), 0)
    with pytest.raises(sndcp.SndcpError, match="1517"):
        sndcp.encode(5, bytes(sndcp.MAX_PACKET + 1), 0)
