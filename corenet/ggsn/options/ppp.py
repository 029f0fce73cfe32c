"""Packets of PPP's control and authentication protocols, as options carry them.

They all begin alike: code, identifier, and the length of the whole.

Specs: RFC 1661 §5 (LCP), RFC 1332 §2 (IPCP), RFC 1334 §2.2 (PAP), RFC 1994 §4 (CHAP).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

HEADER_LENGTH: Final = 4
"""Octets of code, identifier and length."""


class Protocol(IntEnum):
    """Protocols whose packets are found in options (TS 24.008 §10.5.6.3)."""

    IPCP = 0x8021
    LCP = 0xC021
    PAP = 0xC023
    CHAP = 0xC223


class ConfigureCode(IntEnum):
    """Codes of a negotiation, the same in LCP and IPCP (RFC 1661 §5)."""

    REQUEST = 1
    ACK = 2
    NAK = 3
    REJECT = 4


@dataclass(frozen=True, slots=True)
class PppPacket:
    """A packet as far as it could be read."""

    code: int
    identifier: int
    body: bytes
    """What follows the header, without padding."""
    whole: bool
    """Whether the packet has the length that it says."""


def read(octets: bytes) -> PppPacket | None:
    """Return the packet in ``octets``, or None where not even its identifier is there.

    Octets beyond its length are padding (RFC 1334 §2.2).
    """
    if len(octets) < 2:
        return None
    length = int.from_bytes(octets[2:HEADER_LENGTH], "big")
    whole = HEADER_LENGTH <= length <= len(octets)
    body = octets[HEADER_LENGTH:length] if whole else octets[HEADER_LENGTH:]
    return PppPacket(octets[0], octets[1], body, whole)


def write(code: int, identifier: int, body: bytes = b"") -> bytes:
    """Return the octets of a packet."""
    return bytes((code, identifier)) + (HEADER_LENGTH + len(body)).to_bytes(2, "big") + body
