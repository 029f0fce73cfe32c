"""IPA: octets as libosmocore writes them, and whatever else a peer may send."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corenet.interfaces.ipa import (
    CCM,
    OSMO,
    CcmType,
    Frame,
    FrameReader,
    IdTag,
    IpaError,
    ccm_frame,
    decode_id_get,
    decode_id_resp,
    encode_id_get,
    encode_id_resp,
    gsup_frame,
)

ID_GET = bytes.fromhex(
    "0011"  # length
    "fe"  # CCM
    "04"  # ID_GET
    "0108 0107 0102 0103 0104 0105 0101 0100"  # unit id … unit name, serial number
)
"""What osmo-hlr 1.5.0 sends to whoever connects."""
frames = st.builds(Frame, st.integers(0, 255), st.binary(max_size=300))


def test_the_identity_request_has_osmo_hlrs_octets() -> None:
    """A server asks as osmo-hlr does."""
    assert ccm_frame(CcmType.ID_GET, encode_id_get()).encode() == ID_GET
    (frame,) = FrameReader().feed(ID_GET)
    assert frame.protocol == CCM
    assert decode_id_get(frame.payload[1:])[-2:] == (IdTag.UNIT_NAME, IdTag.SERIAL_NUMBER)


def test_an_identity_response_has_lengths_of_tag_and_text() -> None:
    """Each element counts its tag and the zero octet behind its text."""
    identity = {IdTag.UNIT_ID: "0/0/0", IdTag.SERIAL_NUMBER: "sms"}
    expected = bytes.fromhex("0007 08 302f302f3000 0005 00 736d7300")
    assert encode_id_resp(identity) == expected
    assert decode_id_resp(expected) == identity


def test_a_text_without_a_zero_octet_is_read() -> None:
    """Some clients leave it away."""
    assert decode_id_resp(bytes.fromhex("0004 01 736d73")) == {IdTag.UNIT_NAME: "sms"}


@pytest.mark.parametrize(
    "body",
    ["0000", "0005", "0009 00 736d7300", "0005 00 736dff00", "00"],
    ids=["empty", "no tag", "overrun", "not ascii", "half a length"],
)
def test_a_malformed_identity_response_is_refused(body: str) -> None:
    """Only IpaError comes out."""
    with pytest.raises(IpaError):
        decode_id_resp(bytes.fromhex(body))


@pytest.mark.parametrize("body", ["01", "0208", "010801"])
def test_a_malformed_identity_request_is_refused(body: str) -> None:
    """Pairs of 0x01 and tag, and nothing else."""
    with pytest.raises(IpaError):
        decode_id_get(bytes.fromhex(body))


def test_a_gsup_message_is_behind_its_extension() -> None:
    """Protocol 0xEE, extension 0x05; other extensions and protocols are no GSUP."""
    framed = gsup_frame(b"\x04\x01").encode()
    assert framed == bytes.fromhex("0003 ee 05 0401")
    assert FrameReader().feed(framed)[0].gsup == b"\x04\x01"
    assert Frame(OSMO, b"\x00GET").gsup is None
    assert Frame(OSMO, b"").gsup is None
    assert Frame(CCM, b"\x05").gsup is None


def test_a_frame_has_room_for_65535_octets() -> None:
    """A longer payload is our caller's fault."""
    assert len(Frame(OSMO, bytes(65_535)).encode()) == 65_538
    with pytest.raises(ValueError, match="65535"):
        Frame(OSMO, bytes(65_536)).encode()


@given(st.lists(frames, max_size=6), st.lists(st.integers(1, 40), max_size=40))
def test_frames_come_out_of_pieces_of_any_size(sent: list[Frame], cuts: list[int]) -> None:
    """However TCP cuts them, the same frames come out, once and in order."""
    octets = b"".join(frame.encode() for frame in sent)
    reader, got, start = FrameReader(), [], 0
    for cut in [*cuts, len(octets)]:
        got += reader.feed(octets[start : start + cut])
        start += cut
    assert got == sent
    assert len(reader) == 0


@given(st.binary(max_size=300))
def test_random_octets_raise_nothing_else(octets: bytes) -> None:
    """A reader takes anything, and what it cannot use it keeps within one frame."""
    reader = FrameReader()
    reader.feed(octets)
    assert len(reader) <= 65_538
    for decode in (decode_id_get, decode_id_resp):
        try:
            decode(octets)
        except IpaError:
            continue


@given(st.dictionaries(st.integers(0, 255), st.text(st.characters(codec="ascii"), max_size=40)))
def test_identities_survive(identity: dict[int, str]) -> None:
    """What is written is read again, but for zero octets at the end."""
    stripped = {tag: text.rstrip("\0") for tag, text in identity.items()}
    assert decode_id_resp(encode_id_resp(identity)) == stripped
