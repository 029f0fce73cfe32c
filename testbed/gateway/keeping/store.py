"""Keeps pushes in SQLite, so that nothing accepted is lost; and says what any store has to do.

Theory of operation. A push is held by the one gateway that runs it. Where several gateways share
a store, each holds its pushes for as long as its lease is renewed; what a gateway with a lapsed
lease held, the others take over, and what it writes from then on is not taken. A push-id stays for
ever, also when the rest of an old push has been pruned: it is what makes a duplicate known.

In SQLite one connection, used by one thread at a time, writes many commits in one transaction
(group commit); in WAL mode with synchronous=FULL that is one fsync. The file is locked for as long
as it is open, because two gateways on one file would send every push twice; the lock goes with the
process, however it ends. So there is nobody to share with, and no lease.

Whoever kills a gateway loses nothing that ``write`` returned for. What it sent, but whose outcome
was not written, is sent again.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from itertools import chain
from typing import Any, Final, Protocol

from corenet.adapters.sqlite_file import Schema, SqliteFile
from testbed.gateway.keeping.pushes import State
from testbed.gateway.keeping.records import (
    AddPush,
    AskWithdrawal,
    DeliveryRecord,
    PutDelivery,
    Row,
    StoredPush,
    Withdrawal,
)
from testbed.gateway.keeping.store_rows import (
    DELIVERY_COLUMNS,
    HISTORY_COLUMNS,
    PUSH_COLUMNS,
    Values,
    assemble,
    delivery_values,
    first_deliveries,
    history_values,
    push_values,
)

PRUNED_AT_ONCE: Final = 1000
"""Pushes in one transaction of ``prune``."""
LARGEST_LISTING: Final = 1000
"""Pushes that one query lists at most."""
_TABLES: Final = """
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
    replace_method TEXT NOT NULL,
    application TEXT NOT NULL,
    bearer TEXT NOT NULL,
    bearer_required INTEGER NOT NULL
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
    route_times TEXT NOT NULL,
    is_open INTEGER NOT NULL,
    PRIMARY KEY (push_id, number)
) WITHOUT ROWID;
CREATE INDEX open_delivery ON delivery (push_id) WHERE is_open;
CREATE INDEX ended_delivery ON delivery (changed) WHERE NOT is_open;
CREATE INDEX push_received ON push (received);
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
"""


SCHEMA: Final = Schema(
    owner="gateway",
    application_id=0x50504701,
    version=4,
    script=_TABLES,
    # A new push lands anywhere in the order of push-ids.
    cache=65_536,
)

_PUSH: Final = ", ".join(PUSH_COLUMNS)
_DELIVERY: Final = ", ".join(DELIVERY_COLUMNS)
_HISTORY: Final = ", ".join(HISTORY_COLUMNS)
_ROWS_AT_ONCE: Final = (64, 32, 16, 8, 4, 2, 1)
"""Rows in one statement; few numbers, so that SQLite knows the statements already."""
# What comes before VALUES with any number of rows, and what comes after.
_ADD_PUSH: Final = (
    f"INSERT INTO push ({_PUSH})",
    " ON CONFLICT DO NOTHING RETURNING push_id",
)
"""Returns the push-ids that were never used before."""
_ADD_DELIVERY: Final = (f"INSERT INTO delivery ({_DELIVERY})", "")
_ADD_HISTORY: Final = (f"INSERT OR REPLACE INTO history ({_HISTORY})", "")
_PUT_DELIVERY: Final = (
    "WITH new (" + _DELIVERY + ") AS (",
    ") UPDATE delivery SET state = new.state, changed = new.changed, attempts = new.attempts,"
    " code = new.code, description = new.description, notification = new.notification,"
    " route_times = new.route_times, is_open = new.is_open FROM new"
    " WHERE delivery.push_id = new.push_id AND delivery.number = new.number",
)


class Written(Enum):
    """What became of a row."""

    DONE = "done"
    DUPLICATE = "duplicate"
    """The push-id was used before; nothing was written."""
    NOT_HELD = "not held"
    """Another gateway has taken the push over; nothing was written."""


@dataclass(frozen=True, slots=True)
class Renewal:
    """What a gateway learns when its lease is renewed."""

    adopted: tuple[StoredPush, ...] = ()
    """Pushes that nobody ran any more; from now on they are this gateway's."""
    more: bool = False
    """Whether there may be further ones to adopt at once."""
    kept: frozenset[str] | None = None
    """Where the lease had lapsed: the push-ids still held. None: nothing was lost."""


@dataclass(frozen=True, slots=True)
class PushQuery:
    """Which pushes to list; what is None does not matter. Times are seconds since 1970 UTC."""

    address: str | None = None
    """An ``address-value`` of the push, as written."""
    state: State | None = None
    """Where the push stands at one of its addresses (that one, if ``address`` names it)."""
    received_from: float | None = None
    received_before: float | None = None
    limit: int = 100


class Store(Protocol):
    """What a gateway needs of a store. One thread at a time; every method may raise StoreError."""

    @property
    def lease(self) -> float | None:
        """Seconds that a renewal lasts, counted from its asking; None: nobody else can come."""
        ...

    def write(self, rows: Sequence[Row]) -> list[Written]:
        """Write all rows durably, or none where StoreError is raised."""
        ...

    def unfinished(self) -> list[StoredPush]:
        """Take and return the pushes that nobody runs and that are not done with, oldest first.

        To be called once, at the start.
        """
        ...

    def renew(self) -> Renewal:
        """Renew the lease, and take over what a gateway left whose lease has lapsed."""
        ...

    def withdrawals(self) -> list[Withdrawal]:
        """Return what other gateways ask for that this one holds and has not ended."""
        ...

    def find(self, push_id: str) -> StoredPush | None:
        """Return a push, whoever holds it; None where it never was, or was pruned."""
        ...

    def search(self, query: PushQuery) -> list[StoredPush]:
        """Return the pushes that a query is about, newest first."""
        ...

    def prune(self, before: float) -> int:
        """Forget pushes all of whose deliveries ended before that, but not their push-ids.

        Return how many; there may be more where it is ``PRUNED_AT_ONCE``.
        """
        ...

    def close(self) -> None:
        """Close, giving up what is held; nothing may be called afterwards."""
        ...


class SqliteStore:
    """A ``Store`` in one SQLite file, or in memory at ":memory:"."""

    def __init__(self, path: str, *, lock_seconds: float = 2.0) -> None:
        """Open the file, and make it where there is none; StoreError where that cannot be.

        ``lock_seconds`` is how long to wait for another gateway to let go of the file.
        """
        self._file = SqliteFile(path, SCHEMA, lock_seconds=lock_seconds)

    @property
    def lease(self) -> float | None:
        """None: the file is this gateway's alone."""
        return None

    def write(self, rows: Sequence[Row]) -> list[Written]:
        """Write all rows in one transaction."""
        with self._file.transaction() as cursor:
            return self._write_all(cursor, rows)

    def unfinished(self) -> list[StoredPush]:
        """Return what a gateway has to take up again, oldest first."""
        return self._read(
            "push_id IN (SELECT push_id FROM delivery WHERE is_open) ORDER BY received, push_id", ()
        )

    def renew(self) -> Renewal:
        """Nothing can have become free, or have been lost."""
        return Renewal()

    def withdrawals(self) -> list[Withdrawal]:
        """Nobody else can ask."""
        return []

    def find(self, push_id: str) -> StoredPush | None:
        """Return a push, or None."""
        return next(iter(self._read("push_id = ?", (push_id,))), None)

    def search(self, query: PushQuery) -> list[StoredPush]:
        """Return pushes, newest first."""
        conditions, values = conditions_of(query, "?")
        values.append(min(query.limit, LARGEST_LISTING))
        return self._read(f"{conditions} ORDER BY received DESC, push_id DESC LIMIT ?", values)

    def prune(self, before: float) -> int:
        """Forget old pushes in one transaction."""
        with self._file.transaction() as cursor:
            old = cursor.execute(
                "SELECT DISTINCT push_id FROM delivery AS d WHERE NOT is_open AND changed < ?"
                " AND NOT EXISTS (SELECT 1 FROM delivery AS o WHERE o.push_id = d.push_id"
                " AND (o.is_open OR o.changed >= ?)) LIMIT ?",
                (before, before, PRUNED_AT_ONCE),
            ).fetchall()
            cursor.executemany("DELETE FROM history WHERE push_id = ?", old)
            cursor.executemany("DELETE FROM delivery WHERE push_id = ?", old)
            cursor.executemany(f"UPDATE push SET {PRUNED} WHERE push_id = ?", old)
        return len(old)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _write_all(self, cursor: sqlite3.Cursor, rows: Sequence[Row]) -> list[Written]:
        """Write rows table by table, because every statement costs a turn of the interpreter."""
        adding: dict[str, tuple[int, AddPush]] = {}
        changed: dict[tuple[str, int], DeliveryRecord] = {}
        history: list[Values] = []
        written = [Written.DONE] * len(rows)
        for place, row in enumerate(rows):
            match row:
                case AddPush(push):
                    if push.push_id in adding:
                        written[place] = Written.DUPLICATE
                    else:
                        adding[push.push_id] = place, row
                case PutDelivery(delivery, history_from):
                    changed[delivery.push_id, delivery.number] = delivery
                    history += history_values(delivery, history_from)
                case AskWithdrawal():
                    pass  # There is nobody to ask: whatever is under way is ours.
        pushes = [push_values(new.push) for _, new in adding.values()]
        added = {push_id for (push_id,) in self._execute(cursor, _ADD_PUSH, pushes)}
        deliveries: list[tuple[DeliveryRecord, str]] = []
        for push_id, (place, new) in adding.items():
            if push_id in added:
                deliveries += first_deliveries(new)
            else:
                written[place] = Written.DUPLICATE
        for delivery, _ in deliveries:
            history += history_values(delivery, 0)
        self._execute(cursor, _ADD_DELIVERY, [delivery_values(*pair) for pair in deliveries])
        put = [delivery_values(delivery, "") for delivery in changed.values()]
        self._execute(cursor, _PUT_DELIVERY, put)
        self._execute(cursor, _ADD_HISTORY, history)
        return written

    def _execute(
        self, cursor: sqlite3.Cursor, statement: tuple[str, str], rows: list[Values]
    ) -> list[Values]:
        """Execute what has ``VALUES`` for all rows in few statements; return what they return."""
        before, after = statement
        found: list[Values] = []
        begin = 0
        while begin < len(rows):
            size = next(size for size in _ROWS_AT_ONCE if size <= len(rows) - begin)
            chunk = rows[begin : begin + size]
            text = _statement(before, after, len(chunk[0]), size)
            cursor.execute(text, [*chain.from_iterable(chunk)])
            found += cursor.fetchall()
            begin += size
        return found

    def _read(self, condition: str, parameters: Sequence[object]) -> list[StoredPush]:
        read = self._file.read
        pushes = read(f"SELECT {_PUSH} FROM push WHERE {condition}", parameters)
        deliveries: list[Values] = []
        history: list[Values] = []
        for push_id in ((push[0],) for push in pushes):
            deliveries += read(
                f"SELECT {_DELIVERY} FROM delivery WHERE push_id = ? ORDER BY number", push_id
            )
            history += read(
                f"SELECT {_HISTORY} FROM history WHERE push_id = ? ORDER BY number, ordinal",
                push_id,
            )
        return assemble(pushes, deliveries, history)


PRUNED: Final = (
    "pdu = '', notify_url = NULL, source_reference = NULL, replaces = NULL, content_type = ''"
)
"""What becomes of the row of a pruned push, whose push-id stays."""


def conditions_of(query: PushQuery, mark: str) -> tuple[str, list[Any]]:
    """Return a query as a condition on ``push`` in SQL, and the values of its marks."""
    delivery = ["delivery.push_id = push.push_id"]
    values: list[Any] = []
    for column, value in (("address", query.address), ("state", query.state)):
        if value is not None:
            delivery.append(f"{column} = {mark}")
            values.append(str(value))
    push = [f"EXISTS (SELECT 1 FROM delivery WHERE {' AND '.join(delivery)})"]
    for comparison, moment in ((">=", query.received_from), ("<", query.received_before)):
        if moment is not None:
            push.append(f"received {comparison} {mark}")
            values.append(moment)
    return " AND ".join(push), values


@lru_cache(maxsize=64)
def _statement(before: str, after: str, columns: int, rows: int) -> str:
    marks = ", ".join("?" * columns)
    return f"{before} VALUES {', '.join([f'({marks})'] * rows)}{after}"
