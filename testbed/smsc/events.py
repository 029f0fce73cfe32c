"""What an SMSC tells: past-tense events."""

from __future__ import annotations

from dataclasses import dataclass

from corenet.interfaces.node import Address, Event


@dataclass(frozen=True, slots=True)
class EffectsQueued(Event):
    """There is something to take with ``take_effects``."""


@dataclass(frozen=True, slots=True)
class EsmeBound(Event):
    """An ESME is there."""

    system_id: str
    peer: Address
    version: int
    """Of SMPP, such as 0x34."""


@dataclass(frozen=True, slots=True)
class EsmeRefused(Event):
    """A bind was refused."""

    system_id: str
    peer: Address
    why: str


@dataclass(frozen=True, slots=True)
class EsmeCalled(Event):
    """An ESME that is not bound was sent outbind, or will be once it is connected."""

    system_id: str
    peer: Address


@dataclass(frozen=True, slots=True)
class EsmeNotCalled(Event):
    """An ESME could not be reached for an outbind."""

    peer: Address
    why: str


@dataclass(frozen=True, slots=True)
class EsmeGone(Event):
    """A session that was bound is over."""

    system_id: str
    peer: Address
    why: str


@dataclass(frozen=True, slots=True)
class SubmissionRefused(Event):
    """A submission was not taken."""

    system_id: str
    status: int
    why: str


@dataclass(frozen=True, slots=True)
class MessageAccepted(Event):
    """A message was taken."""

    message_id: str
    system_id: str
    destination: str
    mode: str
    octets: int


@dataclass(frozen=True, slots=True)
class TransactionEnded(Event):
    """A message that was delivered at once has its outcome."""

    message_id: str
    system_id: str
    destination: str
    outcome: str
    failure: str
    """Why it failed, without the segments that are missing; "" where it has arrived."""
    segments: int
    attempts: int
    """Short messages sent for it, repeats included."""
    seconds: float
    """From the first segment's leaving to the end."""


@dataclass(frozen=True, slots=True)
class MessageEnded(Event):
    """A message that was kept has ended."""

    message_id: str
    system_id: str
    destination: str
    state: str
    attempts: int
    why: str
    seconds: float
    """From its acceptance to its end."""


@dataclass(frozen=True, slots=True)
class EsmeReached(Event):
    """An ESME has taken what a mobile wrote to it."""

    system_id: str
    sender: str
    number: str


@dataclass(frozen=True, slots=True)
class EsmeUnreached(Event):
    """An ESME has not taken what a mobile wrote to it, and the mobile was told."""

    system_id: str
    sender: str
    number: str
    rp_cause: int
    why: str


@dataclass(frozen=True, slots=True)
class ReceiptGivenUp(Event):
    """The ESME of a message will not be told how it ended."""

    message_id: str
    system_id: str
    why: str


@dataclass(frozen=True, slots=True)
class StoreFailed(Event):
    """A message could not be written down or read."""

    message_id: str
    why: str
