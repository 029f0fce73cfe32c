"""Alphabet, coding, addresses, times, headers and segmentation, each for itself."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corenet.interfaces.sms import alphabet
from corenet.interfaces.sms.address import SmsAddress, TypeOfNumber, decode_typed, encode_typed
from corenet.interfaces.sms.causes import cp_cause_text, rp_cause_text
from corenet.interfaces.sms.coding import (
    DCS_DEFAULT,
    DCS_OCTETS,
    DCS_OCTETS_CLASS_1,
    DCS_UCS2,
    Alphabet,
    DataCoding,
    data_coding,
    decode_text,
    encode_text,
)
from corenet.interfaces.sms.errors import SmsError
from corenet.interfaces.sms.header import (
    Concatenation,
    OtherElement,
    Ports,
    concatenation,
    ports,
)
from corenet.interfaces.sms.segmentation import Segment, room, segment
from corenet.interfaces.sms.times import RelativeValidity, Timestamp, decode_timestamp

alphabet_text = "".join(alphabet.decode(bytes((code,))) for code in range(128) if code != 0x1B)
headers = st.just(()) | st.builds(
    lambda ports, other: (ports, other),
    st.builds(Ports, st.integers(0, 0xFFFF), st.integers(0, 0xFFFF)),
    st.builds(OtherElement, st.integers(0x09, 0xFF), st.binary(max_size=8)),
)
PUSH = (Ports(2948, 9200),)


@given(st.text(alphabet_text + "^{}\\[~]|€\f"))
def test_text_of_the_alphabet_comes_back(text):
    """Each character has a septet, or two with the escape."""
    assert alphabet.decode(alphabet.encode(text)) == text


@given(st.lists(st.integers(0, 127)).map(bytes), st.integers(0, 6))
def test_septets_are_packed_and_unpacked(septets, fill):
    """Packing takes as few octets as hold the bits, and loses none."""
    packed = alphabet.pack(septets, fill)
    assert len(packed) == (fill + 7 * len(septets) + 7) // 8
    assert alphabet.unpack(packed, len(septets), fill) == septets


def test_escape_that_leads_nowhere_is_harmless():
    """An unknown extension is the character itself, a second escape or none behind a space."""
    assert alphabet.decode(b"\x1b\x41") == "A"
    assert alphabet.decode(b"\x1b\x1b") == " "
    assert alphabet.decode(b"A\x1b") == "A "


def test_packing_is_the_known_one():
    """Eight septets take seven octets (TS 23.038 §6.1.2.1)."""
    assert alphabet.pack(alphabet.encode("hellohello")).hex() == "e8329bfd4697d9ec37"


@pytest.mark.parametrize(
    ("dcs", "coding"),
    [
        (0x00, DataCoding(Alphabet.DEFAULT)),
        (0x04, DataCoding(Alphabet.OCTETS)),
        (0x08, DataCoding(Alphabet.UCS2)),
        (0x0C, DataCoding(Alphabet.DEFAULT)),
        (0x11, DataCoding(Alphabet.DEFAULT, 1)),
        (0x36, DataCoding(Alphabet.OCTETS, 2, compressed=True)),
        (0x48, DataCoding(Alphabet.UCS2)),
        (0x84, DataCoding(Alphabet.DEFAULT)),
        (0xC8, DataCoding(Alphabet.DEFAULT)),
        (0xD0, DataCoding(Alphabet.DEFAULT)),
        (0xE0, DataCoding(Alphabet.UCS2)),
        (0xF0, DataCoding(Alphabet.DEFAULT, 0)),
        (0xF5, DataCoding(Alphabet.OCTETS, 1)),
    ],
)
@pytest.mark.clause(
    "23.038 §4, §6.2.1",
    "coding schemes, default alphabet and extension, UCS2",
    status="yes; compressed text is data",
)
def test_data_coding_schemes_are_read(dcs, coding):
    """Each group says its alphabet and class (TS 23.038 §4)."""
    assert data_coding(dcs) == coding


def test_text_chooses_its_coding():
    """7 bit where it can be, else UCS2; data is no text."""
    assert encode_text("a€") == (DCS_DEFAULT, b"a\x1b\x65")
    assert encode_text("日") == (DCS_UCS2, b"\x65\xe5")
    assert decode_text(*encode_text("日本 😀")) == "日本 😀"
    assert decode_text(0x20, b"abc") is None


@pytest.mark.parametrize("text", ["+447700900123", "12345", "*100#", "Corenet"])
def test_address_is_written_as_people_do(text):
    """A plus says international; what is no number is a name."""
    assert str(SmsAddress.parse(text)) == text


def test_typed_addresses_come_back():
    """RP and GSUP have type and digits; a name is none of theirs."""
    address = SmsAddress("447785016005")
    assert encode_typed(address).hex() == "91447758100650"
    assert decode_typed(encode_typed(address)) == address
    assert decode_typed(b"\x91") == SmsAddress("")
    with pytest.raises(ValueError, match="name"):
        encode_typed(SmsAddress("Corenet", TypeOfNumber.ALPHANUMERIC))
    for octets in (b"", b"\x91\x4f"):
        with pytest.raises(SmsError):
            decode_typed(octets)


@pytest.mark.parametrize(
    ("seconds", "quarters", "octets"),
    [
        (1668083696, 0, "22110121436500"),
        (1668083696, 4, "22110131436540"),
        (1668083696, -32, "2211014043652b"),
        (1668083696, 79, "22111180916597"),
        (800_000_000, 0, "59509060310200"),
    ],
)
def test_times_are_local_and_decimal(seconds, quarters, octets):
    """Swapped decimal digits of local time, and how far that is from UTC."""
    assert Timestamp(seconds, quarters).encode().hex() == octets
    assert decode_timestamp(bytes.fromhex(octets)) == Timestamp(seconds, quarters)


def test_relative_validity_has_four_scales():
    """Five minutes, half an hour, a day and a week (§9.2.3.12.1)."""
    scales = {0: 300, 143: 43_200, 144: 45_000, 167: 86_400, 168: 172_800, 196: 2_592_000}
    scales |= {197: 3_024_000, 255: 38_102_400}
    assert {value: RelativeValidity(value).seconds for value in scales} == scales


def test_last_of_several_elements_counts():
    """An element that comes twice replaces the first (§9.2.3.24)."""
    header = (Ports(1, 2), Concatenation(1, 2, 1), Concatenation(9, 3, 2), Ports(2948, 9200))
    assert concatenation(header) == Concatenation(9, 3, 2)
    assert ports(header) == Ports(2948, 9200)
    assert concatenation(()) is None


@pytest.mark.parametrize(
    ("header", "octets", "septets"),
    [
        ((), 140, 160),
        ((Concatenation(1, 2, 1),), 134, 153),
        ((Concatenation(1, 2, 1, wide=True),), 133, 152),
        (PUSH, 133, 152),
        ((Concatenation(1, 2, 1), *PUSH), 128, 146),
        ((Concatenation(1, 2, 1, wide=True), *PUSH), 127, 145),
        ((Ports(226, 240, wide=False),), 135, 154),
    ],
)
def test_room_is_what_the_header_leaves(header, octets, septets):
    """140 octets less the header, or the whole septets behind it."""
    assert room(DCS_OCTETS, header) == octets
    assert room(DCS_DEFAULT, header) == septets


def test_what_fits_is_one_part_without_concatenation():
    """A message of one part has no concatenation element."""
    assert segment(bytes(133), dcs=DCS_OCTETS_CLASS_1, header=PUSH) == (Segment(PUSH, bytes(133)),)
    assert segment(b"", dcs=0) == (Segment((), b""),)


@pytest.mark.parametrize(("wide", "each"), [(False, 128), (True, 127)])
def test_push_is_cut_into_parts_of_one_reference(wide, each):
    """Every part has reference and ports; only the last is short."""
    payload = bytes(range(256)) * 2
    parts = segment(payload, dcs=DCS_OCTETS, header=PUSH, reference=7, wide=wide)
    assert [len(part.payload) for part in parts] == [each] * (len(parts) - 1) + [
        len(payload) - each * (len(parts) - 1)
    ]
    assert b"".join(part.payload for part in parts) == payload
    for number, part in enumerate(parts, start=1):
        assert part.header == (Concatenation(7, len(parts), number, wide), *PUSH)


@given(st.binary(max_size=2000), headers, st.booleans())
def test_parts_put_together_are_the_payload(payload, header, wide):
    """Nothing is lost or doubled, and each part fits."""
    parts = segment(payload, dcs=DCS_OCTETS, header=header, reference=200, wide=wide)
    assert b"".join(part.payload for part in parts) == payload
    assert all(len(part.payload) <= room(DCS_OCTETS, part.header) for part in parts)


@given(st.text(alphabet_text + "€[]", min_size=161, max_size=600))
def test_escape_and_its_septet_stay_together(text):
    """Each part is a text of its own."""
    parts = segment(alphabet.encode(text), dcs=DCS_DEFAULT, reference=1)
    assert "".join(alphabet.decode(part.payload) for part in parts) == text


@given(st.text(st.sampled_from("日本a😀"), min_size=71, max_size=300))
def test_characters_of_two_units_stay_together(text):
    """UCS2 is not cut within a unit, nor within a surrogate pair."""
    parts = segment(text.encode("utf-16-be"), dcs=DCS_UCS2, reference=1, wide=True)
    assert "".join(part.payload.decode("utf-16-be") for part in parts) == text


def test_what_cannot_be_cut_is_refused():
    """Without a reference, into over 255 parts, or beside a header that fills the message."""
    with pytest.raises(ValueError, match="reference"):
        segment(bytes(141), dcs=DCS_OCTETS)
    with pytest.raises(ValueError, match="256 parts"):
        segment(bytes(134 * 255 + 1), dcs=DCS_OCTETS, reference=1)
    with pytest.raises(ValueError, match="room"):
        segment(bytes(9), dcs=DCS_OCTETS, reference=1, header=(OtherElement(9, bytes(131)),))


def test_causes_have_words():
    """Known causes and those that nobody has named."""
    assert rp_cause_text(22) == "memory capacity exceeded"
    assert rp_cause_text(3) == "RP cause 3"
    assert cp_cause_text(22) == "congestion"
    assert cp_cause_text(3) == "CP cause 3"
