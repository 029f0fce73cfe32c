"""Which arrows of the SGSN's and the mobile's machines are taken while something runs.

Moves are seen where every move is checked (``Machine.check``); beginnings, ends and what is kept
otherwise, at the public doors of what has the state.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import Enum
from functools import wraps
from typing import Any, Final

import pytest

from corenet.machine import Machine
from corenet.mobile import states as mobile
from corenet.mobile.contexts import Context
from corenet.mobile.events import MobileState
from corenet.mobile.mobility import Mobility
from corenet.mobile.sessions import Sessions as MobileSessions
from corenet.sgsn import states as sgsn
from corenet.sgsn.events import MmState
from corenet.sgsn.mm_context import MmContext, MmContexts
from corenet.sgsn.mobility.presence import Presence
from corenet.sgsn.sessions.modification import Modifications
from corenet.sgsn.sessions.network_request import NetworkRequests

MACHINES: Final = {
    "sgsn-mobility": sgsn.MOBILITY,
    "sgsn-reachability": sgsn.REACHABILITY,
    "sgsn-session": sgsn.SESSION,
    "sgsn-request": sgsn.REQUEST,
    "mobile-mobility": mobile.MOBILITY,
    "mobile-session": mobile.SESSION,
}
"""By the names of their pictures."""

Arrow = tuple[str, Enum | None, Enum | None]
"""Machine, state before and state after; None is outside."""
Door = Callable[..., Arrow | None]
"""What is taken when a method is called, said of its arguments before the call."""


def drawn() -> set[Arrow]:
    """Return every arrow from one state to another, or from or to outside."""
    return {
        (name, before, after)
        for name, machine in MACHINES.items()
        for before, after in (
            *((None, state) for state in machine.begins),
            *machine.moves,
            *((state, None) for state in machine.ends),
        )
    }


def _within(name: str, state: Enum) -> Arrow:
    return name, state, state


@contextmanager
def recorded() -> Iterator[set[Arrow]]:
    """Take note of the arrows that are taken meanwhile, whatever takes them."""
    taken: set[Arrow] = set()
    names = {id(machine): name for name, machine in MACHINES.items()}
    with pytest.MonkeyPatch.context() as patch:

        def watch(owner: type, method: str, door: Door) -> None:
            original = getattr(owner, method)

            @wraps(original)
            def watched(self: Any, *arguments: Any, **named: Any) -> Any:
                arrow = door(self, *arguments)
                if arrow is not None:
                    taken.add(arrow)
                return original(self, *arguments, **named)

            patch.setattr(owner, method, watched)

        def watch_reach(owner: type, method: str, mobile_of: Callable[..., MmContext]) -> None:
            original = getattr(owner, method)

            @wraps(original)
            def watched(self: Any, *arguments: Any) -> Any:
                of = mobile_of(self, *arguments)
                before = of.reachability
                result = original(self, *arguments)
                if of.reachability is not before:
                    taken.add(("sgsn-reachability", before, of.reachability))
                return result

            patch.setattr(owner, method, watched)

        watch_reach(MmContext, "enter", lambda own, *_: own)
        watch_reach(Presence, "awake", lambda _, one: one)
        watch_reach(Presence, "miss", lambda _, one, _now: one)
        watch(Machine, "check", lambda own, before, after: (names[id(own)], before, after))
        watch(MmContexts, "add", lambda _, one: ("sgsn-mobility", None, one.state))
        watch(
            MmContexts,
            "name",
            lambda _, one: (
                _within("sgsn-mobility", one.state) if one.state is MmState.ATTACHED else None
            ),
        )
        watch(MmContexts, "remove", lambda _, one: ("sgsn-mobility", one.state, None))
        watch(MmContext, "take", lambda _, one: ("sgsn-session", None, one.state))
        watch(
            MmContext,
            "drop",
            lambda own, one: (
                ("sgsn-session", one.state, None) if one in own.contexts.values() else None
            ),
        )
        for change in ("wanted_by_mobile", "wanted_by_sgsn"):
            watch(Modifications, change, lambda _, _m, one, *_r: _within("sgsn-session", one.state))
        watch(NetworkRequests, "add", lambda _, one: ("sgsn-request", None, one.state))
        for end in ("satisfied", "fail"):
            watch(NetworkRequests, end, lambda _, one, *_r: ("sgsn-request", one.state, None))
        for begin in ("begin", "add"):
            watch(MobileSessions, begin, lambda _, one, *_r: ("mobile-session", None, one.state))
        for end in ("end", "end_activation"):
            watch(MobileSessions, end, lambda _, one, *_r: ("mobile-session", one.state, None))
        watch(
            Context,
            "stop_modification",
            lambda own: None if own.modification is None else _within("mobile-session", own.state),
        )
        watch(
            Mobility,
            "receive",
            lambda own, *_: _within("mobile-mobility", own.state) if own.updating else None,
        )
        watch(Mobility, "__init__", lambda *_: ("mobile-mobility", None, MobileState.DETACHED))
        yield taken
