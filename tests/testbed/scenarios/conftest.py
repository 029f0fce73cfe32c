"""Scenarios written in tests."""

from __future__ import annotations

from textwrap import dedent

import pytest

from testbed.scenarios.loading import load_scenario
from testbed.scenarios.virtual import perform_virtually

HEAD = """\
summary: what a test is about
arrange:
  terminal: "447700900401"
"""


@pytest.fixture
def written(tmp_path, monkeypatch):
    """Write a scenario file after the usual head, or a whole one; return its name."""
    monkeypatch.chdir(tmp_path)

    def write(text, *, head=HEAD, name="written.yaml"):
        (tmp_path / name).write_text(head + dedent(text), encoding="utf-8")
        return name

    return write


@pytest.fixture
def perform(written):
    """Write a scenario and perform it in virtual time."""

    def write_and_perform(text, *, head=HEAD, seed=1):
        return perform_virtually(load_scenario(written(text, head=head)), seed=seed)

    return write_and_perform
