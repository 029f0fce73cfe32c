"""A file of one's own: durable, locked, told from others, upgraded."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from corenet.adapters.sqlite_file import Schema, SqliteFile, StoreError

FIRST = Schema("shop", 0x5353, 1, "CREATE TABLE sale (what TEXT NOT NULL);")
SECOND = Schema(
    "shop",
    0x5353,
    2,
    "CREATE TABLE sale (what TEXT NOT NULL, price INTEGER);",
)


Open = Callable[..., SqliteFile]


@pytest.fixture
def open_file() -> Iterator[Open]:
    """Return what opens a file, which is closed with the test."""
    with ExitStack() as files:

        def opened(path: str, schema: Schema = FIRST) -> SqliteFile:
            file = SqliteFile(path, schema)
            files.callback(file.close)
            return file

        yield opened


def sales(file: SqliteFile) -> list[str]:
    """Return what was sold."""
    return [what for (what,) in file.read("SELECT what FROM sale")]


def sell(file: SqliteFile, *goods: str | Exception | None) -> None:
    """Write rows in one transaction; None is no goods, and an exception is raised."""
    with file.transaction() as cursor:
        for what in goods:
            if isinstance(what, Exception):
                raise what
            cursor.execute("INSERT INTO sale (what) VALUES (?)", (what,))


def test_what_was_written_is_there_again(tmp_path: Path, open_file: Open) -> None:
    """A file keeps its rows from one opening to the next."""
    path = str(tmp_path / "shop.sqlite")
    file = open_file(path)
    sell(file, "bread")
    file.close()
    assert sales(open_file(path)) == ["bread"]


def test_a_transaction_is_whole_or_not_at_all(open_file: Open) -> None:
    """What fails half-way leaves nothing, and the next one works."""
    file = open_file(":memory:")
    with pytest.raises(StoreError, match="cannot be written"):
        sell(file, "half", None)
    sell(file, "bread")
    assert sales(file) == ["bread"]


def test_a_fault_of_the_writer_rolls_back_too(open_file: Open) -> None:
    """An exception that is not SQLite's comes out as it is, and nothing is written."""
    file = open_file(":memory:")
    with pytest.raises(KeyError):
        sell(file, "half", KeyError("price"))
    assert sales(file) == []


def test_a_file_has_one_owner_at_a_time(tmp_path: Path, open_file: Open) -> None:
    """Whoever comes second is told so, until the first one has gone."""
    path = str(tmp_path / "shop.sqlite")
    first = open_file(path)
    with pytest.raises(StoreError, match="in use by another shop"):
        SqliteFile(path, FIRST, lock_seconds=0)
    first.close()
    SqliteFile(path, FIRST).close()


def test_files_of_others_are_left_alone(tmp_path: Path) -> None:
    """Another program's database, text, and a folder are no stores."""
    other = tmp_path / "other.sqlite"
    connection = sqlite3.connect(other)
    connection.execute("CREATE TABLE t (x)")
    connection.close()
    with pytest.raises(StoreError, match="of no shop"):
        SqliteFile(str(other), FIRST)
    text = tmp_path / "text"
    text.write_text("no database at all, but long enough to be looked at" * 20)
    with pytest.raises(StoreError, match="is no SQLite file"):
        SqliteFile(str(text), FIRST)
    with pytest.raises(StoreError, match="cannot be opened"):
        SqliteFile(str(tmp_path), FIRST)


def test_a_file_of_another_version_is_refused(tmp_path: Path) -> None:
    """Whoever made it knows what is in it."""
    path = str(tmp_path / "shop.sqlite")
    SqliteFile(path, FIRST).close()
    with pytest.raises(StoreError, match=r"version 1, and this shop has 2: .* move the file away"):
        SqliteFile(path, SECOND)


def test_a_query_that_is_none_is_said_so(open_file: Open) -> None:
    """Reading fails with the file's name and SQLite's words."""
    file = open_file(":memory:")
    with pytest.raises(StoreError, match=r":memory: cannot be read: no such table"):
        file.read("SELECT * FROM nowhere")
