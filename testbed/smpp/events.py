"""What sessions tell: past-tense events, each with the connection that it happened on.

A ``context`` is whatever the session's user gave with a request; it comes back in exactly one of
``Answered``, ``TimedOut`` and ``LinkLost``.
"""

from __future__ import annotations

from dataclasses import dataclass

from corenet.interfaces.node import Address, Event
from testbed.codecs.smpp import (
    AlertNotification,
    Bind,
    CancelSm,
    DataSm,
    DeliverSm,
    Outbind,
    QuerySm,
    ReplaceSm,
    Response,
    SubmitMulti,
    SubmitSm,
)


@dataclass(frozen=True, slots=True)
class SessionEvent(Event):
    """Something that has happened on a session."""

    connection: int


# Both sides


@dataclass(frozen=True, slots=True)
class Answered(SessionEvent):
    """A request of ours has its response, which may be a ``GenericNack``."""

    context: object
    response: Response


@dataclass(frozen=True, slots=True)
class TimedOut(SessionEvent):
    """A request of ours was not answered in time: what became of it is not known."""

    context: object


@dataclass(frozen=True, slots=True)
class LinkLost(SessionEvent):
    """The session ended before a request of ours was answered."""

    context: object
    sent: bool
    """Whether the peer may have got it; if not, it certainly has not."""


@dataclass(frozen=True, slots=True)
class PduRefused(SessionEvent):
    """A PDU of the peer's was refused by the session itself."""

    pdu: str
    """Its name, or "" where it is unknown."""
    status: int
    """The command_status that it was answered with."""
    text: str
    """Why, in words."""


@dataclass(frozen=True, slots=True)
class PeerNacked(SessionEvent):
    """The peer has sent a generic_nack that answers no request of ours."""

    status: int


@dataclass(frozen=True, slots=True)
class Unbound(SessionEvent):
    """The peer has unbound in good order."""


@dataclass(frozen=True, slots=True)
class SessionClosed(SessionEvent):
    """The session is over: the last event of it."""

    reason: str


# The SMSC's side


@dataclass(frozen=True, slots=True)
class BindRequested(SessionEvent):
    """An ESME wants to bind. Answer with ``SmscSession.accept`` or ``refuse``."""

    request: Bind
    """``BindTransmitter``, ``BindReceiver`` or ``BindTransceiver``."""


@dataclass(frozen=True, slots=True)
class Submitted(SessionEvent):
    """An ESME has submitted a message. Answer with ``respond``, whenever the outcome is known."""

    sequence: int
    request: SubmitSm | SubmitMulti | DataSm


@dataclass(frozen=True, slots=True)
class Queried(SessionEvent):
    """An ESME asks what has become of a message. Answer with ``respond``."""

    sequence: int
    request: QuerySm


@dataclass(frozen=True, slots=True)
class Cancelled(SessionEvent):
    """An ESME wants messages not to be delivered. Answer with ``respond``."""

    sequence: int
    request: CancelSm


@dataclass(frozen=True, slots=True)
class Replaced(SessionEvent):
    """An ESME wants another text for a message. Answer with ``respond``."""

    sequence: int
    request: ReplaceSm


@dataclass(frozen=True, slots=True)
class OutbindFailed(SessionEvent):
    """An ESME that was to be asked to bind could not be connected to; there is no connection."""

    peer: Address
    reason: str


# The ESME's side


@dataclass(frozen=True, slots=True)
class Bound(SessionEvent):
    """The SMSC has accepted our bind."""

    system_id: str
    version: int
    """The version of SMPP that the session has, such as 0x34."""


@dataclass(frozen=True, slots=True)
class BindRefused(SessionEvent):
    """The SMSC has refused our bind; the connection closes."""

    status: int


@dataclass(frozen=True, slots=True)
class Delivered(SessionEvent):
    """The SMSC delivers a message or a receipt. Answer with ``respond``."""

    sequence: int
    request: DeliverSm | DataSm


@dataclass(frozen=True, slots=True)
class Alerted(SessionEvent):
    """The SMSC says that a mobile subscriber is there again."""

    notification: AlertNotification


@dataclass(frozen=True, slots=True)
class OutbindReceived(SessionEvent):
    """The SMSC wants us to bind as receiver. Answer with ``EsmeSession.bind``, or close."""

    outbind: Outbind


# Links (``testbed.smpp.links``)


@dataclass(frozen=True, slots=True)
class LinkUp(SessionEvent):
    """A link to an SMSC is bound."""

    name: str
    version: int


@dataclass(frozen=True, slots=True)
class LinkDown(SessionEvent):
    """A link to an SMSC is lost, or could not be had; its connection is over."""

    name: str
    reason: str
    retry_in: float
    """Seconds until it is tried again."""
