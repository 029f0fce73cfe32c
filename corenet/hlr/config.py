"""What an HLR is told when it is made: its address and its subscribers."""

from __future__ import annotations

from dataclasses import dataclass, field

from gtp.timers import Timers


@dataclass(frozen=True, slots=True)
class SubscribedApn:
    """An access point that a subscriber may use."""

    apn: str
    """APN network identifier, or "*" for any; compared without regard to case."""
    static_address: str | None = None
    """IPv4 or IPv6 address in text form, or None where the GGSN gives one."""


@dataclass(frozen=True, slots=True)
class Subscriber:
    """A subscription (TS 23.060 §13.1)."""

    imsi: str
    """6 to 15 digits."""
    msisdn: str
    """Up to 15 digits, without "+"."""
    apns: tuple[SubscribedApn, ...] = ()


@dataclass(frozen=True, slots=True)
class HlrConfig:
    """Everything an HLR is told."""

    address: str
    """Own IP address, for GTP-C and for Gr."""
    subscribers: tuple[Subscriber, ...] = ()
    timers: Timers = field(default_factory=Timers)
    gr_timeout: float = 10.0
    """Seconds until a request to an SGSN on Gr counts as unanswered."""
