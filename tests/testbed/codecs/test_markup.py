"""Reading XML strictly and within bounds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testbed.codecs import markup
from testbed.codecs.markup import Limits, MarkupError


def refusal(xml, limits=markup.DEFAULT_LIMITS):
    with pytest.raises(MarkupError) as caught:
        markup.read(xml, limits)
    return caught.value


def test_elements_keep_attributes_text_and_place():
    """An element has its attributes in order, its own text, and where its start tag stands."""
    root = markup.read(b'<a x="1" w="2">one<b/>two</a>').root
    assert (root.name, list(root.attributes.items()), root.text) == (
        "a",
        [("x", "1"), ("w", "2")],
        "onetwo",
    )
    (inner,) = root.children
    assert (inner.name, inner.place, inner.fragment) == ("b", (1, 19), "<b/>")


def test_doctype_is_read_and_never_fetched():
    """The DOCTYPE's name and identifiers are known; nothing else of it is used."""
    xml = b'<?xml version="1.0"?>\n<!DOCTYPE pap PUBLIC "-//X//EN"\n "http://h/x.dtd">\n<pap/>'
    document = markup.read(xml)
    assert document.doctype == "pap"
    assert document.public_id == "-//X//EN"
    assert document.system_id == "http://h/x.dtd"
    assert document.root.place == (4, 1)


USUAL = b'<!DOCTYPE pap PUBLIC "-//X//EN" "http://h/x.dtd">'
"""What needs no pass of its own."""
UNUSUAL = USUAL.replace(b" PUBLIC", b"  PUBLIC").replace(b">", b"[]>")


@pytest.mark.parametrize(
    "rest",
    [
        b"\n<pap a='1'>\n<b>&amp;</b></pap><?x y?>",
        b"<pap a='&e;'/>",
        b"<pap>&e;</pap>",
        b'<!DOCTYPE pap [<!ENTITY e "x">]><pap>&e;</pap>',
        b'<!DOCTYPE pap PUBLIC "-//X//EN" "http://h/x.dtd"><pap/>',
        b"text<pap/>",
        b"",
    ],
)
@pytest.mark.parametrize(
    "first", [b"", b'<?xml version="1.0"?>\n', b"<?xml version='2'?>", b"<?x?>"]
)
def test_usual_doctype_makes_no_difference(first, rest):
    """A document with the DOCTYPE that nearly all have is read, or refused, like any other."""

    def outcome(doctype):
        try:
            document = markup.read(first + doctype + rest)
        except MarkupError as error:
            return error.text, error.line
        return document.doctype, document.public_id, document.system_id, document.root.text

    assert outcome(USUAL) == outcome(UNUSUAL)


def test_doctype_with_a_system_identifier_only():
    """A DOCTYPE may lack its public identifier."""
    document = markup.read(b"<!DOCTYPE a SYSTEM 'x.dtd'><a/>")
    assert (document.public_id, document.system_id) == (None, "x.dtd")


def test_doctype_with_a_name_only():
    """A DOCTYPE may name neither identifier."""
    document = markup.read(b"<!-- first --><!DOCTYPE a><a/>")
    assert (document.doctype, document.public_id, document.system_id) == ("a", None, None)


def test_instructions_in_prolog_and_subset_are_known():
    """Processing instructions outside the root element are kept, those inside are not."""
    xml = b"<?one 1?><!DOCTYPE a [ <!-- c ]> --> <?two 2 2?> ]><?three?><a><?four?></a><?five 5?>"
    assert markup.read(xml).instructions == (
        ("two", "2 2"),
        ("one", "1"),
        ("three", ""),
        ("five", "5"),
    )


@pytest.mark.parametrize(
    "subset",
    [
        b'<!ENTITY a "b">',
        b'<!ENTITY % a "b">',
        b'<!ENTITY a SYSTEM "file:///etc/passwd">',
        b"<!ELEMENT p EMPTY>",
        b'<!ATTLIST p a CDATA "x">',
        b'<!NOTATION n SYSTEM "x">',
        b"%outside;",
    ],
)
def test_declarations_in_the_doctype_are_refused(subset):
    """An internal subset declares nothing, so no entity can be made to grow."""
    error = refusal(b"<!DOCTYPE p [\n" + subset + b"]><p/>")
    assert "DOCTYPE" in error.text
    assert (error.line, error.column) == (2, 1)


@pytest.mark.parametrize(
    "xml", [b'<!DOCTYPE p SYSTEM "x"><p a="1&foo;2"/>', b'<!DOCTYPE p SYSTEM "x"><p>&foo;</p>']
)
def test_undeclared_entities_are_refused_in_spite_of_a_doctype(xml):
    """A reference to an entity that nobody declared is an error, also in an attribute."""
    assert refusal(xml).text == "undefined entity"


def test_what_is_not_well_formed_has_its_place():
    """An error of well-formedness names line and column, and shows the piece."""
    error = refusal(b"<a>\n <b></c>\n</a>")
    assert (error.text, error.line, error.column) == ("mismatched tag", 2, 7)
    assert str(error) == "line 2, column 7: mismatched tag"


@pytest.mark.parametrize("xml", [b"", b"<a", b"<!DOCTYPE", b"<!DOCTYPE a>", b"<a/><b/>", b"\xff"])
def test_incomplete_documents_are_refused(xml):
    """What is no whole document is refused."""
    refusal(xml)


@pytest.mark.parametrize(
    ("xml", "limits", "text"),
    [
        (b"<a>      </a>", Limits(octets=12), "13 octets are more than 12"),
        (b"<a><b><c/></b></a>", Limits(depth=2), "elements nest deeper than 2"),
        (b"<a><b/><b/></a>", Limits(elements=2), "more than 2 elements"),
        (b'<a x="" y=""/>', Limits(attributes=1), "more than 1 attributes on a"),
        (b'<a x="12345"/>', Limits(attribute_length=4), "an attribute of a is longer than 4"),
    ],
)
def test_limits_are_kept(xml, limits, text):
    """More than a limit allows is refused."""
    assert refusal(xml, limits).text == text


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "iso-8859-1"])
def test_encodings_of_xml_are_read(encoding):
    """UTF-8 and UTF-16 with a byte order mark are known, ISO-8859-1 where it is declared."""
    declared = encoding.removesuffix("-sig")
    text = f'<?xml version="1.0" encoding="{declared}"?><!DOCTYPE a SYSTEM "é"><a>é</a>'
    document = markup.read(text.encode(encoding))
    assert document.root.text == "é"
    assert document.system_id == "é"


@pytest.mark.parametrize("encoding", [b"cp037", b"utf-7", b"no-such", b"hex"])
def test_other_encodings_are_refused(encoding):
    """An encoding that few have is refused by name, not guessed."""
    error = refusal(b'<?xml version="1.0" encoding="' + encoding + b'"?><a/>')
    assert error.text == f"encoding {encoding.decode()} is not supported"


def test_broken_utf_16_is_refused():
    """Octets after a UTF-16 byte order mark have to be UTF-16."""
    assert refusal(b"\xff\xfea").text == "octets that are no UTF-16"


def test_fragment_holds_no_character_that_xml_lacks():
    """What is shown of an offending piece can be put into an answer."""
    assert refusal(b"<a>\x00\x01</a>").fragment == "\ufffd\ufffd</a>"


@given(st.text())
def test_escaped_text_reads_back(text):
    """Whatever escape accepts comes back as attribute and as text."""
    try:
        escaped = markup.escape(text)
    except ValueError:
        assert not markup.is_character_data(text)
        return
    root = markup.read(f'<a x="{escaped}">{escaped}</a>'.encode()).root
    assert root.attributes["x"] == text
    assert root.text == text


@given(st.binary() | st.text(alphabet="<>/!?[]&;= \"'aDOCTYPE%-").map(str.encode))
def test_random_octets_raise_only_markup_errors(octets):
    """Nothing but MarkupError leaves the reader."""
    try:
        markup.read(octets)
    except MarkupError as error:
        assert error.line >= 1  # noqa: PT017
