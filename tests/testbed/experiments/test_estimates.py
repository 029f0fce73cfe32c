"""Means, intervals and quantiles are those of the textbooks."""

from __future__ import annotations

from math import isnan, nan

import pytest

from testbed.experiments.estimates import estimate, quantile


def test_an_interval_is_students() -> None:
    """Five runs have four degrees of freedom: t is 2.776."""
    found = estimate([1.0, 2.0, 3.0, 4.0, 5.0])
    assert found.mean == 3.0
    assert found.half == pytest.approx(2.776 * 1.5811388 / 5**0.5)


def test_many_runs_have_a_normal_interval() -> None:
    """Beyond thirty degrees of freedom t is as good as normal."""
    found = estimate([0.0, 1.0] * 50)
    assert found.half == pytest.approx(1.96 * 0.5025189 / 10)


def test_what_runs_did_not_give_is_left_out() -> None:
    """A run without deliveries has no delay; one run has no interval; none have no mean."""
    assert estimate([2.0, nan, 2.0]).half == 0.0
    single = estimate([2.0, nan])
    assert single.mean == 2.0
    assert isnan(single.half)
    assert isnan(estimate([nan]).mean)


@pytest.mark.parametrize(("part", "value"), [(0.5, 2.0), (0.75, 3.0), (0.95, 4.0), (0.01, 1.0)])
def test_a_quantile_is_a_value_that_occurred(part: float, value: float) -> None:
    """The nearest rank: no value between two is made up."""
    assert quantile([4.0, 2.0, 3.0, 1.0], part) == value


def test_nothing_has_no_quantile() -> None:
    """It is not a number."""
    assert isnan(quantile([], 0.5))
