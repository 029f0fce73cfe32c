"""What was tried of a rule's routes for one push at one address.

Theory of operation. It begins anew when the terminal shows itself: then every route may be taken
again, with its whole time. When a gateway takes the push up after a restart every route may be
taken again too, for the terminal may have shown itself meanwhile; but the times go on, which the
store keeps.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from testbed.gateway.keeping.records import RouteTimes
from testbed.gateway.routing.policy import (
    NEVER,
    UNTRIED,
    Next,
    Refusal,
    Route,
    Rule,
    Tried,
    code_of,
)


@dataclass(frozen=True, slots=True)
class Wait:
    """The same route is taken again ``at`` that time."""

    at: float


@dataclass(frozen=True, slots=True)
class GoOn:
    """Another route may be taken now."""


@dataclass(frozen=True, slots=True)
class GiveUp:
    """The push is undeliverable, with the PAP status code to report."""

    code: int


Following = Wait | GoOn | GiveUp


class Progress:
    """How far a push has come along its rule."""

    __slots__ = ("_tried", "rule")

    def __init__(self, rule: Rule, times: RouteTimes = ()) -> None:
        """Begin, or go on with the ``times`` that a store has kept."""
        self.rule = rule
        self._tried = {route: Tried(since) for route, since in times}

    @property
    def tried(self) -> Mapping[Route, Tried]:
        """What came of each route that was tried."""
        return self._tried

    @property
    def times(self) -> RouteTimes:
        """Since when each route is tried, or waited for, whose time is bounded."""
        return tuple(
            (route, tried.since)
            for route, tried in self._tried.items()
            if tried.since is not None
            and route in self.rule.order
            and self.rule.time_of(route) < NEVER
        )

    @property
    def takes_ip(self) -> bool:
        """Whether the push may go to an address."""
        return Route.IP in self.rule.order and not self._tried.get(Route.IP, UNTRIED).given_up

    def begin(self, route: Route, now: float) -> float:
        """Note that a route is taken, or waited for; return when its time is over."""
        tried = self._tried.get(route, UNTRIED)
        since = now if tried.since is None else tried.since
        self._tried[route] = replace(tried, since=since)
        return since + self.rule.time_of(route)

    def give_up(self, route: Route, why: str, *, is_absent: bool = False) -> None:
        """Pass a route over from now on; ``is_absent``: because the terminal was away."""
        tried = self._tried.get(route, UNTRIED)
        self._tried[route] = replace(tried, given_up=why, is_absent=is_absent)

    def look(self) -> None:
        """Allow what was given up because the terminal was away: somebody looks again."""
        for route in [route for route, tried in self._tried.items() if tried.is_absent]:
            del self._tried[route]

    def take_up(self, rule: Rule) -> None:
        """Go by ``rule`` from now on; every route may be taken in what is left of its time."""
        self.rule = rule
        self._tried = {
            route: Tried(tried.since)
            for route, tried in self._tried.items()
            if tried.since is not None and route in rule.order
        }

    def start_over(self) -> None:
        """Allow every route again: the terminal has shown itself."""
        self._tried.clear()

    def fail(self, route: Route, refusal: Refusal, why: str, *, at: float, now: float) -> Following:
        """Take that a route came to nothing, and return what follows.

        ``at`` is when it may be tried again; NEVER: not before the terminal shows itself.
        """
        follows = self.rule.follows(refusal)
        is_absent = refusal is Refusal.ABSENT
        match follows:
            case Next.RETRY if at < self.begin(route, now):
                self._tried[route] = replace(self._tried[route], not_before=at)
                return Wait(at)
            case Next.RETRY | Next.NEXT:
                self.give_up(route, why, is_absent=is_absent)
            case Next.SMS | Next.HOLD:
                self.give_up(route, why, is_absent=is_absent)
                self._skip_to(Route(follows), why)
            case Next.FAIL:
                return GiveUp(code_of(refusal))
        if route is Route.IP:
            # What leads to an address leads to where it came to nothing.
            self.give_up(Route.ACTIVATION, why)
            self.give_up(Route.GI_TRIGGER, why)
        return GoOn()

    def _skip_to(self, route: Route, why: str) -> None:
        """Pass over what stands before ``route`` in the order; an address serves all the same."""
        for other in self.rule.order[: self.rule.order.index(route)]:
            if other is not Route.IP:
                self.give_up(other, why)
