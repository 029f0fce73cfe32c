"""Short messages on a mobile: received, answered, put together, sent.

Specs: TS 23.040 §9.2 (TPDUs), §9.3 (memory); TS 24.011 §6 (RP), §6.2.2 to §6.3.4 (TRAM, SMMA).

Theory of operation. RP-DATA is answered as the mobile's ``SmsBehaviour`` says, after its delay.
A message that was taken goes to the reassembly; one that is whole goes to the application that
listens on its port, as a datagram from its sender would, or as text to the screen. The same
RP-DATA once more, for the network has missed the answer, is answered alike and not shown twice.
A mobile that has refused for lack of memory says so with RP-SMMA once it takes messages again;
unanswered, that is said once more after TRAM (TS 24.011 §6.3.3.1.2). Messages that the mobile
sends go one after the other.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

from corenet.gi.ip import UdpDatagram
from corenet.interfaces.application import Shown
from corenet.interfaces.sms import rp, tpdu
from corenet.interfaces.sms.address import SmsAddress
from corenet.interfaces.sms.causes import RpCause
from corenet.interfaces.sms.coding import decode_text, encode_text, is_septets
from corenet.interfaces.sms.errors import SmsError
from corenet.interfaces.sms.rp import RpAck, RpData, RpDecodeError, RpError, RpMessage, RpSmma
from corenet.interfaces.sms.segmentation import segment
from corenet.interfaces.sms.tpdu import Deliver, DeliverReport, FailureCause, StatusReport, Submit
from corenet.interfaces.sms.transfer import Failure, Transfer, TransferTable
from corenet.mobile.applications import Applications
from corenet.mobile.behaviour import SmsAnswer, SmsBehaviour
from corenet.mobile.config import MobileConfig
from corenet.mobile.errors import MobileError
from corenet.mobile.events import (
    ShortMessageAbandoned,
    ShortMessageNotSent,
    ShortMessageReceived,
    ShortMessageRefused,
    ShortMessageSent,
)
from corenet.mobile.reassembly import Abandoned, Reassembly, Whole
from corenet.mobile.surroundings import Surroundings
from corenet.schedule import Alarm

_REFERENCES: Final = 256
_SMMA_ATTEMPTS: Final = 2


class Carrier(Protocol):
    """What short messages need of their mobile."""

    sms_behaviour: SmsBehaviour

    @property
    def config(self) -> MobileConfig:
        """Who it is, and which service centre it uses."""
        ...

    @property
    def surroundings(self) -> Surroundings:
        """What mobiles share."""
        ...

    @property
    def is_attached(self) -> bool:
        """Whether it may speak to the network."""
        ...

    def programs(self) -> Applications:
        """Return its applications."""
        ...

    def send_short_message(self, octets: bytes) -> None:
        """Send a CP message to the network."""
        ...


@dataclass(slots=True)
class _Outgoing:
    """A message on its way out, part by part."""

    destination: str
    parts: list[Submit]


class ShortMessages:
    """The short messages of one mobile."""

    __slots__ = (
        "_alarm",
        "_last",
        "_mobile",
        "_number",
        "_outgoing",
        "_reassembly",
        "_reference",
        "_refused_full",
        "_smma_left",
        "_table",
    )

    def __init__(self, mobile: Carrier) -> None:
        surroundings = mobile.surroundings
        self._mobile = mobile
        self._table = TransferTable(
            send=mobile.send_short_message,
            schedule=surroundings.schedule,
            timers=surroundings.timers.short_messages,
            requested=self._requested,
            emptied=lambda: None,
        )
        self._reassembly = Reassembly(mobile.config.reassembly)
        self._alarm: Alarm | None = None
        self._last: tuple[RpData, bytes] | None = None
        """The message that was taken last, and how it was answered."""
        self._number = 0
        """How many messages have come, repeated ones not counted."""
        self._refused_full = False
        self._smma_left = 0
        self._reference = 0
        self._outgoing: deque[_Outgoing] = deque()

    # To the mobile

    def receive(self, octets: bytes, now: float) -> None:
        """Take a CP message."""
        if self._mobile.sms_behaviour.answer is SmsAnswer.SILENT:
            self._count("short_messages_ignored")
        elif not self._table.receive(octets, now):
            self._count("malformed_cp_messages")

    def _requested(self, transfer: Transfer, data: bytes, now: float) -> None:
        try:
            message = rp.decode(data, uplink=False)
        except RpDecodeError as error:
            self._count("malformed_rp_messages")
            if error.reference is not None:
                self._answer(transfer, RpError(error.reference, error.cause), now)
            return
        if isinstance(message, RpData):
            self._data(transfer, message, now)
        else:
            cause = RpCause.MESSAGE_NOT_COMPATIBLE_WITH_STATE
            self._answer(transfer, RpError(message.reference, cause), now)

    def _data(self, transfer: Transfer, message: RpData, now: float) -> None:
        """Answer a message from the service centre as the behaviour says."""
        behaviour = self._mobile.sms_behaviour
        if behaviour.answer is SmsAnswer.UNANSWERED:
            self._count("short_messages_unanswered")
        elif behaviour.delay > 0:
            self._mobile.surroundings.schedule.at(
                now + behaviour.delay, lambda now: self._decide(transfer, message, now)
            )
        else:
            self._decide(transfer, message, now)

    def _decide(self, transfer: Transfer, message: RpData, now: float) -> None:
        if not transfer.is_open:
            return
        behaviour = self._mobile.sms_behaviour
        if self._last is not None and self._last[0] == message:
            self._count("short_messages_duplicate")
            transfer.answer(self._last[1], now)
            return
        self._number += 1
        if not behaviour.refuses(self._number):
            self._accept(transfer, message, now)
        elif behaviour.answer is SmsAnswer.MEMORY_FULL:
            self._refused_full = True
            full = FailureCause.MEMORY_CAPACITY_EXCEEDED
            self._refuse(transfer, message, RpCause.MEMORY_CAPACITY_EXCEEDED, full, now)
        else:
            self._refuse(transfer, message, behaviour.cause, None, now)

    def _accept(self, transfer: Transfer, message: RpData, now: float) -> None:
        try:
            received = tpdu.decode(message.user_data, uplink=False)
        except SmsError:
            self._count("malformed_tpdus")
            cause = RpCause.PROTOCOL_ERROR
            self._refuse(transfer, message, cause, FailureCause.TPDU_NOT_SUPPORTED, now)
            return
        answer = RpAck(message.reference, DeliverReport().encode()).encode(uplink=True)
        self._last = (message, answer)
        transfer.answer(answer, now)
        if isinstance(received, Deliver):
            self._take(received, now)
        elif isinstance(received, StatusReport):
            outcome = "delivered" if received.status == 0 else f"status {received.status:#04x}"
            details = {"from": str(received.recipient)}
            self._mobile.programs().show(Shown("SMS report", outcome, details))

    def _refuse(
        self,
        transfer: Transfer,
        message: RpData,
        cause: int,
        failure: FailureCause | None,
        now: float,
    ) -> None:
        report = None if failure is None else DeliverReport(failure).encode()
        self._mobile.surroundings.emit(ShortMessageRefused(self._mobile.config.imsi, cause))
        self._answer(transfer, RpError(message.reference, cause, user_data=report), now)

    def _take(self, message: Deliver, now: float) -> None:
        """Hand a message on, or keep it until the other parts are here."""
        # First what is overdue, so that it is not taken for the beginning of this.
        self._abandon(self._reassembly.expire(now))
        whole, abandoned = self._reassembly.take(message, now)
        self._abandon(abandoned)
        self._watch()
        if whole is not None:
            self._hand_on(whole, now)

    def _hand_on(self, whole: Whole, now: float) -> None:
        sender = str(whole.originator)
        text = decode_text(whole.dcs, whole.payload)
        port = None if whole.ports is None else whole.ports.destination
        self._mobile.surroundings.emit(
            ShortMessageReceived(self._mobile.config.imsi, sender, whole.parts, port, text)
        )
        if whole.ports is None:
            shown = f"{len(whole.payload)} octets" if text is None else text
            details = {"from": sender, "parts": str(whole.parts)}
            self._mobile.programs().show(Shown("SMS", shown, details))
            return
        datagram = UdpDatagram(
            (sender, whole.ports.originator),
            (self._mobile.config.msisdn, whole.ports.destination),
            text.encode() if text is not None and is_septets(whole.dcs) else whole.payload,
        )
        if not self._mobile.programs().receive(datagram, now):
            self._count("short_messages_to_closed_ports")

    def _watch(self) -> None:
        """Wait for the first incomplete message to be overdue."""
        if self._alarm is not None:
            self._alarm.cancel()
        due = self._reassembly.next_timeout()
        self._alarm = None
        if due is not None:
            self._alarm = self._mobile.surroundings.schedule.at(due, self._expired)

    def _expired(self, now: float) -> None:
        self._abandon(self._reassembly.expire(now))
        self._watch()

    def _abandon(self, abandoned: list[Abandoned]) -> None:
        for one in abandoned:
            self._count("short_messages_abandoned")
            self._mobile.surroundings.emit(
                ShortMessageAbandoned(
                    self._mobile.config.imsi,
                    str(one.originator),
                    one.reference,
                    one.received,
                    one.total,
                )
            )

    # Memory

    def tell_memory(self, now: float) -> None:
        """Say that there is memory again, where a message was refused for lack of it."""
        accepts = self._mobile.sms_behaviour.answer is SmsAnswer.ACCEPT
        if not (self._refused_full and accepts and self._mobile.is_attached):
            return
        if any(not transfer.is_request for transfer in self._table):
            # Else the notice could be there before the refusal, which would then be the last word.
            timers = self._mobile.surroundings.timers.short_messages
            self._mobile.surroundings.schedule.at(now + timers.tc1, self.tell_memory)
        else:
            self._refused_full = False
            self._smma_left = _SMMA_ATTEMPTS
            self._say_memory_available(now)

    def _say_memory_available(self, now: float) -> None:
        if self._smma_left > 0:
            self._smma_left -= 1
            self._request(RpSmma(self._next_reference()), now, self._memory_answered)

    def _memory_answered(self, answer: RpMessage | None, _: Failure | None, now: float) -> None:
        if isinstance(answer, RpAck):
            self._smma_left = 0
        elif self._smma_left > 0:
            tram = self._mobile.surroundings.timers.tram
            self._mobile.surroundings.schedule.at(now + tram, self._say_memory_available)
        else:
            # There will be another occasion: the next attach, or another change.
            self._refused_full = True

    # From the mobile

    def send(self, destination: str, text: str, now: float) -> None:
        """Send a text to a number; raises MobileError where there is no service centre."""
        centre = self._mobile.config.service_centre
        if not centre:
            raise MobileError(f"mobile {self._mobile.config.imsi} knows no service centre")
        dcs, payload = encode_text(text)
        number = SmsAddress.parse(destination)
        try:
            segments = segment(payload, dcs=dcs, reference=self._next_reference())
            parts = [
                Submit(self._next_reference(), number, one.payload, dcs, one.header)
                for one in segments
            ]
            for part in parts:
                part.encode()
        except ValueError as error:
            raise MobileError(f"this cannot be sent: {error}") from None
        self._outgoing.append(_Outgoing(destination, parts))
        if len(self._outgoing) == 1:
            self._send_next(now)

    def _send_next(self, now: float) -> None:
        part = self._outgoing[0].parts[0]
        centre = SmsAddress(self._mobile.config.service_centre)
        data = RpData(part.reference, part.encode(), destination=centre)
        self._request(data, now, self._sent)

    def _sent(self, answer: RpMessage | None, failure: Failure | None, now: float) -> None:
        outgoing = self._outgoing[0]
        imsi, emit = self._mobile.config.imsi, self._mobile.surroundings.emit
        if isinstance(answer, RpAck):
            outgoing.parts.pop(0)
            if not outgoing.parts:
                emit(ShortMessageSent(imsi, outgoing.destination))
        else:
            cause = answer.cause if isinstance(answer, RpError) else None
            text = "refused by the network" if failure is None else failure.value
            emit(ShortMessageNotSent(imsi, outgoing.destination, cause, text))
            outgoing.parts.clear()
        if not outgoing.parts:
            self._outgoing.popleft()
        if self._outgoing and failure is not Failure.DROPPED:
            self._send_next(now)

    # Both

    def drop(self, now: float) -> None:
        """Give up what is under way: the mobile is detached, or attaches anew."""
        if self._smma_left > 0:
            self._smma_left = 0
            self._refused_full = True
        self._table.drop_all(now)
        waiting, self._outgoing = self._outgoing, deque()
        for outgoing in waiting:
            self._mobile.surroundings.emit(
                ShortMessageNotSent(
                    self._mobile.config.imsi, outgoing.destination, None, Failure.DROPPED.value
                )
            )

    def _request(
        self,
        message: RpMessage,
        now: float,
        answered: Callable[[RpMessage | None, Failure | None, float], None],
    ) -> None:
        def heard(octets: bytes | None, failure: Failure | None, now: float) -> None:
            answered(None if octets is None else _read(octets, message.reference), failure, now)

        transfer = self._table.request(message.encode(uplink=True), now, heard)
        # At most one message and one notice of memory are under way.
        assert transfer is not None

    def _answer(self, transfer: Transfer, message: RpMessage, now: float) -> None:
        transfer.answer(message.encode(uplink=True), now)

    def _next_reference(self) -> int:
        self._reference = (self._reference + 1) % _REFERENCES
        return self._reference

    def _count(self, what: str) -> None:
        self._mobile.surroundings.count(what)


def _read(octets: bytes, reference: int) -> RpMessage | None:
    """Return an answer, or None for what does not answer that reference."""
    try:
        message = rp.decode(octets, uplink=False)
    except RpDecodeError:
        return None
    return message if message.reference == reference else None
