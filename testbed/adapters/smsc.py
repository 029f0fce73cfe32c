"""An SMSC on real sockets and a real disk: its node on a runtime, its store in a thread.

Theory of operation. The store blocks for an fsync, so it works in one thread beside the reactor.
While it writes, further messages queue up, and the next transaction takes all of them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Coroutine
from random import Random
from typing import Any, Final, TypeVar

import structlog
from twisted.internet.defer import Deferred
from twisted.internet.task import LoopingCall
from twisted.internet.threads import deferToThreadPool
from twisted.python.failure import Failure
from twisted.python.threadpool import ThreadPool
from twisted.web.server import Site

from corenet.adapters.runtime import TwistedRuntime
from corenet.adapters.sqlite_file import StoreError
from corenet.interfaces.node import Event, Interface
from testbed.adapters.event_words import EventWords
from testbed.adapters.smsc_metrics import MetricsPage, SmscMetrics
from testbed.adapters.store_thread import SHARED
from testbed.smsc.config import SmscConfig
from testbed.smsc.effects import Commit, FindMessage
from testbed.smsc.events import (
    EffectsQueued,
    EsmeNotCalled,
    EsmeRefused,
    EsmeUnreached,
    ReceiptGivenUp,
    StoreFailed,
    SubmissionRefused,
)
from testbed.smsc.node import Smsc
from testbed.smsc.store import MessageStore, Store

T = TypeVar("T")

_LARGEST_BATCH: Final = 1000
"""Messages in one transaction."""
_PRUNE_EVERY: Final = 3600.0
"""Seconds between looks for messages that are to be forgotten."""
_WARNINGS: Final = (
    EsmeNotCalled,
    EsmeRefused,
    EsmeUnreached,
    ReceiptGivenUp,
    StoreFailed,
    SubmissionRefused,
)


def open_store(place: str) -> Store:
    """Open the store at a path, or at a PostgreSQL URL. Raises StoreError."""
    if not place.startswith(SHARED):
        return MessageStore(place)
    try:
        from testbed.adapters.postgresql_messages import PostgresqlMessages
    except ImportError as error:
        raise StoreError(
            f"a PostgreSQL store needs psycopg ({error}): pip install 'corenet[postgres]'"
        ) from None
    return PostgresqlMessages(place)


class SmscService:
    """One SMSC from its start to its stop."""

    def __init__(
        self,
        reactor: Any,
        runtime: TwistedRuntime,
        config: SmscConfig,
        *,
        store: str,
        random: Random,
        name: str = "smsc",
        metrics_port: int | None = None,
    ) -> None:
        """``store`` is the SQLite file of messages that are kept, or the URL of a database.

        ``metrics_port`` is where ``GET /metrics`` is answered, at the SMSC's address.
        """
        self.smsc = Smsc(config, name=name, random=random)
        self.metrics = SmscMetrics(self.smsc)
        self._metrics_port = metrics_port
        self._listening: Any = None
        self._reactor = reactor
        self._runtime = runtime
        self._path = store
        self._store: Store | None = None
        self._threads = ThreadPool(1, 1, "smsc store")
        self._shutdown: Any = None
        self._queue: deque[Commit] = deque()
        self._writing: Deferred[None] | None = None
        self._pruning = LoopingCall(self._prune)
        self._pruning.clock = reactor
        self._words = EventWords()
        self._log = structlog.get_logger("smsc").bind(node=name)

    async def start(self) -> None:
        """Open the store, take up what it kept, listen.

        Raises:
            corenet.adapters.sqlite_file.StoreError: the store cannot be opened.
            twisted.internet.error.CannotListenError: the port for metrics is taken.
            corenet.adapters.udp.CannotBindError: the SMPP port is taken.
        """
        self._threads.start()
        # A reactor that stops without us must not wait for the thread for ever.
        self._shutdown = self._reactor.addSystemEventTrigger(
            "after", "shutdown", self._threads.stop
        )
        try:
            self._store = await self._call(lambda: open_store(self._path))
            kept = await self._call(self._opened().unfinished)
            self._runtime.on_event(self._on_event)
            config = self.smsc.config
            if self._metrics_port is not None:
                site = Site(MetricsPage(self.metrics))
                self._listening = self._reactor.listenTCP(
                    self._metrics_port, site, interface=config.address
                )
            self._runtime.attach(
                self.smsc,
                {
                    Interface.SMPP: (config.address, config.smpp_port),
                    Interface.GR: (config.address, config.gsup_port),
                },
            )
        except BaseException:
            await self.stop()
            raise
        self._command(lambda now: self.smsc.restore(kept, now))
        if kept:
            self._log.info("messages taken up again", messages=len(kept))
        self._pruning.start(_PRUNE_EVERY)

    async def stop(self) -> None:
        """Write what is queued, close the store. The runtime stops the node."""
        if self._pruning.running:
            self._pruning.stop()
        listening, self._listening = self._listening, None
        if listening is not None:
            await listening.stopListening()
        while self._writing is not None:
            await self._call(lambda: None)
        store, self._store = self._store, None
        if store is not None:
            await self._call(store.close)
        shutdown, self._shutdown = self._shutdown, None
        if shutdown is not None:
            self._reactor.removeSystemEventTrigger(shutdown)
            self._threads.stop()

    def _command(self, action: Callable[[float], None]) -> None:
        """Command the node; what comes back after the end is dropped, the store has it all."""
        if self._store is not None:
            self._runtime.command(self.smsc, action)

    def _call(self, function: Callable[[], T]) -> Deferred[T]:
        return deferToThreadPool(self._reactor, self._threads, function)

    def _opened(self) -> Store:
        if self._store is None:
            raise StoreError("the store is not open")
        return self._store

    # Events and effects

    def _on_event(self, _time: float, name: str, event: Event) -> None:
        if name != self.smsc.name:
            return
        if isinstance(event, EffectsQueued):
            for effect in self.smsc.take_effects():
                if isinstance(effect, Commit):
                    self._write(effect)
                else:
                    self._run(self._find(effect))
            return
        self.metrics.observe(event)
        words, values = self._words.of(event)
        log = self._log.warning if isinstance(event, _WARNINGS) else self._log.info
        log(words, **values)

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        Deferred.fromCoroutine(work).addErrback(self._fault)

    def _fault(self, failure: Failure) -> None:
        self._log.error("fault of the SMSC", failure=failure.getTraceback())

    def _write(self, commit: Commit) -> None:
        self._queue.append(commit)
        if self._writing is None:
            self._write_batch()

    def _write_batch(self) -> None:
        batch = [self._queue.popleft() for _ in range(min(len(self._queue), _LARGEST_BATCH))]
        records = [commit.record for commit in batch]
        self._writing = self._call(lambda: self._opened().write(records))
        self._writing.addBoth(self._written, batch).addErrback(self._fault)

    def _written(self, result: Failure | None, batch: list[Commit]) -> None:
        # The next batch is on its way before anybody hears of this one.
        self._writing = None
        if self._queue:
            self._write_batch()

        def tell(now: float) -> None:
            for commit in batch:
                if isinstance(result, Failure):
                    self.smsc.commit_failed(commit.number, result.getErrorMessage(), now)
                else:
                    self.smsc.committed(commit.number, now)

        self._command(tell)

    async def _find(self, effect: FindMessage) -> None:
        try:
            records = await self._call(lambda: self._opened().find(effect.message_id))
        except StoreError as error:
            self._log.warning("store failed", message_id=effect.message_id, why=str(error))
            records = []
        self._command(lambda now: self.smsc.message_found(effect.number, records, now))

    def _prune(self) -> None:
        retention = self.smsc.config.retention
        if retention is not None and self._store is not None:
            before = self._runtime.now() - retention
            pruning = self._call(lambda: self._opened().prune(before))
            pruning.addCallbacks(lambda _: None, self._fault)
