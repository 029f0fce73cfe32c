"""Where the MS is and how it is reached: location, radio access, time zone, MAP results.

Specs: TS 29.060 §7.7.8 (MAP Cause), §7.7.25A (MS Not Reachable Reason), §7.7.50 (RAT Type),
§7.7.52 (MS Time Zone).
"""

from __future__ import annotations

from typing import Final, NamedTuple

from gtp.codes import (
    CsgReportingAction,
    DirectTunnelFlags,
    InfoChangeReporting,
    MapCause,
    MsNotReachableReason,
    RatType,
)
from gtp.constants import IEType
from gtp.ies.cursor import Cursor, counted
from gtp.ies.element import (
    Element,
    Usual,
    first_octet,
    fixed_number,
    flags,
    long_flag,
    named,
    number,
    octet,
    octets,
    tlv,
    wide_number,
)
from gtp.ies.identity import decode_plmn, encode_plmn
from gtp.ies.values import Ambr, MsTimeZone


class UeAmbr(NamedTuple):
    """Aggregate maximum bit rates of all of a UE's contexts (TS 29.060 §7.7.100)."""

    subscribed: Ambr
    authorized: Ambr | None = None

    def __str__(self) -> str:
        authorized = "" if self.authorized is None else f", authorized {_rates(self.authorized)}"
        return f"subscribed {_rates(self.subscribed)}{authorized}"


class CsgInformation(NamedTuple):
    """The closed subscriber group whose cell the MS uses (TS 29.060 §7.7.94)."""

    mcc: str
    mnc: str
    csg: int
    """The identity, 27 bits."""
    hybrid: bool = False
    """Whether the cell serves others too (access mode 1)."""
    member: bool = False
    """CMI: whether the MS belongs to the group."""
    left: bool = False
    """LCSG: whether the MS has left the cell."""


class NodeIdentifier(NamedTuple):
    """A node by Diameter's names (TS 29.060 §7.7.119)."""

    name: str
    realm: str

    def __str__(self) -> str:
        return f"{self.name} of {self.realm}"


def _rates(ambr: Ambr) -> str:
    return f"{ambr.uplink} kbit/s up, {ambr.downlink} kbit/s down"


def _decode_ue_ambr(value: bytes) -> UeAmbr:
    cursor = Cursor(value)
    subscribed = Ambr(cursor.number(4), cursor.number(4))
    if cursor.at_end:
        return UeAmbr(subscribed)
    authorized = Ambr(cursor.number(4), cursor.number(4))
    cursor.finish()
    return UeAmbr(subscribed, authorized)


def _encode_ue_ambr(ambr: UeAmbr) -> bytes:
    rates = ambr.subscribed if ambr.authorized is None else ambr.subscribed + ambr.authorized
    return tlv(IEType.UE_AMBR, b"".join(rate.to_bytes(4) for rate in rates))


def _decode_csg(value: bytes) -> CsgInformation:
    cursor = Cursor(value)
    mcc, mnc = decode_plmn(cursor.take(3))
    csg, last = cursor.number(4) & 0x7FFFFFF, cursor.number()
    cursor.finish()
    return CsgInformation(mcc, mnc, csg, last >> 6 == 1, last & 1 == 1, last & 2 == 2)


def _encode_csg(group: CsgInformation) -> bytes:
    mcc, mnc, csg, hybrid, member, left = group
    if csg >> 27:
        raise ValueError(f"the identity {csg} has more than 27 bits")
    last = hybrid << 6 | left << 1 | member
    octets = encode_plmn(mcc, mnc) + csg.to_bytes(4) + bytes((last,))
    return tlv(IEType.USER_CSG_INFORMATION, octets)


def _decode_node(value: bytes) -> NodeIdentifier:
    cursor = Cursor(value)
    node = NodeIdentifier(str(cursor.counted(), "ascii"), str(cursor.counted(), "ascii"))
    cursor.finish()
    return node


def _encode_node(node: NodeIdentifier) -> bytes:
    octets = b"".join(counted(name.encode("ascii")) for name in node)
    return tlv(IEType.NODE_IDENTIFIER, octets)


def _decode_time_zone(value: bytes) -> MsTimeZone:
    if len(value) != 2:
        raise ValueError("length is not 2")
    # As in a short message's time stamp (TS 23.040 §9.2.3.11): semi-octets exchanged, and
    # bit 4 of the octet is the sign.
    tens, units = value[0] & 7, value[0] >> 4
    if units > 9:
        raise ValueError("its quarters of an hour are no decimal number")
    quarters = 10 * tens + units
    return MsTimeZone(-quarters if value[0] & 8 else quarters, value[1] & 3)


def _encode_time_zone(zone: MsTimeZone) -> bytes:
    if not (-79 <= zone.quarters <= 79 and 0 <= zone.daylight_saving <= 3):
        raise ValueError("is not within -79 to 79 quarters and 0 to 3 hours")
    tens, units = divmod(abs(zone.quarters), 10)
    sign = 8 if zone.quarters < 0 else 0
    return tlv(IEType.MS_TIME_ZONE, bytes((units << 4 | sign | tens, zone.daylight_saving)))


DIRECT_TUNNEL_FLAGS: Final = flags(IEType.DIRECT_TUNNEL_FLAGS, DirectTunnelFlags)
HOP_COUNTER: Final = number(IEType.HOP_COUNTER)
RFSP_INDEX: Final = wide_number(IEType.RFSP_INDEX, 2)
UE_NETWORK_CAPABILITY: Final = octets(
    IEType.UE_NETWORK_CAPABILITY, holds="the element of TS 24.301 §9.9.3.34"
)
UE_AMBR: Final = Element(IEType.UE_AMBR, _decode_ue_ambr, _encode_ue_ambr)
HIGHER_BITRATES_FLAG: Final = number(IEType.HIGHER_BITRATES_THAN_16_MBPS_FLAG)
MBMS_UE_CONTEXT: Final = octets(IEType.MBMS_UE_CONTEXT, holds="a context of MBMS")
UE_USAGE_TYPE: Final = wide_number(IEType.UE_USAGE_TYPE, 4)
IOV_UPDATES_COUNTER: Final = number(IEType.IOV_UPDATES_COUNTER)
NODE_IDENTIFIER: Final = Element(IEType.NODE_IDENTIFIER, _decode_node, _encode_node)
MAP_CAUSE: Final = fixed_number(IEType.MAP_CAUSE, 1, named(MapCause), MapCause)
MS_NOT_REACHABLE_REASON: Final = fixed_number(
    IEType.MS_NOT_REACHABLE_REASON, 1, named(MsNotReachableReason), MsNotReachableReason
)
RAT_TYPE: Final = number(IEType.RAT_TYPE, named(RatType), RatType)
MS_TIME_ZONE: Final = Element(
    IEType.MS_TIME_ZONE,
    _decode_time_zone,
    _encode_time_zone,
    usual=Usual(octet(IEType.MS_TIME_ZONE) + rb"\x00\x02(.{2})", _decode_time_zone),
)
CAMEL_CHARGING_INFORMATION: Final = octets(
    IEType.CAMEL_CHARGING_INFORMATION, holds="a part of a charging record, TS 32.251"
)
MS_INFO_CHANGE_REPORTING_ACTION: Final = number(
    IEType.MS_INFO_CHANGE_REPORTING_ACTION, named(InfoChangeReporting), InfoChangeReporting
)
USER_CSG_INFORMATION: Final = Element(IEType.USER_CSG_INFORMATION, _decode_csg, _encode_csg)
CSG_REPORTING_ACTION: Final = flags(IEType.CSG_INFORMATION_REPORTING_ACTION, CsgReportingAction)
ULI_TIMESTAMP: Final = wide_number(IEType.ULI_TIMESTAMP, 4)
"""Seconds since 1900, when the location was found."""
CN_OPERATOR_SELECTION_ENTITY: Final = first_octet(IEType.CN_OPERATOR_SELECTION_ENTITY)
"""0 the UE chose the operator, 1 the network did."""
MAPPED_UE_USAGE_TYPE: Final = wide_number(IEType.MAPPED_UE_USAGE_TYPE, 2)
UP_FUNCTION_SELECTION: Final = long_flag(IEType.UP_FUNCTION_SELECTION_INDICATION_FLAGS)
"""DCNR: the UE can use new radio as its second cell."""
