"""What the gateway's ESME is told. Times are seconds."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from testbed.codecs.smpp import DataCoding, SmeAddress
from testbed.smpp.links import Account, Backoff


class SmscMode(StrEnum):
    """How an SMSC takes a push."""

    TRANSACTION = "transaction"
    """Whole; its response is the outcome (SMPP 3.4 §2.7.3)."""
    SEGMENTS = "segments"
    """As short messages that are stored and forwarded, each with a delivery receipt."""


@dataclass(frozen=True, slots=True)
class Smsc:
    """An SMSC, what to bind there with, and how it takes a push."""

    account: Account
    mode: SmscMode = SmscMode.TRANSACTION


@dataclass(frozen=True, slots=True)
class EsmeConfig:
    """All that an ESME is told."""

    address: str
    """IP address that its connections come from."""
    smscs: tuple[Smsc, ...]
    """The preferred first; the others take over while it is down."""
    source: SmeAddress = field(default_factory=lambda: SmeAddress.international("447785016000"))
    """Whom terminals see as the sender."""
    data_coding: int = DataCoding.WAP_PUSH
    """Of pushes; some terminals want 0x04."""
    backoff: Backoff = field(default_factory=Backoff)

    def __post_init__(self) -> None:
        if not self.smscs:
            raise ValueError("an ESME has an SMSC to bind to")
