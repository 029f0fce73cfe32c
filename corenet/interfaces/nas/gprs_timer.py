"""GPRS timers: of mobility management (TS 24.008 §10.5.7.3), and timer 3 (§10.5.7.4a)."""

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


_UNITS_3: Final = {0: 600.0, 1: 3600.0, 2: 36_000.0, 3: 2.0, 4: 30.0, 5: 60.0, 6: 1_152_000.0}
"""Seconds of GPRS timer 3's units."""


def decode_timer_3(octet: int) -> float | None:
    """Return the seconds of a GPRS timer 3, or None where it is deactivated."""
    unit = _UNITS_3.get(octet >> 5)
    return None if unit is None else unit * (octet & _MOST)
