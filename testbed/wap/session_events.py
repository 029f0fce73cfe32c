"""What session clients and servers tell: past-tense events, frozen and slotted (WAP-230 §6.3)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from testbed.codecs.wsp.capabilities import Capabilities
from testbed.codecs.wsp.contact import ContactPoint
from testbed.codecs.wsp.pdus import ConfirmedPush, Get, Headers, Post, Push, Reply
from testbed.codecs.wtp import abort_text
from testbed.wap.agreement import Agreement
from testbed.wap.events import Address, Event


class EndReason(StrEnum):
    """Why a session is over."""

    DISCONNECTED = "disconnected"
    """The other end has said so."""
    ABORTED = "aborted"
    """Its Connect was aborted, or remained without an answer."""
    REPLACED = "replaced"
    """Another session began between the same two addresses."""
    IDLE = "idle"
    """Nothing was heard of the client for long."""
    INVALID = "invalid"
    """The answer to Connect or Resume makes no sense."""


@dataclass(frozen=True, slots=True)
class SessionEvent(Event):
    """Something that has happened to a session, which is known by a number of its own."""

    session: int
    peer: Address


@dataclass(frozen=True, slots=True)
class SessionRequested(SessionEvent):
    """A client wants a session (S-Connect.ind).

    Answer with ``SessionServer.accept``, ``refuse`` or ``redirect``.
    """

    headers: Headers
    asked: Capabilities


@dataclass(frozen=True, slots=True)
class SessionEstablished(SessionEvent):
    """The session stands: the client has the server's answer, the server the client's Ack."""

    agreement: Agreement
    headers: Headers
    """What the other end has said of itself."""


@dataclass(frozen=True, slots=True)
class SessionRefused(SessionEvent):
    """The server grants no session, or does not resume it; the session is over."""

    reply: Reply


@dataclass(frozen=True, slots=True)
class SessionRedirected(SessionEvent):
    """The server wants the client to connect elsewhere; the session is over."""

    contacts: tuple[ContactPoint, ...]
    permanent: bool


@dataclass(frozen=True, slots=True)
class SessionSuspended(SessionEvent):
    """The session rests until the client resumes it, and not because this end has said so."""


@dataclass(frozen=True, slots=True)
class SessionResumed(SessionEvent):
    """The session goes on, perhaps from another address."""

    headers: Headers


@dataclass(frozen=True, slots=True)
class SessionEnded(SessionEvent):
    """The session is over, and not because this end has said so."""

    reason: EndReason


@dataclass(frozen=True, slots=True)
class TransactionEvent(SessionEvent):
    """Something that has happened to a method or a confirmed push."""

    transaction: int


@dataclass(frozen=True, slots=True)
class MethodReceived(TransactionEvent):
    """The client asks for something (S-MethodInvoke.ind).

    Answer with ``SessionServer.reply`` or ``abort_method``.
    """

    request: Get | Post


@dataclass(frozen=True, slots=True)
class ReplyReceived(TransactionEvent):
    """The server has answered a method (S-MethodResult.ind)."""

    context: object
    """What the caller of ``SessionClient.invoke`` gave."""
    reply: Reply


@dataclass(frozen=True, slots=True)
class ReplyConfirmed(TransactionEvent):
    """The client has the reply (S-MethodResult.cnf)."""


@dataclass(frozen=True, slots=True)
class PushReceived(SessionEvent):
    """The server has pushed something that wants no answer (S-Push.ind)."""

    push: Push


@dataclass(frozen=True, slots=True)
class ConfirmedPushReceived(TransactionEvent):
    """The server has pushed something (S-ConfirmedPush.ind).

    Answer with ``SessionClient.confirm_push`` or ``refuse_push``.
    """

    push: ConfirmedPush


@dataclass(frozen=True, slots=True)
class PushConfirmed(TransactionEvent):
    """The client's application has taken the push (S-ConfirmedPush.cnf)."""

    context: object
    """What the caller of ``SessionServer.confirmed_push`` gave."""


@dataclass(frozen=True, slots=True)
class TransactionFailed(TransactionEvent):
    """A method or push ended before its time, and not because this end's user has said so."""

    context: object
    """What the caller gave; None for a transaction of the other end."""
    reason: int
    """A ``UserAbort`` where ``by_user``, else a ``ProviderAbort``; others are possible."""
    by_user: bool
    """Whether a session layer or its user gave the reason, not the transaction layer."""
    by_peer: bool
    """Whether the other end did."""

    @property
    def text(self) -> str:
        """The reason in words."""
        return abort_text(self.reason, user=self.by_user)


@dataclass(frozen=True, slots=True)
class MethodAborted(TransactionFailed):
    """S-MethodAbort.ind."""


@dataclass(frozen=True, slots=True)
class PushAborted(TransactionFailed):
    """S-PushAbort.ind; with a reason of EB to EE, the client's application refused the push."""
