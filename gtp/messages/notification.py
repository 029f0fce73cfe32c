"""Network-requested PDP context activation (TS 29.060 §7.3.8-7.3.11)."""

from __future__ import annotations

from dataclasses import dataclass

from gtp.constants import Cause, MessageType
from gtp.ies.values import EndUserAddress, PrivateExtension
from gtp.messages.base import Message


@dataclass(slots=True, kw_only=True)
class PduNotificationRequest(Message):
    """PDU Notification Request (TS 29.060 §7.3.8): GGSN to SGSN."""

    TYPE = MessageType.PDU_NOTIFICATION_REQUEST

    imsi: str
    teid_control: int
    end_user_address: EndUserAddress
    apn: str
    ggsn_address: str
    pco: bytes | None = None
    private_extension: tuple[PrivateExtension, ...] = ()


@dataclass(slots=True, kw_only=True)
class PduNotificationResponse(Message):
    """PDU Notification Response (TS 29.060 §7.3.9): SGSN to GGSN."""

    TYPE = MessageType.PDU_NOTIFICATION_RESPONSE

    cause: Cause
    private_extension: tuple[PrivateExtension, ...] = ()


@dataclass(slots=True, kw_only=True)
class PduNotificationRejectRequest(Message):
    """PDU Notification Reject Request (TS 29.060 §7.3.10): SGSN to GGSN."""

    TYPE = MessageType.PDU_NOTIFICATION_REJECT_REQUEST

    cause: Cause
    teid_control: int
    end_user_address: EndUserAddress
    apn: str
    pco: bytes | None = None
    private_extension: tuple[PrivateExtension, ...] = ()


@dataclass(slots=True, kw_only=True)
class PduNotificationRejectResponse(Message):
    """PDU Notification Reject Response (TS 29.060 §7.3.11): GGSN to SGSN."""

    TYPE = MessageType.PDU_NOTIFICATION_REJECT_RESPONSE

    cause: Cause
    private_extension: tuple[PrivateExtension, ...] = ()
