"""``corenet init``: the files of a project."""

from __future__ import annotations

from pathlib import Path

import pytest

from testbed.bench.lab import loaded
from testbed.lab.cli import run


def test_a_project_is_made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Labs, gateways, tests and a matrix; what it says is how to go on."""
    folder = tmp_path / "my-lab"
    assert run(["init", str(folder)]) == 0
    assert f"`cd {folder} && pytest`" in capsys.readouterr().out
    files = sorted(str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file())
    assert files == [
        "README.md",
        "conftest.py",
        "gateways/1.0.yaml",
        "gateways/1.1.yaml",
        "labs/plain.yaml",
        "labs/slow.yaml",
        "pytest.ini",
        "tests/test_core.py",
        "tests/test_push.py",
        "tox.ini",
    ]
    assert (folder / "README.md").read_text(encoding="utf-8").startswith("# my-lab\n")


def test_its_labs_differ_in_latencies_alone(tmp_path: Path) -> None:
    """One core, once fast and once slow."""
    run(["init", str(tmp_path)])
    plain, slow = (loaded(tmp_path / "labs" / f"{name}.yaml") for name in ("plain", "slow"))
    assert plain.core == slow.core
    assert plain.model.latency != slow.model.latency


def test_what_is_there_is_not_overwritten(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A folder with something in it stays as it is."""
    (tmp_path / "mine").touch()
    assert run(["init", str(tmp_path)]) == 1
    assert f"{tmp_path} is not empty" in capsys.readouterr().err
    assert [file.name for file in tmp_path.iterdir()] == ["mine"]


def test_where_nothing_can_be_written_it_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without a traceback."""
    (tmp_path / "file").touch()
    assert run(["init", str(tmp_path / "file" / "my-lab")]) == 1
    assert "corenet init: " in capsys.readouterr().err
