"""The vocabulary of RADIUS: servers, policy of accounting, statuses, events.

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
    """A server of accounting or authentication (TS 29.061 §16.3)."""

    address: Address
    """IP address and port, usually 1813 for accounting and 1812 for authentication."""
    secret: bytes = field(repr=False)
    signs: bool = False
    """Whether its answers to Access-Requests must have a Message-Authenticator.

    Without one, whoever can change packets on their way can forge an Access-Accept.
    """

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
    dead_time: float = 60.0
    """Seconds for which a server that was silent comes after all others."""
    give_up_after: float = 86_400.0
    """Seconds after which a record that nobody has answered is given up."""
    queue_limit: int = 200_000
    """Requests that wait for an answer; beyond it the oldest is given up and counted."""
    farewell_tries: int = 3
    """Transmissions of a request in all, once the GGSN has stopped."""

    def __post_init__(self) -> None:
        if self.interim_interval is not None and self.interim_interval <= 0:
            raise ValueError("the interim interval is above 0, or None")
        if not 0 < self.first_wait <= self.longest_wait:
            raise ValueError("the first wait is above 0 and at most the longest wait")
        if self.dead_time < 0 or self.give_up_after <= 0:
            raise ValueError("accounting is given up after more than 0 s; dead time is not below 0")
        if min(self.tries_per_server, self.queue_limit, self.farewell_tries) < 1:
            raise ValueError("tries and queue limit of accounting are at least 1")


class RadiusEvent(Event):
    """Something that happened between a GGSN and its RADIUS servers."""

    __slots__ = ()


@dataclass(slots=True, unsafe_hash=True)
class AccountingSent(RadiusEvent):
    """An accounting request went to a server for the first time, or to another server."""

    server: str
    status: AccountingStatus
    session: str
    """Acct-Session-Id, or "" for On and Off."""


@dataclass(slots=True, unsafe_hash=True)
class AccountingAnswered(RadiusEvent):
    """A server answered an accounting request, and the answer's authenticator is right."""

    server: str
    status: AccountingStatus
    session: str
    delay: float
    """Seconds since the request was made."""


@dataclass(frozen=True, slots=True)
class AccountingGivenUp(RadiusEvent):
    """An accounting request was given up without an answer."""

    status: AccountingStatus
    session: str
    tries: int
    """Transmissions in all."""
    kept: bool = False
    """Whether it stays in the journal, and is sent after the next start."""


@dataclass(frozen=True, slots=True)
class AccountingResumed(RadiusEvent):
    """Records of an earlier life that nobody had answered are sent now."""

    records: int


class RadiusService(StrEnum):
    """What a server is asked for."""

    ACCOUNTING = "accounting"
    AUTHENTICATION = "authentication"


@dataclass(frozen=True, slots=True)
class RadiusServerSilent(RadiusEvent):
    """A server has not answered a request's tries: for a while others are asked first."""

    server: str
    service: RadiusService


@dataclass(frozen=True, slots=True)
class RadiusServerAnswered(RadiusEvent):
    """A server that had been silent answers again."""

    server: str
    service: RadiusService
