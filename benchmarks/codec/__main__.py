"""Parse and build two GTP messages with gtp, scapy and pycrate; print times and ratios.

Before anything is timed, all three have to build the same octets from the same values and to
read the same values from them. Rounds are interleaved, every round times every contender on
every column, and a ratio is the median of the rounds' ratios, so that a busy moment of the
machine does not favour anyone. Times are CPU time per message, the best round's.
"""

from __future__ import annotations

import argparse
import json
import platform
from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass
from importlib.metadata import version
from random import Random
from statistics import median
from time import process_time
from typing import Any

from benchmarks.codec.contenders import Contender, Ours, Pycrate, Scapy
from benchmarks.codec.values import Creation, Notification, creations, notifications

DEMANDED = 60
"""How many times faster than the faster peer the first four columns shall be."""


@dataclass(frozen=True, slots=True)
class Column:
    """One thing that is measured: what each contender does, and with what."""

    title: str
    demanded: bool
    actions: dict[str, Callable[[Any], object]]
    inputs: Sequence[Any]


def check_agreement(
    contenders: Sequence[Contender],
    creation_values: Sequence[Creation],
    notification_values: Sequence[Notification],
) -> tuple[list[bytes], list[bytes]]:
    """Return the octets of all messages; raise SystemExit where contenders differ."""
    reference, *others = contenders
    creation_octets = [reference.build_creation(values) for values in creation_values]
    notification_octets = [reference.build_notification(values) for values in notification_values]
    for contender in (reference, *others):
        for values, octets in zip(creation_values, creation_octets, strict=True):
            expected = (*astuple(values), 0, 0x0800, values.pco)
            if contender.build_creation(values) != octets:
                raise SystemExit(f"{contender.name} builds another Create request: {values}")
            if contender.read_creation(octets) != expected:
                raise SystemExit(f"{contender.name} reads another Create request: {values}")
        for each, octets in zip(notification_values, notification_octets, strict=True):
            if contender.build_notification(each) != octets:
                raise SystemExit(f"{contender.name} builds another notification: {each}")
            if contender.read_notification(octets) != astuple(each):
                raise SystemExit(f"{contender.name} reads another notification: {each}")
    return creation_octets, notification_octets


def columns(
    contenders: Sequence[Contender],
    creation_values: Sequence[Creation],
    notification_values: Sequence[Notification],
) -> list[Column]:
    """Return what is measured, after the contenders have been seen to agree."""
    creation_octets, notification_octets = check_agreement(
        contenders, creation_values, notification_values
    )

    def column(title: str, demanded: bool, action: str, inputs: Sequence[Any]) -> Column:
        actions = {contender.name: getattr(contender, action) for contender in contenders}
        return Column(title, demanded, actions, inputs)

    return [
        column("Create request: parse", True, "parse", creation_octets),
        column("Create request: build", True, "build_creation", creation_values),
        column("PDU Notification: parse", True, "parse", notification_octets),
        column("PDU Notification: build", True, "build_notification", notification_values),
        column("Create request: parse, read all", False, "read_creation", creation_octets),
        column(
            "PDU Notification: parse, read all", False, "read_notification", notification_octets
        ),
    ]


def seconds_each(action: Callable[[Any], object], inputs: Sequence[Any], times: int) -> float:
    """Return the CPU seconds that one call takes."""
    begin = process_time()
    for _ in range(times):
        for each in inputs:
            action(each)
    return (process_time() - begin) / (times * len(inputs))


def measure(column: Column, rounds: int, ours: str) -> dict[str, Any]:
    """Return a column's times in microseconds and its ratio to the faster peer."""
    times: dict[str, list[float]] = {name: [] for name in column.actions}
    for _ in range(rounds):
        for name, action in column.actions.items():
            repeats = 40 if name == ours else 1
            times[name].append(seconds_each(action, column.inputs, repeats) * 1e6)
    peers = [name for name in times if name != ours]
    faster = min(peers, key=lambda name: median(times[name]))
    ratios = [peer / own for peer, own in zip(times[faster], times[ours], strict=True)]
    return {
        "column": column.title,
        "microseconds": {name: round(min(each), 2) for name, each in times.items()},
        "faster_peer": faster,
        "ratio": round(median(ratios), 1),
        "demanded": DEMANDED if column.demanded else None,
    }


def table(results: list[dict[str, Any]]) -> str:
    """Return the results as text."""
    names = list(results[0]["microseconds"])
    head = ["", *(f"{name}, µs" for name in names), "faster peer", "times faster"]
    rows = [head]
    for result in results:
        demanded = f" (demanded {result['demanded']})" if result["demanded"] else ""
        rows.append(
            [
                result["column"],
                *(f"{result['microseconds'][name]:.2f}" for name in names),
                result["faster_peer"],
                f"{result['ratio']:.1f}{demanded}",
            ]
        )
    widths = [max(len(row[index]) for row in rows) for index in range(len(head))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if index in (0, 4) else cell.rjust(width)
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.codec", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON document instead")
    parser.add_argument("--rounds", type=int, default=15, metavar="N", help="default %(default)s")
    parser.add_argument("--messages", type=int, default=32, metavar="N", help="different messages")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="default %(default)s")
    options = parser.parse_args()
    random = Random(options.seed)
    ours = Ours()
    measured = columns(
        (ours, Scapy(), Pycrate()),
        creations(random, options.messages),
        notifications(random, options.messages),
    )
    results = [measure(column, options.rounds, ours.name) for column in measured]
    versions = {name: version(name) for name in ("scapy", "pycrate")}
    if options.json:
        document = {"python": platform.python_version(), "versions": versions, "columns": results}
        print(json.dumps(document, indent=2))
        return
    peers = ", ".join(f"{name} {number}" for name, number in versions.items())
    print(f"Python {platform.python_version()}, {peers}; {options.rounds} rounds of")
    print(f"{options.messages} different messages; scapy and pycrate split the QoS profile and the")
    print("PCO into fields, gtp keeps their octets.\n")
    print(table(results))


if __name__ == "__main__":
    main()
