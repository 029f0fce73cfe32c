"""The SMPP sessions of an SMSC: one for each connection that it accepts or opens.

Theory of operation. A part of a node that satisfies ``StreamNode``: the node hands on what happens
to connections of ``Interface.SMPP``, and takes commands and events from here with its own. Every
event names its connection; the node answers on ``session(connection)``. A connection beyond the
bound is closed at once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import count

from corenet.interfaces.node import Address, Interface
from corenet.interfaces.streams import Connect, Disconnect, StreamCommand
from testbed.smpp.config import SmppLimits, SmppTimers
from testbed.smpp.events import OutbindFailed, SessionEvent
from testbed.smpp.smsc import SmscSession
from testbed.smpp.surroundings import Surroundings

MOST_SESSIONS = 1000


class SmppServer:
    """Sessions with ESMEs. Holds no socket and no clock."""

    def __init__(
        self,
        *,
        timers: SmppTimers | None = None,
        limits: SmppLimits | None = None,
        most_sessions: int = MOST_SESSIONS,
    ) -> None:
        """``timers`` and ``limits`` are those of every session."""
        self._timers = timers or SmppTimers()
        self._limits = limits or SmppLimits()
        self._most_sessions = most_sessions
        self._surroundings = Surroundings()
        self._sessions: dict[int, SmscSession] = {}
        self._peers: dict[int, Address] = {}
        self._attempts = count(1)
        self._outbinds: dict[int, tuple[Address, str, str]] = {}

    @property
    def counters(self) -> Counter[str]:
        """What was counted so far."""
        return self._surroundings.counters

    def session(self, connection: int) -> SmscSession | None:
        """Return the session on a connection, or None where it is over."""
        return self._sessions.get(connection)

    def peer(self, connection: int) -> Address | None:
        """Return who is at the other end of a connection, or None where it is over."""
        return self._peers.get(connection)

    def __iter__(self) -> Iterator[SmscSession]:
        """Return the sessions that are not over."""
        return iter(list(self._sessions.values()))

    # Commands

    def outbind(self, peer: Address, system_id: str, password: str) -> None:
        """Open a connection to an ESME and ask it to bind (SMPP 3.4 §4.1.7).

        It ends in ``BindRequested``, ``SessionClosed`` or ``OutbindFailed``.
        """
        attempt = next(self._attempts)
        self._outbinds[attempt] = (peer, system_id, password)
        self._surroundings.commands.append(Connect(Interface.SMPP, peer, attempt))

    def stop(self, now: float) -> None:
        """Unbind from every ESME."""
        for session in self:
            session.unbind(now)

    # Connections

    def connected(self, connection: int, *, peer: Address, attempt: int | None, now: float) -> None:
        """Take a connection."""
        if len(self._sessions) >= self._most_sessions:
            self.counters["connections refused"] += 1
            self._surroundings.commands.append(Disconnect(connection))
            return
        session = SmscSession(
            self._surroundings, connection, now, timers=self._timers, limits=self._limits
        )
        self._sessions[connection] = session
        self._peers[connection] = peer
        wanted = None if attempt is None else self._outbinds.pop(attempt, None)
        if wanted is not None:
            session.outbind(wanted[1], wanted[2], now)

    def connect_failed(self, attempt: int, reason: str, now: float) -> None:
        """Hear that a connection for an outbind could not be had."""
        del now
        peer, _, _ = self._outbinds.pop(attempt)
        self._surroundings.events.append(OutbindFailed(0, peer, reason))

    def received(self, connection: int, data: bytes, now: float) -> None:
        """Take octets of a connection. Never raises for what a peer sent."""
        session = self._sessions.get(connection)
        if session is not None:
            session.receive(data, now)

    def disconnected(self, connection: int, reason: str, now: float) -> None:
        """Hear that a connection is over."""
        session = self._sessions.pop(connection, None)
        self._peers.pop(connection, None)
        if session is not None:
            session.lost(reason, now)

    # Time, and what comes out

    def next_timeout(self) -> float | None:
        """Return when ``handle_timeout`` wants to be called, or None."""
        return self._surroundings.schedule.next_timeout()

    def handle_timeout(self, now: float) -> None:
        """Do what is due at ``now``."""
        self._surroundings.schedule.ring(now)

    def take_commands(self) -> list[StreamCommand]:
        """Return what is to be done with connections, in order, and forget it."""
        return self._surroundings.take_commands()

    def take_events(self) -> list[SessionEvent]:
        """Return what has happened, in order, and forget it."""
        return self._surroundings.take_events()
