"""What an interface does to what travels on it."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random


@dataclass(frozen=True, slots=True)
class LinkQuality:
    """How good an interface is. Probabilities are 0..1 for each datagram, times are seconds."""

    latency: float = 0.01
    jitter: float = 0.0
    """Up to so much more latency, evenly spread; it alone changes no order."""
    loss: float = 0.0
    duplication: float = 0.0
    """Probability that a datagram arrives twice."""
    reordering: float = 0.0
    """Probability that a datagram is held back, so that later ones overtake it."""
    reordering_delay: float = 0.1
    """How long it is held back."""

    def __post_init__(self) -> None:
        for name in ("loss", "duplication", "reordering"):
            value = getattr(self, name)
            if not 0.0 <= value <= 1.0:
                raise ValueError(f"{name} is a probability, 0..1, not {value}")
        if min(self.latency, self.jitter, self.reordering_delay) < 0:
            raise ValueError("latency, jitter and reordering_delay are not negative")

    @property
    def reliable(self) -> bool:
        """Whether everything arrives once and in order."""
        return self.loss == self.duplication == self.reordering == 0

    def arrivals(self, random: Random) -> list[tuple[float, bool]]:
        """Return for each copy of a datagram its delay, and whether it keeps its place in line."""
        if self.loss and random.random() < self.loss:
            return []
        copies = 2 if self.duplication and random.random() < self.duplication else 1
        return [self._arrival(random) for _ in range(copies)]

    def _arrival(self, random: Random) -> tuple[float, bool]:
        delay = self.latency
        if self.jitter:
            delay += self.jitter * random.random()
        if self.reordering and random.random() < self.reordering:
            return delay + self.reordering_delay, False
        return delay, True
