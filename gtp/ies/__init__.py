"""Information elements of GTPv1 (TS 29.060 §7.7)."""

from gtp.ies.values import Ambr, EndUserAddress, MsTimeZone, PdpType, PrivateExtension, RawIE

__all__ = ["Ambr", "EndUserAddress", "MsTimeZone", "PdpType", "PrivateExtension", "RawIE"]
