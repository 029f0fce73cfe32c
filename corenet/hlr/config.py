"""What an HLR is told when it is made: its address and its subscribers.

Every value is checked when it is made; a contradiction raises ``ValueError`` with a sentence
that names it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import ip_address

from corenet.authentication.secrets import Secret
from corenet.interfaces.node import Address
from gtp.ies import QosProfile
from gtp.timers import Timers

MOST_VECTORS = 5
"""In one answer to an SGSN (TS 29.002 §17.7.1, AuthenticationSetList)."""

ANY_CENTRE = "*"
"""Stands for the number of every service centre that has no entry of its own."""


class Barring(StrEnum):
    """Where a subscriber may not be (TS 23.015 §2)."""

    NONE = "none"
    ATTACH = "attach"
    """Nowhere: GPRS services not allowed."""
    ROAMING = "roaming"
    """In SGSNs of other networks: GPRS services not allowed in this PLMN."""


@dataclass(frozen=True, slots=True)
class SubscribedApn:
    """An access point that a subscriber may use."""

    apn: str
    """APN network identifier, or "*" for any; compared without regard to case."""
    static_address: str | None = None
    """IPv4 or IPv6 address in text form, or None where the GGSN gives one."""
    qos: bytes | None = None
    """The best QoS that is subscribed, as GTP has it (TS 29.060 §7.7.34); None for any."""

    def __post_init__(self) -> None:
        if self.qos is not None:
            QosProfile.parse(self.qos)
        if not self.apn or self.apn != self.apn.strip("."):
            raise ValueError(f"no access point name: {self.apn!r}")
        if self.static_address is not None:
            ip_address(self.static_address)


@dataclass(frozen=True, slots=True)
class Subscriber:
    """A subscription (TS 23.060 §13.1)."""

    imsi: str
    """6 to 15 digits."""
    msisdn: str
    """Up to 15 digits, without "+"."""
    apns: tuple[SubscribedApn, ...] = ()
    secret: Secret | None = field(default=None, repr=False)
    """What authentications are made of; None: there is no card that could be authenticated."""
    sqn: int = 0
    """The highest sequence number that the card has been given, for a USIM."""
    barring: Barring = Barring.NONE

    def __post_init__(self) -> None:
        if not (_are_digits(self.imsi) and 6 <= len(self.imsi) <= 15):
            raise ValueError(f"no IMSI: {self.imsi!r}")
        if not (_are_digits(self.msisdn) and len(self.msisdn) <= 15):
            raise ValueError(f"no MSISDN: {self.msisdn!r}")


@dataclass(frozen=True, slots=True)
class HlrConfig:
    """Everything an HLR is told."""

    address: str
    """Own IP address, for GTP-C and for Gr."""
    subscribers: tuple[Subscriber, ...] = ()
    timers: Timers = field(default_factory=Timers)
    gr_timeout: float = 10.0
    """Seconds until a request to an SGSN or a service centre counts as unanswered."""
    short_message_timeout: float = 90.0
    """The same for a short message to a mobile: one may wait for another, and each takes long."""
    max_short_messages: int = 10_000
    """Short messages that wait for an answer, either way; beyond it there is congestion."""
    commit_interval: float = 0.005
    """Seconds for which what has changed is gathered, before it is kept in one transaction.

    What the HLR has to say meanwhile waits for it. 0: at the end of each verb.
    """
    foreign_sgsns: Collection[str] = ()
    """IP addresses of SGSNs of other networks."""
    vectors: int = 5
    """How many an SGSN gets at a time, 1 to 5 (TS 29.002 §8.5.2)."""
    service_centres: Mapping[str, Address] = field(default_factory=dict)
    """Where service centres are attached to Gr, by number (digits); ANY_CENTRE is all others."""

    def __post_init__(self) -> None:
        _refuse_repeated("IMSI", (subscriber.imsi for subscriber in self.subscribers))
        _refuse_repeated("MSISDN", (subscriber.msisdn for subscriber in self.subscribers))
        for name in ("gr_timeout", "short_message_timeout"):
            if not getattr(self, name) > 0:
                raise ValueError(f"{name} is {getattr(self, name)}, must be above 0 seconds")
        if not 1 <= self.vectors <= MOST_VECTORS:
            raise ValueError(f"an SGSN gets 1 to {MOST_VECTORS} vectors, not {self.vectors}")
        for number in self.service_centres:
            if number != ANY_CENTRE and not _are_digits(number):
                raise ValueError(f"no number of a service centre: {number!r}")


def _are_digits(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _refuse_repeated(what: str, values: Iterable[str]) -> None:
    seen: set[str] = set()
    for value in values:
        if value in seen:
            raise ValueError(f"{what} {value} belongs to two subscribers")
        seen.add(value)
