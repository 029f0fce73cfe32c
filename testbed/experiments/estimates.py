"""What runs with different seeds say together: means with 95 % confidence intervals, quantiles.

The interval is Student's: the runs of one cell are independent and alike, and they are few. A
share that is the same in every run has an interval of nothing, which says only that it did not
differ in these runs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, nan, sqrt
from statistics import fmean, stdev
from typing import Final

_T: Final = (
    *(12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228),
    *(2.201, 2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086),
    *(2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042),
)
"""The 97.5 % quantile of Student's t, for 1, 2 … 30 degrees of freedom."""
_NORMAL: Final = 1.960


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean over seeds, and how far from it the true one may well be."""

    mean: float
    half: float
    """Half the width of the 95 % confidence interval; nan for a single run."""


def estimate(values: Sequence[float]) -> Estimate:
    """Return the mean of what each run gave; those that gave nothing (nan) are left out."""
    known = [value for value in values if value == value]
    if not known:
        return Estimate(nan, nan)
    if len(known) == 1:
        return Estimate(known[0], nan)
    degrees = len(known) - 1
    t = _T[degrees - 1] if degrees <= len(_T) else _NORMAL
    return Estimate(fmean(known), t * stdev(known) / sqrt(len(known)))


def quantile(values: Sequence[float], part: float) -> float:
    """Return the smallest value that ``part`` of all do not exceed; nan where there is none."""
    if not values:
        return nan
    ranked = sorted(values)
    return ranked[max(0, ceil(part * len(ranked)) - 1)]
