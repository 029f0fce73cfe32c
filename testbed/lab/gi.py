"""From a lab file's APNs to their ways out: a TUN device each, or loopback, or none."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Network, IPv6Network, ip_network

from corenet.adapters.gi_loopback import MOST_ADDRESSES
from corenet.assembly import CoreConfig
from corenet.gi.tun_plan import DEFAULT_MTU, LONGEST_NAME, TunPlan
from testbed.lab.model import ApnPart, GgsnPart
from testbed.lab.yaml_source import Problem, Source

LOOPBACK = IPv4Network("127.0.0.0/8")


def has_tun(ggsn: GgsnPart, part: ApnPart) -> bool:
    """Whether an APN has a TUN device."""
    return part.tun if part.tun is not None else ggsn.gi is not None and ggsn.gi.tun


def gateways(part: ApnPart, *, tun: bool) -> tuple[str, ...]:
    """Return the GGSN's own addresses on an APN: the first of a family's first pool with room."""
    if part.gateways is not None or not tun:
        return part.gateways or ()
    found: dict[int, str] = {}
    for network in map(ip_network, part.pool):
        if network.prefixlen < (31 if network.version == 4 else 64):
            found.setdefault(network.version, str(network.network_address + 1))
    return tuple(found.values())


def device(part: ApnPart) -> str:
    """Return the name of an APN's device."""
    return part.device or f"gi-{part.name}"[:LONGEST_NAME]


def plans(ggsn: GgsnPart | None, core: CoreConfig | None) -> dict[tuple[str, str], TunPlan]:
    """Return what each device is to be, by names of GGSN and APN."""
    if ggsn is None or core is None:
        return {}
    config = core.ggsns["ggsn"]
    return {
        ("ggsn", part.name): TunPlan(
            device(part), apn.gateways, config.networks_of(apn), part.mtu or DEFAULT_MTU
        )
        for part, apn in zip(ggsn.apns, config.apns, strict=True)
        if has_tun(ggsn, part)
    }


def problems(ggsn: GgsnPart, source: Source) -> Iterator[Problem]:
    """Find addresses that do not fit the way out, and devices that two APNs would fight about."""
    yield from _with_sockets(ggsn, source)
    seen: set[str] = set()
    for index, part in enumerate(ggsn.apns):
        path = ("ggsn", "apns", index)
        if not has_tun(ggsn, part):
            if part.device is not None:
                yield source.problem((*path, "device"), "this APN has no TUN device: set its tun")
            networks = [ip_network(text) for text in (*part.pool, *part.static)]
            if ggsn.gi is not None and not all(map(_on_loopback, networks)):
                text = (
                    f"Gi on loopback needs a pool in {LOOPBACK}, such as 127.10.0.0/16; "
                    "or set ggsn.gi to null, or its tun to true"
                )
                yield source.problem((*path, "pool"), text)
            continue
        name = device(part)
        if name in seen:
            text = f"two APNs have the TUN device {name}: name one of them by device"
            yield source.problem((*path, "name"), text)
        seen.add(name)
        for text in (*part.pool, *part.static):
            if ip_network(text).is_loopback:
                text = f"no TUN device can have {text}: take a network such as 10.45.0.0/16"
                yield source.problem((*path, "pool"), text)


def _with_sockets(ggsn: GgsnPart, source: Source) -> Iterator[Problem]:
    """Find pools that are too large for a socket for each address."""
    if ggsn.gi is None or not ggsn.gi.per_address:
        return
    left = MOST_ADDRESSES
    for index, part in enumerate(ggsn.apns):
        if not has_tun(ggsn, part):
            left -= sum(ip_network(text).num_addresses for text in (*part.pool, *part.static))
        if left < 0:
            text = f"ggsn.gi.per_address is for {MOST_ADDRESSES} addresses of mobiles at most"
            yield source.problem(("ggsn", "apns", index, "pool"), text)
            return


def _on_loopback(network: IPv4Network | IPv6Network) -> bool:
    return isinstance(network, IPv4Network) and network.subnet_of(LOOPBACK)
