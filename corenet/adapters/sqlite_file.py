"""An SQLite file that one process has to itself, and whose transactions are on disk when they end.

In WAL mode with synchronous=FULL a transaction is one fsync. The file is locked for as long as it
is open, because two processes on one file would send everything twice; the lock goes with the
process, however it ends.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any


class StoreError(Exception):
    """A store cannot be opened, read or written; the sentence says which one and why."""


@dataclass(frozen=True, slots=True)
class Schema:
    """What is in a file, and how it is told from other files."""

    owner: str
    """Whose file it is, such as "gateway"."""
    application_id: int
    """Tells the owner's files from any other SQLite file."""
    version: int
    script: str
    """SQL that makes the tables."""
    cache: int = 2_048
    """KiB of the file that are kept in memory."""


class SqliteFile:
    """One file, or a database in memory at ":memory:". One thread at a time."""

    def __init__(self, path: str, schema: Schema, *, lock_seconds: float = 2.0) -> None:
        """Open the file, and make it where there is none; StoreError where that cannot be.

        ``lock_seconds`` is how long to wait for another process to let go of it.
        """
        self._path = path
        self._schema = schema
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
                    f"{path} is in use by another {schema.owner}: end it, or name another file"
                ) from None
            raise self._error("cannot be opened", error) from None
        except sqlite3.Error as error:
            self._connection.close()
            raise self._error("is no SQLite file", error) from None
        except StoreError:
            self._connection.close()
            raise

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Cursor]:
        """Write: all that is done with the cursor is on disk at the end, or nothing.

        Raises StoreError.
        """
        try:
            cursor = self._connection.execute("BEGIN IMMEDIATE")
            yield cursor
            cursor.execute("COMMIT")
        except sqlite3.Error as error:
            raise self._error("cannot be written", error) from None
        finally:
            # SQLite may have rolled back by itself (disk full).
            with suppress(sqlite3.Error):
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")

    def read(self, query: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """Return the rows of a query. Raises StoreError."""
        try:
            return self._connection.execute(query, parameters).fetchall()
        except sqlite3.Error as error:
            raise self._error("cannot be read", error) from None

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def _prepare(self) -> None:
        execute, schema = self._connection.execute, self._schema
        execute("PRAGMA locking_mode = EXCLUSIVE")
        (application,) = execute("PRAGMA application_id").fetchone()
        (version,) = execute("PRAGMA user_version").fetchone()
        (tables,) = execute("SELECT count(*) FROM sqlite_master").fetchone()
        if tables and application != schema.application_id:
            raise StoreError(f"{self._path} is an SQLite file, but of no {schema.owner}")
        if tables and version != schema.version:
            raise StoreError(
                f"{self._path} has schema version {version}, and this {schema.owner} has "
                f"{schema.version}: use the release that made it, or move the file away, "
                "and a new one is made without what it keeps"
            )
        execute("PRAGMA journal_mode = WAL")
        execute("PRAGMA synchronous = FULL")
        execute(f"PRAGMA cache_size = -{schema.cache}")
        execute("PRAGMA foreign_keys = ON")
        if not tables:
            self._connection.executescript(
                f"BEGIN;\n{schema.script}\nPRAGMA application_id = {schema.application_id};\n"
                f"PRAGMA user_version = {schema.version};\nCOMMIT;"
            )
        execute("BEGIN EXCLUSIVE")
        execute("COMMIT")

    def _error(self, what: str, error: Exception) -> StoreError:
        return StoreError(f"{self._path} {what}: {error}")
