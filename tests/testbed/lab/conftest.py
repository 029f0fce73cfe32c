"""What tests of labs share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import structlog


@pytest.fixture(autouse=True)
def log_as_it_was() -> Iterator[None]:
    """Undo what a command has said of the log of this process."""
    yield
    structlog.reset_defaults()
