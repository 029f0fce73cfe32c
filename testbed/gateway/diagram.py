"""The page of the push machine, written from its table so that the two cannot differ.

``python -m testbed.gateway.diagram > docs/reference/push-states.md`` writes it anew.
"""

from __future__ import annotations

import sys

from testbed.gateway.activate import REACTIONS, Next, Reaction
from testbed.gateway.pushes import TABLE, State

_INTRODUCTION = """\
# States of a push

Written from `testbed/gateway/pushes.py` and `testbed/gateway/activate.py` by
`python -m testbed.gateway.diagram`; do not edit.

One such machine runs for every address of a push. An arrow is labelled with what happens and,
after the slash, what the gateway does about it. A push that is not in
a final state when the gateway dies is accepted again when it comes back. So a push whose datagram
had left, but whose outcome was not stored yet, goes out twice.
"""

_REACTIONS = """\
## When an activation fails

The first row that fits holds. An outcome that says "hold until reachable" is held, unless its row
says fail. *Retry* waits by the configured back-off, and at least as long as the core asks for;
*hold* waits until the network notes that the terminal is back; *fail* reports the push as
undeliverable with the status code given.
"""


def page() -> str:
    """Return the page as Markdown."""
    return "\n".join([_INTRODUCTION, _mermaid(), _table(), _REACTIONS, _reactions()])


def _mermaid() -> str:
    lines = ["```mermaid", "stateDiagram-v2", f"    [*] --> {State.ACCEPTED}"]
    lines += [
        f"    {state} --> {after.state}: {occurred} / {after.action}"
        for (state, occurred), after in TABLE.items()
    ]
    lines += [f"    {state} --> [*]" for state in State if state.final]
    return "\n".join([*lines, "```", ""])


def _table() -> str:
    lines = ["| State | When | Do | Then |", "|---|---|---|---|"]
    lines += [
        f"| {state} | {occurred} | {after.action} | {after.state} |"
        for (state, occurred), after in TABLE.items()
    ]
    return "\n".join([*lines, ""])


def _reactions() -> str:
    lines = ["| Step | Cause | Then |", "|---|---|---|"]
    lines += [f"| {row.step or 'any'} | {_cause(row)} | {_then(row)} |" for row in REACTIONS]
    return "\n".join([*lines, ""])


def _cause(row: Reaction) -> str:
    if row.source is None or row.number is None:
        return "any"
    name = getattr(row.number, "name", None)
    return f"{row.source} {int(row.number)}" + (
        f" {name.replace('_', ' ').lower()}" if name else ""
    )


def _then(row: Reaction) -> str:
    return f"fail, {int(row.code)}" if row.next is Next.FAIL else str(row.next)


if __name__ == "__main__":
    sys.stdout.write(page())
