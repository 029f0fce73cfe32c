"""The way to terminals: MT-forwardSM to the HLR, which knows the subscriber and the serving SGSN.

Specs: TS 29.002 §12.3 (mt-ForwardSM), §12.5 (alert); OsmoHLR user manual, GSUP.

Each request has a reference, which its answer repeats; with the subscriber's number it tells the
answers apart. References begin anew with each life of the SMSC, so requests name the life as their
source: the HLR repeats that too, and what it says to an earlier life is not taken for an answer to
this one. What nobody answers for counts as a temporary failure. When the HLR says that a
subscriber is there again (Ready for SM), it is answered, and whoever waits is told. What mobiles
submit (MO-forwardSM) comes the same way, and is answered when it is written down.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from corenet.interfaces.gsup import (
    GsupError,
    GsupMessage,
    MessageType,
    SmRpAddress,
    decode,
)
from corenet.interfaces.nas.causes import GmmCause
from corenet.interfaces.node import Address, Datagram, Interface
from corenet.interfaces.sms import tpdu
from corenet.interfaces.sms.causes import RpCause
from corenet.interfaces.sms.errors import SmsError
from corenet.schedule import Alarm, Schedule
from testbed.smsc.failures import NO_ANSWER, Failure, by_rp_cause
from testbed.smsc.sending import Answered

_REFERENCES = 256


@dataclass(frozen=True, slots=True)
class _Open:
    alarm: Alarm
    answered: Answered


class MobileAnswer:
    """What a mobile's MO-forwardSM is answered with.

    It satisfies ``operations.Answer`` and ``to_esmes.MobileAnswer``.
    """

    def __init__(
        self, request: GsupMessage, hlr: Address, send: Callable[[Datagram], None]
    ) -> None:
        self._request = request
        self._hlr = hlr
        self._send = send

    def taken(self, message_id: str, now: float) -> None:  # noqa: ARG002
        """Hear that it is written down."""
        self.accept()

    def refused(self, destination: str, status: int, now: float) -> None:  # noqa: ARG002
        """Hear that it is not."""
        self.refuse(RpCause.TEMPORARY_FAILURE)

    def accept(self) -> None:
        """Tell the mobile that its message is taken."""
        self._answer(self._request.type.result)

    def refuse(self, rp_cause: RpCause) -> None:
        """Refuse it, for the reason that the mobile is told."""
        self._answer(self._request.type.error, rp_cause)

    def _answer(self, kind: MessageType, rp_cause: RpCause | None = None) -> None:
        answer = GsupMessage(
            kind,
            self._request.imsi,
            sm_rp_mr=self._request.sm_rp_mr,
            sm_rp_cause=rp_cause,
            destination_name=self._request.source_name,
        )
        self._send(Datagram(Interface.GR, self._hlr, answer.encode()))


class Relay:
    """The SMSC's end of GSUP (satisfies ``testbed.smsc.sending.Network``)."""

    def __init__(
        self,
        hlr: Address,
        number: str,
        schedule: Schedule,
        *,
        life: bytes,
        answer_time: float,
        send: Callable[[Datagram], None],
        back: Callable[[str, float], None],
        submitted: Callable[[str, tpdu.Submit, MobileAnswer, float], None],
    ) -> None:
        """Ask ``hlr`` as the service centre of that ``number``.

        ``life`` is the source name of requests, and no other life of the SMSC had the same.
        ``send`` sends a datagram; ``back`` is told the number of a terminal that is there again,
        and when; ``submitted`` gets the number of a mobile, what it submits, and whom to tell.
        """
        self._hlr = hlr
        self._centre = SmRpAddress.service_centre(number)
        self._life = life
        self._schedule = schedule
        self._answer_time = answer_time
        self._send = send
        self._back = back
        self._submitted = submitted
        self._open: dict[tuple[str, int], _Open] = {}
        self._references = 0
        self.counts: Counter[str] = Counter()

    def forward(
        self, terminal: str, tpdu: bytes, *, more: bool, answered: Answered, now: float
    ) -> None:
        """Send one SMS-DELIVER to the terminal with that MSISDN."""
        reference = self._reference(terminal)
        key = terminal, reference
        alarm = self._schedule.at(now + self._answer_time, lambda later: self._expire(key, later))
        self._open[key] = _Open(alarm, answered)
        message = GsupMessage(
            MessageType.MT_FORWARD_SM_REQUEST,
            imsi="",
            sm_rp_mr=reference,
            sm_rp_da=SmRpAddress.msisdn(terminal),
            sm_rp_oa=self._centre,
            sm_rp_ui=tpdu,
            sm_rp_mms=int(more),
            source_name=self._life,
        )
        self._send(Datagram(Interface.GR, self._hlr, message.encode()))

    def receive(self, octets: bytes, peer: Address, now: float) -> None:
        """Take what the HLR has sent."""
        if peer != self._hlr:
            self.counts["gsup from others"] += 1
            return
        try:
            message = decode(octets)
        except GsupError:
            self.counts["gsup malformed"] += 1
            return
        if message.type is MessageType.READY_FOR_SM_REQUEST:
            self._ready(message, now)
        elif message.type.request is MessageType.MT_FORWARD_SM_REQUEST and (
            message.type is not MessageType.MT_FORWARD_SM_REQUEST
        ):
            self._answered(message, now)
        elif message.type is MessageType.MO_FORWARD_SM_REQUEST:
            self._from_mobile(message, now)
        elif message.type.is_request:
            self.counts["gsup requests refused"] += 1
            refusal = GsupMessage(
                message.type.error,
                message.imsi,
                cause=GmmCause.MESSAGE_TYPE_UNKNOWN,
                sm_rp_mr=message.sm_rp_mr,
                destination_name=message.source_name,
            )
            self._send(Datagram(Interface.GR, self._hlr, refusal.encode()))
        else:
            self.counts["gsup unasked"] += 1

    def _ready(self, message: GsupMessage, now: float) -> None:
        answer = GsupMessage(
            MessageType.READY_FOR_SM_RESULT, message.imsi, destination_name=message.source_name
        )
        self._send(Datagram(Interface.GR, self._hlr, answer.encode()))
        self.counts["alerts"] += 1
        if message.msisdn is not None:
            self._back(message.msisdn, now)

    def _from_mobile(self, message: GsupMessage, now: float) -> None:
        """Take an SMS-SUBMIT (TS 29.002 §12.2)."""
        answer = MobileAnswer(message, self._hlr, self._send)
        sender = message.sm_rp_oa
        try:
            pdu = tpdu.decode(message.sm_rp_ui or b"", uplink=True)
        except SmsError:
            self.counts["tpdus malformed"] += 1
            answer.refuse(RpCause.INVALID_MANDATORY_INFORMATION)
            return
        if not isinstance(pdu, tpdu.Submit) or sender is None or not sender.digits:
            answer.refuse(RpCause.FACILITY_NOT_IMPLEMENTED)
            return
        self._submitted(sender.digits, pdu, answer, now)

    def _answered(self, message: GsupMessage, now: float) -> None:
        if message.destination_name not in (None, self._life):
            self.counts["gsup to an earlier life"] += 1
            return
        found = self._open.pop((message.msisdn or "", message.sm_rp_mr or 0), None)
        if found is None:
            self.counts["gsup unasked"] += 1
            return
        found.alarm.cancel()
        found.answered(_failure(message), now)

    def _expire(self, key: tuple[str, int], now: float) -> None:
        self.counts["unanswered"] += 1
        self._open.pop(key).answered(NO_ANSWER, now)

    def _reference(self, terminal: str) -> int:
        """Return a number that no open request for the terminal has: it has few at a time."""
        for _ in range(_REFERENCES):
            self._references = (self._references + 1) % _REFERENCES
            if (terminal, self._references) not in self._open:
                break
        return self._references


def _failure(message: GsupMessage) -> Failure | None:
    if not message.type.is_error:
        return None
    if message.sm_rp_cause is None:
        return by_rp_cause(RpCause.NETWORK_OUT_OF_ORDER)
    return by_rp_cause(message.sm_rp_cause)
