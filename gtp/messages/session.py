"""Creation and deletion of PDP contexts (TS 29.060 §7.3.1-7.3.6)."""

from __future__ import annotations

from dataclasses import dataclass

from gtp.constants import Cause, MessageType
from gtp.ies.values import Ambr, EndUserAddress, MsTimeZone, PrivateExtension
from gtp.messages.base import Message


@dataclass(slots=True, kw_only=True)
class CreatePdpContextRequest(Message):
    """Create PDP Context Request (TS 29.060 §7.3.1): SGSN to GGSN."""

    TYPE = MessageType.CREATE_PDP_CONTEXT_REQUEST

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
    additional_trace_info: bytes | None = None
    correlation_id: int | None = None
    evolved_arp: int | None = None
    extended_common_flags: bytes | None = None
    user_csg_information: bytes | None = None
    ambr: Ambr | None = None
    signalling_priority: bytes | None = None
    cn_operator_selection_entity: bytes | None = None
    mapped_ue_usage_type: bytes | None = None
    up_function_selection: bytes | None = None
    private_extension: tuple[PrivateExtension, ...] = ()


@dataclass(slots=True, kw_only=True)
class CreatePdpContextResponse(Message):
    """Create PDP Context Response (TS 29.060 §7.3.2): GGSN to SGSN."""

    TYPE = MessageType.CREATE_PDP_CONTEXT_RESPONSE

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
    extended_common_flags: bytes | None = None
    csg_reporting_action: bytes | None = None
    ambr: Ambr | None = None
    ggsn_back_off_time: bytes | None = None
    extended_common_flags_ii: bytes | None = None
    charging_gateway_address: str | None = None
    alternative_charging_gateway_address: str | None = None
    private_extension: tuple[PrivateExtension, ...] = ()


@dataclass(slots=True, kw_only=True)
class DeletePdpContextRequest(Message):
    """Delete PDP Context Request (TS 29.060 §7.3.5): either side."""

    TYPE = MessageType.DELETE_PDP_CONTEXT_REQUEST

    nsapi: int
    cause: Cause | None = None
    teardown: bool | None = None
    pco: bytes | None = None
    user_location: bytes | None = None
    ms_time_zone: MsTimeZone | None = None
    extended_common_flags: bytes | None = None
    uli_timestamp: bytes | None = None
    private_extension: tuple[PrivateExtension, ...] = ()


@dataclass(slots=True, kw_only=True)
class DeletePdpContextResponse(Message):
    """Delete PDP Context Response (TS 29.060 §7.3.6)."""

    TYPE = MessageType.DELETE_PDP_CONTEXT_RESPONSE

    cause: Cause
    pco: bytes | None = None
    user_location: bytes | None = None
    ms_time_zone: MsTimeZone | None = None
    uli_timestamp: bytes | None = None
    private_extension: tuple[PrivateExtension, ...] = ()
