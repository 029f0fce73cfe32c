"""The SGSN's side of Gr: requests to the HLR with their answers, and the HLR's own requests.

Specs: OsmoHLR user manual, "Generic Subscriber Update Protocol"; TS 29.002 §8.1 (location
management). GSUP has no transaction numbers: an answer belongs to the mobile's request of its
group, of which one is under way at a time; short messages have a reference besides.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from corenet.interfaces.gsup import (
    CnDomain,
    GsupError,
    GsupMessage,
    MessageType,
    SmAlertReason,
    decode,
)
from corenet.interfaces.node import Datagram, Interface
from corenet.schedule import Alarm
from corenet.sgsn.core import Core

_Key = tuple[str, MessageType, int | None]
"""IMSI, type of the request and, for short messages, their reference."""

Answered = Callable[[GsupMessage | None, float], None]
"""Called with the HLR's result or error, or None where it has not answered in time."""


class HlrLink:
    """Requests to the HLR that are under way."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._pending: dict[_Key, tuple[Alarm, Answered]] = {}

    def __len__(self) -> int:
        """Return how many are under way."""
        return len(self._pending)

    def update_location(self, imsi: str, now: float, answered: Answered) -> None:
        """Say that this SGSN serves the mobile (Update GPRS Location)."""
        message = GsupMessage(MessageType.UPDATE_LOCATION_REQUEST, imsi, cn_domain=CnDomain.PS)
        self._ask(message, now, answered)

    def send_auth_info(
        self, imsi: str, failed: tuple[bytes, bytes] | None, now: float, answered: Answered
    ) -> None:
        """Ask for vectors (Send Authentication Info).

        ``failed`` is RAND and AUTS of a challenge that the mobile found out of step.
        """
        rand, auts = failed or (None, None)
        message = GsupMessage(
            MessageType.SEND_AUTH_INFO_REQUEST, imsi, rand=rand, auts=auts, cn_domain=CnDomain.PS
        )
        self._ask(message, now, answered)

    def purge(self, imsi: str, now: float, answered: Answered) -> None:
        """Say that this SGSN forgets the mobile (Purge MS)."""
        message = GsupMessage(MessageType.PURGE_MS_REQUEST, imsi, cn_domain=CnDomain.PS)
        self._ask(message, now, answered)

    def ready_for_sm(self, imsi: str, now: float, answered: Answered) -> bool:
        """Say that the mobile can be reached again (Ready for SM); False where it was just said."""
        if (imsi, MessageType.READY_FOR_SM_REQUEST, None) in self._pending:
            return False
        message = GsupMessage(
            MessageType.READY_FOR_SM_REQUEST,
            imsi,
            cn_domain=CnDomain.PS,
            sm_alert_reason=SmAlertReason.MS_PRESENT,
        )
        self._ask(message, now, answered)
        return True

    def submit_sm(self, message: GsupMessage, now: float, answered: Answered) -> None:
        """Hand over a mobile's short message, or say that it has memory for others again."""
        self._ask(replace(message, cn_domain=CnDomain.PS), now, answered)

    def cancel(self, imsi: str, request: MessageType) -> None:
        """Forget a request whose answer does not matter any more."""
        self._cancel((imsi, request, None))

    def _cancel(self, key: _Key) -> None:
        pending = self._pending.pop(key, None)
        if pending is not None:
            pending[0].cancel()

    def send(self, message: GsupMessage) -> None:
        """Send a message to which there is no answer."""
        hlr = self._core.config.hlr
        self._core.outgoing.append(Datagram(Interface.GR, hlr, message.encode()))

    def receive(self, data: bytes, now: float) -> GsupMessage | None:
        """Take a message; return it where the HLR asks for something."""
        try:
            message = decode(data)
        except GsupError as error:
            self._core.count("gsup_errors")
            if error.imsi and error.message_type and error.message_type.is_request:
                self.refuse(error.imsi, error.message_type, error.cause)
            return None
        if message.type.is_request:
            return message
        request = MessageType(message.type & ~3)
        pending = self._pending.pop((message.imsi, request, message.sm_rp_mr), None)
        if pending is None:
            self._core.count("gsup_unexpected")
            return None
        alarm, answered = pending
        alarm.cancel()
        answered(message, now)
        return None

    def grant(self, message: GsupMessage) -> None:
        """Answer a request of the HLR with its result."""
        self.send(GsupMessage(message.type.result, message.imsi, cn_domain=CnDomain.PS))

    def refuse(self, imsi: str, request: MessageType, cause: int) -> None:
        """Answer a request of the HLR with its error."""
        self.send(GsupMessage(request.error, imsi, cause=cause, cn_domain=CnDomain.PS))

    def _ask(self, message: GsupMessage, now: float, answered: Answered) -> None:
        key = (message.imsi, message.type, message.sm_rp_mr)
        self._cancel(key)

        def expired(now: float) -> None:
            del self._pending[key]
            self._core.count("gsup_timeouts")
            answered(None, now)

        alarm = self._core.schedule.at(now + self._core.config.hlr_timeout, expired)
        self._pending[key] = (alarm, answered)
        self.send(message)
