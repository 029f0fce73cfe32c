"""The notification of a multimedia message."""

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
