"""Runs a coroutine in the reactor until it ends, with Ctrl-C as a polite request to end."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Coroutine
from types import FrameType
from typing import Any

from twisted.internet.defer import CancelledError, Deferred
from twisted.python.failure import Failure

INTERRUPTED = 130
"""Exit status after SIGINT or SIGTERM (128 + SIGINT, as shells have it)."""
_INTERRUPTIONS = (signal.SIGINT, signal.SIGTERM)


def run_in_reactor(work: Callable[[Any], Coroutine[Any, Any, int]]) -> int:
    """Run ``work(reactor)`` and return the exit status that it gives.

    The first SIGINT or SIGTERM cancels what ``work`` awaits, so that its ``finally`` clauses
    put things in order; a second one, of either kind, ends the process at once. What ``work``
    raises, it raises.
    """
    from twisted.internet import reactor

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
        for each in _INTERRUPTIONS:
            signal.signal(each, _end_at_once)
        reactor.callFromThread(running[0].cancel)  # type: ignore[attr-defined]

    def begin() -> None:
        running.append(Deferred.fromCoroutine(work(reactor)))
        for number in _INTERRUPTIONS:
            signal.signal(number, interrupt)
        running[0].addBoth(ended)

    reactor.callWhenRunning(begin)
    reactor.run()
    for failure in failures:
        if interrupted and failure.check(CancelledError):
            return INTERRUPTED
        failure.raiseException()
    return INTERRUPTED if interrupted else status[0]


def _end_at_once(number: int, _frame: FrameType | None) -> None:
    """End by the signal; the first process of a container, which no signal ends, by exiting."""
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)
    os._exit(128 + number)
