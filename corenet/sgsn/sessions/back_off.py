"""How long a GGSN wants to be left alone, as GTP says it and as mobiles are told it.

Specs: TS 29.060 §7.7.102 (GGSN Back-Off Time), TS 24.008 §10.5.7.4a (GPRS timer 3).
"""

from __future__ import annotations

from math import inf
from typing import Final

_UNITS: Final = {0: (2.0, 3), 1: (60.0, 5), 2: (600.0, 0), 3: (3600.0, 1), 4: (36000.0, 2)}
"""Units of GGSN Back-Off Time: their seconds, and their number as units of GPRS timer 3."""
_INFINITE: Final = 7
_MOST: Final = 0x1F


def back_off_seconds(octet: int) -> float | None:
    """Return GGSN Back-Off Time in seconds; None where its unit is not known."""
    if octet >> 5 == _INFINITE:
        return inf
    unit = _UNITS.get(octet >> 5)
    return None if unit is None else unit[0] * (octet & _MOST)


def as_timer_3(octet: int) -> int | None:
    """Return GGSN Back-Off Time as GPRS timer 3, which numbers its units otherwise."""
    if octet >> 5 == _INFINITE:
        return octet
    unit = _UNITS.get(octet >> 5)
    return None if unit is None else unit[1] << 5 | octet & _MOST


def timer_3(seconds: float) -> int:
    """Return the octet of the shortest GPRS timer 3 that is as long."""
    for unit, number in _UNITS.values():
        if seconds <= unit * _MOST:
            return number << 5 | -int(-seconds // unit)
    return _INFINITE << 5
