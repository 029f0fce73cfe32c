"""PDUs that carry messages.

Spec: SMPP 3.4 §4.4 (submit_sm), §4.5 (submit_multi), §4.6 (deliver_sm), §4.7 (data_sm).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final

from testbed.codecs.smpp import parameters as p
from testbed.codecs.smpp.base import Request, Response
from testbed.codecs.smpp.constants import CommandId
from testbed.codecs.smpp.constants import CommandStatus as S
from testbed.codecs.smpp.fields import (
    DATA_CODING,
    DEFAULT_MESSAGE,
    DESTINATION,
    ESM_CLASS,
    MESSAGE_ID,
    REGISTERED_DELIVERY,
    SCHEDULE,
    SERVICE_TYPE,
    SHORT_MESSAGE,
    SOURCE,
    VALIDITY,
    Address,
    Destinations,
    Field,
    Integer,
    UnsuccessfulOnes,
)
from testbed.codecs.smpp.times import SmppTime
from testbed.codecs.smpp.values import NO_ADDRESS, DistributionList, SmeAddress, Unsuccessful

_SAR: Final = p.tags(
    p.SOURCE_PORT,
    p.DESTINATION_PORT,
    p.SAR_MSG_REF_NUM,
    p.SAR_TOTAL_SEGMENTS,
    p.SAR_SEGMENT_SEQNUM,
    p.PAYLOAD_TYPE,
    p.MESSAGE_PAYLOAD,
    p.USER_MESSAGE_REFERENCE,
    p.PRIVACY_INDICATOR,
    p.CALLBACK_NUM,
    p.SOURCE_SUBADDRESS,
    p.DEST_SUBADDRESS,
    p.LANGUAGE_INDICATOR,
)
_TO_HANDSET: Final = _SAR | p.tags(
    p.SOURCE_ADDR_SUBUNIT,
    p.DEST_ADDR_SUBUNIT,
    p.CALLBACK_NUM_PRES_IND,
    p.CALLBACK_NUM_ATAG,
    p.DISPLAY_TIME,
    p.SMS_SIGNAL,
    p.MS_VALIDITY,
    p.MS_MSG_WAIT_FACILITIES,
    p.ALERT_ON_MESSAGE_DELIVERY,
)
_INTERACTIVE: Final = p.tags(
    p.MORE_MESSAGES_TO_SEND,
    p.USER_RESPONSE_CODE,
    p.NUMBER_OF_MESSAGES,
    p.ITS_REPLY_TYPE,
    p.ITS_SESSION_INFO,
)
_SUBMIT_TAGS: Final = _TO_HANDSET | _INTERACTIVE | p.tags(p.USSD_SERVICE_OP)
_DELIVER_TAGS: Final = _SAR | p.tags(
    p.USER_RESPONSE_CODE,
    p.ITS_SESSION_INFO,
    p.NETWORK_ERROR_CODE,
    p.MESSAGE_STATE,
    p.RECEIPTED_MESSAGE_ID,
)
_DATA_TAGS: Final = (
    _TO_HANDSET
    | _INTERACTIVE
    | p.tags(
        p.SOURCE_NETWORK_TYPE,
        p.SOURCE_BEARER_TYPE,
        p.SOURCE_TELEMATICS_ID,
        p.DEST_NETWORK_TYPE,
        p.DEST_BEARER_TYPE,
        p.DEST_TELEMATICS_ID,
        p.QOS_TIME_TO_LIVE,
        p.SET_DPF,
        p.RECEIPTED_MESSAGE_ID,
        p.MESSAGE_STATE,
        p.NETWORK_ERROR_CODE,
    )
)

_AFTER_DESTINATION: Final = (
    ESM_CLASS,
    Field("protocol_id", Integer()),
    Field("priority_flag", Integer(most=3), S.RINVPRTFLG),
    SCHEDULE,
    VALIDITY,
    REGISTERED_DELIVERY,
    Field("replace_if_present_flag", Integer(most=1), S.RINVREPFLAG),
    DATA_CODING,
    DEFAULT_MESSAGE,
    SHORT_MESSAGE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Message(Request):
    """What submit_sm, submit_multi and deliver_sm share."""

    service_type: str = ""
    source: SmeAddress = NO_ADDRESS
    esm_class: int = 0
    protocol_id: int = 0
    priority_flag: int = 0
    schedule_delivery_time: SmppTime | None = None
    validity_period: SmppTime | None = None
    registered_delivery: int = 0
    replace_if_present_flag: int = 0
    data_coding: int = 0
    sm_default_msg_id: int = 0
    short_message: bytes = b""

    @property
    def user_data(self) -> bytes:
        """The message, whether it is in message_payload or in short_message."""
        payload = self.get(p.MESSAGE_PAYLOAD)
        return self.short_message if payload is None else payload


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmitSm(Message):
    """submit_sm: a message for one destination (§4.4.1)."""

    COMMAND: ClassVar[CommandId] = CommandId.SUBMIT_SM
    FIELDS: ClassVar[tuple[Field, ...]] = (
        SERVICE_TYPE,
        SOURCE,
        DESTINATION,
        *_AFTER_DESTINATION,
    )
    EXPECTED: ClassVar[frozenset[int]] = _SUBMIT_TAGS

    destination: SmeAddress = NO_ADDRESS


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmitSmResp(Response):
    """submit_sm_resp (§4.4.2)."""

    COMMAND: ClassVar[CommandId] = CommandId.SUBMIT_SM_RESP
    FIELDS: ClassVar[tuple[Field, ...]] = (MESSAGE_ID,)

    message_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmitMulti(Message):
    """submit_multi: a message for many destinations (§4.5.1)."""

    COMMAND: ClassVar[CommandId] = CommandId.SUBMIT_MULTI
    FIELDS: ClassVar[tuple[Field, ...]] = (
        SERVICE_TYPE,
        SOURCE,
        Field("destinations", Destinations(), S.RINVNUMDESTS),
        *_AFTER_DESTINATION,
    )
    EXPECTED: ClassVar[frozenset[int]] = _TO_HANDSET

    destinations: tuple[SmeAddress | DistributionList, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmitMultiResp(Response):
    """submit_multi_resp (§4.5.2)."""

    COMMAND: ClassVar[CommandId] = CommandId.SUBMIT_MULTI_RESP
    FIELDS: ClassVar[tuple[Field, ...]] = (
        MESSAGE_ID,
        Field("unsuccessful", UnsuccessfulOnes(), S.RINVNUMDESTS),
    )

    message_id: str = ""
    unsuccessful: tuple[Unsuccessful, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliverSm(Message):
    """deliver_sm: a message or a receipt for an ESME (§4.6.1)."""

    COMMAND: ClassVar[CommandId] = CommandId.DELIVER_SM
    FIELDS: ClassVar[tuple[Field, ...]] = SubmitSm.FIELDS
    EXPECTED: ClassVar[frozenset[int]] = _DELIVER_TAGS

    destination: SmeAddress = NO_ADDRESS


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliverSmResp(Response):
    """deliver_sm_resp (§4.6.2). Its message_id is unused."""

    COMMAND: ClassVar[CommandId] = CommandId.DELIVER_SM_RESP
    FIELDS: ClassVar[tuple[Field, ...]] = (MESSAGE_ID,)

    message_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DataSm(Request):
    """data_sm: a message in either direction, most of it in optional parameters (§4.7.1)."""

    COMMAND: ClassVar[CommandId] = CommandId.DATA_SM
    FIELDS: ClassVar[tuple[Field, ...]] = (
        SERVICE_TYPE,
        Field("source", Address(65), S.RINVSRCADR),
        Field("destination", Address(65), S.RINVDSTADR),
        ESM_CLASS,
        REGISTERED_DELIVERY,
        DATA_CODING,
    )
    EXPECTED: ClassVar[frozenset[int]] = _DATA_TAGS

    service_type: str = ""
    source: SmeAddress = NO_ADDRESS
    destination: SmeAddress = NO_ADDRESS
    esm_class: int = 0
    registered_delivery: int = 0
    data_coding: int = 0

    @property
    def user_data(self) -> bytes:
        """The message, empty where there is none."""
        return self.get(p.MESSAGE_PAYLOAD) or b""


@dataclass(frozen=True, slots=True, kw_only=True)
class DataSmResp(Response):
    """data_sm_resp: in transaction mode also the outcome (§4.7.2)."""

    COMMAND: ClassVar[CommandId] = CommandId.DATA_SM_RESP
    FIELDS: ClassVar[tuple[Field, ...]] = (MESSAGE_ID,)
    EXPECTED: ClassVar[frozenset[int]] = p.tags(
        p.DELIVERY_FAILURE_REASON,
        p.NETWORK_ERROR_CODE,
        p.ADDITIONAL_STATUS_INFO_TEXT,
        p.DPF_RESULT,
    )

    message_id: str = ""
