"""References of concatenated messages are unique per terminal while in use."""

from __future__ import annotations

import pytest

from testbed.smsc.references import NoReferenceError, References


def test_numbers_count_up_per_terminal() -> None:
    """Two messages for one terminal differ; another terminal may have the same number."""
    references = References()
    assert [references.take("a", 0), references.take("a", 0), references.take("b", 0)] == [0, 1, 0]


def test_a_number_in_use_is_not_given_again() -> None:
    """With all 256 in use there is none left, until one has rested."""
    references = References(rest=60)
    for _ in range(256):
        references.take("a", 0)
    with pytest.raises(NoReferenceError, match="256"):
        references.take("a", 0)
    references.give_back("a", 7, 100)
    with pytest.raises(NoReferenceError):
        references.take("a", 159)
    assert references.take("a", 160) == 7


def test_wide_numbers_have_sixteen_bits() -> None:
    """With 16 bits the 257th message still has a number of its own."""
    references = References(wide=True)
    assert {references.take("a", 0) for _ in range(300)} == set(range(300))


def test_a_terminal_without_numbers_is_forgotten() -> None:
    """Once everything has rested, counting begins anew."""
    references = References(rest=60)
    first = references.take("a", 0)
    references.give_back("a", first, 0)
    assert references.take("a", 10) == 1
    references.give_back("a", 1, 10)
    assert references.take("a", 1_000) == 0


def test_counting_begins_where_it_is_told() -> None:
    """Modulo the size, for each terminal."""
    references = References(first=0x1FF)
    assert [references.take("a", 0), references.take("a", 0), references.take("b", 0)] == [
        255,
        0,
        255,
    ]
