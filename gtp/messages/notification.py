"""Network-requested PDP context activation (TS 29.060 §7.3.8-7.3.11)."""

from __future__ import annotations

from dataclasses import dataclass

from gtp.constants import Cause, MessageType
from gtp.ies import identity, session, tunnel
from gtp.ies.values import EndUserAddress, PrivateExtension
from gtp.messages.base import Message
from gtp.messages.table import PRIVATE_EXTENSION, Table, mandatory, optional


@dataclass(slots=True, kw_only=True)
class PduNotificationRequest(Message):
    """PDU Notification Request (TS 29.060 §7.3.8): GGSN to SGSN."""

    TYPE = MessageType.PDU_NOTIFICATION_REQUEST
    IES = Table(
        mandatory("imsi", identity.IMSI),
        mandatory("teid_control", tunnel.TEID_CONTROL, "where the GGSN wants the answers"),
        mandatory("end_user_address", session.END_USER_ADDRESS),
        mandatory("apn", session.APN),
        optional("pco", session.PCO),
        mandatory("ggsn_address", tunnel.GSN_ADDRESS, "the GGSN's control plane"),
        PRIVATE_EXTENSION,
    )

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
    IES = Table(mandatory("cause", session.CAUSE), PRIVATE_EXTENSION)

    cause: Cause
    private_extension: tuple[PrivateExtension, ...] = ()


@dataclass(slots=True, kw_only=True)
class PduNotificationRejectRequest(Message):
    """PDU Notification Reject Request (TS 29.060 §7.3.10): SGSN to GGSN."""

    TYPE = MessageType.PDU_NOTIFICATION_REJECT_REQUEST
    IES = Table(
        mandatory("cause", session.CAUSE, "why the activation failed"),
        mandatory("teid_control", tunnel.TEID_CONTROL),
        mandatory("end_user_address", session.END_USER_ADDRESS),
        mandatory("apn", session.APN),
        optional("pco", session.PCO),
        PRIVATE_EXTENSION,
    )

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
    IES = Table(mandatory("cause", session.CAUSE), PRIVATE_EXTENSION)

    cause: Cause
    private_extension: tuple[PrivateExtension, ...] = ()
