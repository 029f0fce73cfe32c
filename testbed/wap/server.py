"""The server of WSP sessions: what a gateway has on UDP 9201 (WAP-230 §7.1.4).

Theory of operation. A client's Connect is told to the user, who accepts, refuses or redirects it;
the session stands once the client has acknowledged that. Methods and Resume are taken within what
was agreed on: what is too large, too many or unknown is aborted with the reason, and never reaches
the user. Pushes go out on the session; a confirmed one ends when the client's application has
taken or refused it, or does not answer.

Sessions are bounded: a client has one at a time, one that is silent for long is ended, and when all
places are taken a new client gets 503.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Final

from testbed.codecs.media import ContentType
from testbed.codecs.wsp.capabilities import ProtocolOption
from testbed.codecs.wsp.contact import ContactPoint
from testbed.codecs.wsp.pdus import (
    EXTENDED_METHODS,
    VERSION,
    ConfirmedPush,
    Connect,
    ConnectReply,
    Disconnect,
    Get,
    Headers,
    Post,
    Push,
    Redirect,
    Reply,
    Resume,
    Suspend,
)
from testbed.codecs.wtp import TransactionClass, UserAbort
from testbed.wap.agreement import Agreement, fits, grant
from testbed.wap.config import WtpLimits, WtpTimers
from testbed.wap.errors import WapError
from testbed.wap.events import (
    Address,
    DatagramInvoked,
    Event,
    InvokeConfirmed,
    InvokeReceived,
    ResultConfirmed,
    TransactionAborted,
)
from testbed.wap.session_events import (
    EndReason,
    MethodReceived,
    PushConfirmed,
    ReplyConfirmed,
    SessionEstablished,
    SessionRequested,
    SessionResumed,
    SessionSuspended,
)
from testbed.wap.session_table import SERVER, SessionInput, SessionState
from testbed.wap.sessions import UNKNOWN_ID, Kind, Session, SessionEndpoint

GRANTED: Final = Agreement(
    client_sdu=0,
    server_sdu=256 * 1024,
    options=ProtocolOption.CONFIRMED_PUSH | ProtocolOption.PUSH | ProtocolOption.SESSION_RESUME,
    method_mor=8,
    push_mor=8,
)
"""The most that a server agrees to that nobody told otherwise."""
_NO_CONTENT: Final = ContentType("text/plain")
_OK: Final = 200
_SERVICE_UNAVAILABLE: Final = 503
_VERSION_NOT_SUPPORTED: Final = 505
_SESSION_IDS: Final = 2**31


@dataclass(frozen=True, slots=True)
class SessionLimits:
    """What one server takes upon itself."""

    sessions: int = 10_000
    """Suspended ones included."""
    idle: float = 3600.0
    """Seconds after which a session ends whose client is not heard of, suspended or not."""


class SessionServer(SessionEndpoint):
    """The server's end of sessions."""

    TABLE = SERVER

    def __init__(
        self,
        *,
        random: Random,
        granted: Agreement = GRANTED,
        session_limits: SessionLimits | None = None,
        timers: WtpTimers | None = None,
        limits: WtpLimits | None = None,
    ) -> None:
        """``granted`` is the most that a session gets; ``random`` gives ids and the first TIDs."""
        super().__init__(random=random, timers=timers, limits=limits)
        self._random = random
        self._granted = granted
        self._session_limits = session_limits or SessionLimits()
        self._by_id: dict[int, Session] = {}
        self._asked: dict[int, Connect] = {}
        self._waiting: dict[Address, Session] = {}
        """Sessions that do not stand yet."""

    # Commands.

    def accept(self, session: int, now: float, *, headers: Headers = ()) -> None:
        """Grant a session (S-Connect.res), within bounds what was asked for.

        Ends in exactly one SessionEstablished or SessionEnded.

        Raises WspError where a header cannot be encoded, WapError where nobody is waiting.
        """
        found = self._command(session, SessionInput.ACCEPT)
        agreement, answer = grant(self._asked[session].capabilities, self._granted)
        session_id = self._free_id()
        self._wtp.result(
            _only_transaction(found), ConnectReply(session_id, answer, headers).encode(), now
        )
        found.agreement = agreement
        found.session_id = session_id
        self._by_id[session_id] = found
        self._apply(found, SessionInput.ACCEPT)

    def refuse(self, session: int, reply: Reply, now: float) -> None:
        """Grant no session (S-Disconnect.req while connecting); ``reply`` says why.

        Raises WspError where the reply cannot be encoded, WapError where nobody is waiting.
        """
        found = self._command(session, SessionInput.ACCEPT)
        self._turn_away(found, reply, now)

    def redirect(
        self,
        session: int,
        contacts: tuple[ContactPoint, ...],
        now: float,
        *,
        permanent: bool = False,
    ) -> None:
        """Send a client elsewhere (S-Disconnect.req with redirection).

        Raises WspError where a contact cannot be encoded, WapError where nobody is waiting.
        """
        found = self._command(session, SessionInput.ACCEPT)
        self._turn_away(found, Redirect(contacts, permanent), now)

    def reply(self, transaction: int, reply: Reply, now: float) -> None:
        """Answer a method (S-MethodResult.req); ends in one ReplyConfirmed or MethodAborted.

        Raises WspError where the reply cannot be encoded, WapError where the method is over or
        answered, or the reply is larger than the client takes.
        """
        data = reply.encode()
        session = self._transaction(transaction, Kind.METHOD)
        if not fits(len(data), session.agreement.client_sdu):
            raise _too_large(data, session)
        self._wtp.result(transaction, data, now)
        session.transactions[transaction] = Kind.REPLY

    def abort_method(
        self, transaction: int, now: float, reason: UserAbort = UserAbort.USER_REQUEST
    ) -> None:
        """Do not answer a method (S-MethodAbort.req); tells nothing more of it.

        Raises WapError where it is over.
        """
        self._release(self._transaction(transaction, Kind.METHOD), transaction)
        self._wtp.abort(transaction, reason, now)

    def push(self, session: int, push: Push, now: float) -> None:
        """Push without knowing whether it arrives (S-Push.req).

        Raises WspError where it cannot be encoded, WapError where the session does not stand or
        the client has not agreed to it.
        """
        found = self._connected(session)
        data = self._pushable(found, push, ProtocolOption.PUSH)
        self._send(found, data, now)

    def confirmed_push(
        self, session: int, push: ConfirmedPush, now: float, *, context: object = None
    ) -> int:
        """Push to the client's application (S-ConfirmedPush.req); return the transaction's number.

        Ends in exactly one PushConfirmed or PushAborted, with ``context``.

        Raises WspError where it cannot be encoded, WapError where the session does not stand or
        the client has not agreed to it.
        """
        found = self._connected(session)
        data = self._pushable(found, push, ProtocolOption.CONFIRMED_PUSH)
        if found.open(Kind.PUSH) >= found.agreement.push_mor:
            raise WapError(f"{found.agreement.push_mor} pushes are open, which is the most")
        return self._begin(
            found,
            Kind.PUSH,
            data,
            now,
            transaction_class=TransactionClass.RELIABLE,
            context=context,
        )

    def abort_push(self, transaction: int, now: float) -> None:
        """Give a confirmed push up (S-PushAbort.req); tells nothing more of it.

        Raises WapError where it is over.
        """
        self._release(self._transaction(transaction, Kind.PUSH), transaction)
        self._wtp.abort(transaction, UserAbort.PEER_REQUEST, now)

    def disconnect(self, session: int, now: float) -> None:
        """End the session (S-Disconnect.req); tells nothing more of it but what is aborted.

        Raises WapError where it is over.
        """
        found = self._command(session, SessionInput.END)
        self._say_goodbye(found, now)
        self._close(found, now)

    def _pushable(self, session: Session, push: Push, option: ProtocolOption) -> bytes:
        if not session.agreement.allows(option):
            raise WapError(f"session {session.number} has no pushes of that kind")
        data = push.encode()
        if not fits(len(data), session.agreement.client_sdu):
            raise _too_large(data, session)
        return data

    def _say_goodbye(self, session: Session, now: float) -> None:
        if session.session_id != UNKNOWN_ID:
            self._send(session, Disconnect(session.session_id).encode(), now)

    def _turn_away(self, session: Session, pdu: Reply | Redirect, now: float) -> None:
        transaction = _only_transaction(session)
        self._wtp.result(transaction, pdu.encode(), now)
        self._release(session, transaction)
        self._close(session, now)

    def _free_id(self) -> int:
        session_id = self._random.randrange(_SESSION_IDS)
        while session_id in self._by_id:
            session_id = self._random.randrange(_SESSION_IDS)
        return session_id

    # What the client says.

    def _hear_of(self, event: Event, now: float) -> None:
        match event:
            case InvokeReceived():
                self._hear_invoke(event, now)
            case DatagramInvoked():
                self._hear_datagram(event, now)
            case ResultConfirmed():
                self._hear_result_confirmed(event, now)
            case InvokeConfirmed():
                self._hear_push_confirmed(event)

    def _hear_invoke(self, event: InvokeReceived, now: float) -> None:
        pdu = self._decode(event.data)
        if event.transaction_class is not TransactionClass.RESULT:
            self._wtp.abort(event.transaction, UserAbort.PROTOCOL_ERROR, now)
            return
        match pdu:
            case Connect():
                self._hear_connect(event, pdu, now)
            case Resume():
                self._hear_resume(event, pdu, now)
            case Get() | Post():
                self._hear_method(event, pdu, now)
            case _:
                self._wtp.abort(event.transaction, UserAbort.PROTOCOL_ERROR, now)

    def _hear_connect(self, event: InvokeReceived, pdu: Connect, now: float) -> None:
        self._wtp.acknowledge(event.transaction, now)
        waiting = self._waiting.get(event.peer)
        if waiting is not None:
            # The client has given that one up. One that stands ends when this one does.
            self._end(waiting, EndReason.REPLACED, now)
        refusal = None
        if len(self._sessions) >= self._session_limits.sessions:
            refusal = _SERVICE_UNAVAILABLE
        elif pdu.version >> 4 != VERSION >> 4:
            refusal = _VERSION_NOT_SUPPORTED
        if refusal is not None:
            reply = Reply(refusal, _NO_CONTENT)
            self._wtp.result(event.transaction, reply.encode(), now)
            return
        session = self._open(event.peer, now)
        session.headers = pdu.headers
        self._asked[session.number] = pdu
        self._keep(session, Kind.CONNECT, event.transaction)
        self._waiting[event.peer] = session
        self._watch(session)
        self._tell(SessionRequested(session.number, event.peer, pdu.headers, pdu.capabilities))

    def _hear_resume(self, event: InvokeReceived, pdu: Resume, now: float) -> None:
        session = self._by_id.get(pdu.session_id)
        if (
            session is None
            or not self._permits(session, SessionInput.RESUME)
            or not session.agreement.allows(ProtocolOption.SESSION_RESUME)
        ):
            self._wtp.abort(event.transaction, UserAbort.DISCONNECT, now)
            return
        self._abort_all(session, UserAbort.RESUME, now)
        self._bind(session, event.peer, now)
        self._apply(session, SessionInput.RESUME)
        session.headers = pdu.headers or session.headers
        self._keep(session, Kind.RESUME, event.transaction)
        self._wtp.result(event.transaction, Reply(_OK, _NO_CONTENT).encode(), now)

    def _hear_method(self, event: InvokeReceived, pdu: Get | Post, now: float) -> None:
        session = self._waiting.get(event.peer) or self._by_peer.get(event.peer)
        if session is None:
            self._wtp.abort(event.transaction, UserAbort.DISCONNECT, now)
            return
        if self._permits(session, SessionInput.CONFIRM):
            # The client has our answer, or it could not ask for anything; its Ack is late.
            self._confirm(session, now)
        reason = _objection(session, event, pdu)
        if reason is not None:
            self._wtp.abort(event.transaction, reason, now)
            return
        self._keep(session, Kind.METHOD, event.transaction)
        self._wtp.acknowledge(event.transaction, now)
        self._tell(MethodReceived(session.number, session.peer, event.transaction, pdu))

    def _hear_datagram(self, event: DatagramInvoked, now: float) -> None:
        pdu = self._decode(event.data)
        match pdu:
            case Disconnect() | Suspend():
                session = self._by_id.get(pdu.session_id)
            case _:
                return
        if session is None or session.peer != event.peer:
            return
        if isinstance(pdu, Disconnect):
            self._end(session, EndReason.DISCONNECTED, now)
        elif session.agreement.allows(ProtocolOption.SESSION_RESUME) and self._permits(
            session, SessionInput.SUSPEND
        ):
            self._suspend(session, now)
            self._tell(SessionSuspended(session.number, session.peer))

    def _hear_result_confirmed(self, event: ResultConfirmed, now: float) -> None:
        session = self._of_transaction.get(event.transaction)
        if session is None:
            return
        if session.transactions[event.transaction] is Kind.REPLY:
            self._release(session, event.transaction)
            self._tell(ReplyConfirmed(session.number, session.peer, event.transaction))
        else:
            self._confirm(session, now)

    def _hear_push_confirmed(self, event: InvokeConfirmed) -> None:
        session = self._of_transaction[event.transaction]
        context = self._contexts.get(event.transaction)
        self._release(session, event.transaction)
        self._tell(PushConfirmed(session.number, session.peer, event.transaction, context))

    def _setup_aborted(self, session: Session, event: TransactionAborted, now: float) -> None:
        if session.state is SessionState.RESUMING:
            self._apply(session, SessionInput.SUSPEND)
            self._tell(SessionSuspended(session.number, session.peer))
        else:
            by_client = event.by_peer and event.by_user
            reason = EndReason.DISCONNECTED if by_client else EndReason.ABORTED
            self._end(session, reason, now)

    # Sessions.

    def _confirm(self, session: Session, now: float) -> None:
        """Let a session stand: the client has our answer to its Connect or Resume."""
        was_resuming = session.state is SessionState.RESUMING
        self._apply(session, SessionInput.CONFIRM)
        for transaction in tuple(session.transactions):
            self._release(session, transaction)
        if was_resuming:
            self._tell(SessionResumed(session.number, session.peer, session.headers))
            return
        del self._asked[session.number], self._waiting[session.peer]
        self._bind(session, session.peer, now)
        self._tell(
            SessionEstablished(session.number, session.peer, session.agreement, session.headers)
        )

    def _watch(self, session: Session) -> None:
        """End the session when it has been idle for long."""
        due = session.last_used + self._session_limits.idle
        session.alarm = self._schedule.at(due, lambda now: self._look_after(session, now))

    def _look_after(self, session: Session, now: float) -> None:
        if session.last_used + self._session_limits.idle > now:
            self._watch(session)
            return
        self._say_goodbye(session, now)
        self._end(session, EndReason.IDLE, now)

    def _close(self, session: Session, now: float) -> None:
        super()._close(session, now)
        if self._asked.pop(session.number, None) is not None:
            del self._waiting[session.peer]
        if session.session_id != UNKNOWN_ID:
            del self._by_id[session.session_id]


def _objection(session: Session, event: InvokeReceived, request: Get | Post) -> UserAbort | None:
    """Return why a server does not take a method (WAP-230 §7.1.4), or None."""
    if session.state is SessionState.SUSPENDED:
        return UserAbort.SUSPEND
    if session.state is not SessionState.CONNECTED or request.method in EXTENDED_METHODS:
        return UserAbort.PROTOCOL_ERROR
    if not fits(len(event.data), session.agreement.server_sdu):
        return UserAbort.MRU_EXCEEDED
    if session.open(Kind.METHOD) >= session.agreement.method_mor:
        return UserAbort.MOR_EXCEEDED
    return None


def _too_large(data: bytes, session: Session) -> WapError:
    return WapError(f"{len(data)} octets, and the client takes {session.agreement.client_sdu}")


def _only_transaction(session: Session) -> int:
    """Return the Connect of a session that waits for its answer."""
    return next(iter(session.transactions))
