"""How good the radio is in a cell."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CellQuality:
    """What becomes of the frames in one cell, both ways."""

    loss: float = 0.0
    """Of each frame, 0..1."""
    latency: float = 0.0
    """In seconds, beside what the interface has."""

    def __post_init__(self) -> None:
        if not 0.0 <= self.loss <= 1.0:
            raise ValueError(f"loss is a probability, 0..1, not {self.loss}")
        if self.latency < 0:
            raise ValueError("latency is not negative")
