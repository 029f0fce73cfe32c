"""Keeps the SMSC's messages, here in SQLite, so that nothing accepted is lost.

A message is one row, written whole whenever it changes; many changes share a transaction. What has
ended and whose receipt is not due stays until it is pruned, for queries.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Protocol

from corenet.adapters.sqlite_file import Schema, SqliteFile
from corenet.interfaces.sms.address import SmsAddress, TypeOfNumber
from corenet.interfaces.sms.errors import Reader
from corenet.interfaces.sms.header import decode_header, encode_header
from testbed.codecs.smpp import RegisteredDelivery
from testbed.smsc.message import Mode, ShortMessage
from testbed.smsc.stored import MessageRecord, ReceiptState, State
from testbed.smsc.submission import Submission

COLUMNS: Final = (
    "message_id",
    "is_open",
    "esme",
    "lane",
    "source",
    "source_ton",
    "source_plan",
    "destination",
    "header",
    "payload",
    "dcs",
    "pid",
    "registered",
    "validity",
    "scheduled",
    "priority",
    "service_type",
    "user_reference",
    "accepted",
    "expires",
    "state",
    "changed",
    "next_try",
    "reference",
    "missing",
    "attempts",
    "failure",
    "network_error",
    "receipt",
)
_NAMES: Final = ", ".join(COLUMNS)
_PUT: Final = f"INSERT OR REPLACE INTO message ({_NAMES}) VALUES ({', '.join('?' * len(COLUMNS))})"
SCHEMA: Final = Schema(
    owner="SMSC",
    application_id=0x534D5343,
    version=1,
    script="""
    CREATE TABLE message (
        message_id TEXT PRIMARY KEY,
        is_open INTEGER NOT NULL,
        esme TEXT NOT NULL,
        lane TEXT NOT NULL,
        source TEXT NOT NULL,
        source_ton INTEGER NOT NULL,
        source_plan INTEGER NOT NULL,
        destination TEXT NOT NULL,
        header BLOB NOT NULL,
        payload BLOB NOT NULL,
        dcs INTEGER NOT NULL,
        pid INTEGER NOT NULL,
        registered INTEGER NOT NULL,
        validity REAL,
        scheduled REAL,
        priority INTEGER NOT NULL,
        service_type TEXT NOT NULL,
        user_reference INTEGER,
        accepted REAL NOT NULL,
        expires REAL NOT NULL,
        state TEXT NOT NULL,
        changed REAL NOT NULL,
        next_try REAL NOT NULL,
        reference INTEGER,
        missing TEXT NOT NULL,
        attempts INTEGER NOT NULL,
        failure TEXT NOT NULL,
        network_error INTEGER NOT NULL,
        receipt TEXT NOT NULL
    ) WITHOUT ROWID;
    CREATE INDEX open_message ON message (accepted) WHERE is_open;
    CREATE INDEX ended_message ON message (changed) WHERE NOT is_open;
    """,
)


class Store(Protocol):
    """What keeps messages. Every method: StoreError."""

    def write(self, records: Sequence[MessageRecord]) -> None:
        """Write messages as they stand, in one transaction."""
        ...

    def unfinished(self) -> list[MessageRecord]:
        """Return what an SMSC has to take up again, oldest first."""
        ...

    def find(self, message_id: str) -> list[MessageRecord]:
        """Return the parts of a message, for each destination; none where it was pruned."""
        ...

    def prune(self, before: float) -> int:
        """Forget messages that ended before that; return how many."""
        ...

    def close(self) -> None:
        """Let go of it."""
        ...


class MessageStore:
    """The messages in one SQLite file, or in memory at ":memory:". Every method: StoreError."""

    def __init__(self, path: str, *, lock_seconds: float = 2.0) -> None:
        """Open the file, and make it where there is none."""
        self._file = SqliteFile(path, SCHEMA, lock_seconds=lock_seconds)

    def write(self, records: Sequence[MessageRecord]) -> None:
        """Write messages as they stand, in one transaction."""
        with self._file.transaction() as cursor:
            cursor.executemany(_PUT, [values_of(record) for record in records])

    def unfinished(self) -> list[MessageRecord]:
        """Return what an SMSC has to take up again, oldest first."""
        rows = self._file.read(
            f"SELECT {_NAMES} FROM message WHERE is_open ORDER BY accepted, message_id"
        )
        return [record_of(row) for row in rows]

    def find(self, message_id: str) -> list[MessageRecord]:
        """Return the parts of a message, for each destination; none where it was pruned."""
        rows = self._file.read(
            f"SELECT {_NAMES} FROM message WHERE message_id >= ? AND message_id < ?",
            ids_of(message_id),
        )
        return [record_of(row) for row in rows]

    def prune(self, before: float) -> int:
        """Forget messages that ended before that; return how many."""
        with self._file.transaction() as cursor:
            cursor.execute("DELETE FROM message WHERE NOT is_open AND changed < ?", (before,))
            return cursor.rowcount

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def ids_of(message_id: str) -> tuple[str, str]:
    """Return the first id that a part of a message can have, and one behind the last."""
    return message_id, f"{message_id}/"  # In the order of octets "/" comes right behind ".".


def values_of(record: MessageRecord) -> tuple[Any, ...]:
    """Return a message as a row of ``COLUMNS``."""
    one = record.submission
    message = one.message
    is_open = not record.state.final or record.receipt is ReceiptState.DUE
    return (
        record.message_id,
        is_open,
        record.esme,
        record.lane,
        message.source.number,
        int(message.source.ton),
        message.source.plan,
        message.destination,
        encode_header(message.header),
        message.payload,
        message.dcs,
        message.pid,
        int(one.registered),
        one.validity,
        one.scheduled,
        one.priority,
        one.service_type,
        one.user_reference,
        record.accepted,
        record.expires,
        str(record.state),
        record.changed,
        record.next_try,
        record.reference,
        " ".join(map(str, record.missing)),
        record.attempts,
        record.failure,
        record.network_error,
        str(record.receipt),
    )


def record_of(row: tuple[Any, ...]) -> MessageRecord:
    """Return the message of a row."""
    value = dict(zip(COLUMNS, row, strict=True))
    header = value["header"]
    message = ShortMessage(
        source=SmsAddress(value["source"], TypeOfNumber(value["source_ton"]), value["source_plan"]),
        destination=value["destination"],
        payload=value["payload"],
        header=decode_header(Reader(header)) if header else (),
        dcs=value["dcs"],
        pid=value["pid"],
    )
    return MessageRecord(
        message_id=value["message_id"],
        esme=value["esme"],
        lane=value["lane"],
        submission=Submission(
            message=message,
            mode=Mode.STORE_AND_FORWARD,
            registered=RegisteredDelivery.read(value["registered"]),
            validity=value["validity"],
            scheduled=value["scheduled"],
            priority=value["priority"],
            service_type=value["service_type"],
            user_reference=value["user_reference"],
        ),
        accepted=value["accepted"],
        expires=value["expires"],
        state=State(value["state"]),
        changed=value["changed"],
        next_try=value["next_try"],
        reference=value["reference"],
        missing=tuple(map(int, value["missing"].split())),
        attempts=value["attempts"],
        failure=value["failure"],
        network_error=value["network_error"],
        receipt=ReceiptState(value["receipt"]),
    )
