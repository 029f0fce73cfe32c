"""A state machine as it is drawn: its states, and its arrows with what makes them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum

from corenet.machine import Machine

OUTSIDE = None
"""Where an arrow comes from that begins a machine, and where one goes that ends it."""


@dataclass(frozen=True, slots=True)
class Arrow:
    """One move, with all that makes it."""

    before: str | None
    after: str | None
    reasons: tuple[str, ...]


@dataclass(slots=True)
class Drawn:
    """One machine. Arrows are numbered in the order in which they were added."""

    name: str
    """Of its picture's file."""
    title: str
    says: str
    states: list[str] = field(default_factory=list)
    arrows: list[Arrow] = field(default_factory=list)

    def add(self, before: Enum | None, after: Enum | None, *reasons: str) -> Drawn:
        """Add what makes a move; reasons for one move share an arrow."""
        start, end = self._state(before), self._state(after)
        for number, arrow in enumerate(self.arrows):
            if (arrow.before, arrow.after) == (start, end):
                self.arrows[number] = Arrow(start, end, (*arrow.reasons, *reasons))
                return self
        self.arrows.append(Arrow(start, end, reasons))
        return self

    def add_all(self, moves: Iterable[tuple[Enum, Enum, str]]) -> Drawn:
        """Add moves, each with its reason."""
        for before, after, reason in moves:
            self.add(before, after, reason)
        return self

    def _state(self, state: Enum | None) -> str | None:
        """Return a state's name, which has a place from now on."""
        if state is None:
            return None
        value = state.value
        name = (value if isinstance(value, str) else state.name.lower()).replace("_", " ")
        if name not in self.states:
            self.states.append(name)
        return name


def of_machine(machine: Machine[Enum], name: str, title: str, says: str) -> Drawn:
    """Return how a machine of many procedures is drawn."""
    drawn = Drawn(name, title, says)
    for state, reasons in machine.begins.items():
        drawn.add(OUTSIDE, state, *reasons)
    for (before, after), reasons in machine.moves.items():
        drawn.add(before, after, *reasons)
    for state, reasons in machine.ends.items():
        drawn.add(state, OUTSIDE, *reasons)
    return drawn
