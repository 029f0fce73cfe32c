"""The commands on the page of benchmarks are what the programs take.

Those that measure one process are run with the smallest bounds, so that they come to their end.
Those that take a minute at least, because they measure one process after the other or keep up a
rate for twenty seconds, begin and read their command line, but measure nothing.
"""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.pages import ROOT, shell_commands

pytestmark = pytest.mark.docs

COMMANDS = shell_commands("docs/reference/benchmarks.md")
MEASURED = {
    "python -m benchmarks.attach": "--mobiles 5 --rate 100",
    "python -m benchmarks.codec": "--rounds 1 --messages 1",
    "python -m benchmarks.smpp": "--rounds 1",
}
BEGUN = {
    "python -m benchmarks.gateway",
    "python -m benchmarks.ggsn",
    "python -m benchmarks.ggsn activation",
    "python -m benchmarks.ggsn contexts",
    "python -m benchmarks.smsc",
    "python -m benchmarks.userplane",
}


def run(command: str, *words: str, folder: Path) -> str:
    """Run a program of this checkout to its end; return what it printed."""
    done = subprocess.run(
        [sys.executable, *shlex.split(command)[1:], *words],
        cwd=folder,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_each_command_is_run_or_begun() -> None:
    """And none that is not on the page."""
    assert set(COMMANDS) == BEGUN | set(MEASURED)


@pytest.mark.parametrize("command", MEASURED)
def test_a_short_one_measures_and_prints_its_table(command: str, tmp_path: Path) -> None:
    """With numbers in its last row."""
    rows = run(command, *MEASURED[command].split(), folder=tmp_path).splitlines()
    assert re.search(r"\d", rows[-1])


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_a_command_has_the_options_that_the_page_names(command: str, tmp_path: Path) -> None:
    """Its own help knows them, after it has read what goes before."""
    told = run(command, "--help", folder=tmp_path)
    assert set(re.findall(r"--\w+", COMMANDS[command])) <= set(re.findall(r"--\w+", told))
