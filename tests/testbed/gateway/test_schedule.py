"""The heap behind next_timeout."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from testbed.gateway.schedule import Schedule


def test_keys_come_due_in_the_order_of_their_times():
    """The earliest is first, equals come in the order of setting."""
    schedule: Schedule[str] = Schedule()
    for key, at in (("c", 3.0), ("a", 1.0), ("b", 1.0)):
        schedule.set(key, at)
    assert schedule.next() == 1.0
    assert schedule.take_due(2.0) == ["a", "b"]
    assert schedule.next() == 3.0
    assert len(schedule) == 1


def test_a_key_has_one_time():
    """A later setting replaces an earlier one."""
    schedule: Schedule[str] = Schedule()
    schedule.set("a", 1.0)
    schedule.set("a", 5.0)
    assert schedule.take_due(4.0) == []
    assert schedule.take_due(5.0) == ["a"]
    assert schedule.next() is None


def test_a_cancelled_key_does_not_come_due():
    """Cancelling is safe where there is no time."""
    schedule: Schedule[str] = Schedule()
    schedule.set("a", 1.0)
    schedule.cancel("a")
    schedule.cancel("a")
    assert schedule.next() is None


@given(st.lists(st.tuples(st.integers(0, 5), st.none() | st.integers(0, 50)), max_size=400))
def test_it_does_what_a_dictionary_does(steps):
    """Any sequence of setting and cancelling leaves what a plain dictionary would."""
    schedule: Schedule[int] = Schedule()
    model: dict[int, float] = {}
    for key, at in steps:
        if at is None:
            schedule.cancel(key)
            model.pop(key, None)
        else:
            schedule.set(key, float(at))
            model[key] = float(at)
    assert schedule.next() == min(model.values(), default=None)
    assert sorted(schedule.take_due(25.0)) == sorted(k for k, at in model.items() if at <= 25.0)
    assert len(schedule) == sum(at > 25.0 for at in model.values())
