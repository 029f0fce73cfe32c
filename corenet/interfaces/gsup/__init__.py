"""GSUP, what SGSN, HLR and service centre say to each other on Gr and Gd.

Spec: OsmoHLR user manual, "Generic Subscriber Update Protocol". On TCP each message is framed by
IPA (protocol 0xEE, extension 0x05); here are the bare octets.
"""

from __future__ import annotations

from corenet.interfaces.gsup.message_type import MessageType
from corenet.interfaces.gsup.messages import GsupError, GsupMessage, decode, summary
from corenet.interfaces.gsup.values import (
    CancelType,
    CnDomain,
    MessageClass,
    PdpAddress,
    PdpInfo,
    PdpType,
    RawIe,
    SmAlertReason,
    SmRpAddress,
    SmRpAddressType,
)

GSUP_PORT = 4222
"""TCP port of an HLR that speaks GSUP."""

__all__ = [
    "GSUP_PORT",
    "CancelType",
    "CnDomain",
    "GsupError",
    "GsupMessage",
    "MessageClass",
    "MessageType",
    "PdpAddress",
    "PdpInfo",
    "PdpType",
    "RawIe",
    "SmAlertReason",
    "SmRpAddress",
    "SmRpAddressType",
    "decode",
    "summary",
]
