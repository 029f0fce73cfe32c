"""A schedule rings alarms in time and in order, and forgets cancelled ones."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from corenet.schedule import Alarm, Schedule


def test_alarms_ring_in_order() -> None:
    """By due time, then by when they were set; what is set meanwhile and due rings too."""
    schedule, rung = Schedule(), []
    schedule.at(2, lambda now: rung.append(("b", now)))
    schedule.at(1, lambda now: schedule.at(1.5, lambda now: rung.append(("new", now))))
    schedule.at(2, lambda now: rung.append(("c", now)))
    assert schedule.next_timeout() == 1
    schedule.ring(2.5)
    assert rung == [("new", 2.5), ("b", 2.5), ("c", 2.5)]
    assert schedule.next_timeout() is None


def test_cancelled_alarms_do_not_ring() -> None:
    """Cancelling is safe at any time."""
    schedule, rung = Schedule(), []
    first = schedule.at(1, rung.append)
    second = schedule.at(2, rung.append)
    first.cancel()
    first.cancel()
    assert schedule.next_timeout() == 2
    schedule.ring(2)
    second.cancel()
    assert rung == [2]
    assert schedule.next_timeout() is None


def test_many_cancelled_alarms_cost_nothing() -> None:
    """They are forgotten when they are many; what is left still rings in order."""
    schedule, rung = Schedule(), []
    alarms = [schedule.at(due, rung.append) for due in range(1, 1001)]
    for alarm in alarms[:990]:
        alarm.cancel()
    assert schedule.next_timeout() == 991
    schedule.ring(1000)
    assert len(rung) == 10


def test_an_alarm_may_have_a_subject() -> None:
    """Its action is called with the subject, whatever that is, and the time."""
    schedule, rung = Schedule(), []
    for subject in (None, "it"):
        schedule.at_with(1, lambda subject, now: rung.append((subject, now)), subject)
    schedule.at_with(1, lambda subject, now: rung.append((subject, now)), "other").cancel()
    schedule.ring(1)
    assert rung == [(None, 1), ("it", 1)]


@given(
    st.lists(
        st.tuples(
            st.floats(0, 30),
            st.integers(0, 5),
            st.booleans(),
            st.one_of(st.none(), st.floats(0, 9)),
        ),
        max_size=60,
    )
)
def test_alarms_ring_as_in_a_sorted_list(
    steps: list[tuple[float, int, bool, float | None]],
) -> None:
    """Whatever is set, cancelled and rung in whichever order, time after time."""
    schedule, rung = Schedule(), []
    now = 1_700_000_000.0
    pending: dict[tuple[float, int], Alarm] = {}
    for number, (delay, which, cancels, passes) in enumerate(steps):
        key = (now + delay, number)
        pending[key] = schedule.at_with(now + delay, lambda key, _: rung.append(key), key)
        if cancels:
            pending.pop(sorted(pending)[which % len(pending)]).cancel()
        assert schedule.next_timeout() == min(pending, default=(None,))[0]
        if passes is not None:
            now += passes
            schedule.ring(now)
            due = sorted(key for key in pending if key[0] <= now)
            assert rung == due
            rung.clear()
            for key in due:
                del pending[key]
