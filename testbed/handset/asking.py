"""The two ways in which a browser asks its gateway for something.

Specs: WAP-230 §6.4 (connectionless: S-Unit-MethodInvoke), §6.3 (sessions: S-MethodInvoke).

Either way one thing is asked at a time, and each question ends in one call of ``answered`` or
``failed``, unless the way is dropped before.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Final, Protocol

from corenet.interfaces.application import Host
from corenet.interfaces.node import Address
from corenet.interfaces.runtime import Timer
from testbed.codecs.wsp.errors import WspError
from testbed.codecs.wsp.pdus import Get, Headers, Post, Reply, decode_unit, encode_unit
from testbed.codecs.wtp import UserAbort
from testbed.handset.push_sessions import places_of
from testbed.handset.session_port import SessionPort
from testbed.wap.errors import WapError
from testbed.wap.events import Event
from testbed.wap.session_events import (
    EndReason,
    MethodAborted,
    ReplyReceived,
    SessionEnded,
    SessionEstablished,
    SessionRedirected,
    SessionRefused,
    SessionResumed,
    SessionSuspended,
)

OWN_HEADERS: Final[Headers] = (
    ("Accept", "application/vnd.wap.wmlc"),
    ("Accept", "text/html"),
    ("Accept", "text/plain"),
    ("Accept", "*/*"),
    ("Accept-Charset", "utf-8"),
    ("User-Agent", "Corenet handset"),
)
"""What the handset says of itself."""
REPEATED_AFTER: Final = 15.0
"""Seconds that a datagram waits for its answer before it is sent again."""
MOST_DATAGRAMS: Final = 4
"""Transmissions of one question."""
SUSPENDED_FOR: Final = 600.0
"""Seconds without a PDP context after which a suspended session is forgotten."""
SESSION_IDLE: Final = 120.0
"""Seconds without a question after which the browser ends its session."""
_MOST_CONNECTS: Final = 3
"""For one question: the first, and those after a redirection or a session that was lost."""
_SESSION_IS_OVER: Final = frozenset({UserAbort.DISCONNECT, UserAbort.SUSPEND})

Answered = Callable[[Reply, float], None]
Failed = Callable[[str, float], None]


class Asking(Protocol):
    """A way to ask."""

    def ask(self, request: Get | Post, address: str, now: float) -> None:
        """Ask for something from a PDP address; nothing else is being asked for."""
        ...

    def pause(self, now: float) -> None:
        """Be done with the question without a call: the PDP context is gone."""
        ...

    def drop(self) -> None:
        """Be done with everything without a word and without a call."""
        ...


class DatagramAsking:
    """Asks in datagrams, each again until there is an answer."""

    def __init__(self, host: Host, gateway: Address, *, answered: Answered, failed: Failed) -> None:
        self._host = host
        self._gateway = gateway
        self._answered = answered
        self._failed = failed
        self._address = ""
        self._tid = host.random.randrange(256)
        self._port: int | None = None
        self._alarm: Timer | None = None
        self._question = b""
        self._left = 0

    def ask(self, request: Get | Post, address: str, now: float) -> None:
        """Send the question from a port of its own."""
        self._address = address
        self._tid = (self._tid + 1) % 256
        self._question = encode_unit(self._tid, replace(request, headers=OWN_HEADERS))
        self._left = MOST_DATAGRAMS
        self._port = self._host.bind(self._receive)
        self._send(now)

    def pause(self, now: float) -> None:  # noqa: ARG002
        """Wait no more."""
        self.drop()

    def drop(self) -> None:
        """Wait no more."""
        if self._port is not None:
            self._host.unbind(self._port)
            self._port = None
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None

    def _send(self, now: float) -> None:
        if self._port is None or self._left == 0:
            self.drop()
            self._failed("the gateway does not answer", now)
            return
        self._left -= 1
        self._host.send(self._question, (self._address, self._port), self._gateway)
        self._alarm = self._host.at(now + REPEATED_AFTER, self._send)

    def _receive(self, payload: bytes, source: Address, _local: Address, now: float) -> None:
        try:
            tid, pdu = decode_unit(payload)
        except WspError:
            self._host.count("malformed_answers")
            return
        if source == self._gateway and tid == self._tid and isinstance(pdu, Reply):
            self.drop()
            self._answered(pdu, now)
        else:
            self._host.count("unexpected_answers")


class SessionAsking:
    """Asks on a session, which is there until nothing was asked for a while.

    A session that the gateway knows nothing of any more is opened anew, and the question asked
    again. One whose PDP context goes is suspended, and resumed from the next one, whose address may
    be another, where the gateway has agreed to that (WAP-230 §6.3, S-Suspend, S-Resume).
    """

    def __init__(self, host: Host, gateway: Address, *, answered: Answered, failed: Failed) -> None:
        self._host = host
        self._gateway = gateway
        self._answered = answered
        self._failed = failed
        self._address = ""
        self._port: SessionPort | None = None
        self._session: int | None = None
        self._stands = False
        self._is_paused = False
        self._question: Get | Post | None = None
        self._connects = 0
        self._idle: Timer | None = None

    def ask(self, request: Get | Post, address: str, now: float) -> None:
        """Ask, on a session that is opened or resumed for it where none stands."""
        self._question = request
        self._address = address
        self._connects = 0
        self._rouse()
        if self._is_paused:
            self._resume(now)
        elif self._stands:
            self._invoke(now)
        else:
            self._connect(self._gateway, now)

    def pause(self, now: float) -> None:
        """Suspend the session where that is possible, or else be done with it."""
        port, session = self._port, self._session
        self._question = None
        if self._is_paused:
            return
        if port is None or session is None or not self._stands:
            self.drop()
            return
        self._rouse()
        port.pause()
        try:
            port.do(lambda client: client.suspend(session, now), now)
        except WapError:
            self.drop()
            return
        self._is_paused = True
        self._stands = False
        self._idle = self._host.at(now + SUSPENDED_FOR, lambda _now: self.drop())

    def drop(self) -> None:
        """Be done with the session."""
        self._rouse()
        self._is_paused = False
        self._forget()
        self._question = None
        if self._port is not None:
            self._port.drop()
            self._port = None

    # Commands

    def _resume(self, now: float) -> None:
        """Take the session up again from where the handset is now."""
        port, session = self._port, self._session
        self._is_paused = False
        if port is not None and session is not None:
            port.move(self._address)
            port.do(lambda client: client.resume(session, now, headers=OWN_HEADERS), now)

    def _connect(self, gateway: Address, now: float) -> None:
        if self._connects == _MOST_CONNECTS:
            self._fail("the gateway keeps no session", now)
            return
        self._connects += 1
        port = self._port
        if port is None:
            port = self._port = SessionPort(
                self._host, self._address, hear=self._hear, on_end=self._ended
            )
        self._session = port.do(
            lambda client: client.connect(gateway, now, headers=OWN_HEADERS), now
        )

    def _invoke(self, now: float) -> None:
        port, session, question = self._port, self._session, self._question
        if port is None or session is None or question is None:
            return
        try:
            port.do(lambda client: client.invoke(session, question, now), now)
        except WapError as error:
            self._fail(str(error), now)

    def _disconnect(self, now: float) -> None:
        port, session = self._port, self._session
        self._forget()
        if port is not None and session is not None:
            with suppress(WapError):  # It may be over, with its end still to be told.
                port.do(lambda client: client.disconnect(session, now), now)

    def _rouse(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None

    def _forget(self) -> None:
        self._session = None
        self._stands = False

    def _ended(self, _now: float) -> None:
        self._port = None

    # What the client tells

    def _hear(self, event: Event, now: float) -> None:
        match event:
            case SessionEstablished() | SessionResumed() if event.session == self._session:
                self._stands = True
                self._invoke(now)
            case SessionEnded(session=session) if session == self._session:
                self._lost(event.reason, now)
            case SessionSuspended(session=session) if session == self._session:
                self._disconnect(now)
                self._ask_again(now)
            case SessionRefused() if self._connects == 0:
                # It is not resumed.
                self._forget()
                self._ask_again(now)
            case SessionRefused():
                self._forget()
                self._fail(f"the gateway grants no session (status {event.reply.status})", now)
            case SessionRedirected():
                self._redirected(event, now)
            case ReplyReceived():
                self._finish(now)
                self._answered(event.reply, now)
            case MethodAborted():
                self._aborted(event, now)

    def _lost(self, reason: EndReason, now: float) -> None:
        was_there = self._stands or self._connects == 0
        self._forget()
        if was_there:
            self._ask_again(now)
        else:
            self._fail(f"the gateway opens no session ({reason})", now)

    def _ask_again(self, now: float) -> None:
        if self._question is not None:
            self._connect(self._gateway, now)

    def _redirected(self, event: SessionRedirected, now: float) -> None:
        self._forget()
        places = places_of(event.contacts)
        if not places:
            self._fail("the gateway sends elsewhere, but not to where UDP over IPv4 leads", now)
            return
        if event.permanent:
            self._gateway = places[0]
        self._connect(places[0], now)

    def _aborted(self, event: MethodAborted, now: float) -> None:
        if event.by_user and event.reason in _SESSION_IS_OVER:
            # The end of the session is told next, and the question asked again.
            return
        if not event.by_user:
            # Nothing comes from there; the next question had better not wait for this session.
            self._disconnect(now)
        self._fail(f"the gateway gives no answer ({event.text})", now)

    def _fail(self, reason: str, now: float) -> None:
        if self._question is not None:
            self._finish(now)
            self._failed(reason, now)

    def _finish(self, now: float) -> None:
        self._question = None
        self._rouse()
        if self._session is not None:
            self._idle = self._host.at(now + SESSION_IDLE, self._disconnect)
