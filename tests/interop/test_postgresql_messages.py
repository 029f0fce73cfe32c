"""An SMSC's messages on a real PostgreSQL server: the same as in a file, for one SMSC at a time."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from uuid import uuid4

import psycopg
import pytest

from corenet.adapters.sqlite_file import StoreError
from testbed.adapters.postgresql_messages import PostgresqlMessages
from testbed.adapters.smsc import open_store
from testbed.smsc.stored import ReceiptState, State
from tests.interop.peers import eventually
from tests.interop.postgresql import PostgresqlServer
from tests.testbed.smsc.test_message_store import BARE, FULL, NEIGHBOURS, NOW, PARTS

pytestmark = pytest.mark.interop


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresqlServer]:
    """Return a server that runs."""
    with PostgresqlServer() as server:
        yield server


@pytest.fixture
def url(server: PostgresqlServer) -> str:
    """Return the URL of a database of this test's own."""
    return server.make_database(uuid4().hex)


def test_messages_come_back_as_they_were(url: str) -> None:
    """Every field survives, and the latest state counts, also within one transaction."""
    with closing(open_store(url)) as store:
        assert isinstance(store, PostgresqlMessages)
        store.write([replace(FULL, state=State.WAITING), BARE, FULL])
    with closing(open_store(url)) as store:
        assert store.find("00A1") == [FULL]
        assert store.unfinished() == [FULL, BARE]
        assert store.find("none") == []
        ended = replace(FULL, state=State.DELIVERED, receipt=ReceiptState.DUE)
        store.write([ended])
        assert store.unfinished() == [ended, BARE]
        store.write([replace(ended, receipt=ReceiptState.TAKEN)])
        assert store.unfinished() == [BARE]


def test_a_message_is_found_with_all_its_parts(url: str) -> None:
    """By the order of octets, whatever order the database's language has."""
    with closing(open_store(url)) as store:
        store.write([*NEIGHBOURS, *PARTS])
        assert sorted(store.find("00A2"), key=lambda one: one.message_id) == PARTS


def test_old_messages_are_forgotten(url: str) -> None:
    """Only what has ended, and only what ended before that."""
    with closing(open_store(url)) as store:
        ended = replace(BARE, message_id="old", state=State.EXPIRED, changed=NOW - 10)
        store.write([FULL, ended, replace(ended, message_id="recent", changed=NOW + 10)])
        assert store.prune(NOW) == 1
        assert store.find("old") == []
        assert store.find("recent")


def test_one_smsc_has_the_database(url: str) -> None:
    """The next one gets it as soon as the first has closed it."""
    with psycopg.connect(url, autocommit=True) as connection:
        for _ in range(5):
            with (
                closing(open_store(url)),
                pytest.raises(StoreError, match="in use by another SMSC"),
            ):
                open_store(url)
            held = connection.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'")
            assert held.fetchone() == (0,)


def cut_off(url: str) -> None:
    """End every other connection, as a server does that restarts; wait until they have ended."""
    others = "pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"SELECT pg_terminate_backend(pid) FROM {others}")
        eventually(
            lambda: connection.execute(f"SELECT pid FROM {others}").fetchall(),
            lambda left: not left,
        )


def test_a_lost_connection_is_made_again(url: str) -> None:
    """What is asked meanwhile fails, at once while the next attempt is not due."""
    clock = [100.0]
    with closing(PostgresqlMessages(url, clock=lambda: clock[0])) as store:
        store.write([FULL])
        cut_off(url)
        with pytest.raises(StoreError):
            store.write([BARE])
        with pytest.raises(StoreError, match="is away"):
            store.write([BARE])
        clock[0] += 1.0
        store.write([BARE])
        assert store.unfinished() == [FULL, BARE]


def test_who_was_away_while_another_had_it_stays_away(url: str) -> None:
    """What it has in mind is stale."""
    clock = [100.0]
    with closing(PostgresqlMessages(url, clock=lambda: clock[0])) as store:
        cut_off(url)
        with pytest.raises(StoreError):
            store.write([BARE])
        open_store(url).close()
        clock[0] += 1.0
        with pytest.raises(StoreError, match="taken over by another SMSC"):
            store.write([BARE])


def test_what_is_no_smscs_is_left_alone(url: str) -> None:
    """A database with a table of that name, or of another version."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TABLE message (id integer)")
    with pytest.raises(StoreError, match="not an SMSC's"):
        open_store(url)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("DROP TABLE message")
    open_store(url).close()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("UPDATE smsc_owner SET version = 99")
    with pytest.raises(StoreError, match="schema version 99"):
        open_store(url)


def test_an_smsc_that_is_killed_keeps_its_promises(server: PostgresqlServer) -> None:
    """The kill test, in small, with a database."""
    words = ["--kills", "3", "--rate", "40", "--store", server.make_database(uuid4().hex)]
    done = subprocess.run(
        [sys.executable, "-m", "testbed.experiments.kill_smsc", *words],
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
