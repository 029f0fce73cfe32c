"""Creation and deletion of PDP contexts (TS 29.060 §7.3.1-7.3.6)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from gtp.codes import CsgReportingAction, ExtendedCommonFlags, ExtendedCommonFlagsII
from gtp.constants import Cause, MessageType
from gtp.ies import identity, location, mobility, session, trace, tunnel
from gtp.ies.mobility import CsgInformation
from gtp.ies.trace import TraceInfo
from gtp.ies.values import Ambr, EndUserAddress, MsTimeZone, PrivateExtension
from gtp.messages.base import Message
from gtp.messages.table import PRIVATE_EXTENSION, Table, conditional, mandatory, optional

_ACCEPTED: Final = "a response that accepts"


@dataclass(slots=True, kw_only=True)
class CreatePdpContextRequest(Message):
    """Create PDP Context Request (TS 29.060 §7.3.1): SGSN to GGSN."""

    TYPE = MessageType.CREATE_PDP_CONTEXT_REQUEST
    IES = Table(
        conditional("imsi", identity.IMSI, "first context of the MS on this GGSN"),
        optional("rai", location.ROUTEING_AREA_IDENTITY),
        optional("recovery", tunnel.RECOVERY, "first contact, or after a restart"),
        conditional("selection_mode", session.SELECTION_MODE, "primary activation"),
        mandatory("teid_data", tunnel.TEID_DATA),
        conditional("teid_control", tunnel.TEID_CONTROL, "first context, or a new value"),
        mandatory("nsapi", session.NSAPI),
        conditional("linked_nsapi", session.NSAPI, "secondary activation"),
        conditional("charging_characteristics", session.CHARGING_CHARACTERISTICS, "if known"),
        optional("trace_reference", trace.TRACE_REFERENCE),
        optional("trace_type", trace.TRACE_TYPE),
        conditional(
            "end_user_address",
            session.END_USER_ADDRESS,
            "primary activation; without an address where one is asked for",
        ),
        conditional("apn", session.APN, "primary activation"),
        optional("pco", session.PCO, "if the MS sent some"),
        mandatory("sgsn_address_control", tunnel.GSN_ADDRESS, "for signalling"),
        mandatory("sgsn_address_user", tunnel.GSN_ADDRESS, "for user traffic"),
        conditional("msisdn", identity.MSISDN, "primary activation, if the HLR has it"),
        mandatory("qos", session.QOS),
        conditional("tft", session.TFT, "secondary activation, or if the MS sent one"),
        optional("trigger_id", trace.TRIGGER_ID),
        optional("omc_identity", trace.OMC_IDENTITY),
        optional("common_flags", session.COMMON_FLAGS),
        optional("apn_restriction", session.APN_RESTRICTION),
        optional("rat_type", mobility.RAT_TYPE),
        optional("user_location", location.USER_LOCATION),
        optional("ms_time_zone", mobility.MS_TIME_ZONE),
        optional("imei", identity.IMEI, "needed where there is no IMSI"),
        optional("camel_charging_information", mobility.CAMEL_CHARGING_INFORMATION),
        optional("additional_trace_info", trace.ADDITIONAL_TRACE_INFO),
        optional("correlation_id", session.CORRELATION_ID, "network-requested secondary"),
        optional("evolved_arp", session.EVOLVED_ARP),
        optional("extended_common_flags", session.EXTENDED_COMMON_FLAGS),
        optional("user_csg_information", mobility.USER_CSG_INFORMATION),
        optional("ambr", session.AMBR),
        optional("signalling_priority", session.SIGNALLING_PRIORITY),
        optional("cn_operator_selection_entity", mobility.CN_OPERATOR_SELECTION_ENTITY),
        optional("mapped_ue_usage_type", mobility.MAPPED_UE_USAGE_TYPE),
        optional("up_function_selection", mobility.UP_FUNCTION_SELECTION),
        PRIVATE_EXTENSION,
    )

    teid_data: int
    nsapi: int
    sgsn_address_control: str
    sgsn_address_user: str
    qos: bytes
    imsi: str | None = None
    rai: bytes | None = None
    recovery: int | None = None
    selection_mode: int | None = None
    teid_control: int | None = None
    linked_nsapi: int | None = None
    charging_characteristics: int | None = None
    trace_reference: int | None = None
    trace_type: int | None = None
    end_user_address: EndUserAddress | None = None
    apn: str | None = None
    pco: bytes | None = None
    msisdn: str | None = None
    tft: bytes | None = None
    trigger_id: bytes | None = None
    omc_identity: bytes | None = None
    common_flags: int | None = None
    apn_restriction: int | None = None
    rat_type: int | None = None
    user_location: bytes | None = None
    ms_time_zone: MsTimeZone | None = None
    imei: str | None = None
    camel_charging_information: bytes | None = None
    additional_trace_info: TraceInfo | None = None
    correlation_id: int | None = None
    evolved_arp: int | None = None
    extended_common_flags: ExtendedCommonFlags | None = None
    user_csg_information: CsgInformation | None = None
    ambr: Ambr | None = None
    signalling_priority: bool | None = None
    cn_operator_selection_entity: int | None = None
    mapped_ue_usage_type: int | None = None
    up_function_selection: bool | None = None
    private_extension: tuple[PrivateExtension, ...] = ()


@dataclass(slots=True, kw_only=True)
class CreatePdpContextResponse(Message):
    """Create PDP Context Response (TS 29.060 §7.3.2): GGSN to SGSN."""

    TYPE = MessageType.CREATE_PDP_CONTEXT_RESPONSE
    IES = Table(
        mandatory("cause", session.CAUSE),
        conditional(
            "reordering_required", session.REORDERING_REQUIRED, _ACCEPTED, if_accepted=True
        ),
        optional("recovery", tunnel.RECOVERY, "first contact, or after a restart"),
        conditional("teid_data", tunnel.TEID_DATA, _ACCEPTED, if_accepted=True),
        conditional("teid_control", tunnel.TEID_CONTROL, "first context, or a new value"),
        optional("nsapi", session.NSAPI),
        conditional("charging_id", session.CHARGING_ID, _ACCEPTED, if_accepted=True),
        conditional(
            "end_user_address", session.END_USER_ADDRESS, "if it was dynamic or has changed"
        ),
        optional("pco", session.PCO),
        conditional("ggsn_address_control", tunnel.GSN_ADDRESS, _ACCEPTED, if_accepted=True),
        conditional("ggsn_address_user", tunnel.GSN_ADDRESS, _ACCEPTED, if_accepted=True),
        optional("alternative_ggsn_address_control", tunnel.GSN_ADDRESS, "the other family"),
        optional("alternative_ggsn_address_user", tunnel.GSN_ADDRESS, "the other family"),
        conditional("qos", session.QOS, _ACCEPTED, if_accepted=True),
        optional("common_flags", session.COMMON_FLAGS),
        optional("apn_restriction", session.APN_RESTRICTION),
        optional("ms_info_change_reporting_action", mobility.MS_INFO_CHANGE_REPORTING_ACTION),
        optional("bearer_control_mode", session.BEARER_CONTROL_MODE),
        optional("evolved_arp", session.EVOLVED_ARP),
        optional("extended_common_flags", session.EXTENDED_COMMON_FLAGS),
        optional("csg_reporting_action", mobility.CSG_REPORTING_ACTION),
        optional("ambr", session.AMBR),
        optional("ggsn_back_off_time", session.GGSN_BACK_OFF_TIME, "with a rejection"),
        optional("extended_common_flags_ii", session.EXTENDED_COMMON_FLAGS_II),
        optional("charging_gateway_address", tunnel.CHARGING_GATEWAY_ADDRESS),
        optional("alternative_charging_gateway_address", tunnel.CHARGING_GATEWAY_ADDRESS),
        PRIVATE_EXTENSION,
    )

    cause: Cause
    reordering_required: bool | None = None
    recovery: int | None = None
    teid_data: int | None = None
    teid_control: int | None = None
    nsapi: int | None = None
    charging_id: int | None = None
    end_user_address: EndUserAddress | None = None
    pco: bytes | None = None
    ggsn_address_control: str | None = None
    ggsn_address_user: str | None = None
    alternative_ggsn_address_control: str | None = None
    alternative_ggsn_address_user: str | None = None
    qos: bytes | None = None
    common_flags: int | None = None
    apn_restriction: int | None = None
    ms_info_change_reporting_action: int | None = None
    bearer_control_mode: int | None = None
    evolved_arp: int | None = None
    extended_common_flags: ExtendedCommonFlags | None = None
    csg_reporting_action: CsgReportingAction | None = None
    ambr: Ambr | None = None
    ggsn_back_off_time: int | None = None
    extended_common_flags_ii: ExtendedCommonFlagsII | None = None
    charging_gateway_address: str | None = None
    alternative_charging_gateway_address: str | None = None
    private_extension: tuple[PrivateExtension, ...] = ()


@dataclass(slots=True, kw_only=True)
class DeletePdpContextRequest(Message):
    """Delete PDP Context Request (TS 29.060 §7.3.5): either side."""

    TYPE = MessageType.DELETE_PDP_CONTEXT_REQUEST
    IES = Table(
        optional("cause", session.CAUSE, "why, by the causes of the request group"),
        conditional("teardown", session.TEARDOWN_IND, "the last context of an address, or all"),
        mandatory("nsapi", session.NSAPI),
        optional("pco", session.PCO),
        optional("user_location", location.USER_LOCATION),
        optional("ms_time_zone", mobility.MS_TIME_ZONE),
        optional("extended_common_flags", session.EXTENDED_COMMON_FLAGS),
        optional("uli_timestamp", mobility.ULI_TIMESTAMP),
        PRIVATE_EXTENSION,
    )

    nsapi: int
    cause: Cause | None = None
    teardown: bool | None = None
    pco: bytes | None = None
    user_location: bytes | None = None
    ms_time_zone: MsTimeZone | None = None
    extended_common_flags: ExtendedCommonFlags | None = None
    uli_timestamp: int | None = None
    private_extension: tuple[PrivateExtension, ...] = ()


@dataclass(slots=True, kw_only=True)
class DeletePdpContextResponse(Message):
    """Delete PDP Context Response (TS 29.060 §7.3.6)."""

    TYPE = MessageType.DELETE_PDP_CONTEXT_RESPONSE
    IES = Table(
        mandatory("cause", session.CAUSE),
        optional("pco", session.PCO),
        optional("user_location", location.USER_LOCATION),
        optional("ms_time_zone", mobility.MS_TIME_ZONE),
        optional("uli_timestamp", mobility.ULI_TIMESTAMP),
        PRIVATE_EXTENSION,
    )

    cause: Cause
    pco: bytes | None = None
    user_location: bytes | None = None
    ms_time_zone: MsTimeZone | None = None
    uli_timestamp: int | None = None
    private_extension: tuple[PrivateExtension, ...] = ()
