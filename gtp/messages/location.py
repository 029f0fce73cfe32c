"""Location management between GGSN and HLR (TS 29.060 §7.4)."""

from __future__ import annotations

from dataclasses import dataclass

from gtp.constants import Cause, MessageType
from gtp.ies import identity, mobility, session, tunnel
from gtp.ies.values import PrivateExtension
from gtp.messages.base import Message
from gtp.messages.table import PRIVATE_EXTENSION, Table, mandatory, optional


@dataclass(slots=True, kw_only=True)
class SendRouteingInformationRequest(Message):
    """Send Routeing Information for GPRS Request (TS 29.060 §7.4.1): GGSN to HLR."""

    TYPE = MessageType.SEND_ROUTEING_INFORMATION_FOR_GPRS_REQUEST
    IES = Table(mandatory("imsi", identity.IMSI), PRIVATE_EXTENSION)

    imsi: str
    private_extension: tuple[PrivateExtension, ...] = ()


@dataclass(slots=True, kw_only=True)
class SendRouteingInformationResponse(Message):
    """Send Routeing Information for GPRS Response (TS 29.060 §7.4.2): HLR to GGSN."""

    TYPE = MessageType.SEND_ROUTEING_INFORMATION_FOR_GPRS_RESPONSE
    IES = Table(
        mandatory("cause", session.CAUSE),
        mandatory("imsi", identity.IMSI),
        optional("map_cause", mobility.MAP_CAUSE, "when MAP refused"),
        optional("ms_not_reachable_reason", mobility.MS_NOT_REACHABLE_REASON, "when MNRG is set"),
        optional("sgsn_address", tunnel.GSN_ADDRESS, "the SGSN that serves the MS"),
        PRIVATE_EXTENSION,
    )

    cause: Cause
    imsi: str
    map_cause: int | None = None
    ms_not_reachable_reason: int | None = None
    sgsn_address: str | None = None
    private_extension: tuple[PrivateExtension, ...] = ()


@dataclass(slots=True, kw_only=True)
class FailureReportRequest(Message):
    """Failure Report Request (TS 29.060 §7.4.3): GGSN to HLR."""

    TYPE = MessageType.FAILURE_REPORT_REQUEST
    IES = Table(mandatory("imsi", identity.IMSI), PRIVATE_EXTENSION)

    imsi: str
    private_extension: tuple[PrivateExtension, ...] = ()


@dataclass(slots=True, kw_only=True)
class FailureReportResponse(Message):
    """Failure Report Response (TS 29.060 §7.4.4): HLR to GGSN."""

    TYPE = MessageType.FAILURE_REPORT_RESPONSE
    IES = Table(
        mandatory("cause", session.CAUSE),
        optional("map_cause", mobility.MAP_CAUSE, "when MAP refused"),
        PRIVATE_EXTENSION,
    )

    cause: Cause
    map_cause: int | None = None
    private_extension: tuple[PrivateExtension, ...] = ()


@dataclass(slots=True, kw_only=True)
class NoteMsGprsPresentRequest(Message):
    """Note MS GPRS Present Request (TS 29.060 §7.4.5): HLR to GGSN."""

    TYPE = MessageType.NOTE_MS_GPRS_PRESENT_REQUEST
    IES = Table(
        mandatory("imsi", identity.IMSI),
        mandatory("sgsn_address", tunnel.GSN_ADDRESS, "the SGSN that serves the MS"),
        PRIVATE_EXTENSION,
    )

    imsi: str
    sgsn_address: str
    private_extension: tuple[PrivateExtension, ...] = ()


@dataclass(slots=True, kw_only=True)
class NoteMsGprsPresentResponse(Message):
    """Note MS GPRS Present Response (TS 29.060 §7.4.6): GGSN to HLR."""

    TYPE = MessageType.NOTE_MS_GPRS_PRESENT_RESPONSE
    IES = Table(mandatory("cause", session.CAUSE), PRIVATE_EXTENSION)

    cause: Cause
    private_extension: tuple[PrivateExtension, ...] = ()
