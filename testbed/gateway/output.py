"""What the parts of a gateway put out: datagrams, events, effects, in order, and counts."""

from __future__ import annotations

from collections import Counter

from corenet.interfaces.node import Datagram, Event
from testbed.gateway.effects import Effect
from testbed.gateway.events import EffectsQueued


class Output:
    """Collects until somebody takes."""

    def __init__(self) -> None:
        self._datagrams: list[Datagram] = []
        self._events: list[Event] = []
        self._effects: list[Effect] = []
        self.counts: Counter[str] = Counter()
        """What has happened how often, by name."""

    def send(self, datagram: Datagram) -> None:
        """Have a datagram sent."""
        self._datagrams.append(datagram)

    def tell(self, event: Event) -> None:
        """Report an event."""
        self._events.append(event)

    def count(self, what: str, number: int = 1) -> None:
        """Count what happens."""
        self.counts[what] += number

    def ask(self, effect: Effect) -> None:
        """Have an effect carried out; the first of a batch is announced."""
        if not self._effects:
            self._events.append(EffectsQueued())
        self._effects.append(effect)

    def take_datagrams(self) -> list[Datagram]:
        """Return the datagrams and forget them."""
        taken, self._datagrams = self._datagrams, []
        return taken

    def take_events(self) -> list[Event]:
        """Return the events and forget them."""
        taken, self._events = self._events, []
        return taken

    def take_effects(self) -> list[Effect]:
        """Return the effects and forget them."""
        taken, self._effects = self._effects, []
        return taken
