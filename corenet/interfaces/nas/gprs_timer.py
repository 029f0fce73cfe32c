"""GPRS timers, as mobility management messages carry them (TS 24.008 §10.5.7.3)."""

from __future__ import annotations

from functools import cache
from typing import Final

_UNITS: Final = ((0, 2.0), (1, 60.0), (2, 360.0))
"""Number of the unit, and its seconds."""
_MOST: Final = 31
_DEACTIVATED: Final = 0xE0

LONGEST: Final = _UNITS[-1][1] * _MOST
"""Seconds: 186 minutes."""


def encode_timer(seconds: float | None) -> int:
    """Return the octet of the shortest timer that is as long; None says deactivated.

    What is over ``LONGEST`` is cut to that.
    """
    if seconds is None:
        return _DEACTIVATED
    for number, unit in _UNITS:
        if seconds <= unit * _MOST:
            return number << 5 | -int(-seconds // unit)
    return _UNITS[-1][0] << 5 | _MOST


@cache
def decode_timer(octet: int) -> float | None:
    """Return the timer's seconds, or None where it is deactivated."""
    if octet >> 5 == _DEACTIVATED >> 5:
        return None
    # Other units are to be read as minutes.
    return dict(_UNITS).get(octet >> 5, 60.0) * (octet & _MOST)
