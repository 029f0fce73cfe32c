"""Session PDUs of WSP: golden octets, faults and their places, and everything both ways."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testbed.codecs.media import ContentType
from testbed.codecs.wsp import WspError, pdus
from testbed.codecs.wsp.capabilities import Capabilities, ProtocolOption
from testbed.codecs.wsp.contact import Bearer, ContactPoint
from testbed.codecs.wsp.pdus import (
    ConfirmedPush,
    Connect,
    ConnectReply,
    Disconnect,
    Get,
    Method,
    Post,
    Push,
    Redirect,
    Reply,
    Resume,
    Suspend,
)

TEXT = ContentType("text/plain")

GOLDEN = {
    # 01: Connect; 10: version 1.0; 0b: 11 octets of capabilities; 00: no headers;
    # 03 80 8a78: client SDU 1400; 03 81 8a78: server SDU 1400; 02 82 f0: all options
    "01100b0003808a7803818a780282f0": Connect(
        Capabilities(
            client_sdu=1400,
            server_sdu=1400,
            options=ProtocolOption.CONFIRMED_PUSH
            | ProtocolOption.PUSH
            | ProtocolOption.SESSION_RESUME
            | ProtocolOption.ACKNOWLEDGEMENT_HEADERS,
        )
    ),
    # 01 10, 1a: 26 octets of capabilities; 07: 7 of headers;
    # 02 83 04: 4 methods at once; 02 84 02: 2 pushes at once; 04 85 50 "X" 00: an extended method;
    # 04 86 10 "p" 00: a header code page; 06 87 04 0a000001: an alias;
    # 02 88 05: not known; a9: User-Agent; b2 82: Accept-Application wml.ua
    "01101a07"
    + "028304"
    + "028402"
    + "0485505800"
    + "0486107000"
    + "0687040a000001"
    + "028805"
    + "a9542f3100b282": Connect(
        Capabilities(
            method_mor=4,
            push_mor=2,
            extended_methods=((0x50, "X"),),
            header_code_pages=((0x10, "p"),),
            aliases=(ContactPoint.for_ip("10.0.0.1"),),
            other=((8, b"\x05"),),
        ),
        (("User-Agent", "T/1"), ("Accept-Application", "x-wap-application:wml.ua")),
    ),
    # 02: ConnectReply; 05: session; nothing else
    "02050000": ConnectReply(5),
    # session ids have up to 32 bits
    "028fffffff7f03000282e0": ConnectReply(
        0xFFFFFFFF,
        Capabilities(
            options=ProtocolOption.CONFIRMED_PUSH
            | ProtocolOption.PUSH
            | ProtocolOption.SESSION_RESUME
        ),
    ),
    # 03: Redirect; 80: permanent; c4: bearer, port, 4 octets; 0b: GPRS; 23f1: 9201
    "0380c40b23f10a000009": Redirect(
        (ContactPoint.for_ip("10.0.0.9", 9201, Bearer.GSM_GPRS),), permanent=True
    ),
    # 40: reuse the security session; 10: 16 octets; 04: 4 octets
    "034010" + "20010db8" + "00" * 11 + "01" + "04c0000201": Redirect(
        (ContactPoint.for_ip("2001:db8::1"), ContactPoint.for_ip("192.0.2.1")),
        reuse_security=True,
    ),
    "0505": Disconnect(5),
    "080a": Suspend(10),
    # 09: Resume; 0a: session; 00: no capabilities; 80 94: Accept wmlc
    "090a008094": Resume(10, headers=(("Accept", "application/vnd.wap.wmlc"),)),
    # 40: Get; 13: 19 octets of URI; 80 94: Accept wmlc
    "4013" + b"http://wap.example/".hex() + "8094": Get(
        "http://wap.example/", (("Accept", "application/vnd.wap.wmlc"),)
    ),
    "440161": Get("a", method=Method.TRACE),
    # 60: Post; 01: URI; 03: headers; 83: text/plain; 8d 85: Content-Length 5
    "600103" + "61" + "838d85" + b"hello".hex(): Post(
        "a", TEXT, b"hello", (("Content-Length", "5"),)
    ),
    "61010161" + "83": Post("a", TEXT, b"", method=Method.PUT),
    # 04: Reply; 20: 200; 01: headers; 83: text/plain
    "04200183" + b"hello".hex(): Reply(200, TEXT, b"hello"),
    "046300": Reply(503),
    # 06: Push, 07: ConfirmedPush; 03: headers; ae: SIC; af 84: for mms.ua
    "0603aeaf84" + "00": Push(
        ContentType("application/vnd.wap.sic"),
        b"\0",
        (("X-Wap-Application-Id", "x-wap-application:mms.ua"),),
    ),
    "0701ae" + "00": ConfirmedPush(ContentType("application/vnd.wap.sic"), b"\0"),
}


@pytest.mark.parametrize("octets", GOLDEN)
def test_golden_pdus_read_and_write(octets):
    """Each PDU has exactly these octets, and these octets are exactly that PDU."""
    assert GOLDEN[octets].encode().hex() == octets
    assert pdus.decode(bytes.fromhex(octets)) == GOLDEN[octets]


def test_connectionless_pdus_have_a_transaction_id_before_them():
    """Get and Reply of the fact sheet: TID 07, then the PDU."""
    get = Get("http://wap.example/", (("Accept", "application/vnd.wap.wmlc"),))
    octets = "074013" + b"http://wap.example/".hex() + "8094"
    assert pdus.encode_unit(7, get).hex() == octets
    assert pdus.decode_unit(bytes.fromhex(octets)) == (7, get)
    reply = Reply(200, TEXT, b"hello")
    assert pdus.encode_unit(7, reply).hex() == "070420018368656c6c6f"
    assert pdus.decode_unit(bytes.fromhex("070420018368656c6c6f")) == (7, reply)


@pytest.mark.parametrize(
    ("octet", "code"),
    [
        (0x10, 100),
        (0x20, 200),
        (0x26, 206),
        (0x30, 300),
        (0x35, 305),
        (0x37, 307),
        (0x40, 400),
        (0x4F, 415),
        (0x50, 416),
        (0x51, 417),
        (0x60, 500),
        (0x65, 505),
    ],
)
def test_status_codes_are_those_of_http(octet, code):
    """The octet of a status, and the HTTP code it stands for, both ways."""
    assert Reply(code).encode()[1] == octet
    assert pdus.decode(bytes((4, octet, 0))) == Reply(code)


@pytest.mark.parametrize(("code", "sent"), [(429, 400), (306, 300), (226, 200), (511, 500)])
def test_status_codes_that_wsp_does_not_have_travel_as_their_class(code, sent):
    """A client takes what it does not know for the first of its class, so that is what it gets."""
    assert pdus.decode(Reply(code).encode()) == Reply(sent)


HEADERS = [
    # 80: Accept; 82: text/html
    ("8082", ("Accept", "text/html")),
    ("8080", ("Accept", "*/*")),
    # text, as there is no number for it
    ("80" + b"image/x-new\0".hex(), ("Accept", "image/x-new")),
    # 03: 3 octets; 82: text/html; 80 33: q = 0.50
    ("8003828033", ("Accept", "text/html; q=0.50")),
    # 05: 5 octets; 83: text/plain; 81 ea: charset utf-8; 80 0b: q = 0.10
    ("800583" + "81ea" + "800b", ("Accept", "text/plain; charset=utf-8; q=0.10")),
    # 81: Accept-Charset; ea: utf-8; 80: any
    ("81ea", ("Accept-Charset", "utf-8")),
    ("8180", ("Accept-Charset", "*")),
    # 03 02 03e8: iso-10646-ucs-2, whose number is too large for one octet
    ("81030203e8", ("Accept-Charset", "iso-10646-ucs-2")),
    # 03: 3 octets; ea: utf-8; 83 31: q = 0.333
    ("8103ea8331", ("Accept-Charset", "utf-8; q=0.333")),
    ("81" + b"koi8-r\0".hex(), ("Accept-Charset", "koi8-r")),
    ("82" + b"identity\0".hex(), ("Accept-Encoding", "identity")),
    ("8280", ("Accept-Encoding", "gzip")),
    # 83: Accept-Language; 99: en; 96: de with q = 0.80
    ("8399", ("Accept-Language", "en")),
    ("83029651", ("Accept-Language", "de; q=0.80")),
    ("8380", ("Accept-Language", "*")),
    # 97: If-Modified-Since; 04: 4 octets
    ("97043773a0d3", ("If-Modified-Since", "Fri, 25 Jun 1999 15:31:31 GMT")),
    ("b280", ("Accept-Application", "x-wap-application:*")),
]


@pytest.mark.parametrize(("octets", "header"), HEADERS)
def test_preferences_are_written_by_number(octets, header):
    """What a client would like is as short as its coding allows, and reads as it was."""
    get = Get("a", (header,))
    assert get.encode().hex() == "400161" + octets
    assert pdus.decode(get.encode()) == get


@pytest.mark.parametrize(
    ("octets", "header"),
    [
        # q values of one octet count hundredths from 1 on, larger ones thousandths from 100 on
        ("8003828001", ("Accept", "text/html; q=0.00")),
        ("800482808b31", ("Accept", "text/html; q=0.999")),
        # a q given as text
        ("8007827100302e3300", ("Accept", "text/html; q=0.3")),
        # media type that is not known
        ("80f0", ("Accept", "112")),
        # charset of no name
        ("81fe", ("Accept-Charset", "126")),
        # a text and its q
        ("8304656e0033", ("Accept-Language", "en; q=0.50")),
        # octets that are neither
        ("8300", ("Accept-Language", "")),
        ("800180", ("Accept", "*/*")),
        ("8302ff80", ("Accept-Language", "0xff80")),
    ],
)
def test_unusual_preferences_are_read_for_what_they_are(octets, header):
    """Peers write what they like; nothing of it is a fault."""
    assert pdus.decode(bytes.fromhex("400161" + octets)).headers == (header,)


def test_preferences_without_a_number_are_texts():
    """What is no media range goes as it is; a quality of 1 is not written."""
    assert Get("a", (("Accept", "anything"),)).encode()[3:] == b"\x80anything\0"
    assert Get("a", (("Accept", "text/html;q=1.0"),)).encode()[3:] == b"\x80\x82"
    assert Get("a", (("Accept-Language", "en;q=1"),)).encode()[3:] == b"\x83\x99"
    with pytest.raises(WspError, match="quality"):
        Get("a", (("Accept", "text/html;q=2"),)).encode()


@pytest.mark.parametrize(
    ("octets", "octet", "text"),
    [
        ("", 0, "too early"),
        ("80", 0, "type 0x80"),
        ("00", 0, "type 0x00"),
        ("0110", 2, "too early"),
        ("01100500", 4, "5 octets are announced"),
        ("0110000501", 4, "5 octets are announced"),
        ("0110000000", 4, "1 octets after"),
        # a capability of no octets; one whose value is missing; a name without its end
        ("0110010000", 5, "too early"),
        ("01100200" + "0180", 6, "too early"),
        ("01100500" + "048550" + "5858", 7, "without its end"),
        ("02ffffffff7f0000", 6, "more than 32 bits"),
        ("030044", 3, "2 octets are announced, 0 are there"),
        ("030004aa", 3, "4 octets are announced"),
        ("050500", 2, "1 octets after"),
        ("0505ff", 2, "1 octets after"),
        ("043600", 2, "status 0x36"),
        ("04200583", 3, "5 octets are announced"),
        ("400561", 2, "5 octets are announced"),
        ("4001ff", 2, "not UTF-8"),
        ("60010561", 4, "5 octets are announced"),
        ("0602ae", 2, "2 octets are announced"),
        ("0600", 2, "too early"),
    ],
)
def test_faults_are_named_with_their_place(octets, octet, text):
    """A decoder says what is wrong, and where."""
    with pytest.raises(WspError, match=text) as raised:
        pdus.decode(bytes.fromhex(octets))
    assert raised.value.octet == octet


@pytest.mark.parametrize(
    "pdu",
    [
        Connect(version=256),
        ConnectReply(-1),
        Disconnect(2**32),
        Connect(Capabilities(client_sdu=2**32)),
        Connect(Capabilities(method_mor=256)),
        Connect(Capabilities(other=((128, b""),))),
        Connect(Capabilities(extended_methods=((0x50, "a\0"),))),
        Redirect((ContactPoint(bytes(64)),)),
        Redirect((ContactPoint(b"", port=65536),)),
        Redirect((ContactPoint(b"", bearer=-1),)),
        Get("a", method=0x60),
        Post("a", TEXT, b"", method=0x40),
        Reply(99),
        Reply(600),
        Reply(200, None, b"", (("Date", "x"),)),
    ],
)
def test_what_does_not_fit_is_not_written(pdu):
    """A value that is too large for its field is our caller's fault, and has no place."""
    with pytest.raises(WspError) as raised:
        pdu.encode()
    assert raised.value.octet is None


def test_transaction_ids_of_connectionless_mode_have_one_octet():
    """What is larger is our caller's fault."""
    with pytest.raises(WspError, match="TID of 256"):
        pdus.encode_unit(256, Get("a"))


def test_contact_points_know_their_ip_address():
    """Four octets are IPv4, sixteen are IPv6, others are neither."""
    assert ContactPoint.for_ip("10.0.0.9").ip == "10.0.0.9"
    assert ContactPoint.for_ip("2001:db8::1").ip == "2001:db8::1"
    assert ContactPoint(b"447700900123").ip is None
    with pytest.raises(ValueError, match="nowhere"):
        ContactPoint.for_ip("nowhere")


def test_capabilities_of_other_kinds_are_kept_or_passed_over():
    """A number that is not known is kept; a name in text has no number; the last of two counts."""
    # 02 61 00: "a"; 02 83 01 and 02 83 02: methods at once, twice; 02 ff 01: number 127
    read = pdus.decode(bytes.fromhex("01100c00" + "026100" + "028301" + "028302" + "02ff01"))
    assert read.capabilities == Capabilities(method_mor=2, other=((127, b"\x01"),))


OCTETS = st.integers(0, 0xFF)
SIZES = st.integers(0, 0xFFFFFFFF)
NAMES = st.text(string.ascii_letters, min_size=1, max_size=8)
CONTACTS = st.lists(
    st.builds(
        ContactPoint,
        st.binary(max_size=63),
        st.none() | st.integers(0, 0xFFFF),
        st.none() | OCTETS,
    ),
    max_size=3,
).map(tuple)
NUMBERED = st.none() | st.lists(st.tuples(OCTETS, NAMES), max_size=2).map(tuple)
CAPABILITIES = st.builds(
    Capabilities,
    client_sdu=st.none() | SIZES,
    server_sdu=st.none() | SIZES,
    options=st.none() | OCTETS.map(ProtocolOption),
    method_mor=st.none() | OCTETS,
    push_mor=st.none() | OCTETS,
    extended_methods=NUMBERED,
    header_code_pages=NUMBERED,
    aliases=st.none() | CONTACTS,
    other=st.dictionaries(st.integers(8, 127), st.binary(max_size=4), max_size=2).map(
        lambda found: tuple(found.items())
    ),
)
HEADER = st.one_of(
    st.tuples(st.just("User-Agent"), NAMES),
    st.tuples(
        st.just("Accept"), st.sampled_from(("text/html", "*/*", "a/b; q=0.25", "text/css; level=1"))
    ),
    st.tuples(st.just("Accept-Charset"), st.sampled_from(("utf-8", "*", "utf-16; q=0.123"))),
    st.tuples(st.just("Accept-Language"), st.sampled_from(("en", "*", "en-gb; q=0.25"))),
    st.tuples(NAMES.map(lambda name: f"X-{name}"), NAMES),
)
HEADERS_LISTS = st.lists(HEADER, max_size=3).map(tuple)
TYPES = st.sampled_from((TEXT, ContentType("a/b"), ContentType("text/css", (("charset", "big5"),))))
BODIES = st.binary(max_size=20)
URIS = st.text(st.characters(codec="utf-8"), max_size=20)
PDUS = st.one_of(
    st.builds(Connect, CAPABILITIES, HEADERS_LISTS, OCTETS),
    st.builds(ConnectReply, SIZES, CAPABILITIES, HEADERS_LISTS),
    st.builds(Redirect, CONTACTS, st.booleans(), st.booleans()),
    st.builds(Disconnect, SIZES),
    st.builds(Suspend, SIZES),
    st.builds(Resume, SIZES, CAPABILITIES, HEADERS_LISTS),
    st.builds(Get, URIS, HEADERS_LISTS, st.integers(0x40, 0x5F)),
    st.builds(Post, URIS, TYPES, BODIES, HEADERS_LISTS, st.integers(0x60, 0x7F)),
    st.builds(Reply, st.sampled_from((200, 307, 404, 500)), TYPES, BODIES, HEADERS_LISTS),
    st.builds(Push, TYPES, BODIES, HEADERS_LISTS),
    st.builds(ConfirmedPush, TYPES, BODIES, HEADERS_LISTS),
)


@given(PDUS)
def test_every_pdu_reads_as_it_was_written(pdu):
    """Reading what was written gives the same PDU."""
    assert pdus.decode(pdu.encode()) == pdu


@given(OCTETS, PDUS)
def test_every_unit_reads_as_it_was_written(tid, pdu):
    """The transaction id goes in front and comes off again."""
    assert pdus.decode_unit(pdus.encode_unit(tid, pdu)) == (tid, pdu)


def fault(octets):
    try:
        pdus.decode(octets)
    except WspError as error:
        return error
    return None


@given(st.binary(max_size=60))
def test_any_octets_raise_nothing_but_wsp_errors(octets):
    """Whatever arrives is a PDU, or a fault of WSP with its place."""
    error = fault(octets)
    assert error is None or error.octet is not None


@given(st.sampled_from(range(0x80)), st.binary(max_size=60))
def test_any_octets_after_a_type_raise_nothing_but_wsp_errors(pdu_type, octets):
    """So it is for each type of PDU."""
    error = fault(bytes((pdu_type,)) + octets)
    assert error is None or error.octet is not None
