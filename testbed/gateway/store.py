"""Keeps pushes in SQLite, so that nothing accepted is lost.

Theory of operation. One connection, used by one thread at a time, writes many commits in one
transaction (group commit); in WAL mode with synchronous=FULL that is one fsync. A push-id stays
for ever: it is what makes a duplicate known. The file is locked for as long as it is open, because
two gateways on one file would send every push twice; the lock goes with the process, however it
ends.

Whoever kills a gateway loses nothing that ``write`` returned for. What it sent, but whose outcome
was not written, it sends again.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Any, Final, Protocol

from testbed.codecs.pap import DeliveryMethod, Priority, ReplaceMethod, Version
from testbed.gateway.pushes import State
from testbed.gateway.records import (
    AddPush,
    DeliveryRecord,
    HistoryEntry,
    Notification,
    PushRecord,
    PutDelivery,
    Row,
    StoredPush,
)

SCHEMA_VERSION: Final = 2
APPLICATION_ID: Final = 0x50504701
"""Tells a gateway's file from any other SQLite file."""

_SCHEMA: Final = f"""
BEGIN;
CREATE TABLE push (
    push_id TEXT PRIMARY KEY,
    received REAL NOT NULL,
    deliver_before REAL NOT NULL,
    deliver_after REAL,
    notify_url TEXT,
    source_reference TEXT,
    version TEXT NOT NULL,
    content_type TEXT NOT NULL,
    pdu BLOB NOT NULL,
    priority TEXT NOT NULL,
    delivery_method TEXT NOT NULL,
    initiator TEXT NOT NULL,
    replaces TEXT,
    replace_method TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE delivery (
    push_id TEXT NOT NULL REFERENCES push,
    number INTEGER NOT NULL,
    address TEXT NOT NULL,
    state TEXT NOT NULL,
    changed REAL NOT NULL,
    attempts INTEGER NOT NULL,
    code INTEGER NOT NULL,
    description TEXT NOT NULL,
    notification TEXT NOT NULL,
    is_open INTEGER NOT NULL,
    PRIMARY KEY (push_id, number)
) WITHOUT ROWID;
CREATE INDEX open_delivery ON delivery (push_id) WHERE is_open;
CREATE TABLE history (
    push_id TEXT NOT NULL,
    number INTEGER NOT NULL,
    ordinal INTEGER NOT NULL,
    time REAL NOT NULL,
    state TEXT NOT NULL,
    note TEXT NOT NULL,
    PRIMARY KEY (push_id, number, ordinal),
    FOREIGN KEY (push_id, number) REFERENCES delivery
) WITHOUT ROWID;
PRAGMA application_id = {APPLICATION_ID};
PRAGMA user_version = {SCHEMA_VERSION};
COMMIT;
"""


_FROM_VERSION_1: Final = """
BEGIN;
ALTER TABLE push ADD COLUMN priority TEXT NOT NULL DEFAULT 'medium';
ALTER TABLE push ADD COLUMN delivery_method TEXT NOT NULL DEFAULT 'notspecified';
ALTER TABLE push ADD COLUMN initiator TEXT NOT NULL DEFAULT '';
ALTER TABLE push ADD COLUMN replaces TEXT;
ALTER TABLE push ADD COLUMN replace_method TEXT NOT NULL DEFAULT 'all';
PRAGMA user_version = 2;
COMMIT;
"""

_PUSH_COLUMNS: Final = (
    "push_id, received, deliver_before, deliver_after, notify_url, source_reference, version,"
    " content_type, pdu, priority, delivery_method, initiator, replaces, replace_method"
)


class StoreError(Exception):
    """The store cannot be opened, read or written; the sentence says which file and why."""


class Store(Protocol):
    """What a gateway needs of a store. One thread at a time."""

    def write(self, rows: Sequence[Row]) -> list[bool]:
        """Write all rows durably or none; return for each whether it was a duplicate push-id.

        Raises:
            StoreError: nothing was written.
        """
        ...

    def unfinished(self) -> list[StoredPush]:
        """Return the pushes with a delivery that has not ended, or a result not reported."""
        ...

    def find(self, push_id: str) -> StoredPush | None:
        """Return a push, however long ago it ended, or None."""
        ...

    def close(self) -> None:
        """Close; nothing may be called afterwards."""
        ...


class SqliteStore:
    """A ``Store`` in one SQLite file, or in memory at ":memory:"."""

    def __init__(self, path: str, *, lock_seconds: float = 2.0) -> None:
        """Open the file, and make it where there is none; StoreError where that cannot be.

        ``lock_seconds`` is how long to wait for another gateway to let go of the file.
        """
        self._path = path
        try:
            self._connection = sqlite3.connect(path, timeout=lock_seconds, isolation_level=None)
        except sqlite3.Error as error:
            raise self._error("cannot be opened", error) from None
        try:
            self._prepare()
        except sqlite3.OperationalError as error:
            self._connection.close()
            if getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_BUSY:
                raise StoreError(
                    f"{path} is in use by another gateway: end it, or name another file"
                ) from None
            raise self._error("cannot be opened", error) from None
        except sqlite3.Error as error:
            self._connection.close()
            raise self._error("is no SQLite file", error) from None
        except StoreError:
            self._connection.close()
            raise

    def write(self, rows: Sequence[Row]) -> list[bool]:
        """Write all rows in one transaction."""
        try:
            cursor = self._connection.cursor()
            cursor.execute("BEGIN IMMEDIATE")
            duplicates = [self._write_row(cursor, row) for row in rows]
            cursor.execute("COMMIT")
        except sqlite3.Error as error:
            raise self._error("cannot be written", error) from None
        finally:
            self._roll_back()
        return duplicates

    def _roll_back(self) -> None:
        """Take back what was not committed; SQLite may have done so itself (disk full)."""
        with suppress(sqlite3.Error):
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")

    def unfinished(self) -> list[StoredPush]:
        """Return what a gateway has to take up again, oldest first."""
        return self._read(
            "push_id IN (SELECT push_id FROM delivery WHERE is_open) ORDER BY received, push_id", ()
        )

    def find(self, push_id: str) -> StoredPush | None:
        """Return a push, or None."""
        return next(iter(self._read("push_id = ?", (push_id,))), None)

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def _prepare(self) -> None:
        execute = self._connection.execute
        execute("PRAGMA locking_mode = EXCLUSIVE")
        (application,) = execute("PRAGMA application_id").fetchone()
        (version,) = execute("PRAGMA user_version").fetchone()
        (tables,) = execute("SELECT count(*) FROM sqlite_master").fetchone()
        if tables and application != APPLICATION_ID:
            raise StoreError(f"{self._path} is an SQLite file, but not a gateway's")
        if version > SCHEMA_VERSION:
            raise StoreError(
                f"{self._path} has schema version {version}, and this gateway knows up to "
                f"{SCHEMA_VERSION}: use the newer gateway"
            )
        execute("PRAGMA journal_mode = WAL")
        execute("PRAGMA synchronous = FULL")
        execute("PRAGMA foreign_keys = ON")
        if not tables:
            self._connection.executescript(_SCHEMA)
        elif version == 1:
            self._connection.executescript(_FROM_VERSION_1)
        execute("BEGIN EXCLUSIVE")
        execute("COMMIT")

    def _write_row(self, cursor: sqlite3.Cursor, row: Row) -> bool:
        match row:
            case AddPush(push, ended):
                is_new = self._add(cursor, push)
                for delivery in ended if is_new else ():
                    self._put(cursor, delivery)
                    _add_history(cursor, delivery, 0)
                return not is_new
            case PutDelivery(delivery, history_from):
                self._put(cursor, delivery)
                _add_history(cursor, delivery, history_from)
                return False

    def _add(self, cursor: sqlite3.Cursor, push: PushRecord) -> bool:
        cursor.execute(
            f"INSERT OR IGNORE INTO push ({_PUSH_COLUMNS})"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                push.push_id,
                push.received,
                push.deliver_before,
                push.deliver_after,
                push.notify_url,
                push.source_reference,
                push.version.value,
                push.content_type,
                push.pdu,
                push.priority.value,
                push.delivery_method.value,
                push.initiator,
                push.replaces,
                push.replace_method.value,
            ),
        )
        if cursor.rowcount == 0:
            return False
        accepted = State.ACCEPTED.value
        cursor.executemany(
            f"INSERT INTO delivery VALUES (?, ?, ?, '{accepted}', ?, 0, 0, '', 'none', 1)",
            [(push.push_id, n, address, push.received) for n, address in enumerate(push.addresses)],
        )
        cursor.executemany(
            f"INSERT INTO history VALUES (?, ?, 0, ?, '{accepted}', '')",
            [(push.push_id, n, push.received) for n in range(len(push.addresses))],
        )
        return True

    def _put(self, cursor: sqlite3.Cursor, delivery: DeliveryRecord) -> None:
        is_open = not delivery.state.final or delivery.notification is Notification.DUE
        cursor.execute(
            "UPDATE delivery SET state = ?, changed = ?, attempts = ?, code = ?, description = ?,"
            " notification = ?, is_open = ? WHERE push_id = ? AND number = ?",
            (
                delivery.state.value,
                delivery.changed,
                delivery.attempts,
                delivery.code,
                delivery.description,
                delivery.notification.value,
                is_open,
                delivery.push_id,
                delivery.number,
            ),
        )

    def _read(self, condition: str, parameters: tuple[str, ...]) -> list[StoredPush]:
        try:
            pushes = self._connection.execute(
                f"SELECT {_PUSH_COLUMNS} FROM push WHERE {condition}",
                parameters,
            ).fetchall()
            return [self._assemble(push) for push in pushes]
        except sqlite3.Error as error:
            raise self._error("cannot be read", error) from None

    def _assemble(self, push: tuple[Any, ...]) -> StoredPush:
        push_id: str = push[0]
        entries: dict[int, list[HistoryEntry]] = {}
        for number, time, state, note in self._connection.execute(
            "SELECT number, time, state, note FROM history WHERE push_id = ?"
            " ORDER BY number, ordinal",
            (push_id,),
        ):
            entries.setdefault(number, []).append(HistoryEntry(time, State(state), note))
        rows = self._connection.execute(
            "SELECT number, address, state, changed, attempts, code, description, notification"
            " FROM delivery WHERE push_id = ? ORDER BY number",
            (push_id,),
        ).fetchall()
        deliveries = tuple(
            DeliveryRecord(
                push_id,
                number,
                State(state),
                changed,
                attempts,
                code,
                description,
                Notification(notification),
                tuple(entries.get(number, ())),
            )
            for number, _, state, changed, attempts, code, description, notification in rows
        )
        return StoredPush(_push(push, tuple(row[1] for row in rows)), deliveries)

    def _error(self, what: str, error: Exception) -> StoreError:
        return StoreError(f"{self._path} {what}: {error}")


def _push(row: tuple[Any, ...], addresses: tuple[str, ...]) -> PushRecord:
    """Return a push from its row, whose columns are ``_PUSH_COLUMNS``."""
    push_id, received, before, after, notify_url, reference, version, content_type, pdu = row[:9]
    priority, method, initiator, replaces, replace_method = row[9:]
    return PushRecord(
        push_id,
        received,
        before,
        addresses,
        pdu,
        content_type,
        Version(version),
        after,
        notify_url,
        reference,
        Priority(priority),
        DeliveryMethod(method),
        initiator,
        replaces,
        ReplaceMethod(replace_method),
    )


def _add_history(cursor: sqlite3.Cursor, delivery: DeliveryRecord, history_from: int) -> None:
    entries: Iterable[tuple[int, HistoryEntry]] = enumerate(delivery.history, history_from)
    cursor.executemany(
        "INSERT OR REPLACE INTO history VALUES (?, ?, ?, ?, ?, ?)",
        [
            (delivery.push_id, delivery.number, ordinal, entry.time, entry.state.value, entry.note)
            for ordinal, entry in entries
        ],
    )
