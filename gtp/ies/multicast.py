"""Multimedia broadcast and multicast (MBMS): bearers, sessions, who wants them where.

Specs: TS 29.060 §7.7.55-7.7.60, §7.7.65-7.7.70, §7.7.76, §7.7.84-7.7.86. What the core network
only passes on keeps its octets.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from gtp.constants import IEType
from gtp.ies.element import Element, number, octets, tlv


class SessionDuration(NamedTuple):
    """How long an MBMS session lasts (TS 29.060 §7.7.59)."""

    seconds: int
    """Up to a day, 17 bits."""
    days: int = 0
    """7 bits."""


def _decode_duration(value: bytes) -> SessionDuration:
    if len(value) != 3:
        raise ValueError("length is not 3")
    whole = int.from_bytes(value)
    return SessionDuration(whole >> 7, whole & 0x7F)


def _encode_duration(duration: SessionDuration) -> bytes:
    seconds, days = duration
    if not 0 <= days <= 0x7F:
        raise ValueError("the days are not 0 to 127")
    return tlv(IEType.MBMS_SESSION_DURATION, (seconds << 7 | days).to_bytes(3))


def _duration_text(duration: SessionDuration) -> str:
    return f"{duration.days} d {duration.seconds} s"


TMGI: Final = octets(IEType.TMGI, 6, 6)
"""Service identity in three octets, then the PLMN (TS 23.003 §15.2)."""
PROTOCOL_OPTIONS: Final = octets(IEType.MBMS_PROTOCOL_CONFIGURATION_OPTIONS)
SERVICE_AREA: Final = octets(IEType.MBMS_SERVICE_AREA)
SESSION_IDENTIFIER: Final = number(IEType.MBMS_SESSION_IDENTIFIER)
ACCESS_INDICATOR: Final = number(IEType.MBMS_2G_3G_INDICATOR)
"""0 GERAN, 1 UTRAN, 2 both (TS 29.060 §7.7.66)."""
ENHANCED_NSAPI: Final = number(IEType.ENHANCED_NSAPI)
SESSION_DURATION: Final = Element(
    IEType.MBMS_SESSION_DURATION, _decode_duration, _encode_duration, _duration_text
)
TRACE_INFO: Final = octets(IEType.ADDITIONAL_MBMS_TRACE_INFO, 8, 8)
SESSION_REPETITION: Final = number(IEType.MBMS_SESSION_IDENTITY_REPETITION_NUMBER)
TIME_TO_DATA_TRANSFER: Final = number(IEType.MBMS_TIME_TO_DATA_TRANSFER)
REQUIRED_BEARER_CAPABILITIES: Final = octets(IEType.REQUIRED_MBMS_BEARER_CAPABILITIES)
FLOW_IDENTIFIER: Final = octets(IEType.MBMS_FLOW_IDENTIFIER)
IP_MULTICAST_DISTRIBUTION: Final = octets(IEType.MBMS_IP_MULTICAST_DISTRIBUTION)
DISTRIBUTION_ACKNOWLEDGEMENT: Final = number(IEType.MBMS_DISTRIBUTION_ACKNOWLEDGEMENT)
