"""Accounting records on disk: what is kept is there after whatever ends the process."""

from __future__ import annotations

from pathlib import Path

import pytest
from twisted.logger import Logger, LogLevel

from corenet.adapters import accounting_journal
from corenet.adapters.accounting_journal import FileJournal
from corenet.radius.journal import JournalEntry

ONE = JournalEntry(1, 1_800_000_000.125, b"\x28\x06\x00\x00\x00\x01")
TWO = JournalEntry(2, 1_800_000_001.0, b"\x28\x06\x00\x00\x00\x02")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "accounting.journal"


@pytest.fixture
def logged() -> tuple[Logger, list[dict]]:
    """Return a logger and what is logged with it."""
    events: list[dict] = []
    return Logger(observer=events.append), events


def reopened(path: Path, **options) -> tuple[JournalEntry, ...]:
    """Return what the next process finds."""
    journal = FileJournal(path, **options)
    journal.close()
    return tuple(journal.entries())


def test_a_record_is_on_disk_when_it_is_kept(path: Path) -> None:
    """Even if nobody closes the journal."""
    journal = FileJournal(path)
    journal.keep(ONE)
    journal.keep(TWO)
    content = path.read_text()
    journal.close()
    path.write_text(content)
    assert reopened(path) == (ONE, TWO)


def test_a_record_that_was_answered_is_gone_after_the_next_one(path: Path) -> None:
    """It is written along with it, or at the close."""
    journal = FileJournal(path)
    journal.keep(ONE)
    journal.forget(1)
    assert tuple(journal.entries()) == ()
    assert "- 1" not in path.read_text()
    journal.keep(TWO)
    assert "- 1" in path.read_text()
    journal.forget(2)
    journal.forget(99)
    journal.close()
    journal.close()
    assert reopened(path) == ()


def test_answered_records_are_written_together(path: Path) -> None:
    """Also where no other record comes."""
    journal = FileJournal(path)
    for number in range(64):
        journal.keep(JournalEntry(number, 0.0, b""))
    for number in range(64):
        journal.forget(number)
    assert path.read_text().count("- ") == 64
    journal.close()


def test_a_file_that_is_mostly_past_is_made_anew(path: Path, monkeypatch) -> None:
    """It does not grow for ever; what is kept stays in it."""
    monkeypatch.setattr(accounting_journal, "_LINES_KEPT", 200)
    journal = FileJournal(path)
    journal.keep(ONE)
    for number in range(10, 400):
        journal.keep(JournalEntry(number, 0.0, b"x"))
        journal.forget(number)
    assert len(path.read_text().splitlines()) < 420
    journal.keep(TWO)
    journal.close()
    assert reopened(path) == (ONE, TWO)


def test_lines_that_cannot_be_read_are_left_out(path: Path, logged) -> None:
    """A process that was killed may have written half a line; the log says which."""
    log, events = logged
    path.write_text("+ 1 1800000000.125 280600000001\nnonsense\n-\n- x\n+ 2 18000000\n+ 3 0 xyz")
    assert reopened(path, log=log) == (ONE,)
    assert [event["line"] for event in events] == [2, 3, 4, 5, 6]
    assert events[0]["log_level"] is LogLevel.warn
    assert reopened(path) == (ONE,)


def test_a_disk_that_takes_nothing_more_is_told_once(path: Path, logged, monkeypatch) -> None:
    """The network goes on."""
    log, events = logged
    journal = FileJournal(path, log=log)
    file = journal._file

    class Full:
        closed = False

        def write(self, _octets: bytes) -> None:
            raise OSError(28, "No space left on device")

        def close(self) -> None:
            file.close()

    monkeypatch.setattr(journal, "_file", Full())
    journal.keep(ONE)
    journal.keep(TWO)
    journal.close()
    assert len(events) == 1
    assert "No space left" in str(events[0]["error"])
    assert tuple(journal.entries()) == (ONE, TWO)


def test_a_file_that_cannot_be_made_anew_is_gone_on_with(path: Path, logged, monkeypatch) -> None:
    """Something is in the way of its successor; what is kept goes into the old one."""
    monkeypatch.setattr(accounting_journal, "_LINES_KEPT", 10)
    log, events = logged
    journal = FileJournal(path, log=log)

    def refuse(self: Path, target: Path) -> Path:
        raise OSError(13, "Permission denied", str(target))

    monkeypatch.setattr(Path, "replace", refuse)
    for number in range(10, 30):
        journal.keep(JournalEntry(number, 0.0, b"x"))
        journal.forget(number)
    assert len(events) == 1
    monkeypatch.undo()
    journal.keep(ONE)
    journal.close()
    assert reopened(path) == (ONE,)


def test_a_place_that_cannot_be_written_is_told_at_once(tmp_path: Path) -> None:
    """Whoever starts the lab sees it, before anything is lost."""
    with pytest.raises(OSError, match="No such file"):
        FileJournal(tmp_path / "missing" / "journal")
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError, match="directory"):
        FileJournal(tmp_path / "folder")
