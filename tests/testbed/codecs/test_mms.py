"""The notification of a multimedia message."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testbed.codecs import mms
from testbed.codecs.errors import ContentError
from testbed.codecs.mms import Expiry, MessageNotification, decode_notification
from testbed.codecs.wsp import decode_push

BEGINNING = "8c82"  # X-Mms-Message-Type: m-notification-ind
TRANSACTION = "98 543132333400"  # X-Mms-Transaction-Id: T1234
VERSION = "8d 92"  # X-Mms-MMS-Version: 1.2
FROM = "89 19 80 2b3434373730303930303132332f545950453d504c4d4e00"  # address present
SUBJECT = "96 486900"  # Hi
CLASS = "8a 80"  # personal
SIZE = "8e 02 3039"  # 12345
EXPIRY = "88 05 81 03 03f480"  # in 259200 seconds
LOCATION = "83 687474703a2f2f6d6d73632e6578616d706c652f6100"  # http://mmsc.example/a
ALL = (TRANSACTION, VERSION, FROM, SUBJECT, CLASS, SIZE, EXPIRY, LOCATION)

NOTIFICATION = MessageNotification(
    transaction_id="T1234",
    version="1.2",
    content_location="http://mmsc.example/a",
    message_class="personal",
    message_size=12345,
    expiry=Expiry(259200, is_relative=True),
    sender="+447700900123/TYPE=PLMN",
    subject="Hi",
)


def octets(*fields: str) -> bytes:
    return bytes.fromhex(BEGINNING + "".join(fields))


def changed(field: str, *new: str) -> bytes:
    return octets(*(one for one in ALL if one != field), *new)


def test_notification_is_read_from_a_push():
    """A recorded push of one, whose octets Wireshark dissects alike."""
    push = decode_push(bytes.fromhex("050603beaf84") + octets(*ALL))
    assert push.content_type.media == mms.MEDIA_TYPE
    assert decode_notification(push.body) == NOTIFICATION


@pytest.mark.parametrize(
    ("data", "field", "value"),
    [
        (changed(FROM, "89 01 81"), "sender", None),
        (changed(FROM), "sender", None),
        (changed(FROM, "89 06 80 04 ea c3a400"), "sender", "ä"),
        (changed(SUBJECT, "96 05 ea 7f c3a400"), "subject", "ä"),
        (changed(SUBJECT, "96 04 84 e400 00"), "subject", "ä"),
        (changed(SUBJECT), "subject", None),
        (changed(CLASS, "8a 83"), "message_class", "auto"),
        (changed(CLASS, "8a 7800"), "message_class", "x"),
        (changed(VERSION, "8d 9f"), "version", "1"),
        (changed(EXPIRY, "88 06 80 04 5e0be100"), "expiry", Expiry(0x5E0BE100, False)),
        (changed("", "86 81", "5800 7900"), "subject", "Hi"),
    ],
)
def test_fields_have_several_forms(data, field, value):
    """Charsets, addresses to be inserted, absolute times, fields that are passed over."""
    assert getattr(decode_notification(data), field) == value


@pytest.mark.parametrize(
    "data",
    [
        b"",
        bytes.fromhex("8c80"),
        octets(),
        *(changed(field) for field in (TRANSACTION, VERSION, CLASS, SIZE, EXPIRY, LOCATION)),
        changed(TRANSACTION, "98 00"),
        changed(SIZE, "8e 81"),
        changed(CLASS, "8a 84"),
        changed(FROM, "89 01 82"),
        changed(EXPIRY, "88 03 82 01 01"),
        changed(EXPIRY, "88 07 80 05 ffffffffff"),
        changed(EXPIRY, "88 03 81 09 01"),
        changed(SUBJECT, "96 03 85 6100"),
        octets(*ALL, VERSION),
        octets(*ALL)[:-1],
    ],
)
def test_what_is_no_notification_is_refused(data):
    """With the octet where it went wrong."""
    with pytest.raises(ContentError) as caught:
        decode_notification(data)
    assert caught.value.octet is not None


@given(st.binary(max_size=40))
def test_random_fields_raise_only_content_errors(data):
    """Nothing but ContentError leaves the reader."""
    for octets_ in (data, octets(*ALL) + data):
        try:
            decode_notification(octets_)
        except ContentError as error:
            assert error.octet is not None  # noqa: PT017


# Messages that were fetched

RETRIEVED = "8c84"  # X-Mms-Message-Type: m-retrieve-conf
MESSAGE_ID = "8b 6d6400"  # md
DATE = "85 04 6553f100"  # 14 November 2023, 22:13:20 UTC
TO = "97 2b3100"  # +1
MIXED = "84 a3"  # application/vnd.wap.multipart.mixed
PARTS = (
    "02"  # two parts
    "07 05 03 83 81 ea 8e 6100 48656c6c6f"  # text/plain; utf-8; Content-Location: a; "Hello"
    "01 03 9e ffd8ff"  # image/jpeg
)


def retrieved(*fields: str) -> bytes:
    return bytes.fromhex(RETRIEVED + "".join(fields))


def test_a_message_has_its_parts():
    """Those of WSP's multipart, with the headers of each; what comes several times is passed."""
    message = mms.decode_message(
        retrieved(TRANSACTION, VERSION, MESSAGE_ID, DATE, FROM, TO, TO, SUBJECT, MIXED, PARTS)
    )
    assert (message.version, message.message_id, message.date) == ("1.2", "md", 1_700_000_000)
    assert (message.sender, message.subject) == ("+447700900123/TYPE=PLMN", "Hi")
    text, image = message.parts
    assert (text.content_type.media, text.body) == ("text/plain", b"Hello")
    assert text.content_type.parameter("charset") == "utf-8"
    assert text.header("Content-Location") == "a"
    assert (image.content_type.media, image.body) == ("image/jpeg", b"\xff\xd8\xff")


def test_a_message_may_be_a_single_part():
    """Then its content is the rest, and little else need be said of it."""
    message = mms.decode_message(retrieved(VERSION, "84 83", "4869"))
    (part,) = message.parts
    assert (part.content_type.media, part.body) == ("text/plain", b"Hi")
    assert (message.date, message.sender, message.subject) == (None, None, None)


@pytest.mark.parametrize(
    ("fields", "failure"),
    [
        (("99 e2",), "retrieve status 98"),
        (("99 c1", "9a 6c6174657200"), "later"),
    ],
)
def test_a_centre_may_keep_the_message(fields, failure):
    """And says why, in a number or in words."""
    message = mms.decode_message(retrieved(VERSION, *fields))
    assert (message.parts, message.failure) == ((), failure)


def test_a_status_of_ok_is_no_failure():
    """It stands before the content."""
    assert mms.decode_message(retrieved(VERSION, "99 80", "84 83", "4869")).parts


@pytest.mark.parametrize(
    "data",
    [
        b"",
        octets(*ALL),
        retrieved(),
        retrieved(VERSION),
        retrieved("84 83", "4869"),
        retrieved(VERSION, "85 80", "84 83"),
        retrieved(VERSION, MIXED),
        retrieved(VERSION, MIXED, "41"),
        retrieved(VERSION, MIXED, PARTS[:-2]),
        retrieved(VERSION, VERSION, "84 83"),
    ],
)
def test_what_is_no_message_is_refused(data):
    """With the octet that is wrong."""
    with pytest.raises(ContentError):
        mms.decode_message(data)


@given(st.binary(max_size=60))
def test_any_octets_are_a_message_or_an_error(data):
    """Nothing else leaves the decoder."""
    with suppress(ContentError):
        mms.decode_message(bytes.fromhex(RETRIEVED) + data)


def test_a_response_tells_what_became_of_a_message():
    """Type, transaction, version and status (OMA MMS Encapsulation §6.2)."""
    octets_ = mms.encode_notify_response("T1234", mms.Status.RETRIEVED)
    assert octets_ == bytes.fromhex("8c83" + TRANSACTION + VERSION + "95 81")
