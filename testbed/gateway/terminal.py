"""Which terminal a push is for, as the gateway's parts name it to one another."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


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
