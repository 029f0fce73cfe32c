"""Packets per CPU-second through TUN: ours beside osmo-ggsn, in one run.

Everybody is a process of its own in a network namespace that nobody else is in. A generator sends
packets of 100 octets for 32 mobiles as fast as it can; CPU time is that of the GGSN's process, user
and system, from ``/proc/PID/stat``. Ours is ``corenet run`` as a user has it, without a log. Rounds
alternate; numbers are medians, ratios medians of the rounds' ratios.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.ggsn.processes import GGSN, OSMO_GGSN, prepare
from benchmarks.userplane.generator import DEVICE
from tests.conftest import require_peer
from tests.interop.peers import CORENET, Peer, Peers, Place, make_namespace

DIRECTIONS = {
    "down": "down",
    "up": "up",
    "ragged": "down, no two in a row of one length",
}
DEMANDED = {"down": 0.5, "up": 0.5}
LAB = f"""
name: userplane
ggsn:
  address: {GGSN}
  apns: [{{name: internet, pool: 10.0.0.0/16, device: {DEVICE}}}]
  gi: {{tun: true}}
  gtp: {{echo_interval: 3600}}
"""


@contextmanager
def serving(folder: Path, place: Place, kind: str) -> Iterator[Peer]:
    """Run osmo-ggsn or ours."""
    folder.mkdir(parents=True)
    peers = Peers(folder, place)
    try:
        if kind == "osmo-ggsn":
            (folder / "osmo-ggsn.cfg").write_text(OSMO_GGSN, encoding="utf-8")
            program = require_peer("osmo-ggsn", package="osmo-ggsn")
            peer = peers.start(kind, program, "-c", "osmo-ggsn.cfg")
            place.run(sys.executable, "-m", "benchmarks.ggsn.sgsn", "await", GGSN)
        else:
            (folder / "lab.yaml").write_text(LAB, encoding="utf-8")
            words = ("run", "lab.yaml", "--state", "state", "--quiet")
            peer = peers.start(kind, str(CORENET), *words)
            peer.wait_for("^Ready: ", timeout=60.0)
        yield peer
    finally:
        peers.stop()


def measure(folder: Path, place: Place, *, rounds: int, seconds: float) -> None:
    """Run all rounds and print a table."""
    print("| | packets per CPU-second | to osmo-ggsn | demanded | its CPUs | generator's CPUs |")
    print("|---|---:|---:|---:|---:|---:|")
    for direction, title in DIRECTIONS.items():
        results: dict[str, list[dict[str, Any]]] = {"osmo-ggsn": [], "Corenet": []}
        for number in range(rounds):
            for kind, documents in results.items():
                with serving(folder / f"{direction}-{number}-{kind}", place, kind) as peer:
                    generator = ("benchmarks.userplane.generator", direction)
                    words = ("-m", *generator, str(peer.pid), str(seconds))
                    said = place.run(sys.executable, *words, timeout=seconds + 60.0)
                documents.append(json.loads(said))
        for kind, documents in results.items():
            pairs = zip(documents, results["osmo-ggsn"], strict=True)
            ratio = median(_rate(own) / _rate(other) for own, other in pairs)
            demanded = f"{DEMANDED[direction]:g}" if direction in DEMANDED else ""
            print(
                f"| {kind}, {title} | {median(map(_rate, documents)):.0f} | {ratio:.2f} "
                f"| {demanded if kind == 'Corenet' else ''} "
                f"| {median(d['cpu'] / d['seconds'] for d in documents):.2f} "
                f"| {median(d['generator_cpu'] / d['seconds'] for d in documents):.2f} |",
                flush=True,
            )


def _rate(document: dict[str, Any]) -> float:
    return float(document["packets"] / document["cpu"])


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.userplane",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=3.0, help="of each round")
    options = parser.parse_args()
    place = make_namespace()
    try:
        prepare(place)
        print(f"Python {platform.python_version()}, load {os.getloadavg()[0]:.1f}\n")
        with tempfile.TemporaryDirectory() as folder:
            measure(Path(folder), place, rounds=options.rounds, seconds=options.seconds)
    finally:
        place.close()


if __name__ == "__main__":
    main()
