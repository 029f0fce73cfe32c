"""Creation and deletion of a context: CPU time side by side."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.ggsn.processes import GGSN, RADIUS, ask, serving
from tests.interop.peers import Place


@dataclass(frozen=True, slots=True)
class Contender:
    """Who is asked."""

    title: str
    kind: str
    words: tuple[str, ...] = ()
    asked: tuple[str, ...] = ()
    """What the SGSN is told beside."""
    compiled: bool = False
    """Whether it is the compiled Corenet."""


PEER = Contender("osmo-ggsn", "osmo-ggsn")
CONTENDERS = (
    PEER,
    Contender("Twisted echo", "echo", asked=("--echoed",)),
    Contender("Corenet", "ggsn"),
    Contender("Corenet, with RADIUS accounting", "ggsn", ("--radius", RADIUS)),
)
COMPILED = (
    Contender("Corenet, compiled", "ggsn", compiled=True),
    Contender(
        "Corenet, compiled, with RADIUS accounting", "ggsn", ("--radius", RADIUS), compiled=True
    ),
)


def measure(
    folder: Path, place: Place, *, rounds: int, seconds: float, compiled: str | None
) -> None:
    """Run all rounds and print a table; ``compiled`` is the Python of a compiled Corenet."""
    results: dict[str, list[dict[str, Any]]] = {}
    contenders = CONTENDERS if compiled is None else (*CONTENDERS, *COMPILED)
    for number in range(rounds):
        for index, one in enumerate(contenders):
            python = compiled if one.compiled and compiled is not None else sys.executable
            where = folder / f"{number}-{index}"
            with serving(where, place, one.kind, *one.words, python=python) as peer:
                words = ("pairs", GGSN, str(peer.pid), str(seconds), *one.asked)
                result = ask(place, words, timeout=seconds + 60.0)
            results.setdefault(one.title, []).append(result)
    print("| | CPU for the pair, µs | to osmo-ggsn | pairs per second | its CPUs | SGSN's CPUs |")
    print("|---|---:|---:|---:|---:|---:|")
    for title, documents in results.items():
        ratio = median(
            _per_pair(own) / _per_pair(other)
            for own, other in zip(documents, results[PEER.title], strict=True)
        )
        print(
            f"| {title} | {median(map(_per_pair, documents)):.1f} | {ratio:.1f} "
            f"| {_median(documents, lambda d: d['pairs'] / d['seconds']):.0f} "
            f"| {_median(documents, lambda d: d['cpu'] / d['seconds']):.2f} "
            f"| {_median(documents, lambda d: d['generator_cpu'] / d['seconds']):.2f} |"
        )


def _per_pair(document: dict[str, Any]) -> float:
    """Return microseconds of the GGSN's CPU."""
    return 1e6 * document["cpu"] / document["pairs"]


def _median(documents: list[dict[str, Any]], what: Any) -> float:
    return median(map(what, documents))
