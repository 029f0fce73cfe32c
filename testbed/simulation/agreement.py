"""Whether the nodes of a core agree on who is where, and which PDP contexts there are.

Theory of operation. Each fact has one node that is right about it: a mobile knows whether it is
attached and in which cell; everything that other nodes keep of that has to follow, once what was
under way has ended and timers have run out. What does not is said as a sentence for each.

Two cases are no contradiction, for the standard has no remedy: a location in the HLR of a mobile
that is attached nowhere (its SGSN has restarted, TS 23.007 §10), and an MM context in the state
DETACHED.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from corenet.assembly import Core
from corenet.mobile.events import ContextState, MobileState, MobileView
from corenet.sgsn.events import MmState, PdpState

_LIVING = frozenset({"PDP contexts", "tunnel endpoints", "watched paths"})
"""What a node has while contexts are active, beside what is under way."""


class Bearer(NamedTuple):
    """A PDP context as all three of mobile, SGSN and GGSN know it."""

    imsi: str
    nsapi: int
    apn: str
    address: str


def contradictions(core: Core) -> list[str]:
    """Say what the nodes do not agree on, and what is under way although all is quiet."""
    return [
        *_under_way(core),
        *_registrations(core),
        *_bearers(core),
        *identifiers_used_twice(core),
    ]


def _under_way(core: Core) -> Iterator[str]:
    hlr = () if core.hlr is None else (core.hlr,)
    for node in (*core.ggsns.values(), *core.sgsns.values(), *hlr):
        for what, number in node.under_way.items():
            if number and what not in _LIVING:
                yield f"{node.name}: {number} {what}"


def _registrations(core: Core) -> Iterator[str]:
    """Say where an SGSN or the HLR does not follow a mobile."""
    if core.mobiles is None:
        return
    attached: dict[str, list[str]] = {}
    for sgsn in core.sgsns.values():
        for context in sgsn.mm_contexts():
            if context.state is MmState.ATTACHED:
                attached.setdefault(context.imsi, []).append(sgsn.name)
                if context.mnrg:
                    yield f"{sgsn.name} has MNRG set for {context.imsi}, which is there"
            elif context.state is not MmState.DETACHED:
                yield f"{sgsn.name} has {context.imsi} {context.state}"
            elif context.contexts:
                yield f"{sgsn.name} has {context.imsi} detached, with PDP contexts"
    serving = {
        cell: name
        for name, config in core.config.sgsns.items()
        for area in config.routing_areas
        for cell in area.cells
    }
    for imsi in core.mobiles.imsis():
        mobile = core.mobiles.mobile(imsi)
        yield from _registration(core, mobile, attached.get(imsi, []), serving[mobile.cell])


def _registration(core: Core, mobile: MobileView, attached: list[str], sgsn: str) -> Iterator[str]:
    imsi = mobile.imsi
    if mobile.state is MobileState.DETACHED:
        if attached:
            yield f"mobile {imsi} is detached, but attached to {', '.join(attached)}"
        if mobile.contexts:
            yield f"mobile {imsi} is detached, with PDP contexts"
        return
    if mobile.state is not MobileState.ATTACHED:
        yield f"mobile {imsi} is {mobile.state}"
        return
    if attached != [sgsn]:
        names = ", ".join(attached) or "none"
        yield f"mobile {imsi} is attached to {sgsn}, but it is so at {names}"
    location = None if core.hlr is None else core.hlr.location(imsi)
    if location is None:
        return
    if location.sgsn != core.config.sgsns[sgsn].control_address:
        yield f"mobile {imsi} is at {sgsn}, and the HLR says {location.sgsn}"
    if location.not_reachable:
        yield f"mobile {imsi} is at {sgsn}, and the HLR says not reachable: {location.reason!r}"
    elif location.waiting_ggsns:
        waiting = ", ".join(location.waiting_ggsns)
        yield f"mobile {imsi} is reachable, and the HLR has not told {waiting}"
    for ggsn in core.ggsns.values():
        reason = ggsn.not_reachable(imsi)
        if reason is not None:
            yield f"mobile {imsi} is at {sgsn}, and {ggsn.name} says not reachable: {reason}"


def _bearers(core: Core) -> Iterator[str]:
    """Say which PDP contexts not all of mobile, SGSN and GGSN have."""
    at_ggsns = [
        Bearer(one.imsi, one.nsapi, one.apn, one.address)
        for ggsn in core.ggsns.values()
        for one in ggsn.contexts()
    ]
    at_sgsns = []
    for sgsn in core.sgsns.values():
        for mobile in sgsn.mm_contexts():
            for one in mobile.contexts:
                if one.state is PdpState.ACTIVE:
                    at_sgsns.append(Bearer(one.imsi, one.nsapi, one.apn, one.address))
                else:
                    yield f"{sgsn.name} has NSAPI {one.nsapi} of {one.imsi} {one.state}"
    at_mobiles = []
    mobiles = core.mobiles
    for imsi in () if mobiles is None else mobiles.imsis():
        assert mobiles is not None
        for context in mobiles.mobile(imsi).contexts:
            if context.state is ContextState.ACTIVE:
                at_mobiles.append(Bearer(imsi, context.nsapi, context.apn, context.address))
            else:
                yield f"mobile {imsi} has NSAPI {context.nsapi} {context.state}"
    sides = {"GGSN": at_ggsns, "SGSN": at_sgsns, "mobile": at_mobiles}
    for side, bearers in sides.items():
        for bearer, number in Counter(bearers).items():
            if number > 1:
                yield f"{bearer} is there {number} times at the {side}"
    everywhere = {bearer for bearers in sides.values() for bearer in bearers}
    for bearer in sorted(everywhere):
        known = [side for side, bearers in sides.items() if bearer in set(bearers)]
        if len(known) < len(sides):
            yield f"{bearer} is known to {' and '.join(known)} alone"


def identifiers_used_twice(core: Core) -> Iterator[str]:
    """Say which addresses and tunnel endpoints two contexts have: at no time may there be any."""
    owners: dict[str, set[str]] = {}
    for ggsn in core.ggsns.values():
        for one in ggsn.contexts():
            owners.setdefault(one.address, set()).add(one.imsi)
        yield from _twice(
            ggsn.name,
            [one.teid_data for one in ggsn.contexts()],
            {(one.teid_control, one.imsi) for one in ggsn.contexts()},
        )
    for address, imsis in owners.items():
        if len(imsis) > 1:
            yield f"{address} is the address of {' and '.join(sorted(imsis))}"
    for sgsn in core.sgsns.values():
        contexts = [one for mobile in sgsn.mm_contexts() for one in mobile.contexts]
        yield from _twice(
            sgsn.name,
            [one.teid_data for one in contexts],
            {(one.teid_control, f"{one.imsi} {one.ggsn_control}") for one in contexts},
        )


def _twice(name: str, data: list[int], control: set[tuple[int, str]]) -> Iterator[str]:
    for teid, number in Counter(data).items():
        if number > 1:
            yield f"{name}: {number} contexts have the TEID data {teid:#x}"
    for teid, number in Counter(teid for teid, _ in control).items():
        if number > 1:
            yield f"{name}: {number} tunnels have the TEID control {teid:#x}"
