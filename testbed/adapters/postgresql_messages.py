"""Keeps an SMSC's messages in PostgreSQL, for one SMSC at a time.

Theory of operation. Whoever has the session's advisory lock has the database. A new owner writes
its own mark into ``smsc_owner``; one whose connection was lost takes the lock again, and goes on
only if the mark is still its own: what it has in mind is stale otherwise. Another machine takes
over by starting an SMSC on the same URL once the first is gone, or the server has noticed it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Final
from uuid import uuid4

import psycopg
from psycopg import Connection, Cursor
from psycopg.conninfo import conninfo_to_dict

from corenet.adapters.sqlite_file import StoreError
from testbed.smsc.store import COLUMNS, ids_of, record_of, values_of
from testbed.smsc.stored import MessageRecord

Row = tuple[Any, ...]

VERSION: Final = 2
BACK_OFF: Final = 1.0
"""Seconds between attempts to connect."""
CONNECT_SECONDS: Final = 5
SILENCE_SECONDS: Final = 10
"""How long a server may take to connect, or not acknowledge what was sent, before it is away."""

_LOCK: Final = 0x534D5343
_TYPES: Final = {
    # In the order of octets, as ``ids_of`` counts on.
    "message_id": 'text COLLATE "C" NOT NULL',
    "is_open": "boolean NOT NULL",
    "header": "bytea NOT NULL",
    "payload": "bytea NOT NULL",
    **dict.fromkeys(("source_ton", "source_plan", "dcs", "pid"), "integer NOT NULL"),
    **dict.fromkeys(("registered", "priority", "attempts", "network_error"), "integer NOT NULL"),
    **dict.fromkeys(("user_reference", "reference"), "integer"),
    **dict.fromkeys(("validity", "scheduled"), "double precision"),
    **dict.fromkeys(("accepted", "expires", "changed", "next_try"), "double precision NOT NULL"),
}
"""What is not text."""
_NAMES: Final = ", ".join(COLUMNS)
_SCHEMA: Final = f"""
CREATE TABLE message (
    {", ".join(f"{name} {_TYPES.get(name, 'text NOT NULL')}" for name in COLUMNS)},
    PRIMARY KEY (message_id)
);
CREATE INDEX open_message ON message (accepted) WHERE is_open;
CREATE INDEX ended_message ON message (changed) WHERE NOT is_open;
CREATE TABLE smsc_owner (version integer NOT NULL, mark text NOT NULL);
INSERT INTO smsc_owner VALUES ({VERSION}, '');
"""
_PUT: Final = f"""
INSERT INTO message ({_NAMES}) VALUES ({", ".join(["%s"] * len(COLUMNS))})
ON CONFLICT (message_id) DO UPDATE SET
    {", ".join(f"{name} = EXCLUDED.{name}" for name in COLUMNS[1:])}
"""


class PostgresqlMessages:
    """The messages in one database (satisfies ``testbed.smsc.store.Store``)."""

    def __init__(self, url: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        """Connect, take possession, and make the tables where there are none; or StoreError.

        ``url`` is ``postgresql://…`` as libpq reads it; ``clock`` tells seconds since whenever.
        """
        self._url = url
        self._clock = clock
        known = conninfo_to_dict(url)
        self._place = f"database {known.get('dbname')} at {known.get('host')}"
        self._mark = uuid4().hex
        self._not_before = 0.0
        self._connection: Connection[Row] | None = None
        try:
            self._connection = self._connect()
            with self._transaction() as cursor:
                self._prepare(cursor)
        except StoreError:
            self.close()
            raise

    def write(self, records: Sequence[MessageRecord]) -> None:
        """Write messages as they stand, in one transaction."""
        # Of several states of one message the last one counts.
        latest = {record.message_id: values_of(record) for record in records}
        with self._transaction() as cursor:
            cursor.executemany(_PUT, list(latest.values()))

    def unfinished(self) -> list[MessageRecord]:
        """Return what an SMSC has to take up again, oldest first."""
        return self._read("is_open ORDER BY accepted, message_id", ())

    def find(self, message_id: str) -> list[MessageRecord]:
        """Return the parts of a message, for each destination; none where it was pruned."""
        return self._read("message_id >= %s AND message_id < %s", ids_of(message_id))

    def prune(self, before: float) -> int:
        """Forget messages that ended before that; return how many."""
        with self._transaction() as cursor:
            cursor.execute("DELETE FROM message WHERE NOT is_open AND changed < %s", (before,))
            return cursor.rowcount

    def close(self) -> None:
        """Let go of the database."""
        connection, self._connection = self._connection, None
        if connection is not None:
            # The server ends a session some time after its connection was closed.
            with suppress(psycopg.Error):
                connection.execute("SELECT pg_advisory_unlock(%s)", (_LOCK,))
            connection.close()

    def _read(self, condition: str, values: Row) -> list[MessageRecord]:
        with self._transaction() as cursor:
            rows = cursor.execute(f"SELECT {_NAMES} FROM message WHERE {condition}", values)
            return [record_of(row) for row in rows]

    @contextmanager
    def _transaction(self) -> Iterator[Cursor[Row]]:
        connection = self._connection = self._connection or self._back_again()
        try:
            with connection.transaction(), connection.cursor() as cursor:
                yield cursor
        except psycopg.Error as error:
            if connection.broken or connection.closed:
                self.close()
            raise self._error(error) from None

    def _connect(self) -> Connection[Row]:
        """Return a connection that has the lock."""
        if self._clock() < self._not_before:
            raise StoreError(f"{self._place} is away")
        self._not_before = self._clock() + BACK_OFF
        try:
            connection = psycopg.connect(
                self._url,
                autocommit=True,
                connect_timeout=CONNECT_SECONDS,
                tcp_user_timeout=SILENCE_SECONDS * 1000,
                application_name="corenet SMSC",
            )
            has_lock = connection.execute("SELECT pg_try_advisory_lock(%s)", (_LOCK,)).fetchone()
        except psycopg.Error as error:
            raise self._error(error) from None
        if has_lock != (True,):
            connection.close()
            raise StoreError(f"{self._place} is in use by another SMSC: end it, or name another")
        return connection

    def _back_again(self) -> Connection[Row]:
        """Return a new connection, if nobody has had the database meanwhile."""
        connection = self._connect()
        try:
            found = connection.execute("SELECT mark FROM smsc_owner").fetchone()
        except psycopg.Error as error:
            connection.close()
            raise self._error(error) from None
        if found != (self._mark,):
            connection.close()
            raise StoreError(f"{self._place} was taken over by another SMSC: start this one anew")
        return connection

    def _prepare(self, cursor: Cursor[Row]) -> None:
        found = cursor.execute("SELECT to_regclass('smsc_owner'), to_regclass('message')")
        owner, message = found.fetchone() or (None, None)
        if owner is None and message is not None:
            raise StoreError(f"{self._place} has a table named message, and it is not an SMSC's")
        if owner is None:
            cursor.execute(_SCHEMA)
        (version,) = cursor.execute("SELECT version FROM smsc_owner").fetchone() or (0,)
        if version != VERSION:
            raise StoreError(
                f"{self._place} has schema version {version}, and this SMSC has {VERSION}"
            )
        cursor.execute("UPDATE smsc_owner SET mark = %s", (self._mark,))

    def _error(self, error: Exception) -> StoreError:
        return StoreError(f"{self._place}: {' '.join(str(error).split())}")
