"""Expectations held against what was seen: in order, never, so many times.

Theory of operation. Expectations in order are matched greedily: each to the first that it
matches after the one before it. That finds a way wherever there is one. Messages are in order
among messages, and events among events; one of each may be told in either order when they belong
to one moment, for what a node does at one instant is told differently by different runtimes. A
sequence that is not
complete may become so while more is seen, and so is asked again; each answer says how far it came
and, of what is missing, what was seen instead: things of the same name, and in what they differ.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from testbed.expectations.expected import Expected
from testbed.expectations.seen import Seen

ONE_MOMENT = 1.0
"""Seconds within which a message and an event have no order: a busy machine tells them late."""

_MOST_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Found:
    """How far expectations in order have come true."""

    positions: tuple[int, ...]
    """Where each that came true was seen."""
    missing: Expected | None = None
    """The first that did not."""

    @property
    def complete(self) -> bool:
        """Whether all came true."""
        return self.missing is None


def first(expected: Expected, seen: Sequence[Seen], start: int = 0) -> int | None:
    """Return the place of the first that is as expected, from ``start`` on."""
    for position in range(start, len(seen)):
        if expected.matches(seen[position]):
            return position
    return None


def in_order(expectations: Sequence[Expected], seen: Sequence[Seen], start: int = 0) -> Found:
    """Find expectations one after the other, with anything in between."""
    positions: list[int] = []
    next_of_kind = {True: start, False: start}
    latest = float("-inf")
    for expected in expectations:
        position = next_of_kind[expected.is_event]
        while position < len(seen):
            one = seen[position]
            if one.time >= latest - ONE_MOMENT and expected.matches(one):
                break
            position += 1
        else:
            return Found(tuple(positions), expected)
        positions.append(position)
        next_of_kind[expected.is_event] = position + 1
        latest = max(latest, seen[position].time)
    return Found(tuple(positions))


def every(expected: Expected, seen: Sequence[Seen], start: int = 0) -> tuple[int, ...]:
    """Return the places of all that are as expected."""
    return tuple(place for place in range(start, len(seen)) if expected.matches(seen[place]))


def instead(
    expected: Expected, seen: Sequence[Seen], start: int = 0, *, since: float = 0.0
) -> list[str]:
    """Say what was seen instead of what is missing from ``start`` on.

    One line for each of the first few of the same name. ``since`` is the time that counts as 0.
    """
    lines = []
    for position, one in enumerate(seen):
        if not expected.names(one):
            continue
        when = f"{one} at {(one.time - since) * 1000:.1f} ms"
        differences = expected.differences(one)
        if differences:
            lines.append(f"{when} {', '.join(differences)}")
        elif position < start:
            lines.append(f"{when} came too early")
    if not lines:
        what = "event" if expected.is_event else "message"
        return [f"no {what} of that name was seen"]
    more = len(lines) - _MOST_SHOWN
    return lines[:_MOST_SHOWN] + ([f"and {more} more"] if more > 0 else [])
