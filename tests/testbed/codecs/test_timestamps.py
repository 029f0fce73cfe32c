"""Timestamps of PAP and SI."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testbed.codecs.timestamps import format_timestamp, parse_timestamp


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("1999-06-25T15:23:15Z", 930_324_195),
        ("2026-11-22T03:44:14Z", 1_795_319_054),
        ("0001-01-01T00:00:00Z", -62_135_596_800),
    ],
)
def test_timestamps_turn_into_seconds_and_back(text, time):
    """A timestamp is seconds since 1970 in UTC."""
    assert parse_timestamp(text) == time
    assert format_timestamp(time) == text


def test_fractions_of_a_second_are_cut():
    """PAP writes whole seconds."""
    assert format_timestamp(0.999) == "1970-01-01T00:00:00Z"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1999-06-25T15:23:15",
        "1999-06-25T15:23:15+00:00",
        "1999-6-25T15:23:15Z",
        "1999-06-25 15:23:15Z",
        "1999-13-25T15:23:15Z",
        "1999-02-29T15:23:15Z",
        "1999-06-25T24:00:00Z",
        "1999-06-25T15:23:60Z",
        "0000-01-01T00:00:00Z",
        "١٩٩٩-06-25T15:23:15Z",
        "1999-06-25T15:23:15Z\n",
    ],
)
def test_other_texts_are_refused(text):
    """Only UTC in the one form is a timestamp."""
    with pytest.raises(ValueError):
        parse_timestamp(text)


@pytest.mark.parametrize("time", [1e20, -1e12, float("inf"), float("nan")])
def test_times_outside_the_calendar_are_refused(time):
    """Years 1 to 9999 can be written."""
    with pytest.raises(ValueError):
        format_timestamp(time)


@given(st.integers(-62_135_596_800, 253_402_300_799))
def test_every_second_of_the_calendar_comes_back(time):
    """What is written reads back."""
    assert parse_timestamp(format_timestamp(time)) == time
