"""A hundred thousand contexts: memory, time to create, and echoes while they go."""

from __future__ import annotations

from pathlib import Path
from statistics import quantiles

from benchmarks.ggsn.processes import GGSN, ask, serving
from tests.interop.peers import Place

TITLES = {
    "silent": "forgotten without a word",
    "delete": "Delete PDP Context Request for each",
}


def measure(folder: Path, place: Place, *, contexts: int) -> None:
    """Run it under both policies and print a table."""
    print(
        "| after the restart | memory each, octets | CPU to create, µs: first tenth, last tenth "
        "| all gone after, s | CPU to remove, µs | echo before, ms: p50, greatest "
        "| echo meanwhile, ms: p50, p99, greatest | of it GGSN's CPU, ms: p50, p99, greatest |"
    )
    print("|---|---:|---:|---:|---:|---:|---:|---:|")
    for policy, title in TITLES.items():
        with serving(folder / policy, place, "ggsn", "--on-restart", policy) as peer:
            words = ("crowd", GGSN, str(peer.pid), str(contexts))
            found = ask(place, words, timeout=600.0)
        calm = sorted(1e3 * wait for wait in found["calm"])
        tenths = found["tenths"]
        print(
            f"| {title} | {found['octets']:.0f} | {tenths[0]:.0f}, {tenths[-1]:.0f} "
            f"| {found['teardown']:.1f} | {1e6 * found['teardown_cpu'] / contexts:.0f} "
            f"| {calm[len(calm) // 2]:.2f}, {calm[-1]:.1f} "
            f"| {_summary(found['waits'])} | {_summary(found['turns'])} |",
            flush=True,
        )


def _summary(seconds: list[float]) -> str:
    """Return median, 99th percentile and maximum in milliseconds."""
    hundredths = quantiles(seconds, n=100)
    return ", ".join(f"{1e3 * each:.1f}" for each in (hundredths[49], hundredths[98], max(seconds)))
