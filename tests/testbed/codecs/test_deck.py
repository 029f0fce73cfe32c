"""What is seen of a page."""

from __future__ import annotations

import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testbed.codecs import deck
from testbed.codecs.deck import Deck
from testbed.codecs.errors import ContentError
from tests.conftest import require_peer

# WBXML 1.2, WML 1.1, UTF-8, no string table;
# wml with content, card with attributes and content:
# title="News", then p with "One " b "two" and br, "three" by number, in a second p a variable.
NEWS = bytes.fromhex(
    "02046a00"  # header
    "7f"  # <wml>
    "e7" + "3603" + b"News".hex() + "00" + "01"  # <card title="News">
    "60" + "03" + b"One ".hex() + "00" + "64" + "03" + b"two".hex() + "00" + "01"  # <p>One <b>two
    "26" + "03" + b"t".hex() + "00" + "0268" + "03" + b"ree".hex() + "00" + "01"  # <br/>three</p>
    "60" + "42" + b"name".hex() + "00" + "01"  # <p>$(name)</p>
    "01"  # </card>
    "67" + "60" + "03" + b"unseen".hex() + "00" + "01" + "01"  # a second card
    "01"
)


def test_first_card_is_shown():
    """Its title and text, line by line; the second card waits for a link."""
    assert deck.decode(NEWS) == Deck("News", "One two\nthree")


def test_strings_may_stand_in_a_table():
    """So may the public identifier; charsets other than UTF-8 are read too."""
    # Table: the identifier at 0, "t\xe9" at 1d.
    table = b"-//WAPFORUM//DTD WML 1.1//EN\0" + b"t\xe9\0"
    # card with title from the table, processing instruction, opaque octets, code page, extensions,
    # a literal tag with a literal attribute.
    body = (
        "7f" + "43" + "3d03410001" + "e7" + "36831d01" + "60" + "0000" + "831d" + "c3020102"
        "801dc1" + "84" + "1d041d03620001" + "01" + "01" + "01"
    )
    data = bytes((2, 0, 0, 4, len(table))) + table + bytes.fromhex(body)
    assert deck.decode(data) == Deck("té", "té")


def test_title_may_hold_tokens_of_attribute_values():
    """An encoder writes www.example.com/ with them."""
    title = "36" + "8f" + "03" + b"a".hex() + "00" + "85" + "2001"
    data = bytes.fromhex("02046a00" + "7f" + "e7" + title + "01" + "01")
    assert deck.decode(data).title == "http://www.a.com/"


@pytest.mark.parametrize(
    ("octets", "text"),
    [
        ("", "too early"),
        ("02056a00", "public identifier 5"),
        ("02006a0000", "public identifier 0"),
        ("0204876800", "charset 1000"),
        ("0204ffffffffff", "35 bits"),
        ("02046a0541", "5 octets are announced"),
        ("02046a007f0341", "without its end"),
        ("02046a007f8305", "no string at 5"),
        ("02046a007f0200", "0 is not a character"),
        ("02046a007f0283b000", "55296 is not a character"),
        ("02046a007fe736", "too early"),
    ],
)
def test_faults_are_named(octets, text):
    """What is no binary WML says so."""
    with pytest.raises(ContentError, match=text):
        deck.decode(bytes.fromhex(octets))


@given(st.binary().map(lambda rest: bytes.fromhex("02046a00") + rest) | st.binary())
def test_nothing_else_is_raised(data):
    """Whatever the octets are."""
    try:
        found = deck.decode(data)
    except ContentError:
        return
    assert len(found.text) <= 20_000


def test_version_without_charset_is_utf_8():
    """WBXML 1.0 names none."""
    data = bytes.fromhex("000400" + "7f" + "6760" + "03") + "é".encode() + b"\0\1\1\1"
    assert deck.decode(data).text == "é"


def test_wml_as_text_is_read():
    """The first card of it."""
    page = """<?xml version="1.0"?>
    <!DOCTYPE wml PUBLIC "-//WAPFORUM//DTD WML 1.1//EN" "http://www.wapforum.org/DTD/wml_1.1.xml">
    <wml><template><do type="prev"><prev/></do></template>
      <card id="a" title="Caf&#233;"><p>One <b>two</b><br/>three &amp;
      four</p></card>
      <card title="b"><p>unseen</p></card></wml>"""
    assert deck.parse(page) == Deck("Café", "One two\nthree & four")


def test_html_is_read():
    """What the head holds is not seen, but for the title; unclosed elements are no matter."""
    page = (
        "<html><head><title>The news</title><style>p {}</style></head><body><h1>News</h1>"
        "<script>if (a < b) {}</script><p>One<p>two<br>three</style></body>"
    )
    assert deck.parse(page) == Deck("The news", "News\nOne\ntwo\nthree")


def test_markup_that_makes_no_sense_is_shown_as_far_as_it_does():
    """Nothing is raised."""
    assert deck.parse("<p>one<![nonsense[").text.startswith("one")
    assert deck.parse("just text") == Deck("", "just text")


@given(st.text() | st.text("<>![]-/= \"'&#;abcCDATA"))
def test_any_text_is_read(text):
    """As something."""
    assert isinstance(deck.parse(text), Deck)


@pytest.mark.interop
def test_decks_of_libwbxml_are_read(tmp_path):
    """What xml2wbxml makes of a deck is seen as the deck is."""
    require_peer("xml2wbxml", package="libwbxml2-utils")
    text = (
        '<?xml version="1.0"?><!DOCTYPE wml PUBLIC "-//WAPFORUM//DTD WML 1.3//EN" '
        '"http://www.wapforum.org/DTD/wml13.dtd"><wml><card id="main" title="Mail"><p align="left">'
        'You have <em>four</em> <a href="http://www.example.com/m?a=b">messages</a><br/>Bye</p>'
        '<p><select name="x"><option value="1">First</option><option value="2">Second</option>'
        "</select></p></card></wml>"
    )
    (tmp_path / "deck.wml").write_text(text)
    for options in (["-k"], ["-k", "-n"]):
        command = ["xml2wbxml", *options, "-o", "deck.wmlc", "deck.wml"]
        subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
        found = deck.decode((tmp_path / "deck.wmlc").read_bytes())
        assert found.title == "Mail"
        assert found.text.split() == deck.parse(text).text.split()
