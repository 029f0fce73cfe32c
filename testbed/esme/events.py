"""What an ESME tells: past-tense events."""

from __future__ import annotations

from dataclasses import dataclass

from corenet.interfaces.node import Event
from testbed.esme.outcome import SmsOutcome


@dataclass(frozen=True, slots=True)
class SmsTransactionEnded(Event):
    """A push that was given to an SMSC has its outcome."""

    key: str
    outcome: SmsOutcome
    smsc: str
    """Which one had it last; "" where none did."""


@dataclass(frozen=True, slots=True)
class TerminalAnnounced(Event):
    """An SMSC says that a terminal is there again that it had found away (alert_notification)."""

    msisdn: str


@dataclass(frozen=True, slots=True)
class SmscBound(Event):
    """The link to an SMSC is up."""

    smsc: str
    version: int
    """Of SMPP, such as 0x34."""


@dataclass(frozen=True, slots=True)
class SmscLost(Event):
    """The link to an SMSC is down."""

    smsc: str
    why: str
    retry_in: float
    """Seconds."""


@dataclass(frozen=True, slots=True)
class TransactionModeMissed(Event):
    """An SMSC has no transaction mode; from now on it gets pushes in segments."""

    smsc: str
