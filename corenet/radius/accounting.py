"""The vocabulary of RADIUS accounting: servers, policy, statuses, events.

Specs: RFC 2866 (accounting), RFC 5080 §2.2.1 (retransmission), TS 29.061 §16 (what a GGSN sends).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from corenet.interfaces.node import Address, Event


class AccountingStatus(StrEnum):
    """What an accounting request says (RFC 2866 §5.1)."""

    START = "Start"
    STOP = "Stop"
    INTERIM_UPDATE = "Interim-Update"
    ACCOUNTING_ON = "Accounting-On"
    ACCOUNTING_OFF = "Accounting-Off"


@dataclass(frozen=True, slots=True)
class RadiusServer:
    """A server that accounting goes to (TS 29.061 §16.3)."""

    address: Address
    """IP address and port, usually 1813."""
    secret: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if not self.secret:
            raise ValueError(f"RADIUS server {self.address[0]}: the secret is empty")


@dataclass(frozen=True, slots=True)
class AccountingPolicy:
    """How accounting requests are repeated and bounded (RFC 2866 §2, RFC 5080 §2.2.1)."""

    interim_interval: float | None = None
    """Seconds between Interim-Updates of a context, or None for none."""
    first_wait: float = 3.0
    """Seconds until the first repetition; doubled each time."""
    longest_wait: float = 30.0
    """Seconds that the doubling ends at."""
    tries_per_server: int = 4
    """Transmissions to one server before the next one is tried."""
    queue_limit: int = 10_000
    """Requests that wait for an answer; beyond it the oldest is given up and counted."""
    farewell_tries: int = 3
    """Transmissions of a request in all, once the GGSN has stopped."""

    def __post_init__(self) -> None:
        if self.interim_interval is not None and self.interim_interval <= 0:
            raise ValueError("the interim interval is above 0, or None")
        if not 0 < self.first_wait <= self.longest_wait:
            raise ValueError("the first wait is above 0 and at most the longest wait")
        if min(self.tries_per_server, self.queue_limit, self.farewell_tries) < 1:
            raise ValueError("tries and queue limit of accounting are at least 1")


@dataclass(frozen=True, slots=True)
class AccountingEvent(Event):
    """Something that happened to an accounting request."""


@dataclass(frozen=True, slots=True)
class AccountingSent(AccountingEvent):
    """An accounting request went to a server for the first time, or to another server."""

    server: str
    status: AccountingStatus
    session: str
    """Acct-Session-Id, or "" for On and Off."""


@dataclass(frozen=True, slots=True)
class AccountingAnswered(AccountingEvent):
    """A server answered an accounting request, and the answer's authenticator is right."""

    server: str
    status: AccountingStatus
    session: str
    delay: float
    """Seconds since the request was made."""


@dataclass(frozen=True, slots=True)
class AccountingGivenUp(AccountingEvent):
    """An accounting request was given up without an answer."""

    status: AccountingStatus
    session: str
    tries: int
    """Transmissions in all."""
