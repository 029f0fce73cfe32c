"""``corenet hlr``: subscribers into a database and out of it."""

from __future__ import annotations

from contextlib import closing
from io import StringIO
from pathlib import Path

import pytest

from corenet.adapters.subscriber_file import SubscriberFile
from testbed.lab.cli import run

CSV = "imsi,msisdn,apn\n234150000000001,447700900001,internet\n"


def test_what_goes_in_comes_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Into a database that is made by that, and out to a file or to standard output."""
    database, csv = str(tmp_path / "hlr.sqlite"), tmp_path / "in.csv"
    csv.write_text(CSV, encoding="utf-8")
    assert run(["hlr", "import", database, str(csv)]) == 0
    assert capsys.readouterr().out == "1 subscriber imported\n"
    assert run(["hlr", "export", database]) == 0
    out = capsys.readouterr().out
    assert out.endswith("\n234150000000001,447700900001,,,,,,none,internet,,\n")
    assert run(["hlr", "export", database, str(tmp_path / "out.csv")]) == 0
    assert (tmp_path / "out.csv").read_text(encoding="utf-8") == out


def test_standard_input_is_a_file_too(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its name in errors is the minus."""
    database = str(tmp_path / "hlr.sqlite")
    monkeypatch.setattr("sys.stdin", StringIO(CSV + "12,34\n"))
    assert run(["hlr", "import", database, "-"]) == 1
    assert capsys.readouterr().err == "corenet hlr: -:3: no IMSI: '12'\n"
    with closing(SubscriberFile(database)) as file:
        assert list(file.load()) == []


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["export", "none.sqlite"], "none.sqlite: there is no such database"),
        (["import", "new.sqlite", "none.csv"], "No such file or directory: 'none.csv'"),
        (["export", "text.sqlite"], "is no SQLite file"),
    ],
)
def test_what_is_not_there_is_said(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    says: str,
) -> None:
    """Exit status 1, and a sentence with the name."""
    monkeypatch.chdir(tmp_path)
    Path("text.sqlite").write_text("this is text, and quite long enough for a header" * 20)
    assert run(["hlr", *arguments]) == 1
    assert says in capsys.readouterr().err
