"""Measure a GGSN with a scripted SGSN, beside osmo-ggsn where it can do the same.

    pairs      CPU time for the creation and deletion of a context: ours with and without
               RADIUS accounting, osmo-ggsn, and an echo that does nothing
    activation how long the steps of a network-requested activation take, at several rates
    contexts   memory of each of many, time to create from the first to the last, and how long an
               echo takes while all go because their SGSN has restarted

Everybody is a process of its own in a network namespace that nobody else is in. CPU time is that
of the GGSN's process, user and system, from ``/proc/PID/stat``. Rounds alternate; numbers are
medians, ratios medians of the rounds' ratios.
"""

from __future__ import annotations

import argparse
import os
import platform
import tempfile
from pathlib import Path

from benchmarks.ggsn import activation, contexts, pairs
from benchmarks.ggsn.processes import prepare
from tests.interop.peers import make_namespace


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.ggsn",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "what", choices=("pairs", "activation", "contexts"), nargs="?", default="pairs"
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3.0, help="of each round")
    parser.add_argument(
        "--compiled", metavar="PYTHON", help="interpreter of an environment with a compiled Corenet"
    )
    parser.add_argument("--contexts", type=int, default=100_000)
    options = parser.parse_args()
    place = make_namespace()
    try:
        prepare(place)
        print(f"Python {platform.python_version()}, load {os.getloadavg()[0]:.1f}\n")
        with tempfile.TemporaryDirectory() as folder:
            if options.what == "pairs":
                pairs.measure(
                    Path(folder),
                    place,
                    rounds=options.rounds,
                    seconds=options.seconds,
                    compiled=options.compiled,
                )
            elif options.what == "activation":
                activation.measure(Path(folder), place, seconds=options.seconds)
            else:
                contexts.measure(Path(folder), place, contexts=options.contexts)
    finally:
        place.close()


if __name__ == "__main__":
    main()
