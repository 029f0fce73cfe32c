"""The gateway's store in its thread: group commit, failures, the end."""

import threading

import pytest
from twisted.internet import reactor
from twisted.internet.defer import Deferred, ensureDeferred
from twisted.trial.unittest import TestCase

from corenet.adapters.sqlite_file import StoreError
from testbed.adapters.store_thread import StoreThread
from testbed.gateway.effects import Commit
from testbed.gateway.keeping.pushes import State
from testbed.gateway.keeping.records import (
    AddPush,
    DeliveryRecord,
    Notification,
    PushRecord,
    PutDelivery,
)
from testbed.gateway.keeping.store import SqliteStore, Written


def commit(push_id, number=0):
    return Commit(number, AddPush(PushRecord(push_id, 1.0, 2.0, ("a",), b"", "text/plain")))


def end(number, state=State.DELIVERED, notification=Notification.NONE):
    record = DeliveryRecord("0", 0, state, 1.0, notification=notification)
    return Commit(number, PutDelivery(record, 1))


class Told:
    """What a store thread has told of its transactions, in order."""

    def __init__(self):
        self.written = []
        self.failed = []
        self._waiting = []

    def take(self, written):
        self.written.append([(commit.number, became) for commit, became in written])
        self._look()

    def refuse(self, commits, reason):
        self.failed.append(([commit.number for commit in commits], reason))
        self._look()

    @property
    def ended(self):
        return sum(map(len, self.written)) + sum(len(commits) for commits, _ in self.failed)

    def wait_for(self, commits):
        """Fire once so many commits have come to an end."""
        waiter = Deferred()
        self._waiting.append((commits, waiter))
        self._look()
        return waiter

    def _look(self):
        for pair in list(self._waiting):
            commits, waiter = pair
            if self.ended >= commits:
                self._waiting.remove(pair)
                waiter.callback(None)


class SlowStore:
    """Writes when it is let, and remembers in which batches."""

    def __init__(self):
        self.go = threading.Event()
        self.batches = []
        self.threads = set()
        self.closed = False
        self.error = None

    def write(self, rows):
        self.threads.add(threading.get_ident())
        self.go.wait(60)
        self.batches.append(len(rows))
        if self.error is not None:
            raise self.error
        return [Written.DONE] * len(rows)

    def unfinished(self):
        return []

    def find(self, push_id):
        return None

    def close(self):
        self.closed = True


class StoreThreadTests(TestCase):
    """One thread, many rows a transaction."""

    async def make(self, open_store):
        self.told = Told()
        thread = StoreThread(reactor, open_store, written=self.told.take, failed=self.told.refuse)
        # A thread that a failed test leaves behind would keep the process from ending.
        self.addCleanup(lambda: ensureDeferred(thread.stop()))
        assert await thread.start() == []
        return thread

    async def test_rows_that_come_during_a_write_share_the_next_transaction(self):
        """A hundred submissions cost two fsyncs, not a hundred."""
        store = SlowStore()
        thread = await self.make(lambda: store)
        for number in range(100):
            thread.write([commit(str(number), number)])
        store.go.set()
        await self.told.wait_for(100)
        assert self.told.written == [
            [(0, Written.DONE)],
            [(number, Written.DONE) for number in range(1, 100)],
        ]
        assert store.batches == [1, 99]
        assert len(store.threads) == 1
        await thread.stop()

    async def test_a_batch_is_bounded(self):
        """A flood is written in several transactions."""
        store = SlowStore()
        thread = await self.make(lambda: store)
        for number in range(2500):
            thread.write([commit(str(number))])
        store.go.set()
        await self.told.wait_for(2500)
        assert store.batches == [1, 1000, 1000, 499]
        await thread.stop()

    async def test_an_end_that_nobody_waits_for_goes_with_the_next_submission(self):
        """One transaction in place of two."""
        store = SlowStore()
        store.go.set()
        thread = await self.make(lambda: store)
        thread.write([end(1)])
        thread.write([commit("2", 2)])
        await self.told.wait_for(2)
        assert self.told.written == [[(1, Written.DONE), (2, Written.DONE)]]
        await thread.stop()

    async def test_an_end_that_nobody_waits_for_goes_by_itself_a_moment_later(self):
        """Also where it came during a write."""
        store = SlowStore()
        thread = await self.make(lambda: store)
        thread.write([commit("1", 1)])
        thread.write([end(2)])
        store.go.set()
        await self.told.wait_for(2)
        assert store.batches == [1, 1]
        thread.write([end(3)])
        thread.write([end(4)])
        await self.told.wait_for(4)
        assert store.batches == [1, 1, 2]
        await thread.stop()

    async def test_an_end_that_somebody_waits_for_does_not_wait(self):
        """A result is reported, and a cancellation answered, once it is on disk."""
        store = SlowStore()
        store.go.set()
        thread = await self.make(lambda: store)
        for number, awaited in enumerate(
            (end(1, notification=Notification.DUE), end(2, State.CANCELLED), end(3, State.HELD)), 1
        ):
            later = len(reactor.getDelayedCalls())
            thread.write([awaited])
            assert len(reactor.getDelayedCalls()) == later
            await self.told.wait_for(number)
        await thread.stop()

    async def test_a_flood_of_ends_does_not_wait(self):
        """A full transaction is on its way at once."""
        store = SlowStore()
        thread = await self.make(lambda: store)
        later = len(reactor.getDelayedCalls())
        thread.write([end(number) for number in range(1000)])
        assert len(reactor.getDelayedCalls()) == later
        store.go.set()
        await self.told.wait_for(1000)
        assert store.batches == [1000]
        await thread.stop()

    async def test_stopping_writes_what_waits_for_company(self):
        """It does not get lost, and nothing is left to happen later."""
        store = SlowStore()
        store.go.set()
        thread = await self.make(lambda: store)
        thread.write([end(1)])
        await thread.stop()
        assert self.told.ended == 1
        assert store.closed

    async def test_a_failed_write_fails_its_rows_only(self):
        """The next transaction is another matter."""
        store = SlowStore()
        store.error = StoreError("disk full")
        store.go.set()
        thread = await self.make(lambda: store)
        thread.write([commit("1", 1)])
        await self.told.wait_for(1)
        assert self.told.failed == [([1], "disk full")]
        store.error = None
        thread.write([commit("1", 2)])
        await self.told.wait_for(2)
        assert self.told.written == [[(2, Written.DONE)]]
        await thread.stop()

    async def test_stopping_writes_what_is_queued_and_closes(self):
        """Nothing that was handed over is dropped."""
        store = SlowStore()
        thread = await self.make(lambda: store)
        for number in range(3):
            thread.write([commit(str(number))])
        stopping = ensureDeferred(thread.stop())
        store.go.set()
        await stopping
        assert self.told.ended == 3
        assert store.closed

    async def test_duplicates_and_finds_come_back(self):
        """A real store answers through the thread."""
        thread = await self.make(lambda: SqliteStore(":memory:"))
        thread.write([commit("1", 1)])
        thread.write([commit("1", 2)])
        await self.told.wait_for(2)
        assert self.told.written == [[(1, Written.DONE)], [(2, Written.DUPLICATE)]]
        found = await thread.find("1")
        assert found.push.push_id == "1"
        assert await thread.find("2") is None
        await thread.stop()

    async def test_a_store_that_cannot_be_opened_fails_the_start(self):
        """The thread is gone afterwards."""
        told = Told()
        thread = StoreThread(
            reactor,
            lambda: SqliteStore("/nowhere/at/all"),
            written=told.take,
            failed=told.refuse,
        )
        with pytest.raises(StoreError):
            await thread.start()
