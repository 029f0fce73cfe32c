"""What passes on each interface for one push, each way, by what is the matter with the terminal.

Taps count what nodes send: datagrams, and octets of connections as they were written. What goes
over HTTP (PAP, the control interface, the page from its server) is carried in process and is not
in it, nor are headers of UDP, TCP and IP below the interface.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from corenet.interfaces.node import Interface
from testbed.experiments.estimates import estimate
from testbed.experiments.experiment import Experiment, Row, Spread, columns, line
from testbed.experiments.offline import Job, Surroundings, carry_out
from testbed.experiments.plots import Panel
from testbed.experiments.push_offline import Seen, Terminal, Way


class Signalling(Surroundings):
    """Parameters of the experiment."""


_SHOWN: Final = (
    Interface.GTP_C,
    Interface.GTP_U,
    Interface.RADIO,
    Interface.GR,
    Interface.SMPP,
    Interface.RADIUS,
    Interface.GI,
    Interface.WDP,
    Interface.WSP,
)


def measure(parameters: Signalling, seeds: Sequence[int], spread: Spread) -> list[Row]:
    """Run each way with terminals of each kind."""
    cells = [(kind, way) for kind in Terminal for way in Way]
    jobs = [
        Job(parameters.conditions(way, {kind: 1.0}), seed) for kind, way in cells for seed in seeds
    ]
    seen = dict(zip(jobs, spread(carry_out, jobs), strict=True))
    rows: list[Row] = []
    for kind, way in cells:
        runs = [seen[Job(parameters.conditions(way, {kind: 1.0}), seed)] for seed in seeds]
        rows += [_row(kind, way, str(interface), runs) for interface in _SHOWN]
        rows.append(_row(kind, way, "all", runs))
    return rows


def _row(kind: Terminal, way: Way, interface: str, runs: Sequence[Seen]) -> Row:
    row: dict[str, str | float] = {"terminals": str(kind), "way": str(way), "interface": interface}
    row |= columns("arrived", estimate([len(one.delays) / one.pushes for one in runs]))
    row |= columns(
        "messages", estimate([_of(one.messages, interface) / one.pushes for one in runs])
    )
    row |= columns("octets", estimate([_of(one.octets, interface) / one.pushes for one in runs]))
    return row


def _of(counted: dict[str, int], interface: str) -> int:
    return sum(counted.values()) if interface == "all" else counted.get(interface, 0)


def panels(rows: Sequence[Row]) -> list[Panel]:
    """Return messages and octets per push, by interface, for each kind of terminal."""
    places = {str(interface): float(place) for place, interface in enumerate(_SHOWN)}
    ticks = tuple(places)

    def panel(kind: Terminal, y: str) -> Panel:
        chosen = [
            {**row, "place": places[str(row["interface"])]}
            for row in rows
            if row["terminals"] == kind and row["interface"] in places
        ]
        lines = tuple(
            line(str(way), [row for row in chosen if row["way"] == way], "place", y) for way in Way
        )
        return Panel(f"interface ({kind} terminals)", f"{y} per push", lines, ticks=ticks)

    return [panel(kind, y) for kind in Terminal for y in ("messages", "octets")]


EXPERIMENT: Final = Experiment(
    "signalling",
    "messages and octets on each interface per push, each way",
    Signalling,
    measure,
    panels,
    "What passes for one push, by interface (means of runs)",
)
