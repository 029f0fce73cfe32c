"""The connectionless push and its headers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testbed.codecs import wsp
from testbed.codecs.media import ContentType
from testbed.codecs.wsp import Push, WspError

SIC = ContentType("application/vnd.wap.sic")


def push(head, body=""):
    octets = bytes.fromhex(head)
    return bytes((7, 6, len(octets))) + octets + bytes.fromhex(body)


def headers_of(octets):
    return wsp.decode_push(push("ae" + octets)).headers


def encoded_headers(*headers):
    octets = Push(7, SIC, b"", headers).encode()
    return octets[4:].hex()


def refusal(data):
    with pytest.raises(WspError) as caught:
        wsp.decode_push(data)
    return caught.value


@pytest.mark.clause("WAP-230 §8.2.4.1", "connectionless push")
def test_push_is_written_field_by_field():
    """TID, PDU type, length of the headers, content type, headers, content."""
    value = Push(
        1,
        SIC,
        b"\x02\x05",
        (("X-Wap-Application-Id", "x-wap-application:wml.ua"), ("Push-Flag", "4")),
    )
    expected = bytes.fromhex(
        "01"  # TID
        "06"  # Push
        "05"  # HeadersLen
        "ae"  # application/vnd.wap.sic
        "af82"  # X-Wap-Application-Id: x-wap-application:wml.ua
        "b484"  # Push-Flag: last push message
        "0205"  # content
    )
    assert value.encode() == expected
    assert wsp.decode_push(expected) == value


@pytest.mark.parametrize(
    ("kind", "octets"),
    [
        (ContentType("*/*"), "80"),
        (ContentType("application/vnd.wap.slc"), "b0"),
        (ContentType("application/vnd.wap.sic", (("charset", "utf-8"),)), "03 ae 81ea"),
        (ContentType("text/plain", (("charset", "iso-10646-ucs-2"),)), "05 83 81 0203e8"),
        (ContentType("text/plain", (("charset", "*"),)), "03 83 8180"),
        (ContentType("text/plain", (("charset", "2252"),)), "05 83 81 0208cc"),
        (ContentType("application/vnd.wap.emn+wbxml"), "03 02030a"),
        (ContentType("a/b"), "612f6200"),
        (ContentType("a/b", (("x", "y"),)), "08 612f6200 7800 7900"),
        (ContentType("a/b", (("x", "y z"),)), "0b 612f6200 7800 2279207a00"),
        (ContentType("text/plain", (("name", "é"),)), "06 83 85 7fc3a900"),
        (ContentType("text/plain", (("filename", "a"),)), "04 83 86 6100"),
        (ContentType("text/plain", (("charset", "koi"),)), "0d 83 6368617273657400 6b6f6900"),
        (ContentType("text/plain", (("sec", "200"),)), "09 83 73656300 32303000"),
        (
            ContentType("application/vnd.wap.multipart.related", (("type", "text/plain"),)),
            "03 b3 8983",
        ),
        (
            ContentType("application/vnd.wap.multipart.related", (("type", "x/y"),)),
            "06 b3 89782f7900",
        ),
        (
            ContentType("application/vnd.wap.connectivity-wbxml", (("sec", "1"), ("mac", "0A1B"))),
            "09 b6 9181 9230413142 00",
        ),
        (ContentType("a/b", (("start", "x" * 30),)), "1f24 612f6200 8a" + "78" * 30 + "00"),
    ],
)
def test_content_types_have_their_shortest_form(kind, octets):
    """A known media type is a number, parameters make it the general form, others are text."""
    value = Push(7, kind, b"body")
    assert value.encode() == push(octets, b"body".hex())
    assert wsp.decode_push(value.encode()) == value


@pytest.mark.parametrize(
    ("octets", "kind"),
    [
        ("03 83 800b", ContentType("text/plain", (("q", "11"),))),
        ("04 83 808167", ContentType("text/plain", (("q", "231"),))),
        ("03 83 8982", ContentType("text/plain", (("type", "text/html"),))),
        ("03 83 89ff", ContentType("text/plain", (("type", "127"),))),
        ("03 83 8900", ContentType("text/plain", (("type", "0"),))),
        ("03 83 9000", ContentType("text/plain", (("secure", "0"),))),
        ("03 83 f185", ContentType("text/plain", (("parameter-113", "5"),))),
        ("04 83 017185", ContentType("text/plain", (("parameter-113", "5"),))),
        ("06 83 81 75736300", ContentType("text/plain", (("charset", "usc"),))),
        ("04 83 5800 85", ContentType("text/plain", (("x", "5"),))),
        ("546578742f5000", ContentType("text/p")),
        ("7fc3a92f6200", ContentType("é/b")),
        ("7fe92f6200", ContentType("é/b")),
    ],
)
def test_unusual_content_types_are_read(octets, kind):
    """Forms that are never written here are understood all the same."""
    assert wsp.decode_push(push(octets)).content_type == kind


@pytest.mark.parametrize(
    ("header", "octets"),
    [
        (("Content-Length", "0"), "8d80"),
        (("Content-Length", "127"), "8dff"),
        (("Content-Length", "128"), "8d0180"),
        (("Content-Length", "65536"), "8d03010000"),
        (("Date", "Thu, 01 Jan 1970 00:00:00 GMT"), "920100"),
        (("Expires", "Fri, 25 Jun 1999 15:23:15 GMT"), "940437739ee3"),
        (("X-Wap-Application-Id", "x-wap-application:*"), "af80"),
        (("X-Wap-Application-Id", "x-wap-application:mms.ua"), "af84"),
        (("X-Wap-Application-Id", "x-oma-application:ulp.ua"), "af90"),
        (("X-Wap-Application-Id", "32768"), "af028000"),
        (("X-Wap-Application-Id", "x-mine:a"), "af782d6d696e653a6100"),
        (("X-Wap-Content-URI", "http://a"), "b0687474703a2f2f6100"),
        (("X-Wap-Initiator-URI", "http://a"), "b1687474703a2f2f6100"),
        (("Content-Location", "http://a"), "8e687474703a2f2f6100"),
        (("Push-Flag", "7"), "b487"),
        (("Bearer-Indication", "11"), "b38b"),
        (("Encoding-Version", "1.3"), "c393"),
        (("Encoding-Version", "1"), "c39f"),
        (("Encoding-Version", "new"), "c36e657700"),
        (("Content-Encoding", "deflate"), "8b82"),
        (("Content-Encoding", "br"), "8b627200"),
        (("Content-Language", "en"), "8c656e00"),
        (("Content-ID", "<a@b>"), "c0223c6140623e00"),
        (("Cache-Control", "no-cache"), "8880"),
        (("Cache-Control", "max-age=10"), "8802828a"),
        (("Cache-Control", "max-age=86400"), "88058203015180"),
        (("Cache-Control", "a, b"), "88612c206200"),
        (("ETag", '"x"'), "9322782200"),
        (("X-Mine", "é"), "582d4d696e65007fc3a900"),
        (("X-Empty", ""), "582d456d7074790000"),
        (("From", ""), "9500"),
    ],
)
def test_headers_have_their_coding(header, octets):
    """Each header travels as WSP codes it, and comes back as it was."""
    assert encoded_headers(header) == octets
    assert headers_of(octets) == (header,)


@pytest.mark.parametrize(
    ("header", "octets"),
    [
        (("content-length", "5"), "8d85"),
        (("Content-Encoding", "GZIP"), "8b80"),
        (("Content-ID", '"a"'), "c0226100"),
        (("Expires", "Fri, 25 Jun 1999 17:23:15 +0200"), "940437739ee3"),
        (("Expires", "Fri, 25 Jun 1999 15:23:15 -0000"), "940437739ee3"),
        (("Cache-Control", "No-Store"), "8881"),
    ],
)
def test_headers_are_written_whatever_their_case(header, octets):
    """Names and values that HTTP takes for the same are written the same."""
    assert encoded_headers(header) == octets


@pytest.mark.parametrize(
    ("octets", "header"),
    [
        ("8d 6162 00", ("Content-Length", "ab")),
        ("8d 00", ("Content-Length", "")),
        ("8d 02 00ff", ("Content-Length", "255")),
        ("92 85", ("Date", "Thu, 01 Jan 1970 00:00:05 GMT")),
        ("92 06 ffffffffffff", ("Date", "0xffffffffffff")),
        ("92 6e6f7700", ("Date", "now")),
        ("af 02 9000", ("X-Wap-Application-Id", "36864")),
        ("af 8b", ("X-Wap-Application-Id", "11")),
        ("c3 01 93", ("Encoding-Version", "0x93")),
        ("8b ff", ("Content-Encoding", "127")),
        ("8b 01 82", ("Content-Encoding", "0x82")),
        ("c0 85", ("Content-ID", "5")),
        ("88 ff", ("Cache-Control", "127")),
        ("88 02 ff81", ("Cache-Control", "0xff81")),
        ("88 01 82", ("Cache-Control", "0x82")),
        ("88 03 82 6100", ("Cache-Control", "0x826100")),
        ("88 03 82 0505", ("Cache-Control", "0x820505")),
        ("88 01 05", ("Cache-Control", "0x05")),
        ("bd 80", ("Cache-Control", "no-cache")),
        ("8c 99", ("Content-Language", "25")),
        ("b0 02 0102", ("X-Wap-Content-URI", "0x0102")),
        ("b0 1f 02 0102", ("X-Wap-Content-URI", "0x0102")),
        ("b0 e9", ("X-Wap-Content-URI", "105")),
        ("ff 85", ("header-127", "5")),
        ("02 85 86", ("page-2-header-5", "6")),
        ("7f 22 85 6100", ("page-34-header-5", "a")),
        ("02 7f 01 8d 85", ("Content-Length", "5")),
        ("582d41 00 85", ("X-A", "5")),
        ("582d41 00 02 0102", ("X-A", "0x0102")),
        ("582d41 00 7f e9 00", ("X-A", "é")),
    ],
)
def test_unusual_headers_are_read_for_what_they_are(octets, header):
    """A value that does not suit its header, and a header without a name, are kept readable."""
    assert headers_of(octets)[0] == header


def test_headers_are_found_in_any_case():
    """A header is found by its name in any case."""
    value = Push(0, SIC, b"", (("Push-Flag", "1"),))
    assert value.header("PUSH-FLAG") == "1"
    assert value.header("Date") is None


@pytest.mark.parametrize(
    ("data", "octet", "text"),
    [
        ("", 0, "the PDU ends too early"),
        ("07", 1, "the PDU ends too early"),
        ("07 40", 1, "PDU type 0x40 is not Push"),
        ("07 06", 2, "the PDU ends too early"),
        ("07 06 05 ae", 3, "5 octets are announced, 1 are there"),
        ("07 06 ff ff ff ff ff 7f", 7, "a uintvar of more than 32 bits"),
        ("07 06 9f ff ff ff 7f", 7, "a uintvar of more than 32 bits"),
        ("07 06 00", 3, "the PDU ends too early"),
        ("07 06 01 8a", 4, "media type 0x0a is not known"),
        ("07 06 04 03 02 0fff", 7, "media type 0xfff is not known"),
        ("07 06 02 6100", 5, "'a' is not a media type"),
        ("07 06 02 6162", 3, "a text without its end"),
        ("07 06 02 05 83", 4, "5 octets are announced, 1 are there"),
        ("07 06 02 01 20", 4, "a text without its end"),
        ("07 06 03 02 83 81", 6, "the PDU ends too early"),
        ("07 06 02 ae 8d", 5, "the PDU ends too early"),
        ("07 06 02 ae 7f", 5, "the PDU ends too early"),
        ("07 06 04 ae 20 00 80", 6, "' ' is not a header name"),
        ("07 06 03 ae 00 80", 5, "'' is not a header name"),
    ],
)
def test_what_is_no_push_is_refused_with_its_place(data, octet, text):
    """Octets that are no push are refused; the place is the octet of the datagram."""
    error = refusal(bytes.fromhex(data))
    assert (error.text, error.octet) == (text, octet)
    assert str(error) == f"octet {octet}: {text}"


@pytest.mark.parametrize(
    ("header", "text"),
    [
        (("X Y", "a"), "X Y: it is not a header name"),
        (("X-A", "a\r\nb"), r"X-A: 'a\r\nb' holds a control character"),
        (("X-A", "\x7f"), r"X-A: '\x7f' holds a control character"),
        (("Content-Length", "many"), "Content-Length: 'many' is not an integer"),
        (("Push-Flag", "-1"), "Push-Flag: '-1' is not an integer"),
        (("Date", "tomorrow"), "Date: 'tomorrow' is not an HTTP date"),
        (
            ("Date", "Thu, 01 Jan 1969 00:00:00 GMT"),
            "Date: 'Thu, 01 Jan 1969 00:00:00 GMT' is before 1970",
        ),
    ],
)
def test_headers_that_cannot_be_written_are_named(header, text):
    """A header that WSP cannot carry is refused by its name."""
    with pytest.raises(WspError) as caught:
        encoded_headers(header)
    assert str(caught.value) == text


@pytest.mark.parametrize("tid", [-1, 256])
def test_tid_is_one_octet(tid):
    """The transaction identifier of a connectionless PDU has one octet."""
    with pytest.raises(WspError):
        Push(tid, SIC, b"").encode()


def test_long_headers_have_a_long_length():
    """HeadersLen is a uintvar."""
    value = Push(7, SIC, b"x", (("X-Long", "y" * 20_000),))
    assert value.encode()[:5].hex() == "0706" + "819c29"
    assert wsp.decode_push(value.encode()) == value


texts = st.text(st.characters(codec="utf-8", exclude_categories=["C"]), max_size=20)
kinds = st.builds(
    ContentType,
    st.sampled_from(
        ["text/plain", "application/vnd.wap.sic", "a/b", "application/vnd.wap.emn+wbxml"]
    ),
    st.lists(
        st.tuples(st.just("charset"), st.sampled_from(["utf-8", "us-ascii", "utf-16"]))
        | st.tuples(st.just("start"), st.from_regex(r"[a-z<>@]{1,9}", fullmatch=True))
        | st.tuples(st.from_regex(r"x-[a-z]{1,5}", fullmatch=True), texts.filter(bool)),
        max_size=3,
        unique_by=lambda parameter: parameter[0],
    ).map(tuple),
)
some_headers = st.lists(
    st.tuples(st.from_regex(r"X-[A-Z]{1,5}", fullmatch=True), texts)
    | st.tuples(st.sampled_from(["From", "X-Wap-Content-URI", "Server"]), texts)
    | st.tuples(st.sampled_from(["Content-Length", "Age"]), st.integers(0, 10**18 - 1).map(str)),
    max_size=4,
).map(tuple)


@given(st.builds(Push, st.integers(0, 255), kinds, st.binary(), some_headers))
def test_pushes_come_back_as_they_were(value):
    """Whatever is written reads back."""
    assert wsp.decode_push(value.encode()) == value


@given(st.binary() | st.binary(max_size=100).map(lambda rest: bytes((0, 6, len(rest))) + rest))
def test_random_octets_raise_only_wsp_errors(octets):
    """Nothing but WspError leaves the decoder, and what it reads is text throughout."""
    try:
        value = wsp.decode_push(octets)
    except WspError as error:
        assert error.octet is not None  # noqa: PT017
        return
    assert all(isinstance(part, str) for header in value.headers for part in header)


MAIL = (
    "02056a00 45 c6"  # WBXML 1.2, SI 1.0, UTF-8; si, indication
    "0d036578616d706c6500 85036d61696c2f31323300"  # href
    "11036d61696c31406578616d706c652e636f6d00"  # si-id
    "0ac30719990625152315 10c30419990630 08 01"  # created, si-expires, action
    "03596f7520686176652034206e657720656d61696c7300 01 01"  # text
)


@pytest.mark.parametrize(
    ("octets", "kind", "headers"),
    [
        (
            "01 06 05 ae af82 b484" + MAIL,
            SIC,
            (("X-Wap-Application-Id", "x-wap-application:wml.ua"), ("Push-Flag", "4")),
        ),
        (
            "02 06 06 03ae81ea af82" + MAIL,
            ContentType("application/vnd.wap.sic", (("charset", "utf-8"),)),
            (("X-Wap-Application-Id", "x-wap-application:wml.ua"),),
        ),
        (
            "03 06 03 b0 af82 02066a00850a036578616d706c6500850378000601",
            ContentType("application/vnd.wap.slc"),
            (("X-Wap-Application-Id", "x-wap-application:wml.ua"),),
        ),
        (
            "04 06 03 b2 af82 02076a00458607036578616d706c650085036100010101",
            ContentType("application/vnd.wap.coc"),
            (("X-Wap-Application-Id", "x-wap-application:wml.ua"),),
        ),
        (
            "05 06 03 be af84 8c82985431323334008d92",
            ContentType("application/vnd.wap.mms-message"),
            (("X-Wap-Application-Id", "x-wap-application:mms.ua"),),
        ),
        (
            "06 06 03 b4 af81 00018208c40b23f10a000009",
            ContentType("application/vnd.wap.sia"),
            (("X-Wap-Application-Id", "x-wap-application:push.sia"),),
        ),
    ],
)
def test_usual_pushes_decode_and_encode_to_the_same_octets(octets, kind, headers):
    """The pushes that gateways send: SI, SL, CO, MMS notification, session initiation."""
    data = bytes.fromhex(octets)
    value = wsp.decode_push(data)
    assert (value.tid, value.content_type, value.headers) == (data[0], kind, headers)
    assert value.encode() == data
