"""From octets to messages.

Specs: TS 29.060 §11.1 (error handling), in the order in which it wants things checked:
version, header, message type, length, extension headers, then the information elements.

Theory of operation. A usual message goes through its kind's reader (``usual``). Any other is
walked, element by element: the type finds the place in the message's table, the place's element
decodes the value. Elements may come in any order; of one that comes too often the first counts;
what has no place is kept as it is. A mandatory or conditional element that is no value ends the
message with Cause 201, an optional one is put with the others and otherwise ignored.
"""

from __future__ import annotations

import struct
from collections.abc import Container
from typing import Any, Final

from gtp.constants import Cause, IEType, MessageType
from gtp.errors import LengthError, MessageTypeError, RemoteProtocolError
from gtp.ies.catalogue import name_of
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
from gtp.messages.location_change import (
    MsInfoChangeNotificationRequest,
    MsInfoChangeNotificationResponse,
)
from gtp.messages.mobility import (
    IdentificationRequest,
    IdentificationResponse,
    SgsnContextAcknowledge,
    SgsnContextRequest,
    SgsnContextResponse,
)
from gtp.messages.multicast_bearer import (
    CreateMbmsContextRequest,
    CreateMbmsContextResponse,
    DeleteMbmsContextRequest,
    DeleteMbmsContextResponse,
    MbmsNotificationRejectRequest,
    MbmsNotificationRejectResponse,
    MbmsNotificationRequest,
    MbmsNotificationResponse,
    UpdateMbmsContextRequest,
    UpdateMbmsContextResponse,
)
from gtp.messages.multicast_session import (
    MbmsDeRegistrationRequest,
    MbmsDeRegistrationResponse,
    MbmsRegistrationRequest,
    MbmsRegistrationResponse,
    MbmsSessionStartRequest,
    MbmsSessionStartResponse,
    MbmsSessionStopRequest,
    MbmsSessionStopResponse,
    MbmsSessionUpdateRequest,
    MbmsSessionUpdateResponse,
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
from gtp.messages.relocation import (
    ForwardRelocationComplete,
    ForwardRelocationCompleteAcknowledge,
    ForwardRelocationRequest,
    ForwardRelocationResponse,
    ForwardSrnsContext,
    ForwardSrnsContextAcknowledge,
    RanInformationRelay,
    RelocationCancelRequest,
    RelocationCancelResponse,
    UeRegistrationQueryRequest,
    UeRegistrationQueryResponse,
)
from gtp.messages.session import (
    CreatePdpContextRequest,
    CreatePdpContextResponse,
    DeletePdpContextRequest,
    DeletePdpContextResponse,
)
from gtp.messages.table import Place, Presence
from gtp.messages.tunnel import (
    EndMarker,
    ErrorIndication,
    GPdu,
)
from gtp.messages.update import (
    InitiatePdpContextActivationRequest,
    InitiatePdpContextActivationResponse,
    UpdatePdpContextRequest,
    UpdatePdpContextResponse,
)
from gtp.messages.usual import Reader, make_reader
from gtp.wire import (
    HEADER,
    PLAIN,
    Header,
    read_extension_headers,
    read_header,
    split_elements,
)

MESSAGES: Final[dict[int, type[Message]]] = {
    kind.TYPE: kind
    for kind in (
        EchoRequest,
        EchoResponse,
        VersionNotSupported,
        CreatePdpContextRequest,
        CreatePdpContextResponse,
        UpdatePdpContextRequest,
        UpdatePdpContextResponse,
        DeletePdpContextRequest,
        DeletePdpContextResponse,
        InitiatePdpContextActivationRequest,
        InitiatePdpContextActivationResponse,
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
        IdentificationRequest,
        IdentificationResponse,
        SgsnContextRequest,
        SgsnContextResponse,
        SgsnContextAcknowledge,
        ForwardRelocationRequest,
        ForwardRelocationResponse,
        ForwardRelocationComplete,
        RelocationCancelRequest,
        RelocationCancelResponse,
        ForwardSrnsContext,
        ForwardRelocationCompleteAcknowledge,
        ForwardSrnsContextAcknowledge,
        UeRegistrationQueryRequest,
        UeRegistrationQueryResponse,
        RanInformationRelay,
        MbmsNotificationRequest,
        MbmsNotificationResponse,
        MbmsNotificationRejectRequest,
        MbmsNotificationRejectResponse,
        CreateMbmsContextRequest,
        CreateMbmsContextResponse,
        UpdateMbmsContextRequest,
        UpdateMbmsContextResponse,
        DeleteMbmsContextRequest,
        DeleteMbmsContextResponse,
        MbmsRegistrationRequest,
        MbmsRegistrationResponse,
        MbmsDeRegistrationRequest,
        MbmsDeRegistrationResponse,
        MbmsSessionStartRequest,
        MbmsSessionStartResponse,
        MbmsSessionStopRequest,
        MbmsSessionStopResponse,
        MbmsSessionUpdateRequest,
        MbmsSessionUpdateResponse,
        MsInfoChangeNotificationRequest,
        MsInfoChangeNotificationResponse,
        EndMarker,
    )
}
"""By type, the messages that are made of information elements: all but G-PDU."""

_READERS: Final[dict[int, Reader]] = {}
"""By type, the readers of usual messages. Each is made when it is first wanted, because making
all of them takes longer than a short command has."""

_NO_TYPES: Final[frozenset[int]] = frozenset()
_EVERY_TYPE: Final = range(256)


def decode(data: bytes, *, comprehended: Container[int] = _NO_TYPES) -> Message:
    """Return the message that ``data``, a whole datagram's payload, holds.

    ``comprehended`` are the types of extension headers that the caller knows, of those that
    must be known. Raises RemoteProtocolError, with the Cause to answer, and nothing else.
    """
    try:
        flags, message_type, length, teid, sequence, _ = HEADER.unpack_from(data)
    except struct.error:
        return _decode(data, comprehended)
    read = _READERS.get(message_type)
    if read is not None and flags == PLAIN and length == len(data) - 8:
        try:
            message = read(data, teid, sequence)
        except ValueError:
            return _decode(data, comprehended)
        if message is not None and (not message.IES.if_accepted or _lacking(message) is None):
            return message
    return _decode(data, comprehended)


def _decode(data: bytes, comprehended: Container[int]) -> Message:
    """Decode any message, usual or not."""
    header = read_header(data)
    kind = MESSAGES.get(header.message_type)
    if kind is None and header.message_type != MessageType.G_PDU:
        raise _unknown_type(header)
    fields: dict[str, Any] = {"teid": header.teid, "sequence": header.sequence or 0}
    try:
        if header.length != len(data) - 8:
            raise LengthError(
                f"the header says {header.length} octets, the datagram has {len(data) - 8}"
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
        if header.message_type not in _READERS:
            _READERS[header.message_type] = make_reader(kind)
        message = _read_elements(kind, data, body, fields)
        lacking = _lacking(message)
        if lacking is not None:
            raise _absent(lacking, "of a response that accepts ")
        return message
    except RemoteProtocolError as error:
        raise _complete(error, header, data) from None


def _read_elements(
    kind: type[Message], data: bytes, position: int, fields: dict[str, Any]
) -> Message:
    """Walk over the elements from ``position`` on, and make the message of what they say.

    A broken structure is found first, then a missing element, then an incorrect one.
    """
    table = kind.IES
    others: list[RawIE] = []
    repeated: dict[str, list[Any]] = {}
    incorrect: RemoteProtocolError | None = None
    for at, ie_type, start, end in split_elements(data, position):
        place = table.vacant(ie_type, fields)
        if place is None:
            others.append(RawIE(ie_type, data[start:end]))
            continue
        name = place.name
        try:
            value = place.element.decode(data[start:end])
        except ValueError as problem:
            if place.presence is Presence.OPTIONAL:
                others.append(RawIE(ie_type, data[start:end]))
            else:
                fields[name] = None
                incorrect = incorrect or _incorrect(place, at, problem)
            continue
        if place.repeatable:
            repeated.setdefault(name, []).append(value)
        else:
            fields[name] = value
    fields.update((name, tuple(each)) for name, each in repeated.items())
    missing = next((place for place in table if _is_missing(place, fields)), None)
    if missing is not None:
        raise _absent(missing)
    if incorrect is not None:
        raise incorrect
    return kind(other_ies=tuple(others), **fields)


def _is_missing(place: Place, fields: dict[str, Any]) -> bool:
    return place.presence is Presence.MANDATORY and place.name not in fields


def _incorrect(place: Place, position: int, problem: ValueError) -> RemoteProtocolError:
    ie_type = place.element.type
    return RemoteProtocolError(
        f"{place.presence.name.lower()} {name_of(ie_type)} is incorrect: {problem}",
        cause=Cause.MANDATORY_IE_INCORRECT,
        clause="11.1.7",
        ie_type=ie_type,
        octet=position + 1,
    )


def _lacking(message: Message) -> Place | None:
    """Return what a response that accepts needs and this one has not."""
    cause: Cause | None = getattr(message, "cause", None)
    if cause is None or not cause.is_acceptance:
        return None
    return next(
        (place for place in message.IES.if_accepted if getattr(message, place.name) is None), None
    )


def _absent(place: Place, whose: str = "") -> RemoteProtocolError:
    ie_type = place.element.type
    return RemoteProtocolError(
        f"mandatory {name_of(ie_type)} {whose}is missing",
        cause=Cause.MANDATORY_IE_MISSING,
        clause="11.1.5",
        ie_type=ie_type,
    )


def _unknown_type(header: Header) -> MessageTypeError:
    return MessageTypeError(
        f"message type {header.message_type} is none that is implemented here",
        cause=Cause.INVALID_MESSAGE_FORMAT,
        clause="11.1.3",
        octet=2,
        message_type=header.message_type,
        sequence=header.sequence,
        teid=header.teid,
    )


def _complete(error: RemoteProtocolError, header: Header, data: bytes) -> RemoteProtocolError:
    """Add to an error what an answer needs of the header, and the sender's TEID."""
    error.message_type = header.message_type
    error.teid = header.teid
    error.sequence = header.sequence
    error.sender_teid = _sender_teid(header, data)
    return error


def _sender_teid(header: Header, data: bytes) -> int | None:
    """Return the first TEID Control Plane, as far as the elements can be told apart.

    Neither a length that is wrong nor an extension header that must be known keeps them from it.
    """
    try:
        _, position = read_extension_headers(data, header, _EVERY_TYPE)
        for _, ie_type, start, end in split_elements(data, position):
            if ie_type == IEType.TEID_CONTROL:
                return int.from_bytes(data[start:end])
    except RemoteProtocolError:
        return None
    return None
