"""The SMSC's side of a session.

Spec: SMPP 3.4 §2.2, §4.1 (bind and outbind), §2.9 and §3.4 (versions).

Theory of operation. An ESME binds and is accepted or refused by the session's user, who knows
accounts; a refused one may try again until the session init timer ends it. A bind of version 3.3 or
less makes a session without optional parameters, one of more than 3.4 a session of 3.4; the
response says which we have (§3.4.2).
"""

from __future__ import annotations

from typing import ClassVar

from testbed.codecs.smpp import (
    AlertNotification,
    Bind,
    BindReceiverResp,
    BindResp,
    BindTransceiverResp,
    BindTransmitterResp,
    CancelSm,
    CommandId,
    CommandStatus,
    DataSm,
    DeliverSm,
    Outbind,
    Pdu,
    QuerySm,
    ReplaceSm,
    Response,
    SubmitMulti,
    SubmitSm,
)
from testbed.codecs.smpp.constants import VERSION_3_3, VERSION_3_4
from testbed.codecs.smpp.parameters import SC_INTERFACE_VERSION
from testbed.smpp.config import SmppLimits, SmppTimers
from testbed.smpp.errors import NothingToAnswerError
from testbed.smpp.events import (
    BindRequested,
    Cancelled,
    Queried,
    Replaced,
    Submitted,
)
from testbed.smpp.session import Session
from testbed.smpp.states import ACCEPTED, Happening, Side
from testbed.smpp.surroundings import Surroundings
from testbed.smpp.throttle import TokenBucket

_RESPONSES: dict[CommandId, type[BindResp]] = {
    CommandId.BIND_TRANSMITTER: BindTransmitterResp,
    CommandId.BIND_RECEIVER: BindReceiverResp,
    CommandId.BIND_TRANSCEIVER: BindTransceiverResp,
}


class SmscSession(Session):
    """A session with an ESME."""

    SIDE: ClassVar[Side] = Side.SMSC

    def __init__(
        self,
        surroundings: Surroundings,
        connection: int,
        now: float,
        *,
        timers: SmppTimers | None = None,
        limits: SmppLimits | None = None,
    ) -> None:
        super().__init__(surroundings, connection, now, timers=timers, limits=limits)
        self.bound_as: Bind | None = None
        """What the ESME has bound with, or None where it has not."""
        self._bind: tuple[int, Bind] | None = None

    # Binding

    def accept(self, now: float, *, system_id: str = "", limits: SmppLimits | None = None) -> None:
        """Accept the bind that was requested; ``system_id`` is the SMSC's.

        ``limits`` are those of this ESME, where it has its own. Raise ``NothingToAnswerError``
        where no bind waits.
        """
        sequence, request = self._take_bind(now)
        self.bound_as = request
        if limits is not None:
            self.limits = limits
            self._window.size = limits.window
            self._bucket = TokenBucket(limits.rate, limits.burst, now)
        version = VERSION_3_3 if request.interface_version <= VERSION_3_3 else VERSION_3_4
        tlvs = () if version == VERSION_3_3 else (SC_INTERFACE_VERSION(VERSION_3_4),)
        self._send(_RESPONSES[request.COMMAND](system_id=system_id, tlvs=tlvs), sequence)
        self._bound(ACCEPTED[request.COMMAND], version)

    def refuse(self, status: int, now: float) -> None:
        """Refuse the bind that was requested, with a command_status.

        Raise ``NothingToAnswerError`` where no bind waits.
        """
        sequence, request = self._take_bind(now)
        self._surroundings.counters["binds refused"] += 1
        self._send(_RESPONSES[request.COMMAND](status=status), sequence)

    def _take_bind(self, now: float) -> tuple[int, Bind]:
        self._now = now
        if self._bind is None or self.state.is_bound:
            raise NothingToAnswerError("no bind waits for an answer")
        taken, self._bind = self._bind, None
        return taken

    def outbind(self, system_id: str, password: str, now: float) -> None:
        """Ask the ESME on a connection that we opened to bind as receiver (§4.1.7)."""
        self._now = now
        self._check(CommandId.OUTBIND)
        self._send(Outbind(system_id=system_id, password=password), self._window.next_sequence())
        self._change(Happening.OUTBIND)
        self._start("session_init", self.timers.session_init, self._init_expired)

    # Messages

    def deliver(self, pdu: DeliverSm | DataSm, context: object, now: float) -> None:
        """Deliver a message or a receipt; it ends in an event with ``context``.

        Raise ``SessionStateError``, ``QueueFullError``, or ``LocalProtocolError`` for a PDU that
        cannot be sent to this ESME.
        """
        self._request(pdu, context, now)

    def alert(self, notification: AlertNotification, now: float) -> None:
        """Tell the ESME that a mobile subscriber is there again; there is no answer."""
        self._now = now
        self._check(notification.COMMAND)
        self._send(self._as_understood(notification), self._window.next_sequence())

    def _begin(self, sequence: int, pdu: Pdu) -> None:
        match pdu:
            case Bind():
                self._begin_bind(sequence, pdu)
            case SubmitSm() | SubmitMulti() | DataSm():
                if self._admit(sequence, pdu, counts=True):
                    self._tell(Submitted(self.connection, sequence, pdu))
            case QuerySm():
                if self._admit(sequence, pdu, counts=False):
                    self._tell(Queried(self.connection, sequence, pdu))
            case CancelSm():
                if self._admit(sequence, pdu, counts=False):
                    self._tell(Cancelled(self.connection, sequence, pdu))
            case ReplaceSm():
                if self._admit(sequence, pdu, counts=False):
                    self._tell(Replaced(self.connection, sequence, pdu))

    def _begin_bind(self, sequence: int, pdu: Bind) -> None:
        if self._bind is not None:
            text = "another bind waits for its answer"
            self._turn_down(sequence, pdu, CommandStatus.RINVBNDSTS, text)
            return
        self._bind = (sequence, pdu)
        self._tell(BindRequested(self.connection, pdu))

    def _bind_answered(self, command: CommandId, response: Response) -> None:
        """Nothing: an SMSC does not bind."""
