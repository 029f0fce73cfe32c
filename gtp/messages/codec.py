"""From octets to messages.

Specs: TS 29.060 §11.1 (error handling), in the order in which it wants things checked:
version, header, message type, length, extension headers, then the information elements.

Theory of operation. One walk over the elements: the type octet finds the place in the
message's table, the place's element decodes the value. Elements may come in any order; of one
that comes too often the first counts; what has no place is kept as it is. A mandatory or
conditional element that is no value ends the message with Cause 201, an optional one is put
with the others and otherwise ignored.
"""

from __future__ import annotations

import struct
from collections.abc import Container
from typing import Any, Final

from gtp.constants import Cause, IEType, MessageType
from gtp.errors import MessageTypeError, RemoteProtocolError
from gtp.ies.catalogue import SIZES, name_of
from gtp.ies.values import RawIE
from gtp.messages.base import Message
from gtp.messages.location import (
    FailureReportRequest,
    FailureReportResponse,
    NoteMsGprsPresentRequest,
    NoteMsGprsPresentResponse,
    SendRouteingInformationRequest,
    SendRouteingInformationResponse,
)
from gtp.messages.notification import (
    PduNotificationRejectRequest,
    PduNotificationRejectResponse,
    PduNotificationRequest,
    PduNotificationResponse,
)
from gtp.messages.path import (
    EchoRequest,
    EchoResponse,
    SupportedExtensionHeadersNotification,
    VersionNotSupported,
)
from gtp.messages.session import (
    CreatePdpContextRequest,
    CreatePdpContextResponse,
    DeletePdpContextRequest,
    DeletePdpContextResponse,
)
from gtp.messages.table import Place, Presence, Table
from gtp.messages.tunnel import EndMarker, ErrorIndication, GPdu
from gtp.wire import (
    HEADER,
    PLAIN,
    Header,
    invalid_format,
    overrun,
    read_extension_headers,
    read_header,
    split_elements,
    value_offset,
)

MESSAGES: Final[dict[int, type[Message]]] = {
    kind.TYPE: kind
    for kind in (
        EchoRequest,
        EchoResponse,
        VersionNotSupported,
        CreatePdpContextRequest,
        CreatePdpContextResponse,
        DeletePdpContextRequest,
        DeletePdpContextResponse,
        ErrorIndication,
        PduNotificationRequest,
        PduNotificationResponse,
        PduNotificationRejectRequest,
        PduNotificationRejectResponse,
        SupportedExtensionHeadersNotification,
        SendRouteingInformationRequest,
        SendRouteingInformationResponse,
        FailureReportRequest,
        FailureReportResponse,
        NoteMsGprsPresentRequest,
        NoteMsGprsPresentResponse,
        EndMarker,
    )
}
"""By type, the messages that are made of information elements: all but G-PDU."""

_NO_TYPES: Final[frozenset[int]] = frozenset()


def decode(data: bytes, *, comprehended: Container[int] = _NO_TYPES) -> Message:
    """Return the message that ``data``, a whole datagram's payload, holds.

    ``comprehended`` are the types of extension headers that the caller knows, of those that
    must be known. Raises RemoteProtocolError, with the Cause to answer, and nothing else.
    """
    try:
        flags, message_type, length, teid, sequence, _ = HEADER.unpack_from(data)
    except struct.error:
        flags = message_type = length = teid = sequence = 0
    kind = MESSAGES.get(message_type)
    if flags != PLAIN or kind is None or length != len(data) - 8:
        return _decode_unusual(data, comprehended)
    fields: dict[str, Any] = {"teid": teid, "sequence": sequence}
    try:
        return _read_elements(kind, data, HEADER.size, fields)
    except RemoteProtocolError as error:
        raise _complete(error, message_type, teid, sequence, data, HEADER.size) from None


def _decode_unusual(data: bytes, comprehended: Container[int]) -> Message:
    """Decode what has extension headers, lacks a sequence number, is a G-PDU or is wrong."""
    header = read_header(data)
    kind = MESSAGES.get(header.message_type)
    if kind is None and header.message_type != MessageType.G_PDU:
        raise _unknown_type(header)
    body: int | None = None
    fields: dict[str, Any] = {"teid": header.teid, "sequence": header.sequence or 0}
    try:
        if header.length != len(data) - 8:
            raise invalid_format(
                f"the header says {header.length} octets, the datagram has {len(data) - 8}", 2
            )
        chain, body = read_extension_headers(data, header, comprehended)
        fields["extension_headers"] = chain
        if kind is None:
            return GPdu(
                payload=data[body:],
                sequenced=header.sequence is not None,
                npdu_number=header.npdu_number,
                **fields,
            )
        return _read_elements(kind, data, body, fields)
    except RemoteProtocolError as error:
        raise _complete(
            error, header.message_type, header.teid, header.sequence, data, body
        ) from None


def _read_elements(
    kind: type[Message], data: bytes, position: int, fields: dict[str, Any]
) -> Message:
    """Walk over the elements from ``position`` on, and make the message of what they say."""
    table = kind.IES
    by_type = table.by_type
    others: list[RawIE] = []
    end = len(data)
    while position < end:
        ie_type = data[position]
        size = SIZES[ie_type]
        if size > 0:
            start = position + 1
            stop = start + size
        else:
            start = position + value_offset(ie_type, position)
            stop = start + int.from_bytes(data[position + 1 : start])
        if stop > end:
            raise overrun(ie_type, position)
        place = by_type[ie_type]
        if place is not None and (place.name in fields or place.repeatable):
            place = table.vacant(ie_type, fields)
        if place is None:
            others.append(RawIE(ie_type, data[start:stop]))
        else:
            try:
                value = place.element.decode(data[start:stop])
                if place.repeatable:
                    value = (*fields.get(place.name, ()), value)
                fields[place.name] = value
            except ValueError as problem:
                if place.presence is not Presence.OPTIONAL:
                    raise _incorrect(place, position, problem) from None
                others.append(RawIE(ie_type, data[start:stop]))
        position = stop
    if not table.mandatory <= fields.keys():
        raise _missing(table, fields)
    if table.if_accepted and fields["cause"].is_acceptance:
        _require_accepted(table, fields)
    if others:
        fields["other_ies"] = tuple(others)
    return kind(**fields)


def _require_accepted(table: Table, fields: dict[str, Any]) -> None:
    for place in table.if_accepted:
        if place.name not in fields:
            raise _absent(place, "of a response that accepts ")


def _missing(table: Table, fields: dict[str, Any]) -> RemoteProtocolError:
    return next(_absent(place) for place in table if place.name in table.mandatory - fields.keys())


def _absent(place: Place, whose: str = "") -> RemoteProtocolError:
    ie_type = place.element.type
    return RemoteProtocolError(
        f"mandatory {name_of(ie_type)} {whose}is missing",
        cause=Cause.MANDATORY_IE_MISSING,
        clause="11.1.6",
        ie_type=ie_type,
    )


def _incorrect(place: Place, position: int, problem: ValueError) -> RemoteProtocolError:
    ie_type = place.element.type
    return RemoteProtocolError(
        f"{place.presence.name.lower()} {name_of(ie_type)} is incorrect: {problem}",
        cause=Cause.MANDATORY_IE_INCORRECT,
        clause="11.1.8",
        ie_type=ie_type,
        octet=position + 1,
    )


def _unknown_type(header: Header) -> MessageTypeError:
    return MessageTypeError(
        f"message type {header.message_type} is unknown",
        cause=Cause.INVALID_MESSAGE_FORMAT,
        clause="11.1.3",
        octet=2,
        message_type=header.message_type,
        sequence=header.sequence,
        teid=header.teid,
    )


def _complete(
    error: RemoteProtocolError,
    message_type: int,
    teid: int,
    sequence: int | None,
    data: bytes,
    body: int | None,
) -> RemoteProtocolError:
    """Add to an error what an answer needs of the header, and the sender's TEID."""
    error.message_type, error.teid, error.sequence = message_type, teid, sequence
    if body is not None:
        error.sender_teid = _sender_teid(data, body)
    return error


def _sender_teid(data: bytes, position: int) -> int | None:
    """Return the first TEID Control Plane, as far as the elements can be told apart."""
    try:
        for _, ie_type, start, end in split_elements(data, position):
            if ie_type == IEType.TEID_CONTROL:
                return int.from_bytes(data[start:end])
    except RemoteProtocolError:
        return None
    return None
