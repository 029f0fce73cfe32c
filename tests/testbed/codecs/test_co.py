"""Cache Operation, as XML and as WBXML."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testbed.codecs import co
from testbed.codecs.co import CacheOperation, Invalidation, Scope
from testbed.codecs.errors import ContentError
from testbed.codecs.markup import is_character_data

OPERATION = CacheOperation(
    (
        Invalidation(Scope.OBJECT, "http://www.example.com/a"),
        Invalidation(Scope.SERVICE, "http://www.example.com/"),
    )
)
XML = (
    b'<!DOCTYPE co PUBLIC "-//WAPFORUM//DTD CO 1.0//EN" "http://www.wapforum.org/DTD/co_1.0.dtd">'
    b'<co><invalidate-object uri="http://www.example.com/a"/>\n'
    b'<invalidate-service uri="http://www.example.com/"/></co>'
)
WBXML = bytes.fromhex(
    "02"  # WBXML 1.2
    "07"  # -//WAPFORUM//DTD CO 1.0//EN
    "6a"  # UTF-8
    "00"  # no string table
    "45"  # co, with content
    "86"  # invalidate-object, with attributes
    "07 03 6578616d706c65 00"  # uri="http://www. "example"
    "85 03 61 00 01"  # .com/ "a" END
    "87"  # invalidate-service, with attributes
    "07 03 6578616d706c65 00"  # uri="http://www. "example"
    "85 01"  # .com/ END
    "01"  # END co
)


def test_operation_is_read_from_xml():
    """Both scopes, in order."""
    assert co.parse(XML) == OPERATION


def test_operation_is_written_as_wbxml():
    """Addresses use the tokens."""
    assert co.encode(OPERATION) == WBXML
    assert co.transcode(XML) == WBXML
    assert co.decode(WBXML) == OPERATION


@pytest.mark.parametrize(
    ("xml", "text"),
    [
        (b"<co/>", "co lacks a child element"),
        (b"<co>x<invalidate-object uri='a'/></co>", "co holds text"),
        (b"<co><invalidate-object/></co>", "invalidate-object lacks its uri"),
        (b"<co><invalidate-object uri='a' b='c'/></co>", "invalidate-object has no attribute b"),
        (b"<co><b/></co>", "b is none of invalidate-object, invalidate-service"),
        (b"<co><invalidate-object uri='a'><b/></invalidate-object></co>", "b is one too many"),
        (b"<sl href='a'/>", "sl stands where co belongs"),
    ],
)
def test_what_breaks_the_dtd_is_refused(xml, text):
    """XML that breaks the DTD is refused with its place."""
    for read in (co.parse, co.transcode):
        with pytest.raises(ContentError) as caught:
            read(xml)
        assert caught.value.text == text
        assert caught.value.line == 1


uris = st.text(max_size=40).filter(is_character_data).map(lambda rest: f"http://www.a.org/{rest}")
operations = st.lists(
    st.builds(Invalidation, st.sampled_from(Scope), uris), min_size=1, max_size=4
).map(lambda invalidations: CacheOperation(tuple(invalidations)))


@given(operations)
def test_operations_come_back_as_they_were(value):
    """Whatever is written, in either form, reads back."""
    assert co.decode(co.encode(value)) == value
    assert co.parse(co.build(value)) == value
    assert co.transcode(co.build(value)) == co.encode(value)


@given(st.binary())
def test_random_octets_raise_only_content_errors(octets):
    """Nothing but ContentError leaves the readers."""
    for read in (co.parse, co.transcode, co.decode):
        with pytest.raises(ContentError):
            read(octets)
