"""Client addresses of PAP: ``WAPPUSH=+447700900123/TYPE=PLMN@ppg.example`` (WAP-247 §9.5, WAP-151).

Keywords are read in any case and written as the specification does. Characters of the client
specifier outside the safe set are escaped with ``%``.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from urllib.parse import quote, unquote_to_bytes

_FORM = re.compile(
    r"WAPPUSH=(?P<client>[^/@]*)/TYPE=(?P<type>[^/@=]*)(?P<rest>(?:/[^/@=]+=[^/@]*)*)@(?P<ppg>[^@/]+)",
    re.IGNORECASE,
)
_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_OCTET = r"(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_IPV4 = re.compile(rf"{_OCTET}(?:\.{_OCTET}){{3}}")
"""Dotted decimal without leading zeros, as ``ipaddress`` has it; there it takes far longer."""
_PHONE = re.compile(r"\+[0-9]{1,20}")
_PPG = re.compile(r"[^\s@/]+")
_QUALIFIER_NAME = re.compile(r"[A-Za-z0-9_-]+")
_SAFE = "+-.:_~$!*'(),"
_LONGEST = 2048


class AddressKind(StrEnum):
    """The TYPE of a client address, as written."""

    PLMN = "PLMN"
    IPV4 = "IPv4"
    IPV6 = "IPv6"
    USER = "USER"


_KINDS = {kind.lower(): kind for kind in AddressKind}


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
    "/KEY=value" pairs between TYPE and "@", unescaped.
    """

    kind: AddressKind
    value: str
    ppg: str
    qualifiers: tuple[tuple[str, str], ...] = ()

    @property
    def msisdn(self) -> str | None:
        """The digits of a PLMN address, else None."""
        return self.value.removeprefix("+") if self.kind is AddressKind.PLMN else None


@lru_cache(maxsize=1024)
def parse(text: str) -> ClientAddress:
    """Read an ``address-value``; AddressError where it is none."""
    if len(text) > _LONGEST:
        raise AddressError(f"an address of {len(text)} characters is too long")
    found = _FORM.fullmatch(text.strip())
    if found is None:
        raise AddressError(f"{text!r} is not WAPPUSH=client/TYPE=type@ppg")
    kind = _KINDS.get(found["type"].lower())
    if kind is None:
        raise AddressError(f"TYPE={found['type']} is none of {', '.join(AddressKind)}")
    qualifiers = tuple(
        (name, _unescape(value))
        for name, _, value in (pair.partition("=") for pair in found["rest"].split("/")[1:])
    )
    return ClientAddress(
        kind, _canonical(kind, _unescape(found["client"])), found["ppg"], qualifiers
    )


def _unescape(text: str) -> str:
    if "%" not in text:
        return text
    if _ESCAPE.search(text):
        raise AddressError(f"{text!r} has a % that escapes nothing")
    try:
        return unquote_to_bytes(text).decode()
    except UnicodeDecodeError:
        raise AddressError(f"{text!r} escapes octets that are no UTF-8") from None


def _canonical(kind: AddressKind, client: str) -> str:
    if not client:
        raise AddressError("the client is empty")
    if kind is AddressKind.USER:
        return client
    if kind is AddressKind.PLMN:
        number = client.replace("-", "").replace(".", "")
        if _PHONE.fullmatch(number) is None:
            raise AddressError(f"{client!r} is not + and the digits of a global phone number")
        return number
    if kind is AddressKind.IPV4:
        if _IPV4.fullmatch(client) is None:
            raise AddressError(f"{client!r} is not an IPv4 address")
        return client
    try:
        return str(ipaddress.IPv6Address(client))
    except ValueError:
        raise AddressError(f"{client!r} is not an IPv6 address") from None


def build(address: ClientAddress) -> str:
    """Write an ``address-value``; AddressError where the value does not suit its kind."""
    value = _canonical(address.kind, address.value)
    if _PPG.fullmatch(address.ppg) is None:
        raise AddressError(f"{address.ppg!r} cannot follow @")
    qualifiers = ""
    for name, text in address.qualifiers:
        if _QUALIFIER_NAME.fullmatch(name) is None:
            raise AddressError(f"{name!r} is not the name of a qualifier")
        qualifiers += f"/{name}={quote(text, safe=_SAFE)}"
    return f"WAPPUSH={quote(value, safe=_SAFE)}/TYPE={address.kind}{qualifiers}@{address.ppg}"
