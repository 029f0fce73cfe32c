"""Manual pages are made from the parsers and the model of lab files, and roff can read them."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from testbed.lab.cli import COMMANDS
from testbed.lab.man_pages import pages
from tests.conftest import require_peer

FOLDER = Path(__file__).parents[2] / "packaging" / "man"


@pytest.mark.docs
def test_pages_are_those_of_now() -> None:
    """``python -m testbed.lab.man_pages`` changes nothing."""
    there = {
        path.relative_to(FOLDER).as_posix(): path.read_text("ascii") for path in FOLDER.glob("*/*")
    }
    assert there == pages()


@pytest.mark.docs
def test_each_command_has_a_page_with_its_verbs() -> None:
    """And the page of all names each."""
    made = pages()
    for name in COMMANDS:
        assert f"corenet\\-{name}\\fR(1)" in made["man1/corenet.1"]
        assert f"man1/corenet-{name}.1" in made
    assert '.SS "ctl mobile behaviour"' in made["man1/corenet-ctl.1"]
    run = " ".join(made["man1/corenet-run.1"].split())
    assert "[\\fB\\-\\-quiet\\fR | \\fB\\-\\-verbose\\fR]" in run
    assert ".TP\n\\fBguard_time\\fR\n" in made["man5/corenet-lab.5"]


@pytest.mark.interop
def test_mandoc_finds_nothing_wrong() -> None:
    """A page has no date, so that it is the same whenever it is made."""
    mandoc = require_peer("mandoc", package="mandoc")
    every = [str(page) for page in sorted(FOLDER.glob("*/*"))]
    words = [mandoc, "-T", "lint", "-W", "warning", *every]
    done = subprocess.run(words, capture_output=True, text=True, timeout=180)
    said = [line for line in done.stdout.splitlines() if "missing date" not in line]
    assert said == []
