"""A gateway's store in a thread of its own, with group commit.

Theory of operation. A store blocks for an fsync or for a server, so it works in one thread beside
the reactor. While it writes, further rows queue up; the next transaction takes all of them. So a
row waits for one fsync or two, however many come in.

Nobody waits for a row that says no more than how a push ended: it goes with the next row that
somebody waits for, or a moment later by itself. Under load that makes one transaction of two.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall
from twisted.internet.threads import deferToThreadPool
from twisted.python.failure import Failure
from twisted.python.threadpool import ThreadPool

from corenet.adapters.sqlite_file import StoreError
from testbed.gateway.config import GatewayConfig
from testbed.gateway.effects import Commit
from testbed.gateway.keeping.records import StoredPush, Withdrawal
from testbed.gateway.keeping.store import PushQuery, Renewal, SqliteStore, Store, Written

T = TypeVar("T")

SHARED = ("postgresql://", "postgres://")
"""What the URL of a store that gateways share begins with."""
LARGEST_BATCH = 1000
"""Rows in one transaction."""
LONGEST_WAIT = 0.01
"""Seconds that a row waits for company at most."""


def opener(config: GatewayConfig) -> Callable[[], Store]:
    """Return what opens the store that a gateway is configured with."""

    def open_shared() -> Store:
        try:
            from testbed.adapters.postgresql_store import PostgresqlStore
        except ImportError as error:
            raise StoreError(
                f"a PostgreSQL store needs psycopg ({error}): pip install 'corenet[postgres]'"
            ) from None
        return PostgresqlStore(config.store, lease=config.lease)

    if config.store.startswith(SHARED):
        return open_shared
    return lambda: SqliteStore(config.store)


class StoreThread:
    """Runs one store."""

    def __init__(
        self,
        reactor: Any,
        open_store: Callable[[], Store],
        *,
        written: Callable[[Sequence[tuple[Commit, Written]]], None],
        failed: Callable[[Sequence[Commit], str], None],
    ) -> None:
        """``reactor`` provides threads; ``open_store`` is called in the thread.

        For every transaction ``written`` gets its commits and what became of them, or ``failed``
        its commits and the reason why none of them is on disk.
        """
        self._reactor = reactor
        self._open_store = open_store
        self._tell_written = written
        self._tell_failed = failed
        self._threads = ThreadPool(1, 1, "gateway store")
        self._store: Store | None = None
        self._queue: deque[Commit] = deque()
        self._is_writing = False
        self._is_awaited = False
        """Somebody waits for a row in the queue."""
        self._alone: IDelayedCall | None = None
        """When what nobody waits for is written by itself."""
        self._shutdown: Any = None

    @property
    def lease(self) -> float | None:
        """Seconds that a renewal lasts, or None: see ``Store.lease``. Once started."""
        return self._opened().lease

    async def start(self) -> list[StoredPush]:
        """Open the store; return what has not ended. Raises StoreError."""
        self._threads.start()
        # A reactor that stops without us must not wait for the thread for ever.
        self._shutdown = self._reactor.addSystemEventTrigger(
            "after", "shutdown", self._threads.stop
        )
        try:
            return await self._call(self._open)
        except BaseException:
            self._end_thread()
            raise

    def write(self, commits: Iterable[Commit]) -> None:
        """Write rows durably; what becomes of them is told with their transactions."""
        for commit in commits:
            self._queue.append(commit)
            if not self._is_awaited and not commit.row.can_wait:
                self._is_awaited = True
        if not self._is_writing:
            self._write_or_wait()

    async def find(self, push_id: str) -> StoredPush | None:
        """Return a push, or None. Raises StoreError."""
        return await self._call(lambda: self._opened().find(push_id))

    async def search(self, query: PushQuery) -> list[StoredPush]:
        """Return the pushes that a query is about, newest first. Raises StoreError."""
        return await self._call(lambda: self._opened().search(query))

    async def renew(self) -> Renewal:
        """Renew the lease, and take over what has become free. Raises StoreError."""
        return await self._call(lambda: self._opened().renew())

    async def withdrawals(self) -> list[Withdrawal]:
        """Return what other gateways ask for. Raises StoreError."""
        return await self._call(lambda: self._opened().withdrawals())

    async def prune(self, before: float) -> int:
        """Forget some of the pushes that ended before that; return how many. Raises StoreError."""
        return await self._call(lambda: self._opened().prune(before))

    async def stop(self) -> None:
        """Write what is queued, close the store, end the thread."""
        while self._queue or self._is_writing:
            if not self._is_writing:
                self._write_batch()
            # Calls run one after the other, so this one comes back after the batch.
            await self._call(lambda: None)
        store, self._store = self._store, None
        if store is not None:
            await self._call(store.close)
        self._end_thread()

    def _end_thread(self) -> None:
        shutdown, self._shutdown = self._shutdown, None
        if shutdown is not None:
            self._reactor.removeSystemEventTrigger(shutdown)
            self._threads.stop()

    def _open(self) -> list[StoredPush]:
        self._store = self._open_store()
        return self._store.unfinished()

    def _opened(self) -> Store:
        if self._store is None:
            raise StoreError("the store is not open")
        return self._store

    def _call(self, function: Callable[[], T]) -> Deferred[T]:
        return deferToThreadPool(self._reactor, self._threads, function)

    def _write_or_wait(self) -> None:
        if self._is_awaited or len(self._queue) >= LARGEST_BATCH:
            self._write_batch()
        elif self._queue and self._alone is None:
            self._alone = self._reactor.callLater(LONGEST_WAIT, self._write_alone)

    def _write_alone(self) -> None:
        self._alone = None
        if not self._is_writing:
            self._write_batch()

    def _write_batch(self) -> None:
        if self._alone is not None:
            self._alone.cancel()
            self._alone = None
        batch = [self._queue.popleft() for _ in range(min(len(self._queue), LARGEST_BATCH))]
        self._is_awaited = bool(self._queue)
        self._is_writing = True
        rows = [commit.row for commit in batch]
        writing = self._call(lambda: self._opened().write(rows))
        writing.addBoth(self._ended, batch)

    def _ended(self, result: list[Written] | Failure, batch: list[Commit]) -> None:
        # The next batch is on its way before anybody hears of this one.
        self._is_writing = False
        self._write_or_wait()
        if isinstance(result, Failure):
            self._tell_failed(batch, result.getErrorMessage())
        else:
            self._tell_written(list(zip(batch, result, strict=True)))
