"""Timestamps of PAP and SI: ``YYYY-MM-DDThh:mm:ssZ``, UTC only."""

from __future__ import annotations

import math
import re
from datetime import datetime, timedelta
from functools import lru_cache

_EPOCH = datetime(1970, 1, 1)
_FORM = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")


@lru_cache(maxsize=256)
def parse_timestamp(text: str) -> float:
    """Return seconds since 1970-01-01 UTC; ValueError where the text is no UTC timestamp."""
    if _FORM.fullmatch(text) is None:
        raise ValueError(f"{text!r} is not YYYY-MM-DDThh:mm:ssZ")
    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError as error:
        raise ValueError(f"{text!r} is no time: {error}") from None


def format_timestamp(time: float) -> str:
    """Write seconds since 1970-01-01 UTC, cut to whole seconds; ValueError outside years 1–9999."""
    try:
        moment = _EPOCH + timedelta(seconds=math.floor(time))
    except OverflowError:
        raise ValueError(f"{time} is outside the years 1 to 9999") from None
    # strftime pads the year differently from platform to platform.
    return moment.isoformat() + "Z"
