"""Stores that are closed when their test ends, and the log as it was before it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing

import pytest
import structlog

from testbed.gateway.keeping.store import SqliteStore

OpenStore = Callable[[], SqliteStore]


@pytest.fixture(autouse=True)
def log_as_it_was() -> Iterator[None]:
    """Undo what a command has said of the log of this process."""
    yield
    structlog.reset_defaults()


@pytest.fixture
def open_store() -> Iterator[OpenStore]:
    """Opens stores in memory."""
    with ExitStack() as stack:
        yield lambda: stack.enter_context(closing(SqliteStore(":memory:")))
