"""Short messages through the HLR: from service centres to mobiles, and the other way.

Specs: TS 23.040 §3.2.6 to §3.2.8 (MNRF, MCEF, message-waiting data), §10; TS 29.002 §12 (forward,
alert), §24.5 (Ready for SM). OsmoHLR does the same with its peers.

Theory of operation. Service centres speak GSUP with the HLR, which stands between them and the
SGSNs. An MT-forwardSM names the subscriber by IMSI, or by MSISDN only, which the HLR then
resolves; it goes on to the serving SGSN, whose result or error comes back. A subscriber that no
SGSN serves, or that is known not to be there, is absent at once. Whoever is told that the
subscriber is absent, or that its memory is full, is noted as waiting; each gets one Ready for SM
when that is over, and stays noted until it has answered it. An MO-forwardSM goes to the service
centre that its number names in ``HlrConfig.service_centres``. Where too many wait for an answer
there is congestion, and whoever sends another one is told so.

A request that is forwarded carries in Source Name who has sent it, and its answer carries the
same as Destination Name: the reference alone would not tell two service centres apart.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

from corenet.hlr.config import ANY_CENTRE, HlrConfig
from corenet.hlr.events import (
    GrRequestTimedOut,
    ServiceCentreAlerted,
    ServiceCentreNotAlerted,
    ShortMessageForwarded,
    ShortMessageRefused,
)
from corenet.hlr.reachability import Reachability
from corenet.hlr.register import Record, Register, centre_text
from corenet.hlr.routeing import NOT_PAGED
from corenet.interfaces.gsup import (
    GsupMessage,
    MessageType,
    SmAlertReason,
    SmRpAddress,
    SmRpAddressType,
)
from corenet.interfaces.nas.causes import GmmCause
from corenet.interfaces.node import Address, Datagram, Event, Interface
from corenet.interfaces.sms.causes import RpCause
from corenet.schedule import Alarm, Schedule
from gtp.codes import MsNotReachableReason

_MOST_WAITING: Final = 16
"""Service centres that wait for one subscriber; a further one is told when it asks again."""

_ABSENCES: Final[Mapping[int, MsNotReachableReason]] = MappingProxyType(
    {
        GmmCause.IMPLICITLY_DETACHED: MsNotReachableReason.GPRS_DETACHED,
        GmmCause.MSC_TEMPORARILY_NOT_REACHABLE: MsNotReachableReason.NO_PAGING_RESPONSE_SGSN,
        # The SGSN has lost the subscriber: it has restarted, and waits for the mobile as we do.
        GmmCause.MS_IDENTITY_CANNOT_BE_DERIVED: MsNotReachableReason.GPRS_DETACHED,
    }
)
"""Causes with which an SGSN says that the subscriber is not there."""


@dataclass(frozen=True, slots=True)
class _Key:
    """What an answer is recognised by."""

    request: MessageType
    imsi: str
    reference: int | None
    asked: Address
    name: bytes | None


@dataclass(frozen=True, slots=True)
class _Open:
    """A request that was forwarded, or an alert that was sent."""

    alarm: Alarm
    record: Record
    message: GsupMessage
    """As it came."""
    asker: Address


@dataclass(slots=True)
class ShortMessageCounters:
    """What was counted of short messages; every field only grows."""

    to_mobiles: int = 0
    """Messages that a mobile has taken."""
    from_mobiles: int = 0
    """Messages of mobiles that a service centre has taken."""
    refused: int = 0
    """Messages either way that were refused, here or further on."""
    alerts: int = 0
    """Service centres told that a subscriber can be reached."""
    alerts_unanswered: int = 0


class ShortMessages:
    """Forwards short messages, and alerts service centres."""

    def __init__(
        self,
        config: HlrConfig,
        register: Register,
        reachability: Reachability,
        datagrams: list[Datagram],
        events: list[Event],
    ) -> None:
        """Add what is to be sent and told to the two lists."""
        self.counters = ShortMessageCounters()
        self._config = config
        self._register = register
        self._reachability = reachability
        self._datagrams = datagrams
        self._events = events
        self._schedule = Schedule()
        self._open: dict[_Key, _Open] = {}

    def __len__(self) -> int:
        """Return how many requests wait for their answer."""
        return len(self._open)

    # From service centres

    def forward_to_mobile(self, message: GsupMessage, peer: Address, now: float) -> None:
        """Take an MT-forwardSM of a service centre (TS 29.002 §12.3)."""
        record = self._subscriber(message)
        if message.sm_rp_mr is None or message.sm_rp_ui is None or message.sm_rp_oa is None:
            cause = GmmCause.INVALID_MANDATORY_INFORMATION
            self._refuse(message, peer, cause, RpCause.INVALID_MANDATORY_INFORMATION)
        elif record is None:
            cause = GmmCause.IMSI_UNKNOWN_IN_HLR
            self._refuse(message, peer, cause, RpCause.UNKNOWN_SUBSCRIBER)
        elif record.sgsn is None or self._is_known_absent(record):
            self._note_waiting(record, peer, message.source_name)
            if record.reason is None:
                self._reachability.lose(record, MsNotReachableReason.GPRS_DETACHED)
            cause, rp_cause = GmmCause.IMPLICITLY_DETACHED, RpCause.DESTINATION_OUT_OF_ORDER
            self._refuse(message, peer, cause, rp_cause, imsi=record.imsi)
        else:
            forwarded = replace(
                message,
                imsi=record.imsi,
                msisdn=None,
                sm_rp_da=SmRpAddress.imsi(record.imsi),
                source_name=_name(message, peer),
                destination_name=None,
            )
            due = now + self._config.short_message_timeout
            self._forward(forwarded, record, record.sgsn, (message, peer), due)

    @staticmethod
    def _is_known_absent(record: Record) -> bool:
        """Whether another attempt would only trouble the network.

        Where somebody else has paged in vain, one attempt is made all the same; once a short
        message has failed too, its service centre waits.
        """
        if record.reason is None:
            return False
        return record.reason not in NOT_PAGED or bool(record.waiting_centres)

    def _subscriber(self, message: GsupMessage) -> Record | None:
        if message.imsi:
            return self._register.find(message.imsi)
        address = message.sm_rp_da
        by_address = address is not None and address.type is SmRpAddressType.MSISDN
        digits = address.digits if by_address and address is not None else message.msisdn or ""
        subscriber = self._register.by_msisdn(digits)
        return None if subscriber is None else self._register.find(subscriber.imsi)

    # From mobiles

    def forward_to_centre(self, message: GsupMessage, peer: Address, now: float) -> None:
        """Take an MO-forwardSM of an SGSN (TS 29.002 §12.2)."""
        record = self._register.find(message.imsi)
        address = message.sm_rp_da
        if record is None or record.sgsn != peer:
            cause = GmmCause.IMSI_UNKNOWN_IN_HLR
            self._refuse(message, peer, cause, RpCause.UNIDENTIFIED_SUBSCRIBER)
            return
        if (
            message.sm_rp_mr is None
            or message.sm_rp_ui is None
            or address is None
            or address.type is not SmRpAddressType.SERVICE_CENTRE
        ):
            cause = GmmCause.INVALID_MANDATORY_INFORMATION
            self._refuse(message, peer, cause, RpCause.INVALID_MANDATORY_INFORMATION)
            return
        centres = self._config.service_centres
        centre = centres.get(address.digits) or centres.get(ANY_CENTRE)
        if centre is None:
            cause = GmmCause.NETWORK_FAILURE
            self._refuse(message, peer, cause, RpCause.UNASSIGNED_NUMBER)
            return
        forwarded = replace(
            message,
            sm_rp_oa=SmRpAddress.msisdn(record.subscriber.msisdn),
            source_name=_name(message, peer),
            destination_name=None,
        )
        due = now + self._config.gr_timeout
        self._forward(forwarded, record, centre, (message, peer), due)

    # Both

    def _forward(
        self,
        forwarded: GsupMessage,
        record: Record,
        asked: Address,
        received: tuple[GsupMessage, Address],
        due: float,
    ) -> None:
        message, peer = received
        key = _Key(message.type, record.imsi, message.sm_rp_mr, asked, forwarded.source_name)
        known = self._open.get(key)
        if known is not None:
            # The same once more has the answer of the first; anything else cannot be told apart.
            if known.message.sm_rp_ui != message.sm_rp_ui:
                cause = GmmCause.MESSAGE_NOT_COMPATIBLE_WITH_STATE
                rp_cause = RpCause.MESSAGE_NOT_COMPATIBLE_WITH_STATE
                self._refuse(message, peer, cause, rp_cause, imsi=record.imsi)
            return
        if len(self._open) >= self._config.max_short_messages:
            self._refuse(message, peer, GmmCause.CONGESTION, RpCause.CONGESTION, imsi=record.imsi)
            return
        self._await(key, record, message, peer, due)
        self._send(forwarded, asked)

    def _await(
        self, key: _Key, record: Record, message: GsupMessage, asker: Address, due: float
    ) -> None:
        alarm = self._schedule.at(due, lambda _: self._give_up(key))
        self._open[key] = _Open(alarm, record, message, asker)

    def receive_answer(self, message: GsupMessage, peer: Address, now: float) -> bool:
        """Take an answer to what was forwarded, or to an alert; return False for any other."""
        request = message.type.request
        alert = request is MessageType.READY_FOR_SM_REQUEST
        name = None if alert else message.destination_name
        found = self._open.pop(_Key(request, message.imsi, message.sm_rp_mr, peer, name), None)
        if found is None:
            return False
        found.alarm.cancel()
        if alert:
            self._alert_answered(found)
            return True
        if request is MessageType.MT_FORWARD_SM_REQUEST:
            self._note_outcome(found, message, now)
        self._answer(found, message)
        return True

    def _answer(self, found: _Open, message: GsupMessage) -> None:
        asked = found.message
        answer = replace(
            message,
            msisdn=_msisdn(asked),
            source_name=None,
            destination_name=asked.source_name,
        )
        if message.type.is_error:
            self._tell_refused(answer, found.asker)
        else:
            if message.type.request is MessageType.MT_FORWARD_SM_REQUEST:
                self.counters.to_mobiles += 1
            else:
                self.counters.from_mobiles += 1
            self._events.append(
                ShortMessageForwarded(message.imsi, message.type.request, found.asker[0])
            )
        self._send(answer, found.asker)

    def _note_outcome(self, found: _Open, message: GsupMessage, now: float) -> None:
        """Take note of what an SGSN says of the subscriber (TS 23.040 §3.2.6, §3.2.7)."""
        record = found.record
        waits = False
        if not message.type.is_error:
            if record.memory_full or record.reason is not None:
                # Who takes a message is there and has room: others need not wait any longer.
                record.memory_full = False
                self._reachability.regain(record, now)
        elif message.sm_rp_cause == RpCause.MEMORY_CAPACITY_EXCEEDED:
            record.memory_full = waits = True
        else:
            reason = _ABSENCES.get(message.cause or 0)
            if reason is not None:
                waits = True
                self._reachability.lose(record, reason)
        if waits:
            self._note_waiting(record, found.asker, found.message.source_name)

    def next_timeout(self) -> float | None:
        """Return when the first request counts as unanswered, or None."""
        return self._schedule.next_timeout()

    def handle_timeout(self, now: float) -> None:
        """Give up the requests that have waited too long."""
        self._schedule.ring(now)

    def _give_up(self, key: _Key) -> None:
        found = self._open.pop(key)
        self._events.append(GrRequestTimedOut(key.imsi, key.asked[0], key.request))
        if key.request is MessageType.READY_FOR_SM_REQUEST:
            centre = centre_text(key.asked, found.message.destination_name)
            self.counters.alerts_unanswered += 1
            self._events.append(ServiceCentreNotAlerted(key.imsi, centre))
            return
        cause, rp_cause = GmmCause.NETWORK_FAILURE, RpCause.NETWORK_OUT_OF_ORDER
        self._refuse(found.message, found.asker, cause, rp_cause, imsi=key.imsi)

    # Alerts

    def alert(self, record: Record, reason: SmAlertReason, now: float) -> None:
        """Tell who waits that the subscriber is there, and has memory (TS 29.002 §12.5)."""
        if reason is SmAlertReason.MEMORY_AVAILABLE:
            record.memory_full = False
        if record.memory_full or record.reason is not None:
            return
        for address, name in record.waiting_centres.items():
            key = _Key(MessageType.READY_FOR_SM_REQUEST, record.imsi, None, address, None)
            if key in self._open:
                continue
            message = GsupMessage(
                MessageType.READY_FOR_SM_REQUEST,
                record.imsi,
                msisdn=record.subscriber.msisdn,
                sm_alert_reason=reason,
                destination_name=name,
            )
            self._await(key, record, message, address, now + self._config.gr_timeout)
            self._send(message, address)

    def _alert_answered(self, found: _Open) -> None:
        found.record.forget_centre(found.asker)
        centre = centre_text(found.asker, found.message.destination_name)
        self.counters.alerts += 1
        self._events.append(ServiceCentreAlerted(found.record.imsi, centre))

    def _note_waiting(self, record: Record, peer: Address, name: bytes | None) -> None:
        if peer in record.waiting_centres or len(record.waiting_centres) < _MOST_WAITING:
            record.note_centre(peer, name)

    def _refuse(
        self,
        message: GsupMessage,
        peer: Address,
        cause: GmmCause,
        rp_cause: RpCause,
        *,
        imsi: str | None = None,
    ) -> None:
        """Refuse a message; ``imsi`` is whose it is, where it does not say so itself."""
        answer = GsupMessage(
            message.type.error,
            imsi or message.imsi,
            msisdn=_msisdn(message),
            cause=cause,
            sm_rp_mr=message.sm_rp_mr,
            sm_rp_cause=rp_cause,
            message_class=message.message_class,
            destination_name=message.source_name,
        )
        self._tell_refused(answer, peer)
        self._send(answer, peer)

    def _tell_refused(self, answer: GsupMessage, peer: Address) -> None:
        self.counters.refused += 1
        self._events.append(
            ShortMessageRefused(
                answer.imsi, answer.type.request, peer[0], answer.cause, answer.sm_rp_cause
            )
        )

    def _send(self, message: GsupMessage, peer: Address) -> None:
        self._datagrams.append(Datagram(Interface.GR, peer, message.encode()))


def _name(message: GsupMessage, peer: Address) -> bytes:
    """Return who has sent a message: as it says itself, or else where it comes from."""
    return message.source_name or f"{peer[0]}:{peer[1]}".encode()


def _msisdn(asked: GsupMessage) -> str | None:
    """Return the number that an asker knows the subscriber by, where it has named no IMSI."""
    if asked.imsi or asked.type.request is not MessageType.MT_FORWARD_SM_REQUEST:
        return None
    address = asked.sm_rp_da
    if address is not None and address.type is SmRpAddressType.MSISDN:
        return address.digits
    return asked.msisdn
