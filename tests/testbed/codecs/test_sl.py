"""Service Loading, as XML and as WBXML."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testbed.codecs import sl
from testbed.codecs.errors import ContentError
from testbed.codecs.markup import is_character_data
from testbed.codecs.sl import Action, ServiceLoading

XML = b'<!DOCTYPE sl PUBLIC "-//WAPFORUM//DTD SL 1.0//EN" "http://www.wapforum.org/DTD/sl.dtd">'
LOADING = ServiceLoading("http://www.example.com/x", Action.EXECUTE_HIGH)
WBXML = bytes.fromhex(
    "02"  # WBXML 1.2
    "06"  # -//WAPFORUM//DTD SL 1.0//EN
    "6a"  # UTF-8
    "00"  # no string table
    "85"  # sl, with attributes
    "0a 03 6578616d706c65 00"  # href="http://www. "example"
    "85 03 78 00"  # .com/ "x"
    "06"  # action="execute-high"
    "01"  # END
)


def test_loading_is_read_from_xml():
    """The address and the action are read; an absent action is execute-low."""
    assert sl.parse(XML + b'<sl href="http://a" action="cache"/>') == ServiceLoading(
        "http://a", Action.CACHE
    )
    assert sl.parse(XML + b'<sl href="http://a"></sl>') == ServiceLoading("http://a")


def test_loading_is_written_as_wbxml():
    """The address uses the tokens, the action is one."""
    assert sl.encode(LOADING) == WBXML
    assert sl.decode(WBXML) == LOADING


def test_xml_becomes_wbxml_with_its_order_of_attributes():
    """Transcoding keeps the order that the initiator wrote, and explicit defaults."""
    xml = XML + b'<sl action="execute-low" href="https://a"/>'
    assert sl.transcode(xml).hex() == "02066a0085050b03610001"
    assert sl.decode(sl.transcode(xml)) == ServiceLoading("https://a")


@pytest.mark.parametrize(
    ("xml", "text"),
    [
        (b"<sl/>", "sl lacks its href"),
        (b'<sl href="a">x</sl>', "sl holds text"),
        (b'<sl href="a"><b/></sl>', "b is one too many"),
        (b'<sl href="a" id="b"/>', "sl has no attribute id"),
        (b'<sl href="a" action="x"/>', "action: 'x' is none of execute-low, execute-high, cache"),
        (b"<si/>", "si stands where sl belongs"),
        (b"<sl", "unclosed token"),
    ],
)
def test_what_breaks_the_dtd_is_refused(xml, text):
    """XML that breaks the DTD is refused with its place."""
    for read in (sl.parse, sl.transcode):
        with pytest.raises(ContentError) as caught:
            read(xml)
        assert caught.value.text == text
        assert caught.value.line == 1


def test_wbxml_of_something_else_is_refused():
    """Binary content of another type is refused."""
    with pytest.raises(ContentError) as caught:
        sl.decode(bytes.fromhex("02056a0005"))
    assert caught.value.text == "public identifier 5 is not 6"


urls = st.text(max_size=40).filter(is_character_data).map(lambda rest: f"http://www.a.org/{rest}")


@given(st.builds(ServiceLoading, urls, st.sampled_from(Action)))
def test_loadings_come_back_as_they_were(value):
    """Whatever is written, in either form, reads back."""
    assert sl.decode(sl.encode(value)) == value
    assert sl.parse(sl.build(value)) == value
    assert sl.transcode(sl.build(value)) == sl.encode(value)


@given(st.binary())
def test_random_octets_raise_only_content_errors(octets):
    """Nothing but ContentError leaves the readers."""
    for read in (sl.parse, sl.transcode, sl.decode):
        with pytest.raises(ContentError):
            read(octets)
