"""Twisted's reactor in a thread of its own, for those who wait in another one.

A reactor runs once in a process, so there is one such thread, and every lab on sockets is in it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

T = TypeVar("T")

LONGEST_CALL = 60.0
"""Seconds after which whoever waits for the reactor is told that it does not answer."""


class ReactorTakenError(RuntimeError):
    """The process' reactor runs already, or has run."""


class ReactorThread:
    """Runs the process' reactor until it is stopped."""

    def __init__(self) -> None:
        """Start it; ReactorTakenError where it runs already, or has run."""
        from twisted.internet import reactor

        self.reactor: Any = reactor
        if self.reactor.running or getattr(self.reactor, "_startedBefore", False):
            raise ReactorTakenError(
                "labs on sockets need Twisted's reactor, which another part of this process runs "
                "or has run: use virtual time, or keep such tests to a process of their own"
            )
        self._thread = threading.Thread(target=self._run, name="corenet reactor", daemon=True)
        self._thread.start()
        self.call(lambda: None)

    def _run(self) -> None:
        self.reactor.run(installSignalHandlers=False)

    def call(self, action: Callable[[], T]) -> T:
        """Do something in the reactor; return, or raise, what it does."""
        future: Future[T] = Future()

        def work() -> None:
            try:
                future.set_result(action())
            except BaseException as error:
                future.set_exception(error)

        self.reactor.callFromThread(work)
        return future.result(LONGEST_CALL)

    def run(self, work: Callable[[], Coroutine[Any, Any, T]], within: float = LONGEST_CALL) -> T:
        """Run a coroutine in the reactor; return, or raise, what comes of it."""
        future: Future[T] = Future()

        def failed(failure: Failure) -> None:
            future.set_exception(failure.value)

        def begin() -> None:
            Deferred.fromCoroutine(work()).addCallbacks(future.set_result, failed)

        self.reactor.callFromThread(begin)
        return future.result(within)

    def stop(self) -> None:
        """Stop the reactor for good."""
        self.reactor.callFromThread(self.reactor.stop)
        self._thread.join(LONGEST_CALL)
