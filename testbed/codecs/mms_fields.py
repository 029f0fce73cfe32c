"""The fields that PDUs of multimedia messaging are made of (OMA MMS Encapsulation §7).

Fields are in the codings of WSP with numbers of their own; unknown ones are passed over.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from testbed.codecs.wsp.errors import WspError
from testbed.codecs.wsp.primitives import Cursor, Raw

CONTENT_TYPE: Final = 0x04
DATE: Final = 0x05
FROM: Final = 0x09
MESSAGE_TYPE: Final = 0x0C
VERSION: Final = 0x0D
STATUS: Final = 0x15
SUBJECT: Final = 0x16
TRANSACTION_ID: Final = 0x18
_BCC, _CC, _TO = 0x01, 0x02, 0x17
_SEVERAL: Final = frozenset({_BCC, _CC, _TO})
"""Fields that a PDU may have more than once; the first is kept."""
_CHARSETS = {3: "ascii", 4: "iso-8859-1", 106: "utf-8", 1000: "utf-16-be", 1015: "utf-16"}
_ADDRESS_PRESENT, _INSERT_ADDRESS = 0x80, 0x81


class Fields:
    """The fields of one PDU, read up to its end, or to where its content begins."""

    def __init__(self, data: bytes, kind: int, name: str) -> None:
        """Read a PDU of a message type; WspError where it is none."""
        self.cursor = Cursor(data)
        """Behind what was read."""
        self._fields: dict[int, Raw] = {}
        self._places: dict[int, int] = {}
        if data[:2] != bytes((0x80 | MESSAGE_TYPE, kind)):
            raise self.cursor.error(f"it does not begin with the type {name}")
        while self.cursor and self.cursor.peek() != 0x80 | CONTENT_TYPE:
            self._field()

    def _field(self) -> None:
        cursor = self.cursor
        place, first = cursor.position, cursor.peek()
        if first < 0x80:
            cursor.text()  # A header of an application's own, with a text beside it.
            cursor.raw()
            return
        number = cursor.octet() & 0x7F
        if number in self._fields and number not in _SEVERAL:
            raise WspError(f"field {number:#04x} occurs twice", place)
        self._places.setdefault(number, cursor.position)
        self._fields.setdefault(number, cursor.raw())

    def __contains__(self, number: int) -> bool:
        return number in self._fields

    def get(self, number: int) -> Raw | None:
        """Return a field's value as it came, or None."""
        return self._fields.get(number)

    def wrong(self, number: int, what: str) -> WspError:
        """Return the error of a field that is missing, or is not what it should be."""
        if number not in self._fields:
            return WspError(f"{what} is missing", len(self.cursor.data))
        return WspError(f"{what} is none", self._places[number])

    def text(self, number: int) -> str:
        """Return a text that has to be there."""
        value = self._fields.get(number)
        if not isinstance(value, str) or not value:
            raise self.wrong(number, f"the text of field {number:#04x}")
        return value

    def number(self, number: int) -> int:
        """Return a long-integer that has to be there."""
        value = self._fields.get(number)
        if not isinstance(value, bytes) or not value:
            raise self.wrong(number, f"the long-integer of field {number:#04x}")
        return int.from_bytes(value, "big")

    def counted(self, number: int) -> Cursor:
        """Return the octets of a counted value that has to be there."""
        value = self._fields.get(number)
        if not isinstance(value, bytes):
            raise self.wrong(number, f"the counted value of field {number:#04x}")
        return Cursor(value, self._places[number] + 1)

    def one_of(self, number: int, what: str, values: Collection[int]) -> int:
        """Return a token that has to be there, and is one of those."""
        value = self._fields.get(number)
        if not isinstance(value, int) or value not in values:
            raise self.wrong(number, what)
        return value

    def version(self) -> str:
        """Return the MMS version, such as "1.2"."""
        value = self._fields.get(VERSION)
        if not isinstance(value, int):
            raise self.wrong(VERSION, "the MMS version")
        major, minor = value >> 4, value & 0x0F
        return str(major) if minor == 0x0F else f"{major}.{minor}"

    def sender(self) -> str | None:
        """Return who it is from, or None where it is not told."""
        if FROM not in self:
            return None
        value = self.counted(FROM)
        token = value.octet()
        if token == _INSERT_ADDRESS:
            return None
        if token != _ADDRESS_PRESENT:
            raise value.error(f"from is neither present nor to be inserted: {token:#04x}")
        return _encoded(value)

    def words(self, number: int) -> str | None:
        """Return an encoded-string, or None where there is none."""
        value = self._fields.get(number)
        if isinstance(value, bytes):
            return _encoded(self.counted(number), is_counted=True)
        return None if value is None else str(value)


def _encoded(value: Cursor, *, is_counted: bool = False) -> str:
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
