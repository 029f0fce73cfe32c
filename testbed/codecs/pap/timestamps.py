"""Timestamps of PAP, SI and SL: ``YYYY-MM-DDThh:mm:ssZ``, UTC only."""

from __future__ import annotations


def parse_timestamp(text: str) -> float:
    """Return seconds since 1970-01-01 UTC; ValueError where the text is no UTC timestamp."""
    raise NotImplementedError


def format_timestamp(time: float) -> str:
    """Write seconds since 1970-01-01 UTC, cut to whole seconds; ValueError outside years 1–9999."""
    raise NotImplementedError
