"""Who is online, as the network elements report by RADIUS accounting: server, table, events.

Specs: RFC 2866 (accounting), TS 29.061 §16 (what a GGSN sends).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from corenet.interfaces.node import Address, Datagram, Interface
from testbed.gateway.events import SessionBegan, SessionEnded
from testbed.gateway.output import Output
from testbed.gateway.presence.accounting import AccountingServer, Dropped
from testbed.gateway.presence.sessions import Session, SessionTable


class Presence:
    """The accounting side of one gateway."""

    def __init__(
        self,
        server: AccountingServer,
        sessions: SessionTable,
        output: Output,
        *,
        has_ipv6: bool,
        began: Callable[[Session, float], None],
    ) -> None:
        """``began`` is called with each session that begins, after its event.

        Without IPv6 a session has no IPv6 address, whatever the GGSN says.
        """
        self._server = server
        self._has_ipv6 = has_ipv6
        self.sessions = sessions
        self._output = output
        self._began = began

    def counters(self) -> dict[str, int]:
        """Return what became of the requests."""
        return {f"radius {name}": n for name, n in self._server.counts.items()}

    def receive(self, data: bytes, peer: Address, now: float) -> None:
        """Take what came to the RADIUS port."""
        result = self._server.receive(data, peer, now)
        if isinstance(result, Dropped):
            return
        self._output.send(Datagram(Interface.RADIUS, peer, result.answer))
        if result.record is None:
            return
        record = result.record
        if not self._has_ipv6:
            record = replace(record, ipv6_address=None)
        change = self.sessions.apply(record, now)
        self._ended(change.went)
        came = change.came
        if came is not None:
            self._output.tell(SessionBegan(came.address, came.msisdn, came.imsi))
            self._began(came, now)

    def next_timeout(self) -> float | None:
        """Return when ``handle_timeout`` wants to be called, or None."""
        return self.sessions.next_expiry()

    def handle_timeout(self, now: float) -> None:
        """End the sessions of which nothing was heard for too long."""
        gone = self.sessions.expire(now)
        self._output.count("sessions aged", len(gone))
        self._ended(gone)

    def _ended(self, gone: Iterable[Session]) -> None:
        for session in gone:
            self._output.tell(SessionEnded(session.address, session.msisdn, session.imsi))
