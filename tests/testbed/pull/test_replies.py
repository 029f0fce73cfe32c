"""What becomes of an origin server's answer on its way to the terminal."""

from __future__ import annotations

import pytest

from testbed.codecs import si, sl, wml
from testbed.codecs.media import ContentType
from testbed.codecs.wsp.pdus import Get, Method, Reply
from testbed.gateway.testing import INDICATION
from tests.testbed.pull.conftest import TEXT, URL, WMLC

PLAIN = ContentType("text/plain")
SI = si.build(INDICATION)
SIC = ContentType(si.WBXML_TYPE)
ANY = ("Accept", "*/*")


def kind(value):
    return ("Content-Type", value)


def fetch(bench, *accept, status=200, body=b"hello", headers=(TEXT,)):
    """Ask for a page that is served so; return the reply."""
    bench.get(URL, *accept)
    bench.answer(status, body, *headers)
    return bench.reply


# Status


@pytest.mark.parametrize("status", [200, 201, 206, 400, 401, 404, 410, 500, 503])
def test_a_status_goes_to_the_terminal(bench, status):
    """With what the origin server says."""
    assert fetch(bench, status=status) == Reply(status, PLAIN, b"hello")


@pytest.mark.parametrize(("status", "told"), [(226, 200), (308, 307), (451, 400), (599, 500)])
def test_a_status_that_wsp_lacks_becomes_the_first_of_its_kind(bench, status, told):
    """As HTTP has it for who does not know a status."""
    assert fetch(bench, status=status).status == told


@pytest.mark.parametrize("location", ["/next?a=b", "http://127.0.0.1:8088/next?a=b", "next?a=b"])
def test_a_redirection_is_handed_to_the_terminal(bench, location):
    """With the place in full, and without a body; the gateway goes nowhere by itself."""
    reply = fetch(bench, WMLC, status=302, headers=(kind("text/html"), ("Location", location)))
    assert reply == Reply(302, PLAIN, b"", (("Location", "http://127.0.0.1:8088/next?a=b"),))
    assert len(bench.fetches) == 1


def test_a_location_that_is_no_url_stays_as_it_is(bench):
    """The terminal may make of it what it can."""
    reply = fetch(bench, status=302, headers=(("Location", "http://[1/"),))
    assert reply.headers == (("Location", "http://[1/"),)


@pytest.mark.parametrize("status", [204, 304])
def test_some_statuses_have_no_body(bench, status):
    """Whatever the terminal accepts."""
    assert fetch(bench, WMLC, status=status, body=b"") == Reply(status, PLAIN)


# Content


@pytest.mark.parametrize(
    ("source", "xml", "binary"),
    [
        (si.XML_TYPE, SI, si.WBXML_TYPE),
        (sl.XML_TYPE, b'<sl href="http://a.example/"/>', sl.WBXML_TYPE),
        (
            "text/vnd.wap.co",
            b'<co><invalidate-object uri="http://a/"/></co>',
            "application/vnd.wap.coc",
        ),
    ],
)
def test_markup_takes_its_binary_form(bench, source, xml, binary):
    """Where the terminal takes it."""
    reply = fetch(bench, ("Accept", binary), body=xml, headers=(kind(source),))
    assert reply.content_type == ContentType(binary)
    assert reply.body[0] == 2


@pytest.mark.parametrize(
    ("accept", "binary"),
    [
        ((), True),
        ((ANY,), True),
        ((("Accept", si.XML_TYPE),), False),
        ((("Accept", si.XML_TYPE), ("Accept", f"{si.WBXML_TYPE}; q=0.5")), False),
        ((("Accept", si.XML_TYPE), ("Accept", si.WBXML_TYPE)), True),
        ((("Accept", f"{si.XML_TYPE}; q=0.5"), ("Accept", "application/*")), True),
    ],
)
def test_the_better_liked_form_is_taken(bench, accept, binary):
    """The binary one where both are liked as much."""
    reply = fetch(bench, *accept, body=SI, headers=(kind(si.XML_TYPE),))
    assert reply.content_type.media == (si.WBXML_TYPE if binary else si.XML_TYPE)


def test_markup_that_is_none_is_a_bad_gateway(bench):
    """With the place that is wrong."""
    reply = fetch(bench, ("Accept", si.WBXML_TYPE), body=b"<si>", headers=(kind(si.XML_TYPE),))
    assert reply.status == 502
    assert b"text/vnd.wap.si is not in order: line 1, column 5" in reply.body


def test_the_gateway_is_brief(bench):
    """However long the words are that it could repeat."""
    kind_of_many = kind(f"text/{'a' * 5000}")
    assert len(fetch(bench, WMLC, headers=(kind_of_many,)).body) < 400


def test_a_charset_beside_the_markup_counts(bench):
    """And not what the markup declares of itself."""
    xml = '<?xml version="1.0" encoding="us-ascii"?><si><indication>äö</indication></si>'
    headers = (kind(f"{si.XML_TYPE}; charset=ISO-8859-1"),)
    reply = fetch(bench, ANY, body=xml.encode("iso-8859-1"), headers=headers)
    assert si.decode(reply.body).text == "äö"


@pytest.mark.parametrize(
    ("charset", "accept", "rewritten"),
    [
        ("iso-8859-1", ("utf-8",), True),
        ("iso-8859-1", ("iso-8859-1",), False),
        ("iso-8859-1", ("utf-8", "*"), False),
        ("iso-8859-1", ("iso-8859-5",), False),
        ("iso-8859-1", (), False),
        ("windows-1252", ("utf-8",), True),
    ],
)
def test_text_is_rewritten_in_utf_8(bench, charset, accept, rewritten):
    """Where the terminal names charsets, and not this one."""
    headers = (kind(f"text/plain; charset={charset}; format=flowed"),)
    accepted = (("Accept-Charset", one) for one in accept)
    reply = fetch(bench, *accepted, body="äö".encode(charset), headers=headers)
    told = "utf-8" if rewritten else charset
    assert reply.content_type.parameter("charset") == told
    assert reply.content_type.parameter("format") == "flowed"
    assert reply.body == "äö".encode(told)


@pytest.mark.parametrize(
    ("charset", "body", "text"),
    [
        ("zlib", b"x", b"charset 'zlib' is not known"),
        ("shift_jis", b"\xff\xff", b"the content is not shift_jis"),
    ],
)
def test_text_in_no_charset_is_a_bad_gateway(bench, charset, body, text):
    """It cannot be rewritten."""
    headers = (kind(f"text/plain; charset={charset}"),)
    reply = fetch(bench, ("Accept-Charset", "utf-8"), body=body, headers=headers)
    assert reply.status == 502
    assert text in reply.body


def test_what_the_terminal_does_not_take_is_not_acceptable(bench):
    """406, in a form that it takes."""
    reply = fetch(bench, WMLC, headers=(kind("text/html"),))
    assert reply.status == 406
    assert reply.content_type == ContentType(wml.WBXML_TYPE)
    assert b"text/html is not taken by the terminal" in reply.body


def test_a_quality_of_nothing_is_a_refusal(bench):
    """Though a wider range takes it."""
    reply = fetch(bench, ANY, ("Accept", "text/plain; q=0"))
    assert reply.status == 406


def test_preferences_that_make_no_sense_are_passed_over(bench):
    """The others count."""
    reply = fetch(bench, ("Accept", "text/plain, a/b/c; q=x, image/"))
    assert reply.status == 200


def test_a_head_of_what_is_not_taken_has_its_type(bench):
    """There is no body to refuse."""
    bench.unit(Get(URL, (WMLC,), Method.HEAD))
    bench.answer(200, b"", kind("text/html"))
    assert bench.reply == Reply(200, ContentType("text/html"))


def test_an_error_page_keeps_its_status(bench):
    """Only its words are lost, where they are in a form that is not taken."""
    reply = fetch(bench, WMLC, status=404, headers=(kind("text/html"),))
    assert reply.status == 404
    assert b"Not found" in reply.body


def test_other_content_goes_as_it_is(bench):
    """With its parameters."""
    headers = (kind('image/png; name="a b"'),)
    reply = fetch(bench, ("Accept", "image/*"), body=b"\x89PNG", headers=headers)
    assert reply == Reply(200, ContentType("image/png", (("name", "a b"),)), b"\x89PNG")


@pytest.mark.parametrize("headers", [(), (kind("nonsense"),)])
def test_content_of_no_type_is_octets(bench, headers):
    """The terminal is not told what nobody knows."""
    reply = fetch(bench, headers=(("ETag", "1"), *headers))
    assert reply.content_type == ContentType("application/octet-stream")


def test_a_content_type_that_cannot_be_written_is_a_bad_gateway(bench):
    """A control character in a parameter."""
    reply = fetch(bench, headers=(kind('text/plain; name="a\x01"'),))
    assert reply.status == 502


def test_encoded_content_is_a_bad_gateway(bench):
    """Nobody asked for gzip, and neither end might undo it."""
    reply = fetch(bench, headers=(TEXT, ("Content-Encoding", "gzip")))
    assert reply.status == 502
    assert b"gzip" in reply.body


def test_an_empty_page_is_one(bench):
    """Nothing to convert."""
    reply = fetch(bench, WMLC, body=b"", headers=(kind("text/vnd.wap.wml"),))
    assert (reply.status, reply.body) == (200, b"")


# Headers


def test_headers_go_along(bench):
    """Those that WSP has a coding for, and others of the application."""
    headers = (TEXT, ("ETag", '"x"'), ("X-Lab", "yes"), ("Server", "lab"))
    assert fetch(bench, headers=headers).headers == headers[1:]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Connection", "close"),
        ("X-Hop", "1"),
        ("Transfer-Encoding", "chunked"),
        ("Content-Length", "5"),
        ("Strict-Transport-Security", "max-age=1"),
        ("Expires", "0"),
        ("X-Control", "a\x01b"),
        ("X-Long", "a" * 2048),
    ],
)
def test_other_headers_stay_behind(bench, name, value):
    """Those of one hop, of no use to a terminal, or that cannot be written."""
    headers = (TEXT, ("Connection", "x-hop"), (name, value), ("ETag", "1"))
    assert fetch(bench, headers=headers).headers == (("ETag", "1"),)


def test_headers_with_codings_of_their_own_go_along(bench):
    """Each method of Allow by itself; a cookie, a challenge, a wait."""
    headers = (
        TEXT,
        ("Allow", "GET, POST, PATCH"),
        ("Set-Cookie", "id=abc; path=/"),
        ("WWW-Authenticate", 'Basic realm="lab"'),
        ("WWW-Authenticate", "Negotiate"),
        ("Retry-After", "120"),
    )
    assert fetch(bench, status=401, headers=headers).headers == (
        ("Allow", "GET"),
        ("Allow", "POST"),
        headers[2],
        headers[3],
        headers[5],
    )


def test_headers_are_bounded(bench):
    """The first 64."""
    headers = (TEXT, *((f"X-{number}", "1") for number in range(100)))
    assert len(fetch(bench, headers=headers).headers) == 64
