"""The compliance page is what the tests' marks say."""

from __future__ import annotations

import ast

import pytest

from tests.compliance import TESTS, Row, area_of, page, row_of, rows

pytestmark = pytest.mark.docs


def test_the_page_is_the_one_made_from_the_marks() -> None:
    """Run `python -m tests.compliance > docs/reference/compliance.md` after changing a mark."""
    stored = TESTS.parent / "docs" / "reference" / "compliance.md"
    assert stored.read_text(encoding="utf-8") == page()


def test_clauses_stand_in_the_order_of_their_numbers() -> None:
    """Of one standard, §7.3.2 comes before §7.3.10, and both before §11."""
    references = ["29.060 §11.1", "29.060 §7.3.10, §7.3.11", "29.060 §7.3.2", "29.060 §7"]
    ordered = sorted((Row(name, "", "yes", "") for name in references), key=lambda row: row.order)
    assert [row.reference for row in ordered] == references[::-1]


def test_nothing_is_shown_twice_by_one_test() -> None:
    """Two marks of a test are about different things."""
    marked = list(rows())
    assert len(set(marked)) == len(marked)


@pytest.mark.parametrize("mark", ["pytest.mark.clause('29.060 §7', WHAT)", "clause('', 'x')"])
def test_a_mark_that_cannot_be_read_names_its_place(mark) -> None:
    """The error says in which test and line it is."""
    call = ast.parse(mark, mode="eval").body
    with pytest.raises(ValueError, match=r"test_x\.py::test_y, line 1: clause"):
        row_of(call, "test_x.py::test_y")


def test_a_standard_without_a_place_on_the_page_is_named() -> None:
    """A new standard needs a part of the page first."""
    with pytest.raises(ValueError, match=r"99\.999 §1: no part"):
        area_of("99.999 §1")
