"""Offline push, three ways: how long it takes, how often it comes to something, what it costs.

First the share of terminals that are offline, absent, silent or rejecting is varied, one kind at a
time and few pushes; then the load, with some terminals of each kind.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Final, Literal

from pydantic import Field

from testbed.experiments.estimates import estimate, quantile
from testbed.experiments.experiment import Experiment, Parameters, Row, Spread, columns, line
from testbed.experiments.plots import Panel
from testbed.experiments.push_offline import Conditions, Seen, Terminal, Way, run
from testbed.lab.parts import Part
from testbed.simulation.quality import LinkQuality

Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0)]
Time = Annotated[float, Field(ge=0)]


class RadioPart(Part):
    """The radio's quality."""

    latency: Time
    jitter: Time
    loss: Share


class Surroundings(Parameters):
    """What runs of pushes to terminals without a context have in common."""

    terminals: Annotated[int, Field(ge=1, le=10_000)]
    seconds: Positive
    octets: Annotated[int, Field(ge=10, le=1_000)]
    lifetime: Positive
    returns: Positive
    tap: Time
    activation_for: Positive
    activations: Annotated[int, Field(ge=1)]
    capacity: Positive
    radio: RadioPart

    def conditions(self, way: Way, shares: Mapping[Terminal, float]) -> Conditions:
        """Return the conditions of a run."""
        return Conditions(
            way=way,
            shares=tuple((kind, share) for kind, share in shares.items() if share),
            terminals=self.terminals,
            seconds=self.seconds,
            octets=self.octets,
            lifetime=self.lifetime,
            returns=self.returns,
            tap=self.tap,
            activation_for=self.activation_for,
            activations=self.activations,
            capacity=self.capacity,
            radio=LinkQuality(self.radio.latency, self.radio.jitter, self.radio.loss),
        )


class Offline(Surroundings):
    """Parameters of the experiment."""

    troubles: tuple[Literal["offline"] | Terminal, ...]
    shares: tuple[Share, ...]
    loads: tuple[Positive, ...]
    load_seconds: Positive
    mixed: dict[Terminal, Share]

    def loaded(self, way: Way, load: float) -> Conditions:
        """Return the conditions of a run with so many pushes a second, to terminals of all kinds.

        No chance is in how many they are, so that one load differs from another by itself only.
        """
        return replace(
            self.conditions(way, self.mixed),
            terminals=max(1, round(load * self.load_seconds)),
            seconds=self.load_seconds,
        )


OFFLINE: Final = "offline"
"""Terminals that have no context, and are well otherwise; the others are online then."""
LOAD: Final = "load"
"""What is varied where it is no kind of terminal."""


_Cell = tuple[str, float, Conditions]
"""What is varied, its value, and the conditions that come of it."""


@dataclass(frozen=True, slots=True)
class Job:
    """One run."""

    conditions: Conditions
    seed: int


def carry_out(job: Job) -> Seen:
    """Do one run."""
    return run(job.conditions, job.seed)


def measure(parameters: Offline, seeds: Sequence[int], spread: Spread) -> list[Row]:
    """Run every cell with every seed; those without trouble are the same for all troubles."""
    cells: list[_Cell] = [
        (str(trouble), share, parameters.conditions(way, _shares(trouble, share)))
        for trouble in parameters.troubles
        for share in parameters.shares
        for way in Way
    ]
    cells += [
        (LOAD, load, parameters.loaded(way, load)) for load in parameters.loads for way in Way
    ]
    jobs = list(dict.fromkeys(Job(cell, seed) for _, _, cell in cells for seed in seeds))
    seen = dict(zip(jobs, spread(carry_out, jobs), strict=True))
    return [
        _row(varied, value, cell, [seen[Job(cell, seed)] for seed in seeds])
        for varied, value, cell in cells
    ]


def _shares(trouble: str, share: float) -> dict[Terminal, float]:
    """Return the kinds of terminals where a share of them is so, and all others are not."""
    return {Terminal.ONLINE: 1 - share} if trouble == OFFLINE else {Terminal(trouble): share}


def _row(varied: str, value: float, cell: Conditions, runs: Sequence[Seen]) -> Row:
    row: dict[str, str | float] = {
        "varied": varied,
        "value": value,
        "way": str(cell.way),
        "pushes": float(sum(one.pushes for one in runs)),
    }
    row |= columns("arrived", estimate([len(one.delays) / one.pushes for one in runs]))
    for name, part in (("p50", 0.5), ("p95", 0.95)):
        row |= columns(f"delay {name} s", estimate([quantile(one.delays, part) for one in runs]))
    row |= columns(
        "short messages per push", estimate([one.short_messages / one.pushes for one in runs])
    )
    row |= columns(
        "SMSC load",
        estimate([one.short_messages / cell.seconds / cell.capacity for one in runs]),
    )
    row |= columns("SMSC sends for s", estimate([one.sending for one in runs]))
    return row


def panels(rows: Sequence[Row]) -> list[Panel]:
    """Return success, delay, short messages and the SMSC's load, by what is varied."""

    def panel(varied: str, y: str, name: str, floor: float | None, top: float | None) -> Panel:
        chosen = [row for row in rows if row["varied"] == varied]
        lines = tuple(
            line(str(way), [row for row in chosen if row["way"] == way], "value", y) for way in Way
        )
        is_load = varied == LOAD
        x = "pushes per second" if is_load else f"share of terminals that are {varied}"
        return Panel(x, name, lines, floor, top, decades=is_load)

    return [
        panel(varied, *what)
        for varied in dict.fromkeys(str(row["varied"]) for row in rows)
        for what in (
            ("arrived", "share of pushes that arrived", 0.0, 1.05),
            ("delay p50 s", "median of accept to content (s)", None, None),
            ("delay p95 s", "95th percentile of it (s)", None, None),
            ("short messages per push", "short messages per push", 0.0, None),
            ("SMSC load", "SMSC load (part of its capacity)", 0.0, None),
        )
    ]


EXPERIMENT: Final = Experiment(
    "offline",
    "pushes to terminals without a PDP context: SMS and pull, activation, activation or SMS",
    Offline,
    measure,
    panels,
    "Offline push, three ways (means of runs, 95 % confidence intervals)",
    columns=5,
)
