"""The gateway's end of WSP sessions, and of what terminals ask for outside of them.

Specs: WAP-230 §6.3 (sessions), §6.4 (connectionless), WAP-259 (ports 9200 and 9201).

Theory of operation. One session server listens on the WSP port. Any terminal gets a session within
the server's bounds. What it asks for on one, or in a datagram to the WDP port, is handed to whoever
answers requests; what becomes of pushes and of the sessions themselves is told to whoever pushes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from random import Random
from typing import Final, Protocol

from corenet.interfaces.node import Address, Datagram, Interface
from testbed.codecs.media import ContentType
from testbed.codecs.wsp.pdus import ConfirmedPush, Headers, Push, Reply
from testbed.gateway.output import Output
from testbed.wap.agreement import Agreement
from testbed.wap.config import WtpTimers
from testbed.wap.errors import WapError
from testbed.wap.events import Event
from testbed.wap.server import GRANTED, SessionLimits, SessionServer
from testbed.wap.session_events import (
    MethodAborted,
    MethodReceived,
    ReplyConfirmed,
    SessionEnded,
    SessionEstablished,
    SessionEvent,
    SessionRequested,
    SessionResumed,
)
from testbed.wap.session_table import SessionState
from testbed.wap.sessions import SessionView

NOT_IMPLEMENTED: Final = Reply(501, ContentType("text/plain"))
"""The answer to every method of a gateway that pushes only."""


OLDEST_CODES: Final = "1.2"
NEWEST_CODES: Final = "1.4"
"""Versions of the codes of headers, from what a client has at least to what this gateway has."""
_VERSION: Final = re.compile(r"1\.[0-9]")


class Pull(Protocol):
    """What answers the requests of terminals."""

    def method_received(self, event: MethodReceived, now: float) -> None:
        """Take a request; answer it now or later with ``WapServer.reply`` or ``abort_method``."""
        ...

    def method_ended(self, event: ReplyConfirmed | MethodAborted, now: float) -> None:
        """Take note that the terminal has the reply, or that it or its session gave the method up.

        None comes after ``abort_method``.
        """
        ...

    def datagram_received(self, data: bytes, peer: Address, now: float) -> None:
        """Take what came to the WDP port, whatever it is (connectionless WSP)."""
        ...

    def next_timeout(self) -> float | None:
        """Return when ``handle_timeout`` wants to be called, or None."""
        ...

    def handle_timeout(self, now: float) -> None:
        """Do what is due at ``now``."""
        ...


MakePull = Callable[["WapServer", Output], Pull]
"""Makes what answers requests; it replies through the one and puts effects out by the other."""


class NoPull:
    """Answers every method that it is not implemented, and no datagram."""

    def __init__(self, server: WapServer, output: Output) -> None:  # noqa: ARG002
        self._server = server

    def method_received(self, event: MethodReceived, now: float) -> None:
        """Answer 501."""
        self._server.reply(event.transaction, NOT_IMPLEMENTED, now)

    def method_ended(self, event: ReplyConfirmed | MethodAborted, now: float) -> None:
        """Take note of nothing."""

    def datagram_received(self, data: bytes, peer: Address, now: float) -> None:
        """Drop it."""

    def next_timeout(self) -> float | None:
        """Return None."""
        return None

    def handle_timeout(self, now: float) -> None:
        """Do nothing."""


class WapServer:
    """The session server of one gateway, attached to ``Interface.WSP``."""

    def __init__(
        self,
        output: Output,
        *,
        random: Random,
        tell: Callable[[SessionEvent, float], None],
        make_pull: MakePull = NoPull,
        granted: Agreement = GRANTED,
        limits: SessionLimits | None = None,
        timers: WtpTimers | None = None,
    ) -> None:
        """``tell`` is given the events of sessions and pushes; ``granted`` is for each session."""
        self._output = output
        self._tell = tell
        self._server = SessionServer(
            random=random, granted=granted, session_limits=limits, timers=timers
        )
        self._by_host: dict[str, dict[int, None]] = {}
        """Sessions that stand or rest, by the address that their client had last, oldest first."""
        self._hosts: dict[int, str] = {}
        self._pull = make_pull(self, output)
        self._is_settling = False
        self._is_closed = False

    @property
    def sessions(self) -> int:
        """How many sessions there are, suspended ones included."""
        return len(self._server.sessions())

    def session(self, number: int) -> SessionView | None:
        """Return a session, or None where it is over."""
        return self._server.session(number)

    def at(self, host: str) -> list[SessionView]:
        """Return the sessions with clients at an address that can be used now, the newest first."""
        views = (self._server.session(number) for number in self._by_host.get(host, ()))
        standing = [view for view in views if view and view.state is SessionState.CONNECTED]
        return standing[::-1]

    def headers_at(self, host: str, since: float) -> Iterator[Headers]:
        """Return what the clients said that were heard of since then on those sessions."""
        return (view.headers for view in self.at(host) if view.last_used >= since)

    # Commands of whoever pushes

    def push(self, session: int, push: Push, now: float) -> None:
        """Push unconfirmed; see ``SessionServer.push``, also for what it raises."""
        self._server.push(session, push, now)
        self._settle(now)

    def confirmed_push(
        self, session: int, push: ConfirmedPush, now: float, *, context: object
    ) -> int:
        """Push confirmed; see ``SessionServer.confirmed_push``, also for what it raises."""
        transaction = self._server.confirmed_push(session, push, now, context=context)
        self._settle(now)
        return transaction

    def abort_push(self, transaction: int, now: float) -> None:
        """Give a confirmed push up; see ``SessionServer.abort_push``."""
        self._server.abort_push(transaction, now)
        self._settle(now)

    def disconnect(self, session: int, now: float) -> None:
        """End a session; see ``SessionServer.disconnect``."""
        self._server.disconnect(session, now)
        self._forget(session)
        self._settle(now)

    def close(self, now: float) -> None:
        """End all sessions (Disconnect), and hear nothing more; what was asked stays unanswered.

        A Disconnect is not acknowledged, so there is nothing to wait for.
        """
        for view in self._server.sessions():
            self._server.disconnect(view.session, now)
            self._forget(view.session)
        self._settle(now)
        self._is_closed = True

    # Commands of whoever answers requests

    def reply(self, transaction: int, reply: Reply, now: float) -> None:
        """Answer a method; see ``SessionServer.reply``, also for what it raises."""
        self._server.reply(transaction, reply, now)
        self._settle(now)

    def abort_method(self, transaction: int, now: float) -> None:
        """Do not answer a method; see ``SessionServer.abort_method``."""
        self._server.abort_method(transaction, now)
        self._settle(now)

    # Verbs

    def receive(self, data: bytes, peer: Address, now: float) -> None:
        """Take a datagram that came to the WSP port."""
        if self._is_closed:
            return
        self._server.receive(data, peer, now)
        self._settle(now)

    def datagram_received(self, data: bytes, peer: Address, now: float) -> None:
        """Take a datagram that came to the WDP port."""
        if self._is_closed:
            return
        self._pull.datagram_received(data, peer, now)

    def next_timeout(self) -> float | None:
        """Return when ``handle_timeout`` wants to be called, or None."""
        times = (self._server.next_timeout(), self._pull.next_timeout())
        return min((time for time in times if time is not None), default=None)

    def handle_timeout(self, now: float) -> None:
        """Do what is due at ``now``."""
        self._server.handle_timeout(now)
        self._settle(now)
        self._pull.handle_timeout(now)

    def _settle(self, now: float) -> None:
        """Send what is to be sent and tell what has happened, with what comes of that."""
        if self._is_settling:
            return
        self._is_settling = True
        try:
            while events := self._server.take_events():
                for event in events:
                    self._hear(event, now)
        finally:
            self._is_settling = False
        for data, peer in self._server.take_datagrams():
            self._output.send(Datagram(Interface.WSP, peer, data))

    def _hear(self, event: Event, now: float) -> None:
        match event:
            case SessionRequested():
                self._accept(event, now)
            case MethodReceived():
                self._pull.method_received(event, now)
            case ReplyConfirmed() | MethodAborted():
                self._pull.method_ended(event, now)
            case SessionEstablished() | SessionResumed():
                self._forget(event.session)
                self._hosts[event.session] = event.peer[0]
                self._by_host.setdefault(event.peer[0], {})[event.session] = None
                self._tell(event, now)
            case SessionEnded():
                self._forget(event.session)
                self._tell(event, now)
            case SessionEvent():
                self._tell(event, now)

    def _forget(self, session: int) -> None:
        host = self._hosts.pop(session, None)
        if host is not None:
            del self._by_host[host][session]
            if not self._by_host[host]:
                del self._by_host[host]

    def _accept(self, event: SessionRequested, now: float) -> None:
        with suppress(WapError):  # The client may have given it up meanwhile.
            self._server.accept(event.session, now, headers=_answered(event.headers))


def _answered(said: Headers) -> Headers:
    """Return what a session is granted with: the version of header codes that both ends have.

    It is the older of the two; a client that does not say has 1.2 (WAP-230 §8.4.2).
    """
    theirs = next((value for name, value in said if name == "Encoding-Version"), "")
    known = theirs if _VERSION.fullmatch(theirs) else OLDEST_CODES
    return (("Encoding-Version", min(known, NEWEST_CODES)),)
