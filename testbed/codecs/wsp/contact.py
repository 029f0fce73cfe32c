"""Where a peer can be reached: the address records of Redirect and SIA (WAP-230 §8.2.2.3)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from ipaddress import IPv4Address, IPv6Address, ip_address

from testbed.codecs.wsp.errors import WspError
from testbed.codecs.wsp.primitives import Cursor

_BEARER_INCLUDED = 0x80
_PORT_INCLUDED = 0x40
_LONGEST = 0x3F
_IPV4, _IPV6 = 4, 16


class Bearer(IntEnum):
    """What carries datagrams (WDP bearer types); others exist."""

    IPV4 = 0x00
    IPV6 = 0x01
    GSM_USSD = 0x02
    GSM_SMS = 0x03
    GSM_CSD = 0x0A
    GSM_GPRS = 0x0B


@dataclass(frozen=True, slots=True)
class ContactPoint:
    """One address record. ``address`` has up to 63 octets; what is None is left out."""

    address: bytes
    port: int | None = None
    """0–65535."""
    bearer: int | None = None
    """0–255, usually a ``Bearer``."""

    @classmethod
    def for_ip(
        cls, address: str, port: int | None = None, bearer: int | None = None
    ) -> ContactPoint:
        """Return the record of an IP address; ValueError where it is none."""
        return cls(ip_address(address).packed, port, bearer)

    @property
    def ip(self) -> str | None:
        """The IP address, or None where the octets are not as many as one has."""
        if len(self.address) == _IPV4:
            return str(IPv4Address(self.address))
        return str(IPv6Address(self.address)) if len(self.address) == _IPV6 else None


def write(contacts: tuple[ContactPoint, ...]) -> bytes:
    """Return the octets; WspError where a value does not fit its field."""
    out = bytearray()
    for contact in contacts:
        length = len(contact.address)
        if length > _LONGEST:
            raise WspError(f"an address of {length} octets")
        flags = (0 if contact.bearer is None else _BEARER_INCLUDED) | (
            0 if contact.port is None else _PORT_INCLUDED
        )
        out.append(flags | length)
        try:
            if contact.bearer is not None:
                out += contact.bearer.to_bytes(1, "big")
            if contact.port is not None:
                out += contact.port.to_bytes(2, "big")
        except OverflowError:
            raise WspError(f"bearer {contact.bearer}, port {contact.port}") from None
        out += contact.address
    return bytes(out)


def read(cursor: Cursor) -> tuple[ContactPoint, ...]:
    """Take address records to the cursor's end; WspError where the octets are none."""
    contacts = []
    while cursor:
        flags = cursor.octet()
        bearer = cursor.octet() if flags & _BEARER_INCLUDED else None
        port = int.from_bytes(cursor.octets(2), "big") if flags & _PORT_INCLUDED else None
        contacts.append(ContactPoint(cursor.octets(flags & _LONGEST), port, bearer))
    return tuple(contacts)
