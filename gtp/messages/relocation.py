"""An MS is handed over between SGSNs with its connections (TS 29.060 §7.5.6-7.5.15).

What the radio networks have to say to each other passes through in containers.
"""

from __future__ import annotations

from dataclasses import dataclass

from gtp.codes import DirectTunnelFlags, ExtendedCommonFlags, ExtendedCommonFlagsII, SrvccFlags
from gtp.constants import Cause, MessageType
from gtp.ies import context, identity, mobility, relocation, security, session, tunnel
from gtp.ies.context import AmbrOfNsapi, OfNsapi, PdpContext, RabContext, ScefPdnConnection
from gtp.ies.mobility import NodeIdentifier, UeAmbr
from gtp.ies.relocation import (
    CellIdentification,
    EnodebId,
    PduNumbers,
    Plmn,
    RabSetup,
    TargetRnc,
    VoiceCapabilities,
    XidParameters,
)
from gtp.ies.security import MmContext
from gtp.ies.values import PrivateExtension
from gtp.messages.base import Message
from gtp.messages.table import (
    PRIVATE_EXTENSION,
    Presence,
    Table,
    conditional,
    mandatory,
    optional,
    repeatable,
)


@dataclass(slots=True, kw_only=True)
class ForwardRelocationRequest(Message):
    """Forward Relocation Request (TS 29.060 §7.5.6): old SGSN to new SGSN."""

    TYPE = MessageType.FORWARD_RELOCATION_REQUEST
    IES = Table(
        conditional("imsi", identity.IMSI, "unless an emergency without IMSI"),
        mandatory("teid_control", tunnel.TEID_CONTROL, "where the old SGSN wants the answer"),
        mandatory("ranap_cause", relocation.RANAP_CAUSE),
        repeatable("packet_flow_ids", context.PACKET_FLOW_ID, "per context"),
        optional("charging_characteristics", session.CHARGING_CHARACTERISTICS),
        mandatory("mm_context", security.MM_CONTEXT),
        repeatable("pdp_contexts", context.PDP_CONTEXT, "per active context", Presence.CONDITIONAL),
        conditional("sgsn_address_control", tunnel.GSN_ADDRESS, "the old SGSN's"),
        optional("alternative_ggsn_address_control", tunnel.GSN_ADDRESS, "the other family"),
        optional("alternative_ggsn_address_user", tunnel.GSN_ADDRESS, "the other family"),
        mandatory(
            "target_identification",
            relocation.TARGET_IDENTIFICATION,
            "the RNC; empty where it is none",
        ),
        mandatory("utran_container", relocation.UTRAN_CONTAINER, "empty where there is none"),
        optional("pdp_context_prioritization", context.PDP_CONTEXT_PRIORITIZATION),
        repeatable("mbms_ue_contexts", mobility.MBMS_UE_CONTEXT, "per MBMS context"),
        optional("selected_plmn", relocation.SELECTED_PLMN),
        optional("bss_container", relocation.BSS_CONTAINER),
        optional("cell_identification", relocation.CELL_IDENTIFICATION),
        optional("bssgp_cause", relocation.BSSGP_CAUSE),
        repeatable("xid_parameters", relocation.XID_PARAMETERS, "per SAPI"),
        optional("direct_tunnel_flags", mobility.DIRECT_TUNNEL_FLAGS),
        optional("reliable_inter_rat_handover", relocation.RELIABLE_INTER_RAT_HANDOVER),
        optional("subscribed_rfsp_index", mobility.RFSP_INDEX),
        optional("rfsp_index", mobility.RFSP_INDEX, "in use"),
        optional("ggsn_name", session.FQDN, "of a GGSN that is a PGW too"),
        repeatable("evolved_arps", context.EVOLVED_ARP_OF_NSAPI, "per context"),
        optional("extended_common_flags", session.EXTENDED_COMMON_FLAGS),
        optional("csg_id", relocation.CSG_ID),
        optional("csg_membership", relocation.CSG_MEMBERSHIP),
        optional("ue_network_capability", mobility.UE_NETWORK_CAPABILITY),
        optional("ue_ambr", mobility.UE_AMBR),
        repeatable("ambrs", context.AMBR_OF_NSAPI, "per context"),
        repeatable("signalling_priorities", context.SIGNALLING_PRIORITY_OF_NSAPI, "per context"),
        optional("higher_bitrates_flag", mobility.HIGHER_BITRATES_FLAG),
        optional("additional_mm_context", relocation.ADDITIONAL_MM_CONTEXT, "for SRVCC"),
        optional("additional_srvcc_flags", relocation.ADDITIONAL_SRVCC_FLAGS),
        optional("stn_sr", identity.STN_SR),
        optional("c_msisdn", identity.C_MSISDN),
        optional("extended_ranap_cause", relocation.EXTENDED_RANAP_CAUSE),
        optional("enodeb_id", relocation.ENODEB_ID),
        repeatable("selection_modes", context.SELECTION_MODE_OF_NSAPI, "per context"),
        optional("ue_usage_type", mobility.UE_USAGE_TYPE),
        optional("extended_common_flags_ii", session.EXTENDED_COMMON_FLAGS_II),
        repeatable("scef_pdn_connections", context.SCEF_PDN_CONNECTION, "per connection"),
        PRIVATE_EXTENSION,
    )

    teid_control: int
    ranap_cause: int
    mm_context: MmContext
    target_identification: TargetRnc
    utran_container: bytes
    imsi: str | None = None
    packet_flow_ids: tuple[OfNsapi, ...] = ()
    charging_characteristics: int | None = None
    pdp_contexts: tuple[PdpContext, ...] = ()
    sgsn_address_control: str | None = None
    alternative_ggsn_address_control: str | None = None
    alternative_ggsn_address_user: str | None = None
    pdp_context_prioritization: bytes | None = None
    mbms_ue_contexts: tuple[bytes, ...] = ()
    selected_plmn: Plmn | None = None
    bss_container: bytes | None = None
    cell_identification: CellIdentification | None = None
    bssgp_cause: int | None = None
    xid_parameters: tuple[XidParameters, ...] = ()
    direct_tunnel_flags: DirectTunnelFlags | None = None
    reliable_inter_rat_handover: int | None = None
    subscribed_rfsp_index: int | None = None
    rfsp_index: int | None = None
    ggsn_name: str | None = None
    evolved_arps: tuple[OfNsapi, ...] = ()
    extended_common_flags: ExtendedCommonFlags | None = None
    csg_id: int | None = None
    csg_membership: int | None = None
    ue_network_capability: bytes | None = None
    ue_ambr: UeAmbr | None = None
    ambrs: tuple[AmbrOfNsapi, ...] = ()
    signalling_priorities: tuple[OfNsapi, ...] = ()
    higher_bitrates_flag: int | None = None
    additional_mm_context: VoiceCapabilities | None = None
    additional_srvcc_flags: SrvccFlags | None = None
    stn_sr: str | None = None
    c_msisdn: str | None = None
    extended_ranap_cause: int | None = None
    enodeb_id: EnodebId | None = None
    selection_modes: tuple[OfNsapi, ...] = ()
    ue_usage_type: int | None = None
    extended_common_flags_ii: ExtendedCommonFlagsII | None = None
    scef_pdn_connections: tuple[ScefPdnConnection, ...] = ()
    private_extension: tuple[PrivateExtension, ...] = ()


@dataclass(slots=True, kw_only=True)
class ForwardRelocationResponse(Message):
    """Forward Relocation Response (TS 29.060 §7.5.7): new SGSN to old SGSN."""

    TYPE = MessageType.FORWARD_RELOCATION_RESPONSE
    IES = Table(
        mandatory("cause", session.CAUSE),
        conditional("teid_control", tunnel.TEID_CONTROL, "a response that accepts"),
        repeatable(
            "teids_data",
            context.TEID_DATA_II,
            "per context whose packets are to be forwarded",
            Presence.CONDITIONAL,
        ),
        conditional("ranap_cause", relocation.RANAP_CAUSE, "if the radio network gave one"),
        conditional("sgsn_address_control", tunnel.GSN_ADDRESS, "the new SGSN's, if it accepts"),
        conditional("sgsn_address_user", tunnel.GSN_ADDRESS, "where packets are to be forwarded"),
        optional("utran_container", relocation.UTRAN_CONTAINER),
        repeatable("rab_setups", relocation.RAB_SETUP, "per bearer", Presence.CONDITIONAL),
        repeatable(
            "additional_rab_setups",
            relocation.ADDITIONAL_RAB_SETUP,
            "per bearer with a second address",
            Presence.CONDITIONAL,
        ),
        optional("sgsn_number", identity.SGSN_NUMBER),
        optional("bss_container", relocation.BSS_CONTAINER),
        optional("bssgp_cause", relocation.BSSGP_CAUSE),
        optional("set_up_pfcs", relocation.LIST_OF_SET_UP_PFCS),
        optional("extended_ranap_cause", relocation.EXTENDED_RANAP_CAUSE),
        optional("node_identifier", mobility.NODE_IDENTIFIER),
        PRIVATE_EXTENSION,
    )

    cause: Cause
    teid_control: int | None = None
    teids_data: tuple[OfNsapi, ...] = ()
    ranap_cause: int | None = None
    sgsn_address_control: str | None = None
    sgsn_address_user: str | None = None
    utran_container: bytes | None = None
    rab_setups: tuple[RabSetup, ...] = ()
    additional_rab_setups: tuple[RabSetup, ...] = ()
    sgsn_number: str | None = None
    bss_container: bytes | None = None
    bssgp_cause: int | None = None
    set_up_pfcs: bytes | None = None
    extended_ranap_cause: int | None = None
    node_identifier: NodeIdentifier | None = None
    private_extension: tuple[PrivateExtension, ...] = ()


@dataclass(slots=True, kw_only=True)
class ForwardRelocationComplete(Message):
    """Forward Relocation Complete (TS 29.060 §7.5.8): new SGSN to old SGSN."""

    TYPE = MessageType.FORWARD_RELOCATION_COMPLETE
    IES = Table(
        PRIVATE_EXTENSION,
    )

    private_extension: tuple[PrivateExtension, ...] = ()


@dataclass(slots=True, kw_only=True)
class RelocationCancelRequest(Message):
    """Relocation Cancel Request (TS 29.060 §7.5.9): old SGSN to new SGSN."""

    TYPE = MessageType.RELOCATION_CANCEL_REQUEST
    IES = Table(
        conditional("imsi", identity.IMSI, "unless an emergency without IMSI"),
        optional("imei", identity.IMEI, "emergency without IMSI"),
        optional("extended_common_flags", session.EXTENDED_COMMON_FLAGS),
        optional("extended_ranap_cause", relocation.EXTENDED_RANAP_CAUSE),
        PRIVATE_EXTENSION,
    )

    imsi: str | None = None
    imei: str | None = None
    extended_common_flags: ExtendedCommonFlags | None = None
    extended_ranap_cause: int | None = None
    private_extension: tuple[PrivateExtension, ...] = ()


@dataclass(slots=True, kw_only=True)
class RelocationCancelResponse(Message):
    """Relocation Cancel Response (TS 29.060 §7.5.10): new SGSN to old SGSN."""

    TYPE = MessageType.RELOCATION_CANCEL_RESPONSE
    IES = Table(
        mandatory("cause", session.CAUSE),
        PRIVATE_EXTENSION,
    )

    cause: Cause
    private_extension: tuple[PrivateExtension, ...] = ()


@dataclass(slots=True, kw_only=True)
class ForwardRelocationCompleteAcknowledge(Message):
    """Forward Relocation Complete Acknowledge (TS 29.060 §7.5.11): old SGSN to new SGSN."""

    TYPE = MessageType.FORWARD_RELOCATION_COMPLETE_ACKNOWLEDGE
    IES = Table(
        mandatory("cause", session.CAUSE),
        PRIVATE_EXTENSION,
    )

    cause: Cause
    private_extension: tuple[PrivateExtension, ...] = ()


@dataclass(slots=True, kw_only=True)
class ForwardSrnsContextAcknowledge(Message):
    """Forward SRNS Context Acknowledge (TS 29.060 §7.5.12): new SGSN to old SGSN."""

    TYPE = MessageType.FORWARD_SRNS_CONTEXT_ACKNOWLEDGE
    IES = Table(
        mandatory("cause", session.CAUSE),
        PRIVATE_EXTENSION,
    )

    cause: Cause
    private_extension: tuple[PrivateExtension, ...] = ()


@dataclass(slots=True, kw_only=True)
class ForwardSrnsContext(Message):
    """Forward SRNS Context (TS 29.060 §7.5.13): old SGSN to new SGSN."""

    TYPE = MessageType.FORWARD_SRNS_CONTEXT
    IES = Table(
        repeatable("rab_contexts", context.RAB_CONTEXT, "per bearer", Presence.MANDATORY),
        repeatable("pdcp_contexts", relocation.SOURCE_RNC_PDCP_CONTEXT, "from the source RNC"),
        repeatable("pdu_numbers", relocation.PDU_NUMBERS, "per context of acknowledged LLC"),
        PRIVATE_EXTENSION,
    )

    rab_contexts: tuple[RabContext, ...]
    pdcp_contexts: tuple[bytes, ...] = ()
    pdu_numbers: tuple[PduNumbers, ...] = ()
    private_extension: tuple[PrivateExtension, ...] = ()


@dataclass(slots=True, kw_only=True)
class RanInformationRelay(Message):
    """RAN Information Relay (TS 29.060 §7.5.14): either SGSN, without an answer."""

    TYPE = MessageType.RAN_INFORMATION_RELAY
    IES = Table(
        mandatory("ran_container", relocation.RAN_CONTAINER, "a BSSGP message of RIM"),
        optional("rim_routing_address", relocation.RIM_ROUTING_ADDRESS, "of the receiver"),
        optional(
            "rim_routing_address_discriminator",
            relocation.RIM_ROUTING_ADDRESS_DISCRIMINATOR,
            "the kind of address",
        ),
        PRIVATE_EXTENSION,
    )

    ran_container: bytes
    rim_routing_address: bytes | None = None
    rim_routing_address_discriminator: int | None = None
    private_extension: tuple[PrivateExtension, ...] = ()


@dataclass(slots=True, kw_only=True)
class UeRegistrationQueryRequest(Message):
    """UE Registration Query Request (TS 29.060 §7.5.15): SGSN to MME."""

    TYPE = MessageType.UE_REGISTRATION_QUERY_REQUEST
    IES = Table(
        mandatory("imsi", identity.IMSI),
        PRIVATE_EXTENSION,
    )

    imsi: str
    private_extension: tuple[PrivateExtension, ...] = ()


@dataclass(slots=True, kw_only=True)
class UeRegistrationQueryResponse(Message):
    """UE Registration Query Response (TS 29.060 §7.5.15): MME to SGSN."""

    TYPE = MessageType.UE_REGISTRATION_QUERY_RESPONSE
    IES = Table(
        mandatory("cause", session.CAUSE),
        mandatory("imsi", identity.IMSI),
        conditional("selected_plmn", relocation.SELECTED_PLMN, "where the UE is registered"),
        PRIVATE_EXTENSION,
    )

    cause: Cause
    imsi: str
    selected_plmn: Plmn | None = None
    private_extension: tuple[PrivateExtension, ...] = ()
