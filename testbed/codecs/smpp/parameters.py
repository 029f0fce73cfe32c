"""Optional parameters: tag, length, value.

Spec: SMPP 3.4 §5.3 (tags and values), §3.3 (what becomes of those that are not expected).

Theory of operation. A PDU keeps its optional parameters as they came, in order: tag and octets.
``PARAMETERS`` names every tag of the standard and says how its value is read and written, so that
``pdu.get(DESTINATION_PORT)`` is a number and ``DESTINATION_PORT(2948)`` is what to put into a PDU.
A tag that nobody knows keeps its octets.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import Any, Final, Generic, TypeVar

from testbed.codecs.smpp.constants import CommandStatus
from testbed.codecs.smpp.errors import LocalProtocolError
from testbed.codecs.smpp.values import NetworkErrorCode

T = TypeVar("T")

MOST_OCTETS: Final = 0xFFFF


@dataclass(frozen=True, slots=True)
class Tlv:
    """An optional parameter as it travels."""

    tag: int
    value: bytes


class ParameterError(ValueError):
    """A value of an optional parameter is none; carries the command_status to answer with."""

    def __init__(self, text: str, status: CommandStatus) -> None:
        super().__init__(text)
        self.status = status


@dataclass(frozen=True, slots=True)
class Parameter(Generic[T]):
    """An optional parameter of the standard."""

    tag: int
    name: str
    form: str
    """Its type and its size in octets, in words."""
    decode: Callable[[bytes], T]
    """The value from its octets; raises ``ParameterError``."""
    encode: Callable[[T], bytes]
    """The octets of a value; raises ``ValueError`` or ``OverflowError``."""

    def __call__(self, value: T) -> Tlv:
        """Return the parameter with a value, for a PDU's ``tlvs``."""
        try:
            octets = self.encode(value)
            self.decode(octets)
        except (ValueError, OverflowError) as problem:
            raise LocalProtocolError(f"{self.name} = {value!r}: {problem}") from None
        return Tlv(self.tag, octets)


def _check_length(value: bytes, least: int, most: int) -> None:
    if not least <= len(value) <= most:
        wanted = f"{least}" if least == most else f"{least} to {most}"
        raise ParameterError(f"it has {len(value)} octets, not {wanted}", CommandStatus.RINVPARLEN)


def _integer(tag: int, name: str, size: int, most: int | None = None) -> Parameter[int]:
    def decode(value: bytes) -> int:
        _check_length(value, size, size)
        number = int.from_bytes(value)
        if most is not None and number > most:
            raise ParameterError(f"{number} is more than {most}", CommandStatus.RINVOPTPARAMVAL)
        return number

    def encode(value: int) -> bytes:
        return value.to_bytes(size)

    return Parameter(tag, name, f"integer, {size}", decode, encode)


def _octets(tag: int, name: str, least: int, most: int) -> Parameter[bytes]:
    def decode(value: bytes) -> bytes:
        _check_length(value, least, most)
        return value

    form = "octets, " + (f"{least}" if least == most else f"{least} to {most}")
    return Parameter(tag, name, form, decode, bytes)


def _text(tag: int, name: str, most: int) -> Parameter[str]:
    def decode(value: bytes) -> str:
        _check_length(value, 1, most)
        if value.find(0) != len(value) - 1:
            raise ParameterError("its only NUL is not its end", CommandStatus.RINVOPTPARAMVAL)
        return value[:-1].decode("latin-1")

    def encode(value: str) -> bytes:
        return value.encode("latin-1") + b"\0"

    return Parameter(tag, name, f"C-octet string, 1 to {most}", decode, encode)


def _network_error_code(tag: int, name: str) -> Parameter[NetworkErrorCode]:
    def decode(value: bytes) -> NetworkErrorCode:
        _check_length(value, 3, 3)
        return NetworkErrorCode(value[0], int.from_bytes(value[1:]))

    def encode(value: NetworkErrorCode) -> bytes:
        return bytes((value.network_type,)) + value.code.to_bytes(2)

    return Parameter(tag, name, "network type 1, code 2", decode, encode)


_flag: Final = partial(_integer, size=1, most=1)

DEST_ADDR_SUBUNIT: Final = _integer(0x0005, "dest_addr_subunit", 1)
DEST_NETWORK_TYPE: Final = _integer(0x0006, "dest_network_type", 1)
DEST_BEARER_TYPE: Final = _integer(0x0007, "dest_bearer_type", 1)
DEST_TELEMATICS_ID: Final = _integer(0x0008, "dest_telematics_id", 2)
SOURCE_ADDR_SUBUNIT: Final = _integer(0x000D, "source_addr_subunit", 1)
SOURCE_NETWORK_TYPE: Final = _integer(0x000E, "source_network_type", 1)
SOURCE_BEARER_TYPE: Final = _integer(0x000F, "source_bearer_type", 1)
SOURCE_TELEMATICS_ID: Final = _integer(0x0010, "source_telematics_id", 1)
QOS_TIME_TO_LIVE: Final = _integer(0x0017, "qos_time_to_live", 4)
PAYLOAD_TYPE: Final = _integer(0x0019, "payload_type", 1)
ADDITIONAL_STATUS_INFO_TEXT: Final = _text(0x001D, "additional_status_info_text", 256)
RECEIPTED_MESSAGE_ID: Final = _text(0x001E, "receipted_message_id", 65)
MS_MSG_WAIT_FACILITIES: Final = _integer(0x0030, "ms_msg_wait_facilities", 1)
PRIVACY_INDICATOR: Final = _integer(0x0201, "privacy_indicator", 1)
SOURCE_SUBADDRESS: Final = _octets(0x0202, "source_subaddress", 2, 23)
DEST_SUBADDRESS: Final = _octets(0x0203, "dest_subaddress", 2, 23)
USER_MESSAGE_REFERENCE: Final = _integer(0x0204, "user_message_reference", 2)
USER_RESPONSE_CODE: Final = _integer(0x0205, "user_response_code", 1)
SOURCE_PORT: Final = _integer(0x020A, "source_port", 2)
DESTINATION_PORT: Final = _integer(0x020B, "destination_port", 2)
SAR_MSG_REF_NUM: Final = _integer(0x020C, "sar_msg_ref_num", 2)
LANGUAGE_INDICATOR: Final = _integer(0x020D, "language_indicator", 1)
SAR_TOTAL_SEGMENTS: Final = _integer(0x020E, "sar_total_segments", 1)
SAR_SEGMENT_SEQNUM: Final = _integer(0x020F, "sar_segment_seqnum", 1)
SC_INTERFACE_VERSION: Final = _integer(0x0210, "sc_interface_version", 1)
CALLBACK_NUM_PRES_IND: Final = _integer(0x0302, "callback_num_pres_ind", 1)
CALLBACK_NUM_ATAG: Final = _octets(0x0303, "callback_num_atag", 1, 65)
NUMBER_OF_MESSAGES: Final = _integer(0x0304, "number_of_messages", 1, 99)
CALLBACK_NUM: Final = _octets(0x0381, "callback_num", 4, 19)
DPF_RESULT: Final = _flag(0x0420, "dpf_result")
SET_DPF: Final = _flag(0x0421, "set_dpf")
MS_AVAILABILITY_STATUS: Final = _integer(0x0422, "ms_availability_status", 1)
NETWORK_ERROR_CODE: Final = _network_error_code(0x0423, "network_error_code")
MESSAGE_PAYLOAD: Final = _octets(0x0424, "message_payload", 0, MOST_OCTETS)
DELIVERY_FAILURE_REASON: Final = _integer(0x0425, "delivery_failure_reason", 1)
MORE_MESSAGES_TO_SEND: Final = _flag(0x0426, "more_messages_to_send")
MESSAGE_STATE: Final = _integer(0x0427, "message_state", 1)
USSD_SERVICE_OP: Final = _integer(0x0501, "ussd_service_op", 1)
DISPLAY_TIME: Final = _integer(0x1201, "display_time", 1)
SMS_SIGNAL: Final = _integer(0x1203, "sms_signal", 2)
MS_VALIDITY: Final = _integer(0x1204, "ms_validity", 1)
ALERT_ON_MESSAGE_DELIVERY: Final = _octets(0x130C, "alert_on_message_delivery", 0, 0)
ITS_REPLY_TYPE: Final = _integer(0x1380, "its_reply_type", 1)
ITS_SESSION_INFO: Final = _integer(0x1383, "its_session_info", 2)

_ALL: Final[tuple[Parameter[Any], ...]] = (
    DEST_ADDR_SUBUNIT,
    DEST_NETWORK_TYPE,
    DEST_BEARER_TYPE,
    DEST_TELEMATICS_ID,
    SOURCE_ADDR_SUBUNIT,
    SOURCE_NETWORK_TYPE,
    SOURCE_BEARER_TYPE,
    SOURCE_TELEMATICS_ID,
    QOS_TIME_TO_LIVE,
    PAYLOAD_TYPE,
    ADDITIONAL_STATUS_INFO_TEXT,
    RECEIPTED_MESSAGE_ID,
    MS_MSG_WAIT_FACILITIES,
    PRIVACY_INDICATOR,
    SOURCE_SUBADDRESS,
    DEST_SUBADDRESS,
    USER_MESSAGE_REFERENCE,
    USER_RESPONSE_CODE,
    SOURCE_PORT,
    DESTINATION_PORT,
    SAR_MSG_REF_NUM,
    LANGUAGE_INDICATOR,
    SAR_TOTAL_SEGMENTS,
    SAR_SEGMENT_SEQNUM,
    SC_INTERFACE_VERSION,
    CALLBACK_NUM_PRES_IND,
    CALLBACK_NUM_ATAG,
    NUMBER_OF_MESSAGES,
    CALLBACK_NUM,
    DPF_RESULT,
    SET_DPF,
    MS_AVAILABILITY_STATUS,
    NETWORK_ERROR_CODE,
    MESSAGE_PAYLOAD,
    DELIVERY_FAILURE_REASON,
    MORE_MESSAGES_TO_SEND,
    MESSAGE_STATE,
    USSD_SERVICE_OP,
    DISPLAY_TIME,
    SMS_SIGNAL,
    MS_VALIDITY,
    ALERT_ON_MESSAGE_DELIVERY,
    ITS_REPLY_TYPE,
    ITS_SESSION_INFO,
)

PARAMETERS: Final = MappingProxyType({parameter.tag: parameter for parameter in _ALL})
"""Every optional parameter of SMPP 3.4, by its tag."""


def tags(*parameters: Parameter[Any]) -> frozenset[int]:
    """Return the tags of parameters."""
    return frozenset(parameter.tag for parameter in parameters)


def encode_tlvs(tlvs: Iterable[Tlv]) -> bytes:
    """Return the optional part of a PDU. Raise ``ValueError`` for a tag or length that is none."""
    parts: list[bytes] = []
    for tlv in tlvs:
        try:
            parts += (tlv.tag.to_bytes(2), len(tlv.value).to_bytes(2), tlv.value)
        except OverflowError:
            raise ValueError(
                f"tag {tlv.tag:#x} with {len(tlv.value)} octets does not fit two octets each"
            ) from None
    return b"".join(parts)
