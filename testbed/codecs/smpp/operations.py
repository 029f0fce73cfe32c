"""PDUs about messages that the SMSC has, and about mobile subscribers.

Spec: SMPP 3.4 §4.8 (query_sm), §4.9 (cancel_sm), §4.10 (replace_sm), §4.12 (alert_notification).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from testbed.codecs.smpp.base import Request, Response
from testbed.codecs.smpp.constants import CommandId, MessageState
from testbed.codecs.smpp.constants import CommandStatus as S
from testbed.codecs.smpp.fields import (
    DEFAULT_MESSAGE,
    DESTINATION,
    MESSAGE_ID,
    REGISTERED_DELIVERY,
    SCHEDULE,
    SERVICE_TYPE,
    SHORT_MESSAGE,
    SOURCE,
    VALIDITY,
    Address,
    Field,
    Integer,
    Time,
)
from testbed.codecs.smpp.parameters import MS_AVAILABILITY_STATUS, tags
from testbed.codecs.smpp.times import SmppTime
from testbed.codecs.smpp.values import NO_ADDRESS, SmeAddress


@dataclass(frozen=True, slots=True, kw_only=True)
class QuerySm(Request):
    """query_sm: what has become of a message? (§4.8.1)."""

    COMMAND: ClassVar[CommandId] = CommandId.QUERY_SM
    FIELDS: ClassVar[tuple[Field, ...]] = (MESSAGE_ID, SOURCE)

    message_id: str = ""
    source: SmeAddress = NO_ADDRESS


@dataclass(frozen=True, slots=True, kw_only=True)
class QuerySmResp(Response):
    """query_sm_resp (§4.8.2)."""

    COMMAND: ClassVar[CommandId] = CommandId.QUERY_SM_RESP
    FIELDS: ClassVar[tuple[Field, ...]] = (
        MESSAGE_ID,
        Field("final_date", Time(), S.RSYSERR),
        Field("message_state", Integer(absent=MessageState.UNKNOWN)),
        Field("error_code", Integer()),
    )

    message_id: str = ""
    final_date: SmppTime | None = None
    message_state: int = MessageState.UNKNOWN
    error_code: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelSm(Request):
    """cancel_sm: do not deliver a message, or those to a destination (§4.9.1)."""

    COMMAND: ClassVar[CommandId] = CommandId.CANCEL_SM
    FIELDS: ClassVar[tuple[Field, ...]] = (SERVICE_TYPE, MESSAGE_ID, SOURCE, DESTINATION)

    service_type: str = ""
    message_id: str = ""
    source: SmeAddress = NO_ADDRESS
    destination: SmeAddress = NO_ADDRESS


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelSmResp(Response):
    """cancel_sm_resp (§4.9.2)."""

    COMMAND: ClassVar[CommandId] = CommandId.CANCEL_SM_RESP


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplaceSm(Request):
    """replace_sm: another text for a message that is not delivered yet (§4.10.1)."""

    COMMAND: ClassVar[CommandId] = CommandId.REPLACE_SM
    FIELDS: ClassVar[tuple[Field, ...]] = (
        MESSAGE_ID,
        SOURCE,
        SCHEDULE,
        VALIDITY,
        REGISTERED_DELIVERY,
        DEFAULT_MESSAGE,
        SHORT_MESSAGE,
    )

    message_id: str = ""
    source: SmeAddress = NO_ADDRESS
    schedule_delivery_time: SmppTime | None = None
    validity_period: SmppTime | None = None
    registered_delivery: int = 0
    sm_default_msg_id: int = 0
    short_message: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplaceSmResp(Response):
    """replace_sm_resp (§4.10.2)."""

    COMMAND: ClassVar[CommandId] = CommandId.REPLACE_SM_RESP


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertNotification(Request):
    """alert_notification: a mobile subscriber is there again (§4.12.1). It has no response."""

    COMMAND: ClassVar[CommandId] = CommandId.ALERT_NOTIFICATION
    FIELDS: ClassVar[tuple[Field, ...]] = (
        Field("source", Address(65), S.RINVSRCADR),
        Field("esme", Address(65), S.RINVDSTADR),
    )
    EXPECTED: ClassVar[frozenset[int]] = tags(MS_AVAILABILITY_STATUS)

    source: SmeAddress = NO_ADDRESS
    """The mobile subscriber."""
    esme: SmeAddress = NO_ADDRESS
