"""WBXML, in the small vocabularies of push."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testbed.codecs import si, sl, wbxml
from testbed.codecs.errors import ContentError
from testbed.codecs.wbxml import Node


def refusal(octets, language=si.LANGUAGE):
    with pytest.raises(ContentError) as caught:
        wbxml.decode(bytes.fromhex(octets), language)
    return caught.value


def sl_node(octets):
    return wbxml.decode(bytes.fromhex(octets), sl.LANGUAGE)


@pytest.mark.parametrize(
    "header",
    [
        "02 06 6a 00",  # 1.2, SL, UTF-8, no string table
        "01 06 6a 00",  # 1.1
        "03 06 04 00",  # 1.3, ISO-8859-1
        "02 06 00 00",  # charset not known
        "02 01 6a 00",  # public identifier not known
        "00 06 00",  # 1.0 has no charset
        # Public identifier in the string table, at 2.
        "02 00 02 03 1e 78 00 2d2f2f574150464f52554d2f2f44544420534c20312e302f2f454e00",
    ],
)
def test_headers_of_all_versions_are_read(header):
    """Versions 1.0 to 1.3, charsets like ASCII, and every way to name the document type."""
    assert sl_node(header + "85 09 0361 00 06 01") == Node(
        "sl", {"href": "http://a", "action": "execute-high"}
    )


@pytest.mark.parametrize(
    ("body", "href"),
    [
        ("85 08 01", ""),
        ("85 08 03 6100 85 03 6200 01", "a.com/b"),
        ("85 08 86 87 88 01", ".edu/.net/.org/"),
        ("85 08 83 02 83 00 01", "yzwxyz"),
        ("85 08 02 26 02 81 60 01", "&à"),
        ("00 00 85 00 00 08 00 00 03 6100 01", "a"),
    ],
)
def test_values_are_put_together(body, href):
    """Strings, value tokens, the string table, entities and page switches make up a value."""
    table = "7778797a00"  # "wxyz"
    assert sl_node(f"02 06 6a 05 {table}" + body).attributes["href"] == href


def test_literal_names_come_from_the_string_table():
    """A tag or attribute without a token has its name in the string table."""
    table = "6100 6200"  # "a", "b"
    node = sl_node(f"02 06 6a 04 {table} 84 00 04 02 03 7800 01")
    assert node == Node("a", {"b": "x"})


def test_content_may_come_in_pieces():
    """Text before, between and after children is one text."""
    node = wbxml.decode(bytes.fromhex("02056a00 45 03 6100 06 02 40 06 03 6200 01"), si.LANGUAGE)
    assert node == Node("si", children=(Node("indication"), Node("indication")), text="a@b")


@pytest.mark.parametrize(
    ("opaque", "text"),
    [
        ("07 19990625152315", "1999-06-25T15:23:15Z"),
        ("04 19990630", "1999-06-30T00:00:00Z"),
        ("06 199906301200", "1999-06-30T12:00:00Z"),
        ("07 19990630000000", "1999-06-30T00:00:00Z"),
    ],
)
def test_times_are_digit_pairs(opaque, text):
    """%Datetime travels as opaque digits whose last zeros may be missing."""
    node = wbxml.decode(bytes.fromhex(f"02056a00 85 0a c3 {opaque} 01"), si.LANGUAGE)
    assert node.attributes == {"created": text}


@pytest.mark.parametrize(
    ("octets", "octet", "text"),
    [
        ("", 0, "the document ends too early"),
        ("04", 0, "WBXML version 1.4 is not known"),
        ("12", 0, "WBXML version 2.2 is not known"),
        ("02 06", 2, "the document ends too early"),
        ("02 05 9f ff ff ff 7f", 2, "a number of more than 32 bits"),
        ("02 05 ff ff ff ff ff 7f", 2, "a number of more than 32 bits"),
        ("02 05 87 67 00", 2, "charset 999 is not supported"),
        ("02 05 6a 05 61", 4, "the string table is cut off"),
        ("02 06 6a 00 05", 1, "public identifier 6 is not 5"),
        ("02 00 00 6a 02 61 00 05", 1, "the document is 'a'"),
        ("02 00 07 6a 02 61 00 05", None, "there is no string at 7 of the string table"),
        ("02 00 00 6a 01 61 05", None, "there is no string at 0 of the string table"),
        ("02 05 6a 00 0f", 4, "tag token 0x0f is not known"),
        ("02 05 6a 00 43", 4, "tag token 0x43 is not known"),
        ("02 05 6a 00 00 01 05", 5, "there is only code page 0"),
        ("02 05 6a 00 45 c3 01 61 01", 5, "tag token 0xc3 is not known"),
        ("02 05 6a 00 45 03 61", None, "a string without its end"),
        ("02 05 6a 00 45 03 ff 00 01", None, "a string that is not utf-8"),
        ("02 05 6a 00 45 02 00 01", 6, "0 is not a character"),
        ("02 05 6a 00 45 02 83 b0 00 01", 6, "55296 is not a character"),
        ("02 05 6a 00 85 13 01", 5, "attribute token 0x13 is not known"),
        ("02 05 6a 00 85 05 06 01", 6, "the attribute action occurs twice"),
        ("02 05 6a 00 85 0b c3 01 61 01", 6, "opaque octets as href"),
        ("02 05 6a 00 85 0a c3 03 199906 01", 7, "opaque octets that are no time"),
        ("02 05 6a 00 85 0a c3 08 1999062515231500 01", 7, "opaque octets that are no time"),
        ("02 05 6a 00 85 0a c3 04 199906", 7, "opaque octets that are no time"),
        ("02 05 6a 00 85 0a c3 04 199906fa 01", 7, "opaque octets that are no time"),
        ("02 05 6a 00 05 05", 5, "octets after the document"),
        ("02 05 6a 00 45 45 45 45 45 45 45 45 45", 12, "elements nest deeper than 8"),
    ],
)
def test_what_is_no_document_is_refused_with_its_place(octets, octet, text):
    """Octets that break WBXML are refused, with the place."""
    error = refusal(octets)
    assert error.text == text
    assert error.octet is not None
    if octet is not None:
        assert error.octet == octet
        assert str(error) == f"octet {octet}: {text}"


def test_string_table_cannot_be_used_to_grow():
    """Short references to a long string are counted by what they stand for."""
    table = b"a" * 10_000 + b"\0"
    document = b"\x02\x05\x6a\xce\x11" + table + b"\x45" + b"\x83\x00" * 7 + b"\x01"
    with pytest.raises(ContentError) as caught:
        wbxml.decode(document, si.LANGUAGE)
    assert caught.value.text == "more than 65536 characters"


def test_longest_attribute_start_and_value_tokens_are_used():
    """What has a token is written with it, the longest start first."""
    node = Node("sl", {"href": "https://www.a.org/b.edu/"})
    assert wbxml.encode(node, sl.LANGUAGE).hex() == "02066a00850c036100880362008601"


@pytest.mark.parametrize(
    "node",
    [
        Node("sm"),
        Node("sl", {"src": "x"}),
        Node("sl", {"action": "jump"}),
        Node("sl", {"href": "a\0"}),
    ],
)
def test_what_has_no_tokens_cannot_be_written(node):
    """Names outside the language, and NUL, are the caller's error."""
    with pytest.raises(ValueError):
        wbxml.encode(node, sl.LANGUAGE)


texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=30)
urls = st.lists(
    st.sampled_from(["http://", "https://www.", ".com/", ".org/", ".edu", "/", "a"]) | texts,
    max_size=6,
).map("".join)
indications = st.builds(
    Node,
    st.just("indication"),
    st.fixed_dictionaries({}, optional={"href": urls, "si-id": urls, "class": urls}),
    st.just(()),
    texts,
)


@given(st.lists(indications, max_size=4), st.sampled_from([0x01, 0x02, 0x03]))
def test_trees_come_back_as_they_were(children, version):
    """Whatever is written reads back."""
    root = Node("si", children=tuple(children))
    assert wbxml.decode(wbxml.encode(root, si.LANGUAGE, version=version), si.LANGUAGE) == root


@given(
    st.binary()
    | st.binary().map(lambda rest: b"\x02\x05\x6a\x00" + rest)
    | st.lists(st.sampled_from(range(0x13))).map(
        lambda rest: b"\x02\x05\x6a\x02a\x00\xc5" + bytes(rest)
    )
)
def test_random_octets_raise_only_content_errors(octets):
    """Nothing but ContentError leaves the decoder."""
    try:
        wbxml.decode(octets, si.LANGUAGE)
    except ContentError as error:
        assert error.octet is not None  # noqa: PT017
