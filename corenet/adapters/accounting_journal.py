"""Accounting records on disk, until RADIUS servers have answered them.

A file of lines, one for each thing that happened: ``+ number time attributes`` keeps a record, with
its attributes in hexadecimal, ``- number`` forgets it. A line is written before its record is sent,
so a GGSN that is killed has lost nothing; it is not forced to the disk, so a machine that loses its
power may have lost the last seconds. That a record was answered is written along with the next
one, or when the journal is closed: at worst it is told twice. The file is made anew when it is
opened, and when most of it is of the past.
"""

from __future__ import annotations

from binascii import hexlify
from collections.abc import Iterable
from io import FileIO
from pathlib import Path

from twisted.logger import Logger

from corenet.radius.journal import JournalEntry

_FORGOTTEN_TOGETHER = 64
"""Answered records after which that is written, whether another one comes or not."""
_LINES_KEPT = 10_000
"""Lines of the past that a file may have without being made anew."""


class FileJournal:
    """A journal in a file (satisfies ``corenet.radius.journal.Journal``)."""

    def __init__(self, path: Path, *, log: Logger | None = None) -> None:
        """Open the file, or make it; ``OSError`` where that cannot be done.

        A line that cannot be read, such as one that was cut short, is left out and logged.
        """
        self._path = path
        self._log = log or Logger(namespace="corenet.accounting")
        self._entries: dict[int, JournalEntry] = {}
        self._forgotten: list[int] = []
        self._past = 0
        self._has_failed = False
        self._read()
        self._file = self._made_anew()

    def entries(self) -> Iterable[JournalEntry]:
        """Return what is kept, oldest first."""
        return tuple(self._entries.values())

    def keep(self, entry: JournalEntry) -> None:
        """Keep a record: it is with the system when this returns."""
        self._entries[entry.number] = entry
        self._write(_line(entry))

    def forget(self, number: int) -> None:
        """Forget a record, on disk a little later."""
        if self._entries.pop(number, None) is not None:
            self._forgotten.append(number)
            if len(self._forgotten) >= _FORGOTTEN_TOGETHER:
                self._write(b"")

    def close(self) -> None:
        """Write what is left to write."""
        if not self._file.closed:
            self._write(b"")
            self._file.close()

    def _write(self, line: bytes) -> None:
        forgotten = self._forgotten
        if forgotten:
            line = b"".join([b"- %d\n" % number for number in forgotten]) + line
            self._past += 2 * len(forgotten)
            forgotten.clear()
        try:
            self._file.write(line)
            if self._past > _LINES_KEPT and self._past > 2 * len(self._entries):
                self._past = 0
                past, self._file = self._file, self._made_anew()
                past.close()
        except OSError as error:
            # The network goes on; only a restart would lose what is not answered by then.
            if not self._has_failed:
                self._log.error(
                    "Accounting records are no longer kept in {path}: {error}",
                    path=str(self._path),
                    error=error,
                )
            self._has_failed = True

    def _made_anew(self) -> FileIO:
        """Write a file of what is kept, put it in the place of the old one, and return it open."""
        new = self._path.with_suffix(".new")
        file = FileIO(new, "w")
        try:
            file.write(b"".join(map(_line, self._entries.values())))
            new.replace(self._path)
        except OSError:
            file.close()
            raise
        return file

    def _read(self) -> None:
        try:
            lines = self._path.read_text(encoding="ascii", errors="replace").splitlines()
        except FileNotFoundError:
            return
        for number, line in enumerate(lines, 1):
            try:
                what, *rest = line.split(" ")
                if what == "-":
                    self._entries.pop(int(rest[0]), None)
                else:
                    key, made, attributes = rest
                    entry = JournalEntry(int(key), float(made), bytes.fromhex(attributes))
                    self._entries[entry.number] = entry
            except (ValueError, IndexError):
                self._log.warn(
                    "{path}:{line}: no accounting record, left out",
                    path=str(self._path),
                    line=number,
                )


def _line(entry: JournalEntry) -> bytes:
    return b"+ %d %.6f %b\n" % (entry.number, entry.made, hexlify(entry.attributes))
