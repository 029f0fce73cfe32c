"""The tutorial explains every arrow of the run that it shows, and its filters find them."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.docs.test_documented_commands import environment

pytestmark = pytest.mark.docs

PAGE = Path(__file__).parents[2] / "docs" / "tutorial" / "first-offline-push.md"
ITEM = re.compile(r"^\d+\. \*\*(.+?): (.+?)\.\*\*(.*?)(?=^\d+\. |\n\n)", re.MULTILINE | re.DOTALL)
FILTER = re.compile(r"Filter:\s+`([^`]+)`")
RUNG = re.compile(r"^ *[\d.]+ ms +(\w+(?: → \w+)?) +(.+?)(?:  .*)?$", re.MULTILINE)
ROW = re.compile(r"^\| *[\d.]+ <> +[\d.]+ +\|([ \d|]+)\|", re.MULTILINE)

EXPLAINED = [
    (ends, message, FILTER.search(text))
    for ends, message, text in ITEM.findall(PAGE.read_text(encoding="utf-8"))
]


def test_every_arrow_is_explained_and_found(tmp_path: Path, tshark: str) -> None:
    """The run has these arrows and no other; each filter finds its own, one after the other."""
    program = Path(sys.executable).with_name("corenet")
    run = subprocess.run(
        [program, "demo", "--pcap", "push.pcapng"],
        cwd=tmp_path, env=environment(tmp_path), capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert run.returncode == 0, run.stdout + run.stderr
    _, ladder, _ = run.stdout.split("\n\n")
    assert Counter((ends, message) for ends, message, _ in EXPLAINED) == Counter(
        RUNG.findall(ladder)
    )

    found = {f"{ends}: {message}": one[1] for ends, message, one in EXPLAINED if one}
    counts = statistics(tshark, tmp_path, "COUNT", found.values())
    # What answers accounting says nothing of whom it is about: any will do.
    several = "gateway → ggsn: Accounting-Response"
    assert {arrow: count for arrow, count in zip(found, counts, strict=True) if count != 1} == {
        several: counts[list(found).index(several)]
    }
    # Accounting goes on beside everything.
    wanted = [one for arrow, one in found.items() if "Accounting" not in arrow]
    frames = statistics(tshark, tmp_path, "MIN", wanted)
    assert frames == sorted(frames)


def statistics(tshark: str, folder: Path, what: str, filters: Iterable[str]) -> list[int]:
    """Return a number for what each filter finds: how many frames, or the first of them."""
    asked = ",".join(f"{what}(frame.number)frame.number && ({one})" for one in filters)
    shown = subprocess.run(
        [tshark, "-q", "-r", "push.pcapng", "-z", f"io,stat,0,{asked}"],
        cwd=folder, capture_output=True, text=True, timeout=300, check=True,
    )  # fmt: skip
    (row,) = ROW.findall(shown.stdout)
    return [int(cell) for cell in row.split("|") if cell.strip()]
