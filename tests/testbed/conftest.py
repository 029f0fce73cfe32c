"""Stores that are closed when their test ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing

import pytest

from testbed.gateway.keeping.store import SqliteStore

OpenStore = Callable[[], SqliteStore]


@pytest.fixture
def open_store() -> Iterator[OpenStore]:
    """Opens stores in memory."""
    with ExitStack() as stack:
        yield lambda: stack.enter_context(closing(SqliteStore(":memory:")))
