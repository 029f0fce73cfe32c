"""A ladder as a picture in text: a line down for each node, and an arrow for each message.

What differs from run to run although nothing else does (TEIDs, restart counters, push-ids) is left
out, and so is accounting, which goes on beside everything.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from testbed.lab.ladder import Rung

_ORDER: Final = (
    "initiator",
    "gateway",
    "control",
    "ggsn",
    "hlr",
    "sgsn",
    "sgsn-far",
    "smsc",
    "mobiles",
)
_VOLATILE: Final = re.compile(
    r"TEID|P-TMSI|recovery |correlation |MSISDN |IMSI |\d{15}$|reference |message_id |NSAPI "
    r"|GGSN \d|SGSN \d|.*@pi\.example"
)
_LEFT_OUT: Final = re.compile(r"Accounting-|RADIUS")
_PARTS: Final = 3
_LONGEST: Final = 72


def picture(rungs: Sequence[Rung], since: float) -> list[str]:
    """Return the lines of a picture, with milliseconds after ``since``."""
    shown = [rung for rung in rungs if not _LEFT_OUT.match(rung.message)]
    ends = {_lifeline(end) for rung in shown for end in (rung.source, rung.destination)}
    nodes = [node for node in _ORDER if node in ends] + sorted(ends.difference(_ORDER))
    columns: dict[str, int] = {}
    at = 12
    for node in nodes:
        columns[node] = at + len(node) // 2
        at += max(len(node) + 3, 9)
    head = list(" " * at)
    for node, column in columns.items():
        start = column - len(node) // 2
        head[start : start + len(node)] = node
    lines = ["".join(head).rstrip()]
    for rung in shown:
        row = _row(rung, columns, at)
        lines.append(f"{(rung.time - since) * 1000:7.0f} ms{row[10:]}  {_label(rung)}".rstrip())
    return lines


def _row(rung: Rung, columns: dict[str, int], width: int) -> str:
    row = list(" " * width)
    for column in columns.values():
        row[column] = "│"
    source, destination = (columns[_lifeline(end)] for end in (rung.source, rung.destination))
    if source == destination:
        row[source] = "●"
    else:
        low, high = sorted((source, destination))
        row[low + 1 : high] = "─" * (high - low - 1)
        tip = destination - 1 if destination > source else destination + 1
        row[tip] = "►" if destination > source else "◄"
    return "".join(row)


def _lifeline(end: str) -> str:
    return end.split()[0] if end else "?"


def _label(rung: Rung) -> str:
    parts = [part for part in rung.details.split(", ") if part and not _VOLATILE.match(part)]
    label = ", ".join([rung.message, *parts[:_PARTS]])
    return label if len(label) <= _LONGEST else label[: _LONGEST - 1] + "…"
