"""Runs a coroutine in the reactor until it ends, with Ctrl-C as a polite request to end."""

from __future__ import annotations

import signal
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from twisted.internet.defer import CancelledError, Deferred
from twisted.python.failure import Failure

from testbed.lab.signals import INTERRUPTIONS, end_at_once

INTERRUPTED = 130
"""Exit status after SIGINT or SIGTERM (128 + SIGINT, as shells have it)."""


def run_in_reactor(work: Callable[[Any], Coroutine[Any, Any, int]]) -> int:
    """Run ``work(reactor)`` and return the exit status that it gives.

    The first SIGINT or SIGTERM cancels what ``work`` awaits, so that its ``finally`` clauses
    put things in order; one that comes before that has begun keeps it from beginning. A second
    one, of either kind, ends the process at once. What ``work`` raises, it raises.
    """
    from twisted.internet import reactor as installed

    reactor: Any = installed  # no interface of Twisted's has all that is asked for here
    status: list[int] = []
    failures: list[Failure] = []
    running: list[Deferred[int]] = []
    interrupted = False

    def ended(result: int | Failure) -> None:
        if isinstance(result, Failure):
            failures.append(result)
        else:
            status.append(result)
        reactor.callLater(0, reactor.stop)

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        nonlocal interrupted
        interrupted = True
        for each in INTERRUPTIONS:
            signal.signal(each, end_at_once)
        # Not from here: the work may be in the midst of its first steps.
        reactor.callFromThread(cancel)

    def cancel() -> None:
        for work_begun in running:
            work_begun.cancel()

    def begin() -> None:
        if interrupted:
            reactor.stop()
            return
        running.append(Deferred.fromCoroutine(work(reactor)))
        running[0].addBoth(ended)

    with _taken(interrupt):
        reactor.callWhenRunning(begin)
        # Its own way with signals, which leaves no time for farewells, would replace ours.
        reactor.run(installSignalHandlers=False)
    for failure in failures:
        if interrupted and failure.check(CancelledError):
            return INTERRUPTED
        failure.raiseException()
    return INTERRUPTED if interrupted else status[0]


@contextmanager
def _taken(interrupt: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    """Have ``interrupt`` called by signals that ask this process to end."""
    before = {number: signal.signal(number, interrupt) for number in INTERRUPTIONS}
    try:
        yield
    finally:
        for number, action in before.items():
            signal.signal(number, action)
