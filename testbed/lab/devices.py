"""The TUN devices that mobiles of a lab are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Network

from corenet.gi.terminal_plan import EVERYTHING, TerminalPlan
from testbed.lab.mobiles_model import MobilePart, TunPart
from testbed.lab.model import Lab
from testbed.lab.subscribers import Numbered
from testbed.lab.subscribers_model import SubscriberPart
from testbed.lab.yaml_source import Path, Problem, Source


def plans(numbered: Iterable[Numbered]) -> dict[str, TerminalPlan]:
    """Return what each device is to be, by the IMSI of its mobile."""
    return {
        one.imsi: _plan(one.mobile.tun)
        for one in numbered
        if one.mobile is not None and one.mobile.tun is not None
    }


def _plan(part: TunPart) -> TerminalPlan:
    if part.routes is not None:
        routes = tuple(map(IPv4Network, part.routes))
    else:
        routes = () if part.namespace is None else (EVERYTHING,)
    return TerminalPlan(part.device, part.namespace, routes, part.mtu)


def problems(lab: Lab, source: Source) -> Iterator[Problem]:
    """Find devices that more than one mobile would be."""
    seen: set[tuple[str | None, str]] = set()
    for part, kind, mobile in _kinds(lab):
        if mobile.tun is None:
            continue
        path = (*kind, "tun")
        # It is made in the process's namespace before it goes to its own.
        place = (mobile.process, mobile.tun.device)
        if mobile.pdp_type == "ipv6":
            yield source.problem(path, "a TUN device of a mobile has IPv4 addresses")
        if part.count > 1:
            yield source.problem(path, "a TUN device is one mobile's, not that of a range")
        if place in seen:
            text = f"two mobiles of a process have the TUN device {mobile.tun.device}"
            yield source.problem((*path, "device"), text)
        seen.add(place)


def _kinds(lab: Lab) -> Iterator[tuple[SubscriberPart, Path, MobilePart]]:
    for index, part in enumerate(lab.subscribers):
        for kind, mobile in part.kinds():
            yield part, ("subscribers", index, *kind), mobile
