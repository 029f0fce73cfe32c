"""What a GTP endpoint tells: past-tense events, frozen and slotted."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from gtp.errors import RemoteProtocolError
from gtp.messages import Message

Address = tuple[str, int]
"""IP address and UDP port of a peer."""


class Event:
    """Something that has happened."""

    __slots__ = ()


@dataclass(slots=True, unsafe_hash=True)
class RequestReceived(Event):
    """A peer asks for something, for the first time; answer with ``Endpoint.respond``.

    To be read only; not frozen, which takes three times as long to make.
    """

    message: Message
    peer: Address
    digest: int = 0
    """Tells this request from every other, of this peer and of all."""


@dataclass(frozen=True, slots=True)
class MessageReceived(Event):
    """A message has arrived that nobody answers, such as an SGSN Context Acknowledge."""

    message: Message
    peer: Address


@dataclass(frozen=True, slots=True)
class ResponseReceived(Event):
    """The response to one of our requests, accepted or refused; its Cause says which."""

    transaction: int
    request: Message
    response: Message
    peer: Address
    context: Any
    """What the caller of ``Endpoint.request`` gave."""


class FailureReason(StrEnum):
    """Why a request ended without a usable response."""

    TIMED_OUT = "timed out"
    """N3-REQUESTS transmissions were not answered."""
    INVALID_RESPONSE = "invalid response"
    """The response breaks the protocol (TS 29.060 §11.1)."""
    VERSION_NOT_SUPPORTED = "version not supported"
    """The peer does not speak GTPv1 (TS 29.060 §7.2.3)."""


@dataclass(frozen=True, slots=True)
class RequestFailed(Event):
    """One of our requests ended without a usable response."""

    transaction: int
    request: Message
    peer: Address
    context: Any
    """What the caller of ``Endpoint.request`` gave."""
    reason: FailureReason
    error: RemoteProtocolError | None = None
    """What is wrong with the response when the reason is INVALID_RESPONSE, else None."""


@dataclass(frozen=True, slots=True)
class PathUp(Event):
    """A watched peer answers (again)."""

    peer: Address


@dataclass(frozen=True, slots=True)
class PathSuspected(Event):
    """A watched peer has not answered one transmission of an Echo Request."""

    peer: Address


@dataclass(frozen=True, slots=True)
class PathDown(Event):
    """A watched peer has answered none of N3-REQUESTS Echo Requests."""

    peer: Address


@dataclass(frozen=True, slots=True)
class PeerRestarted(Event):
    """A peer's restart counter has changed: what it knew of us is gone (TS 23.007).

    Comes before the event of the message that told so.
    """

    peer: Address
    previous: int
    recovery: int
