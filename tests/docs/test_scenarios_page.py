"""The page of scenarios is what the files and their runs make it."""

from __future__ import annotations

from pathlib import Path

import pytest

from testbed.scenarios.loading import load_scenario, shipped_scenarios
from testbed.scenarios.reference import TITLES, page

pytestmark = pytest.mark.docs

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "scenarios.md"


def test_page_is_up_to_date() -> None:
    """``python -m testbed.scenarios.reference > docs/reference/scenarios.md`` changes nothing."""
    assert PAGE.read_text(encoding="utf-8") == page()


def test_every_clause_that_is_shown_has_its_row() -> None:
    """And a clause that nothing shows has none."""
    shown = {clause for name in shipped_scenarios() for clause in load_scenario(name).part.clauses}
    assert shown == set(TITLES)
