"""WML as WBXML: what libwbxml2 writes, with variables and white space put right."""

from __future__ import annotations

import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from testbed.codecs import libwbxml, wml
from testbed.codecs.errors import ContentError
from tests.conftest import missing_peer, require_peer

DOCTYPE = (
    '<!DOCTYPE wml PUBLIC "-//WAPFORUM//DTD WML 1.{}//EN" "http://www.wapforum.org/DTD/wml.xml">'
)


def deck(inner):
    return f"<wml><card><p>{inner}</p></card></wml>".encode()


@pytest.fixture(scope="module")
def library():
    """See that the library can be had."""
    if not wml.is_available():
        missing_peer("libwbxml2.so.1 is not there: it is in Debian's package libwbxml2-1")


def paragraph(inner):
    """Return the octets between the tags of a paragraph."""
    octets = wml.transcode(deck(inner))
    head = bytes.fromhex("02046a007f6760")
    assert octets.startswith(head)
    assert octets.endswith(b"\x01\x01\x01")
    return octets[len(head) : -3]


pytestmark = [pytest.mark.interop, pytest.mark.usefixtures("library")]


def test_a_deck_is_tokens_and_strings():
    """Version 1.2, WML 1.1, UTF-8, no string table; wml, card, p, text."""
    assert wml.transcode(deck("Hi")).hex() == "02046a007f6760" + "03486900" + "010101"


@pytest.mark.parametrize(("minor", "number"), [(1, 0x04), (2, 0x09), (3, 0x0A)])
def test_the_version_of_wml_is_kept(minor, number):
    """By the public identifier of the DOCTYPE."""
    octets = wml.transcode(DOCTYPE.format(minor).encode() + deck("x"))
    assert octets[1] == number


@pytest.mark.parametrize(
    "doctype",
    [
        "",
        '<!DOCTYPE wml SYSTEM "wml.dtd">',
        '<!DOCTYPE wml PUBLIC "-//PHONE.COM//DTD WML 1.1//EN" "x">',
        '<!DOCTYPE wml PUBLIC "-//PHONE.COM//DTD WML 1.1//EN" "x" [ <!-- none --> ]>',
    ],
)
def test_another_doctype_is_taken_for_the_usual_one(doctype):
    """WML 1.1, which all browsers have."""
    assert wml.transcode(doctype.encode() + deck("x")) == wml.transcode(deck("x"))


@pytest.mark.parametrize(
    ("reference", "octets"),
    [
        ("$x", "427800"),
        ("$(x)", "427800"),
        ("$(x:n)", "427800"),
        ("$(x:noesc)", "427800"),
        ("$(x:e)", "407800"),
        ("$(x:ESCAPE)", "407800"),
        ("$(x:u)", "417800"),
        ("$(x:unesc)", "417800"),
        ("$$", "032400"),
        ("$", "032400"),
        ("$(x:what)", b"\x03$(x:what)\x00".hex()),
        ("$5", b"\x03$5\x00".hex()),
    ],
)
@pytest.mark.clause("WAP-191 §14", "WML as WBXML, variables included")
def test_variables_are_tokens(reference, octets):
    """EXT_I_0 to EXT_I_2 by how the value is escaped; "$$" is a "$"."""
    assert paragraph(reference).hex() == octets


def test_variables_stand_among_text():
    """What is before and after them stays text."""
    assert paragraph("a $x, b").hex() == "03612000" + "427800" + "032c206200"


def test_variables_stand_in_attributes():
    """Between the tokens for the common beginnings of a URL and their kind."""
    octets = paragraph('<a href="http://www.x.com/$id">l</a>')
    assert octets.hex() == "dc4ba1" + "037800" + "85" + "42696400" + "01" + "036c00" + "01"


@pytest.mark.parametrize(
    ("inner", "text"),
    [
        ("a\n   b\tc", "a b c"),
        ("<![CDATA[<&]]>", "<&"),
        ("a<!-- x -->b<?x y?>", "ab"),
        ("&nbsp;&shy;&#233;&lt;", "\xa0\xad\xe9<"),
    ],
)
def test_text_is_what_a_browser_would_show(inner, text):
    """White space collapsed, CDATA as text, neither comments nor instructions."""
    assert paragraph(inner).replace(b"\x00\x03", b"").decode() == f"\x03{text}\x00"


def test_white_space_between_words_is_kept():
    """Also where it is all that stands between two elements."""
    assert paragraph("<b>a</b> <i>b</i>").hex() == "64036100010320006d03620001"


def test_white_space_between_blocks_is_not():
    """A deck that is indented has the octets of one that is not."""
    indented = b"<wml>\n  <card>\n    <p>x</p>\n  </card>\n</wml>\n"
    assert wml.transcode(indented) == wml.transcode(deck("x"))


def test_white_space_of_preformatted_text_is_kept():
    """pre of WML 1.2."""
    xml = DOCTYPE.format(2) + "<wml><card><pre>a\n  b</pre></card></wml>"
    assert b"\x03a\n  b\x00" in wml.transcode(xml.encode())


@pytest.mark.parametrize("encoding", ["utf-8", "iso-8859-1", "utf-16"])
def test_other_encodings_become_utf_8(encoding):
    """Those that XML declares, or shows by its first octets."""
    declared = "" if encoding == "utf-16" else f'<?xml version="1.0" encoding="{encoding}"?>'
    xml = (declared + deck("äö").decode()).encode(encoding)
    assert wml.transcode(xml) == wml.transcode(deck("äö"))


@pytest.mark.parametrize(
    ("xml", "text"),
    [
        (b"", "line 1, column 1"),
        (b"<wml>\n<card></wml>", "line 2, column 9"),
        (b"<html/>", "html stands where wml belongs"),
        (b"<wml><blink/></wml>", "Literal"),
        (b"<wml>&other;</wml>", "undefined entity"),
        (b'<!DOCTYPE wml [<!ENTITY a "b">]><wml/>', "declarations"),
        (b"<wml>" * 80 + b"</wml>" * 80, "deeper"),
        (b'<?xml version="1.0" encoding="koi8-r"?><wml/>', "koi8-r"),
    ],
)
def test_what_is_no_wml_is_refused(xml, text):
    """With the place where it is wrong, as far as that is known."""
    with pytest.raises(ContentError, match=text):
        wml.transcode(xml)


def test_the_peer_reads_it_back(tmp_path):
    """wbxml2xml understands each token, those of variables included."""
    program = require_peer("wbxml2xml", package="libwbxml2-utils")
    inner = 'a $(x:e) <a href="http://www.x.com/$(id)">l</a> $$5'
    (tmp_path / "a.wmlc").write_bytes(wml.transcode(deck(inner)))
    command = [program, "-o", "-", str(tmp_path / "a.wmlc")]
    done = subprocess.run(command, check=True, capture_output=True, timeout=180)
    xml = done.stdout.decode()
    assert "a $(x:escape)" in xml
    assert 'href="http://www.x.com/$(id:noesc)"' in xml
    assert "$5" in xml


def test_the_peer_has_the_same_octets(tmp_path):
    """Where neither variables nor white space are in question, xml2wbxml writes the same."""
    program = require_peer("xml2wbxml", package="libwbxml2-utils")
    inner = '<b>bold</b><a href="http://www.x.com/">link</a><input name="n" type="password"/>'
    xml = DOCTYPE.format(1).encode() + deck(inner)
    (tmp_path / "a.wml").write_bytes(xml)
    command = [program, "-n", "-v", "1.2", "-o", str(tmp_path / "a.wmlc"), str(tmp_path / "a.wml")]
    subprocess.run(command, check=True, capture_output=True, timeout=180)
    assert wml.transcode(xml).hex() == (tmp_path / "a.wmlc").read_bytes().hex()


ELEMENTS = (
    "p",
    "b",
    "a",
    "anchor",
    "br",
    "card",
    "do",
    "go",
    "table",
    "td",
    "tr",
    "select",
    "option",
    "input",
    "pre",
    "setvar",
)
TEXTS = st.sampled_from(
    (
        "",
        " ",
        "a",
        "$",
        "$(x:e)",
        "$$",
        "\n b",
        "&lt;",
        "é€😀",
        "<![CDATA[&]]>",
        "<!-- -->",
        "<?a?>",
    )
)
ATTRIBUTES = st.dictionaries(
    st.sampled_from(("href", "name", "value", "type", "title", "class", "id")),
    st.sampled_from(("", "accept", "http://www.a.com/b.org/", "$(x)", "é", "a" * 300)),
    max_size=3,
)


def written(name, attributes, inner):
    spelled = "".join(f' {key}="{value}"' for key, value in attributes.items())
    return f"<{name}{spelled}>{''.join(inner)}</{name}>"


TREES = st.recursive(
    TEXTS,
    lambda inner: st.builds(written, st.sampled_from(ELEMENTS), ATTRIBUTES, st.lists(inner)),
    max_leaves=30,
)


@settings(max_examples=300)
@given(st.lists(TREES, max_size=4), st.sampled_from(("", *map(DOCTYPE.format, (1, 2, 3)))))
def test_any_deck_is_written_or_refused(trees, doctype):
    """No other error, and what is written begins and ends as WBXML does."""
    try:
        octets = wml.transcode((doctype + written("wml", {}, trees)).encode())
    except ContentError:
        return
    assert octets[0] == 2
    assert octets[2:4] == b"\x6a\x00"


@settings(max_examples=300)
@given(st.binary(max_size=200))
def test_any_octets_are_written_or_refused(octets):
    """No other error."""
    try:
        wml.transcode(b"<wml>" + octets + b"</wml>")
        wml.transcode(octets)
    except ContentError:
        return


def test_a_message_needs_no_library(monkeypatch, tmp_path):
    """A deck with a title and a paragraph, which the peer reads."""
    monkeypatch.setattr(wml, "libwbxml", lambda: None)
    program = require_peer("wbxml2xml", package="libwbxml2-utils")
    (tmp_path / "a.wmlc").write_bytes(wml.message("Not found", "<nothing> here"))
    command = [program, "-o", "-", str(tmp_path / "a.wmlc")]
    done = subprocess.run(command, check=True, capture_output=True, timeout=180)
    xml = done.stdout.decode()
    assert '<card title="Not found">' in xml
    assert "&lt;nothing&gt; here" in xml


def test_a_machine_without_the_library_says_so(monkeypatch):
    """And nothing is compiled there."""
    monkeypatch.setattr(libwbxml, "_FILE", "libnothing.so.0")
    libwbxml.libwbxml.cache_clear()
    try:
        assert not wml.is_available()
        with pytest.raises(RuntimeError):
            wml.transcode(deck("x"))
    finally:
        libwbxml.libwbxml.cache_clear()
