"""How many pushes a second a GGSN and an SGSN of given capacity carry, each way.

Theory of operation. A run without limits counts what messages come to a node for one push. A node
that takes C messages a second, one after the other, then carries C divided by that many pushes a
second, and no more. Runs in which the node has that capacity, and more and more pushes are offered,
show whether it does: what is carried is what comes to terminals in the second half of the time in
which pushes are submitted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Final

from pydantic import Field

from testbed.experiments.estimates import estimate, quantile
from testbed.experiments.experiment import Experiment, Row, Spread, columns, line
from testbed.experiments.offline import Job, Positive, Surroundings, carry_out
from testbed.experiments.plots import Panel
from testbed.experiments.push_offline import Conditions, Limit, Seen, Terminal, Way

NODES: Final = ("ggsn", "sgsn")
CASES: Final = (
    (Way.NOTIFY_AND_PULL, Terminal.READY),
    (Way.ACTIVATE, Terminal.READY),
    (Way.FALL_BACK, Terminal.REJECTING),
)
"""What is compared: each way to terminals that it is for."""
_WARM: Final = 0.5
"""Part of the time in which nothing is measured yet."""


class Capacity(Surroundings):
    """Parameters of the experiment; ``terminals`` and ``seconds`` are of the run without limits."""

    capacities: Annotated[tuple[Positive, ...], Field(min_length=1)]
    offered: Annotated[tuple[Positive, ...], Field(min_length=1)]
    offered_seconds: Positive


@dataclass(frozen=True, slots=True)
class _Cell:
    """One node of one capacity, under one load."""

    node: str
    way: Way
    kind: Terminal
    capacity: float
    part: float
    """What is offered, as a part of what the node should carry."""


def measure(parameters: Capacity, seeds: Sequence[int], spread: Spread) -> list[Row]:
    """Count messages per push without limits; then see what is carried with them."""
    free = {
        case: [Job(parameters.conditions(case[0], {case[1]: 1.0}), seed) for seed in seeds]
        for case in CASES
    }
    jobs = [job for of_case in free.values() for job in of_case]
    seen = dict(zip(jobs, spread(carry_out, jobs), strict=True))
    needed = {
        (node, case): [seen[job].taken[node] / seen[job].pushes for job in free[case]]
        for node in NODES
        for case in CASES
    }
    cells = [
        _Cell(node, *case, capacity, part)
        for node in NODES
        for case in CASES
        for capacity in parameters.capacities
        for part in parameters.offered
    ]
    loads = {
        cell: cell.part * cell.capacity / estimate(needed[cell.node, (cell.way, cell.kind)]).mean
        for cell in cells
    }
    limited = {cell: _limited(parameters, cell, loads[cell]) for cell in cells}
    jobs = [Job(limited[cell], seed) for cell in cells for seed in seeds]
    seen = dict(zip(jobs, spread(carry_out, jobs), strict=True))
    return [
        _row(
            cell,
            loads[cell],
            needed[cell.node, (cell.way, cell.kind)],
            limited[cell],
            [seen[Job(limited[cell], seed)] for seed in seeds],
        )
        for cell in cells
    ]


def _limited(parameters: Capacity, cell: _Cell, load: float) -> Conditions:
    return replace(
        parameters.conditions(cell.way, {cell.kind: 1.0}),
        terminals=max(1, round(load * parameters.offered_seconds)),
        seconds=parameters.offered_seconds,
        limit=Limit(cell.node, cell.capacity),
    )


def _row(
    cell: _Cell, load: float, needed: Sequence[float], conditions: Conditions, runs: Sequence[Seen]
) -> Row:
    row: dict[str, str | float] = {
        "node": cell.node,
        "way": str(cell.way),
        "terminals": str(cell.kind),
        "capacity": cell.capacity,
    }
    row |= columns("messages per push", estimate(needed))
    row |= columns("expected", estimate([cell.capacity / each for each in needed]))
    row["offered"] = load
    row |= columns("carried", estimate([_carried(one, conditions.seconds) for one in runs]))
    row |= columns("delay p50 s", estimate([quantile(one.delays, 0.5) for one in runs]))
    return row


def _carried(seen: Seen, seconds: float) -> float:
    """Return how many pushes a second came to terminals once the run was warm."""
    begin = _WARM * seconds
    return sum(begin < at <= seconds for at in seen.shown_at) / (seconds - begin)


def panels(rows: Sequence[Row]) -> list[Panel]:
    """Return what is carried, and the delay, over what is offered; for each node and capacity."""

    def panel(node: str, capacity: float, y: str, name: str) -> Panel:
        chosen = [row for row in rows if row["node"] == node and row["capacity"] == capacity]
        by_way = {
            f"{way} ({kind} terminals)": [row for row in chosen if row["way"] == way]
            for way, kind in CASES
        }
        is_delay = y == "delay p50 s"
        return Panel(
            f"pushes/s, {node.upper()} of {capacity:g} messages/s",
            name,
            tuple(line(label, of_way, "offered", y) for label, of_way in by_way.items()),
            None if is_delay else 0.0,
            levels=() if is_delay else tuple(float(one[0]["expected"]) for one in by_way.values()),
        )

    return [
        panel(node, float(capacity), *what)
        for node in NODES
        for capacity in dict.fromkeys(row["capacity"] for row in rows)
        for what in (
            ("carried", "pushes/s that arrive"),
            ("delay p50 s", "median of accept to content (s)"),
        )
    ]


EXPERIMENT: Final = Experiment(
    "capacity",
    "pushes a second that a GGSN and an SGSN of given capacity carry, each way",
    Capacity,
    measure,
    panels,
    "What a node of given capacity carries; dotted: its capacity by the messages per push",
    columns=4,
)
