"""Every ladder in the documentation is one that a run has drawn.

Those in blocks of commands are compared where the commands are run; those in blocks of text name
the scenario that draws them. Two pages have their ladders from tests of their own.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.ladders import ROOT, pages, renewed, unmarked

pytestmark = pytest.mark.docs

ELSEWHERE = {
    Path("docs/reference/scenarios.md"),  # test_scenarios_page.py
    Path("docs/reference/short-messages.md"),  # test_short_messages_page.py
}
PAGES = [page.relative_to(ROOT) for page in pages()]


@pytest.mark.parametrize("page", [page for page in PAGES if page not in ELSEWHERE], ids=str)
def test_ladders_are_what_their_scenarios_draw(page: Path) -> None:
    """``python -m tests.ladders`` changes nothing, and no ladder is without its scenario."""
    text = (ROOT / page).read_text(encoding="utf-8")
    assert renewed(text) == text
    assert unmarked(text) == []


def test_a_ladder_that_nobody_ran_is_found() -> None:
    """Drawn by hand, or drawn by a run that is another one now."""
    by_hand = "```text\n     10 ms      │─────────►│        PAP push-message\n```\n"
    assert len(unmarked(by_hand)) == 1
    as_line = "```\n     0.0 ms       smsc → hlr        MT-forwardSM Request\n```\n"
    assert len(unmarked(as_line)) == 1
    marked = f"<!-- ladder: online -->\n\n{by_hand}"
    assert unmarked(marked) == []
    assert renewed(marked) != marked
