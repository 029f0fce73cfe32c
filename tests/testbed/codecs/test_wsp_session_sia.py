"""SIA: the request to open a session, as annotated octets (no dissector reads it rightly)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testbed.codecs import sia, wsp
from testbed.codecs.errors import ContentError
from testbed.codecs.media import ContentType
from testbed.codecs.sia import SessionInitiation
from testbed.codecs.wsp import Push, WspError
from testbed.codecs.wsp.contact import Bearer, ContactPoint

# 00: version; 01: one octet of applications: 82 wml.ua; 08: 8 octets of contact points:
# c4: bearer and port included, 4 octets of address; 0b: GPRS; 23f1: 9201; 10.0.0.9
CONTENT = bytes.fromhex("00" + "0182" + "08" + "c40b23f10a000009")
INITIATION = SessionInitiation(
    ("x-wap-application:wml.ua",), (ContactPoint.for_ip("10.0.0.9", 9201, Bearer.GSM_GPRS),)
)


def test_content_is_written_and_read():
    """The content has exactly these octets, and reads as what it was."""
    assert sia.encode(INITIATION) == CONTENT
    assert sia.decode(CONTENT) == INITIATION


def test_the_push_around_it_is_that_of_the_fact_sheet():
    """TID 06, Push, 4 octets of headers: b4 SIA, af 81 for push.sia."""
    push = Push(
        6, ContentType(sia.MEDIA_TYPE), CONTENT, (("X-Wap-Application-Id", sia.APPLICATION),)
    )
    assert push.encode().hex() == "060603b4af81" + "00018208c40b23f10a000009"
    assert wsp.decode_push(push.encode()) == push


def test_applications_are_numbers_or_texts():
    """Known ids by number, of one octet or more, others as text; several stand in a row."""
    content = SessionInitiation(("x-wap-application:mms.ua", "36864", "u:a", "*:"), ())
    # 0f: octets; 84: mms.ua; 02 9000: 0x9000; texts
    assert sia.encode(content).hex() == "000b" + "84" + "029000" + "753a6100" + "2a3a00" + "00"
    assert sia.decode(sia.encode(content)) == content


@pytest.mark.parametrize(
    ("octets", "octet", "text"),
    [
        ("", 0, "too early"),
        ("010000", 0, "version 1"),
        ("00", 1, "too early"),
        ("000282", 2, "2 octets are announced"),
        ("00027561", 2, "without its end"),
        ("000003", 3, "3 octets are announced"),
        ("000001c4", 4, "too early"),
        ("00000000", 3, "1 octets after"),
    ],
)
def test_faults_are_named_with_their_place(octets, octet, text):
    """A decoder says what is wrong, and at which octet of the content."""
    with pytest.raises(ContentError, match=text) as raised:
        sia.decode(bytes.fromhex(octets))
    assert raised.value.octet == octet


def test_what_cannot_be_written_is_refused():
    """An application id with a control character, an address that is too long."""
    with pytest.raises(WspError, match="control"):
        sia.encode(SessionInitiation(("a\n",), ()))
    with pytest.raises(WspError, match="64 octets"):
        sia.encode(SessionInitiation((), (ContactPoint(bytes(64)),)))


def fault(octets):
    try:
        sia.decode(octets)
    except ContentError as error:
        return error
    return None


@given(st.binary(max_size=40))
def test_any_octets_raise_nothing_but_content_errors(octets):
    """Whatever arrives is a request, or a fault."""
    error = fault(octets)
    assert error is None or error.octet is not None
