"""Information elements of GTPv1 (TS 29.060 §7.7)."""

from gtp.ies.filters import TrafficFlowTemplate
from gtp.ies.location import RouteingArea, UserLocation
from gtp.ies.options import ProtocolConfiguration
from gtp.ies.quality import EvolvedArp, QosProfile
from gtp.ies.values import Ambr, EndUserAddress, MsTimeZone, PdpType, PrivateExtension, RawIE

__all__ = [
    "Ambr",
    "EndUserAddress",
    "EvolvedArp",
    "MsTimeZone",
    "PdpType",
    "PrivateExtension",
    "ProtocolConfiguration",
    "QosProfile",
    "RawIE",
    "RouteingArea",
    "TrafficFlowTemplate",
    "UserLocation",
]
