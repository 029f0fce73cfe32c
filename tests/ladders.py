"""Ladders in the documentation, each drawn from a run of the scenario that the page names.

Above its block a page says ``<!-- ladder: NAME -->``. ``python -m tests.ladders`` writes such
blocks anew, from the scenario in virtual time with seed 1, where times do not vary either.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Final

from testbed.scenarios.loading import load_scenario
from testbed.scenarios.picture import picture
from testbed.scenarios.virtual import perform_virtually

ROOT: Final = Path(__file__).parents[1]
_MARKED: Final = re.compile(r"(<!-- ladder: (\S+) -->\n\n?```text\n)(.*?)(^```$)", re.M | re.S)
_FENCED: Final = re.compile(r"^ *```(\w*)[^\n]*\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
_ARROW: Final = re.compile(r"^ *[\d.]+ ms .*(?:─►|◄─|\w → \w)", re.MULTILINE)


@cache
def ladder(name: str) -> str:
    """Return the lines of a scenario's ladder."""
    report = perform_virtually(load_scenario(name), seed=1)
    return "\n".join(picture(report.ladder, report.began)) + "\n"


def renewed(text: str) -> str:
    """Return a page with its marked ladders as the runs of now draw them."""
    return _MARKED.sub(lambda found: found[1] + ladder(found[2]) + found[4], text)


def unmarked(text: str) -> list[str]:
    """Return the blocks that look like a ladder, and neither are a command's nor marked."""
    marked = {found[3] for found in _MARKED.finditer(text)}
    return [
        block
        for language, block in _FENCED.findall(text)
        if language != "console" and _ARROW.search(block) and block not in marked
    ]


def pages() -> list[Path]:
    """Return the pages that are written by hand, and hold ladders or might."""
    return sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *ROOT.glob("docs/**/*.md")])


if __name__ == "__main__":
    for page in pages():
        page.write_text(renewed(page.read_text(encoding="utf-8")), encoding="utf-8")
