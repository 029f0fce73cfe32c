"""The notification of a multimedia message, as a push brings it (OMA MMS Encapsulation §6.2).

Only m-notification-ind is read, and of its fields those that say what waits where. Fields are
in the codings of WSP with numbers of their own; unknown ones are passed over.
"""

from __future__ import annotations

from dataclasses import dataclass

from testbed.codecs.errors import ContentError
from testbed.codecs.wsp.errors import WspError
from testbed.codecs.wsp.primitives import Cursor, Raw

MEDIA_TYPE = "application/vnd.wap.mms-message"
NOTIFICATION_IND = 0x82

_CONTENT_LOCATION, _FROM, _EXPIRY = 0x03, 0x09, 0x08
_MESSAGE_CLASS, _MESSAGE_TYPE, _VERSION = 0x0A, 0x0C, 0x0D
_MESSAGE_SIZE, _SUBJECT, _TRANSACTION_ID = 0x0E, 0x16, 0x18
_CLASSES = {0: "personal", 1: "advertisement", 2: "informational", 3: "auto"}
_CHARSETS = {3: "ascii", 4: "iso-8859-1", 106: "utf-8", 1000: "utf-16-be", 1015: "utf-16"}
_ADDRESS_PRESENT, _INSERT_ADDRESS = 0x80, 0x81
_ABSOLUTE, _RELATIVE = 0x80, 0x81
_LATEST = 253_402_300_800
"""The end of the year 9999, in seconds since 1970."""


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


def decode_notification(data: bytes) -> MessageNotification:
    """Read an m-notification-ind; ContentError where the octets are none."""
    try:
        return _Reading(data).notification()
    except WspError as error:
        raise ContentError(error.text, octet=error.octet) from None


class _Reading:
    def __init__(self, data: bytes) -> None:
        self._cursor = Cursor(data)
        self._fields: dict[int, Raw] = {}
        self._places: dict[int, int] = {}

    def notification(self) -> MessageNotification:
        cursor = self._cursor
        if cursor.data[:2] != bytes((0x80 | _MESSAGE_TYPE, NOTIFICATION_IND)):
            raise cursor.error("it does not begin with the type m-notification-ind")
        while cursor:
            self._field()
        sender = self._counted(_FROM) if _FROM in self._fields else None
        expiry = self._counted(_EXPIRY)
        return MessageNotification(
            transaction_id=self._text(_TRANSACTION_ID),
            version=self._version(),
            content_location=self._text(_CONTENT_LOCATION),
            message_class=self._class(),
            message_size=self._number(_MESSAGE_SIZE),
            expiry=self._expiry(expiry),
            sender=None if sender is None else self._sender(sender),
            subject=self._subject(),
        )

    def _field(self) -> None:
        cursor = self._cursor
        place, first = cursor.position, cursor.peek()
        if first < 0x80:
            cursor.text()  # A header of an application's own, with a text beside it.
            cursor.raw()
            return
        number = cursor.octet() & 0x7F
        if number in self._fields:
            raise self._error(f"field {number:#04x} occurs twice", place)
        self._places[number] = cursor.position
        self._fields[number] = cursor.raw()

    def _error(self, text: str, place: int) -> WspError:
        return WspError(text, place)

    def _wrong(self, number: int, what: str) -> WspError:
        if number not in self._fields:
            return self._error(f"{what} is missing", len(self._cursor.data))
        return self._error(f"{what} is none", self._places[number])

    def _text(self, number: int) -> str:
        value = self._fields.get(number)
        if not isinstance(value, str) or not value:
            raise self._wrong(number, f"the text of field {number:#04x}")
        return value

    def _number(self, number: int) -> int:
        value = self._fields.get(number)
        if not isinstance(value, bytes) or not value:
            raise self._wrong(number, f"the long-integer of field {number:#04x}")
        return int.from_bytes(value, "big")

    def _counted(self, number: int) -> Cursor:
        value = self._fields.get(number)
        if not isinstance(value, bytes):
            raise self._wrong(number, f"the counted value of field {number:#04x}")
        return Cursor(value, self._places[number] + 1)

    def _version(self) -> str:
        value = self._fields.get(_VERSION)
        if not isinstance(value, int):
            raise self._wrong(_VERSION, "the MMS version")
        major, minor = value >> 4, value & 0x0F
        return str(major) if minor == 0x0F else f"{major}.{minor}"

    def _class(self) -> str:
        value = self._fields.get(_MESSAGE_CLASS)
        if isinstance(value, str):
            return value
        if not isinstance(value, int) or value not in _CLASSES:
            raise self._wrong(_MESSAGE_CLASS, "the message class")
        return _CLASSES[value]

    def _expiry(self, value: Cursor) -> Expiry:
        token = value.octet()
        if token not in (_ABSOLUTE, _RELATIVE):
            raise value.error(f"expiry is neither absolute nor relative: {token:#04x}")
        seconds = int.from_bytes(value.octets(value.value_length()), "big")
        if seconds >= _LATEST:
            raise value.error(f"{seconds} is no time")
        return Expiry(seconds, token == _RELATIVE)

    def _sender(self, value: Cursor) -> str | None:
        token = value.octet()
        if token == _INSERT_ADDRESS:
            return None
        if token != _ADDRESS_PRESENT:
            raise value.error(f"from is neither present nor to be inserted: {token:#04x}")
        return self._encoded(value)

    def _subject(self) -> str | None:
        value = self._fields.get(_SUBJECT)
        if isinstance(value, bytes):
            return self._encoded(self._counted(_SUBJECT), is_counted=True)
        return None if value is None else str(value)

    def _encoded(self, value: Cursor, *, is_counted: bool = False) -> str:
        """Read an encoded-string: a text, or a charset and a text in it."""
        if not is_counted and (not value or value.peek() > 0x1F):
            return value.text()
        if not is_counted:
            value = value.part(value.value_length())
        charset = value.raw()
        number = int.from_bytes(charset, "big") if isinstance(charset, bytes) else charset
        octets = value.octets(value.left).removeprefix(b"\x7f").rstrip(b"\0")
        name = _CHARSETS.get(number) if isinstance(number, int) else None
        if name is None:
            raise value.error(f"charset {number} is not known")
        return octets.decode(name, "replace")
