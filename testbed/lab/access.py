"""A lab's SGSNs with their routing areas and cells, and the mobiles in these."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from corenet.sgsn.config import Authentication, RadioTimers, RoutingArea, SgsnConfig
from gtp.timers import Timers
from testbed.lab import gsup
from testbed.lab.mobiles_model import MobilePart
from testbed.lab.model import Lab, SgsnPart
from testbed.lab.yaml_source import Path, Problem, Source


def sgsns(lab: Lab) -> dict[str, SgsnConfig]:
    """Return the configuration of every SGSN by its name."""
    parts = lab.all_sgsns()
    return {name: _sgsn(lab, name, parts) for name, part in parts.items()}


def first_cell(lab: Lab) -> int:
    """Return where mobiles are that name no cell."""
    return next(iter(lab.all_sgsns().values())).routing_areas[0].cells[0]


def areas_by_cell(lab: Lab) -> dict[int, bytes]:
    """Return routeing area identifications by cell."""
    return {
        cell: area.encode()
        for part in lab.all_sgsns().values()
        for area in _areas(part)
        for cell in area.cells
    }


def sgsns_by_cell(lab: Lab) -> dict[int, str]:
    """Return the names of SGSNs by cell."""
    return {
        cell: name
        for name, part in lab.all_sgsns().items()
        for area in part.routing_areas
        for cell in area.cells
    }


def problems(lab: Lab, source: Source) -> Iterator[Problem]:
    """Say which cells and areas are there twice, and which are not there."""
    cells: dict[int, str] = {}
    areas: dict[bytes, str] = {}
    for name, part in lab.all_sgsns().items():
        root: Path = ("sgsn",) if part is lab.sgsn else ("sgsns", name)
        for index, area in enumerate(_areas(part)):
            path = (*root, "routing_areas", index)
            if area.encode() in areas:
                text = f"the SGSN {areas[area.encode()]} has this routing area as well"
                yield source.problem(path, text)
            areas[area.encode()] = name
            for cell in area.cells:
                if cell in cells:
                    text = f"cell {cell} is in another routing area as well, of {cells[cell]}"
                    yield source.problem((*path, "cells"), text)
                cells[cell] = name
    if not cells:
        return
    there = ", ".join(map(str, cells))
    for index, subscriber in enumerate(lab.subscribers):
        for kind, mobile in subscriber.kinds():
            for path, cell in _named_cells(mobile):
                if cell not in cells:
                    text = f"there is no cell {cell}; there are {there}"
                    yield source.problem(("subscribers", index, *kind, *path), text)


def _named_cells(mobile: MobilePart) -> Iterator[tuple[Path, int]]:
    if mobile.cell is not None:
        yield ("cell",), mobile.cell
    for index, move in enumerate(mobile.moves):
        yield ("moves", index, "cell"), move.cell


def _areas(part: SgsnPart) -> tuple[RoutingArea, ...]:
    return tuple(
        RoutingArea(area.mcc, area.mnc, area.lac, area.rac, area.cells)
        for area in part.routing_areas
    )


def _sgsn(lab: Lab, name: str, parts: Mapping[str, SgsnPart]) -> SgsnConfig:
    part = parts[name]
    own: dict[str, tuple[str, ...]] = {}
    if lab.ggsn is not None and part.dns is None:
        own = {apn.name: (lab.ggsn.address,) for apn in lab.ggsn.apns}
    return SgsnConfig(
        control_address=part.address,
        user_address=part.address,
        hlr=gsup.hlr_place(lab, part.hlr),
        ggsns=own | part.ggsns,
        dns=None if part.dns is None else part.dns.config(),
        most_ggsns=part.most_ggsns,
        ggsn_avoidance=part.ggsn_avoidance,
        routing_areas=_areas(part),
        neighbours={
            area.encode(): other.address
            for other_name, other in parts.items()
            if other_name != name
            for area in _areas(other)
        },
        radio=RadioTimers(
            t3312=part.t3312,
            t3313=part.t3313,
            t3314=part.t3314,
            t3360=part.t3360,
            t3385=part.t3385,
            t3386=part.t3386,
            t3395=part.t3395,
            paging_attempts=part.paging_attempts,
        ),
        timers=Timers(
            t3_response=part.gtp.t3_response,
            n3_requests=part.gtp.n3_requests,
            echo_interval=part.gtp.echo_interval,
        ),
        authentication=Authentication(part.authentication),
        max_contexts=part.most_contexts,
        max_detached=part.detached_kept,
        max_short_messages=part.short_messages,
    )
