"""``corenet experiment``: run one of the experiments that the design is judged by."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from importlib import import_module
from multiprocessing import get_context
from pathlib import Path
from typing import Final

from testbed.experiments.experiment import (
    Experiment,
    ExperimentError,
    Job,
    Result,
    Spread,
    read,
    write,
)
from testbed.experiments.parameters import load
from testbed.experiments.plots import NoPlotsError, save

NAMES: Final = (
    "capacity",
    "offline",
    "scale",
    "segmented",
    "signalling",
    "sockets",
    "validation",
)
_TELL_EVERY: Final = 5.0
"""Seconds between two lines of progress."""


class _Processes(Spread):
    """Runs side by side in processes, or one by one here; says on stderr how far they are."""

    def __init__(self, number: int, *, apart: bool) -> None:
        self._number = number
        self._apart = apart

    def __call__(self, run: Callable[[Job], Result], jobs: Sequence[Job]) -> list[Result]:
        """Return what each job comes to, in order."""
        if self._number == 1 and not self._apart:
            return _watched(map(run, jobs), len(jobs))
        # Spawned: nothing of this process, threads least of all, is in them.
        with ProcessPoolExecutor(
            min(self._number, len(jobs)),
            mp_context=get_context("spawn"),
            max_tasks_per_child=1 if self._apart else None,
        ) as pool:
            try:
                return _watched(pool.map(run, jobs), len(jobs))
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise


def _watched(results: Iterable[Result], total: int) -> list[Result]:
    """Return results as they come; say how far they are."""
    done: list[Result] = []
    began = told = time.monotonic()
    for result in results:
        done.append(result)
        now = time.monotonic()
        if now - told >= _TELL_EVERY or len(done) == total:
            told = now
            _tell(len(done), total, now - began)
    return done


def _tell(done: int, total: int, seconds: float) -> None:
    left = seconds / done * (total - done)
    print(f"{done} of {total} runs, {seconds:.0f} s; {left:.0f} s left", file=sys.stderr)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument("name", metavar="NAME", choices=NAMES, help=", ".join(NAMES))
    parser.add_argument(
        "--seeds", type=_positive, metavar="N", help="runs of each cell; the file has the default"
    )
    parser.add_argument(
        "--out", type=Path, default=Path(), metavar="FOLDER", help="where table and plot go"
    )
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        dest="changes",
        metavar="PARAMETER=VALUE",
        help="another value, in YAML, than the experiment's file has",
    )
    parser.add_argument(
        "--processes", type=_positive, default=os.cpu_count() or 1, metavar="N", help="side by side"
    )


def run(options: argparse.Namespace) -> int:
    """Run an experiment; leave its table and plot."""
    experiment = find(options.name)
    parameters = load(experiment.name, experiment.parameters, options.changes)
    seeds = range(1, (options.seeds or parameters.seeds) + 1)
    spread = _Processes(options.processes, apart=experiment.apart)
    try:
        rows = experiment.measure(parameters, seeds, spread)
    except ExperimentError as error:
        print(f"corenet experiment {experiment.name}: {error}", file=sys.stderr)
        return 1
    folder: Path = options.out
    folder.mkdir(parents=True, exist_ok=True)
    table, plot = folder / f"{experiment.name}.csv", folder / f"{experiment.name}.svg"
    write(rows, table)
    print(f"{table}: {len(rows)} {'row' if len(rows) == 1 else 'rows'}")
    try:
        save(experiment.title, experiment.panels(read(table)), plot, columns=experiment.columns)
    except NoPlotsError as missing:
        print(missing, file=sys.stderr)
        return 1
    print(f"{plot}: drawn")
    return 0


def find(name: str) -> Experiment:
    """Return an experiment by its name."""
    found: Experiment = import_module(f"testbed.experiments.{name}").EXPERIMENT
    return found


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is not above 0")
    return number
