"""Every test that the page about PAP names is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

pytestmark = pytest.mark.docs

TESTS = Path(__file__).parents[1]
PAGE = Path(__file__).parents[3] / "docs/reference/pap.md"
NAMED = sorted(set(re.findall(r"`([\w/]+\.py)(?:::(\w+))?`", PAGE.read_text(encoding="utf-8"))))


@pytest.mark.parametrize(("file", "name"), NAMED)
def test_the_test_that_a_row_names_is_there(file: str, name: str) -> None:
    """A row names a test that can be run."""
    text = (TESTS / file).read_text(encoding="utf-8")
    assert f"def {name}(" in text if name else "def test_" in text
