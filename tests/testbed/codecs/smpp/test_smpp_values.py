"""Flags and times mean what SMPP 3.4 §5.2 and §7.1 say."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testbed.codecs.smpp import (
    AbsoluteTime,
    Alphabet,
    DataCoding,
    EsmClass,
    MessageType,
    MessagingMode,
    Receipt,
    RegisteredDelivery,
    RelativeTime,
)
from testbed.codecs.smpp.times import parse_time


@given(st.integers(0, 255))
def test_an_esm_class_survives_its_parts(octet: int) -> None:
    """Every octet is the sum of mode, type and features."""
    assert int(EsmClass.read(octet)) == octet


def test_the_parts_of_a_wap_push_in_transaction_mode() -> None:
    """0x42: forward mode with a user data header."""
    assert EsmClass.read(0x42) == EsmClass(MessagingMode.TRANSACTION, udhi=True)
    assert EsmClass.read(0x04).type == MessageType.DELIVERY_RECEIPT
    assert int(EsmClass(reply_path=True)) == 0x80


@given(st.integers(0, 0x1F))
def test_a_registered_delivery_survives_its_parts(octet: int) -> None:
    """Every octet without reserved bits is the sum of its parts."""
    assert int(RegisteredDelivery.read(octet)) == octet


def test_the_parts_of_a_registered_delivery() -> None:
    """A receipt on failure and intermediate notifications; reserved bits say nothing."""
    assert RegisteredDelivery.read(0xF2) == RegisteredDelivery(
        Receipt.ON_FAILURE, intermediate=True
    )


@pytest.mark.parametrize(
    ("octet", "alphabet", "message_class"),
    [
        (0x00, Alphabet.DEFAULT, None),
        (0x02, Alphabet.OCTETS, None),
        (0x03, Alphabet.OTHER, None),
        (0x04, Alphabet.OCTETS, None),
        (0x08, Alphabet.UCS2, None),
        (0xC0, Alphabet.DEFAULT, None),
        (0xE0, Alphabet.UCS2, None),
        (0xF1, Alphabet.DEFAULT, 1),
        (DataCoding.WAP_PUSH, Alphabet.OCTETS, 1),
    ],
)
def test_the_alphabet_of_a_data_coding(
    octet: int, alphabet: Alphabet, message_class: int | None
) -> None:
    """SMPP's own codings, and the GSM ones of the highest values."""
    coding = DataCoding(octet)
    assert (coding.alphabet, coding.message_class) == (alphabet, message_class)


@pytest.mark.clause("SMPP 3.4 §7.1.1", "absolute and relative times")
def test_an_absolute_time_has_an_offset_in_quarters_of_an_hour() -> None:
    """The standard's form, both ways."""
    time = parse_time("261122093015704+")
    assert time == AbsoluteTime(
        datetime(2026, 11, 22, 9, 30, 15, 700_000, timezone(timedelta(hours=1)))
    )
    assert str(time) == "261122093015704+"
    west = parse_time("261122093015020-")
    assert isinstance(west, AbsoluteTime)
    assert west.time.utcoffset() == timedelta(hours=-5)
    assert str(west) == "261122093015020-"


def test_a_recorded_validity_is_understood() -> None:
    """What Kannel sends: UTC, to the second."""
    assert parse_time("261122040816000+").after(0.0) == 1_795_320_496.0


def test_a_relative_time_counts_from_now() -> None:
    """A period of days and less; months and years have the usual lengths."""
    assert parse_time("000001020304000R") == RelativeTime(days=1, hours=2, minutes=3, seconds=4)
    assert RelativeTime(days=1, seconds=4).after(100.0) == 86_504.0
    assert RelativeTime(years=1, months=1).after(0.0) == 395 * 86_400.0
    assert str(RelativeTime.of(90_061.2)) == "000001010102000R"


def test_an_instant_is_sent_in_utc_to_a_tenth_of_a_second() -> None:
    """Seconds since 1970 become an absolute time and are found again."""
    time = AbsoluteTime.at(1_795_320_496.26)
    assert str(time) == "261122040816300+"
    assert time.after(5.0) == 1_795_320_496.3


@pytest.mark.parametrize("seconds", [-1.0, 100 * 86_400.0])
def test_a_period_that_does_not_fit_is_refused(seconds: float) -> None:
    """Two digits of days are what there is."""
    with pytest.raises(ValueError, match="not 0 to 99 days"):
        RelativeTime.of(seconds)


@pytest.mark.parametrize(
    "time",
    [
        datetime(2026, 1, 1),
        datetime(2026, 1, 1, tzinfo=timezone(timedelta(minutes=7))),
        datetime(2026, 1, 1, tzinfo=timezone(timedelta(hours=13))),
        datetime(1999, 1, 1, tzinfo=UTC),
        datetime(2026, 1, 1, 0, 0, 0, 1, UTC),
    ],
)
def test_a_time_that_cannot_be_written_is_refused(time: datetime) -> None:
    """No offset, a crooked offset, another century, fractions."""
    with pytest.raises(ValueError):
        str(AbsoluteTime(time))


@pytest.mark.parametrize(
    "text", ["", "tomorrow", "261122093015704*", "261322093015704+", "261122093015749+"]
)
def test_what_is_no_time_is_refused(text: str) -> None:
    """Form, month and offset are checked."""
    with pytest.raises(ValueError):
        parse_time(text)
