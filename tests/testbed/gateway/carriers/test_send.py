"""What goes over the air, octet by octet."""

from __future__ import annotations

from pathlib import Path

import pytest

from corenet.interfaces.node import Datagram, Interface
from testbed.codecs import co, mms, si, sl, wml
from testbed.codecs.media import ContentType
from testbed.codecs.wsp import decode_push
from testbed.gateway.carriers.send import UnsendableError, datagram, prepare
from tests.conftest import missing_peer

VECTORS = Path(__file__).parents[3] / "vectors/kannel"
SI_TYPE = ContentType(si.XML_TYPE)

SI_XML = b"""<?xml version="1.0"?>
<!DOCTYPE si PUBLIC "-//WAPFORUM//DTD SI 1.0//EN" "http://www.wapforum.org/DTD/si.dtd">
<si><indication href="http://www.example.com/mail/123" si-id="mail1@example.com"
created="1999-06-25T15:23:15Z" si-expires="1999-06-30T00:00:00Z"
>You have 4 new emails</indication></si>
"""

SI_PDU = bytes.fromhex(
    "06"  # Push
    "05"  # HeadersLen 5
    "ae"  # Content-Type application/vnd.wap.sic
    "af 82"  # X-Wap-Application-Id wml.ua
    "b4 84"  # Push-Flag: last push message
    "02 05 6a 00"  # WBXML 1.2, SI 1.0, UTF-8, no string table
    "45 c6"  # si; indication with attributes and content
    "0d 03 6578616d706c6500 85 03 6d61696c2f31323300"  # href="http://www." "example" ".com/" …
    "11 03 6d61696c31406578616d706c652e636f6d00"  # si-id
    "0a c307 19990625152315"  # created
    "10 c304 19990630"  # si-expires
    "01"  # end of attributes
    "03 596f7520686176652034206e657720656d61696c7300"  # text
    "01 01"  # END indication, END si
)


def test_an_si_becomes_wbxml_in_a_push_pdu():
    """The PDU is what an annotated dump says, without transaction id."""
    air = prepare(SI_TYPE, SI_XML, largest=1400)
    assert air.pdu == SI_PDU
    assert air.content_type == "application/vnd.wap.sic"


def test_attributes_keep_the_order_that_the_initiator_wrote():
    """What goes over the air is what xml2wbxml makes of the same XML."""
    xml = b'<si><indication action="signal-medium" si-id="a" href="http://b">x</indication></si>'
    air = prepare(SI_TYPE, xml, largest=1400)
    assert air.pdu.endswith(bytes.fromhex("02056a0045 c6 07 11036100 0c036200 01 037800 01 01"))


CO_PDU = bytes.fromhex(
    "06"  # Push
    "05"  # HeadersLen 5
    "b2"  # Content-Type application/vnd.wap.coc
    "af 82"  # X-Wap-Application-Id wml.ua
    "b4 84"  # Push-Flag: last push message
    "02 07 6a 00"  # WBXML 1.2, CO 1.0, UTF-8, no string table
    "45"  # co with content
    "86 07 03 6578616d706c6500 85 03 6100 01"  # invalidate-object uri="http://www." …
    "01"  # END co
)


def test_a_cache_operation_becomes_wbxml():
    """CO goes as application/vnd.wap.coc."""
    xml = b'<co><invalidate-object uri="http://www.example.com/a"/></co>'
    air = prepare(ContentType(co.XML_TYPE), xml, largest=1400)
    assert (air.pdu, air.content_type) == (CO_PDU, co.WBXML_TYPE)


MMS_NOTIFICATION = bytes.fromhex(
    "8c82985431323334008d928919802b3434373730303930303132332f545950453d504c4d4e00"
    "964869008a808e0230398805810303f48083687474703a2f2f6d6d73632e6578616d706c652f6100"
)


@pytest.mark.clause("OMA MMS", "m-notification-ind, checked and passed through")
def test_a_notification_of_a_multimedia_message_goes_through():
    """Octet by octet, behind the application id that the initiator gives."""
    headers = (("X-Wap-Application-Id", "x-wap-application:mms.ua"),)
    air = prepare(ContentType(mms.MEDIA_TYPE), MMS_NOTIFICATION, headers, largest=1400)
    assert air.pdu.hex() == "0605beaf84b484" + MMS_NOTIFICATION.hex()


def test_what_is_no_notification_is_refused():
    """3006 names the octet."""
    with pytest.raises(UnsendableError, match="octet 0") as caught:
        prepare(ContentType(mms.MEDIA_TYPE), b"\x8c\x80", largest=1400)
    assert caught.value.code == 3006


def test_an_sl_becomes_wbxml():
    """SL goes as application/vnd.wap.slc."""
    loading = sl.ServiceLoading("http://www.example.com/x")
    air = prepare(ContentType(sl.XML_TYPE), sl.build(loading), largest=1400)
    assert air.pdu[:6] == bytes.fromhex("06 05 b0 af82 b4")
    assert air.pdu.endswith(sl.encode(loading))


@pytest.mark.parametrize(("kind", "module"), [("si", si), ("sl", sl)])
def test_content_is_the_same_as_kannels(kind, module):
    """The recorded push of the same submission carries the same WBXML."""
    recorded = decode_push(bytes.fromhex((VECTORS / f"wsp_push_ip_{kind}.hex").read_text()))
    request = (VECTORS / f"pap_ip_{kind}.req").read_bytes()
    start = request.index(b"<?xml", request.index(b"text/vnd.wap."))
    xml = request[start : request.index(b"\r\n--asdlf", start)]
    ours = decode_push(b"\x00" + prepare(ContentType(module.XML_TYPE), xml, largest=1400).pdu)
    assert module.decode(ours.body) == module.decode(recorded.body)
    assert ours.content_type.media == recorded.content_type.media


def test_the_datagram_goes_to_the_push_port():
    """A transaction id in front, UDP 2948 behind the terminal's address."""
    assert datagram(SI_PDU, tid=0x2A, address="10.45.0.7") == Datagram(
        Interface.WDP, ("10.45.0.7", 2948), b"\x2a" + SI_PDU
    )


@pytest.mark.parametrize(
    ("module", "value"),
    [(si, si.ServiceIndication("x", "http://a.com/")), (sl, sl.ServiceLoading("http://a.com/"))],
)
def test_wbxml_goes_as_it_is(module, value):
    """An initiator that has encoded already is taken at its word, once the word is checked."""
    air = prepare(ContentType(module.WBXML_TYPE), module.encode(value), largest=1400)
    assert air.pdu.endswith(module.encode(value))


@pytest.mark.parametrize("media", [si.WBXML_TYPE, sl.WBXML_TYPE, co.WBXML_TYPE])
def test_wbxml_that_is_none_is_refused(media):
    """What the terminal could not read is not sent."""
    with pytest.raises(UnsendableError) as caught:
        prepare(ContentType(media), b"\x02\x05\x6a\x00\x45", largest=1400)
    assert caught.value.code == 3006


DECK = b"<wml><card><p>$x</p></card></wml>"


@pytest.mark.interop
def test_wml_is_compiled_where_that_can_be_done():
    """A deck goes over the air in its binary form, and one that is none is refused."""
    if not wml.is_available():
        missing_peer("libwbxml2.so.1 is not there: it is in Debian's package libwbxml2-1")
    air = prepare(ContentType(wml.XML_TYPE), DECK, largest=1400)
    push = decode_push(b"\x00" + air.pdu)
    assert push.content_type == ContentType(wml.WBXML_TYPE)
    assert push.body == wml.transcode(DECK)
    with pytest.raises(UnsendableError, match="line 1, column") as error:
        prepare(ContentType(wml.XML_TYPE), b"<wml><card></wml>", largest=1400)
    assert error.value.code == 3006


def test_wml_goes_as_it_is_where_it_cannot_be_compiled(monkeypatch):
    """With its parameters; the browser may read it all the same."""
    monkeypatch.setattr(wml, "libwbxml", lambda: None)
    content_type = ContentType(wml.XML_TYPE, (("charset", "utf-8"),))
    air = prepare(content_type, DECK, largest=1400)
    push = decode_push(b"\x00" + air.pdu)
    assert (push.content_type, push.body) == (content_type, DECK)


def test_other_content_goes_as_it_is():
    """Text stays text, with its parameters."""
    air = prepare(ContentType("text/plain", (("charset", "utf-8"),)), b"hello", largest=1400)
    push = decode_push(b"\x00" + air.pdu)
    assert (push.content_type.media, push.body) == ("text/plain", b"hello")
    assert push.content_type.parameter("charset") == "utf-8"


def test_only_listed_headers_go_over_the_air():
    """The application id is the initiator's; cookies and lengths stay behind."""
    headers = (
        ("x-wap-application-id", "x-wap-application:mms.ua"),
        ("X-Wap-Initiator-URI", "http://pi.example/"),
        ("Set-Cookie", "secret"),
        ("Content-Length", "5"),
    )
    push = decode_push(b"\x00" + prepare(ContentType("text/plain"), b"x", headers, largest=99).pdu)
    assert push.header("X-Wap-Application-Id") == "x-wap-application:mms.ua"
    assert push.header("X-Wap-Initiator-URI") == "http://pi.example/"
    assert push.header("Push-Flag") == "4"
    assert len(push.headers) == 3


@pytest.mark.parametrize(
    ("xml", "place"),
    [
        (b"<si><indication>x</indication>", "line 1"),
        (b"<si>\n<bold/></si>", "line 2"),
        (b"nothing", "line 1"),
    ],
)
def test_content_that_breaks_its_dtd_is_a_transformation_failure(xml, place):
    """3006 names line and column."""
    with pytest.raises(UnsendableError) as caught:
        prepare(SI_TYPE, xml, largest=1400)
    assert caught.value.code == 3006
    assert place in caught.value.text


def test_a_header_that_cannot_be_encoded_is_a_transformation_failure():
    """It is named."""
    with pytest.raises(UnsendableError, match="Expires") as caught:
        prepare(ContentType("text/plain"), b"x", (("Expires", "soon"),), largest=1400)
    assert caught.value.code == 3006


@pytest.mark.parametrize(
    "application", ["x-wap-application:wta.ua", "X-WAP-Application:WTA.UA", "3"]
)
def test_a_push_for_an_application_that_wants_security_is_not_possible(application):
    """There is no WTLS here, so nothing goes to the secure port."""
    headers = (("X-Wap-Application-Id", application),)
    with pytest.raises(UnsendableError, match="WTLS") as caught:
        prepare(ContentType("text/plain"), b"x", headers, largest=99)
    assert caught.value.code == 3003


def test_a_push_that_is_too_large_is_not_possible():
    """The whole PDU counts, headers included."""
    size = len(prepare(ContentType("text/plain"), b"", largest=1400).pdu)
    assert prepare(ContentType("text/plain"), b"x" * (1400 - size), largest=1400)
    with pytest.raises(UnsendableError) as caught:
        prepare(ContentType("text/plain"), b"x" * (1401 - size), largest=1400)
    assert caught.value.code == 3003


@pytest.mark.parametrize(
    ("headers", "application"),
    [
        ((), "x-wap-application:wml.ua"),
        ((("X-WAP-Application-ID", "X-Wap-Application:MMS.ua"),), "x-wap-application:mms.ua"),
        ((("X-Wap-Application-Id", "4"),), "x-wap-application:mms.ua"),
        ((("X-Wap-Application-Id", "16000"),), "16000"),
        ((("X-Wap-Application-Id", "http://app.example/Ä"),), "http://app.example/ä"),
    ],
)
def test_an_application_is_known_by_one_name(headers, application):
    """A policy need not list every way of writing it."""
    air = prepare(ContentType("text/plain"), b"hello", headers, largest=1400)
    assert air.application == application
