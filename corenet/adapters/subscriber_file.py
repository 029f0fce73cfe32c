"""The subscribers of an HLR in an SQLite file (satisfies ``corenet.hlr.store.Store``)."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import Any

from corenet.adapters.sqlite_file import Schema, SqliteFile, StoreError
from corenet.authentication.secrets import MilenageSecret, Secret, XorSecret
from corenet.hlr.config import Barring, SubscribedApn, Subscriber
from corenet.hlr.store import NotKeptError, State
from gtp.codes import MsNotReachableReason

_SCHEMA = Schema(
    owner="HLR",
    application_id=0x484C5247,
    version=2,
    script="""
CREATE TABLE subscriber (
    imsi TEXT PRIMARY KEY,
    msisdn TEXT NOT NULL UNIQUE,
    algorithm TEXT,              -- milenage, xor; NULL: no card
    key BLOB,
    opc BLOB,
    sqn INTEGER NOT NULL DEFAULT 0,
    barring TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE removed (           -- not to be added again because a lab file has them
    imsi TEXT PRIMARY KEY
) WITHOUT ROWID;
CREATE TABLE apn (
    imsi TEXT NOT NULL REFERENCES subscriber ON DELETE CASCADE,
    position INTEGER NOT NULL,
    name TEXT NOT NULL,
    address TEXT,
    qos BLOB,
    PRIMARY KEY (imsi, position)
) WITHOUT ROWID;
CREATE TABLE state (
    imsi TEXT PRIMARY KEY REFERENCES subscriber ON DELETE CASCADE,
    sgsn_host TEXT,
    sgsn_port INTEGER,
    since REAL,
    reason INTEGER,              -- MS not reachable reason; NULL: MNRG is clear
    waiting TEXT NOT NULL,       -- JSON: addresses of GGSNs
    memory_full INTEGER NOT NULL,
    waiting_centres TEXT NOT NULL  -- JSON: host, port, name or null of each
) WITHOUT ROWID;
""",
)

_LOAD = """
SELECT s.imsi, msisdn, algorithm, key, opc, sqn, barring, name, address, qos,
       sgsn_host, sgsn_port, since, reason, waiting, memory_full, waiting_centres
FROM subscriber s LEFT JOIN apn USING (imsi) LEFT JOIN state USING (imsi)
ORDER BY s.imsi, position
"""


class SubscriberFile:
    """One file. Raises ``StoreError`` where it cannot be opened or read."""

    def __init__(self, path: str) -> None:
        self._file = SqliteFile(path, _SCHEMA)

    def add(self, subscribers: Iterable[Subscriber]) -> None:
        """Keep the subscribers whose IMSI is not there yet, and was not removed."""
        with self._file.transaction() as cursor:
            for subscriber in subscribers:
                known = cursor.execute(
                    "SELECT 1 FROM subscriber WHERE imsi = :imsi "
                    "UNION ALL SELECT 1 FROM removed WHERE imsi = :imsi",
                    {"imsi": subscriber.imsi},
                ).fetchone()
                if known is None:
                    _insert(cursor, subscriber)

    def put(self, subscribers: Iterable[Subscriber]) -> int:
        """Keep subscribers, each in place of the one with its IMSI; return how many.

        Where they are and who waits for them stays. Nothing is changed where one cannot be.
        """
        new = list(subscribers)
        states: list[tuple[Any, ...]] = []
        with self._file.transaction() as cursor:
            # All go before one comes, so that two may exchange their numbers.
            for subscriber in new:
                own = (subscriber.imsi,)
                states += cursor.execute("SELECT * FROM state WHERE imsi = ?", own)
                cursor.execute("DELETE FROM subscriber WHERE imsi = ?", own)
                cursor.execute("DELETE FROM removed WHERE imsi = ?", own)
            for subscriber in new:
                _insert(cursor, subscriber)
            cursor.executemany("INSERT INTO state VALUES (?, ?, ?, ?, ?, ?, ?, ?)", states)
        return len(new)

    def replace(self, subscriber: Subscriber) -> None:
        """Keep a subscriber, in place of the one with its IMSI. Raises NotKeptError."""
        try:
            self.put([subscriber])
        except StoreError as error:
            raise NotKeptError(str(error)) from None

    def remove(self, imsi: str) -> None:
        """Forget a subscriber with its state, for good: ``add`` does not bring it back.

        Raises NotKeptError.
        """
        try:
            with self._file.transaction() as cursor:
                cursor.execute("DELETE FROM subscriber WHERE imsi = ?", (imsi,))
                cursor.execute("INSERT OR IGNORE INTO removed VALUES (?)", (imsi,))
        except StoreError as error:
            raise NotKeptError(str(error)) from None

    def load(self) -> Iterator[tuple[Subscriber, State]]:
        """Return every subscriber with its state, in the order of their IMSIs."""
        for _, rows in groupby(self._file.read(_LOAD), lambda row: row[0]):
            yield _decode(list(rows))

    def save(self, states: Mapping[str, State]) -> None:
        """Keep these states, by IMSI. Raises NotKeptError."""
        try:
            with self._file.transaction() as cursor:
                for imsi, state in states.items():
                    _save(cursor, imsi, state)
        except StoreError as error:
            raise NotKeptError(str(error)) from None

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def _insert(cursor: sqlite3.Cursor, subscriber: Subscriber) -> None:
    other = cursor.execute(
        "SELECT imsi FROM subscriber WHERE msisdn = ?", (subscriber.msisdn,)
    ).fetchone()
    if other is not None:
        raise StoreError(f"MSISDN {subscriber.msisdn} of {subscriber.imsi} belongs to {other[0]}")
    cursor.execute(
        "INSERT INTO subscriber VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            subscriber.imsi,
            subscriber.msisdn,
            *_card(subscriber.secret),
            subscriber.sqn,
            subscriber.barring,
        ),
    )
    cursor.executemany(
        "INSERT INTO apn VALUES (?, ?, ?, ?, ?)",
        [
            (subscriber.imsi, position, apn.apn, apn.static_address, apn.qos)
            for position, apn in enumerate(subscriber.apns)
        ],
    )


def _card(secret: Secret | None) -> tuple[str | None, bytes | None, bytes | None]:
    match secret:
        case MilenageSecret(k=k, opc=opc):
            return "milenage", k, opc
        case XorSecret(ki=ki):
            return "xor", ki, None
    return None, None, None


def _secret(algorithm: str | None, key: bytes, opc: bytes) -> Secret | None:
    if algorithm is None:
        return None
    return XorSecret(key) if algorithm == "xor" else MilenageSecret(key, opc)


def _decode(rows: list[tuple[Any, ...]]) -> tuple[Subscriber, State]:
    imsi, msisdn, algorithm, key, opc, sqn, barring = rows[0][:7]
    host, port, since, reason, waiting, memory_full, centres = rows[0][10:]
    apns = tuple(SubscribedApn(*row[7:10]) for row in rows if row[7] is not None)
    secret = _secret(algorithm, key, opc)
    subscriber = Subscriber(imsi, msisdn, apns, secret, sqn, Barring(barring))
    if waiting is None:
        return subscriber, State(sqn=sqn)
    return subscriber, State(
        None if host is None else (host, port),
        since,
        None if reason is None else MsNotReachableReason(reason),
        tuple(json.loads(waiting)),
        bool(memory_full),
        tuple(
            ((one, at), None if name is None else bytes.fromhex(name))
            for one, at, name in json.loads(centres)
        ),
        sqn,
    )


def _save(cursor: sqlite3.Cursor, imsi: str, state: State) -> None:
    host, port = state.sgsn or (None, None)
    centres = [
        (*address, None if name is None else name.hex()) for address, name in state.waiting_centres
    ]
    cursor.execute(
        "INSERT OR REPLACE INTO state VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            imsi,
            host,
            port,
            state.since,
            None if state.reason is None else int(state.reason),
            json.dumps(state.waiting),
            state.memory_full,
            json.dumps(centres),
        ),
    )
    cursor.execute("UPDATE subscriber SET sqn = ? WHERE imsi = ?", (state.sqn, imsi))
