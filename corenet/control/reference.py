"""The table of operations in ``docs/reference/control-interface.md``.

``python -m corenet.control.reference`` prints it anew.
"""

from __future__ import annotations

import sys

from corenet.control.operations import OPERATIONS, Operation

_HEAD = """\
| Request | Does | Takes | May answer |
|---|---|---|---|
"""
_BESIDE = """\
| `GET /v1/events` | What happens in the core, as it happens | [`Last-Event-ID`] | 200, 400 |
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
    sys.stdout.write(table())
