"""The reference page of the plugin is what the plugin says."""

from __future__ import annotations

import re
from pathlib import Path

from testbed.pytest_plugin import plugin
from testbed.pytest_plugin.reference import CLASSES, page

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "pytest.md"


def test_page_is_what_the_plugin_says() -> None:
    """The checked-in page is what ``python -m testbed.pytest_plugin.reference`` prints."""
    assert PAGE.read_text(encoding="utf-8") == page()


def test_everything_public_is_on_the_page() -> None:
    """Fixtures, options, settings, marks, and what the fixtures return, with words to each."""
    text = page()
    source = Path(plugin.__file__).read_text(encoding="utf-8")
    for name in re.findall(r'"(--corenet-\w+)"|addini\(\s*"(\w+)"', source):
        assert f"`{''.join(name)}`" in text
    for mark in plugin.MARKS:
        assert f"| `{mark.partition(':')[0]}` |" in text
    for described in CLASSES:
        assert f"## `{described.__name__}`" in text
    assert "| `mobile` | `Mobile` | Return the lab's first mobile. |" in text
    assert not re.search(r"\|\s*\|$", text, re.MULTILINE)
    assert "``" not in text
