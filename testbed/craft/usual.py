"""What a message has in it when nobody says otherwise: enough for a peer that accepts it.

Every mandatory element, those that a response needs to accept, and of the conditional ones
those of the commonest case, each with the value of its type. The subscriber is of the test
network 001-01 (ITU-T E.212).
"""

from __future__ import annotations

from typing import Final

from gtp.constants import IEType, MessageType
from gtp.ies.catalogue import SIZES, VARIABLE
from gtp.messages import Message
from gtp.messages.table import Place, Presence
from testbed.craft.values import OCTETS

OWN_ADDRESS: Final = "own"
"""Stands for the address that the message is sent from."""

_IN_COMMON_CASE: Final[dict[MessageType, tuple[str, ...]]] = {
    MessageType.CREATE_PDP_CONTEXT_REQUEST: (
        "imsi",
        "selection_mode",
        "teid_control",
        "end_user_address",
        "apn",
        "msisdn",
    ),
    MessageType.CREATE_PDP_CONTEXT_RESPONSE: ("teid_control", "end_user_address"),
    MessageType.UPDATE_PDP_CONTEXT_REQUEST: (
        "teid_data",
        "teid_control",
        "sgsn_address_control",
        "sgsn_address_user",
        "qos",
    ),
    MessageType.UPDATE_PDP_CONTEXT_RESPONSE: ("teid_data", "charging_id", "gsn_addresses", "qos"),
    MessageType.DELETE_PDP_CONTEXT_REQUEST: ("teardown",),
    MessageType.SEND_ROUTEING_INFORMATION_FOR_GPRS_RESPONSE: ("sgsn_address",),
    MessageType.IDENTIFICATION_REQUEST: ("p_tmsi_signature",),
    MessageType.IDENTIFICATION_RESPONSE: ("imsi",),
    MessageType.SGSN_CONTEXT_REQUEST: ("p_tmsi", "p_tmsi_signature"),
    MessageType.SGSN_CONTEXT_RESPONSE: (
        "imsi",
        "teid_control",
        "mm_context",
        "sgsn_address_control",
    ),
    MessageType.FORWARD_RELOCATION_REQUEST: ("imsi", "sgsn_address_control"),
    MessageType.FORWARD_RELOCATION_RESPONSE: ("teid_control", "sgsn_address_control"),
    MessageType.RELOCATION_CANCEL_REQUEST: ("imsi",),
    MessageType.UE_REGISTRATION_QUERY_RESPONSE: ("selected_plmn",),
    MessageType.CREATE_MBMS_CONTEXT_REQUEST: ("imsi", "selection_mode", "teid_control", "msisdn"),
    MessageType.CREATE_MBMS_CONTEXT_RESPONSE: (
        "teid_control",
        "charging_id",
        "ggsn_address_control",
    ),
    MessageType.DELETE_MBMS_CONTEXT_REQUEST: ("imsi", "enhanced_nsapi"),
    MessageType.MBMS_REGISTRATION_REQUEST: ("teid_control", "sgsn_address_control"),
    MessageType.MBMS_REGISTRATION_RESPONSE: ("teid_control", "ggsn_address_control", "tmgi"),
    MessageType.MBMS_SESSION_START_REQUEST: ("teid_control", "ggsn_address_control"),
    MessageType.MBMS_SESSION_START_RESPONSE: ("teid_control", "sgsn_address_control"),
    MessageType.MBMS_SESSION_UPDATE_REQUEST: ("teid_control", "ggsn_address_control"),
    MessageType.MBMS_SESSION_UPDATE_RESPONSE: ("teid_control", "sgsn_address_control"),
    MessageType.MS_INFO_CHANGE_NOTIFICATION_REQUEST: ("imsi",),
    MessageType.MS_INFO_CHANGE_NOTIFICATION_RESPONSE: ("imsi",),
}
"""By message, what it has in the commonest case beside what it must have."""

_VALUES: Final[dict[IEType, str]] = {
    IEType.CAUSE: "request-accepted",
    IEType.IMSI: "001010000000001",
    IEType.ROUTEING_AREA_IDENTITY: "001-01-1-1",
    IEType.P_TMSI: "0xc0000001",
    IEType.REORDERING_REQUIRED: "no",
    IEType.P_TMSI_SIGNATURE: "000001",
    IEType.RECOVERY: "0",
    IEType.SELECTION_MODE: "0",
    IEType.TEID_CONTROL: "1",
    IEType.TEID_DATA: "2",
    IEType.TEARDOWN_IND: "yes",
    IEType.NSAPI: "5",
    IEType.RANAP_CAUSE: "1",
    IEType.CHARGING_ID: "1",
    IEType.END_USER_ADDRESS: "ipv4",
    IEType.APN: "internet",
    IEType.GSN_ADDRESS: OWN_ADDRESS,
    IEType.MSISDN: "99900000001",
    # Interactive, 8640 kbit/s each way, nothing guaranteed (TS 24.008 §10.5.6.5).
    IEType.QOS: "020b921f7396fefe742bffff",
    IEType.EXTENSION_HEADER_TYPES: "",
    IEType.COMMON_FLAGS: "0",
    IEType.RAT_TYPE: "geran",
    IEType.MBMS_2G_3G_INDICATOR: "0",
    IEType.ENHANCED_NSAPI: "128",
    IEType.MBMS_TIME_TO_DATA_TRANSFER: "0",
    IEType.CORRELATION_ID: "1",
    # GSM key and quintuplets, of which there are none; a network capability, no IMEISV.
    IEType.MM_CONTEXT: f"{OCTETS}f9c00000000000000000000003e5e0340000",
    IEType.TARGET_IDENTIFICATION: f"{OCTETS}00f1100001010001",
    IEType.UTRAN_TRANSPARENT_FIELD: f"{OCTETS}00",
    IEType.RAB_CONTEXT: f"{OCTETS}050000000000000000",
    IEType.RAN_TRANSPARENT_CONTAINER: f"{OCTETS}704c8031",
    IEType.TMGI: f"{OCTETS}00000100f110",
    IEType.MBMS_SERVICE_AREA: f"{OCTETS}000001",
    IEType.MBMS_SESSION_DURATION: f"{OCTETS}070800",
    IEType.SELECTED_PLMN_ID: f"{OCTETS}00f110",
}
"""By type, the value in words."""


def in_usual(kind: type[Message], place: Place) -> bool:
    """Whether a message has an element there when nobody says otherwise."""
    return (
        place.presence is Presence.MANDATORY
        or place.if_accepted
        or place.name in _IN_COMMON_CASE.get(kind.TYPE, ())
    )


def usual_value(place: Place) -> str:
    """Return the usual value of an element in words; zeros where its type has none."""
    if place.name == "linked_nsapi":
        return "6"
    known = _VALUES.get(place.element.type)
    if known is not None:
        return known
    size = SIZES[place.element.type]
    return OCTETS + "00" * (1 if size == VARIABLE else max(size, 0))
