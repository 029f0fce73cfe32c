"""What the transactions of one endpoint share."""

from __future__ import annotations

from dataclasses import dataclass, field

from corenet.schedule import Schedule
from testbed.codecs.wtp import Pdu
from testbed.wap.config import WtpLimits, WtpTimers
from testbed.wap.events import Address, Event


@dataclass(slots=True)
class WtpCounters:
    """What an endpoint has counted since it was made; every field only grows."""

    invokes_sent: int = 0
    """Transactions that we began, of any class."""
    invokes_received: int = 0
    """Transactions of peers that the user was told of, of any class."""
    retransmissions: int = 0
    """Packets sent again because nothing came, or because they were asked for."""
    verifications: int = 0
    """TIDs that a peer was asked to confirm."""
    negative_acks_sent: int = 0
    aborts_sent: int = 0
    malformed: int = 0
    """Datagrams or PDUs that break the protocol."""
    unmatched: int = 0
    """PDUs of no transaction that is known."""
    out_of_turn: int = 0
    """PDUs that change nothing, copies among them."""
    refused: int = 0
    """Invokes for which there was no room."""


@dataclass(slots=True)
class Surroundings:
    """Where transactions put what they send and tell, and what all of them are bound by."""

    timers: WtpTimers
    limits: WtpLimits
    schedule: Schedule = field(default_factory=Schedule)
    counters: WtpCounters = field(default_factory=WtpCounters)
    outbox: dict[Address, list[bytes]] = field(default_factory=dict)
    """PDUs by peer, in order."""
    events: list[Event] = field(default_factory=list)
    unfinished: int = 0
    """Octets of messages that have arrived in part."""

    def send(self, pdu: Pdu, peer: Address) -> None:
        """Put a PDU into the outbox."""
        self.outbox.setdefault(peer, []).append(pdu.encode())
