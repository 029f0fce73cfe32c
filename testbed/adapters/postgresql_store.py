"""Keeps pushes in PostgreSQL, where several gateways share them.

Theory of operation. Each gateway has a row in ``gateway`` with the time until which its lease
lasts, by the server's clock; each push that is not done with names its ``holder``. A push is held
for as long as its holder's lease lasts, so that one update renews the lease of every row. A
write is taken only from the holder (a fence), whose lease may have lapsed as long as nobody has
taken the push over. Who takes over locks first the row of the gateway that is gone, then its
pushes, each with ``FOR UPDATE SKIP LOCKED``: several that take over share the work, and a gateway
that renews late finds out in the same transaction what it has lost. A gateway that closes lets
its lease end at once.

A server that restarts or is away makes every call fail with StoreError at once, but for an attempt
to connect now and then. Whether a commit whose answer was lost took place cannot be known; a push
that was to be added by it, and was, is handed over by the next ``renew`` as if adopted.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Final
from uuid import uuid4

import psycopg
from psycopg import Connection, Cursor
from psycopg.conninfo import conninfo_to_dict

from corenet.adapters.sqlite_file import StoreError
from testbed.adapters.postgresql_tables import (
    ADD_DELIVERIES,
    ADD_HISTORY,
    ADD_PUSHES,
    ASK_WITHDRAWALS,
    DELIVERY,
    FORGET,
    FORGET_WITHDRAWALS,
    GONE,
    HISTORY,
    LET_DONE_GO,
    OLD,
    PUSH,
    PUT_DELIVERIES,
    SCHEMA,
    SCHEMA_VERSION,
    TAKE_OVER,
    WITHDRAWALS,
)
from testbed.gateway.keeping.records import (
    AddPush,
    AskWithdrawal,
    PutDelivery,
    Row,
    StoredPush,
    Withdrawal,
)
from testbed.gateway.keeping.store import (
    LARGEST_LISTING,
    PRUNED,
    PRUNED_AT_ONCE,
    PushQuery,
    Renewal,
    Written,
    conditions_of,
)
from testbed.gateway.keeping.store_rows import (
    Values,
    assemble,
    delivery_values,
    first_deliveries,
    history_values,
    push_values,
)

ADOPTED_AT_ONCE: Final = 500
"""Pushes that one renewal takes over."""
FIRST_BACK_OFF: Final = 0.2
LONGEST_BACK_OFF: Final = 5.0
"""Seconds between attempts to connect: the first, doubled each time, and the last."""
CONNECT_SECONDS: Final = 5
SILENCE_SECONDS: Final = 10
"""How long a server may take to connect, or not acknowledge what was sent, before it is away."""
STATEMENT_SECONDS: Final = 30
_LOCK: Final = 0x50504701
"""The advisory lock under which tables are made."""


class PostgresqlStore:
    """A ``Store`` in a PostgreSQL database, for one of the gateways that share it."""

    def __init__(
        self, url: str, *, lease: float = 10.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Connect, and make the tables where there are none; StoreError where that cannot be.

        ``url`` is ``postgresql://…`` as libpq reads it; ``lease`` is in seconds; ``clock`` tells
        seconds since whenever, for the back-off.
        """
        self._url = url
        self._lease = lease
        self._clock = clock
        self._id = uuid4().hex
        """Of this store, not of its gateway: one that restarts is another holder."""
        self._back_off = FIRST_BACK_OFF
        self._not_before = 0.0
        self._doubtful: set[str] = set()
        """Push-ids whose commit may have taken place or not."""
        self._is_closed = False
        self._place = _place(url)
        self._connection: Connection[Values] | None = None
        try:
            with self._transaction() as cursor:
                self._prepare(cursor)
        except StoreError:
            self._disconnect()
            raise

    @property
    def lease(self) -> float:
        """Seconds that a renewal lasts."""
        return self._lease

    def write(self, rows: Sequence[Row]) -> list[Written]:
        """Write all rows in one transaction, in a few statements however many rows there are."""
        adds = {n: row for n, row in enumerate(rows) if isinstance(row, AddPush)}
        puts = {n: row for n, row in enumerate(rows) if isinstance(row, PutDelivery)}
        added_ids = {add.push.push_id for add in adds.values()}
        asked = [one for row in rows if isinstance(row, AskWithdrawal) for one in row.withdrawals]
        result = [Written.DONE] * len(rows)
        self._connected()
        try:
            with self._transaction() as cursor:
                if adds:
                    for number in self._add(cursor, adds):
                        result[number] = Written.DUPLICATE
                if puts:
                    for number in self._put(cursor, puts):
                        result[number] = Written.NOT_HELD
                self._ask_withdrawals(cursor, asked)
        except StoreError:
            if self._connection is None:
                self._doubtful |= added_ids
            raise
        return result

    def unfinished(self) -> list[StoredPush]:
        """Begin the lease, and take over all that nobody holds."""
        adopted: list[StoredPush] = []
        while True:
            renewal = self.renew()
            adopted += renewal.adopted
            if not renewal.more:
                return sorted(adopted, key=lambda stored: stored.push.received)

    def renew(self) -> Renewal:
        """Renew the lease, see what was lost where it had lapsed, and take over."""
        with self._transaction() as cursor:
            kept = self._renew_lease(cursor)
        # What others left waits for a transaction of its own, so that the lease never waits for it.
        with self._transaction() as cursor:
            gone = [identity for (identity,) in cursor.execute(GONE, (self._id,))]
            taken = [
                push_id
                for (push_id,) in cursor.execute(TAKE_OVER, (self._id, gone, ADOPTED_AT_ONCE))
            ]
            cursor.execute(FORGET, (gone,))
            more = len(taken) == ADOPTED_AT_ONCE
            if self._doubtful:
                taken += self._added_after_all(cursor)
            adopted = self._read(cursor, "push_id = ANY(%s) ORDER BY received, push_id", [taken])
        self._doubtful.clear()
        return Renewal(tuple(adopted), more, kept)

    def withdrawals(self) -> list[Withdrawal]:
        """Return what other gateways ask for."""
        with self._transaction() as cursor:
            return [Withdrawal(*row) for row in cursor.execute(WITHDRAWALS, (self._id,))]

    def find(self, push_id: str) -> StoredPush | None:
        """Return a push, or None."""
        with self._transaction() as cursor:
            return next(iter(self._read(cursor, "push_id = %s", [push_id])), None)

    def search(self, query: PushQuery) -> list[StoredPush]:
        """Return pushes, newest first."""
        conditions, values = conditions_of(query, "%s")
        values.append(min(query.limit, LARGEST_LISTING))
        condition = f"{conditions} ORDER BY received DESC, push_id DESC LIMIT %s"
        with self._transaction() as cursor:
            return self._read(cursor, condition, values)

    def prune(self, before: float) -> int:
        """Forget old pushes in one transaction."""
        with self._transaction() as cursor:
            rows = cursor.execute(OLD, (before, before, PRUNED_AT_ONCE)).fetchall()
            old = [push_id for (push_id,) in rows]
            cursor.execute("DELETE FROM history WHERE push_id = ANY(%s)", (old,))
            cursor.execute("DELETE FROM delivery WHERE push_id = ANY(%s)", (old,))
            cursor.execute(f"UPDATE push SET {PRUNED} WHERE push_id = ANY(%s)", (old,))
            cursor.execute(FORGET_WITHDRAWALS)
        return len(old)

    def close(self) -> None:
        """Let the lease end, and disconnect."""
        if self._connection is not None:
            with suppress(StoreError), self._transaction() as cursor:
                cursor.execute(
                    "UPDATE gateway SET lease_until = '-infinity' WHERE id = %s", (self._id,)
                )
        self._disconnect()
        self._is_closed = True

    # The connection

    @contextmanager
    def _transaction(self) -> Iterator[Cursor[Values]]:
        """Run a transaction; whatever goes wrong with the server comes out as StoreError."""
        connection = self._connected()
        try:
            with connection.transaction(), connection.cursor() as cursor:
                yield cursor
        except psycopg.Error as error:
            if connection.broken or connection.closed:
                self._disconnect()
                self._put_off()
            raise self._error(error) from None

    def _connected(self) -> Connection[Values]:
        if self._is_closed:
            raise StoreError(f"{self._place} is closed")
        if self._connection is not None:
            return self._connection
        if self._clock() < self._not_before:
            raise StoreError(f"{self._place} is away")
        try:
            self._connection = psycopg.connect(
                self._url,
                autocommit=True,
                connect_timeout=CONNECT_SECONDS,
                tcp_user_timeout=SILENCE_SECONDS * 1000,
                application_name="corenet push gateway",
            )
            # A gateway that stops in the middle must not keep others waiting for its locks.
            self._connection.execute(
                f"SET idle_in_transaction_session_timeout = '{SILENCE_SECONDS}s';"
                f"SET statement_timeout = '{STATEMENT_SECONDS}s'"
            )
        except psycopg.Error as error:
            self._put_off()
            raise self._error(error) from None
        self._back_off = FIRST_BACK_OFF
        return self._connection

    def _put_off(self) -> None:
        self._not_before = self._clock() + self._back_off
        self._back_off = min(2 * self._back_off, LONGEST_BACK_OFF)

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _error(self, error: Exception) -> StoreError:
        return StoreError(f"{self._place}: {' '.join(str(error).split())}")

    def _prepare(self, cursor: Cursor[Values]) -> None:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
        found = cursor.execute("SELECT to_regclass('push_gateway_schema'), to_regclass('push')")
        (schema, push) = found.fetchone() or (None, None)
        if schema is None and push is not None:
            raise StoreError(f"{self._place} has a table named push, and it is not a gateway's")
        if schema is None:
            cursor.execute(SCHEMA)
            return
        (version,) = cursor.execute("SELECT version FROM push_gateway_schema").fetchone() or (0,)
        if version != SCHEMA_VERSION:
            raise StoreError(
                f"{self._place} has schema version {version}, and this gateway knows "
                f"{SCHEMA_VERSION}: use the gateway that made it"
            )

    # Writing

    def _add(self, cursor: Cursor[Values], adds: dict[int, AddPush]) -> list[int]:
        """Add pushes; return the numbers of those whose push-id was used before."""
        values = _turned([push_values(add.push) for add in adds.values()])
        new = {push_id for (push_id,) in cursor.execute(ADD_PUSHES, (self._id, *values))}
        deliveries: list[Values] = []
        history: list[Values] = []
        duplicates = []
        asked: list[Withdrawal] = []
        for number, add in adds.items():
            if add.push.push_id not in new:
                duplicates.append(number)
                continue
            new.remove(add.push.push_id)  # The same push-id again in this batch is a duplicate.
            asked += add.withdraws
            for delivery, address in first_deliveries(add):
                deliveries.append(delivery_values(delivery, address))
                history += history_values(delivery, 0)
        if deliveries:
            cursor.execute(ADD_DELIVERIES, _turned(deliveries))
            cursor.execute(ADD_HISTORY, _turned(history))
            self._let_done_go(cursor, deliveries)
        self._ask_withdrawals(cursor, asked)
        return duplicates

    def _ask_withdrawals(self, cursor: Cursor[Values], asked: list[Withdrawal]) -> None:
        if asked:
            rows = [(one.push_id, one.number, one.replaced_by) for one in asked]
            cursor.execute(ASK_WITHDRAWALS, _turned(rows))

    def _put(self, cursor: Cursor[Values], puts: dict[int, PutDelivery]) -> list[int]:
        """Update deliveries; return the numbers of those that this gateway does not hold."""
        wanted = sorted({put.delivery.push_id for put in puts.values()})
        rows = cursor.execute(
            "SELECT push_id FROM push WHERE push_id = ANY(%s) AND holder = %s"
            " ORDER BY push_id FOR UPDATE",
            (wanted, self._id),
        )
        held = {push_id for (push_id,) in rows}
        # Of several rows for one delivery the last one counts.
        deliveries: dict[tuple[str, int], Values] = {}
        history: dict[tuple[str, int, int], Values] = {}
        for put in puts.values():
            delivery = put.delivery
            if delivery.push_id in held:
                deliveries[delivery.push_id, delivery.number] = delivery_values(delivery, "")
                for entry in history_values(delivery, put.history_from):
                    history[entry[:3]] = entry
        if deliveries:
            cursor.execute(PUT_DELIVERIES, _turned(list(deliveries.values())))
            if history:
                cursor.execute(ADD_HISTORY, _turned(list(history.values())))
            self._let_done_go(cursor, deliveries.values())
        return [number for number, put in puts.items() if put.delivery.push_id not in held]

    def _let_done_go(self, cursor: Cursor[Values], deliveries: Iterable[Values]) -> None:
        done = sorted({delivery[0] for delivery in deliveries if not delivery[-1]})
        if done:
            cursor.execute(LET_DONE_GO, (done,))

    # The lease

    def _renew_lease(self, cursor: Cursor[Values]) -> frozenset[str] | None:
        """Renew it; return what is still held if it had lapsed, or may have for want of a row."""
        lasted = cursor.execute(
            "SELECT lease_until > clock_timestamp() FROM gateway WHERE id = %s FOR UPDATE",
            (self._id,),
        ).fetchone()
        cursor.execute(
            "INSERT INTO gateway VALUES (%s, clock_timestamp() + make_interval(secs => %s))"
            " ON CONFLICT (id) DO UPDATE SET lease_until = EXCLUDED.lease_until",
            (self._id, self._lease),
        )
        if lasted == (True,):
            return None
        held = cursor.execute("SELECT push_id FROM push WHERE holder = %s", (self._id,))
        return frozenset(push_id for (push_id,) in held)

    def _added_after_all(self, cursor: Cursor[Values]) -> list[str]:
        found = cursor.execute(
            "SELECT push_id FROM push WHERE push_id = ANY(%s) AND holder = %s",
            (sorted(self._doubtful), self._id),
        )
        return [push_id for (push_id,) in found]

    # Reading

    def _read(
        self, cursor: Cursor[Values], condition: str, values: Sequence[object]
    ) -> list[StoredPush]:
        pushes = cursor.execute(f"SELECT {PUSH} FROM push WHERE {condition}", values).fetchall()
        push_ids = [push[0] for push in pushes]
        deliveries = cursor.execute(
            f"SELECT {DELIVERY} FROM delivery WHERE push_id = ANY(%s) ORDER BY number",
            (push_ids,),
        ).fetchall()
        history = cursor.execute(
            f"SELECT {HISTORY} FROM history WHERE push_id = ANY(%s) ORDER BY ordinal", (push_ids,)
        ).fetchall()
        return assemble(pushes, deliveries, history)


def _turned(rows: Sequence[Values]) -> list[list[Any]]:
    """Return the columns of rows."""
    return [list(column) for column in zip(*rows, strict=True)]


def _place(url: str) -> str:
    """Return what to call a database in messages: no password, no user."""
    try:
        parts = conninfo_to_dict(url)
    except psycopg.Error as error:
        raise StoreError(f"the store's URL cannot be read: {error}") from None
    host = f"{parts.get('host', 'localhost')}:{parts.get('port', 5432)}"
    return f"the database {parts.get('dbname', '')} at {host}"
