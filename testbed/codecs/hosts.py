"""Lists of hosts as configurations name them: names, addresses, networks, or "*" for any."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import ip_address, ip_network

LOOPBACK_HOSTS = ("localhost", "127.0.0.0/8", "::1")


def is_listed(host: str, hosts: Iterable[str]) -> bool:
    """Return whether ``host``, a name or an address, is one of ``hosts``."""
    return any(_matches(host.lower(), listed.lower()) for listed in hosts)


def _matches(host: str, listed: str) -> bool:
    if listed in ("*", host):
        return True
    try:
        return ip_address(host) in ip_network(listed)
    except ValueError:
        return False
