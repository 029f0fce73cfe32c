"""Lanes share the capacity: guaranteed, and borrowed."""

from __future__ import annotations

from collections import Counter

import pytest

from testbed.smsc.lanes import Lanes


def spent(lanes: Lanes, wanting: list[str], times: int) -> Counter[str]:
    """Return who got how many of the next places."""
    got: Counter[str] = Counter()
    for _ in range(times):
        lane = lanes.next(wanting)
        lanes.spend(lane, 0.0)
        lanes.give_back()
        got[lane] += 1
    return got


def test_each_lane_gets_its_part() -> None:
    """While both want to send, places go by weight."""
    lanes = Lanes({"push": 3, "general": 1})
    assert spent(lanes, ["push", "general"], 100) == {"push": 75, "general": 25}


def test_what_one_leaves_the_other_borrows() -> None:
    """A lane that is alone gets everything, whatever its weight."""
    lanes = Lanes({"push": 3, "general": 1})
    assert spent(lanes, ["general"], 100) == {"general": 100}


def test_nothing_is_saved_up_and_nothing_has_to_be_paid_back() -> None:
    """Who comes back after a silence gets its part from then on: no more, and no less."""
    lanes = Lanes({"push": 1, "general": 1})
    spent(lanes, ["general"], 1_000)
    back = spent(lanes, ["push", "general"], 100)
    assert abs(back["push"] - 50) <= 1


def test_the_rate_is_kept() -> None:
    """At ten a second, the next message may leave a tenth of a second after the last."""
    lanes = Lanes({"push": 1}, rate=10)
    assert lanes.free_at() == 0
    lanes.spend("push", 100.0)
    assert lanes.free_at() == pytest.approx(100.1)
    lanes.spend("push", 107.0)
    assert lanes.free_at() == pytest.approx(107.1)


def test_only_so_many_are_under_way() -> None:
    """When all places are taken nobody may send until one is given back."""
    lanes = Lanes({"push": 1}, under_way=2)
    lanes.spend("push", 0.0)
    lanes.spend("push", 0.0)
    assert lanes.free_at() is None
    lanes.give_back()
    assert lanes.free_at() is not None


@pytest.mark.parametrize(
    ("weights", "more"),
    [({}, {}), ({"a": 0.0}, {}), ({"a": 1.0}, {"rate": 0}), ({"a": 1.0}, {"under_way": 0})],
)
def test_lanes_that_lead_nowhere_are_refused(
    weights: dict[str, float], more: dict[str, int]
) -> None:
    """No lane, no weight, no rate or no place is an error of whoever sets them."""
    with pytest.raises(ValueError, match="above 0"):
        Lanes(weights, **more)
