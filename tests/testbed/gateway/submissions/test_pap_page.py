"""Every test that the page about PAP names is there, and every code and state is on it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from testbed.codecs.pap import MessageState, StatusCode

pytestmark = pytest.mark.docs

TESTS = Path(__file__).parents[2]
PAGE = Path(__file__).parents[4] / "docs/reference/pap.md"
TEXT = PAGE.read_text(encoding="utf-8")
NAMED = sorted(set(re.findall(r"`([\w/]+\.py)(?:::(\w+))?`", TEXT)))
ROWS = [line.split("|") for line in TEXT.splitlines() if line.startswith("| ")]
CODES = {code for row in ROWS if len(row) == 6 for code in re.findall(r"\b[1-4]\d{3}\b", row[3])}
STATES = {row[1].strip() for row in ROWS}
DEFINED = [code for code in StatusCode if code is not StatusCode.CLIENT_ABORTED]


@pytest.mark.parametrize(("file", "name"), NAMED)
def test_the_test_that_a_row_names_is_there(file: str, name: str) -> None:
    """A row names a test that can be run."""
    text = (TESTS / file).read_text(encoding="utf-8")
    assert f"def {name}(" in text if name else "def test_" in text


@pytest.mark.parametrize("code", DEFINED)
def test_every_status_code_has_a_row(code: StatusCode) -> None:
    """Something that an initiator or a terminal does brings it about."""
    assert str(code.value) in CODES


def test_every_message_state_has_a_row() -> None:
    """5000, the client's abort, comes with one of them."""
    assert set(MessageState) <= STATES
    assert "5000 and the reason of the abort" in TEXT
