"""What every message has, and how it becomes octets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from gtp.constants import MessageType
from gtp.errors import LocalProtocolError
from gtp.extension_headers import ExtensionHeader
from gtp.ies.catalogue import SHORT_LENGTH, SIZES, VARIABLE
from gtp.ies.element import ENCODING_ERRORS, tlv
from gtp.ies.values import RawIE
from gtp.messages.table import Table
from gtp.wire import HEADER, PLAIN, write_header


@dataclass(slots=True, kw_only=True)
class Message:
    """A GTPv1 message: header fields here, one attribute per information element below.

    Messages are plain values that the caller may change before sending. An element that is
    absent is None.
    """

    TYPE: ClassVar[MessageType]
    IES: ClassVar[Table]
    """The table of its elements; each place names an attribute."""
    SEQUENCED: ClassVar[bool] = True
    """Whether it is sent with a sequence number."""

    teid: int = 0
    """The receiver's TEID in the header; 0 where there is none (TS 29.060 §6)."""
    sequence: int = 0
    """The sequence number; an ``Endpoint`` assigns it."""
    extension_headers: tuple[ExtensionHeader, ...] = ()
    other_ies: tuple[RawIE, ...] = ()
    """What came in and has no place of its own: unknown, unexpected, or invalid and optional."""

    def parsed(self, name: str) -> Any:
        """Return an element by its attribute's name, taken apart as far as GTP says what is in it.

        For example the ``QosProfile`` that the octets of ``qos`` are. Most elements are that
        already. Raises ValueError if the octets are no such value.
        """
        value = getattr(self, name)
        place = next((place for place in self.IES if place.name == name), None)
        if place is None or value is None:
            return value
        parsed = place.element.parsed
        return tuple(map(parsed, value)) if place.repeatable else parsed(value)

    def encode(self) -> bytes:
        """Return the message's octets, elements ascending by type.

        Raises LocalProtocolError, naming the attribute, if one has a value that GTP cannot
        express.
        """
        try:
            body = b"".join(self.IES.write(self))
            if self.extension_headers or self.other_ies or not self.SEQUENCED:
                return self._encode_in_full()
            return HEADER.pack(PLAIN, self.TYPE, len(body) + 4, self.teid, self.sequence, 0) + body
        except ENCODING_ERRORS as error:
            raise self._fault(error) from error

    def _encode_in_full(self) -> bytes:
        elements: list[tuple[int, bytes]] = [
            (place.element.type, encode(getattr(self, place.name)))
            for place, (encode, _) in zip(self.IES, self.IES.encoders, strict=True)
            if getattr(self, place.name) is not None
        ]
        elements += [(raw.type, _encode_raw(raw)) for raw in self.other_ies]
        elements.sort(key=lambda element: element[0])
        return write_header(
            self.TYPE,
            b"".join([octets for _, octets in elements]),
            teid=self.teid,
            sequence=self.sequence if self.SEQUENCED else None,
            extension_headers=self.extension_headers,
        )

    def _fault(self, error: Exception) -> LocalProtocolError:
        """Find out which attribute cannot be sent."""
        for place, (encode, needed) in zip(self.IES, self.IES.encoders, strict=True):
            value = getattr(self, place.name)
            try:
                if value is not None or needed:
                    encode(value)
            except ENCODING_ERRORS as problem:
                return LocalProtocolError(
                    f"{type(self).__name__}.{place.name} = {value!r} cannot be sent: {problem}"
                )
        return LocalProtocolError(f"{type(self).__name__} cannot be sent: {error}")


def _encode_raw(raw: RawIE) -> bytes:
    size = SIZES[raw.type]
    if size == VARIABLE:
        return tlv(raw.type, raw.value)
    if raw.type == SHORT_LENGTH:
        return bytes((raw.type, len(raw.value))) + raw.value
    if size != len(raw.value):
        raise ValueError(f"an element of type {raw.type} has not {len(raw.value)} octets")
    return bytes((raw.type,)) + raw.value
