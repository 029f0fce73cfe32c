"""The frame of every message: header, extension headers, and where each element begins and ends.

Specs: TS 29.060 §6 (header), §6.1 (extension headers), §11.1 (order of checks); TS 29.281 §5.
Nothing here reads past what it was given: whatever the octets are, only RemoteProtocolError
comes out.
"""

from __future__ import annotations

import struct
from collections.abc import Container, Iterator
from typing import Final, NamedTuple

from gtp.constants import Cause, MessageType
from gtp.errors import ExtensionHeaderError, HeaderError, RemoteProtocolError, VersionError
from gtp.extension_headers import ExtensionHeader
from gtp.ies.catalogue import ODD, SHORT_LENGTH, SIZES, VARIABLE

VERSION: Final = 1
SHORT_HEADER: Final = struct.Struct("!BBHI")
"""First octet, message type, length, TEID: what every message begins with."""
HEADER: Final = struct.Struct("!BBHIHH")
"""The same, then sequence number, then N-PDU number and next extension header type in one."""
PLAIN: Final = 0x32
"""First octet of a GTP-C message without extension headers: version 1, PT, S."""

PT_FLAG: Final = 0x10
E_FLAG: Final = 0x04
S_FLAG: Final = 0x02
PN_FLAG: Final = 0x01


class Header(NamedTuple):
    """A header that was read."""

    message_type: int
    length: int
    """Octets after the first eight, as the sender says."""
    teid: int
    sequence: int | None
    npdu_number: int | None
    next_extension: int
    """Type of the first extension header; 0 where there is none."""
    position: int
    """Where the header ends: octets from the start of the message."""


def read_header(data: bytes) -> Header:
    """Return the header, its extension headers not yet read.

    Raises HeaderError if it is truncated or not GTP, VersionError if its version is another.
    """
    if len(data) < SHORT_HEADER.size:
        raise _unreadable(f"{len(data)} octets cannot hold a header")
    flags, message_type, length, teid = SHORT_HEADER.unpack_from(data)
    if flags >> 5 != VERSION:
        raise _other_version(data)
    if not flags & PT_FLAG:
        raise _unreadable("the protocol type is GTP', not GTP")
    if not flags & (E_FLAG | S_FLAG | PN_FLAG):
        return Header(message_type, length, teid, None, None, 0, SHORT_HEADER.size)
    if len(data) < HEADER.size:
        raise _unreadable(f"{len(data)} octets cannot hold a header with optional fields")
    *_, sequence, rest = HEADER.unpack_from(data)
    return Header(
        message_type,
        length,
        teid,
        sequence if flags & S_FLAG else None,
        rest >> 8 if flags & PN_FLAG else None,
        rest & 0xFF if flags & E_FLAG else 0,
        HEADER.size,
    )


def _unreadable(text: str) -> HeaderError:
    return HeaderError(text, cause=Cause.INVALID_MESSAGE_FORMAT, clause="11.1.2")


def _other_version(data: bytes) -> HeaderError | VersionError:
    version, message_type = data[0] >> 5, data[1]
    text = f"version {version} of GTP"
    if message_type == MessageType.VERSION_NOT_SUPPORTED:
        return HeaderError(
            text, cause=Cause.VERSION_NOT_SUPPORTED, clause="11.1.1", message_type=message_type
        )
    sequence = None
    if version == 0:
        # TS 09.60 §6: flow label and sequence number lie where the TEID is now.
        sequence = data[4] << 8 | data[5]
    return VersionError(text, version=version, message_type=message_type, sequence=sequence)


def read_extension_headers(
    data: bytes, header: Header, comprehended: Container[int]
) -> tuple[tuple[ExtensionHeader, ...], int]:
    """Return the chain of extension headers and where it ends.

    Raises ExtensionHeaderError for a type that must be comprehended and is not among
    ``comprehended``, RemoteProtocolError for a chain that does not fit the message.
    """
    chain = []
    next_type, position = header.next_extension, header.position
    while next_type:
        end = position + 4 * data[position] if position < len(data) else position
        if not position < end <= len(data):
            raise invalid_format("an extension header does not fit the message", position)
        extension = ExtensionHeader(next_type, data[position + 1 : end - 1])
        if extension.must_be_comprehended and next_type not in comprehended:
            raise ExtensionHeaderError(
                f"extension header type {next_type:#04x} must be comprehended and is unknown",
                extension_type=next_type,
                octet=position + 1,
            )
        chain.append(extension)
        next_type, position = data[end - 1], end
    return tuple(chain), position


def write_header(
    message_type: int,
    body: bytes,
    *,
    teid: int,
    sequence: int | None,
    npdu_number: int | None = None,
    extension_headers: tuple[ExtensionHeader, ...] = (),
) -> bytes:
    """Return a message: header, extension headers and ``body``.

    Raises ValueError or struct.error for a field that does not fit.
    """
    flags = (
        VERSION << 5
        | PT_FLAG
        | (E_FLAG if extension_headers else 0)
        | (S_FLAG if sequence is not None else 0)
        | (PN_FLAG if npdu_number is not None else 0)
    )
    if flags == VERSION << 5 | PT_FLAG:
        return SHORT_HEADER.pack(flags, message_type, len(body), teid) + body
    chain = bytearray()
    next_type = 0
    for extension in reversed(extension_headers):
        units, rest = divmod(len(extension.content) + 2, 4)
        if rest or not 1 <= units <= 255 or not 1 <= extension.type <= 255:
            raise ValueError(f"extension header {extension} has not 4n-2 octets or has no type")
        chain[:0] = bytes((units, *extension.content, next_type))
        next_type = extension.type
    rest = (npdu_number or 0) << 8 | next_type
    length = 4 + len(chain) + len(body)
    return HEADER.pack(flags, message_type, length, teid, sequence or 0, rest) + chain + body


def split_elements(data: bytes, position: int) -> Iterator[tuple[int, int, int, int]]:
    """Yield of each element its position, its type, and where its value begins and ends.

    Raises RemoteProtocolError where an element overruns the message, or is a TV of a type
    that the standard does not know: after it nothing can be read (TS 29.060 §11.1).
    """
    while position < len(data):
        ie_type = data[position]
        start = position + _value_offset(ie_type, position)
        size = SIZES[ie_type]
        end = start + (size if size > 0 else int.from_bytes(data[position + 1 : start]))
        if end > len(data):
            text = f"IE type {ie_type} overruns the message"
            raise invalid_format(text, position, ie_type, clause="11.1.6")
        yield position, ie_type, start, end
        position = end


def _value_offset(ie_type: int, position: int) -> int:
    """Return how far after the type octet an element's value begins.

    Raises RemoteProtocolError for a TV of a type that the standard does not know.
    """
    if SIZES[ie_type] == VARIABLE:
        return 3
    if ie_type == SHORT_LENGTH:
        return 2
    if SIZES[ie_type] == ODD:
        raise invalid_format(
            f"IE type {ie_type} is a TV of unknown length, so that the rest cannot be read",
            position,
            ie_type,
            clause="11.1.9",
        )
    return 1


def invalid_format(
    text: str, position: int, ie_type: int | None = None, *, clause: str = "11.1"
) -> RemoteProtocolError:
    """Return the error of a message whose structure is broken; ``position`` counts from 0."""
    return RemoteProtocolError(
        text,
        cause=Cause.INVALID_MESSAGE_FORMAT,
        clause=clause,
        ie_type=ie_type,
        octet=position + 1,
    )
