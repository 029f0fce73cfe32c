"""What session clients and servers have in common: sessions, their transactions, the verbs.

Specs: WAP-230 §6.3 (service), §7.1 (protocol machines). A session lies between two addresses, and
PDUs of methods and pushes are of the session that stands between theirs.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from enum import Enum
from random import Random
from typing import ClassVar, Final

from corenet.schedule import Alarm, Schedule
from testbed.codecs.wsp import WspError
from testbed.codecs.wsp.pdus import Headers, Pdu, decode
from testbed.codecs.wtp import TransactionClass, UserAbort, WtpError, split
from testbed.wap.agreement import DEFAULTS, Agreement
from testbed.wap.config import WtpLimits, WtpTimers
from testbed.wap.errors import WapError
from testbed.wap.events import Address, Event, TransactionAborted
from testbed.wap.session_events import (
    EndReason,
    MethodAborted,
    PushAborted,
    SessionEnded,
    SessionSuspended,
)
from testbed.wap.session_table import SessionInput, SessionState, SessionTable
from testbed.wap.surroundings import WtpCounters
from testbed.wap.wtp import WtpEndpoint

UNKNOWN_ID: Final = -1
"""The id of a session to which the server has not given one yet."""


class Kind(Enum):
    """What a transaction is for."""

    CONNECT = "connect"
    RESUME = "resume"
    METHOD = "method"
    REPLY = "reply"
    """A method that this end has answered; the Ack is still to come."""
    PUSH = "push"


_TOLD: Final = {Kind.METHOD: MethodAborted, Kind.REPLY: MethodAborted, Kind.PUSH: PushAborted}
"""What users are told of transactions that end before their time; others are ours alone."""


@dataclass(slots=True, eq=False)
class Session:
    """One session at one end."""

    number: int
    peer: Address
    state: SessionState = SessionState.NULL
    session_id: int = UNKNOWN_ID
    """What the server calls it."""
    agreement: Agreement = DEFAULTS
    headers: Headers = ()
    """What the other end has said of itself."""
    transactions: dict[int, Kind] = field(default_factory=dict)
    last_used: float = 0.0
    alarm: Alarm | None = None

    def open(self, kind: Kind) -> int:
        """Return how many transactions of a kind are open."""
        return sum(one is kind for one in self.transactions.values())


@dataclass(frozen=True, slots=True)
class SessionView:
    """A session as seen from outside."""

    session: int
    peer: Address
    state: SessionState
    session_id: int | None
    agreement: Agreement
    headers: Headers
    open_methods: int
    open_pushes: int
    last_used: float
    """When something was last heard of the other end, seconds since 1970-01-01 UTC."""


class SessionEndpoint(ABC):
    """Sessions over one UDP port. Holds no socket and no clock.

    Events are told in the order in which things happened. When one is taken, a later one may
    already say that its session or transaction is over; commands for it then raise WapError.
    """

    TABLE: ClassVar[SessionTable]

    def __init__(
        self, *, random: Random, timers: WtpTimers | None = None, limits: WtpLimits | None = None
    ) -> None:
        """``random`` gives the first TID towards each peer."""
        self._wtp = WtpEndpoint(random=random, timers=timers, limits=limits)
        self._schedule = Schedule()
        self._events: list[Event] = []
        self._sessions: dict[int, Session] = {}
        self._by_peer: dict[Address, Session] = {}
        self._of_transaction: dict[int, Session] = {}
        self._contexts: dict[int, object] = {}
        self._numbers = 0

    @property
    def counters(self) -> WtpCounters:
        """What the transaction layer has counted so far."""
        return self._wtp.counters

    @property
    def open_transactions(self) -> int:
        """How many transactions are not over."""
        return self._wtp.open_transactions

    def sessions(self) -> tuple[SessionView, ...]:
        """Return all sessions, the oldest first."""
        return tuple(_view(session) for session in self._sessions.values())

    def session(self, number: int) -> SessionView | None:
        """Return one session, or None where it is over."""
        session = self._sessions.get(number)
        return None if session is None else _view(session)

    def session_with(self, peer: Address) -> SessionView | None:
        """Return the session that stands between this address and ``peer``, or None."""
        session = self._by_peer.get(peer)
        return None if session is None else _view(session)

    # Datagrams and time.

    def receive(self, data: bytes, peer: Address, now: float) -> None:
        """Take a datagram from ``peer``. Never raises for what a peer sent."""
        session = self._by_peer.get(peer)
        if session is not None:
            session.last_used = now
        try:
            parts = split(data)
        except WtpError:
            parts = (data,)
        for part in parts:
            # One by one: a later PDU may end the transaction that an earlier one has begun.
            self._wtp.receive_pdu(part, peer, now)
            self._hear(now)

    def next_timeout(self) -> float | None:
        """Return when ``handle_timeout`` wants to be called, or None."""
        dues = (self._wtp.next_timeout(), self._schedule.next_timeout())
        return min((due for due in dues if due is not None), default=None)

    def handle_timeout(self, now: float) -> None:
        """Do what is due at ``now``."""
        self._wtp.handle_timeout(now)
        self._hear(now)
        self._schedule.ring(now)

    def take_datagrams(self) -> list[tuple[bytes, Address]]:
        """Return what is to be sent, in order for each peer, and forget it."""
        return self._wtp.take_datagrams()

    def take_events(self) -> list[Event]:
        """Return what has happened since the last call, in order, and forget it."""
        events, self._events = self._events, []
        return events

    # What the transaction layer tells.

    def _hear(self, now: float) -> None:
        for event in self._wtp.take_events():
            if isinstance(event, TransactionAborted):
                self._hear_abort(event, now)
            else:
                self._hear_of(event, now)

    @abstractmethod
    def _hear_of(self, event: Event, now: float) -> None:
        """Take an event of the transaction layer that is no abort."""

    @abstractmethod
    def _setup_aborted(self, session: Session, event: TransactionAborted, now: float) -> None:
        """Take the end of a transaction that was to connect or resume a session."""

    def _hear_abort(self, event: TransactionAborted, now: float) -> None:
        session = self._of_transaction.get(event.transaction)
        if session is None:
            return
        context = self._contexts.get(event.transaction)
        told = _TOLD.get(self._release(session, event.transaction))
        if told is None:
            self._setup_aborted(session, event, now)
            return
        self._tell(
            told(
                session.number,
                session.peer,
                event.transaction,
                context,
                event.reason,
                event.by_user,
                event.by_peer,
            )
        )
        if event.by_user and event.by_peer:
            self._obey(session, event.reason, now)

    def _obey(self, session: Session, reason: int, now: float) -> None:
        """Draw the consequence where the other end says that the session is no longer there."""
        if reason == UserAbort.DISCONNECT:
            self._end(session, EndReason.DISCONNECTED, now)
        elif reason == UserAbort.SUSPEND and self._permits(session, SessionInput.SUSPEND):
            self._suspend(session, now)
            self._tell(SessionSuspended(session.number, session.peer))

    def _decode(self, data: bytes) -> Pdu | None:
        try:
            return decode(data)
        except WspError:
            return None

    # Sessions.

    def _open(self, peer: Address, now: float) -> Session:
        self._numbers += 1
        session = Session(self._numbers, peer, last_used=now)
        self._sessions[session.number] = session
        self._apply(session, SessionInput.CONNECT)
        return session

    def _permits(self, session: Session, happened: SessionInput) -> bool:
        return (session.state, happened) in self.TABLE

    def _apply(self, session: Session, happened: SessionInput) -> None:
        session.state = self.TABLE[session.state, happened]

    def _command(self, number: int, happened: SessionInput) -> Session:
        """Return the session that a command is for; WapError where it is not in a state for it."""
        session = self._sessions.get(number)
        if session is None:
            raise WapError(f"session {number} is over")
        if not self._permits(session, happened):
            raise WapError(f"session {number} is {session.state}")
        return session

    def _connected(self, number: int) -> Session:
        session = self._sessions.get(number)
        if session is None:
            raise WapError(f"session {number} is over")
        if session.state is not SessionState.CONNECTED:
            raise WapError(f"session {number} is {session.state}")
        return session

    def _bind(self, session: Session, peer: Address, now: float) -> None:
        """Let the session be the one with ``peer``; another one that stands there is over."""
        other = self._by_peer.get(peer)
        if other is not None and other is not session:
            if other.state is SessionState.SUSPENDED:
                self._unbind(other)
            else:
                self._end(other, EndReason.REPLACED, now)
        self._unbind(session)
        session.peer = peer
        self._by_peer[peer] = session

    def _unbind(self, session: Session) -> None:
        if self._by_peer.get(session.peer) is session:
            del self._by_peer[session.peer]

    def _suspend(self, session: Session, now: float) -> None:
        self._apply(session, SessionInput.SUSPEND)
        self._abort_all(session, UserAbort.SUSPEND, now)

    def _end(self, session: Session, reason: EndReason, now: float) -> None:
        """Be done with a session, and tell."""
        peer = session.peer
        self._close(session, now)
        self._tell(SessionEnded(session.number, peer, reason))

    def _close(self, session: Session, now: float) -> None:
        """Be done with a session: what it has open is aborted (WAP-230 §7.1)."""
        self._apply(session, SessionInput.END)
        self._abort_all(session, UserAbort.DISCONNECT, now)
        self._unbind(session)
        del self._sessions[session.number]
        if session.alarm is not None:
            session.alarm.cancel()

    # Transactions.

    def _begin(
        self,
        session: Session,
        kind: Kind,
        data: bytes,
        now: float,
        *,
        transaction_class: TransactionClass = TransactionClass.RESULT,
        context: object = None,
    ) -> int:
        transaction = self._wtp.invoke(data, session.peer, now, transaction_class=transaction_class)
        self._keep(session, kind, transaction)
        self._contexts[transaction] = context
        return transaction

    def _send(self, session: Session, data: bytes, now: float) -> None:
        """Say something that gets no answer."""
        self._wtp.invoke(data, session.peer, now, transaction_class=TransactionClass.UNRELIABLE)

    def _keep(self, session: Session, kind: Kind, transaction: int) -> None:
        session.transactions[transaction] = kind
        self._of_transaction[transaction] = session

    def _release(self, session: Session, transaction: int) -> Kind:
        del self._of_transaction[transaction]
        self._contexts.pop(transaction, None)
        return session.transactions.pop(transaction)

    def _transaction(self, transaction: int, kind: Kind) -> Session:
        """Return whose transaction it is; WapError where it is over or another kind."""
        session = self._of_transaction.get(transaction)
        if session is None or session.transactions[transaction] is not kind:
            raise WapError(f"{kind.value} {transaction} is over")
        return session

    def _fail(self, session: Session, transaction: int, reason: UserAbort, now: float) -> None:
        """Abort a transaction of a session, and tell."""
        context = self._contexts.get(transaction)
        told = _TOLD.get(self._release(session, transaction))
        self._wtp.abort(transaction, reason, now)
        if told is not None:
            self._tell(
                told(session.number, session.peer, transaction, context, reason, True, False)
            )

    def _abort_all(self, session: Session, reason: UserAbort, now: float) -> None:
        for transaction in tuple(session.transactions):
            self._fail(session, transaction, reason, now)

    def _tell(self, event: Event) -> None:
        self._events.append(event)


def _view(session: Session) -> SessionView:
    return SessionView(
        session.number,
        session.peer,
        session.state,
        None if session.session_id == UNKNOWN_ID else session.session_id,
        session.agreement,
        session.headers,
        session.open(Kind.METHOD),
        session.open(Kind.PUSH),
        session.last_used,
    )
