"""The reference page of lab files is what the model says."""

from __future__ import annotations

from pathlib import Path

from testbed.lab.reference import page

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "lab-file.md"


def test_page_is_what_the_model_says() -> None:
    """The checked-in page is the one that ``python -m testbed.lab.reference`` prints."""
    assert PAGE.read_text(encoding="utf-8") == page()


def test_every_setting_is_on_the_page() -> None:
    """A reader finds settings of nested parts, with defaults and what they mean."""
    text = page()
    assert "| `t3385` | number | `8.0` | wait for the mobile after" in text
    assert "| `on_request` | `accept` or `reject` or `silent` or `detach` or " in text
    assert "| `apns` | list of [Apn](#apn) | required |" in text
