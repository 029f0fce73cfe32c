"""How good the radio is in cells, whatever runs the nodes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random

from corenet.interfaces.node import Address, Interface


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


_PERFECT = CellQuality()


class Cells:
    """Cells that lose and delay frames; those that it does not know are perfect."""

    def __init__(self, quality: Mapping[int, CellQuality], random: Random) -> None:
        """``quality`` is by cell identity; ``random`` chooses the frames that are lost."""
        self._quality = dict(quality)
        self._random = random

    def delay(self, interface: Interface, source: Address, destination: Address) -> float | None:
        """Return how long a frame is under way in its cell, None for one that is lost."""
        if not self._quality or interface is not Interface.RADIO:
            return 0.0
        # A mobile's place is its IMSI and the cell; no node's name is digits.
        mobile = source if source[0].isdigit() else destination
        quality = self._quality.get(mobile[1], _PERFECT)
        if quality.loss and self._random.random() < quality.loss:
            return None
        return quality.latency
