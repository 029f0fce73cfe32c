"""Timers and bounds of SMPP sessions: one table with default, unit and clause.

Spec: SMPP 3.4 §7.2 (timers). The standard names them and leaves the values to the implementation.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from testbed.codecs.smpp.framing import LARGEST_PDU


@dataclass(frozen=True, slots=True)
class TimerDefinition:
    """One row of the table: what a timer is for, and where the standard says so."""

    field: str
    """Name of the attribute of ``SmppTimers``."""
    default: float | None
    """Seconds, or None for a timer that does not run unless it is given."""
    clause: str
    prose: str


TIMER_TABLE: Final[tuple[TimerDefinition, ...]] = (
    TimerDefinition(
        "session_init",
        30.0,
        "SMPP 3.4 §7.2",
        "From the connection, or an outbind, to an accepted bind; the connection is closed then.",
    ),
    TimerDefinition(
        "enquire_link",
        30.0,
        "SMPP 3.4 §7.2",
        "How long nothing may come from the peer before it is asked by enquire_link.",
    ),
    TimerDefinition(
        "inactivity",
        None,
        "SMPP 3.4 §7.2",
        "How long a session may have no operation but enquire_link before it is unbound.",
    ),
    TimerDefinition(
        "response",
        120.0,
        "SMPP 3.4 §7.2",
        "How long a request waits for its response. A transaction is answered after the delivery "
        "attempt, so this is longer than an attempt takes.",
    ),
    TimerDefinition(
        "link_response",
        20.0,
        "SMPP 3.4 §7.2",
        "The same for bind, unbind and enquire_link, which wait for nobody.",
    ),
    TimerDefinition(
        "whole_pdu",
        10.0,
        "beyond SMPP 3.4",
        "From the first octet of a PDU to its last; the connection is closed then.",
    ),
)
"""Every timer of a session."""


@dataclass(frozen=True, slots=True)
class SmppTimers:
    """Timers of a session, in seconds (``TIMER_TABLE`` says what each is for)."""

    session_init: float = 30.0
    enquire_link: float | None = 30.0
    inactivity: float | None = None
    response: float = 120.0
    link_response: float = 20.0
    whole_pdu: float = 10.0

    def __post_init__(self) -> None:
        for row in TIMER_TABLE:
            value = getattr(self, row.field)
            if value is not None and value <= 0:
                raise ValueError(f"{row.field} = {value}: a timer runs for some time")


@dataclass(frozen=True, slots=True)
class SmppLimits:
    """What a session is bound by."""

    window: int = 10
    """Requests of ours that wait for a response at a time (SMPP 3.4 §2.7 recommends 10)."""
    queue: int = 1000
    """Requests of ours that wait for room in the window."""
    peer_window: int = 100
    """Requests of the peer's that we have not answered; more are throttled."""
    rate: float | None = None
    """Messages that the peer may submit a second in the long run; None means any number."""
    burst: int = 10
    """Messages that it may submit at once."""
    largest_pdu: int = LARGEST_PDU
    """Octets of a PDU; a longer one ends the connection."""

    def __post_init__(self) -> None:
        for name in ("window", "peer_window", "burst"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} = {getattr(self, name)}: nothing would ever pass")
        if self.rate is not None and self.rate <= 0:
            raise ValueError(f"rate = {self.rate}: nothing would ever pass")
        if self.queue < 0:
            raise ValueError(f"queue = {self.queue} is negative")
