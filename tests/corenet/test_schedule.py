"""A schedule rings alarms in time and in order, and forgets cancelled ones."""

from __future__ import annotations

from corenet.schedule import Schedule


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
    """The heap is rebuilt when most of it is cancelled; what is left still rings in order."""
    schedule, rung = Schedule(), []
    alarms = [schedule.at(due, rung.append) for due in range(1, 1001)]
    for alarm in alarms[:990]:
        alarm.cancel()
    assert schedule.next_timeout() == 991
    schedule.ring(1000)
    assert len(rung) == 10
