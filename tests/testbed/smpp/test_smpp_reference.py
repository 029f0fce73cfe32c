"""The reference page of SMPP is what its tables say, and the tables are whole."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from testbed.codecs.smpp import CommandStatus
from testbed.codecs.smpp.parameters import PARAMETERS
from testbed.smpp.config import TIMER_TABLE, SmppLimits, SmppTimers
from testbed.smpp.reference import reference

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "smpp.md"


@pytest.mark.docs
def test_the_page_is_current() -> None:
    """Who changes a table writes the page anew."""
    assert PAGE.read_text(encoding="utf-8") == reference(), (
        "run python -m testbed.smpp.reference > docs/reference/smpp.md"
    )


def test_everything_is_on_the_page() -> None:
    """Every status, parameter, timer and limit has its row."""
    page = reference()
    for status in CommandStatus:
        assert f"| {status.spelling} |" in page
    for parameter in PARAMETERS.values():
        assert f"| {parameter.name} |" in page
    for name in (field.name for kind in (SmppTimers, SmppLimits) for field in fields(kind)):
        assert f"| `{name}` |" in page


def test_the_table_of_timers_has_the_defaults() -> None:
    """What the table says is what a session does."""
    assert {row.field: row.default for row in TIMER_TABLE} == {
        field.name: field.default for field in fields(SmppTimers)
    }
