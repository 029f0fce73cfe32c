"""Client addresses of PAP: ``WAPPUSH=+447700900123/TYPE=PLMN@ppg.example``."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class AddressKind(StrEnum):
    """The TYPE of a client address, as written."""

    PLMN = "PLMN"
    IPV4 = "IPv4"
    IPV6 = "IPv6"
    USER = "USER"


class AddressError(ValueError):
    """Text that is no client address; PAP status 2002 (address error)."""

    def __init__(self, text: str) -> None:
        self.text = text
        super().__init__(text)


@dataclass(frozen=True, slots=True)
class ClientAddress:
    """Whom a push is for.

    ``value`` is canonical: "+" and digits for PLMN, an IP address in its usual text form, or
    the unescaped identifier of a user. ``ppg`` is what follows "@". ``qualifiers`` are further
    "/KEY=value" pairs between TYPE and "@".
    """

    kind: AddressKind
    value: str
    ppg: str
    qualifiers: tuple[tuple[str, str], ...] = ()

    @property
    def msisdn(self) -> str | None:
        """The digits of a PLMN address, else None."""
        raise NotImplementedError


def parse(text: str) -> ClientAddress:
    """Read an ``address-value``; AddressError where it is none."""
    raise NotImplementedError


def build(address: ClientAddress) -> str:
    """Write an ``address-value``."""
    raise NotImplementedError
