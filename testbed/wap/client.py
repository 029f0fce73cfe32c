"""The client of WSP sessions: what a handset has (WAP-230 §7.1.3, client protocol machine).

Theory of operation. ``connect`` opens a session to a server; once it stands, ``invoke`` asks for
things and pushes arrive. A push is taken where the client has asked for pushes of that kind, also
when the server did not agree to them: Kannel never does, and pushes all the same. A confirmed one
waits for the application, whose silence ends it after the time that WTP gives a user.
"""

from __future__ import annotations

from random import Random
from typing import Final

from testbed.codecs.wsp.capabilities import ProtocolOption
from testbed.codecs.wsp.pdus import (
    ConfirmedPush,
    Connect,
    ConnectReply,
    Disconnect,
    Get,
    Headers,
    Pdu,
    Post,
    Push,
    Redirect,
    Reply,
    Resume,
    Suspend,
)
from testbed.codecs.wtp import TransactionClass, UserAbort
from testbed.wap.agreement import Agreement, asking, fits, settle
from testbed.wap.config import WtpLimits, WtpTimers
from testbed.wap.errors import WapError
from testbed.wap.events import (
    Address,
    DatagramInvoked,
    Event,
    InvokeReceived,
    ResultReceived,
    TransactionAborted,
)
from testbed.wap.session_events import (
    ConfirmedPushReceived,
    EndReason,
    PushReceived,
    ReplyReceived,
    SessionEstablished,
    SessionRedirected,
    SessionRefused,
    SessionResumed,
    SessionSuspended,
)
from testbed.wap.session_table import CLIENT, SessionInput, SessionState
from testbed.wap.sessions import UNKNOWN_ID, Kind, Session, SessionEndpoint

REFUSALS: Final = frozenset(
    {
        UserAbort.USER_REQUEST,
        UserAbort.USER_REFUSED,
        UserAbort.USER_PENDING,
        UserAbort.USER_DISCARDED_RESOURCES,
        UserAbort.USER_DISCARDED_UNPROCESSABLE,
    }
)
"""The reasons that an application can give for not taking a push."""
WANTED: Final = Agreement(
    client_sdu=0,
    server_sdu=0,
    options=ProtocolOption.CONFIRMED_PUSH | ProtocolOption.PUSH | ProtocolOption.SESSION_RESUME,
    method_mor=4,
    push_mor=4,
)
"""What a client asks for that nobody told otherwise."""
_OK: Final = 200


class SessionClient(SessionEndpoint):
    """The client's end of sessions."""

    TABLE = CLIENT

    def __init__(
        self,
        *,
        random: Random,
        wanted: Agreement = WANTED,
        timers: WtpTimers | None = None,
        limits: WtpLimits | None = None,
    ) -> None:
        """``wanted`` is what every session asks for; ``random`` gives the first TIDs."""
        super().__init__(random=random, timers=timers, limits=limits)
        self._wanted = wanted

    # Commands.

    def connect(self, server: Address, now: float, *, headers: Headers = ()) -> int:
        """Ask for a session (S-Connect.req); return its number.

        Ends in exactly one SessionEstablished, SessionRefused, SessionRedirected or SessionEnded.
        A session that there is with the same server is over.

        Raises WspError where a header cannot be encoded, WapError where they are too long.
        """
        data = Connect(asking(self._wanted), headers).encode()
        session = self._open(server, now)
        self._bind(session, server, now)
        try:
            self._begin(session, Kind.CONNECT, data, now)
        except WapError:
            self._close(session, now)
            raise
        return session.number

    def invoke(
        self, session: int, request: Get | Post, now: float, *, context: object = None
    ) -> int:
        """Ask the server for something (S-MethodInvoke.req); return the transaction's number.

        Ends in exactly one ReplyReceived or MethodAborted, with ``context``.

        Raises WspError where the request cannot be encoded, WapError where the session does not
        stand or the request exceeds what was agreed on.
        """
        data = request.encode()
        found = self._connected(session)
        agreement = found.agreement
        if found.open(Kind.METHOD) >= agreement.method_mor:
            raise WapError(f"{agreement.method_mor} methods are open, which is the most")
        if not fits(len(data), agreement.server_sdu):
            raise WapError(f"{len(data)} octets, and the server takes {agreement.server_sdu}")
        return self._begin(found, Kind.METHOD, data, now, context=context)

    def abort_method(self, transaction: int, now: float) -> None:
        """Give a method up (S-MethodAbort.req); tells nothing more of it.

        Raises WapError where it is over.
        """
        self._release(self._transaction(transaction, Kind.METHOD), transaction)
        self._wtp.abort(transaction, UserAbort.PEER_REQUEST, now)

    def confirm_push(self, transaction: int, now: float) -> None:
        """Say that the application has taken a push (S-ConfirmedPush.res).

        Raises WapError where it is over.
        """
        self._release(self._transaction(transaction, Kind.PUSH), transaction)
        self._wtp.acknowledge(transaction, now)

    def refuse_push(self, transaction: int, reason: UserAbort, now: float) -> None:
        """Say that the application does not take a push (S-PushAbort.req).

        Raises WapError where it is over, or ``reason`` is none of ``REFUSALS``.
        """
        if reason not in REFUSALS:
            raise WapError(f"{reason.name} is no reason to refuse a push")
        self._release(self._transaction(transaction, Kind.PUSH), transaction)
        self._wtp.abort(transaction, reason, now)

    def suspend(self, session: int, now: float) -> None:
        """Lay the session to rest (S-Suspend.req); what it has open is aborted.

        Raises WapError where it does not stand, or the server has not agreed to resuming.
        """
        found = self._command(session, SessionInput.SUSPEND)
        self._must_allow_resume(found)
        self._suspend(found, now)
        self._send(found, Suspend(found.session_id).encode(), now)

    def resume(
        self, session: int, now: float, *, server: Address | None = None, headers: Headers = ()
    ) -> None:
        """Take the session up again (S-Resume.req), where ``server`` is now if it has moved.

        Ends in exactly one SessionResumed, SessionSuspended, SessionRefused or SessionEnded.

        Raises WspError where a header cannot be encoded, WapError where the session is not in a
        state for that, or the server has not agreed to resuming.
        """
        found = self._command(session, SessionInput.RESUME)
        self._must_allow_resume(found)
        data = Resume(found.session_id, headers=headers).encode()
        self._abort_all(found, UserAbort.RESUME, now)
        self._bind(found, server or found.peer, now)
        self._begin(found, Kind.RESUME, data, now)
        self._apply(found, SessionInput.RESUME)

    def disconnect(self, session: int, now: float) -> None:
        """End the session (S-Disconnect.req); tells nothing more of it but what is aborted.

        Raises WapError where it is over.
        """
        found = self._command(session, SessionInput.END)
        if found.session_id != UNKNOWN_ID:
            self._send(found, Disconnect(found.session_id).encode(), now)
        self._close(found, now)

    def _must_allow_resume(self, session: Session) -> None:
        if not session.agreement.allows(ProtocolOption.SESSION_RESUME):
            raise WapError(f"session {session.number} cannot be resumed")

    # What the server says.

    def _hear_of(self, event: Event, now: float) -> None:
        match event:
            case ResultReceived():
                self._hear_result(event, now)
            case InvokeReceived():
                self._hear_invoke(event, now)
            case DatagramInvoked():
                self._hear_datagram(event, now)

    def _hear_result(self, event: ResultReceived, now: float) -> None:
        session = self._of_transaction[event.transaction]
        kind = session.transactions[event.transaction]
        pdu = self._decode(event.data)
        if kind is Kind.METHOD:
            self._hear_reply(session, event, pdu, now)
        elif not fits(len(event.data), self._wanted.client_sdu):
            self._fail(session, event.transaction, UserAbort.MRU_EXCEEDED, now)
            self._end(session, EndReason.INVALID, now)
        elif kind is Kind.CONNECT:
            self._hear_connect_reply(session, event.transaction, pdu, now)
        else:
            self._hear_resume_reply(session, event.transaction, pdu, now)

    def _hear_reply(
        self, session: Session, event: ResultReceived, pdu: Pdu | None, now: float
    ) -> None:
        if not fits(len(event.data), session.agreement.client_sdu):
            self._fail(session, event.transaction, UserAbort.MRU_EXCEEDED, now)
        elif not isinstance(pdu, Reply):
            self._fail(session, event.transaction, UserAbort.PROTOCOL_ERROR, now)
        else:
            context = self._contexts.get(event.transaction)
            self._take(session, event.transaction, now)
            self._tell(ReplyReceived(session.number, session.peer, event.transaction, context, pdu))

    def _take(self, session: Session, transaction: int, now: float) -> None:
        """Acknowledge a result; its transaction is over for this layer."""
        self._release(session, transaction)
        self._wtp.acknowledge(transaction, now)

    def _hear_connect_reply(
        self, session: Session, transaction: int, pdu: Pdu | None, now: float
    ) -> None:
        number, peer = session.number, session.peer
        match pdu:
            case ConnectReply():
                self._take(session, transaction, now)
                self._apply(session, SessionInput.CONFIRM)
                session.session_id = pdu.session_id
                session.agreement = settle(self._wanted, pdu.capabilities)
                session.headers = pdu.headers
                self._tell(SessionEstablished(number, peer, session.agreement, pdu.headers))
            case Redirect():
                self._take(session, transaction, now)
                self._close(session, now)
                self._tell(SessionRedirected(number, peer, pdu.contacts, pdu.permanent))
            case Reply():
                self._take(session, transaction, now)
                self._close(session, now)
                self._tell(SessionRefused(number, peer, pdu))
            case _:
                self._fail(session, transaction, UserAbort.PROTOCOL_ERROR, now)
                self._end(session, EndReason.INVALID, now)

    def _hear_resume_reply(
        self, session: Session, transaction: int, pdu: Pdu | None, now: float
    ) -> None:
        if not isinstance(pdu, Reply):
            self._fail(session, transaction, UserAbort.PROTOCOL_ERROR, now)
            self._end(session, EndReason.INVALID, now)
            return
        self._take(session, transaction, now)
        if pdu.status == _OK:
            self._apply(session, SessionInput.CONFIRM)
            self._tell(SessionResumed(session.number, session.peer, pdu.headers))
        else:
            self._close(session, now)
            self._tell(SessionRefused(session.number, session.peer, pdu))

    def _setup_aborted(self, session: Session, event: TransactionAborted, now: float) -> None:
        disconnected = event.by_user and event.reason == UserAbort.DISCONNECT
        if session.state is SessionState.RESUMING and not disconnected:
            self._apply(session, SessionInput.SUSPEND)
            self._tell(SessionSuspended(session.number, session.peer))
        else:
            reason = EndReason.DISCONNECTED if disconnected else EndReason.ABORTED
            self._end(session, reason, now)

    # What the server begins.

    def _hear_datagram(self, event: DatagramInvoked, now: float) -> None:
        session = self._by_peer.get(event.peer)
        pdu = self._decode(event.data)
        if session is None:
            return
        if isinstance(pdu, Disconnect) and pdu.session_id == session.session_id:
            self._end(session, EndReason.DISCONNECTED, now)
        elif (
            isinstance(pdu, Push)
            and not isinstance(pdu, ConfirmedPush)
            and session.state is SessionState.CONNECTED
            and self._wanted.allows(ProtocolOption.PUSH)
            and fits(len(event.data), session.agreement.client_sdu)
        ):
            self._tell(PushReceived(session.number, session.peer, pdu))

    def _hear_invoke(self, event: InvokeReceived, now: float) -> None:
        """Take a confirmed push, or say why not."""
        session = self._by_peer.get(event.peer)
        if session is None:
            self._wtp.abort(event.transaction, UserAbort.DISCONNECT, now)
            return
        pdu = self._decode(event.data)
        if not isinstance(pdu, ConfirmedPush):
            self._wtp.abort(event.transaction, UserAbort.PROTOCOL_ERROR, now)
            return
        reason = self._objection(session, event)
        if reason is not None:
            self._wtp.abort(event.transaction, reason, now)
            return
        self._keep(session, Kind.PUSH, event.transaction)
        self._tell(ConfirmedPushReceived(session.number, session.peer, event.transaction, pdu))

    def _objection(self, session: Session, event: InvokeReceived) -> UserAbort | None:
        """Return why a client takes no confirmed push (WAP-230 §7.1.3), or None."""
        if session.state is SessionState.SUSPENDED:
            return UserAbort.SUSPEND
        if (
            event.transaction_class is not TransactionClass.RELIABLE
            or session.state is not SessionState.CONNECTED
            or not self._wanted.allows(ProtocolOption.CONFIRMED_PUSH)
        ):
            return UserAbort.PROTOCOL_ERROR
        if not fits(len(event.data), session.agreement.client_sdu):
            return UserAbort.MRU_EXCEEDED
        if session.open(Kind.PUSH) >= session.agreement.push_mor:
            return UserAbort.MOR_EXCEEDED
        return None
