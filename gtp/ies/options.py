"""Protocol configuration options, taken apart and put together.

Specs: TS 29.060 §7.7.31, TS 24.008 §10.5.6.3. Messages carry IE 132 as octets; what they say is
here, and what ``Message.parsed`` returns.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

from gtp.ies.cursor import Cursor, counted


class Option(NamedTuple):
    """A protocol's packet, or a container: what its identifier says."""

    identifier: int
    """For example 0x8021 IPCP, 0xC023 PAP, 0x000D DNS server IPv4."""
    content: bytes = b""

    def __str__(self) -> str:
        name = _NAMES.get(self.identifier, f"{self.identifier:#06x}")
        return f"{name} {self.content.hex()}" if self.content else name


_NAMES: Final = {
    0x8021: "IPCP",
    0x8057: "IPV6CP",
    0xC021: "LCP",
    0xC023: "PAP",
    0xC223: "CHAP",
    0x0001: "P-CSCF IPv6 address",
    0x0002: "IM CN subsystem signalling",
    0x0003: "DNS server IPv6 address",
    0x0005: "bearer control mode",
    0x000A: "IP address by NAS signalling",
    0x000B: "IP address by DHCPv4",
    0x000C: "P-CSCF IPv4 address",
    0x000D: "DNS server IPv4 address",
    0x0010: "IPv4 link MTU",
}


@dataclass(frozen=True, slots=True)
class ProtocolConfiguration:
    """The options in their order."""

    options: tuple[Option, ...] = ()
    protocol: int = 0
    """The configuration protocol, 3 bits; 0 is PPP for IP."""

    @classmethod
    def parse(cls, octets: bytes) -> ProtocolConfiguration:
        """Read the value of IE 132. Raises ValueError if it is none."""
        cursor = Cursor(octets)
        protocol = cursor.number() & 7
        options = []
        while not cursor.at_end:
            options.append(Option(cursor.number(2), cursor.counted()))
        return cls(tuple(options), protocol)

    def encode(self) -> bytes:
        """Return the value of IE 132. Raises ValueError or OverflowError for what does not fit."""
        if not 0 <= self.protocol <= 7:
            raise ValueError("the configuration protocol is not 0 to 7")
        options = [each.identifier.to_bytes(2) + counted(each.content) for each in self.options]
        return bytes((0x80 | self.protocol,)) + b"".join(options)

    def __str__(self) -> str:
        return ", ".join(map(str, self.options)) or "none"
