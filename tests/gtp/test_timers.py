"""The timers and their table."""

from __future__ import annotations

from dataclasses import fields

import pytest

from gtp.errors import LocalProtocolError
from gtp.timers import TIMER_TABLE, Timers


def test_table_and_values_agree() -> None:
    """Every timer has one row, with the default that it has in fact."""
    assert [row.field for row in TIMER_TABLE] == [field.name for field in fields(Timers)]
    assert {row.field: row.default for row in TIMER_TABLE} == {
        field.name: field.default for field in fields(Timers)
    }


def test_responses_are_kept_while_the_request_may_come_again() -> None:
    """Retention is all of the peer's transmissions and half a T3-RESPONSE."""
    assert Timers(t3_response=5, n3_requests=5).response_retention == 27.5


@pytest.mark.parametrize(
    ("values", "what"),
    [
        ({"t3_response": 0.0}, "t3_response"),
        ({"t3_response": float("nan")}, "t3_response"),
        ({"n3_requests": 0}, "n3_requests"),
        ({"echo_interval": -1.0}, "echo_interval"),
    ],
)
def test_values_that_cannot_work_are_refused(values: dict[str, float], what: str) -> None:
    """A timer that would never expire, or at once, is our caller's fault and is named."""
    with pytest.raises(LocalProtocolError, match=what):
        Timers(**values)
