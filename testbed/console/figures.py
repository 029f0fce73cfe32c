"""What ``corenet top`` shows, made of metrics asked for again and again.

Rates are of the last interval; latencies of all that ended since the first look, as quantiles of
histograms: within a bucket they are taken to be spread evenly, as Prometheus does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from testbed.console.samples import Sample, Samples

SHOWN_RATES: Final = 16

_SIZES: Final = (
    ("corenet_size", "thing", ""),
    ("corenet_gateway_size", "thing", "gateway: "),
    ("corenet_smsc_size", "thing", "SMSC: "),
)
_HISTOGRAMS: Final = (
    ("corenet_gateway_delivery_seconds", "push: accepted to delivered"),
    ("corenet_gateway_answer_seconds", "PAP: submitted to answered"),
    ("corenet_gateway_page_seconds", "page: asked to replied"),
    ("corenet_smsc_transaction_seconds", "SMS: transaction"),
    ("corenet_smsc_message_seconds", "SMS: stored to delivered"),
)
_COUNTERS: Final = (
    ("corenet_node_events_total", ""),
    ("corenet_gateway_", "gateway: "),
    ("corenet_smsc_", "smsc: "),
)


@dataclass(frozen=True, slots=True)
class Look:
    """The metrics at a time."""

    time: float
    samples: Samples


@dataclass(frozen=True, slots=True)
class Rate:
    """Something that is counted."""

    name: str
    per_second: float
    total: float


@dataclass(frozen=True, slots=True)
class Latency:
    """How long something took; seconds, and None where nothing ended."""

    name: str
    count: int
    median: float | None
    p95: float | None


@dataclass(frozen=True, slots=True)
class Figures:
    """All that is shown."""

    sizes: tuple[tuple[str, int], ...]
    rates: tuple[Rate, ...]
    """The busiest first, then those with the highest count."""
    pushes: tuple[tuple[str, int], ...]
    """By state: those in care now, and those that ended."""
    latencies: tuple[Latency, ...]


def figures(first: Look, before: Look, now: Look) -> Figures:
    """Return what to show after a look, given the first one and the one before."""
    return Figures(_sizes(now), _rates(before, now), _pushes(now), _latencies(first, now))


def _sizes(now: Look) -> tuple[tuple[str, int], ...]:
    return tuple(
        (f"{prefix}{thing.replace('_', ' ')}", int(value))
        for name, label, prefix in _SIZES
        for thing, value in now.samples.by(name, label).items()
        if value or not prefix
    )


def _rates(before: Look, now: Look) -> tuple[Rate, ...]:
    seconds = now.time - before.time
    then = {_key(sample): sample.value for sample in before.samples.counters()}
    rates = []
    for sample in now.samples.counters():
        words = _words(sample)
        if words is None or not sample.value:
            continue
        # A counter that is lower than before has begun anew.
        grown = max(0.0, sample.value - then.get(_key(sample), 0.0))
        rates.append(Rate(words, grown / seconds if seconds > 0 else 0.0, sample.value))
    rates.sort(key=lambda rate: (-rate.per_second, -rate.total, rate.name))
    return tuple(rates[:SHOWN_RATES])


def _key(sample: Sample) -> tuple[str, tuple[tuple[str, str], ...]]:
    return sample.name, tuple(sorted(sample.labels.items()))


def _words(sample: Sample) -> str | None:
    for prefix, shown in _COUNTERS:
        if sample.name == prefix:
            counted = sample.labels.get("name", "").replace("_", " ")
            return f"{sample.labels.get('node', '')}: {counted}"
        if sample.name.startswith(prefix):
            name = sample.name.removeprefix(prefix).removesuffix("_total").replace("_", " ")
            return f"{shown}{' '.join((name, *sample.labels.values()))}"
    return None


def _pushes(now: Look) -> tuple[tuple[str, int], ...]:
    states: dict[str, int] = {}
    for name in ("corenet_gateway_deliveries", "corenet_gateway_deliveries_ended_total"):
        for state, value in now.samples.by(name, "state").items():
            states[state] = states.get(state, 0) + int(value)
    return tuple((state, count) for state, count in states.items() if count)


def _latencies(first: Look, now: Look) -> tuple[Latency, ...]:
    latencies = []
    for name, words in _HISTOGRAMS:
        begun = _buckets(first, name)
        if buckets := _buckets(now, name):
            grown = {bound: count - begun.get(bound, 0.0) for bound, count in buckets.items()}
            count = int(max(grown.values()))
            latencies.append(Latency(words, count, quantile(grown, 0.5), quantile(grown, 0.95)))
    return tuple(latencies)


def _buckets(look: Look, name: str) -> dict[float, float]:
    samples = look.samples.all(f"{name}_bucket")
    return {float(sample.labels["le"]): sample.value for sample in samples}


def quantile(buckets: Mapping[float, float], share: float) -> float | None:
    """Return the quantile of cumulative buckets by their upper bounds, or None of nothing.

    What is above the last finite bound is taken to be at it.
    """
    total = max(buckets.values(), default=0.0)
    if total <= 0:
        return None
    wanted, lower, below = share * total, 0.0, 0.0
    for bound in sorted(buckets):
        count = buckets[bound]
        if count >= wanted and count > below:
            if bound == float("inf"):
                return lower
            return lower + (bound - lower) * (wanted - below) / (count - below)
        lower, below = bound, count
    return lower
