"""The queue that is ordered by rank and fair among lanes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testbed.gateway.activation.fair import FairQueue


def drain(queue: FairQueue[str]) -> list[str]:
    return [queue.pop() for _ in range(len(queue))]


def test_a_better_rank_goes_first():
    """Whenever it came."""
    queue: FairQueue[str] = FairQueue()
    for key, rank in (("low", 2), ("medium", 1), ("high", 0), ("medium 2", 1)):
        queue.add(key, rank, "")
    assert drain(queue) == ["high", "medium", "medium 2", "low"]


def test_lanes_take_turns():
    """Three keys of one lane do not hold up the one of another."""
    queue: FairQueue[str] = FairQueue()
    for key in ("a1", "a2", "a3", "b1", "c1", "c2"):
        queue.add(key, 1, key[0])
    assert drain(queue) == ["a1", "b1", "c1", "a2", "c2", "a3"]


def test_a_key_moves_up_but_not_down():
    """It is as urgent as it ever was said to be, and is there once."""
    queue: FairQueue[str] = FairQueue()
    queue.add("a", 1, "x")
    queue.add("b", 1, "x")
    queue.add("b", 0, "y")
    queue.add("b", 2, "z")
    assert len(queue) == 2
    assert drain(queue) == ["b", "a"]


def test_a_key_can_leave():
    """And then it is nobody's turn."""
    queue: FairQueue[str] = FairQueue()
    queue.add("a", 1, "x")
    queue.remove("a")
    with pytest.raises(LookupError):
        queue.remove("a")
    with pytest.raises(LookupError):
        queue.pop()


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 2), st.sampled_from("abc"))))
def test_every_key_comes_out_once(entries):
    """By rank, and in a lane in the order of coming."""
    queue: FairQueue[int] = FairQueue()
    places: dict[int, tuple[int, str]] = {}
    for key, rank, lane in entries:
        queue.add(key, rank, lane)
        if key not in places or rank < places[key][0]:
            places.pop(key, None)
            places[key] = (rank, lane)
    out = drain(queue)
    assert sorted(out) == sorted(places)
    assert [places[key][0] for key in out] == sorted(rank for rank, _ in places.values())
    for lane in set(places.values()):
        assert [k for k in out if places[k] == lane] == [k for k in places if places[k] == lane]
