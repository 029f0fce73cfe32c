"""Mobiles of a lab that run in other processes, and what the radio is like."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Network

from corenet.interfaces.cells import CellQuality
from corenet.um.config import BaseStationConfig, TransceiverConfig
from testbed.lab import access
from testbed.lab.model import Lab, LatencyPart
from testbed.lab.yaml_source import Problem, Source, SourceError


def cell_quality(lab: Lab) -> dict[int, CellQuality]:
    """Return what the cells are like that are not perfect."""
    return {cell: CellQuality(part.loss, part.latency) for cell, part in lab.radio.cells.items()}


def base_station(lab: Lab, own: Iterable[str]) -> BaseStationConfig | None:
    """Return where mobiles of other processes find the lab, None where they do not.

    ``own`` are the IMSIs of mobiles beside the network.
    """
    if lab.radio.address is None or not lab.all_sgsns():
        return None
    sgsns = {cell: (name, 0) for cell, name in access.sgsns_by_cell(lab).items()}
    return BaseStationConfig(
        (lab.radio.address, lab.radio.port),
        frozenset(sgsns),
        sgsns,
        clients=tuple(map(IPv4Network, lab.radio.clients)),
        own=frozenset(own),
    )


def transceiver(lab: Lab, process: str) -> TransceiverConfig:
    """Return where a process of mobiles finds the network."""
    part = lab.mobiles[process]
    assert lab.radio.address is not None
    return TransceiverConfig(
        (lab.radio.address, lab.radio.port), (part.address, part.port or 0), process
    )


def model(lab: Lab, process: str) -> Lab:
    """Return the lab file of a process of mobiles, which is nothing but these."""
    return lab.model_copy(
        update={
            "name": f"{lab.name}-{process}",
            "ggsn": None,
            "sgsn": None,
            "sgsns": {},
            "hlr": None,
            "control": lab.mobiles[process].control,
            "gateway": None,
            "smsc": None,
            "initiator": None,
            # The network's process has them.
            "latency": LatencyPart(),
            "radio": lab.radio.model_copy(update={"cells": {}}),
        }
    )


def chosen(lab: Lab, source: Source, process: str | None) -> str:
    """Return the name of the process that is meant; None is the only one.

    Raise ``SourceError`` where there is none of that name, or several to choose from.
    """
    there = ", ".join(lab.mobiles)
    if not lab.mobiles:
        text = "this lab has no processes of mobiles: name them in mobiles"
    elif process is None and len(lab.mobiles) > 1:
        text = f"say which of the processes: {there}"
    elif process is not None and process not in lab.mobiles:
        text = f"there is no process {process}; there are {there}"
    else:
        return process or next(iter(lab.mobiles))
    raise SourceError((source.problem(("mobiles",), text),))


def problems(lab: Lab, source: Source) -> Iterator[Problem]:
    """Find processes that nobody can reach or that are not there, and cells that are not."""
    if lab.mobiles and (lab.radio.address is None or not lab.all_sgsns()):
        text = "mobiles of other processes need an sgsn, and radio.address"
        yield source.problem(("mobiles",), text)
    for index, network in enumerate(lab.radio.clients):
        if ":" in network:
            text = f"the radio listens on IPv4 only, not for {network}"
            yield source.problem(("radio", "clients", index), text)
    cells = access.sgsns_by_cell(lab)
    for cell in lab.radio.cells:
        if cell not in cells:
            text = f"there is no cell {cell}; there are {', '.join(map(str, cells)) or 'none'}"
            yield source.problem(("radio", "cells", cell), text)
    for index, subscriber in enumerate(lab.subscribers):
        for kind, mobile in subscriber.kinds():
            name = mobile.process
            if name is not None and name not in lab.mobiles:
                there = ", ".join(lab.mobiles) or "none"
                text = f"mobiles has no process {name}; there are {there}"
                yield source.problem(("subscribers", index, *kind, "process"), text)
