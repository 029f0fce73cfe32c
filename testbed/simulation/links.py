"""The ways between nodes in virtual time: when what is sent arrives, and what does not."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Final

from corenet.interfaces.attachments import LIKE_TCP, OVER_TCP
from corenet.interfaces.cells import CellQuality, Cells
from corenet.interfaces.node import Address, Interface
from testbed.simulation.quality import LinkQuality

RELIABLE: Final = OVER_TCP | LIKE_TCP
"""Interfaces that run over TCP: no loss, no duplication, no reordering."""

_FEWEST_LINES: Final = 10_000
"""Flows whose last arrival is known before it is looked which of them matter."""

Flow = tuple[Interface, Address, Address]
"""What keeps its order: interface, source and destination."""


class Links:
    """Every interface with its quality, and the flows on it, which keep their order."""

    def __init__(
        self,
        quality: Mapping[Interface, LinkQuality],
        cells: Mapping[int, CellQuality],
        random: Random,
    ) -> None:
        """Make links that are perfect but for 10 ms of latency, and for what is said otherwise."""
        self._random = random
        self._cells = Cells(cells, random)
        self._quality = {interface: LinkQuality() for interface in Interface}
        self._latest: dict[Flow, float] = {}
        self._kept = _FEWEST_LINES
        for interface, given in quality.items():
            self.set_quality(interface, given)

    def set_quality(self, interface: Interface, quality: LinkQuality) -> None:
        """Change an interface for what is sent from now on; what runs over TCP stays reliable."""
        if interface in RELIABLE and not quality.reliable:
            raise ValueError(
                f"{interface} runs over TCP: it has latency, but no loss and no reordering"
            )
        self._quality[interface] = quality

    def latency(self, interface: Interface) -> float:
        """Return how long octets of a connection take now."""
        return self._quality[interface].arrivals(self._random)[0][0]

    def delays(self, interface: Interface) -> list[float]:
        """Return how long each copy of what belongs to no flow takes."""
        return [delay for delay, _ in self._quality[interface].arrivals(self._random)]

    def arrivals(self, flow: Flow, now: float) -> list[float]:
        """Return when each copy of what a flow sends now arrives; none where it is lost."""
        copies = self._quality[flow[0]].arrivals(self._random)
        in_cell = self._cells.delay(*flow)
        if in_cell is None:
            return []
        times = []
        for delay, in_line in copies:
            due = now + in_cell + delay
            if in_line:
                due = self._latest[flow] = max(due, self._latest.get(flow, due))
                if len(self._latest) > self._kept:
                    self._forget(now)
            times.append(due)
        return times

    def _forget(self, now: float) -> None:
        """Forget flows of which nothing is under way: what comes later is behind it anyway."""
        self._latest = {flow: due for flow, due in self._latest.items() if due > now}
        self._kept = max(_FEWEST_LINES, 2 * len(self._latest))
