"""The counters of the core's nodes as metrics for Prometheus, read when they are asked for."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from corenet.control.core import CoreControl

METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"
"""The exposition format that ``prometheus_client.generate_latest`` writes."""


class CoreMetrics(Collector):
    """Reads one core's counters and sizes."""

    def __init__(self, control: CoreControl) -> None:
        self._control = control

    def collect(self) -> Iterator[Metric]:
        """Return every metric as it is now (``Collector``)."""
        counted = CounterMetricFamily(
            "corenet_node_events", "What a node has counted, by name.", labels=("node", "name")
        )
        for node, counters in self._control.counters().items():
            for name, value in sorted(counters.items()):
                counted.add_metric((node, name), value)
        yield counted
        sizes = GaugeMetricFamily(
            "corenet_size", "How many of a thing there are now.", labels=("thing",)
        )
        for thing, size in self._control.sizes().items():
            sizes.add_metric((thing,), size)
        yield sizes
