"""Whom an ``address-value`` names: a terminal, or nobody for a reason.

Specs: WAP-247 §9.5 (address), WAP-151 (client addresses).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv6Address
from typing import Final

from testbed.codecs import address
from testbed.codecs.address import AddressError, AddressKind
from testbed.codecs.pap import StatusCode
from testbed.codecs.wsp.push import SECURE_PUSH_PORT
from testbed.gateway.terminal import Terminal

_PORT: Final = "PORT"
"""A qualifier that some initiators add: the port on the terminal."""


@dataclass(frozen=True, slots=True)
class Nobody:
    """An address that nothing can be sent to, with the PAP status code that says why."""

    code: StatusCode
    text: str


def terminal_of(
    address_value: str, users: Mapping[str, str], *, has_ipv6: bool = False
) -> Terminal | Nobody:
    """Return the terminal that an ``address-value`` names.

    ``users`` is the directory: user-defined identifier to MSISDN. An IPv6 address that maps an
    IPv4 address stands for that one; another is served where the gateway ``has_ipv6``.
    """
    try:
        client = address.parse(address_value)
    except AddressError as error:
        return Nobody(StatusCode.ADDRESS_ERROR, error.text)
    if (_PORT, str(SECURE_PUSH_PORT)) in ((name.upper(), port) for name, port in client.qualifiers):
        return Nobody(
            StatusCode.NOT_POSSIBLE, f"port {SECURE_PUSH_PORT} takes pushes over WTLS only"
        )
    match client.kind:
        case AddressKind.PLMN:
            return Terminal.by_msisdn(client.value.removeprefix("+"))
        case AddressKind.IPV4:
            return Terminal.by_address(client.value)
        case AddressKind.IPV6:
            return _at_ipv6(IPv6Address(client.value), has_ipv6=has_ipv6)
        case AddressKind.USER:
            msisdn = users.get(client.value)
            if msisdn is None:
                return Nobody(
                    StatusCode.ADDRESS_NOT_FOUND,
                    f"{client.value} is not in the directory of users",
                )
            return Terminal.by_msisdn(msisdn)


def _at_ipv6(host: IPv6Address, *, has_ipv6: bool) -> Terminal | Nobody:
    if host.ipv4_mapped is not None:
        return Terminal.by_address(str(host.ipv4_mapped))
    if not has_ipv6:
        # Not 2003 (there may be such a terminal), nor 3010 (nobody required a bearer).
        return Nobody(StatusCode.ADDRESS_ERROR, f"{host}: pushes go over IPv4 here")
    if host.is_unspecified or host.is_multicast or host.is_link_local:
        return Nobody(StatusCode.ADDRESS_ERROR, f"{host} is the address of no single terminal")
    return Terminal.by_address(str(host))


def identity(address_value: str) -> tuple[str, str]:
    """Return what is the same for two ways of writing one address."""
    try:
        client = address.parse(address_value)
    except AddressError:
        return "", address_value
    return client.kind, client.value
