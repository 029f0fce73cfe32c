"""The ESMEs that are there: their accounts, sessions, and who is to hear of a terminal.

Specs: SMPP 3.4 §4.1 (bind), §5.2.1 (system_id), §4.12 (alert_notification), §5.3.2.29 (set_dpf).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from hmac import compare_digest
from typing import Final

from corenet.interfaces.node import Address, Event
from testbed.codecs.smpp import (
    AlertNotification,
    Bind,
    CommandStatus,
    DeliverSm,
    LocalProtocolError,
    MsAvailability,
    SmeAddress,
)
from testbed.codecs.smpp import parameters as p
from testbed.smpp.server import SmppServer
from testbed.smpp.smsc import SmscSession
from testbed.smpp.states import State
from testbed.smsc.config import Esme, SmscConfig
from testbed.smsc.events import EsmeBound, EsmeGone, EsmeRefused

_RECEIVING: Final = (State.BOUND_RX, State.BOUND_TRX)
_MOST_PENDING: Final = 100_000
NOBODY: Final[Address] = ("", 0)


class Esmes:
    """Who is bound."""

    def __init__(
        self,
        config: SmscConfig,
        server: SmppServer,
        *,
        tell: Callable[[Event], None],
        bound: Callable[[str, float], None],
        missed: Callable[[str, float], None],
    ) -> None:
        """``bound`` is told which system_id is there anew, and when.

        ``missed`` is told which one does not receive what is for it.
        """
        self._config = config
        self._server = server
        self._tell = tell
        self._bound = bound
        self._missed = missed
        self._accounts = {esme.system_id: esme for esme in config.esmes}
        self._bound_at: dict[int, tuple[str, Address]] = {}
        """Who is bound over a connection, and from where."""
        self._by_system_id: dict[str, dict[int, SmscSession]] = {}
        self._pending: dict[str, dict[str, SmeAddress]] = {}
        """By terminal: the ESMEs that are to hear when it is back, and as whom."""

    def __len__(self) -> int:
        """Return how many sessions are bound."""
        return len(self._bound_at)

    def account(self, session: SmscSession) -> Esme:
        """Return whose session it is, which is bound."""
        assert session.bound_as is not None
        return self._account(session.bound_as)

    def bind(self, session: SmscSession, request: Bind, now: float) -> None:
        """Answer a bind."""
        connection = session.connection
        peer = self._server.peer(connection) or NOBODY
        status, why = self._objection(request)
        if status is not None:
            session.refuse(status, now)
            self._tell(EsmeRefused(request.system_id, peer, why))
            return
        account = self._account(request)
        limits = replace(session.limits, peer_window=account.window, rate=account.rate)
        session.accept(now, system_id=self._config.system_id, limits=limits)
        self._bound_at[connection] = request.system_id, peer
        self._by_system_id.setdefault(request.system_id, {})[connection] = session
        self._tell(EsmeBound(request.system_id, peer, session.version))
        if session.state in _RECEIVING:
            self._bound(request.system_id, now)

    def _objection(self, request: Bind) -> tuple[CommandStatus | None, str]:
        if self._accounts:
            account = self._accounts.get(request.system_id)
            if account is None:
                return CommandStatus.RINVSYSID, "no such system_id"
            if not compare_digest(account.password.encode(), request.password.encode()):
                return CommandStatus.RINVPASWD, "the password is wrong"
        if len(self._by_system_id.get(request.system_id, ())) >= self._config.limits.sessions:
            return CommandStatus.RBINDFAIL, "it has as many sessions as it may have"
        return None, ""

    def _account(self, request: Bind) -> Esme:
        first_lane = next(iter(self._config.lanes))
        return self._accounts.get(request.system_id) or Esme(request.system_id, lane=first_lane)

    def closed(self, connection: int, why: str) -> None:
        """Forget a session that is over, if it was bound."""
        if connection not in self._bound_at:
            return
        system_id, peer = self._bound_at.pop(connection)
        of_system_id = self._by_system_id[system_id]
        del of_system_id[connection]
        if not of_system_id:
            del self._by_system_id[system_id]
        self._tell(EsmeGone(system_id, peer, why))

    def deliver(self, system_id: str, pdu: DeliverSm, context: object, now: float) -> bool:
        """Send to a session of an ESME that receives; return whether there was one with room."""
        receiving = self._receiving(system_id)
        for session in receiving:
            try:
                session.deliver(pdu, context, now)
            except LocalProtocolError:
                continue  # Its queue is full, or it cannot be told this; another may.
            return True
        if not receiving:
            self._missed(system_id, now)
        return False

    def receives(self, system_id: str) -> bool:
        """Return whether an ESME has a session that receives."""
        return bool(self._receiving(system_id))

    def _receiving(self, system_id: str) -> list[SmscSession]:
        sessions = self._by_system_id.get(system_id, {}).values()
        receiving = [session for session in sessions if session.state in _RECEIVING]
        return sorted(receiving, key=lambda session: session.outstanding + session.queued)

    # Terminals that are to be announced

    def want_alert(self, terminal: str, system_id: str, source: SmeAddress) -> bool:
        """Set the delivery pending flag: tell that ESME when the terminal is back."""
        if terminal not in self._pending and len(self._pending) >= _MOST_PENDING:
            return False
        self._pending.setdefault(terminal, {})[system_id] = source
        return True

    def alert(self, terminal: str, now: float) -> None:
        """Tell those who wanted to know that a terminal is back."""
        for system_id, source in self._pending.pop(terminal, {}).items():
            notification = AlertNotification(
                source=SmeAddress.international(terminal),
                esme=source,
                tlvs=(p.MS_AVAILABILITY_STATUS(int(MsAvailability.AVAILABLE)),),
            )
            for session in self._receiving(system_id)[:1]:
                try:
                    session.alert(notification, now)
                except LocalProtocolError:
                    self._server.counters["alerts not sent"] += 1
