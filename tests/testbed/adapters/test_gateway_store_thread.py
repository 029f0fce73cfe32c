"""The gateway's store in its thread: group commit, failures, the end."""

import threading

import pytest
from twisted.internet import reactor
from twisted.internet.defer import ensureDeferred, gatherResults
from twisted.trial.unittest import TestCase

from testbed.adapters.store_thread import StoreThread
from testbed.gateway.records import AddPush, PushRecord
from testbed.gateway.store import SqliteStore, StoreError, Written


def row(push_id):
    return AddPush(PushRecord(push_id, 1.0, 2.0, ("a",), b"", "text/plain"))


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
        self.go.wait(5)
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

    async def make(self, store):
        thread = StoreThread(reactor, lambda: store)
        # A thread that a failed test leaves behind would keep the process from ending.
        self.addCleanup(lambda: ensureDeferred(thread.stop()))
        assert await thread.start() == []
        return thread

    async def test_rows_that_come_during_a_write_share_the_next_transaction(self):
        """A hundred submissions cost two fsyncs, not a hundred."""
        store = SlowStore()
        thread = await self.make(store)
        written = [thread.write(row(str(number))) for number in range(100)]
        store.go.set()
        assert await gatherResults(written) == [Written.DONE] * 100
        assert store.batches == [1, 99]
        assert len(store.threads) == 1
        await thread.stop()

    async def test_a_batch_is_bounded(self):
        """A flood is written in several transactions."""
        store = SlowStore()
        thread = await self.make(store)
        written = [thread.write(row(str(number))) for number in range(2500)]
        store.go.set()
        await gatherResults(written)
        assert store.batches == [1, 1000, 1000, 499]
        await thread.stop()

    async def test_a_failed_write_fails_its_rows_only(self):
        """The next transaction is another matter."""
        store = SlowStore()
        store.error = StoreError("disk full")
        store.go.set()
        thread = await self.make(store)
        await self.assertFailure(thread.write(row("1")), StoreError)
        store.error = None
        assert await thread.write(row("1")) is Written.DONE
        await thread.stop()

    async def test_stopping_writes_what_is_queued_and_closes(self):
        """Nothing that was handed over is dropped."""
        store = SlowStore()
        thread = await self.make(store)
        written = [thread.write(row(str(number))) for number in range(3)]
        stopping = ensureDeferred(thread.stop())
        store.go.set()
        await stopping
        assert await gatherResults(written) == [Written.DONE] * 3
        assert store.closed

    async def test_duplicates_and_finds_come_back(self):
        """A real store answers through the thread."""
        thread = StoreThread(reactor, lambda: SqliteStore(":memory:"))
        assert await thread.start() == []
        assert await thread.write(row("1")) is Written.DONE
        assert await thread.write(row("1")) is Written.DUPLICATE
        found = await thread.find("1")
        assert found.push.push_id == "1"
        assert await thread.find("2") is None
        await thread.stop()

    async def test_a_store_that_cannot_be_opened_fails_the_start(self):
        """The thread is gone afterwards."""
        thread = StoreThread(reactor, lambda: SqliteStore("/nowhere/at/all"))
        with pytest.raises(StoreError):
            await thread.start()
