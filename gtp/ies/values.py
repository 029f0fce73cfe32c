"""Values of information elements that are more than a number or a string.

Specs: TS 29.060 §7.7.27 (End User Address), §7.7.46 (Private Extension), §7.7.52 (MS Time
Zone), §7.7.98 (AMBR).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Final, NamedTuple


class PdpType(IntEnum):
    """PDP type organisation (high octet) and number (low octet), TS 29.060 §7.7.27."""

    PPP = 0x0001
    IPV4 = 0x0121
    IPV6 = 0x0157
    IPV4V6 = 0x018D

    @classmethod
    def _missing_(cls, value: object) -> PdpType | None:
        """Give a type that we don't know a member, so that it can be refused with its number."""
        if not isinstance(value, int) or not 0 <= value <= 0x0FFF:
            return None
        member = int.__new__(cls, value)
        member._name_ = f"UNKNOWN_{value:#05x}"
        member._value_ = value
        return member


class EndUserAddress(NamedTuple):
    """A PDP type with its address, or without where one is asked for (TS 29.060 §7.7.27).

    A named tuple instead of a dataclass, because one is made for every message decoded.
    """

    ipv4: str | None = None
    ipv6: str | None = None
    pdp_type: PdpType = PdpType.IPV4
    other: bytes = b""
    """Address octets of a PDP type that has neither an IPv4 nor an IPv6 address."""

    @classmethod
    def for_ipv4(cls, address: str) -> EndUserAddress:
        """Return the end user address of an IPv4 address."""
        return cls(address, None, PdpType.IPV4)

    @classmethod
    def for_ipv6(cls, address: str) -> EndUserAddress:
        """Return the end user address of an IPv6 address."""
        return cls(None, address, PdpType.IPV6)

    @classmethod
    def for_both(cls, ipv4: str, ipv6: str) -> EndUserAddress:
        """Return the end user address of both families (PDP type IPv4v6)."""
        return cls(ipv4, ipv6, PdpType.IPV4V6)

    @classmethod
    def dynamic_ipv4(cls) -> EndUserAddress:
        """Return the end user address that asks for an IPv4 address."""
        return cls(None, None, PdpType.IPV4)

    @property
    def is_dynamic(self) -> bool:
        """Whether it has no address."""
        return self.ipv4 is None and self.ipv6 is None and not self.other

    def __str__(self) -> str:
        if self.is_dynamic:
            return f"{self.pdp_type.name}, dynamic"
        return " and ".join(part for part in (self.ipv4, self.ipv6, self.other.hex()) if part)


class MsTimeZone(NamedTuple):
    """The MS's offset from UTC and daylight saving time (TS 29.060 §7.7.52)."""

    quarters: int
    """Quarters of an hour east of UTC, -79 to 79."""
    daylight_saving: int = 0
    """Hours of daylight saving time in the offset, 0 to 2."""

    def __str__(self) -> str:
        sign = "-" if self.quarters < 0 else "+"
        hours, quarters = divmod(abs(self.quarters), 4)
        return f"UTC{sign}{hours:02d}:{quarters * 15:02d}, daylight saving {self.daylight_saving} h"


class Ambr(NamedTuple):
    """Aggregate maximum bit rate in kbit/s (TS 29.060 §7.7.98)."""

    uplink: int
    downlink: int


@dataclass(frozen=True, slots=True)
class PrivateExtension:
    """Extension identifier (an IANA enterprise number) and value (TS 29.060 §7.7.46)."""

    identifier: int
    value: bytes = b""


@dataclass(frozen=True, slots=True)
class RawIE:
    """An information element that its message did not take in: its type and value octets."""

    type: int
    value: bytes


INTERNATIONAL: Final = 0x91
"""First octet of an MSISDN: no extension, international number, E.164 numbering plan."""
