"""Short messages over GPRS: between HLR (GSUP) and mobiles (CP and RP over LLC SAPI 7).

Specs: TS 23.060 §5.4.1, TS 23.040 §3.2, §10 (SGSN as relay); TS 24.011 §5, §6 (CP and RP);
TS 29.002 §12 (what the GSUP operations stand for).

Theory of operation. A message for a mobile (MT-forwardSM) goes to it as RP-DATA; its RP-ACK or
RP-ERROR is the result or the error. A mobile gets one at a time (TS 24.011 §5.3.1), the others
wait in line, as many as ``SgsnConfig.short_messages_per_mobile`` and no longer than TR1N; so do
those for a mobile that is attaching. A mobile in STANDBY is paged first. What comes once more with
the same reference and TPDU while the first is under way is the same message. A mobile that is
silent is taken for out of reach: everything in its line fails, and the HLR is told as soon as it
is heard. A message from a mobile (RP-DATA) goes to the HLR as MO-forwardSM and RP-SMMA as Ready
for SM; what the HLR answers goes back as RP-ACK or RP-ERROR.
"""

from __future__ import annotations

from collections import deque
from types import MappingProxyType
from typing import Final

from corenet.interfaces.gsup import (
    GsupMessage,
    MessageType,
    SmAlertReason,
    SmRpAddress,
    SmRpAddressType,
)
from corenet.interfaces.llc import Sapi
from corenet.interfaces.nas.causes import GmmCause
from corenet.interfaces.sms import rp
from corenet.interfaces.sms.causes import RpCause
from corenet.interfaces.sms.rp import RpAck, RpData, RpDecodeError, RpError, RpMessage, RpSmma
from corenet.interfaces.sms.tpdu import MAX_TPDU, DeliverReport, FailureCause
from corenet.interfaces.sms.transfer import Failure, Transfer, TransferTable
from corenet.schedule import Alarm
from corenet.sgsn.core import Core
from corenet.sgsn.events import (
    MmState,
    ShortMessageDelivered,
    ShortMessageNotDelivered,
    ShortMessageNotSubmitted,
    ShortMessageSubmitted,
)
from corenet.sgsn.hlr_link import HlrLink
from corenet.sgsn.mm_context import MmContext
from corenet.sgsn.paging import Paging

_ABSENT: Final = (GmmCause.IMPLICITLY_DETACHED, RpCause.DESTINATION_OUT_OF_ORDER)
_NOT_PAGED: Final = (GmmCause.MSC_TEMPORARILY_NOT_REACHABLE, RpCause.DESTINATION_OUT_OF_ORDER)
_CONGESTION: Final = (GmmCause.CONGESTION, RpCause.CONGESTION)
_UNKNOWN: Final = (GmmCause.MS_IDENTITY_CANNOT_BE_DERIVED, RpCause.UNIDENTIFIED_SUBSCRIBER)
_INCOMPLETE: Final = (
    GmmCause.INVALID_MANDATORY_INFORMATION,
    RpCause.INVALID_MANDATORY_INFORMATION,
)
_AMBIGUOUS: Final = (
    GmmCause.MESSAGE_NOT_COMPATIBLE_WITH_STATE,
    RpCause.MESSAGE_NOT_COMPATIBLE_WITH_STATE,
)
_PROTOCOL_ERROR: Final = (GmmCause.PROTOCOL_ERROR_UNSPECIFIED, RpCause.PROTOCOL_ERROR)

_FAILURES: Final = MappingProxyType(
    {
        Failure.SILENT: _NOT_PAGED,
        Failure.UNANSWERED: (GmmCause.NETWORK_FAILURE, RpCause.TEMPORARY_FAILURE),
        Failure.REFUSED: _PROTOCOL_ERROR,
        Failure.DROPPED: _ABSENT,
    }
)
"""What the HLR is told of a transfer that has failed."""

_PLAIN_REPORTS: Final = frozenset(
    {
        DeliverReport().encode(),
        DeliverReport(FailureCause.MEMORY_CAPACITY_EXCEEDED).encode(),
    }
)
"""Reports that say nothing beside result or RP cause. As Osmocom's MSC, the SGSN keeps them back.

Wireshark takes the TPDU of every answer for one of the service centre, and finds them malformed.
"""

_PRESENT: Final = frozenset({MmState.ATTACHING, MmState.ATTACHED})

_ABSENCES: Final = frozenset({_ABSENT, _NOT_PAGED})


class _Delivery:
    """One message for a mobile, from MT-forwardSM to its result or error."""

    __slots__ = ("alarm", "request", "tpdu")

    def __init__(self, request: GsupMessage, tpdu: bytes) -> None:
        self.request = request
        self.tpdu = tpdu
        self.alarm: Alarm | None = None
        """Until when it waits in line."""

    @property
    def key(self) -> tuple[bytes | None, int | None]:
        """What tells it from others of the mobile: who sends it, and its reference."""
        return self.request.source_name, self.request.sm_rp_mr


class _Line:
    """What one mobile is sent and sends."""

    __slots__ = ("current", "paging", "table", "waiting")

    def __init__(self, table: TransferTable) -> None:
        self.table = table
        self.paging = False
        """Whether the mobile is called for the first that waits."""
        self.current: _Delivery | None = None
        self.waiting: deque[_Delivery] = deque()

    def find(self, delivery: _Delivery) -> _Delivery | None:
        """Return the delivery under way with the same sender and reference."""
        for one in (self.current, *self.waiting):
            if one is not None and one.key == delivery.key:
                return one
        return None


class ShortMessages:
    """Every short message under way."""

    def __init__(self, core: Core, hlr: HlrLink, paging: Paging) -> None:
        self._core = core
        self._paging = paging
        self._hlr = hlr
        self._lines: dict[MmContext, _Line] = {}
        self._deliveries = 0
        self._submissions = 0

    def __len__(self) -> int:
        """Return how many are under way, either way."""
        return self._deliveries + self._submissions

    # To the mobile

    def forward(self, message: GsupMessage, now: float) -> None:
        """Take an MT-forwardSM of the HLR (TS 29.002 §12.3)."""
        mobile = self._core.mobiles.with_imsi(message.imsi)
        tpdu, origin = message.sm_rp_ui, message.sm_rp_oa
        if (
            message.sm_rp_mr is None
            or tpdu is None
            or len(tpdu) > MAX_TPDU
            or origin is None
            or origin.type is not SmRpAddressType.SERVICE_CENTRE
        ):
            self._refuse(message, _INCOMPLETE, "a mandatory element is missing or wrong")
        elif mobile is None:
            self._refuse(message, _UNKNOWN, "the mobile is not known here")
        elif mobile.state not in _PRESENT or mobile.suspended:
            mobile.mnrg = True
            self._refuse(message, _ABSENT, f"the mobile is {mobile.state}")
        else:
            self._admit(mobile, _Delivery(message, tpdu), now)

    def _admit(self, mobile: MmContext, delivery: _Delivery, now: float) -> None:
        line = self._line(mobile)
        known = line.find(delivery)
        config = self._core.config
        if known is not None and known.tpdu == delivery.tpdu:
            self._core.count("short_messages_duplicate")
        elif known is not None:
            self._refuse(delivery.request, _AMBIGUOUS, "the reference is in use")
        elif (
            self._deliveries >= config.max_short_messages
            or len(line.waiting) >= config.short_messages_per_mobile
        ):
            self._refuse(delivery.request, _CONGESTION, "too many short messages")
        else:
            self._deliveries += 1
            line.waiting.append(delivery)
            free = line.current is None and not line.paging
            if free and mobile.state is MmState.ATTACHED:
                self._next(mobile, line, now)
            else:
                self._limit_waiting(mobile, line, delivery, now)

    def _limit_waiting(
        self, mobile: MmContext, line: _Line, delivery: _Delivery, now: float
    ) -> None:
        def expired(_: float) -> None:
            line.waiting.remove(delivery)
            self._fail(delivery, _CONGESTION, "the mobile had no time for it")
            self._forget(mobile)

        due = now + self._core.config.short_messages.tr1
        delivery.alarm = self._core.schedule.at(due, expired)

    def _next(self, mobile: MmContext, line: _Line, now: float) -> None:
        """Send the first in line, once the mobile hears."""
        line.paging = True

        def reached(reached: bool, now: float) -> None:
            line.paging = False
            if reached and line.waiting:
                self._send_first(mobile, line, now)
            elif not reached:
                self._fail_waiting(line, _NOT_PAGED, "no paging response")
            self._forget(mobile)

        self._paging.reach(mobile, now, reached)

    def _send_first(self, mobile: MmContext, line: _Line, now: float) -> None:
        delivery = line.current = line.waiting.popleft()
        if delivery.alarm is not None:
            delivery.alarm.cancel()
        request = delivery.request
        assert request.sm_rp_oa is not None
        assert request.sm_rp_mr is not None
        data = RpData(request.sm_rp_mr, delivery.tpdu, originator=request.sm_rp_oa.number)
        self._core.count("short_messages_to_mobiles")
        line.table.request(
            data.encode(uplink=False),
            now,
            lambda answer, failure, now: self._answered(mobile, line, answer, failure, now),
        )

    def _answered(
        self,
        mobile: MmContext,
        line: _Line,
        answer: bytes | None,
        failure: Failure | None,
        now: float,
    ) -> None:
        """Take what has become of a delivery, and go on with the next."""
        delivery, line.current = line.current, None
        assert delivery is not None
        if answer is not None:
            self._report(delivery, answer)
        else:
            assert failure is not None
            causes = _FAILURES[failure]
            mobile.mnrg |= causes in _ABSENCES
            self._fail(delivery, causes, failure.value)
            if causes in _ABSENCES:
                self._fail_waiting(line, causes, failure.value)
        if line.waiting:
            self._next(mobile, line, now)

    def _report(self, delivery: _Delivery, answer: bytes) -> None:
        """Tell the HLR what the mobile has answered."""
        request = delivery.request
        message: RpMessage | None
        try:
            message = rp.decode(answer, uplink=True)
        except RpDecodeError:
            message = None
        if isinstance(message, RpAck) and message.reference == request.sm_rp_mr:
            self._deliveries -= 1
            self._core.count("short_messages_delivered")
            self._core.emit(ShortMessageDelivered(request.imsi, message.reference))
            report = None if message.user_data in _PLAIN_REPORTS else message.user_data
            self._hlr.send(_answer(request, request.type.result, ui=report))
        elif isinstance(message, RpError) and message.reference == request.sm_rp_mr:
            self._fail(
                delivery,
                (None, message.cause),
                "the mobile refuses it",
                ui=None if message.user_data in _PLAIN_REPORTS else message.user_data,
            )
        else:
            self._fail(delivery, _PROTOCOL_ERROR, "the mobile's answer cannot be read")

    def _fail(
        self,
        delivery: _Delivery,
        causes: tuple[int | None, int],
        text: str,
        *,
        ui: bytes | None = None,
    ) -> None:
        self._deliveries -= 1
        self._refuse(delivery.request, causes, text, ui=ui)

    def _fail_waiting(self, line: _Line, causes: tuple[int | None, int], text: str) -> None:
        waiting, line.waiting = line.waiting, deque()
        for delivery in waiting:
            if delivery.alarm is not None:
                delivery.alarm.cancel()
            self._fail(delivery, causes, text)

    def _refuse(
        self,
        request: GsupMessage,
        causes: tuple[int | None, int],
        text: str,
        *,
        ui: bytes | None = None,
    ) -> None:
        cause, rp_cause = causes
        self._core.count("short_messages_not_delivered")
        self._core.emit(ShortMessageNotDelivered(request.imsi, request.sm_rp_mr, rp_cause, text))
        self._hlr.send(_answer(request, request.type.error, cause=cause, rp_cause=rp_cause, ui=ui))

    def mobile_attached(self, mobile: MmContext, now: float) -> None:
        """Send what came while the mobile was attaching."""
        line = self._lines.get(mobile)
        if line is not None and line.current is None and line.waiting and not line.paging:
            self._next(mobile, line, now)

    # From the mobile

    def receive(self, mobile: MmContext, octets: bytes, now: float) -> None:
        """Take a CP message of an attached mobile."""
        if not self._line(mobile).table.receive(octets, now):
            self._core.count("cp_errors")
        self._forget(mobile)

    def _requested(self, mobile: MmContext, transfer: Transfer, data: bytes, now: float) -> None:
        """Take an RP message with which the mobile begins."""
        try:
            message = rp.decode(data, uplink=True)
        except RpDecodeError as error:
            self._core.count("rp_errors")
            if error.reference is not None:
                self._send(transfer, RpError(error.reference, error.cause), now)
            return
        if isinstance(message, RpData):
            self._submit(mobile, transfer, message, now)
        elif isinstance(message, RpSmma):
            self._memory_available(mobile, transfer, message, now)
        else:
            cause = RpCause.MESSAGE_NOT_COMPATIBLE_WITH_STATE
            self._send(transfer, RpError(message.reference, cause), now)

    def _submit(self, mobile: MmContext, transfer: Transfer, message: RpData, now: float) -> None:
        """Hand a mobile's message to the HLR (TS 29.002 §12.2)."""
        if message.destination is None:
            cause = RpCause.INVALID_MANDATORY_INFORMATION
            self._send(transfer, RpError(message.reference, cause), now)
            return
        if self._submissions >= self._core.config.max_short_messages:
            self._not_submitted(mobile, transfer, message.reference, RpCause.CONGESTION, None, now)
            return
        centre = SmRpAddress(
            SmRpAddressType.SERVICE_CENTRE, message.destination.number, message.destination.ton
        )
        self._submissions += 1

        def answered(answer: GsupMessage | None, now: float) -> None:
            self._submissions -= 1
            self._submitted(mobile, transfer, message.reference, answer, now)

        self._core.count("short_messages_from_mobiles")
        self._hlr.submit_sm(
            GsupMessage(
                MessageType.MO_FORWARD_SM_REQUEST,
                mobile.imsi,
                sm_rp_mr=message.reference,
                sm_rp_da=centre,
                sm_rp_oa=SmRpAddress.msisdn(mobile.msisdn),
                sm_rp_ui=message.user_data,
            ),
            now,
            answered,
        )

    def _submitted(
        self,
        mobile: MmContext,
        transfer: Transfer,
        reference: int,
        answer: GsupMessage | None,
        now: float,
    ) -> None:
        """Tell the mobile what the service centre, or the HLR, has answered."""
        if answer is None:
            cause = RpCause.NETWORK_OUT_OF_ORDER
            self._not_submitted(mobile, transfer, reference, cause, None, now)
        elif answer.type.is_error:
            given = answer.sm_rp_cause
            cause = RpCause.NETWORK_OUT_OF_ORDER
            self._not_submitted(
                mobile, transfer, reference, cause if given is None else given, answer, now
            )
        else:
            self._core.count("short_messages_submitted")
            self._core.emit(ShortMessageSubmitted(mobile.imsi, reference))
            self._send(transfer, RpAck(reference, _submit_report(answer)), now)

    def _not_submitted(
        self,
        mobile: MmContext,
        transfer: Transfer,
        reference: int,
        cause: int,
        answer: GsupMessage | None,
        now: float,
    ) -> None:
        self._core.count("short_messages_not_submitted")
        self._core.emit(ShortMessageNotSubmitted(mobile.imsi, reference, cause))
        report = None if answer is None else _submit_report(answer)
        self._send(transfer, RpError(reference, cause & 0x7F, user_data=report), now)

    def _memory_available(
        self, mobile: MmContext, transfer: Transfer, message: RpSmma, now: float
    ) -> None:
        """Tell the HLR that the mobile has memory again (TS 29.002 §12.4)."""

        def answered(answer: GsupMessage | None, now: float) -> None:
            if answer is not None and not answer.type.is_error:
                self._send(transfer, RpAck(message.reference), now)
            else:
                cause = RpCause.NETWORK_OUT_OF_ORDER
                self._send(transfer, RpError(message.reference, cause), now)

        self._hlr.submit_sm(
            GsupMessage(
                MessageType.READY_FOR_SM_REQUEST,
                mobile.imsi,
                sm_rp_mr=message.reference,
                sm_alert_reason=SmAlertReason.MEMORY_AVAILABLE,
            ),
            now,
            answered,
        )

    # Both

    def drop(self, mobile: MmContext, now: float) -> None:
        """Give everything up for a mobile that is gone, or begins anew."""
        line = self._lines.pop(mobile, None)
        if line is not None:
            self._fail_waiting(line, _ABSENT, Failure.DROPPED.value)
            line.table.drop_all(now)

    def _line(self, mobile: MmContext) -> _Line:
        line = self._lines.get(mobile)
        if line is None:
            table = TransferTable(
                send=lambda octets: self._say(mobile, octets),
                schedule=self._core.schedule,
                timers=self._core.config.short_messages,
                requested=lambda transfer, data, now: self._requested(mobile, transfer, data, now),
                emptied=lambda: self._forget(mobile),
            )
            line = self._lines[mobile] = _Line(table)
        return line

    def _forget(self, mobile: MmContext) -> None:
        """Keep nothing of a mobile for which there is nothing to do."""
        line = self._lines.get(mobile)
        if line is not None and not line.table and not line.waiting:
            del self._lines[mobile]

    def _say(self, mobile: MmContext, octets: bytes) -> None:
        self._core.transmit(mobile.link, Sapi.SMS, octets)

    @staticmethod
    def _send(transfer: Transfer, message: RpMessage, now: float) -> None:
        transfer.answer(message.encode(uplink=False), now)


def _submit_report(answer: GsupMessage) -> bytes | None:
    """Return the service centre's report, where there is one that fits."""
    report = answer.sm_rp_ui
    return None if report is None or len(report) > rp.MAX_USER_DATA else report


def _answer(
    request: GsupMessage,
    kind: MessageType,
    *,
    cause: int | None = None,
    rp_cause: int | None = None,
    ui: bytes | None = None,
) -> GsupMessage:
    return GsupMessage(
        kind,
        request.imsi,
        cause=cause,
        sm_rp_mr=request.sm_rp_mr,
        sm_rp_ui=ui,
        sm_rp_cause=rp_cause,
        message_class=request.message_class,
        destination_name=request.source_name,
    )
