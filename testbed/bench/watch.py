"""Expectations that wait: let time pass until something is seen, or say what was seen instead.

Theory of operation. Everything that passes and every event is kept from the lab's start on. An
expectation looks at what came after the lab was ready (``forget`` moves that to now), and takes
the first that it matches and that no expectation before it has taken: two equal ones in a row mean
two. So expectations need not come in the order of what they expect; ``after`` and
``expect_in_order`` are for those who mean an order. A name that no message, event or field has is
refused at once: to wait for it would be in vain, and not to see it no success.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any, Final

from corenet.interfaces.node import Event, Interface
from corenet.interfaces.runtime import Passed
from testbed.bench.world import World
from testbed.expectations.expected import Expected, event, message
from testbed.expectations.known import check
from testbed.expectations.matching import in_order, instead
from testbed.expectations.seen import Record, Seen
from testbed.lab.ladder import Ladder, Rung, text

RUNGS_KEPT: Final = 10_000
RUNGS_SHOWN: Final = 12
"""Of the ladder, in an expectation's own words; a failing test's report has more."""
NO_FIELDS: Mapping[str, Any] = {}


class ExpectationFailedError(AssertionError):
    """Something was not seen in time, or was seen and should not have been."""


class Watch:
    """What was seen of a lab, and expectations of it."""

    def __init__(self, world: World, names: Mapping[str, str], *, within: float) -> None:
        """``names`` are those of addresses that are no node's; ``within`` how long one waits."""
        self.world = world
        self.within = within
        """Seconds that an expectation waits when it does not say how long."""
        self.record = Record(names)
        self.rungs: deque[Rung] = deque(maxlen=RUNGS_KEPT)
        self._ladder = Ladder(self.rungs.append, names)
        self._taken: set[int] = set()
        self._start = 0
        self.ready: float | None = None
        """When the lab was ready, from which ladders count: seconds since 1970-01-01 UTC."""
        world.watch(self._passed, self._happened)

    def _passed(self, passed: Passed) -> None:
        self.record.passed(passed)
        self._ladder.passed(passed)

    def _happened(self, time: float, node: str, happened: Event) -> None:
        self.record.happened(time, node, happened)
        self._ladder.happened(time, node, happened)

    def forget(self) -> None:
        """Let expectations look only at what comes from now on."""
        self.ready = self.world.now() if self.ready is None else self.ready
        self._start = len(self.record)

    def expect(
        self,
        expected: Expected,
        *,
        within: float | None = None,
        after: Seen | float | None = None,
    ) -> Seen:
        """Wait until something expected is seen; return it.

        Raises:
            UnknownNameError: there is no such message, event or field.
        """
        __tracebackhide__ = True
        check(expected)
        within = self.within if within is None else within
        found: list[int] = []
        begin = place = self._place_after(after)
        earliest = after if isinstance(after, int | float) else 0.0

        def look() -> bool:
            nonlocal place
            while place < len(self.record):
                seen = self.record[place]
                place += 1
                if seen.time < earliest or place - 1 in self._taken:
                    continue
                if expected.matches(seen):
                    found.append(place - 1)
                    return True
            return False

        if not self.world.until(look, within):
            raise ExpectationFailedError(self._missing(expected, within, begin, earliest))
        self._taken.add(found[0])
        result: Seen = self.record[found[0]]
        return result

    def expect_none(self, expected: Expected, *, during: float) -> None:
        """Let time pass, and fail as soon as something is seen that should not be.

        Raises:
            UnknownNameError: there is no such message, event or field.
        """
        __tracebackhide__ = True
        check(expected)
        place = len(self.record)
        found: list[Seen] = []

        def look() -> bool:
            nonlocal place
            while place < len(self.record):
                seen = self.record[place]
                place += 1
                if expected.matches(seen):
                    found.append(seen)
                    return True
            return False

        if self.world.until(look, during):
            when = f"{(found[0].time - self._zero) * 1000:.1f} ms"
            raise ExpectationFailedError(
                f"was not to be seen: {expected}\n  {found[0]} at {when}\n{self.last()}"
            )

    def expect_in_order(
        self, expectations: Sequence[Expected], *, within: float | None = None
    ) -> list[Seen]:
        """Wait until all are seen one after the other, with anything in between; return them.

        Raises:
            UnknownNameError: there is no such message, event or field.
        """
        __tracebackhide__ = True
        for expected in expectations:
            check(expected)
        within = self.within if within is None else within
        looked = -1

        def look() -> bool:
            nonlocal looked
            if len(self.record) == looked:
                return False
            looked = len(self.record)
            return in_order(expectations, self.record, self._start).complete

        complete = self.world.until(look, within)
        found = in_order(expectations, self.record, self._start)
        if not complete:
            assert found.missing is not None
            begin = found.positions[-1] + 1 if found.positions else self._start
            come = f"{len(found.positions)} of {len(expectations)} were seen in order; then "
            raise ExpectationFailedError(come + self._missing(found.missing, within, begin))
        self._taken.update(found.positions)
        return [self.record[position] for position in found.positions]

    def ladder(self, last: int | None = None, *, whole: bool = False) -> str:
        """Return what was seen as text, a line each, in milliseconds since the lab was ready.

        From then on, or with ``whole`` from its start on; at most so many of the ``last`` lines.
        """
        rungs = sorted(self.rungs, key=lambda rung: rung.time)
        shown = rungs if whole else [rung for rung in rungs if rung.time >= self._zero]
        cut = len(shown) - len(shown[-(last or len(shown)) :])
        lines = [text(rung, self._zero) for rung in shown[cut:]]
        return "\n".join([f"… {cut} earlier"] * bool(cut) + lines)

    @property
    def _zero(self) -> float:
        if self.ready is not None:
            return self.ready
        return self.rungs[0].time if self.rungs else 0.0

    def _place_after(self, after: Seen | float | None) -> int:
        """Return the place in the record of the first that can count as after something."""
        if not isinstance(after, Seen):
            return self._start
        return max(self._start, 1 + next(n for n, s in enumerate(self.record) if s is after))

    def _missing(self, expected: Expected, within: float, begin: int, earliest: float = 0.0) -> str:
        left = [n for n in range(self._start, len(self.record)) if n not in self._taken]
        seen = [self.record[n] for n in left]
        place = sum(n < begin or self.record[n].time < earliest for n in left)
        lines = [
            f"not seen within {within:g} s: {expected}",
            *(f"  {line}" for line in instead(expected, seen, place, since=self._zero)),
            self.last(),
        ]
        return "\n".join(lines)

    def last(self) -> str:
        """Return the end of the ladder, as expectations that failed show it."""
        return f"the last that was seen:\n{self.ladder(RUNGS_SHOWN) or '  nothing at all'}"


def as_message(name: str | Expected) -> Expected:
    """Return the expectation of a message, by its name or as it is."""
    return message(name) if isinstance(name, str) else name


class Messages:
    """Expectations of messages; what a lab and its core have in common."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch

    def expect(
        self,
        name: str,
        *,
        source: str | None = None,
        to: str | None = None,
        on: Interface | None = None,
        within: float | None = None,
        after: Seen | float | None = None,
        fields: Mapping[str, Any] = NO_FIELDS,
        **more: Any,
    ) -> Seen:
        """Wait for a message, such as "PDU Notification Request"; return it as it was seen.

        ``source`` and ``to`` are nodes, by name or address. ``fields``, by dotted path, and the
        further arguments say what its elements are (``testbed.expectations.values``). Fails with
        ``ExpectationFailedError``, which says what was seen instead.
        """
        __tracebackhide__ = True
        expected = message(name, on=on, source=source, to=to, fields={**fields, **more})
        return self._watch.expect(expected, within=within, after=after)

    def expect_none(
        self,
        name: str,
        *,
        source: str | None = None,
        to: str | None = None,
        on: Interface | None = None,
        during: float = 1.0,
        fields: Mapping[str, Any] = NO_FIELDS,
        **more: Any,
    ) -> None:
        """Let ``during`` seconds pass; fail if such a message passes meanwhile."""
        __tracebackhide__ = True
        expected = message(name, on=on, source=source, to=to, fields={**fields, **more})
        self._watch.expect_none(expected, during=during)

    def expect_in_order(self, *names: str | Expected, within: float | None = None) -> list[Seen]:
        """Wait for messages one after the other, with anything in between; return them.

        Each is a name, or what ``message`` and ``event`` return.
        """
        __tracebackhide__ = True
        return self._watch.expect_in_order([as_message(name) for name in names], within=within)


class Events:
    """What nodes say has happened."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch

    def expect(
        self,
        name: str,
        *,
        of: str | None = None,
        within: float | None = None,
        after: Seen | float | None = None,
        fields: Mapping[str, Any] = NO_FIELDS,
        **more: Any,
    ) -> Seen:
        """Wait for an event, by the name of its class; its ``subject`` is the event itself.

        ``of`` is the node that says so; ``fields`` and the further arguments are what is in it.
        """
        __tracebackhide__ = True
        expected = event(name, of=of, fields={**fields, **more})
        return self._watch.expect(expected, within=within, after=after)

    def expect_none(
        self,
        name: str,
        *,
        of: str | None = None,
        during: float = 1.0,
        fields: Mapping[str, Any] = NO_FIELDS,
        **more: Any,
    ) -> None:
        """Let ``during`` seconds pass; fail if there is such an event meanwhile."""
        __tracebackhide__ = True
        self._watch.expect_none(event(name, of=of, fields={**fields, **more}), during=during)

    def named(self, name: str) -> list[Seen]:
        """Return the events of that name so far, from the lab's start on."""
        expected = event(name)
        return [seen for seen in tuple(self._watch.record) if expected.matches(seen)]
