"""What an experiment is: parameters, rows of measures, and panels to look at."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import isnan, nan
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import Field

from testbed.experiments.estimates import Estimate
from testbed.experiments.plots import Line, Panel
from testbed.lab.parts import Part

Job = TypeVar("Job")
Result = TypeVar("Result")
Row = Mapping[str, str | float]
"""One cell of an experiment; columns in the order of its keys."""


class ExperimentError(Exception):
    """An experiment could not be carried out; says why."""


class Parameters(Part):
    """What every experiment is told."""

    seeds: Annotated[int, Field(ge=1)]
    """Runs of each cell; their seeds are 1, 2 …"""


class Spread:
    """Carries out the runs of an experiment, one after the other; results are in order."""

    def __call__(self, run: Callable[[Job], Result], jobs: Sequence[Job]) -> list[Result]:
        """Return what each job comes to."""
        return [run(job) for job in jobs]


@dataclass(frozen=True, slots=True)
class Experiment:
    """An experiment by its parts."""

    name: str
    purpose: str
    parameters: type[Parameters]
    measure: Callable[[Any, Sequence[int], Spread], list[Row]]
    """Called with the parameters and the seeds."""
    panels: Callable[[Sequence[Row]], Sequence[Panel]]
    title: str
    columns: int = 2
    """Panels side by side."""
    apart: bool = False
    """Whether each run has a process of its own: then its memory is its own, too."""


def columns(name: str, estimated: Estimate) -> dict[str, float]:
    """Return the two columns of an estimate."""
    return {name: estimated.mean, f"{name} ±": estimated.half}


def line(label: str, rows: Iterable[Row], x: str, y: str) -> Line:
    """Return a line through rows, by the columns of its coordinates."""
    chosen = [row for row in rows if not isnan(_number(row[y]))]
    return Line(
        label,
        tuple(_number(row[x]) for row in chosen),
        tuple(_number(row[y]) for row in chosen),
        tuple(_number(row[f"{y} ±"]) for row in chosen),
    )


def write(rows: Sequence[Row], path: Path) -> None:
    """Write rows as CSV, what is no whole number to four digits."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(rows[0])
        writer.writerows([_shown(value) for value in row.values()] for row in rows)


def read(path: Path) -> list[Row]:
    """Read a table, numbers as they were written: so the plot is that of the table."""
    with path.open(encoding="utf-8", newline="") as file:
        return [
            {name: _value(value) for name, value in row.items()} for row in csv.DictReader(file)
        ]


def _value(text: str) -> str | float:
    try:
        return float(text) if text else nan
    except ValueError:
        return text


def _shown(value: str | float) -> str:
    if isinstance(value, str):
        return value
    if isnan(value):
        return ""
    rounded = value if value.is_integer() else float(f"{value:.4g}")
    return f"{rounded:.0f}" if rounded.is_integer() else f"{rounded:.4g}"


def _number(value: str | float) -> float:
    assert not isinstance(value, str)
    return value
