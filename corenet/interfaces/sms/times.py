"""Times in TPDUs: time stamps and validity periods.

Specs: TS 23.040 §9.2.3.11 (service centre time stamp), §9.2.3.12 (validity period).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from corenet.interfaces.sms.errors import SmsError

_MINUTE: Final = 60
_HOUR: Final = 60 * _MINUTE
_DAY: Final = 24 * _HOUR
_WEEK: Final = 7 * _DAY
_CENTURY_BEGINS: Final = 90
"""Years from 90 on are of the last century: there were no short messages before."""


@dataclass(frozen=True, slots=True)
class Timestamp:
    """A time, and the time zone it was local in. Years are 1990 to 2089."""

    seconds: int
    """Since 1970-01-01 UTC."""
    quarters: int = 0
    """Time zone: quarters of an hour that local time is ahead of UTC, -79 to 79."""

    def encode(self) -> bytes:
        """Return the seven octets. Raises ValueError for a year or a zone that has none."""
        if not -79 <= self.quarters <= 79:
            raise ValueError(f"time zone {self.quarters} is over 79 quarters of an hour")
        local = datetime.fromtimestamp(self.seconds, UTC) + timedelta(minutes=15 * self.quarters)
        if not 1990 <= local.year < 2090:
            raise ValueError(f"the year {local.year} has no time stamp")
        fields = (local.year % 100, local.month, local.day, local.hour, local.minute, local.second)
        zone = _swapped(abs(self.quarters)) | (0x08 if self.quarters < 0 else 0)
        return bytes([*map(_swapped, fields), zone])


def decode_timestamp(octets: bytes, octet: int = 0) -> Timestamp:
    """Return the time that seven octets say; ``octet`` is where they stand."""
    try:
        year, month, day, hour, minute, second = map(_number, octets[:6])
        quarters = _number(octets[6] & 0xF7) * (-1 if octets[6] & 0x08 else 1)
        year += 1900 if year >= _CENTURY_BEGINS else 2000
        local = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError as error:
        raise SmsError(f"{octets.hex()} is no time: {error}", octet) from None
    return Timestamp(int((local - timedelta(minutes=15 * quarters)).timestamp()), quarters)


@dataclass(frozen=True, slots=True)
class RelativeValidity:
    """A validity period in its one-octet form (§9.2.3.12.1)."""

    value: int

    @property
    def seconds(self) -> int:
        """How long the message is valid once the service centre has it."""
        if self.value <= 143:
            return (self.value + 1) * 5 * _MINUTE
        if self.value <= 167:
            return 12 * _HOUR + (self.value - 143) * 30 * _MINUTE
        if self.value <= 196:
            return (self.value - 166) * _DAY
        return (self.value - 192) * _WEEK


@dataclass(frozen=True, slots=True)
class EnhancedValidity:
    """A validity period in its enhanced form, as its seven octets (§9.2.3.12.3)."""

    octets: bytes


Validity = RelativeValidity | EnhancedValidity | Timestamp


def _swapped(number: int) -> int:
    return number % 10 << 4 | number // 10


def _number(octet: int) -> int:
    tens, ones = octet & 0xF, octet >> 4
    if tens > 9 or ones > 9:
        raise ValueError(f"{octet:#04x} is not decimal")
    return 10 * tens + ones
