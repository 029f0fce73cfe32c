"""``corenet hlr``: put subscribers into an HLR's database, and get them out, as CSV."""

from __future__ import annotations

import argparse
import sys
from contextlib import closing
from pathlib import Path

from corenet.adapters.sqlite_file import StoreError
from corenet.adapters.subscriber_file import SubscriberFile
from corenet.hlr.subscriber_csv import COLUMNS, CsvError, compose, parse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    verbs = parser.add_subparsers(dest="verb", metavar="import|export", required=True)
    columns = f"Columns: {', '.join(COLUMNS)}; a line for each APN of each subscriber."
    into = verbs.add_parser("import", help="put subscribers in", description=columns)
    out = verbs.add_parser("export", help="get subscribers out", description=columns)
    for verb in (into, out):
        verb.add_argument("database", metavar="DATABASE", help="the SQLite file, hlr.database")
    into.add_argument("csv", metavar="CSV", help="the file; - for standard input")
    out.add_argument("csv", metavar="CSV", nargs="?", default="-", help="standard output if absent")


def run(options: argparse.Namespace) -> int:
    """Do it; say what is wrong, and where. What is wrong in part changes nothing."""
    try:
        if options.verb == "export" and not Path(options.database).exists():
            raise FileNotFoundError(f"{options.database}: there is no such database")
        with closing(SubscriberFile(options.database)) as database:
            (_import if options.verb == "import" else _export)(database, options.csv)
    except (CsvError, StoreError, OSError, UnicodeDecodeError) as error:
        print(f"corenet hlr: {error}", file=sys.stderr)
        return 1
    return 0


def _import(database: SubscriberFile, csv: str) -> None:
    text = sys.stdin.read() if csv == "-" else Path(csv).read_text(encoding="utf-8")
    count = database.put(list(parse(text.splitlines(keepends=True), csv)))
    print(f"{count} subscriber{'' if count == 1 else 's'} imported")


def _export(database: SubscriberFile, csv: str) -> None:
    text = "".join(compose(subscriber for subscriber, _ in database.load()))
    if csv == "-":
        sys.stdout.write(text)
    else:
        Path(csv).write_text(text, encoding="utf-8")
