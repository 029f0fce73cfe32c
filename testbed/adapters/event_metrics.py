"""Metrics of a node for Prometheus, read when they are asked for.

What happened is counted from events, what there is now is read from the node. Nothing here asks for
a lock or the time, for it is done for each event.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from corenet.interfaces.node import Event
from testbed.adapters.histogram import Histogram

Told = Mapping[str, tuple[str, str]]
"""Names without prefix and "_total"; the label, and what is counted."""
Counted = Mapping[type[Event], tuple[str, str | Callable[[Any], str]]]
"""What each event counts as, and the value of the label."""


@dataclass(frozen=True, slots=True)
class MetricTables:
    """What metrics a node has."""

    prefix: str
    counters: Told
    gauges: Told
    histograms: Mapping[str, tuple[tuple[float, ...], str]]
    """Names without prefix; upper bounds in seconds, and what is measured."""
    counted: Counted


class EventMetrics(Collector):
    """The metrics of one node."""

    def __init__(
        self,
        tables: MetricTables,
        counts: Callable[[], Mapping[tuple[str, str], int]],
        sizes: Callable[[], Mapping[str, Mapping[str, float]]],
    ) -> None:
        """Make metrics that begin with nothing.

        ``counts`` returns what the node counts itself, by name and value of the label; ``sizes``
        returns the gauges, by name, each by value of the label.
        """
        self._tables = tables
        self._read_counts = counts
        self._read_sizes = sizes
        self._counts: Counter[tuple[str, str]] = Counter()
        """By name and value of the label."""
        self.histograms = {
            name: Histogram(bounds) for name, (bounds, _) in tables.histograms.items()
        }
        self._registry = CollectorRegistry()
        self._registry.register(self)

    def observe(self, event: Event) -> None:
        """Count what has happened."""
        counted = self._tables.counted.get(type(event))
        if counted is not None:
            name, label = counted
            self._counts[name, label if isinstance(label, str) else label(event)] += 1

    def page(self) -> bytes:
        """Return all of them in Prometheus' text format."""
        return generate_latest(self._registry)

    def collect(self) -> Iterator[Metric]:
        """Return every metric as it is now (``Collector``)."""
        tables, prefix = self._tables, self._tables.prefix
        counts = {**self._counts, **self._read_counts()}
        for name, (label, text) in tables.counters.items():
            family = CounterMetricFamily(f"{prefix}{name}", text, labels=(label,) if label else ())
            if not label:
                family.add_metric((), counts.get((name, ""), 0))
            for (counted, value), number in sorted(counts.items()):
                if counted == name and label:
                    family.add_metric((value,), number)
            yield family
        sizes = self._read_sizes()
        for name, (label, text) in tables.gauges.items():
            gauge = GaugeMetricFamily(f"{prefix}{name}", text, labels=(label,))
            for value, size in sizes[name].items():
                gauge.add_metric((value,), size)
            yield gauge
        for name, histogram in self.histograms.items():
            yield histogram.family(f"{prefix}{name}", tables.histograms[name][1])
