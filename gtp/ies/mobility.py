"""Where the MS is and how it is reached: location, radio access, time zone, MAP results.

Specs: TS 29.060 §7.7.8 (MAP Cause), §7.7.25A (MS Not Reachable Reason), §7.7.50 (RAT Type),
§7.7.51 (User Location Information), §7.7.52 (MS Time Zone).
"""

from __future__ import annotations

from typing import Final

from gtp.constants import IEType, MapCause, MsNotReachableReason, RatType
from gtp.ies.element import (
    Element,
    Usual,
    fixed_number,
    named,
    number,
    octet,
    octets,
    tlv,
    wide_number,
)
from gtp.ies.values import MsTimeZone


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


DIRECT_TUNNEL_FLAGS: Final = octets(IEType.DIRECT_TUNNEL_FLAGS)
HOP_COUNTER: Final = number(IEType.HOP_COUNTER)
RFSP_INDEX: Final = wide_number(IEType.RFSP_INDEX, 2)
UE_NETWORK_CAPABILITY: Final = octets(IEType.UE_NETWORK_CAPABILITY)
UE_AMBR: Final = octets(IEType.UE_AMBR, 8)
"""Subscribed, then authorized bit rates in kbit/s, each uplink and downlink in four octets."""
HIGHER_BITRATES_FLAG: Final = number(IEType.HIGHER_BITRATES_THAN_16_MBPS_FLAG)
MBMS_UE_CONTEXT: Final = octets(IEType.MBMS_UE_CONTEXT)
UE_USAGE_TYPE: Final = octets(IEType.UE_USAGE_TYPE)
IOV_UPDATES_COUNTER: Final = number(IEType.IOV_UPDATES_COUNTER)
NODE_IDENTIFIER: Final = octets(IEType.NODE_IDENTIFIER)
MAP_CAUSE: Final = fixed_number(IEType.MAP_CAUSE, 1, named(MapCause))
MS_NOT_REACHABLE_REASON: Final = fixed_number(
    IEType.MS_NOT_REACHABLE_REASON, 1, named(MsNotReachableReason)
)
RAT_TYPE: Final = number(IEType.RAT_TYPE, named(RatType))
USER_LOCATION: Final = octets(IEType.USER_LOCATION, usually=(7, 8))
MS_TIME_ZONE: Final = Element(
    IEType.MS_TIME_ZONE,
    _decode_time_zone,
    _encode_time_zone,
    usual=Usual(octet(IEType.MS_TIME_ZONE) + rb"\x00\x02(.{2})", _decode_time_zone),
)
CAMEL_CHARGING_INFORMATION: Final = octets(IEType.CAMEL_CHARGING_INFORMATION)
MS_INFO_CHANGE_REPORTING_ACTION: Final = number(IEType.MS_INFO_CHANGE_REPORTING_ACTION)
USER_CSG_INFORMATION: Final = octets(IEType.USER_CSG_INFORMATION, 8, 8)
CSG_REPORTING_ACTION: Final = octets(IEType.CSG_INFORMATION_REPORTING_ACTION)
ULI_TIMESTAMP: Final = octets(IEType.ULI_TIMESTAMP)
CN_OPERATOR_SELECTION_ENTITY: Final = octets(IEType.CN_OPERATOR_SELECTION_ENTITY)
MAPPED_UE_USAGE_TYPE: Final = octets(IEType.MAPPED_UE_USAGE_TYPE)
UP_FUNCTION_SELECTION: Final = octets(IEType.UP_FUNCTION_SELECTION_INDICATION_FLAGS)
