"""WTP PDUs: golden octets, faults and their places, and everything both ways."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testbed.codecs import wtp
from testbed.codecs.wtp import (
    Abort,
    Ack,
    Invoke,
    NegativeAck,
    OptionKind,
    PduType,
    ProviderAbort,
    Result,
    SegmentedInvoke,
    SegmentedResult,
    Tpi,
    TpiIdentity,
    Trailer,
    TransactionClass,
    UserAbort,
    WtpError,
    abort_text,
    option_tpi,
    psn_tpi,
)

GOLDEN = {
    # 0e: Invoke, GTR and TTR (not segmented); 0001: TID; 12: version 0, U/P, class 2; data
    "0e00011201100b0003808a7803818a780282f0": Invoke(
        tid=1,
        transaction_class=TransactionClass.RESULT,
        user_ack=True,
        data=bytes.fromhex("01100b0003808a7803818a780282f0"),
    ),
    # 0f: Invoke sent again (RID); 31: TIDnew, U/P, class 1
    "0f7fff3107": Invoke(
        tid=0x7FFF,
        transaction_class=TransactionClass.RELIABLE,
        tid_new=True,
        user_ack=True,
        rid=True,
        data=b"\x07",
    ),
    # 0e 0003 10: class 0 with U/P, WSP Disconnect
    "0e0003100505": Invoke(
        tid=3, transaction_class=TransactionClass.UNRELIABLE, user_ack=True, data=b"\x05\x05"
    ),
    # 88: Invoke with items, first packet of several; 02: class 2;
    # 93: option of 3 octets, more items follow; 01 0578: MRU 1400; 19 02: packet number 2
    "88000102930105781902616263": Invoke(
        tid=1,
        transaction_class=TransactionClass.RESULT,
        trailer=Trailer.MORE,
        tpis=(option_tpi(OptionKind.MAXIMUM_RECEIVE_UNIT, 1400), Tpi(TpiIdentity.PSN, b"\x02")),
        data=b"abc",
    ),
    # 12: Result, last packet (TTR); 8001: TID with the responder's bit; WSP ConnectReply
    "12800102050000": Result(tid=0x8001, trailer=Trailer.LAST, data=bytes.fromhex("02050000")),
    # 18: Ack
    "180001": Ack(tid=1),
    "188002": Ack(tid=0x8002),
    # 1c: Ack with Tve/Tok; 1d: sent again
    "1c8002": Ack(tid=0x8002, tid_verification=True),
    "1d0002": Ack(tid=2, tid_verification=True, rid=True),
    # 98: Ack with items; 19 03: packet sequence number 3
    "9880021903": Ack(tid=0x8002, tpis=(psn_tpi(3),)),
    # 21: Abort by the user; ec: USERPND
    "218002ec": Abort(tid=0x8002, user=True, reason=UserAbort.USER_PENDING),
    # 20: Abort by the provider; 02: invalid TID
    "20000202": Abort(tid=2, reason=ProviderAbort.INVALID_TID),
    # 28: Segmented Invoke, not the last; 01: packet 1
    "28000101616263": SegmentedInvoke(tid=1, psn=1, trailer=Trailer.MORE, data=b"abc"),
    # 2c: last packet of a group (GTR)
    "2c000102646566": SegmentedInvoke(tid=1, psn=2, trailer=Trailer.GROUP, data=b"def"),
    # 33: Segmented Result, last packet, sent again
    "338001ff67": SegmentedResult(tid=0x8001, psn=255, trailer=Trailer.LAST, rid=True, data=b"g"),
    # 38: Negative Ack; 02: two packets are missing: 1 and 3
    "388001020103": NegativeAck(tid=0x8001, missing=(1, 3)),
    "38800100": NegativeAck(tid=0x8001),
}


@pytest.mark.parametrize("octets", GOLDEN)
def test_golden_pdus_read_and_write(octets):
    """Each PDU has exactly these octets, and these octets are exactly that PDU."""
    assert GOLDEN[octets].encode().hex() == octets
    assert wtp.decode(bytes.fromhex(octets)) == GOLDEN[octets]


def test_the_top_bit_of_the_tid_says_who_speaks():
    """What the responder sends has the bit, what the initiator sends has not."""
    assert Ack(tid=0x8001).from_responder
    assert not Ack(tid=0x7FFF).from_responder


def test_an_ack_names_the_packet_it_is_for():
    """The packet sequence number is found among other items; an Ack of a message has none."""
    assert Ack(tid=1, tpis=(option_tpi(OptionKind.NO_CACHED_TID), psn_tpi(7))).psn == 7
    assert Ack(tid=1).psn is None
    assert Ack(tid=1, tpis=(Tpi(TpiIdentity.PSN, b""),)).psn is None


def test_options_have_a_kind_and_a_value():
    """A value has as many octets as it needs; no value is 0; what is no option has neither."""
    assert option_tpi(OptionKind.MAXIMUM_GROUP, 5600) == Tpi(TpiIdentity.OPTION, b"\x04\x15\xe0")
    assert option_tpi(OptionKind.MAXIMUM_GROUP, 5600).option == (OptionKind.MAXIMUM_GROUP, 5600)
    assert option_tpi(OptionKind.NO_CACHED_TID).option == (OptionKind.NO_CACHED_TID, 0)
    assert Tpi(TpiIdentity.OPTION).option is None
    assert psn_tpi(1).option is None
    assert option_tpi(OptionKind.CURRENT_TID, 1).psn is None


def test_long_items_have_a_length_octet():
    """Up to 3 octets fit the short form, 4 to 255 have a length octet."""
    pdu = Ack(tid=0, tpis=(Tpi(TpiIdentity.INFO, b"abcd"), Tpi(TpiIdentity.INFO, b"abc")))
    # 8c: more, identity 1, long; 04: length; 0b: identity 1, length 3
    assert pdu.encode().hex() == "9800008c04616263640b616263"
    assert wtp.decode(pdu.encode()) == pdu


def test_reserved_bits_are_not_looked_at():
    """An Ack whose reserved bit is set, and an Invoke with both set, read as if they were not."""
    assert wtp.decode(bytes.fromhex("1a0001")) == Ack(tid=1)
    assert wtp.decode(bytes.fromhex("0e00010e")).encode().hex() == "0e000102"


@pytest.mark.parametrize(
    ("octets", "octet", "text"),
    [
        ("", 0, "ends within its header"),
        ("0e00", 2, "ends within its header"),
        ("0e0001", 3, "ends within its header"),
        ("200001", 3, "ends within its header"),
        ("280001", 3, "ends within its header"),
        ("380001", 3, "ends within its header"),
        ("060001", 0, "PDU type 0"),
        ("400001", 0, "PDU type 8"),
        ("0e000103", 3, "class 3"),
        ("23000100", 0, "abort type 3"),
        ("28000100", 3, "packet 0"),
        ("3800010201", 4, "2 missing packets, 1 octets"),
        ("18000100", 3, "1 octets after"),
        ("2000010000", 4, "1 octets after"),
        ("3800010000", 4, "1 octets after"),
        ("980001", 3, "items end too early"),
        ("9800011c", 4, "items end too early"),
        ("98000199", 4, "1 octets, 0 are there"),
        ("9800019902", 5, "items end too early"),
    ],
)
def test_faults_are_named_with_their_place(octets, octet, text):
    """A decoder says what is wrong, where, and with what reason to abort."""
    with pytest.raises(WtpError, match=text) as raised:
        wtp.decode(bytes.fromhex(octets))
    assert raised.value.octet == octet
    assert raised.value.reason is ProviderAbort.PROTOCOL_ERROR
    assert str(raised.value).startswith(f"octet {octet}: ")


def test_faults_say_which_transaction_they_are_of():
    """TID and type are there where the header was readable."""
    with pytest.raises(WtpError) as raised:
        wtp.decode(bytes.fromhex("0e123403"))
    assert (raised.value.tid, raised.value.pdu_type) == (0x1234, PduType.INVOKE)
    with pytest.raises(WtpError) as raised:
        wtp.decode(bytes.fromhex("401234"))
    assert (raised.value.tid, raised.value.pdu_type) == (0x1234, None)
    with pytest.raises(WtpError) as raised:
        wtp.decode(b"\x0e")
    assert raised.value.tid is None


def test_another_version_has_a_reason_of_its_own():
    """Version 1 of WTP is to be answered with "WTP version zero"."""
    with pytest.raises(WtpError, match="version 1") as raised:
        wtp.decode(bytes.fromhex("0e000142"))
    assert raised.value.reason is ProviderAbort.WTP_VERSION_ZERO


@pytest.mark.parametrize(
    "pdu",
    [
        Ack(tid=0x10000),
        Ack(tid=-1),
        Abort(tid=1, reason=256),
        SegmentedInvoke(tid=1, psn=256, trailer=Trailer.MORE, data=b""),
        NegativeAck(tid=1, missing=(300,)),
        NegativeAck(tid=1, missing=tuple(range(256))),
        Ack(tid=1, tpis=(Tpi(16),)),
        Ack(tid=1, tpis=(Tpi(1, bytes(256)),)),
    ],
)
def test_what_does_not_fit_is_not_written(pdu):
    """A value that is too large for its field is our caller's fault, and has no place."""
    with pytest.raises(WtpError) as raised:
        pdu.encode()
    assert raised.value.octet is None
    assert str(raised.value) == raised.value.text


def test_reasons_have_names():
    """Known reasons read as words, others as numbers."""
    assert abort_text(UserAbort.USER_REFUSED, user=True) == "user refused"
    assert abort_text(ProviderAbort.NO_RESPONSE, user=False) == "no response"
    assert abort_text(0x0B, user=False) == "0x0b"
    assert abort_text(0x08, user=True) == "0x08"


def test_several_pdus_share_a_datagram():
    """A first octet of 0, then each PDU after its length of one octet or two."""
    short, long = Ack(tid=1).encode(), Result(tid=0x8001, data=bytes(200)).encode()
    datagram = wtp.join([short, long])
    # 00: concatenated; 03: 3 octets; 80cb: 203 octets
    assert datagram == b"\x00\x03" + short + b"\x80\xcb" + long
    assert wtp.split(datagram) == (short, long)
    assert len(datagram) == 1 + wtp.shared_length(3) + wtp.shared_length(203)


def test_one_pdu_has_its_datagram_for_itself():
    """Nothing is added to a single PDU; a datagram may also hold one with its length."""
    assert wtp.join([b"\x18\x00\x01"]) == b"\x18\x00\x01"
    assert wtp.split(b"\x18\x00\x01") == (b"\x18\x00\x01",)
    assert wtp.split(b"\x00\x03\x18\x00\x01") == (b"\x18\x00\x01",)
    assert wtp.split(b"\x00") == ()


def test_pdus_that_are_too_long_share_nothing():
    """A length has 15 bits."""
    with pytest.raises(WtpError, match="cannot share"):
        wtp.join([b"\x18\x00\x01", bytes(0x8000)])


@pytest.mark.parametrize("octets", ["", "0004180001", "0080", "00800418000100ff"])
def test_lengths_that_do_not_fit_the_datagram_are_faults(octets):
    """An empty datagram, a PDU that reaches beyond the end, a length cut in two."""
    with pytest.raises(WtpError):
        wtp.split(bytes.fromhex(octets))


TIDS = st.integers(0, 0xFFFF)
OCTETS = st.integers(0, 0xFF)
DATA = st.binary(max_size=40)
TRAILERS = st.sampled_from(Trailer)
TPIS = st.lists(st.builds(Tpi, st.integers(0, 15), st.binary(max_size=9)), max_size=3).map(tuple)
PDUS = st.one_of(
    st.builds(
        Invoke,
        tid=TIDS,
        transaction_class=st.sampled_from(TransactionClass),
        data=DATA,
        tid_new=st.booleans(),
        user_ack=st.booleans(),
        trailer=TRAILERS,
        rid=st.booleans(),
        tpis=TPIS,
    ),
    st.builds(Result, tid=TIDS, data=DATA, trailer=TRAILERS, rid=st.booleans(), tpis=TPIS),
    st.builds(Ack, tid=TIDS, tid_verification=st.booleans(), rid=st.booleans(), tpis=TPIS),
    st.builds(Abort, tid=TIDS, reason=OCTETS, user=st.booleans(), tpis=TPIS),
    *(
        st.builds(
            kind,
            tid=TIDS,
            psn=st.integers(1, 255),
            data=DATA,
            trailer=TRAILERS,
            rid=st.booleans(),
            tpis=TPIS,
        )
        for kind in (SegmentedInvoke, SegmentedResult)
    ),
    st.builds(
        NegativeAck,
        tid=TIDS,
        missing=st.lists(OCTETS, max_size=9).map(tuple),
        rid=st.booleans(),
        tpis=TPIS,
    ),
)


@given(PDUS)
def test_every_pdu_reads_as_it_was_written(pdu):
    """Reading what was written gives the same PDU."""
    assert wtp.decode(pdu.encode()) == pdu


@given(st.lists(PDUS, min_size=1, max_size=6))
def test_every_datagram_splits_as_it_was_joined(pdus):
    """Splitting what was joined gives the same octets."""
    octets = [pdu.encode() for pdu in pdus]
    assert wtp.split(wtp.join(octets)) == tuple(octets)


def fault(octets):
    try:
        for part in wtp.split(octets):
            wtp.decode(part).encode()
    except WtpError as error:
        return error
    return None


@given(st.binary(max_size=60))
def test_any_octets_raise_nothing_but_wtp_errors(octets):
    """Whatever arrives is PDUs, or a fault of WTP."""
    error = fault(octets)
    assert error is None or error.octet is not None
