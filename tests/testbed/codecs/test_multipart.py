"""multipart/related bodies."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testbed.codecs import multipart
from testbed.codecs.media import ContentType
from testbed.codecs.multipart import Limits, MultipartError, Part

RELATED = "multipart/related; boundary=asdf"


def refusal(content_type, body, limits=multipart.DEFAULT_LIMITS):
    with pytest.raises(MultipartError) as caught:
        multipart.parse(content_type, body, limits=limits)
    return caught.value


def test_parts_are_split_with_headers_and_octets():
    """Each part has its type, its other headers in order, and its octets as they are."""
    body = (
        b"preamble\r\n--asdf\r\nContent-Type: application/xml; charset=utf-8\r\n\r\n<pap/>\r\n"
        b"--asdf \t\r\nX-Wap-Application-Id: x-wap-application:mms.ua\r\n"
        b"content-type:\r\n application/octet-stream\r\nX-Empty:\r\n\r\n\x00\r\n\n--asd\xff\r\n\r\n"
        b"--asdf--\r\nepilogue"
    )
    assert multipart.parse('Multipart/Related; boundary="asdf"', body) == (
        Part(ContentType("application/xml", (("charset", "utf-8"),)), b"<pap/>"),
        Part(
            ContentType("application/octet-stream"),
            b"\x00\r\n\n--asd\xff\r\n",
            (("X-Wap-Application-Id", "x-wap-application:mms.ua"), ("X-Empty", "")),
        ),
    )


def test_lines_may_end_in_lf_alone():
    """Initiators that write bare line feeds are understood, and without a last line end too."""
    body = (
        b"--asdf\nContent-Type: text/plain\n\none\n--asdf\nContent-Type: text/plain\n\n\n--asdf--"
    )
    assert [part.body for part in multipart.parse(RELATED, body)] == [b"one", b""]


def test_delimiter_counts_at_the_start_of_a_line_only():
    """The boundary inside a line, or with more behind it, belongs to the content."""
    body = b"--asdf\r\nContent-Type: text/plain\r\n\r\nx--asdf\r\n--asdfg\r\n--asdf--"
    assert multipart.parse(RELATED, body)[0].body == b"x--asdf\r\n--asdfg"


def test_headers_are_found_in_any_case():
    """A header is found by its name in any case; the first of several counts."""
    part = Part(ContentType("a/b"), b"", (("X-Wap-Content-URI", "1"), ("x-wap-content-uri", "2")))
    assert part.header("X-WAP-Content-Uri") == "1"
    assert part.header("Date") is None


@pytest.mark.parametrize(
    ("content_type", "text"),
    [
        ("", "Content-Type: '' is not a media type"),
        ("application/xml", "the body is application/xml, not multipart/related"),
        ("multipart/related", "Content-Type names no boundary"),
        ('multipart/related; boundary=""', "the boundary '' is not allowed"),
        ('multipart/related; boundary="a "', "the boundary 'a ' is not allowed"),
        ('multipart/related; boundary="é"', "the boundary 'é' is not allowed"),
        ("multipart/related; boundary=other", "the boundary 'other' is not there"),
    ],
)
def test_content_type_has_to_name_the_boundary(content_type, text):
    """Without a boundary that occurs there is nothing to split by."""
    error = refusal(content_type, b"--asdf\r\nContent-Type: a/b\r\n\r\n\r\n--asdf--")
    assert (error.text, error.part) == (text, None)


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b"", "the boundary 'asdf' is not there"),
        (b"--asdf--", "there are no parts"),
        (
            b"--asdf\r\nContent-Type: a/b\r\n\r\nxyz",
            "the boundary 'asdf' is not closed: the body is cut off",
        ),
    ],
)
def test_cut_bodies_are_refused(body, text):
    """A body without its closing delimiter has been cut off."""
    error = refusal(RELATED, body)
    assert (error.text, error.part) == (text, None)


@pytest.mark.parametrize(
    ("part", "text"),
    [
        (b"Content-Type: a/b", "part 2: no empty line after the headers"),
        (b"", "part 2: no empty line after the headers"),
        (b"X: y\r\n\r\nbody", "part 2: it lacks its Content-Type"),
        (b"\r\nbody", "part 2: it lacks its Content-Type"),
        (b"Content-Type: a/b\r\ncontent-type: a/b\r\n\r\n", "part 2: two Content-Type"),
        (b"Content-Type: what\r\n\r\n", "part 2: Content-Type: 'what' is not a media type"),
        (b"Content Type: a/b\r\n\r\n", "part 2: 'Content Type: a/b' is not a header"),
        (b"no colon\r\n\r\n", "part 2: 'no colon' is not a header"),
        (b" a: b\r\n\r\n", "part 2: ' a: b' is not a header"),
        (
            b"Content-Type: a/b\r\nContent-Transfer-Encoding: base64\r\n\r\n",
            "part 2: Content-Transfer-Encoding base64 is not known",
        ),
    ],
)
def test_errors_name_the_part(part, text):
    """What is wrong inside a part is told with the part's number."""
    body = b"--asdf\r\nContent-Type: a/b\r\n\r\n1\r\n--asdf\r\n" + part + b"\r\n--asdf--"
    error = refusal(RELATED, body)
    assert str(error) == text
    assert error.part == 2


def test_identity_transfer_encodings_are_borne():
    """Mail libraries add a Content-Transfer-Encoding; one that changes nothing is accepted."""
    headers = b"MIME-Version: 1.0\r\nContent-Transfer-Encoding: Binary\r\nContent-Type: a/b"
    body = b"--asdf\r\n" + headers + b"\r\n\r\n1\r\n--asdf--"
    assert multipart.parse(RELATED, body)[0].header("MIME-Version") == "1.0"


@pytest.mark.parametrize(
    ("limits", "text"),
    [
        (Limits(parts=1), "more than 1 parts"),
        (Limits(headers=1), "part 1: more than 1 headers"),
        (Limits(header_octets=24), "part 1: headers of more than 24 octets"),
    ],
)
def test_limits_are_kept(limits, text):
    """More than a limit allows is refused."""
    part = b"--asdf\r\nX: 1\r\nContent-Type: a/b\r\n\r\nsome octets\r\n"
    assert str(refusal(RELATED, part * 2 + b"--asdf--", limits)) == text


def test_first_part_is_the_root():
    """The type parameter names what the first part is (RFC 2387 §3.1)."""
    parts = [Part(ContentType("application/xml"), b"1"), Part(ContentType("a/b"), b"2")]
    content_type, body = multipart.build(parts, boundary="asdf")
    assert content_type == 'multipart/related; type="application/xml"; boundary=asdf'
    assert body == (
        b"--asdf\r\nContent-Type: application/xml\r\n\r\n1\r\n"
        b"--asdf\r\nContent-Type: a/b\r\n\r\n2\r\n--asdf--\r\n"
    )


@pytest.mark.parametrize(
    ("parts", "boundary"),
    [
        ([], "asdf"),
        ([Part(ContentType("a/b"), b"--asdf")], "asdf"),
        ([Part(ContentType("a/b"), b"")], ""),
        ([Part(ContentType("a/b"), b"")], "a" * 71),
        ([Part(ContentType("a/b"), b"", (("X Y", "z"),))], "asdf"),
        ([Part(ContentType("a/b"), b"", (("X", "z\r\nY: 1"),))], "asdf"),
    ],
)
def test_what_cannot_be_built_is_refused(parts, boundary):
    """A boundary that occurs in a part, or a header that is none, is the caller's error."""
    with pytest.raises(ValueError):
        multipart.build(parts, boundary=boundary)


header_values = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), max_size=20)
parts = st.builds(
    Part,
    st.sampled_from([ContentType("application/xml"), ContentType("a/b", (("c", "d e"),))]),
    st.binary() | st.text(alphabet="\r\n-ab").map(str.encode),
    st.lists(
        st.tuples(st.from_regex(r"X-[a-z]{1,5}", fullmatch=True), header_values), max_size=3
    ).map(tuple),
)
boundaries = st.from_regex(r"[0-9A-Za-z'()+_,./:=? -]{8,60}[0-9a-z]", fullmatch=True)


@given(st.lists(parts, min_size=1, max_size=4), boundaries)
def test_parts_come_back_as_they_were(entities, boundary):
    """Whatever is built splits into the same parts, octet by octet."""
    content_type, body = multipart.build(entities, boundary=boundary)
    assert multipart.parse(content_type, body) == tuple(entities)


@given(st.text() | st.just(RELATED), st.binary() | st.text(alphabet="\r\n-asdf:").map(str.encode))
def test_random_octets_raise_only_multipart_errors(content_type, body):
    """Nothing but MultipartError leaves the splitter."""
    try:
        multipart.parse(content_type, body)
    except MultipartError as error:
        assert error.text  # noqa: PT017
