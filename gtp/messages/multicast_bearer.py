"""MBMS for one MS: its contexts, and telling it of them (TS 29.060 §7.5A.1)."""

from __future__ import annotations

from dataclasses import dataclass

from gtp.constants import Cause, MessageType
from gtp.ies import identity, location, mobility, multicast, session, trace, tunnel
from gtp.ies.trace import TraceInfo
from gtp.ies.values import EndUserAddress, MsTimeZone, PrivateExtension
from gtp.messages.base import Message
from gtp.messages.table import (
    PRIVATE_EXTENSION,
    Table,
    conditional,
    mandatory,
    optional,
)


@dataclass(slots=True, kw_only=True)
class MbmsNotificationRequest(Message):
    """MBMS Notification Request (TS 29.060 §7.5A.1.1): GGSN to SGSN."""

    TYPE = MessageType.MBMS_NOTIFICATION_REQUEST
    IES = Table(
        mandatory("imsi", identity.IMSI),
        mandatory("teid_control", tunnel.TEID_CONTROL, "where the GGSN wants the answers"),
        mandatory("nsapi", session.NSAPI),
        mandatory("end_user_address", session.END_USER_ADDRESS, "the multicast address"),
        mandatory("apn", session.APN),
        mandatory("ggsn_address_control", tunnel.GSN_ADDRESS),
        optional("mbms_options", multicast.PROTOCOL_OPTIONS),
        PRIVATE_EXTENSION,
    )

    imsi: str
    teid_control: int
    nsapi: int
    end_user_address: EndUserAddress
    apn: str
    ggsn_address_control: str
    mbms_options: bytes | None = None
    private_extension: tuple[PrivateExtension, ...] = ()


@dataclass(slots=True, kw_only=True)
class MbmsNotificationResponse(Message):
    """MBMS Notification Response (TS 29.060 §7.5A.1.2): SGSN to GGSN."""

    TYPE = MessageType.MBMS_NOTIFICATION_RESPONSE
    IES = Table(
        mandatory("cause", session.CAUSE),
        PRIVATE_EXTENSION,
    )

    cause: Cause
    private_extension: tuple[PrivateExtension, ...] = ()


@dataclass(slots=True, kw_only=True)
class MbmsNotificationRejectRequest(Message):
    """MBMS Notification Reject Request (TS 29.060 §7.5A.1.3): SGSN to GGSN."""

    TYPE = MessageType.MBMS_NOTIFICATION_REJECT_REQUEST
    IES = Table(
        mandatory("cause", session.CAUSE, "why the activation failed"),
        mandatory("teid_control", tunnel.TEID_CONTROL),
        mandatory("nsapi", session.NSAPI),
        mandatory("end_user_address", session.END_USER_ADDRESS, "the multicast address"),
        mandatory("apn", session.APN),
        optional("sgsn_address_control", tunnel.GSN_ADDRESS),
        PRIVATE_EXTENSION,
    )

    cause: Cause
    teid_control: int
    nsapi: int
    end_user_address: EndUserAddress
    apn: str
    sgsn_address_control: str | None = None
    private_extension: tuple[PrivateExtension, ...] = ()


@dataclass(slots=True, kw_only=True)
class MbmsNotificationRejectResponse(Message):
    """MBMS Notification Reject Response (TS 29.060 §7.5A.1.4): GGSN to SGSN."""

    TYPE = MessageType.MBMS_NOTIFICATION_REJECT_RESPONSE
    IES = Table(
        mandatory("cause", session.CAUSE),
        PRIVATE_EXTENSION,
    )

    cause: Cause
    private_extension: tuple[PrivateExtension, ...] = ()


@dataclass(slots=True, kw_only=True)
class CreateMbmsContextRequest(Message):
    """Create MBMS Context Request (TS 29.060 §7.5A.1.5): SGSN to GGSN."""

    TYPE = MessageType.CREATE_MBMS_CONTEXT_REQUEST
    IES = Table(
        conditional("imsi", identity.IMSI, "unless an emergency without IMSI"),
        mandatory("rai", location.ROUTEING_AREA_IDENTITY),
        optional("recovery", tunnel.RECOVERY, "first contact, or after a restart"),
        conditional("selection_mode", session.SELECTION_MODE, "if the APN was selected"),
        conditional("teid_control", tunnel.TEID_CONTROL, "first context, or a new value"),
        optional("trace_reference", trace.TRACE_REFERENCE),
        optional("trace_type", trace.TRACE_TYPE),
        mandatory("end_user_address", session.END_USER_ADDRESS, "the multicast address"),
        mandatory("apn", session.APN),
        mandatory("sgsn_address_control", tunnel.GSN_ADDRESS, "for signalling"),
        conditional("msisdn", identity.MSISDN, "if the HLR has it"),
        optional("trigger_id", trace.TRIGGER_ID),
        optional("omc_identity", trace.OMC_IDENTITY),
        optional("rat_type", mobility.RAT_TYPE),
        optional("user_location", location.USER_LOCATION),
        optional("ms_time_zone", mobility.MS_TIME_ZONE),
        optional("imei", identity.IMEI),
        optional("mbms_options", multicast.PROTOCOL_OPTIONS),
        optional("additional_trace_info", trace.ADDITIONAL_TRACE_INFO),
        mandatory("enhanced_nsapi", multicast.ENHANCED_NSAPI),
        optional("mbms_trace_info", trace.ADDITIONAL_MBMS_TRACE_INFO),
        PRIVATE_EXTENSION,
    )

    rai: bytes
    end_user_address: EndUserAddress
    apn: str
    sgsn_address_control: str
    enhanced_nsapi: int
    imsi: str | None = None
    recovery: int | None = None
    selection_mode: int | None = None
    teid_control: int | None = None
    trace_reference: int | None = None
    trace_type: int | None = None
    msisdn: str | None = None
    trigger_id: bytes | None = None
    omc_identity: bytes | None = None
    rat_type: int | None = None
    user_location: bytes | None = None
    ms_time_zone: MsTimeZone | None = None
    imei: str | None = None
    mbms_options: bytes | None = None
    additional_trace_info: TraceInfo | None = None
    mbms_trace_info: TraceInfo | None = None
    private_extension: tuple[PrivateExtension, ...] = ()


@dataclass(slots=True, kw_only=True)
class CreateMbmsContextResponse(Message):
    """Create MBMS Context Response (TS 29.060 §7.5A.1.6): GGSN to SGSN."""

    TYPE = MessageType.CREATE_MBMS_CONTEXT_RESPONSE
    IES = Table(
        mandatory("cause", session.CAUSE),
        optional("recovery", tunnel.RECOVERY, "first contact, or after a restart"),
        conditional("teid_control", tunnel.TEID_CONTROL, "first context, or a new value"),
        conditional("charging_id", session.CHARGING_ID, "a response that accepts"),
        conditional("ggsn_address_control", tunnel.GSN_ADDRESS, "a response that accepts"),
        optional("alternative_ggsn_address_control", tunnel.GSN_ADDRESS, "the other family"),
        optional("mbms_options", multicast.PROTOCOL_OPTIONS),
        optional("charging_gateway_address", tunnel.CHARGING_GATEWAY_ADDRESS),
        optional("alternative_charging_gateway_address", tunnel.CHARGING_GATEWAY_ADDRESS),
        PRIVATE_EXTENSION,
    )

    cause: Cause
    recovery: int | None = None
    teid_control: int | None = None
    charging_id: int | None = None
    ggsn_address_control: str | None = None
    alternative_ggsn_address_control: str | None = None
    mbms_options: bytes | None = None
    charging_gateway_address: str | None = None
    alternative_charging_gateway_address: str | None = None
    private_extension: tuple[PrivateExtension, ...] = ()


@dataclass(slots=True, kw_only=True)
class UpdateMbmsContextRequest(Message):
    """Update MBMS Context Request (TS 29.060 §7.5A.1.7): SGSN to GGSN."""

    TYPE = MessageType.UPDATE_MBMS_CONTEXT_REQUEST
    IES = Table(
        mandatory("rai", location.ROUTEING_AREA_IDENTITY),
        optional("recovery", tunnel.RECOVERY, "first contact, or after a restart"),
        conditional("teid_control", tunnel.TEID_CONTROL, "a new value"),
        optional("trace_reference", trace.TRACE_REFERENCE),
        optional("trace_type", trace.TRACE_TYPE),
        conditional("sgsn_address_control", tunnel.GSN_ADDRESS, "for signalling"),
        optional("alternative_sgsn_address_control", tunnel.GSN_ADDRESS, "the other family"),
        optional("trigger_id", trace.TRIGGER_ID),
        optional("omc_identity", trace.OMC_IDENTITY),
        optional("rat_type", mobility.RAT_TYPE),
        optional("user_location", location.USER_LOCATION),
        optional("ms_time_zone", mobility.MS_TIME_ZONE),
        optional("additional_trace_info", trace.ADDITIONAL_TRACE_INFO),
        mandatory("enhanced_nsapi", multicast.ENHANCED_NSAPI),
        optional("mbms_trace_info", trace.ADDITIONAL_MBMS_TRACE_INFO),
        PRIVATE_EXTENSION,
    )

    rai: bytes
    enhanced_nsapi: int
    recovery: int | None = None
    teid_control: int | None = None
    trace_reference: int | None = None
    trace_type: int | None = None
    sgsn_address_control: str | None = None
    alternative_sgsn_address_control: str | None = None
    trigger_id: bytes | None = None
    omc_identity: bytes | None = None
    rat_type: int | None = None
    user_location: bytes | None = None
    ms_time_zone: MsTimeZone | None = None
    additional_trace_info: TraceInfo | None = None
    mbms_trace_info: TraceInfo | None = None
    private_extension: tuple[PrivateExtension, ...] = ()


@dataclass(slots=True, kw_only=True)
class UpdateMbmsContextResponse(Message):
    """Update MBMS Context Response (TS 29.060 §7.5A.1.8): GGSN to SGSN."""

    TYPE = MessageType.UPDATE_MBMS_CONTEXT_RESPONSE
    IES = Table(
        mandatory("cause", session.CAUSE),
        optional("recovery", tunnel.RECOVERY, "first contact, or after a restart"),
        conditional("teid_control", tunnel.TEID_CONTROL, "a new value"),
        conditional("charging_id", session.CHARGING_ID, "a response that accepts"),
        conditional("ggsn_address_control", tunnel.GSN_ADDRESS, "a response that accepts"),
        optional("alternative_ggsn_address_control", tunnel.GSN_ADDRESS, "the other family"),
        optional("charging_gateway_address", tunnel.CHARGING_GATEWAY_ADDRESS),
        optional("alternative_charging_gateway_address", tunnel.CHARGING_GATEWAY_ADDRESS),
        PRIVATE_EXTENSION,
    )

    cause: Cause
    recovery: int | None = None
    teid_control: int | None = None
    charging_id: int | None = None
    ggsn_address_control: str | None = None
    alternative_ggsn_address_control: str | None = None
    charging_gateway_address: str | None = None
    alternative_charging_gateway_address: str | None = None
    private_extension: tuple[PrivateExtension, ...] = ()


@dataclass(slots=True, kw_only=True)
class DeleteMbmsContextRequest(Message):
    """Delete MBMS Context Request (TS 29.060 §7.5A.1.9): either side."""

    TYPE = MessageType.DELETE_MBMS_CONTEXT_REQUEST
    IES = Table(
        conditional("imsi", identity.IMSI, "where the TEID in the header is 0"),
        conditional("teid_control", tunnel.TEID_CONTROL, "with an IMSI"),
        conditional("end_user_address", session.END_USER_ADDRESS, "with an IMSI"),
        conditional("apn", session.APN, "with an IMSI"),
        optional("mbms_options", multicast.PROTOCOL_OPTIONS),
        conditional("enhanced_nsapi", multicast.ENHANCED_NSAPI, "without an IMSI"),
        PRIVATE_EXTENSION,
    )

    imsi: str | None = None
    teid_control: int | None = None
    end_user_address: EndUserAddress | None = None
    apn: str | None = None
    mbms_options: bytes | None = None
    enhanced_nsapi: int | None = None
    private_extension: tuple[PrivateExtension, ...] = ()


@dataclass(slots=True, kw_only=True)
class DeleteMbmsContextResponse(Message):
    """Delete MBMS Context Response (TS 29.060 §7.5A.1.10): either side."""

    TYPE = MessageType.DELETE_MBMS_CONTEXT_RESPONSE
    IES = Table(
        mandatory("cause", session.CAUSE),
        optional("mbms_options", multicast.PROTOCOL_OPTIONS),
        PRIVATE_EXTENSION,
    )

    cause: Cause
    mbms_options: bytes | None = None
    private_extension: tuple[PrivateExtension, ...] = ()
