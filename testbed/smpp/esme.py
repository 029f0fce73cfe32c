"""The ESME's side of a session.

Spec: SMPP 3.4 §2.2, §4.1 (bind and outbind), §3.4 (versions).

Theory of operation. The user binds on a connection that is there, or after an outbind on one that
the SMSC opened. An SMSC whose bind response has no sc_interface_version supports no optional
parameters (§3.4.2), unless the user knows better: many that support them do not say so.
"""

from __future__ import annotations

from typing import ClassVar

from testbed.codecs.smpp import (
    AlertNotification,
    Bind,
    BindResp,
    CancelSm,
    CommandId,
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
from testbed.smpp.errors import SessionStateError
from testbed.smpp.events import Alerted, BindRefused, Bound, Delivered, OutbindReceived
from testbed.smpp.session import Session
from testbed.smpp.states import ACCEPTED, Happening, Side
from testbed.smpp.surroundings import Surroundings

Submission = SubmitSm | SubmitMulti | DataSm | QuerySm | CancelSm | ReplaceSm
"""What an ESME asks of an SMSC."""


class EsmeSession(Session):
    """A session with an SMSC."""

    SIDE: ClassVar[Side] = Side.ESME

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
        self._binding: Bind | None = None
        """Our bind that waits for its answer."""
        self._assumed = VERSION_3_3

    def bind(self, request: Bind, now: float, *, assumed_version: int = VERSION_3_3) -> None:
        """Bind as what ``request`` says; ends in ``Bound``, ``BindRefused`` or ``SessionClosed``.

        ``assumed_version`` is what the SMSC has if it does not say. Raise ``SessionStateError``.
        """
        self._now = now
        self._check(request.COMMAND)
        if self._binding is not None:
            raise SessionStateError("a bind waits for its answer already")
        self._send_link_request(request)
        self._binding = request
        self._assumed = assumed_version

    def submit(self, pdu: Submission, context: object, now: float) -> None:
        """Send a request; it ends in an event with ``context``.

        Raise ``SessionStateError``, ``QueueFullError``, or ``LocalProtocolError`` for a PDU that
        cannot be sent to this SMSC.
        """
        self._request(pdu, context, now)

    def _bind_answered(self, command: CommandId, response: Response) -> None:
        binding, self._binding = self._binding, None
        if not (binding and response.is_success and isinstance(response, BindResp)):
            self._tell(BindRefused(self.connection, response.status))
            self._end("the SMSC has refused the bind")
            return
        said = response.get(SC_INTERFACE_VERSION)
        version = min(
            self._assumed if said is None else said, binding.interface_version, VERSION_3_4
        )
        self._bound(ACCEPTED[command], version)
        self._tell(Bound(self.connection, response.system_id, version))

    def _begin(self, sequence: int, pdu: Pdu) -> None:
        match pdu:
            case DeliverSm() | DataSm():
                if self._admit(sequence, pdu, counts=True):
                    self._tell(Delivered(self.connection, sequence, pdu))
            case AlertNotification():
                self._active = self._now
                self._tell(Alerted(self.connection, pdu))
            case Outbind():
                self._change(Happening.OUTBIND)
                self._tell(OutbindReceived(self.connection, pdu))
