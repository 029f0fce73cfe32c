"""What the control interface and the gateway answer, as tables and records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from testbed.console.tables import Column, named, record, table, text

Answer = Mapping[str, Any]


def _is_attached(terminal: Answer) -> Any:
    return terminal.get("reachability") or terminal.get("attached")


TERMINALS: Final = (
    named("IMSI", "imsi"),
    named("MSISDN", "msisdn"),
    Column("ATTACHED", _is_attached),
    named("SGSN", "sgsn"),
    Column("APN", lambda one: [context["apn"] for context in one["contexts"]] or one["apns"]),
    Column("ADDRESS", lambda one: [context["address"] for context in one["contexts"]]),
    Column("MOBILE", lambda one: (one.get("mobile") or {}).get("state")),
)
CONTEXTS: Final = (
    named("IMSI", "imsi"),
    named("APN", "apn"),
    named("NSAPI", "nsapi", right=True),
    named("ADDRESS", "address"),
    named("SGSN", "sgsn_address"),
    Column("BY", lambda one: "network" if one["network_requested"] else "mobile"),
    named("UP", "uplink_octets", right=True),
    named("DOWN", "downlink_octets", right=True),
    named("SINCE", "since"),
)
PUSHES: Final = (
    named("PUSH-ID", "push_id"),
    named("RECEIVED", "received"),
    named("ADDRESS", "address"),
    named("STATE", "state"),
    named("CODE", "code", right=True),
    named("CHANGED", "changed"),
)
FAULTS: Final = (
    named("INTERFACE", "interface"),
    Column("LOSS", lambda one: f"{one['loss'] * 100:g} %", right=True),
    Column("DELAY", lambda one: f"{one['delay']:g} s", right=True),
    named("LOST", "lost", right=True),
)
STEPS: Final = (named("STEP", "step"), named("SECONDS", "seconds", right=True))
HISTORY: Final = (
    named("SECONDS", "seconds", right=True),
    named("STATE", "state"),
    named("NOTE", "note"),
)
QUEUES: Final = (
    named("AT", "at"),
    named("QUEUE", "queue"),
    named("LENGTH", "length", right=True),
)


def paged(columns: Sequence[Column], answer: Answer, what: str) -> list[str]:
    """Return a page of a long list, and how much more there is."""
    rows = answer[what]
    lines = table(columns, rows)
    if len(rows) < answer["total"]:
        lines.append(f"{len(rows)} of {answer['total']} {what}")
    return lines or [f"no {what}"]


def terminal(answer: Answer) -> list[str]:
    """Return all of one terminal."""
    return record(answer)


def activation(answer: Answer) -> list[str]:
    """Return how an activation ended, and the seconds of each step."""
    address = f" {answer['address']}" if answer.get("address") else ""
    first = f"{answer['outcome']}{address}"
    if answer.get("step") and answer["outcome"] == "failed":
        first += f", in {answer['step']}: {cause_of(answer)}"
    return [first, *table(STEPS, answer["steps"])]


def cause_of(answer: Answer) -> str:
    """Return the cause of a failed activation, with what the mobile said."""
    cause, mobile = answer.get("cause"), answer.get("mobile_cause")
    words = "unknown" if cause is None else _cause(cause)
    return words if mobile is None else f"{words}; the mobile said {_cause(mobile)}"


def _cause(cause: Answer) -> str:
    return f"{cause['name']} ({cause['source']} {cause['number']})"


def pushes(answer: Answer) -> list[str]:
    """Return pushes, a line for each address of each."""
    rows = [{**push, **each} for push in answer["pushes"] for each in push["deliveries"]]
    return table(PUSHES, rows) or ["no pushes"]


def push(answer: Answer) -> list[str]:
    """Return one push with its timelines."""
    lines = record({key: value for key, value in answer.items() if key != "deliveries"})
    for delivery in answer["deliveries"]:
        lines += ["", f"{delivery['address']}: {delivery['state']}"]
        lines += table(HISTORY, delivery["history"])
    return lines


def event(entry: Answer) -> str:
    """Return one event on a line: when, where, what, and what it says of itself."""
    said = {
        key: value
        for key, value in entry.items()
        if key not in ("number", "time", "node", "event") and value is not None
    }
    day = entry["time"] % 86_400
    clock = f"{int(day // 3600):02d}:{int(day // 60 % 60):02d}:{day % 60:06.3f}"
    more = f"  {text(said)}" if said else ""
    return f"{clock}  {entry['node']:<9}  {entry['event']}{more}"
