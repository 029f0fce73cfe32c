"""The reference page of metrics, made from their tables.

``python -m testbed.adapters.metrics_reference > docs/reference/metrics.md`` writes it anew.
"""

from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType

from testbed.adapters import gateway_metrics, smsc_metrics


def reference() -> str:
    """Return the page, in Markdown."""
    lines = [
        "# Metrics",
        "",
        "Written from `testbed/adapters/gateway_metrics.py` and `smsc_metrics.py` by",
        "`python -m testbed.adapters.metrics_reference`; do not edit.",
        "",
        "All of it is in Prometheus' text format. The core has its own at the",
        "[control interface](control-interface.md): `corenet_node_events_total` by `node` and",
        "`name`, `corenet_size` by `thing`.",
        "",
        "## Gateway",
        "",
        "`GET /metrics` at the gateway's HTTP port.",
        "",
        *_table(gateway_metrics),
        "",
        "## SMSC",
        "",
        "`GET /metrics` at the SMSC's address and the port that `smsc.metrics` names in the",
        "[lab file](lab-file.md).",
        "",
        *_table(smsc_metrics),
    ]
    return "\n".join(lines) + "\n"


def _table(metrics: ModuleType) -> Iterator[str]:
    prefix = metrics.PREFIX
    yield "| Metric | Kind | Label | Says |"
    yield "|---|---|---|---|"
    for name, (label, text) in metrics.COUNTERS.items():
        yield f"| `{prefix}{name}_total` | counter | {_marked(label)} | {text} |"
    for name, (label, text) in metrics.GAUGES.items():
        yield f"| `{prefix}{name}` | gauge | {_marked(label)} | {text} |"
    for name, (bounds, text) in metrics.HISTOGRAMS.items():
        buckets = ", ".join(f"{bound:g}" for bound in bounds)
        yield f"| `{prefix}{name}` | histogram | `le` | {text} Buckets up to {buckets} seconds. |"


def _marked(label: str) -> str:
    return f"`{label}`" if label else ""


if __name__ == "__main__":
    print(reference(), end="")
