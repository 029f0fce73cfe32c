"""Network-requested activation: CPU time and how long each step takes, by rate."""

from __future__ import annotations

from pathlib import Path
from statistics import quantiles

from benchmarks.ggsn.processes import GGSN, HLR, ask, serving
from tests.interop.peers import Place

RATES = (1, 100, 1000)
STEPS = ("notification", "creation", "answer")


def measure(folder: Path, place: Place, *, seconds: float) -> None:
    """Run each rate and print a table."""
    print(
        "| a second | activated | failed | per CPU-second | GGSN's CPUs | others' CPUs "
        "| call to PDU Notification, ms | to Create's response, ms | call to answer, ms |"
    )
    print("|---:|---:|---:|---:|---:|---:|---:|---:|---:|")
    for rate in RATES:
        # Enough of the slowest for a percentile, in bearable time.
        length = max(seconds, 20.0) if rate == 1 else seconds
        with serving(folder / str(rate), place, "ggsn", "--hlr", HLR) as peer:
            words = ("ladders", GGSN, str(peer.pid), str(rate), str(length))
            found = ask(place, words, timeout=length + 60.0)
        steps = []
        for step in STEPS:
            hundredths = quantiles((1e3 * wait for wait in found[step]), n=100)
            steps.append(f"{hundredths[49]:.2f}, {hundredths[98]:.2f}")
        per_second = found["finished"] / found["cpu"] if found["cpu"] else float("nan")
        print(
            f"| {rate} | {found['finished']} | {found['failed']} | {per_second:.0f} "
            f"| {found['cpu'] / found['seconds']:.2f} "
            f"| {found['generator_cpu'] / found['seconds']:.2f} | {' | '.join(steps)} |",
            flush=True,
        )
