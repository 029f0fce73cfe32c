"""Extension headers of GTPv1 (TS 29.060 §6.1, TS 29.281 §5.2)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


class ExtensionHeaderType(IntEnum):
    """Types of extension headers; bits 8 and 7 say who must comprehend them."""

    NONE = 0x00
    MBMS_SUPPORT = 0x01
    MS_INFO_CHANGE_REPORTING_SUPPORT = 0x02
    LONG_PDCP_PDU_NUMBER = 0x03
    SERVICE_CLASS_INDICATOR = 0x20
    UDP_PORT = 0x40
    RAN_CONTAINER = 0x81
    LONG_PDCP_PDU_NUMBER_REQUIRED = 0x82
    XW_RAN_CONTAINER = 0x83
    NR_RAN_CONTAINER = 0x84
    PDU_SESSION_CONTAINER = 0x85
    PDCP_PDU_NUMBER = 0xC0
    SUSPEND_REQUEST = 0xC1
    SUSPEND_RESPONSE = 0xC2


@dataclass(frozen=True, slots=True)
class ExtensionHeader:
    """One extension header: its type and its content of 4n-2 octets."""

    type: int
    content: bytes

    @property
    def must_be_comprehended(self) -> bool:
        """Whether the endpoint that receives it must know it (bit 8 of the type)."""
        return self.type >= 0x80
