"""From octets to PDUs and back.

Spec: SMPP 3.4 §3.2 (format), §3.3 (what is ignored), §2.8 (error handling).

Theory of operation. The header's command_id finds the class of the PDU, the class's table says
which fields follow, and what is left are optional parameters. A broken header is answered with
generic_nack, a broken body with the response of its request; the error says which status. Optional
parameters that the PDU should not have are kept and mean nothing.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from typing import Any, Final, NamedTuple

from testbed.codecs.smpp import binding, messages, operations
from testbed.codecs.smpp.base import Pdu, Response
from testbed.codecs.smpp.binding import GenericNack
from testbed.codecs.smpp.constants import (
    HEADER_LENGTH,
    RESPONSE_BIT,
    CommandId,
    CommandStatus,
)
from testbed.codecs.smpp.errors import FramingError, LocalProtocolError, RemoteProtocolError
from testbed.codecs.smpp.fields import FieldError
from testbed.codecs.smpp.parameters import (
    MESSAGE_PAYLOAD,
    PARAMETERS,
    ParameterError,
    Tlv,
    encode_tlvs,
)

_HEADER: Final = struct.Struct("!IIII")
_TLV: Final = struct.Struct("!HH")

PDUS: Final[dict[int, type[Pdu]]] = {
    kind.COMMAND: kind
    for kind in (
        binding.GenericNack,
        binding.BindReceiver,
        binding.BindReceiverResp,
        binding.BindTransmitter,
        binding.BindTransmitterResp,
        operations.QuerySm,
        operations.QuerySmResp,
        messages.SubmitSm,
        messages.SubmitSmResp,
        messages.DeliverSm,
        messages.DeliverSmResp,
        binding.Unbind,
        binding.UnbindResp,
        operations.ReplaceSm,
        operations.ReplaceSmResp,
        operations.CancelSm,
        operations.CancelSmResp,
        binding.BindTransceiver,
        binding.BindTransceiverResp,
        binding.Outbind,
        binding.EnquireLink,
        binding.EnquireLinkResp,
        messages.SubmitMulti,
        messages.SubmitMultiResp,
        operations.AlertNotification,
        messages.DataSm,
        messages.DataSmResp,
    )
}
"""Every PDU of SMPP 3.4, by its command_id."""

RESPONSES: Final[dict[int, type[Response]]] = {
    command_id & ~RESPONSE_BIT: kind
    for command_id, kind in PDUS.items()
    if issubclass(kind, Response) and kind is not GenericNack
}
"""The response to each request that has one, by the request's command_id."""


class Frame(NamedTuple):
    """A PDU and the sequence_number that it travels with."""

    sequence: int
    pdu: Pdu


def encode(pdu: Pdu, sequence: int) -> bytes:
    """Return the octets of a PDU.

    Raises LocalProtocolError, naming the field, for a value that SMPP cannot express.
    """
    status = pdu.status if isinstance(pdu, Response) else 0
    body = b"" if _is_bodiless(pdu) else _encode_body(pdu)
    try:
        return _HEADER.pack(HEADER_LENGTH + len(body), pdu.COMMAND, status, sequence) + body
    except struct.error as problem:
        raise LocalProtocolError(
            f"{pdu.COMMAND.spelling} with status {status} and sequence {sequence}: {problem}"
        ) from None


def _is_bodiless(pdu: Pdu) -> bool:
    """Return whether it is an error with nothing else to say."""
    return (
        isinstance(pdu, Response)
        and not pdu.is_success
        and not pdu.tlvs
        and all(getattr(pdu, field.name) == field.kind.absent for field in pdu.FIELDS)
    )


def _encode_body(pdu: Pdu) -> bytes:
    parts: list[bytes] = []
    name = "tlvs"
    try:
        if getattr(pdu, "short_message", b"") and _has_payload(pdu.tlvs):
            raise ValueError("there is a short_message already")
        for field in pdu.FIELDS:
            name = field.name
            parts.append(field.kind.encode(getattr(pdu, name)))
        name = "tlvs"
        parts.append(encode_tlvs(pdu.tlvs))
    except (ValueError, TypeError, AttributeError, OverflowError) as problem:
        raise LocalProtocolError(
            f"{pdu.COMMAND.spelling}.{name} = {getattr(pdu, name)!r} cannot be sent: {problem}"
        ) from problem
    return b"".join(parts)


def decode(data: bytes) -> Frame:
    """Return the PDU that ``data`` holds, from its command_length to its end.

    Raises RemoteProtocolError, with the status to answer, and nothing else.
    """
    if len(data) < HEADER_LENGTH:
        raise FramingError(
            f"{len(data)} octets are no header", status=CommandStatus.RINVCMDLEN, octet=1
        )
    length, command_id, status, sequence = _HEADER.unpack_from(data)
    if length != len(data):
        raise FramingError(
            f"the header says {length} octets, there are {len(data)}",
            status=CommandStatus.RINVCMDLEN,
            octet=1,
            command_id=command_id,
            sequence=sequence,
        )
    kind = PDUS.get(command_id)
    if kind is None:
        raise RemoteProtocolError(
            f"command_id {command_id:#010x} is none of SMPP 3.4",
            status=CommandStatus.RINVCMDID,
            octet=5,
            command_id=command_id,
            sequence=sequence,
        )
    values: dict[str, Any] = {}
    if issubclass(kind, Response):
        values["status"] = status
        if length == HEADER_LENGTH:
            return Frame(sequence, kind(**values))
    try:
        position = _decode_fields(kind, data, values)
        if position < length:
            values["tlvs"] = _decode_tlvs(kind, data, position)
    except RemoteProtocolError as error:
        error.pdu = kind.COMMAND.spelling
        error.command_id = command_id
        error.sequence = sequence
        raise
    if values.get("short_message") and _has_payload(values.get("tlvs", ())):
        raise RemoteProtocolError(
            "the message is in short_message and in message_payload",
            status=CommandStatus.ROPTPARNOTALLWD,
            pdu=kind.COMMAND.spelling,
            field="message_payload",
            command_id=command_id,
            sequence=sequence,
        )
    return Frame(sequence, kind(**values))


def _has_payload(tlvs: Iterable[Tlv]) -> bool:
    return any(tlv.tag == MESSAGE_PAYLOAD.tag for tlv in tlvs)


def _decode_fields(kind: type[Pdu], data: bytes, values: dict[str, Any]) -> int:
    position = HEADER_LENGTH
    for field in kind.FIELDS:
        try:
            values[field.name], position = field.kind.decode(data, position)
        except FieldError as error:
            raise RemoteProtocolError(
                str(error),
                status=error.status or field.status,
                octet=error.position + 1,
                field=field.name,
            ) from None
    return position


def _decode_tlvs(kind: type[Pdu], data: bytes, position: int) -> tuple[Tlv, ...]:
    tlvs: list[Tlv] = []
    end = len(data)
    while position < end:
        start = position + _TLV.size
        if start > end:
            raise RemoteProtocolError(
                f"{end - position} octets are no tag and length",
                status=CommandStatus.RINVOPTPARSTREAM,
                octet=position + 1,
            )
        tag, length = _TLV.unpack_from(data, position)
        value = data[start : start + length]
        if len(value) < length:
            raise RemoteProtocolError(
                f"{length} octets are announced, {len(value)} are there",
                status=CommandStatus.RINVOPTPARSTREAM,
                octet=position + 3,
                field=_name_of(tag),
            )
        if tag in kind.EXPECTED:
            try:
                PARAMETERS[tag].decode(value)
            except ParameterError as error:
                raise RemoteProtocolError(
                    str(error), status=error.status, octet=start + 1, field=_name_of(tag)
                ) from None
        tlvs.append(Tlv(tag, value))
        position = start + length
    return tuple(tlvs)


def _name_of(tag: int) -> str:
    parameter = PARAMETERS.get(tag)
    return f"parameter {tag:#06x}" if parameter is None else parameter.name


def answer_to(error: RemoteProtocolError) -> Response | None:
    """Return what answers a PDU that could not be decoded, or None where nothing does.

    A fault of the header is answered with generic_nack, one of the body with the request's
    response (SMPP 3.4 §2.8). Responses are never answered, nor are requests that have no response.
    """
    command_id = error.command_id
    if isinstance(error, FramingError) or command_id is None:
        return GenericNack(status=error.status)
    if command_id & RESPONSE_BIT:
        return None
    if command_id not in PDUS:
        return GenericNack(status=error.status)
    kind = RESPONSES.get(command_id)
    return None if kind is None else kind(status=error.status)


def response_to(command: CommandId, status: int) -> Response | None:
    """Return the response to a request with a status and nothing else, if it has a response."""
    kind = RESPONSES.get(command)
    return None if kind is None else kind(status=status)
