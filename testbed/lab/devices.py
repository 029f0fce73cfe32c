"""The TUN devices that mobiles of a lab are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Network

from corenet.gi.terminal_plan import EVERYTHING, TerminalPlan
from testbed.lab.mobiles_model import TunPart
from testbed.lab.model import Lab
from testbed.lab.subscribers import Numbered
from testbed.lab.yaml_source import Problem, Source


def plans(numbered: Iterable[Numbered]) -> dict[str, TerminalPlan]:
    """Return what each device is to be, by the IMSI of its mobile."""
    return {
        one.imsi: _plan(one.part.mobile.tun)
        for one in numbered
        if one.part.mobile is not None and one.part.mobile.tun is not None
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
    for index, part in enumerate(lab.subscribers):
        mobile = part.mobile
        if mobile is None or mobile.tun is None:
            continue
        path = ("subscribers", index, "mobile", "tun")
        # It is made in the process's namespace before it goes to its own.
        place = (mobile.process, mobile.tun.device)
        if part.count > 1:
            yield source.problem(path, "a TUN device is one mobile's, not that of a range")
        if place in seen:
            text = f"two mobiles of a process have the TUN device {mobile.tun.device}"
            yield source.problem((*path, "device"), text)
        seen.add(place)
