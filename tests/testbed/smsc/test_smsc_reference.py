"""The page about the SMSC's operations names tests that there are."""

from __future__ import annotations

from pathlib import Path

import pytest

from testbed.smsc.reference import OPERATIONS, reference

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs" / "reference" / "smsc.md"


@pytest.mark.docs
def test_the_page_is_current() -> None:
    """Who changes the table writes the page anew."""
    assert PAGE.read_text(encoding="utf-8") == reference(), (
        "run python -m testbed.smsc.reference > docs/reference/smsc.md"
    )


@pytest.mark.parametrize(("where", "name"), [test for *_, tests in OPERATIONS for test in tests])
def test_each_test_that_is_named_is_there(where: str, name: str) -> None:
    """In the file, or in one of the folder."""
    place = ROOT / where
    files = sorted(place.glob("test_*.py")) if place.is_dir() else [place]
    assert any(f"\ndef {name}(" in file.read_text(encoding="utf-8") for file in files)
