"""Metrics as they are asked for: samples by name and labels, and the queues among them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from prometheus_client.parser import text_string_to_metric_families


class SamplesError(ValueError):
    """What was answered is no Prometheus text."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One number."""

    name: str
    labels: Mapping[str, str]
    value: float


class Samples:
    """All the numbers of one answer."""

    def __init__(self, samples: Mapping[str, list[Sample]]) -> None:
        self._samples = samples

    def __or__(self, other: Samples) -> Samples:
        """Return these and those of somebody else, who has other names."""
        return Samples({**self._samples, **other._samples})

    @classmethod
    def read(cls, exposed: str) -> Samples:
        """Read Prometheus' text format; raises ``SamplesError`` where it is none."""
        by_name: dict[str, list[Sample]] = {}
        try:
            for family in text_string_to_metric_families(exposed):
                for one in family.samples:
                    sample = Sample(one.name, one.labels, one.value)
                    by_name.setdefault(one.name, []).append(sample)
        except ValueError as error:
            raise SamplesError(f"no metrics: {error}") from None
        return cls(by_name)

    def all(self, name: str) -> list[Sample]:
        """Return every sample with a name."""
        return self._samples.get(name, [])

    def counters(self) -> list[Sample]:
        """Return every sample of a counter."""
        return [
            sample
            for name, samples in self._samples.items()
            if name.endswith("_total")
            for sample in samples
        ]

    def total(self, name: str, **labels: str) -> float:
        """Return the sum of those that have these labels."""
        return sum(
            sample.value
            for sample in self.all(name)
            if all(sample.labels.get(key) == value for key, value in labels.items())
        )

    def by(self, name: str, label: str) -> dict[str, float]:
        """Return the values of one name by a label."""
        return {sample.labels.get(label, ""): sample.value for sample in self.all(name)}


_QUEUES: Final = (
    ("gateway", "corenet_gateway_deliveries", "state"),
    ("gateway", "corenet_gateway_size", "thing"),
    ("smsc", "corenet_smsc_queued", "lane"),
    ("smsc", "corenet_smsc_size", "thing"),
    ("core", "corenet_size", "thing"),
)


def queues(samples: Samples) -> Iterator[dict[str, Any]]:
    """Yield how much waits where, of the core, the gateway or the SMSC."""
    for place, name, label in _QUEUES:
        for queue, length in samples.by(name, label).items():
            yield {"at": place, "queue": queue, "length": int(length)}
