"""Post the same pushes to Kannel and to our gateway; print rates, latencies and ratios.

A push is a PAP POST with a Service Indication for the IPv4 address of a terminal that is online;
it has arrived when the datagram is at the terminal. Measured are how many pushes a gateway accepts
per second of its own CPU time and per second of the machine while 64 connections always have one
under way, and how long a push takes from POST to datagram at a fixed rate. Ours has stored every
push durably before it answers; Kannel keeps nothing. Rounds alternate between the contenders, and
a ratio is the median of the rounds' ratios. All of it runs in a network namespace of its own, or
on this host's loopback network where none may be made.

Two things are demanded: that one process accepts half of what Kannel does per CPU-second, and that
two processes, on both cores, accept twice what Kannel does on one thread. What Kannel does on one
thread is what it accepts per CPU-second: its many threads share the work of one. What all of it
accepts per second of the machine, with more than one core's time, is printed beside it.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from hashlib import md5
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.gateway.contenders import (
    SECRET,
    Contender,
    MissingPeerError,
    kannel_programs,
    start_floor,
    start_kannel,
    start_ours,
)
from benchmarks.gateway.generator import Outcome, Task
from tests.interop.peers import Place, make_place

TERMINALS = [f"127.40.0.{number}" for number in range(1, 101)]
DEMANDED_PER_CPU, DEMANDED_PER_MACHINE = 0.5, 2.0
TWO_PROCESSES = ", 2 processes"
WORDS = {"per_cpu_second": "accepted per CPU-second", "per_second": "accepted per second"}
KANNELS = {
    ("per_cpu_second", "per_cpu_second"): "Kannel's",
    ("per_second", "per_cpu_second"): "Kannel's on one thread (per CPU-second)",
    ("per_second", "per_second"): "Kannel's on the machine, with all its threads",
}
WARM_UP_SECONDS = 1.0
BUSY = 0.5
"""Load of the machine before, from which on rates per second of it are not to be trusted."""


def accounting_start(address: str, identifier: int) -> str:
    """Return an Accounting-Request Start (RFC 2866 §4.1) in hexadecimal digits."""

    def attribute(kind: int, value: bytes) -> bytes:
        return bytes((kind, len(value) + 2)) + value

    octets = bytes(map(int, address.split(".")))
    attributes = (
        attribute(40, (1).to_bytes(4, "big"))
        + attribute(4, bytes((127, 0, 30, 9)))
        + attribute(44, address.encode())
        + attribute(8, octets)
        + attribute(31, b"4477009%05d" % (octets[2] * 256 + octets[3]))
    )
    head = bytes((4, identifier)) + (20 + len(attributes)).to_bytes(2, "big")
    authenticator = md5(head + bytes(16) + attributes + SECRET.encode()).digest()
    return (head + authenticator + attributes).hex()


class Bench:
    """Runs the generator against contenders and keeps what came of it."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._runs = 0

    def run(
        self, contender: Contender, *, seconds: float, rate: float | None = None
    ) -> tuple[Outcome, float]:
        """Return what came of one run, and the CPU seconds of the gateway meanwhile."""
        self._runs += 1
        task = Task(
            hosts=list(contender.hosts),
            port=contender.port,
            path=contender.path,
            terminals=TERMINALS,
            run=f"run{os.getpid()}.{self._runs}",
            seconds=seconds,
            rate=rate,
            accounting=[
                (server, accounting_start(terminal, number))
                for server in contender.radius
                for number, terminal in enumerate(TERMINALS)
            ],
        )
        before = contender.cpu_seconds()
        printed = self._place.run(
            sys.executable,
            "-m",
            "benchmarks.gateway.generator",
            input=json.dumps(asdict(task)),
            timeout=seconds + 60.0,
        )
        outcome = Outcome(**json.loads(printed))
        used = contender.cpu_seconds() - before
        if outcome.accepted != outcome.posted or outcome.datagrams != outcome.posted:
            print(
                f"{contender.name}: of {outcome.posted} pushes {outcome.accepted} were accepted "
                f"and {outcome.datagrams} arrived",
                file=sys.stderr,
            )
        return outcome, used


def capacity(outcome: Outcome, used: float) -> dict[str, float]:
    """Return what a run with every connection busy says."""
    return {
        "pushes": outcome.accepted,
        "per_cpu_second": outcome.accepted / used,
        "per_second": outcome.accepted / outcome.seconds,
        "cpus": used / outcome.seconds,
        "generator_cpus": outcome.cpu_seconds / outcome.seconds,
        "lost": outcome.accepted - outcome.datagrams,
        "refused": outcome.refused,
    }


def latency(outcome: Outcome, used: float) -> dict[str, float]:
    """Return what a run at a fixed rate says; times in milliseconds."""
    to_datagram = sorted(outcome.to_datagram) or [float("nan")]
    to_answer = sorted(outcome.to_answer) or [float("nan")]
    return {
        "pushes": outcome.accepted,
        "p50": 1e3 * _quantile(to_datagram, 0.50),
        "p99": 1e3 * _quantile(to_datagram, 0.99),
        "answer_p50": 1e3 * _quantile(to_answer, 0.50),
        "answer_p99": 1e3 * _quantile(to_answer, 0.99),
        "cpus": used / outcome.seconds,
        "generator_cpus": outcome.cpu_seconds / outcome.seconds,
        "delayed": outcome.delayed,
        "lost": outcome.accepted - outcome.datagrams,
        "refused": outcome.refused,
    }


def _quantile(ordered: list[float], part: float) -> float:
    return ordered[min(int(part * len(ordered)), len(ordered) - 1)]


def measure(options: argparse.Namespace, folder: Path, place: Place) -> dict[str, Any]:
    """Run all rounds; return a document."""
    bench = Bench(place)
    load = os.getloadavg()[0]
    logged = not options.quiet
    starts: list[Callable[[Path], Contender]] = [
        lambda where: start_kannel(where, place, logged=logged),
        lambda where: start_ours(where, place, logged=logged),
        lambda where: start_ours(where, place, logged=logged, count=2),
    ]
    python = options.compiled
    if python is not None:
        starts += [
            lambda where: start_ours(where, place, logged=logged, compiled=python),
            lambda where: start_ours(where, place, logged=logged, count=2, compiled=python),
        ]
    try:
        kannel_programs()
    except MissingPeerError as missing:
        print(f"{missing}; it is left out", file=sys.stderr)
        del starts[0]
    if options.floor:
        starts.append(lambda where: start_floor(where, place))
    rounds: dict[str, list[dict[str, Any]]] = {}
    for number in range(options.rounds):
        for index, start in enumerate(starts):
            contender = start(folder / f"{number}-{index}")
            try:
                bench.run(contender, seconds=WARM_UP_SECONDS)
                busy = capacity(*bench.run(contender, seconds=options.seconds))
                at_rate = latency(*bench.run(contender, seconds=options.seconds, rate=options.rate))
            finally:
                contender.stop()
            rounds.setdefault(contender.name, []).append({"busy": busy, "at_rate": at_rate})
    return {
        "machine": machine(),
        "load": load,
        "rate": options.rate,
        "logged": logged,
        "contenders": {name: summary(results) for name, results in rounds.items()},
        "comparisons": [asdict(one) for one in comparisons(rounds)],
    }


def summary(results: list[dict[str, Any]]) -> dict[str, dict[str, float]]:
    """Return the median of every number."""
    return {
        part: {name: median(result[part][name] for result in results) for name in results[0][part]}
        for part in ("busy", "at_rate")
    }


@dataclass(frozen=True)
class Comparison:
    """What one of ours does, as a multiple of what Kannel does."""

    ours: str
    what: str
    of_kannels: str
    ratio: float
    demanded: float | None
    """None where it is for information only."""

    def __str__(self) -> str:
        text = f"{self.ours}: {self.what} is {self.ratio:.2f} times {self.of_kannels}"
        if self.demanded is None:
            return text
        verdict = "reached" if self.ratio >= self.demanded else "NOT reached"
        return f"{text}; demanded {self.demanded:g}: {verdict}"


def comparisons(rounds: dict[str, list[dict[str, Any]]]) -> list[Comparison]:
    """Hold ours against Kannel; nothing where there is no Kannel."""
    found = []
    for name in rounds if "Kannel" in rounds else ():
        if not name.startswith("Corenet"):
            continue
        kinds: tuple[tuple[str, str, float | None], ...] = (
            ("per_cpu_second", "per_cpu_second", DEMANDED_PER_CPU),
        )
        if name.endswith(TWO_PROCESSES):
            kinds = (
                ("per_second", "per_cpu_second", DEMANDED_PER_MACHINE),
                ("per_second", "per_second", None),
            )
        for own, of, demanded in kinds:
            pairs = zip(rounds[name], rounds["Kannel"], strict=True)
            ratio = median(ours["busy"][own] / theirs["busy"][of] for ours, theirs in pairs)
            found.append(Comparison(name, WORDS[own], KANNELS[own, of], ratio, demanded))
    return found


def machine() -> str:
    """Return what this was measured on."""
    models = {
        line.partition(":")[2].strip()
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        if line.startswith("model name")
    }
    cores = len(os.sched_getaffinity(0))
    return f"{cores} × {', '.join(sorted(models)) or 'CPU'}, Python {platform.python_version()}"


def table(document: dict[str, Any]) -> str:
    """Return the results as text."""
    rows = [
        [
            "",
            "accepted/CPU-s",
            "accepted/s",
            "its CPUs",
            "generator's CPUs",
            "p50 ms",
            "p99 ms",
            "lost",
        ]
    ]
    for name, parts in document["contenders"].items():
        busy, at_rate = parts["busy"], parts["at_rate"]
        rows.append(
            [
                name,
                f"{busy['per_cpu_second']:.0f}",
                f"{busy['per_second']:.0f}",
                f"{busy['cpus']:.2f}",
                f"{busy['generator_cpus']:.2f}",
                f"{at_rate['p50']:.2f}",
                f"{at_rate['p99']:.2f}",
                f"{busy['lost'] + at_rate['lost']:.0f}",
            ]
        )
    widths = [max(len(row[index]) for row in rows) for index in range(len(rows[0]))]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if index else cell.ljust(width)
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gateway", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON document instead")
    parser.add_argument("--rounds", type=int, default=3, metavar="N", help="default %(default)s")
    parser.add_argument(
        "--seconds", type=float, default=5.0, metavar="S", help="of one run (default %(default)g)"
    )
    parser.add_argument(
        "--rate",
        type=float,
        default=500.0,
        metavar="N",
        help="POSTs a second where latency is measured (default %(default)g)",
    )
    parser.add_argument("--quiet", action="store_true", help="let none of them write a log")
    parser.add_argument(
        "--floor",
        action="store_true",
        help="measure too what HTTP, two commits and a datagram cost alone",
    )
    parser.add_argument(
        "--compiled", metavar="PYTHON", help="measure the Corenet that is compiled for it too"
    )
    parser.add_argument(
        "--folder", type=Path, metavar="DIR", help="where stores and logs go (default: a new one)"
    )
    options = parser.parse_args()
    place = make_place()
    try:
        with tempfile.TemporaryDirectory(dir=options.folder) as folder:
            document = measure(options, Path(folder), place)
    except (MissingPeerError, subprocess.TimeoutExpired, AssertionError) as failed:
        raise SystemExit(str(failed)) from None
    finally:
        place.close()
    if options.json:
        print(json.dumps(document, indent=2))
        return
    logs = "all write their logs" if document["logged"] else "none writes a log"
    print(f"{document['machine']}, load {document['load']:.1f}; {logs}; latency at")
    print(f"{document['rate']:g} POSTs a second, with durable acceptance at Corenet's\n")
    print(table(document))
    print()
    for one in document["comparisons"]:
        print(Comparison(**one))
    if document["load"] > BUSY and document["comparisons"]:
        print("The machine had other work to do: what is per second of it says little.")


if __name__ == "__main__":
    main()
