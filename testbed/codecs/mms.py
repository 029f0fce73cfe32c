"""Multimedia messages as a terminal has to do with them (OMA MMS Encapsulation).

Specs: OMA MMS Encapsulation §6.2 (m-notification-ind, m-notifyresp-ind), §6.3 (m-retrieve-conf).

A push brings the notification; the message is fetched from where it says by a GET, and the answer
is an m-retrieve-conf; an m-notifyresp-ind, posted there, tells that it has arrived.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from testbed.codecs.errors import ContentError
from testbed.codecs.media import ContentType
from testbed.codecs.mms_fields import (
    CONTENT_TYPE,
    DATE,
    MESSAGE_TYPE,
    STATUS,
    SUBJECT,
    TRANSACTION_ID,
    VERSION,
    Fields,
)
from testbed.codecs.multipart import Part
from testbed.codecs.wsp import content_type, headers
from testbed.codecs.wsp.errors import WspError
from testbed.codecs.wsp.primitives import Cursor, text_string

MEDIA_TYPE = "application/vnd.wap.mms-message"
NOTIFICATION_IND, NOTIFYRESP_IND, RETRIEVE_CONF = 0x82, 0x83, 0x84
VERSION_1_2 = 0x12

_CONTENT_LOCATION, _EXPIRY, _MESSAGE_CLASS = 0x03, 0x08, 0x0A
_MESSAGE_ID, _MESSAGE_SIZE, _RETRIEVE_STATUS, _RETRIEVE_TEXT = 0x0B, 0x0E, 0x19, 0x1A
_CLASSES = {0: "personal", 1: "advertisement", 2: "informational", 3: "auto"}
_ABSOLUTE, _RELATIVE = 0x80, 0x81
_RETRIEVED_OK = 0x00
"""As a token, without its highest bit."""
_LATEST = 253_402_300_800
"""The end of the year 9999, in seconds since 1970."""
_MULTIPART = "application/vnd.wap.multipart."
_MOST_PARTS = 64


class Status(IntEnum):
    """What a terminal says of a message (X-Mms-Status)."""

    RETRIEVED = 129
    REJECTED = 130
    DEFERRED = 131
    UNRECOGNISED = 132


@dataclass(frozen=True, slots=True)
class Expiry:
    """When a message will be gone: seconds since 1970-01-01 UTC, or from now on."""

    seconds: int
    is_relative: bool


@dataclass(frozen=True, slots=True)
class MessageNotification:
    """A multimedia message waits at ``content_location``."""

    transaction_id: str
    version: str
    """Such as "1.2"."""
    content_location: str
    message_class: str
    message_size: int
    """Octets, roughly."""
    expiry: Expiry
    sender: str | None = None
    """As written, such as "+447700900123/TYPE=PLMN"; None where it is not told."""
    subject: str | None = None


@dataclass(frozen=True, slots=True)
class MultimediaMessage:
    """A message that was fetched."""

    version: str
    parts: tuple[Part, ...] = ()
    failure: str | None = None
    """Why its centre does not hand it over; None where it does."""
    date: int | None = None
    """Seconds since 1970-01-01 UTC."""
    message_id: str | None = None
    sender: str | None = None
    subject: str | None = None


def decode_notification(data: bytes) -> MessageNotification:
    """Read an m-notification-ind; ContentError where the octets are none."""
    try:
        fields = Fields(data, NOTIFICATION_IND, "m-notification-ind")
        return MessageNotification(
            transaction_id=fields.text(TRANSACTION_ID),
            version=fields.version(),
            content_location=fields.text(_CONTENT_LOCATION),
            message_class=_class(fields),
            message_size=fields.number(_MESSAGE_SIZE),
            expiry=_expiry(fields.counted(_EXPIRY)),
            sender=fields.sender(),
            subject=fields.words(SUBJECT),
        )
    except WspError as error:
        raise ContentError(error.text, octet=error.octet) from None


def _class(fields: Fields) -> str:
    value = fields.get(_MESSAGE_CLASS)
    if isinstance(value, str):
        return value
    return _CLASSES[fields.one_of(_MESSAGE_CLASS, "the message class", _CLASSES)]


def _expiry(value: Cursor) -> Expiry:
    token = value.octet()
    if token not in (_ABSOLUTE, _RELATIVE):
        raise value.error(f"expiry is neither absolute nor relative: {token:#04x}")
    seconds = int.from_bytes(value.octets(value.value_length()), "big")
    if seconds >= _LATEST:
        raise value.error(f"{seconds} is no time")
    return Expiry(seconds, token == _RELATIVE)


def decode_message(data: bytes) -> MultimediaMessage:
    """Read an m-retrieve-conf; ContentError where the octets are none."""
    try:
        return _message(Fields(data, RETRIEVE_CONF, "m-retrieve-conf"))
    except WspError as error:
        raise ContentError(error.text, octet=error.octet) from None


def _message(fields: Fields) -> MultimediaMessage:
    status = fields.get(_RETRIEVE_STATUS)
    if status not in (None, _RETRIEVED_OK):
        why = fields.words(_RETRIEVE_TEXT) or f"retrieve status {status!r}"
        return MultimediaMessage(version=fields.version(), failure=why)
    cursor = fields.cursor
    if not cursor:
        raise fields.wrong(CONTENT_TYPE, "the content type")
    cursor.octet()
    kind = content_type.read(cursor)
    date = fields.number(DATE) if DATE in fields else None
    return MultimediaMessage(
        version=fields.version(),
        parts=_parts(kind, cursor),
        date=date,
        message_id=fields.words(_MESSAGE_ID),
        sender=fields.sender(),
        subject=fields.words(SUBJECT),
    )


def _parts(kind: ContentType, cursor: Cursor) -> tuple[Part, ...]:
    """Take the content: one part, or those of WSP's multipart (WAP-230 §8.5)."""
    if not kind.media.startswith(_MULTIPART):
        return (Part(kind, cursor.octets(cursor.left)),)
    number = cursor.uintvar()
    if number > _MOST_PARTS:
        raise cursor.error(f"{number} parts are more than {_MOST_PARTS}")
    parts = []
    for _ in range(number):
        length, octets = cursor.uintvar(), cursor.uintvar()
        head = cursor.part(length)
        part_type = content_type.read(head)
        said = headers.read(head)
        parts.append(Part(part_type, cursor.octets(octets), said))
    return tuple(parts)


def encode_notify_response(transaction_id: str, status: Status) -> bytes:
    """Return the m-notifyresp-ind that tells what became of a message."""
    return b"".join(
        (
            bytes((0x80 | MESSAGE_TYPE, NOTIFYRESP_IND, 0x80 | TRANSACTION_ID)),
            text_string(transaction_id),
            bytes((0x80 | VERSION, 0x80 | VERSION_1_2, 0x80 | STATUS, status)),
        )
    )
