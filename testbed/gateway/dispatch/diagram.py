"""The page of the push machine, written from its table so that the two cannot differ.

``python -m testbed.gateway.dispatch.diagram > docs/reference/push-states.md`` writes it anew.
"""

from __future__ import annotations

import sys

from corenet.interfaces.activation import CauseSource
from testbed.gateway.activation import activate
from testbed.gateway.carriers import sms
from testbed.gateway.keeping.pushes import TABLE

_INTRODUCTION = """\
# States of a push

Written from `testbed/gateway/keeping/pushes.py`, `activate.py` and `sms.py` by
`python -m testbed.gateway.dispatch.diagram`; do not edit.

One such machine runs for every address of a push. The table says what happens and what the gateway
does about it. A push that is not in a final state when the gateway dies is accepted again when it
comes back. So a push whose datagram had left, but whose outcome was not stored yet, goes out twice.

![From which state to which: a ring is any final state](../images/machines/push.svg)
"""

_CAUSES = """\
## When an activation fails

The first row that fits says what kind of failure it is. An outcome that says "hold until reachable"
is *absent*, unless its row says that waiting changes nothing (*unknown-subscriber*, *no-access*).
A core that does not answer is *core-silent*; a Gi trigger after which no session begins is
*no-context*. What follows, the [policy](policy.md) says.
"""

_SMS_CAUSES = """\
## When a short message fails

Likewise. A transaction of which nobody can say what became of it is *sms-unknown*.
"""


def page() -> str:
    """Return the page as Markdown."""
    return "\n".join([_INTRODUCTION, _table(), _CAUSES, _causes(), _SMS_CAUSES, _sms_causes()])


def _table() -> str:
    lines = ["| State | When | Do | Then |", "|---|---|---|---|"]
    lines += [
        f"| {state} | {occurred} | {after.action} | {after.state} |"
        for (state, occurred), after in TABLE.items()
    ]
    return "\n".join([*lines, ""])


def _causes() -> str:
    lines = ["| Step | Cause | Kind |", "|---|---|---|"]
    lines += [
        f"| {row.step or 'any'} | {_cause(row.source, row.number)} | {row.refusal} |"
        for row in activate.REFUSALS
    ]
    return "\n".join([*lines, ""])


def _sms_causes() -> str:
    lines = ["| command_status | delivery_failure_reason | MAP error | Kind |", "|---|---|---|---|"]
    lines += [
        f"| {_number(row.command_status, '#04x')} | {_number(row.delivery_failure_reason)} "
        f"| {_number(row.map_error)} | {row.refusal} |"
        for row in sms.REFUSALS
    ]
    return "\n".join([*lines, ""])


def _cause(source: CauseSource | None, number: int | None) -> str:
    if source is None or number is None:
        return "any"
    name = getattr(number, "name", None)
    return f"{source} {int(number)}" + (f" {name.replace('_', ' ').lower()}" if name else "")


def _number(value: int | None, form: str = "d") -> str:
    return "any" if value is None else format(value, form)


if __name__ == "__main__":
    sys.stdout.write(page())
