"""The tables of operations and of local causes in ``docs/reference/control-interface.md``.

``python -m corenet.control.reference`` prints them anew.
"""

from __future__ import annotations

import sys

from corenet.control.operations import OPERATIONS, Operation
from corenet.interfaces.activation import OUT_OF_TIME, LocalCause

_HEAD = """\
| Request | Does | Takes | May answer |
|---|---|---|---|
"""
_CAUSES = """\
| Number | Name | `timed_out` |
|---|---|---|
"""
_BESIDE = """\
| `GET /v1/events` | What happens in the core, as it happens | [`Last-Event-ID`] | 200, 400 |
| `GET /v1/capture` | What passes on each interface, as it passes (pcapng) |  | 200, 400, 404 |
| `GET /v1/openapi.json` | The OpenAPI document |  | 200, 400 |
| `GET /metrics` | Counters of every node, for Prometheus |  | 200, 400 |
"""


def table() -> str:
    """Return the table, in Markdown; what may be left out stands in brackets."""
    rows = [
        f"| `{operation.method} {operation.path}` | {operation.summary} "
        f"| {_takes(operation)} | {_answers(operation)} |\n"
        for operation in OPERATIONS
    ]
    return "".join([_HEAD, *rows, _BESIDE])


def local_causes() -> str:
    """Return the table of causes whose source is "local", in Markdown."""
    rows = [
        f"| {cause.value} | {cause.text} | {'yes' if cause in OUT_OF_TIME else ''} |\n"
        for cause in LocalCause
    ]
    return "".join([_CAUSES, *rows])


def _takes(operation: Operation) -> str:
    fields = dict(operation.query.model_fields)
    if operation.body is not None:
        fields |= operation.body.model_fields
    return ", ".join(
        f"`{name}`" if field.is_required() else f"[`{name}`]" for name, field in fields.items()
    )


def _answers(operation: Operation) -> str:
    statuses = {200, 400, *operation.problems} | ({202} if operation.may_be_polled else set())
    return ", ".join(str(status) for status in sorted(statuses))


if __name__ == "__main__":
    sys.stdout.write("\n".join([table(), local_causes()]))
