"""Segmented push over SMS: cut by the gateway, or one transaction of the SMSC.

One thing is varied at a time, the others stay as is usual: segments, failure of segments, load by
other people's messages, and the patience of handsets. Every way meets the same conditions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import floor
from typing import Annotated, Final

from pydantic import Field

from testbed.experiments.estimates import estimate, quantile
from testbed.experiments.experiment import Experiment, Parameters, Row, Spread, columns, line
from testbed.experiments.plots import Panel
from testbed.experiments.push_over_sms import Conditions, Seen, Way, run
from testbed.experiments.short_message_network import Radio
from testbed.lab.parts import Part
from testbed.smsc.stored import RetryPolicy
from testbed.smsc.transaction import TransactionPolicy

Positive = Annotated[float, Field(gt=0)]
Probability = Annotated[float, Field(ge=0, lt=1)]
Load = Annotated[float, Field(ge=0)]
Segments = Annotated[int, Field(ge=1, le=32)]


class Usual(Part):
    """What holds while something else is varied."""

    segments: Segments
    failure: Probability
    background: Load
    reassembly: Positive


class RadioPart(Part):
    """How long short messages take."""

    set_up: Load
    transfer: Positive
    spread: Load
    hold: Load
    failure_time: Load


class TransactionPart(Part):
    """The SMSC's way with transactions."""

    window: Positive
    begin: Positive
    repeats: tuple[Load, ...]


class Segmented(Parameters):
    """Parameters of the experiment."""

    segments: tuple[Segments, ...]
    failure: tuple[Probability, ...]
    background: tuple[Load, ...]
    reassembly: tuple[Positive, ...]
    usual: Usual
    seconds: Positive
    capacity: Positive
    push: Positive
    reserved: Annotated[float, Field(gt=0, lt=1)]
    deadline: Positive
    again: Positive
    stored_waits: Annotated[tuple[Positive, ...], Field(min_length=1)]
    radio: RadioPart
    transaction: TransactionPart


VARIED: Final = ("segments", "failure", "background", "reassembly")


@dataclass(frozen=True, slots=True)
class _Job:
    conditions: Conditions
    seed: int


def conditions(parameters: Segmented, way: Way, varied: str = "", value: float = 0) -> Conditions:
    """Return the usual conditions, but for one."""
    usual = parameters.usual.model_dump()
    if varied:
        usual[varied] = value
    if way is Way.TRANSACTION_DEDICATED:
        usual["background"] = 0.0  # There is none, whatever others have.
    radio, policy = parameters.radio, parameters.transaction
    return Conditions(
        way=way,
        segments=usual["segments"],
        background=usual["background"],
        radio=Radio(
            radio.set_up,
            radio.transfer,
            radio.spread,
            radio.hold,
            usual["failure"],
            radio.failure_time,
        ),
        reassembly=usual["reassembly"],
        seconds=parameters.seconds,
        capacity=parameters.capacity,
        push=parameters.push,
        reserved=parameters.reserved,
        deadline=parameters.deadline,
        again=parameters.again,
        transaction=TransactionPolicy(window=policy.window, repeats=policy.repeats),
        begin=policy.begin,
        stored=RetryPolicy(waits=parameters.stored_waits),
    )


def measure(parameters: Segmented, seeds: Sequence[int], spread: Spread) -> list[Row]:
    """Run every cell with every seed; what several cells have in common is run once."""
    cells = [
        (varied, value, conditions(parameters, way, varied, value))
        for varied in VARIED
        for value in getattr(parameters, varied)
        for way in Way
    ]
    jobs = list(dict.fromkeys(_Job(cell, seed) for _, _, cell in cells for seed in seeds))
    seen = dict(zip(jobs, spread(_carry_out, jobs), strict=True))
    return [
        _row(varied, value, cell, [seen[_Job(cell, seed)] for seed in seeds])
        for varied, value, cell in cells
    ]


def _carry_out(job: _Job) -> Seen:
    return run(job.conditions, job.seed)


def _row(varied: str, value: float, cell: Conditions, runs: Sequence[Seen]) -> Row:
    runs = [one for one in runs if one.pushes]
    row: dict[str, str | float] = {
        "varied": varied,
        "value": float(value),
        "way": str(cell.way),
        "pushes": float(sum(one.pushes for one in runs)),
    }
    row |= columns("shown in time", estimate([len(one.delays) / one.pushes for one in runs]))
    for name, part in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99)):
        row |= columns(f"delay {name} s", estimate([quantile(one.delays, part) for one in runs]))
    needed = cell.segments
    row |= columns(
        "sent per segment", estimate([one.messages / one.pushes / needed for one in runs])
    )
    row |= columns(
        "wrongly told delivered", estimate([one.told_wrongly / one.pushes for one in runs])
    )
    row |= columns("told right", estimate([len(one.told) / one.pushes for one in runs]))
    row |= columns("told right p50 s", estimate([quantile(one.told, 0.5) for one in runs]))
    return row


_X: Final = {
    "segments": "segments of a push",
    "failure": "probability that a segment's attempt fails",
    "background": "load by others (part of capacity)",
    "reassembly": "handset keeps parts for (s)",
}


def panels(rows: Sequence[Row]) -> list[Panel]:
    """Return success, delay and repeats over everything that is varied."""

    def panel(varied: str, y: str, name: str, *, near_one: bool) -> Panel:
        of_varied = [row for row in rows if row["varied"] == varied]
        lines = tuple(
            line(str(way), [row for row in of_varied if row["way"] == way], "value", y)
            for way in Way
        )
        lowest = min(value for each in lines for value in each.y) if near_one else 0.0
        ceiling = 1.02 if y == "shown in time" else None
        return Panel(_X[varied], name, lines, max(0.0, floor(10 * lowest) / 10 - 0.1), ceiling)

    return [
        panel(varied, y, name, near_one=near_one)
        for varied in VARIED
        for y, name, near_one in (
            ("shown in time", "share shown by the deadline", True),
            ("delay p50 s", "median of submit to shown (s)", False),
            ("delay p95 s", "95th percentile of it (s)", False),
            ("delay p99 s", "99th percentile of it (s)", False),
            ("sent per segment", "short messages per segment", True),
        )
    ]


EXPERIMENT: Final = Experiment(
    "segmented",
    "a push in several short messages: cut by the gateway, or one transaction of the SMSC",
    Segmented,
    measure,
    panels,
    "Segmented push over SMS (means of runs, 95 % confidence intervals)",
    columns=5,
)
