"""Which URLs are fetched (RFC 3986, RFC 9110 §4.2).

A URL is taken apart here and written anew, so that whoever connects reads the same host and port
as were judged.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final
from urllib.parse import quote, urlsplit

from testbed.codecs.hosts import is_listed
from testbed.pull.config import PullConfig

_PORTS: Final = {"http": 80, "https": 443}
_NAME: Final = re.compile(r"[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?(?:\.[a-z0-9_-]+)*\.?")
_LONGEST: Final = 2_048
_UNQUOTED: Final = "!#$%&'()*+,/:;=?@[]~"


@dataclass(frozen=True, slots=True)
class Target:
    """Where to fetch from."""

    url: str
    host: str
    """In lower case, an IPv6 address without brackets."""
    port: int


@dataclass(frozen=True, slots=True)
class NoTarget:
    """Why a URL is not fetched, as HTTP says it."""

    status: int
    reason: str
    host: str = ""


def target(uri: str, config: PullConfig) -> Target | NoTarget:
    """Return where ``uri`` leads, or why it is not gone there."""
    if len(uri) > _LONGEST:
        return NoTarget(414, f"a URL of {len(uri)} characters")
    if not uri.isprintable() or " " in uri or "\\" in uri:
        return NoTarget(400, "a character that URLs do not have")
    try:
        parts = urlsplit(uri)
        scheme, host, port = parts.scheme.lower(), (parts.hostname or "").lower(), parts.port
    except ValueError:
        return NoTarget(400, "not a URL")
    if scheme not in _PORTS:
        return NoTarget(400, "only http and https are fetched")
    if not _is_host(host) or "@" in parts.netloc or port == 0:
        return NoTarget(400, "not a URL of a host")
    port = port or _PORTS[scheme]
    if not is_listed(host, config.origins) or is_closed(host, port, config):
        return NoTarget(403, f"{host} is not fetched from", host)
    written = f"[{host}]" if ":" in host else host
    netloc = written if port == _PORTS[scheme] else f"{written}:{port}"
    query = f"?{quote(parts.query, safe=_UNQUOTED)}" if parts.query else ""
    path = quote(parts.path, safe=_UNQUOTED) or "/"
    return Target(f"{scheme}://{netloc}{path}{query}", host, port)


def is_closed(host: str, port: int, config: PullConfig) -> bool:
    """Return whether nobody fetches from there, whatever ``origins`` says.

    What listens at 0.0.0.0 is behind every address of this machine, and 0.0.0.0 leads to what is
    here: of both no more is known than that, so that the port decides.
    """
    return any(port == shut and _is_same(host, name) for name, shut in config.closed)


def is_told_identity(host: str, config: PullConfig) -> bool:
    """Return whether an origin server is told who asks."""
    return is_listed(host, config.identify_to)


def _is_same(host: str, name: str) -> bool:
    one, other = _resolved(host), _resolved(name)
    if any(address is not None and address.is_unspecified for address in (one, other)):
        return True
    return host == name if one is None or other is None else one == other


def _resolved(host: str) -> IPv4Address | IPv6Address | None:
    if host in ("localhost", "localhost."):
        host = "127.0.0.1"
    try:
        address = ip_address(host)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def _is_host(host: str) -> bool:
    if ":" not in host:
        return _NAME.fullmatch(host) is not None
    try:
        ip_address(host)
    except ValueError:
        return False
    return "%" not in host
