"""How often something may happen."""

from __future__ import annotations

from corenet.gi.limit import Limit


def test_so_many_at_once_and_then_so_many_a_second() -> None:
    """After a rest it is full again, and no fuller."""
    limit = Limit(rate=2.0, at_once=3.0)
    assert [limit.admits(100.0) for _ in range(5)] == [True, True, True, False, False]
    assert [limit.admits(100.6) for _ in range(2)] == [True, False]
    assert [limit.admits(1000.0) for _ in range(4)] == [True, True, True, False]
