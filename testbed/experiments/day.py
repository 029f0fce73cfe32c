"""Lives random days of a whole network in virtual time, and looks for what is left over.

``python -m testbed.experiments.day`` lives ten days of a thousand mobiles and prints what it found;
exit status 1 where something was. What a day is, and what has to be true in its evening, says
``testbed.simulation.day``. A day that went wrong comes again with ``--first`` and ``--days 1``.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import closing
from functools import partial
from multiprocessing import get_context
from typing import Final

from corenet.adapters.subscriber_file import SubscriberFile
from testbed.gateway.keeping.store import SqliteStore
from testbed.simulation.day import Day, Life, Seen

_MEMORY: Final = ":memory:"
_TELL_EVERY: Final = 10.0
"""Seconds between two lines of progress."""
_TOLD: Final = (
    "Attached",
    "RoutingAreaUpdated",
    "MobileArrived",
    "PdpContextCreated",
    "ActivationFinished",
    "PushAccepted",
)
"""Events whose number is told of each day."""


def live(life: Life, seed: int, progress: Callable[[float], None] = lambda _part: None) -> Seen:
    """Live one day; return what it has shown."""
    with closing(SqliteStore(_MEMORY)) as store, closing(SubscriberFile(_MEMORY)) as subscribers:
        return Day(life, seed, store=store, subscribers=subscribers, progress=progress).run()


class _Progress:
    """Says on stderr how far a day is."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._told = time.monotonic()

    def __call__(self, part: float) -> None:
        """Take note that this part of the day is over, 0 to 1."""
        if time.monotonic() - self._told >= _TELL_EVERY:
            self._told = time.monotonic()
            print(f"seed {self._seed}: {part:.0%} of the day", file=sys.stderr, flush=True)


def _timed(life: Life, seed: int) -> tuple[Seen, float]:
    began = time.process_time()
    return live(life, seed, _Progress(seed)), time.process_time() - began


def days(life: Life, seeds: Sequence[int], processes: int) -> Iterator[tuple[Seen, float]]:
    """Live a day with each seed, as they end; yield what it has shown, and its processor time."""
    if processes == 1:
        yield from map(partial(_timed, life), seeds)
        return
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        for done in as_completed([pool.submit(_timed, life, seed) for seed in seeds]):
            yield done.result()


def report(seen: Seen) -> str:
    """Say in a line what a day was, and what went wrong in lines of their own."""
    told = ", ".join(f"{seen.counts[name]} {name}" for name in _TOLD)
    found = f"{len(seen.problems)} problems" if seen.problems else "all agree, nothing left"
    return "\n  ".join([f"seed {seen.seed}: {found}; {told}", *seen.problems])


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return its exit status."""
    usual = Life()
    parser = argparse.ArgumentParser(
        prog="python -m testbed.experiments.day",
        description="Live random days of a network in virtual time.",
    )
    parser.add_argument("--days", type=int, default=10, metavar="N", help="each with its own seed")
    parser.add_argument("--first", type=int, default=1, metavar="SEED")
    parser.add_argument("--mobiles", type=int, default=usual.mobiles, metavar="N")
    parser.add_argument("--hours", type=float, default=usual.length / 3600, metavar="H")
    parser.add_argument("--loss", type=float, default=usual.loss, help="probability, 0 to 1")
    parser.add_argument("--processes", type=int, default=1, metavar="N", help="days side by side")
    options = parser.parse_args(arguments)
    if min(options.days, options.mobiles, options.processes) < 1 or options.hours <= 0:
        parser.error("--days, --mobiles, --processes and --hours are above 0")
    if not 0 <= options.loss <= 1:
        parser.error("--loss is 0 to 1")
    life = Life(mobiles=options.mobiles, length=options.hours * 3600, loss=options.loss)
    seeds = range(options.first, options.first + options.days)
    wrong = 0
    for seen, seconds in days(life, seeds, options.processes):
        wrong += bool(seen.problems)
        print(f"{report(seen)}\n  {seconds:.0f} s of processor time", flush=True)
    print(f"{len(seeds)} days, {wrong} with problems")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
