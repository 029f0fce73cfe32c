"""The reference of the command is made from its parsers."""

from __future__ import annotations

from pathlib import Path

import pytest

from testbed.lab.cli import COMMANDS
from testbed.lab.cli_reference import reference

pytestmark = pytest.mark.docs

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "cli.md"


def test_page_is_the_reference_of_now() -> None:
    """``python -m testbed.lab.cli_reference > docs/reference/cli.md`` changes nothing."""
    assert PAGE.read_text(encoding="utf-8") == reference()


def test_every_command_has_a_section() -> None:
    """No command is left out, and neither are the verbs of verbs."""
    page = reference()
    for name in COMMANDS:
        assert f"\n## corenet {name}\n" in page
    assert "\n#### corenet ctl mobile behaviour\n" in page
