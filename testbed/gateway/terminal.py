"""Which terminal a push is for, as the gateway's parts name it to one another."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from ipaddress import IPv6Address
from typing import Final

_INTERFACE_IDENTIFIER: Final = 8
"""Octets."""


class TerminalKind(StrEnum):
    """What a terminal is named by; also the name of the control interface's parameter."""

    MSISDN = "msisdn"
    ADDRESS = "address"
    NOBODY = "nobody"
    """An address that names no terminal; never looked up."""


@dataclass(frozen=True, slots=True)
class Terminal:
    """A terminal by its MSISDN (digits) or by its PDP address (text form); or nobody."""

    kind: TerminalKind
    value: str

    @classmethod
    def by_msisdn(cls, msisdn: str) -> Terminal:
        """Name a terminal by its international number, digits without "+"."""
        return cls(TerminalKind.MSISDN, msisdn)

    @classmethod
    def by_address(cls, address: str) -> Terminal:
        """Name a terminal by its PDP address."""
        return cls(TerminalKind.ADDRESS, address)

    @classmethod
    def nobody(cls, address_value: str) -> Terminal:
        """Stand for an address that names no terminal."""
        return cls(TerminalKind.NOBODY, address_value)

    def __str__(self) -> str:
        return f"+{self.value}" if self.kind is TerminalKind.MSISDN else self.value


def place_of(address: str) -> str:
    """Return what is the same for all addresses that one PDP context has.

    It is an IPv4 address itself, and of an IPv6 address its prefix of 64 bits: any interface
    identifier behind it is the same terminal's (TS 23.060 §9.2.1.1).
    """
    return _prefix_of(address) if ":" in address else address


@lru_cache(maxsize=4096)
def _prefix_of(address: str) -> str:
    octets = IPv6Address(address).packed[:_INTERFACE_IDENTIFIER]
    return str(IPv6Address(octets + bytes(_INTERFACE_IDENTIFIER)))


def is_whole(address: str) -> bool:
    """Whether an address is a host's own, and no mere prefix (RFC 4291 §2.6.1)."""
    return ":" not in address or _prefix_of(address) != address
