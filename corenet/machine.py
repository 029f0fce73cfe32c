"""State machines whose steps are spread over many procedures: which moves there are.

Theory of operation. Where one object does all the steps of a machine, a table says what each input
does in each state (``corenet.ggsn.activation.network_activation``, ``gtp.path``). Mobility and
session management are a dozen procedures instead, each in a module of its own, and a state is what
they have in common. For such a machine the table says from which state to which it may go, and
what makes it do so. ``check`` refuses any other move: so no procedure can do what the table does
not know, and a picture made of the table leaves no move out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Generic, TypeVar

S = TypeVar("S", bound=Enum)

Reasons = tuple[str, ...]
"""What makes a machine move: messages by their names, timers and commands."""


class ImpossibleMoveError(Exception):
    """A machine was to go where it cannot go from its state: a fault of this program."""

    def __init__(self, before: Enum, after: Enum) -> None:
        super().__init__(f"from {before.value!r} to {after.value!r}")
        self.before = before
        self.after = after


@dataclass(frozen=True, slots=True)
class Machine(Generic[S]):
    """The moves of one machine, each with what makes it."""

    begins: Mapping[S, Reasons]
    """The states that it can begin in."""
    moves: Mapping[tuple[S, S], Reasons]
    ends: Mapping[S, Reasons]
    """The states that it can be forgotten in."""

    def check(self, before: S, after: S) -> None:
        """Raise ImpossibleMoveError where there is no such move."""
        if (before, after) not in self.moves:
            raise ImpossibleMoveError(before, after)
