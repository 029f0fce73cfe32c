"""Sequence numbers of G-PDUs, and the order that they keep."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corenet.ggsn.ordering import LONGEST_WAIT, MOST_WAITING, Ordering, keeps_order

NOW = 1000.0


def octets(*numbers: int) -> list[bytes]:
    return [number.to_bytes(2, "big") for number in numbers]


def arrive(ordering: Ordering, *numbers: int, now: float = NOW) -> list[bytes]:
    """Return what is released as numbered packets arrive, without those that are too late."""
    released: list[bytes] = []
    for number in numbers:
        released += ordering.arrived(number, number.to_bytes(2, "big"), now) or []
    return released


def test_our_numbers_count_from_0_and_wrap() -> None:
    """Sixteen bits (TS 29.060 §6)."""
    ordering = Ordering()
    assert [ordering.number() for _ in range(0x10001)] == [*range(0x10000), 0]


def test_what_is_in_turn_passes_at_once() -> None:
    """Also over the end of the numbers."""
    ordering = Ordering()
    ordering.begin_anew()
    assert arrive(ordering, 0xFFFE, 0xFFFF, 0, 1) == octets(0xFFFE, 0xFFFF, 0, 1)
    assert ordering.deadline() is None


def test_what_is_ahead_waits_for_its_turn() -> None:
    """Two packets that have changed places come out in order."""
    ordering = Ordering()
    assert arrive(ordering, 0, 2, 3) == octets(0)
    assert ordering.deadline() == NOW + LONGEST_WAIT
    assert arrive(ordering, 1) == octets(1, 2, 3)
    assert ordering.deadline() is None


def test_what_has_waited_long_enough_passes() -> None:
    """What is missing is given up, and too late if it comes after all."""
    ordering = Ordering()
    arrive(ordering, 0, 2, 4)
    assert ordering.expire(NOW + LONGEST_WAIT / 2) == []
    assert ordering.expire(NOW + LONGEST_WAIT) == octets(2, 4)
    assert ordering.arrived(3, b"late", NOW + 1) is None
    assert arrive(ordering, 5) == octets(5)


def test_the_wait_begins_anew_behind_a_second_gap() -> None:
    """What waits behind it has its own time."""
    ordering = Ordering()
    arrive(ordering, 1, 3)
    assert arrive(ordering, 0, now=NOW + 0.05) == octets(0, 1)
    assert ordering.deadline() == NOW + 0.05 + LONGEST_WAIT


def test_not_too_many_wait() -> None:
    """Beyond the bound, what is missing is given up at once."""
    ordering = Ordering()
    waiting = range(1, MOST_WAITING + 1)
    assert arrive(ordering, *waiting) == octets(*waiting)


def test_many_late_ones_in_a_row_are_a_new_count() -> None:
    """The other end counts from 0 again, and is believed before much is lost."""
    ordering = Ordering()
    arrive(ordering, *range(1000))
    released = arrive(ordering, *range(200))
    assert released == octets(*range(MOST_WAITING - 1, 200))


def test_another_end_may_begin_anywhere() -> None:
    """What waited from the one before is forgotten."""
    ordering = Ordering()
    arrive(ordering, 0, 5)
    ordering.begin_anew()
    assert ordering.deadline() is None
    assert arrive(ordering, 700, 701) == octets(700, 701)


@pytest.mark.parametrize("first", [0x8000, 0xC000, 0xFFFF])
@pytest.mark.clause("29.060 §9.3.1", "an end that does not count from 0 is heard all the same")
def test_the_first_number_of_all_is_never_late(first: int) -> None:
    """An end that begins with any number loses nothing by it."""
    ordering = Ordering()
    assert arrive(ordering, first, (first + 1) % 0x10000) == octets(first, (first + 1) % 0x10000)
    assert ordering.arrived(first, b"again", NOW) is None


@given(st.permutations(list(range(20))))
def test_any_order_of_arrival_comes_out_in_order(numbers: list[int]) -> None:
    """Nothing is lost while fewer wait than may."""
    assert arrive(Ordering(), *numbers) == octets(*range(20))


@pytest.mark.parametrize(
    ("qos", "kept"),
    [
        ("020b921f", False),  # of Release 97
        ("020b921f73", False),  # without delivery order
        ("020b921f6b", True),  # with
        ("020b921f63", False),  # subscribed
    ],
)
def test_delivery_order_is_the_profiles(qos: str, kept: bool) -> None:
    """TS 24.008 §10.5.6.5: bits 5 and 4 of octet 6."""
    assert keeps_order(bytes.fromhex(qos)) is kept
