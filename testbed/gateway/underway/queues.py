"""What is to go out to each terminal, in the order in which it was accepted."""

from __future__ import annotations

from testbed.gateway.terminal import Terminal
from testbed.gateway.underway.deliveries import Delivery, Key


class Queues:
    """The deliveries that wait to go out, by terminal."""

    def __init__(self) -> None:
        self._queues: dict[Terminal, dict[Key, Delivery]] = {}

    def __contains__(self, delivery: Delivery) -> bool:
        """Return whether a delivery waits to go out."""
        return delivery.key in self._queues.get(delivery.terminal, ())

    def add(self, delivery: Delivery) -> None:
        """Put a delivery last, unless it has its place already."""
        self._queues.setdefault(delivery.terminal, {})[delivery.key] = delivery

    def remove(self, delivery: Delivery) -> bool:
        """Take a delivery out; return whether it was in."""
        queue = self._queues.get(delivery.terminal, {})
        was_in = queue.pop(delivery.key, None) is not None
        if was_in and not queue:
            del self._queues[delivery.terminal]
        return was_in

    def of(self, terminal: Terminal) -> list[Delivery]:
        """Return what waits for a terminal, first in first."""
        return list(self._queues.get(terminal, {}).values())
