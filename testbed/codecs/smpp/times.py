"""Times in PDUs: absolute and relative, sixteen characters each.

Spec: SMPP 3.4 §7.1.1, "YYMMDDhhmmsstnnp". The last character says which it is: "+" and "-" give
the offset to UTC in quarters of an hour, "R" makes it a period from the SMSC's time on.
"""

from __future__ import annotations

import re
from dataclasses import astuple, dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Final

_FORM: Final = re.compile(r"(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d)(\d\d)([-+R])", re.ASCII)
_CENTURY: Final = 2000
_QUARTER: Final = timedelta(minutes=15)
_MOST_QUARTERS: Final = 48
_TENTH: Final = 100_000
_DAYS_A_MONTH: Final = 30
_DAYS_A_YEAR: Final = 365


@dataclass(frozen=True, slots=True)
class AbsoluteTime:
    """An instant, with the offset to UTC that its sender has."""

    time: datetime
    """Aware, of this century, whole tenths of a second, offset in whole quarters of an hour."""

    @classmethod
    def at(cls, seconds: float) -> AbsoluteTime:
        """Return the instant of seconds since 1970-01-01 UTC, to a tenth of a second."""
        return cls(datetime.fromtimestamp(round(seconds * 10) / 10, UTC))

    def after(self, now: float) -> float:
        """Return it in seconds since 1970-01-01 UTC, whatever ``now`` is."""
        del now
        return self.time.timestamp()

    def __str__(self) -> str:
        offset = self.time.utcoffset()
        if offset is None or offset % _QUARTER or abs(offset) > _MOST_QUARTERS * _QUARTER:
            raise ValueError("the offset to UTC is not in quarters of an hour")
        if not _CENTURY <= self.time.year < _CENTURY + 100:
            raise ValueError(f"the year {self.time.year} has no two digits of this century")
        if self.time.microsecond % _TENTH:
            raise ValueError("it is not in whole tenths of a second")
        sign = "-" if offset < timedelta() else "+"
        tenth = self.time.microsecond // _TENTH
        return f"{self.time:%y%m%d%H%M%S}{tenth}{abs(offset) // _QUARTER:02}{sign}"


@dataclass(frozen=True, slots=True)
class RelativeTime:
    """A period from the SMSC's time on. Each part has two digits."""

    years: int = 0
    months: int = 0
    days: int = 0
    hours: int = 0
    minutes: int = 0
    seconds: int = 0

    @classmethod
    def of(cls, seconds: float) -> RelativeTime:
        """Return a period of whole seconds, rounded up, in days and less.

        Raise ``ValueError`` where it is negative, or 100 days and longer.
        """
        whole = -int(-seconds // 1)
        minutes, second = divmod(whole, 60)
        hours, minute = divmod(minutes, 60)
        day, hour = divmod(hours, 24)
        if not 0 <= day < 100:
            raise ValueError(f"{seconds} seconds are not 0 to 99 days")
        return cls(days=day, hours=hour, minutes=minute, seconds=second)

    def after(self, now: float) -> float:
        """Return when it is over that began at ``now``: a month has 30 days, a year 365."""
        days = self.days + self.months * _DAYS_A_MONTH + self.years * _DAYS_A_YEAR
        return now + ((days * 24 + self.hours) * 60 + self.minutes) * 60 + self.seconds

    def __str__(self) -> str:
        parts = astuple(self)
        if not all(0 <= part <= 99 for part in parts):
            raise ValueError("a part of it has not two digits")
        return "".join(f"{part:02}" for part in parts) + "000R"


SmppTime = AbsoluteTime | RelativeTime


def parse_time(text: str) -> SmppTime:
    """Return the time that sixteen characters say. Raise ``ValueError`` where they say none."""
    matched = _FORM.fullmatch(text)
    if matched is None:
        raise ValueError(f"{text!r} has not the form YYMMDDhhmmsstnnp")
    *digits, kind = matched.groups()
    year, month, day, hour, minute, second, tenth, quarters = map(int, digits)
    if kind == "R":
        return RelativeTime(year, month, day, hour, minute, second)
    if quarters > _MOST_QUARTERS:
        raise ValueError(f"{quarters} quarters of an hour are no offset to UTC")
    offset = quarters * _QUARTER if kind == "+" else -quarters * _QUARTER
    zone = timezone(offset)
    return AbsoluteTime(
        datetime(_CENTURY + year, month, day, hour, minute, second, tenth * _TENTH, zone)
    )
