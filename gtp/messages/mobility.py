"""An MS comes from one SGSN to another (TS 29.060 §7.5.1-7.5.5).

The SGSN context goes in three messages: Request, Response, and an Acknowledge from the new SGSN
to the old one, with the sequence number of both. What ends the Request is the Response, and the
Acknowledge is a message by itself: ``gtp.transactions.RESPONSE_TO`` has no pair with it.
"""

from __future__ import annotations

from dataclasses import dataclass

from gtp.codes import ExtendedCommonFlags, ExtendedCommonFlagsII
from gtp.constants import Cause, MessageType
from gtp.ies import context, identity, location, mobility, security, session, tunnel
from gtp.ies.context import (
    AmbrOfNsapi,
    LocalHomeNetwork,
    OfNsapi,
    PdpContext,
    RabContext,
    ScefPdnConnection,
)
from gtp.ies.mobility import NodeIdentifier, UeAmbr
from gtp.ies.security import MmContext, Quintuplet, Triplet
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

_CONDITIONAL = Presence.CONDITIONAL


@dataclass(slots=True, kw_only=True)
class IdentificationRequest(Message):
    """Identification Request (TS 29.060 §7.5.1): new SGSN to old SGSN."""

    TYPE = MessageType.IDENTIFICATION_REQUEST
    IES = Table(
        mandatory("rai", location.ROUTEING_AREA_IDENTITY, "where the P-TMSI is valid"),
        mandatory("p_tmsi", identity.P_TMSI),
        conditional("p_tmsi_signature", identity.P_TMSI_SIGNATURE, "if the MS gave it"),
        optional("sgsn_address_control", tunnel.GSN_ADDRESS, "if it may be passed on"),
        optional("hop_counter", mobility.HOP_COUNTER, "if it may be passed on"),
        PRIVATE_EXTENSION,
    )

    rai: bytes
    p_tmsi: int
    p_tmsi_signature: bytes | None = None
    sgsn_address_control: str | None = None
    hop_counter: int | None = None
    private_extension: tuple[PrivateExtension, ...] = ()


@dataclass(slots=True, kw_only=True)
class IdentificationResponse(Message):
    """Identification Response (TS 29.060 §7.5.2): old SGSN to new SGSN."""

    TYPE = MessageType.IDENTIFICATION_RESPONSE
    IES = Table(
        mandatory("cause", session.CAUSE),
        conditional("imsi", identity.IMSI, "a response that accepts"),
        repeatable(
            "triplets", security.AUTHENTICATION_TRIPLET, "GSM vectors, at most five", _CONDITIONAL
        ),
        repeatable(
            "quintuplets",
            security.AUTHENTICATION_QUINTUPLET,
            "UMTS vectors, at most five",
            _CONDITIONAL,
        ),
        optional("ue_usage_type", mobility.UE_USAGE_TYPE),
        optional("iov_updates_counter", mobility.IOV_UPDATES_COUNTER),
        PRIVATE_EXTENSION,
    )

    cause: Cause
    imsi: str | None = None
    triplets: tuple[Triplet, ...] = ()
    quintuplets: tuple[Quintuplet, ...] = ()
    ue_usage_type: int | None = None
    iov_updates_counter: int | None = None
    private_extension: tuple[PrivateExtension, ...] = ()


@dataclass(slots=True, kw_only=True)
class SgsnContextRequest(Message):
    """SGSN Context Request (TS 29.060 §7.5.3): new SGSN to old SGSN.

    One of TLLI, P-TMSI and IMSI says whose context is asked for.
    """

    TYPE = MessageType.SGSN_CONTEXT_REQUEST
    IES = Table(
        conditional("imsi", identity.IMSI, "if the new SGSN has authenticated the MS"),
        mandatory("rai", location.ROUTEING_AREA_IDENTITY, "the old one"),
        conditional("tlli", identity.TLLI, "from an SGSN of GERAN"),
        conditional("p_tmsi", identity.P_TMSI, "from an SGSN of UTRAN"),
        conditional("p_tmsi_signature", identity.P_TMSI_SIGNATURE, "if the MS gave it"),
        optional("ms_validated", identity.MS_VALIDATED, "if the new SGSN has authenticated it"),
        mandatory("teid_control", tunnel.TEID_CONTROL, "where the new SGSN wants the answer"),
        mandatory("sgsn_address_control", tunnel.GSN_ADDRESS, "the new SGSN's"),
        optional("alternative_sgsn_address_control", tunnel.GSN_ADDRESS, "the other family"),
        optional("sgsn_number", identity.SGSN_NUMBER),
        optional("rat_type", mobility.RAT_TYPE),
        optional("hop_counter", mobility.HOP_COUNTER, "if it may be passed on"),
        PRIVATE_EXTENSION,
    )

    rai: bytes
    teid_control: int
    sgsn_address_control: str
    imsi: str | None = None
    tlli: int | None = None
    p_tmsi: int | None = None
    p_tmsi_signature: bytes | None = None
    ms_validated: bool | None = None
    alternative_sgsn_address_control: str | None = None
    sgsn_number: str | None = None
    rat_type: int | None = None
    hop_counter: int | None = None
    private_extension: tuple[PrivateExtension, ...] = ()


@dataclass(slots=True, kw_only=True)
class SgsnContextResponse(Message):
    """SGSN Context Response (TS 29.060 §7.5.4): old SGSN to new SGSN."""

    TYPE = MessageType.SGSN_CONTEXT_RESPONSE
    IES = Table(
        mandatory("cause", session.CAUSE),
        conditional("imsi", identity.IMSI, "a response that accepts"),
        conditional("teid_control", tunnel.TEID_CONTROL, "a response that accepts"),
        repeatable("rab_contexts", context.RAB_CONTEXT, "per active bearer", _CONDITIONAL),
        optional("radio_priority_for_mo_sms", context.RADIO_PRIORITY_FOR_MO_SMS),
        repeatable("radio_priorities", context.RADIO_PRIORITY, "per context"),
        repeatable("packet_flow_ids", context.PACKET_FLOW_ID, "per context"),
        optional("charging_characteristics", session.CHARGING_CHARACTERISTICS),
        conditional("mm_context", security.MM_CONTEXT, "a response that accepts"),
        repeatable("pdp_contexts", context.PDP_CONTEXT, "per active context", _CONDITIONAL),
        conditional("sgsn_address_control", tunnel.GSN_ADDRESS, "the old SGSN's, if it accepts"),
        optional("alternative_ggsn_address_control", tunnel.GSN_ADDRESS, "the other family"),
        optional("alternative_ggsn_address_user", tunnel.GSN_ADDRESS, "the other family"),
        optional("pdp_context_prioritization", context.PDP_CONTEXT_PRIORITIZATION),
        optional("radio_priority_lcs", context.RADIO_PRIORITY_LCS),
        repeatable("mbms_ue_contexts", mobility.MBMS_UE_CONTEXT, "per MBMS context"),
        optional("subscribed_rfsp_index", mobility.RFSP_INDEX),
        optional("rfsp_index", mobility.RFSP_INDEX, "in use"),
        optional("ggsn_name", session.FQDN, "of a GGSN that is a PGW too"),
        repeatable("evolved_arps", context.EVOLVED_ARP_OF_NSAPI, "per context"),
        optional("extended_common_flags", session.EXTENDED_COMMON_FLAGS),
        optional("ue_network_capability", mobility.UE_NETWORK_CAPABILITY),
        optional("ue_ambr", mobility.UE_AMBR),
        repeatable("ambrs", context.AMBR_OF_NSAPI, "per context"),
        repeatable("signalling_priorities", context.SIGNALLING_PRIORITY_OF_NSAPI, "per context"),
        optional("higher_bitrates_flag", mobility.HIGHER_BITRATES_FLAG),
        repeatable("selection_modes", context.SELECTION_MODE_OF_NSAPI, "per context"),
        repeatable("local_home_networks", context.LOCAL_HOME_NETWORK_OF_NSAPI, "per context"),
        optional("ue_usage_type", mobility.UE_USAGE_TYPE),
        optional("extended_common_flags_ii", session.EXTENDED_COMMON_FLAGS_II),
        repeatable("scef_pdn_connections", context.SCEF_PDN_CONNECTION, "per connection"),
        optional("iov_updates_counter", mobility.IOV_UPDATES_COUNTER),
        PRIVATE_EXTENSION,
    )

    cause: Cause
    imsi: str | None = None
    teid_control: int | None = None
    rab_contexts: tuple[RabContext, ...] = ()
    radio_priority_for_mo_sms: int | None = None
    radio_priorities: tuple[OfNsapi, ...] = ()
    packet_flow_ids: tuple[OfNsapi, ...] = ()
    charging_characteristics: int | None = None
    mm_context: MmContext | None = None
    pdp_contexts: tuple[PdpContext, ...] = ()
    sgsn_address_control: str | None = None
    alternative_ggsn_address_control: str | None = None
    alternative_ggsn_address_user: str | None = None
    pdp_context_prioritization: bytes | None = None
    radio_priority_lcs: int | None = None
    mbms_ue_contexts: tuple[bytes, ...] = ()
    subscribed_rfsp_index: int | None = None
    rfsp_index: int | None = None
    ggsn_name: str | None = None
    evolved_arps: tuple[OfNsapi, ...] = ()
    extended_common_flags: ExtendedCommonFlags | None = None
    ue_network_capability: bytes | None = None
    ue_ambr: UeAmbr | None = None
    ambrs: tuple[AmbrOfNsapi, ...] = ()
    signalling_priorities: tuple[OfNsapi, ...] = ()
    higher_bitrates_flag: int | None = None
    selection_modes: tuple[OfNsapi, ...] = ()
    local_home_networks: tuple[LocalHomeNetwork, ...] = ()
    ue_usage_type: int | None = None
    extended_common_flags_ii: ExtendedCommonFlagsII | None = None
    scef_pdn_connections: tuple[ScefPdnConnection, ...] = ()
    iov_updates_counter: int | None = None
    private_extension: tuple[PrivateExtension, ...] = ()


@dataclass(slots=True, kw_only=True)
class SgsnContextAcknowledge(Message):
    """SGSN Context Acknowledge (TS 29.060 §7.5.5): new SGSN to old SGSN."""

    TYPE = MessageType.SGSN_CONTEXT_ACKNOWLEDGE
    IES = Table(
        mandatory("cause", session.CAUSE),
        repeatable(
            "teids_data",
            context.TEID_DATA_II,
            "per context whose packets are to be forwarded",
            _CONDITIONAL,
        ),
        conditional("sgsn_address_user", tunnel.GSN_ADDRESS, "where packets are to be forwarded"),
        optional("sgsn_number", identity.SGSN_NUMBER),
        optional("node_identifier", mobility.NODE_IDENTIFIER),
        PRIVATE_EXTENSION,
    )

    cause: Cause
    teids_data: tuple[OfNsapi, ...] = ()
    sgsn_address_user: str | None = None
    sgsn_number: str | None = None
    node_identifier: NodeIdentifier | None = None
    private_extension: tuple[PrivateExtension, ...] = ()
