"""Service Indication, as XML and as WBXML."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testbed.codecs import si
from testbed.codecs.errors import ContentError
from testbed.codecs.markup import is_character_data
from testbed.codecs.si import Action, Item, ServiceIndication

MAIL = ServiceIndication(
    text="You have 4 new emails",
    href="http://www.example.com/mail/123",
    si_id="mail1@example.com",
    action=Action.SIGNAL_HIGH,
    created=930_324_195.0,
    expires=930_700_800.0,
)
MAIL_XML = """<?xml version="1.0"?>
<!DOCTYPE si PUBLIC "-//WAPFORUM//DTD SI 1.0//EN" "http://www.wapforum.org/DTD/si.dtd">
<si>
  <indication href="http://www.example.com/mail/123" si-id="mail1@example.com"
      created="1999-06-25T15:23:15Z" si-expires="1999-06-30T00:00:00Z" action="signal-high">
    You have 4 new emails
  </indication>
</si>"""
MAIL_HEADER = (
    "02"  # WBXML 1.2
    "05"  # -//WAPFORUM//DTD SI 1.0//EN
    "6a"  # UTF-8
    "00"  # no string table
    "45"  # si, with content
    "c6"  # indication, with attributes and content
    "0d 03 6578616d706c65 00"  # href="http://www. "example"
    "85 03 6d61696c2f313233 00"  # .com/ "mail/123"
    "11 03 6d61696c31406578616d706c652e636f6d 00"  # si-id= "mail1@example.com"
)
MAIL_TIMES = (
    "0a c3 07 19990625152315"  # created=
    "10 c3 04 19990630"  # si-expires=, without its zeros
)
MAIL_TEXT = (
    "01 03 596f7520686176652034206e657720656d61696c73 00"  # "You have 4 new emails"
    "01 01"  # END of indication and si
)
SIGNAL_HIGH = "08"  # action="signal-high"


def refusal(xml):
    with pytest.raises(ContentError) as caught:
        si.parse(xml if isinstance(xml, bytes) else xml.encode())
    return caught.value


def test_indication_is_read_from_xml():
    """Each attribute of indication lands in its field; white space around the text goes."""
    assert si.parse(MAIL_XML.encode()) == MAIL


def test_indication_is_written_as_wbxml():
    """Attributes are written in the order href, si-id, action, created, si-expires."""
    expected = MAIL_HEADER + SIGNAL_HIGH + MAIL_TIMES + MAIL_TEXT
    assert si.encode(MAIL) == bytes.fromhex(expected)
    assert si.decode(bytes.fromhex(expected)) == MAIL


def test_xml_becomes_wbxml_with_its_order_of_attributes():
    """Transcoding keeps the order that the initiator wrote."""
    expected = MAIL_HEADER + MAIL_TIMES + SIGNAL_HIGH + MAIL_TEXT
    assert si.transcode(MAIL_XML.encode()) == bytes.fromhex(expected)


def test_action_that_is_written_out_is_kept_in_transcoding():
    """An explicit default is a token, an absent one is none; both mean signal-medium."""
    explicit = si.transcode(b'<si><indication action="signal-medium">x</indication></si>')
    absent = si.transcode(b"<si><indication>x</indication></si>")
    assert explicit.hex() == "02056a0045c607010378000101"
    assert absent.hex() == "02056a0045460378000101"
    assert si.decode(explicit) == si.decode(absent) == ServiceIndication("x")


def test_info_is_kept():
    """Items of info keep class and text."""
    xml = b'<si><indication>x</indication><info><item class="a.com/">y</item></info></si>'
    value = ServiceIndication("x", info=(Item("a.com/", "y"),))
    assert si.parse(xml) == value
    assert si.encode(value) == bytes.fromhex(
        "02056a00 45"  # si
        "46 037800 01"  # indication: "x"
        "47 c8 12 036100 85 01"  # info, item class="a" ".com/"
        "037900 01 01 01"  # "y", END of item, info and si
    )
    assert si.decode(si.encode(value)) == value


@pytest.mark.parametrize(
    ("xml", "element", "text"),
    [
        ("<sj/>", "sj", "sj stands where si belongs"),
        ("<si/>", "si", "si lacks a child element"),
        ("<si>x</si>", "si", "si holds text"),
        ("<si>x<indication/></si>", "si", "si holds text"),
        ('<si a=""><indication/></si>', "si", "si has no attribute a"),
        ("<si><info/></si>", "info", "info stands where indication belongs"),
        (
            "<si><indication/><indication/></si>",
            "indication",
            "indication stands where info belongs",
        ),
        ("<si><indication/><info/></si>", "info", "info lacks a child element"),
        ("<si><indication/><info><b/></info></si>", "b", "b stands where item belongs"),
        ("<si><indication/><info><item/></info></si>", "item", "item lacks its class"),
        ("<si><indication/><info/><info/></si>", "info", "info is one too many"),
        ("<si><indication><b/></indication></si>", "b", "b is one too many"),
        ('<si><indication url=""/></si>', "indication", "indication has no attribute url"),
        (
            '<si><indication action="beep"/></si>',
            "indication",
            "action: 'beep' is none of signal-none, signal-low, signal-medium, signal-high, delete",
        ),
        (
            '<si><indication created="now"/></si>',
            "indication",
            "created: 'now' is not YYYY-MM-DDThh:mm:ssZ",
        ),
        ('<si><indication action="delete"/></si>', "indication", "action delete needs an si-id"),
        ('<!DOCTYPE sl SYSTEM "x"><si><indication/></si>', "si", "the DOCTYPE is sl, not si"),
        (
            '<!DOCTYPE si PUBLIC "-//WAPFORUM//DTD SL 1.0//EN" "x"><si><indication/></si>',
            "si",
            "the DOCTYPE '-//WAPFORUM//DTD SL 1.0//EN' is not si's",
        ),
    ],
)
def test_what_breaks_the_dtd_is_refused_with_its_place(xml, element, text):
    """XML that breaks the DTD is refused; the element, its line and column are named."""
    error = refusal(xml)
    assert (error.element, error.text) == (element, text)
    assert (error.line, error.column) == (1, xml.rindex(f"<{element}") + 1)


def test_xml_errors_have_their_place():
    """What is not well-formed, or too much, is refused with line and column."""
    error = refusal(b"<si>\n<indication>&x;</indication></si>")
    assert str(error) == "line 2, column 13: undefined entity"
    assert refusal(b" " * 65_537).text == "65537 octets are more than 65536"


@pytest.mark.parametrize(
    ("octets", "text"),
    [
        ("02056a00 05", "si lacks a child element"),
        ("02056a00 45 86 09 01 01", "action delete needs an si-id"),
        ("02056a00 45 86 0a 03 6e6f7700 01 01", "created: 'now' is not YYYY-MM-DDThh:mm:ssZ"),
        (
            "02056a00 45 86 0a c304 19991399 01 01",
            "created: '1999-13-99T00:00:00Z' is no time: month must be in 1..12",
        ),
    ],
)
def test_wbxml_that_breaks_the_dtd_is_refused_with_its_octet(octets, text):
    """Binary content is held to the same rules."""
    with pytest.raises(ContentError) as caught:
        si.decode(bytes.fromhex(octets))
    assert caught.value.text == text
    assert caught.value.octet in (4, 5)


texts = st.text(max_size=30).filter(is_character_data).map(str.strip)
urls = st.sampled_from(["http://", "https://www.", "x:"]).flatmap(
    lambda scheme: texts.map(lambda rest: f"{scheme}{rest}.com/")
)
times = st.none() | st.integers(0, 4_000_000_000).map(float)
indications = st.builds(
    ServiceIndication,
    text=texts,
    href=st.none() | urls,
    si_id=texts,
    action=st.sampled_from(Action),
    created=times,
    expires=times,
    info=st.lists(st.builds(Item, texts, texts), max_size=2).map(tuple),
)


@given(indications)
def test_indications_come_back_as_they_were(value):
    """Whatever is written, in either form, reads back; both ways to WBXML mean the same."""
    assert si.decode(si.encode(value)) == value
    xml = si.build(value)
    assert si.parse(xml) == value
    assert si.transcode(xml) == si.encode(value)


@given(st.binary())
def test_random_octets_raise_only_content_errors(octets):
    """Nothing but ContentError leaves the readers."""
    for read in (si.parse, si.transcode, si.decode):
        with pytest.raises(ContentError):
            read(octets)
