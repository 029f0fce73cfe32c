"""Offline push, three ways: how long it takes, how often it comes to something, what it costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Final

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
    radio: RadioPart

    def conditions(self, way: Way, trouble: Terminal, share: float) -> Conditions:
        """Return the conditions of a run."""
        return Conditions(
            way=way,
            trouble=trouble if share else Terminal.READY,
            share=share,
            terminals=self.terminals,
            seconds=self.seconds,
            octets=self.octets,
            lifetime=self.lifetime,
            returns=self.returns,
            tap=self.tap,
            activation_for=self.activation_for,
            radio=LinkQuality(self.radio.latency, self.radio.jitter, self.radio.loss),
        )


class Offline(Surroundings):
    """Parameters of the experiment."""

    troubles: tuple[Terminal, ...]
    shares: tuple[Share, ...]


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
    cells = [
        (trouble, parameters.conditions(way, trouble, share))
        for trouble in parameters.troubles
        for share in parameters.shares
        for way in Way
    ]
    jobs = list(dict.fromkeys(Job(cell, seed) for _, cell in cells for seed in seeds))
    seen = dict(zip(jobs, spread(carry_out, jobs), strict=True))
    return [
        _row(trouble, cell, [seen[Job(cell, seed)] for seed in seeds]) for trouble, cell in cells
    ]


def _row(trouble: Terminal, cell: Conditions, runs: Sequence[Seen]) -> Row:
    row: dict[str, str | float] = {
        "terminals": str(trouble),
        "share": cell.share,
        "way": str(cell.way),
        "pushes": float(sum(one.pushes for one in runs)),
    }
    row |= columns("arrived", estimate([len(one.delays) / one.pushes for one in runs]))
    for name, part in (("p50", 0.5), ("p95", 0.95)):
        row |= columns(f"delay {name} s", estimate([quantile(one.delays, part) for one in runs]))
    row |= columns(
        "short messages per push", estimate([one.short_messages / one.pushes for one in runs])
    )
    return row


def panels(rows: Sequence[Row]) -> list[Panel]:
    """Return success, delay and short messages, for each trouble."""

    def panel(trouble: str, y: str, name: str, floor: float | None, top: float | None) -> Panel:
        chosen = [row for row in rows if row["terminals"] == trouble]
        lines = tuple(
            line(str(way), [row for row in chosen if row["way"] == way], "share", y) for way in Way
        )
        return Panel(f"share of terminals that are {trouble}", name, lines, floor, top)

    troubles = dict.fromkeys(str(row["terminals"]) for row in rows)
    return [
        panel(trouble, *what)
        for trouble in troubles
        for what in (
            ("arrived", "share of pushes that arrived", 0.0, 1.05),
            ("delay p50 s", "median of accept to content (s)", None, None),
            ("short messages per push", "short messages per push", 0.0, None),
        )
    ]


EXPERIMENT: Final = Experiment(
    "offline",
    "pushes to terminals without a PDP context: SMS and pull, activation, activation or SMS",
    Offline,
    measure,
    panels,
    "Offline push, three ways (means of runs, 95 % confidence intervals)",
    columns=3,
)
