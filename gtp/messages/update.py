"""Changes of PDP contexts, and secondary ones at the network's request (TS 29.060 §7.3).

An Update PDP Context Request says other things from an SGSN than from a GGSN, under one message
type: nothing in the octets tells the two apart, only who sent them. So there is one class, whose
table has the elements of both. Mandatory in it is what both must have; what one of them must have
is conditional, and ``lacking_from_sgsn`` checks it once the receiver knows who asks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from gtp.codes import CsgReportingAction, DirectTunnelFlags, ExtendedCommonFlags
from gtp.constants import Cause, IEType, MessageType
from gtp.ies import identity, location, mobility, session, trace, tunnel
from gtp.ies.mobility import CsgInformation
from gtp.ies.trace import TraceInfo
from gtp.ies.values import Ambr, EndUserAddress, MsTimeZone, PrivateExtension
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

_SGSN: Final = "always from an SGSN"
_FROM_SGSN: Final = ("teid_data", "sgsn_address_control", "sgsn_address_user", "qos")
_ACCEPTED: Final = "a GGSN that accepts"


@dataclass(slots=True, kw_only=True)
class UpdatePdpContextRequest(Message):
    """Update PDP Context Request (TS 29.060 §7.3.3): either side."""

    TYPE = MessageType.UPDATE_PDP_CONTEXT_REQUEST
    IES = Table(
        conditional("imsi", identity.IMSI, "where the TEID in the header is 0"),
        optional("rai", location.ROUTEING_AREA_IDENTITY, "from an SGSN"),
        optional("recovery", tunnel.RECOVERY, "first contact, or after a restart"),
        conditional("teid_data", tunnel.TEID_DATA, _SGSN),
        conditional("teid_control", tunnel.TEID_CONTROL, "from an SGSN, a new value"),
        mandatory("nsapi", session.NSAPI),
        optional("trace_reference", trace.TRACE_REFERENCE, "from an SGSN"),
        optional("trace_type", trace.TRACE_TYPE, "from an SGSN"),
        optional("end_user_address", session.END_USER_ADDRESS, "from a GGSN"),
        optional("pco", session.PCO),
        conditional("sgsn_address_control", tunnel.GSN_ADDRESS, _SGSN),
        conditional("sgsn_address_user", tunnel.GSN_ADDRESS, _SGSN),
        optional("alternative_sgsn_address_control", tunnel.GSN_ADDRESS, "the other family"),
        optional("alternative_sgsn_address_user", tunnel.GSN_ADDRESS, "the other family"),
        conditional("qos", session.QOS, f"{_SGSN}; from a GGSN that changes it"),
        conditional("tft", session.TFT, "if it changes"),
        optional("trigger_id", trace.TRIGGER_ID, "from an SGSN"),
        optional("omc_identity", trace.OMC_IDENTITY, "from an SGSN"),
        optional("common_flags", session.COMMON_FLAGS),
        optional("apn_restriction", session.APN_RESTRICTION, "from a GGSN"),
        optional("rat_type", mobility.RAT_TYPE, "from an SGSN"),
        optional("user_location", location.USER_LOCATION, "from an SGSN"),
        optional("ms_time_zone", mobility.MS_TIME_ZONE, "from an SGSN"),
        optional("imei", identity.IMEI, "from an SGSN, where there is no IMSI"),
        optional("additional_trace_info", trace.ADDITIONAL_TRACE_INFO, "from an SGSN"),
        optional(
            "ms_info_change_reporting_action",
            mobility.MS_INFO_CHANGE_REPORTING_ACTION,
            "from a GGSN",
        ),
        conditional("direct_tunnel_flags", mobility.DIRECT_TUNNEL_FLAGS, "with a direct tunnel"),
        optional("bearer_control_mode", session.BEARER_CONTROL_MODE, "from a GGSN"),
        optional("evolved_arp", session.EVOLVED_ARP),
        optional("extended_common_flags", session.EXTENDED_COMMON_FLAGS),
        optional("user_csg_information", mobility.USER_CSG_INFORMATION, "from an SGSN"),
        optional("csg_reporting_action", mobility.CSG_REPORTING_ACTION, "from a GGSN"),
        optional("ambr", session.AMBR),
        optional("signalling_priority", session.SIGNALLING_PRIORITY, "from an SGSN"),
        optional(
            "cn_operator_selection_entity", mobility.CN_OPERATOR_SELECTION_ENTITY, "from an SGSN"
        ),
        PRIVATE_EXTENSION,
    )

    nsapi: int
    imsi: str | None = None
    rai: bytes | None = None
    recovery: int | None = None
    teid_data: int | None = None
    teid_control: int | None = None
    trace_reference: int | None = None
    trace_type: int | None = None
    end_user_address: EndUserAddress | None = None
    pco: bytes | None = None
    sgsn_address_control: str | None = None
    sgsn_address_user: str | None = None
    alternative_sgsn_address_control: str | None = None
    alternative_sgsn_address_user: str | None = None
    qos: bytes | None = None
    tft: bytes | None = None
    trigger_id: bytes | None = None
    omc_identity: bytes | None = None
    common_flags: int | None = None
    apn_restriction: int | None = None
    rat_type: int | None = None
    user_location: bytes | None = None
    ms_time_zone: MsTimeZone | None = None
    imei: str | None = None
    additional_trace_info: TraceInfo | None = None
    ms_info_change_reporting_action: int | None = None
    direct_tunnel_flags: DirectTunnelFlags | None = None
    bearer_control_mode: int | None = None
    evolved_arp: int | None = None
    extended_common_flags: ExtendedCommonFlags | None = None
    user_csg_information: CsgInformation | None = None
    csg_reporting_action: CsgReportingAction | None = None
    ambr: Ambr | None = None
    signalling_priority: bool | None = None
    cn_operator_selection_entity: int | None = None
    private_extension: tuple[PrivateExtension, ...] = ()

    def lacking_from_sgsn(self) -> IEType | None:
        """Return the first element that an SGSN must send and that is not here, or None.

        A GGSN answers such a request with Cause 202, mandatory IE missing (TS 29.060 §11.1.5).
        """
        return next(
            (
                place.element.type
                for place in self.IES
                if place.name in _FROM_SGSN and getattr(self, place.name) is None
            ),
            None,
        )


@dataclass(slots=True, kw_only=True)
class UpdatePdpContextResponse(Message):
    """Update PDP Context Response (TS 29.060 §7.3.4): either side."""

    TYPE = MessageType.UPDATE_PDP_CONTEXT_RESPONSE
    IES = Table(
        mandatory("cause", session.CAUSE),
        optional("recovery", tunnel.RECOVERY, "first contact, or after a restart"),
        conditional("teid_data", tunnel.TEID_DATA, f"{_ACCEPTED}, or an SGSN's new value"),
        conditional("teid_control", tunnel.TEID_CONTROL, "from a GGSN, a new value"),
        conditional("charging_id", session.CHARGING_ID, _ACCEPTED),
        optional("pco", session.PCO),
        repeatable(
            "gsn_addresses",
            tunnel.GSN_ADDRESS,
            "from a GGSN control plane, user plane, then alternatives; from an SGSN user plane",
            Presence.CONDITIONAL,
        ),
        conditional("qos", session.QOS, "if accepted"),
        optional("common_flags", session.COMMON_FLAGS, "from a GGSN"),
        optional("apn_restriction", session.APN_RESTRICTION, "from a GGSN"),
        optional("user_location", location.USER_LOCATION, "from an SGSN"),
        optional("ms_time_zone", mobility.MS_TIME_ZONE, "from an SGSN"),
        optional(
            "ms_info_change_reporting_action",
            mobility.MS_INFO_CHANGE_REPORTING_ACTION,
            "from a GGSN",
        ),
        optional("direct_tunnel_flags", mobility.DIRECT_TUNNEL_FLAGS, "from an SGSN"),
        optional("bearer_control_mode", session.BEARER_CONTROL_MODE, "from a GGSN"),
        optional("evolved_arp", session.EVOLVED_ARP),
        optional("csg_reporting_action", mobility.CSG_REPORTING_ACTION, "from a GGSN"),
        optional("ambr", session.AMBR),
        optional("charging_gateway_address", tunnel.CHARGING_GATEWAY_ADDRESS, "from a GGSN"),
        optional(
            "alternative_charging_gateway_address", tunnel.CHARGING_GATEWAY_ADDRESS, "from a GGSN"
        ),
        PRIVATE_EXTENSION,
    )

    cause: Cause
    recovery: int | None = None
    teid_data: int | None = None
    teid_control: int | None = None
    charging_id: int | None = None
    pco: bytes | None = None
    gsn_addresses: tuple[str, ...] = ()
    """Not named one by one: the first is a GGSN's control plane, or an SGSN's user plane."""
    qos: bytes | None = None
    common_flags: int | None = None
    apn_restriction: int | None = None
    user_location: bytes | None = None
    ms_time_zone: MsTimeZone | None = None
    ms_info_change_reporting_action: int | None = None
    direct_tunnel_flags: DirectTunnelFlags | None = None
    bearer_control_mode: int | None = None
    evolved_arp: int | None = None
    csg_reporting_action: CsgReportingAction | None = None
    ambr: Ambr | None = None
    charging_gateway_address: str | None = None
    alternative_charging_gateway_address: str | None = None
    private_extension: tuple[PrivateExtension, ...] = ()


@dataclass(slots=True, kw_only=True)
class InitiatePdpContextActivationRequest(Message):
    """Initiate PDP Context Activation Request (TS 29.060 §7.3): GGSN to SGSN, secondary."""

    TYPE = MessageType.INITIATE_PDP_CONTEXT_ACTIVATION_REQUEST
    IES = Table(
        mandatory("linked_nsapi", session.NSAPI, "the context that has the address already"),
        optional("pco", session.PCO),
        mandatory("qos", session.QOS),
        conditional("tft", session.TFT, "what the new context is to carry"),
        mandatory("correlation_id", session.CORRELATION_ID, "comes back in the Create Request"),
        optional("evolved_arp", session.EVOLVED_ARP),
        PRIVATE_EXTENSION,
    )

    linked_nsapi: int
    qos: bytes
    correlation_id: int
    pco: bytes | None = None
    tft: bytes | None = None
    evolved_arp: int | None = None
    private_extension: tuple[PrivateExtension, ...] = ()


@dataclass(slots=True, kw_only=True)
class InitiatePdpContextActivationResponse(Message):
    """Initiate PDP Context Activation Response (TS 29.060 §7.3): SGSN to GGSN."""

    TYPE = MessageType.INITIATE_PDP_CONTEXT_ACTIVATION_RESPONSE
    IES = Table(
        mandatory("cause", session.CAUSE),
        optional("pco", session.PCO),
        PRIVATE_EXTENSION,
    )

    cause: Cause
    pco: bytes | None = None
    private_extension: tuple[PrivateExtension, ...] = ()
