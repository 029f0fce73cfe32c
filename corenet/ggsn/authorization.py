"""What a RADIUS server grants with a context, and what it was asked.

Specs: TS 29.061 §16.4.1-16.4.2 (Access-Request, Access-Accept), RFC 2865 §5, RFC 2548 §2.7
(name servers), RFC 6911 §3.2 (the same for IPv6).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from corenet.radius.attributes import Attributes

BY_THE_NAS: Final = bytes((255, 255, 255, 254))
BY_THE_USER: Final = bytes((255, 255, 255, 255))
"""Framed-IP-Address that leaves the choice to others (RFC 2865 §5.8)."""

_ADDRESS_LENGTH: Final = 16


@dataclass(frozen=True, slots=True)
class Authorization:
    """What is known of a context beside what its SGSN says."""

    user_name: str | None = None
    by_radius: bool = False
    """Whether a RADIUS server has let the user in."""
    ipv4: bytes | None = None
    """The address that the user gets, four octets."""
    prefix: bytes | None = None
    """The IPv6 prefix that the user gets, eight octets."""
    interface_id: bytes | None = None
    """The interface identifier that goes with a prefix, eight octets."""
    name_servers: tuple[bytes, ...] = ()
    """Four or sixteen octets each."""
    classes: tuple[bytes, ...] = ()
    """Values of Class, repeated in accounting (RFC 2865 §5.25)."""
    session_timeout: int | None = None
    """Seconds that the context may last."""
    idle_timeout: int | None = None
    """Seconds without traffic after which it ends."""
    interim_interval: int | None = None
    """Seconds between Interim-Updates."""


def authorization_of(attributes: Attributes, user_name: str) -> Authorization:
    """Return what an Access-Accept grants. What is no value of its type is left out."""
    ipv4 = attributes.ipv4("Framed-IP-Address")
    interface_id = attributes.octets("Framed-Interface-Id")
    return Authorization(
        user_name=attributes.text("User-Name") or user_name,
        by_radius=True,
        ipv4=None if ipv4 in (BY_THE_NAS, BY_THE_USER) else ipv4,
        prefix=attributes.prefix64("Framed-IPv6-Prefix"),
        interface_id=interface_id if interface_id is not None and len(interface_id) == 8 else None,
        name_servers=_name_servers(attributes),
        classes=attributes.all("Class"),
        session_timeout=attributes.integer("Session-Timeout"),
        idle_timeout=attributes.integer("Idle-Timeout"),
        interim_interval=attributes.integer("Acct-Interim-Interval"),
    )


def _name_servers(attributes: Attributes) -> tuple[bytes, ...]:
    """Return at most two per family, as many as IPCP can name."""
    names = ("MS-Primary-DNS-Server", "MS-Secondary-DNS-Server")
    ipv4 = [server for name in names if (server := attributes.ipv4(name)) is not None]
    together = attributes.octets("3GPP-IPv6-DNS-Servers") or b""
    ipv6 = [
        together[place : place + _ADDRESS_LENGTH]
        for place in range(0, len(together), _ADDRESS_LENGTH)
    ]
    ipv6 += attributes.all("DNS-Server-IPv6-Address")
    whole = [server for server in ipv6 if len(server) == _ADDRESS_LENGTH]
    return (*ipv4, *dict.fromkeys(whole[:2]))
