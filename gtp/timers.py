"""Timers and counters of GTPv1: one table with default, unit and clause.

Specs: TS 29.060 §7.6 (reliable delivery of signalling messages), §7.2.1 (Echo Request).
The standard leaves every value to the operator; the defaults are common practice.
"""

from __future__ import annotations

from dataclasses import dataclass

from gtp.errors import LocalProtocolError


@dataclass(frozen=True, slots=True)
class TimerDefinition:
    """One row of the table: what a timer is for, and where the standard says so."""

    field: str
    """Name of the attribute of ``Timers``."""
    name: str
    """Name in the standard."""
    default: float
    unit: str
    clause: str
    prose: str


TIMER_TABLE: tuple[TimerDefinition, ...] = (
    TimerDefinition(
        "t3_response",
        "T3-RESPONSE",
        5.0,
        "seconds",
        "TS 29.060 §7.6",
        "How long a request waits for its response before it is sent again.",
    ),
    TimerDefinition(
        "n3_requests",
        "N3-REQUESTS",
        5,
        "transmissions",
        "TS 29.060 §7.6",
        "How often one request is sent at most, the first transmission included.",
    ),
    TimerDefinition(
        "echo_interval",
        "echo interval",
        60.0,
        "seconds",
        "TS 29.060 §7.2.1",
        "Time from one Echo Request on a watched path to the next; 0 turns echo off. The "
        "standard wants no path to be asked more often than every 60 seconds.",
    ),
)
"""Every timer of this package, in the order of the attributes of ``Timers``."""


@dataclass(frozen=True, slots=True)
class Timers:
    """The values that one endpoint works with. See ``TIMER_TABLE`` for what each means."""

    t3_response: float = 5.0
    """Seconds, greater than 0."""
    n3_requests: int = 5
    """Transmissions in all, at least 1."""
    echo_interval: float = 60.0
    """Seconds; 0 turns echo off."""

    def __post_init__(self) -> None:
        """Refuse values that no endpoint could work with.

        Raises LocalProtocolError.
        """
        if not self.t3_response > 0:
            raise LocalProtocolError(f"t3_response is {self.t3_response}, must be above 0 seconds")
        if self.n3_requests < 1:
            raise LocalProtocolError(f"n3_requests is {self.n3_requests}, must be at least 1")
        if not self.echo_interval >= 0:
            raise LocalProtocolError(
                f"echo_interval is {self.echo_interval}, must be 0 (off) or more seconds"
            )

    @property
    def response_retention(self) -> float:
        """Seconds that a response is kept for duplicates of its request.

        As long as the peer may still send the request again, and half a T3-RESPONSE for the
        last copy to arrive (TS 29.060 §7.6). Peers are taken to have the same timers.
        """
        return self.t3_response * self.n3_requests + self.t3_response / 2
