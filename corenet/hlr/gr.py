"""Gr: how SGSNs tell where subscribers are, and get their data.

Specs: TS 23.060 §6.5 (attach: Update Location, Cancel Location, Insert Subscriber Data),
§6.6.1.3 (Purge), §6.9.1.2 (inter-SGSN update); TS 29.002 §19 (the same procedures in MAP),
§24.5 (Ready for SM).

Theory of operation. Update Location cancels the location in the SGSN before, inserts the
subscriber's data in the new SGSN, and is granted when the SGSN has taken them. What the HLR asks
an SGSN is open until its result, its error or the timeout; at most one request of a type per
subscriber and SGSN, for a new one replaces the old. Where two SGSNs ask at once, the later has the
subscriber, and the update of the earlier is refused. Data that change while an SGSN serves the
subscriber go to it whole, in place of those that it has. Who may not use GPRS any more is sent away
by Delete Subscriber Data without anything named, as by osmo-hlr; who is deleted, or may not roam
there, by Cancel Location, and so is whom an SGSN does not delete.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection
from dataclasses import dataclass

from corenet.hlr.authentication import Authentication
from corenet.hlr.config import Barring, Subscriber
from corenet.hlr.events import (
    GrRequestTimedOut,
    LocationCancelled,
    LocationUpdated,
    LocationUpdateFailed,
    MsPurged,
    SubscriberDataRefused,
    SubscriberDataTaken,
)
from corenet.hlr.reachability import Reachability
from corenet.hlr.register import Record, Register
from corenet.hlr.short_messages import ShortMessages
from corenet.hlr.subscriber_data import subscriber_data, withdrawal
from corenet.interfaces.gsup import (
    CancelType,
    CnDomain,
    GsupError,
    GsupMessage,
    MessageType,
    SmAlertReason,
    decode,
)
from corenet.interfaces.nas.causes import GmmCause
from corenet.interfaces.node import Address, Datagram, Event, Interface
from gtp.codes import MsNotReachableReason

SERVED = frozenset(
    {
        MessageType.UPDATE_LOCATION_REQUEST,
        MessageType.SEND_AUTH_INFO_REQUEST,
        MessageType.PURGE_MS_REQUEST,
        MessageType.READY_FOR_SM_REQUEST,
        MessageType.MO_FORWARD_SM_REQUEST,
        MessageType.MT_FORWARD_SM_REQUEST,
    }
)
"""Requests of SGSNs and service centres that are served."""


@dataclass(slots=True)
class GrCounters:
    """What Gr has counted; every field only grows."""

    discarded: int = 0
    """Messages that could not be read, or answered nothing that is open."""
    refused: int = 0
    """Requests answered with an error."""


class Gr:
    """The HLR's side of Gr."""

    def __init__(
        self,
        register: Register,
        reachability: Reachability,
        short_messages: ShortMessages,
        authentication: Authentication,
        timeout: float,
        foreign: Collection[str],
        datagrams: list[Datagram],
        events: list[Event],
    ) -> None:
        """``timeout`` is in seconds, ``foreign`` are SGSNs of other networks.

        What is to be sent and told is added to the two lists.
        """
        self.counters = GrCounters()
        self._register = register
        self._reachability = reachability
        self._short_messages = short_messages
        self._authentication = authentication
        self._timeout = timeout
        self._foreign = frozenset(foreign)
        self._datagrams = datagrams
        self._events = events
        self._open: OrderedDict[tuple[str, Address, MessageType], tuple[float, Record]] = (
            OrderedDict()
        )

    @property
    def open_requests(self) -> int:
        """How many requests to SGSNs wait for their answer."""
        return len(self._open)

    def receive(self, data: bytes, peer: Address, now: float) -> None:
        """Take a GSUP message of the SGSN ``peer``."""
        try:
            message = decode(data)
        except GsupError as error:
            if error.message_type is not None and error.message_type.is_request and error.imsi:
                self._refuse(error.message_type, error.imsi, peer, error.cause)
            else:
                self.counters.discarded += 1
            return
        if message.type.is_request:
            self._serve(message, peer, now)
        else:
            self._receive_answer(message, peer, now)

    def next_timeout(self) -> float | None:
        """Return when the first request to an SGSN counts as unanswered, or None."""
        return next((due for due, _ in self._open.values()), None)

    def handle_timeout(self, now: float) -> None:
        """Give up the requests that have waited too long."""
        while (due := self.next_timeout()) is not None and due <= now:
            (imsi, sgsn, request), (_, record) = self._open.popitem(last=False)
            self._events.append(GrRequestTimedOut(imsi, sgsn[0], request))
            if request is MessageType.INSERT_SUBSCRIBER_DATA_REQUEST:
                self._data_refused(record, sgsn, None)

    def _serve(self, message: GsupMessage, peer: Address, now: float) -> None:
        record = self._register.find(message.imsi)
        if message.type not in SERVED:
            self._refuse(message.type, message.imsi, peer, GmmCause.MESSAGE_TYPE_UNKNOWN)
        elif message.type is MessageType.MT_FORWARD_SM_REQUEST:
            self._short_messages.forward_to_mobile(message, peer, now)
        elif message.type is MessageType.MO_FORWARD_SM_REQUEST:
            self._short_messages.forward_to_centre(message, peer, now)
        elif record is None:
            self._refuse(message.type, message.imsi, peer, GmmCause.IMSI_UNKNOWN_IN_HLR)
        elif message.cn_domain is CnDomain.CS:
            self._refuse(message.type, message.imsi, peer, GmmCause.SEMANTICALLY_INCORRECT_MESSAGE)
        elif message.type is MessageType.UPDATE_LOCATION_REQUEST:
            self._update_location(record, peer, now)
        elif message.type is MessageType.SEND_AUTH_INFO_REQUEST:
            self._send_auth_info(message, record, peer)
        elif message.type is MessageType.PURGE_MS_REQUEST:
            self._purge_ms(record, peer)
        else:
            self._ready_for_sm(message, record, peer, now)

    def _send_auth_info(self, message: GsupMessage, record: Record, peer: Address) -> None:
        """Hand out vectors (TS 29.002 §8.5.2)."""
        answer = self._authentication.answer(message, record, peer)
        if isinstance(answer, GmmCause):
            self._refuse(message.type, record.imsi, peer, answer)
        else:
            self._send(
                GsupMessage(
                    MessageType.SEND_AUTH_INFO_RESULT,
                    record.imsi,
                    auth_tuples=answer,
                    cn_domain=CnDomain.PS,
                ),
                peer,
            )

    def _update_location(self, record: Record, peer: Address, now: float) -> None:
        """Begin an Update GPRS Location (TS 29.002 §19.1.1): cancel the old, insert the data."""
        barred = self._barred(record.subscriber, peer)
        if barred is not None:
            self._refuse(MessageType.UPDATE_LOCATION_REQUEST, record.imsi, peer, barred)
            self._events.append(LocationUpdateFailed(record.imsi, peer[0], barred))
            return
        if record.updating is not None and record.updating != peer:
            request = MessageType.INSERT_SUBSCRIBER_DATA_REQUEST
            del self._open[record.imsi, record.updating, request]
            self._update_failed(record, record.updating, GmmCause.IMPLICITLY_DETACHED)
        record.updating = peer
        if record.sgsn is not None and record.sgsn != peer:
            self._ask(
                GsupMessage(
                    MessageType.LOCATION_CANCEL_REQUEST,
                    record.imsi,
                    cancel_type=CancelType.UPDATE_PROCEDURE,
                    cn_domain=CnDomain.PS,
                ),
                record,
                record.sgsn,
                now,
            )
        self._ask(subscriber_data(record.subscriber), record, peer, now)

    def _barred(self, subscriber: Subscriber, peer: Address) -> GmmCause | None:
        """Return why a subscriber may not be in an SGSN, or None where it may (TS 23.015)."""
        if subscriber.barring is Barring.ATTACH:
            return GmmCause.GPRS_SERVICES_NOT_ALLOWED
        if subscriber.barring is Barring.ROAMING and peer[0] in self._foreign:
            return GmmCause.GPRS_SERVICES_NOT_ALLOWED_IN_PLMN
        return None

    def _update_granted(self, record: Record, peer: Address, now: float) -> None:
        """End an Update GPRS Location: the SGSN serves the MS now."""
        record.updating = None
        previous = record.sgsn
        if previous != peer:
            record.sgsn = peer
            record.since = now
        record.note_contact()
        self._send(
            GsupMessage(MessageType.UPDATE_LOCATION_RESULT, record.imsi, cn_domain=CnDomain.PS),
            peer,
        )
        self._events.append(
            LocationUpdated(record.imsi, peer[0], previous[0] if previous else None)
        )
        self._reachability.regain(record, now)

    def subscription_changed(self, record: Record, now: float) -> None:
        """Have the serving SGSN take the data of now (TS 29.002 §8.8.1), or send the MS away."""
        peer = record.updating or record.sgsn
        if peer is None:
            return
        barred = self._barred(record.subscriber, peer)
        if barred is None:
            self._ask(subscriber_data(record.subscriber), record, peer, now)
        else:
            self.withdraw(record, barred, now)

    def withdraw(self, record: Record, cause: GmmCause, now: float) -> None:
        """Have every SGSN that has to do with the MS send it away (TS 29.002 §8.1.3)."""
        there = dict.fromkeys(sgsn for sgsn in (record.sgsn, record.updating) if sgsn is not None)
        for sgsn in there:
            self._open.pop((record.imsi, sgsn, MessageType.INSERT_SUBSCRIBER_DATA_REQUEST), None)
        if record.updating is not None:
            self._update_failed(record, record.updating, cause)
        record.sgsn = record.since = None
        for sgsn in there:
            if cause is GmmCause.GPRS_SERVICES_NOT_ALLOWED:
                self._ask(withdrawal(record.imsi), record, sgsn, now)
            else:
                self._cancel(record, sgsn, now)

    def _cancel(self, record: Record, sgsn: Address, now: float) -> None:
        cancel = GsupMessage(
            MessageType.LOCATION_CANCEL_REQUEST,
            record.imsi,
            cancel_type=CancelType.SUBSCRIPTION_WITHDRAW,
            cn_domain=CnDomain.PS,
        )
        self._ask(cancel, record, sgsn, now)

    def _data_refused(self, record: Record, peer: Address, cause: int | None) -> None:
        """Take note that an SGSN has not taken a subscriber's data; None: it did not answer."""
        if record.updating == peer:
            self._update_failed(record, peer, GmmCause.NETWORK_FAILURE if cause is None else cause)
        else:
            self._events.append(SubscriberDataRefused(record.imsi, peer[0], cause))

    def _update_failed(self, record: Record, peer: Address, cause: int) -> None:
        record.updating = None
        self._refuse(MessageType.UPDATE_LOCATION_REQUEST, record.imsi, peer, cause)
        self._events.append(LocationUpdateFailed(record.imsi, peer[0], cause))

    def _purge_ms(self, record: Record, peer: Address) -> None:
        """Forget the SGSN (TS 29.002 §19.1.4).

        An SGSN that does not serve the MS any more is granted the same, but may use the
        P-TMSI again.
        """
        serving = record.sgsn == peer
        self._send(
            GsupMessage(
                MessageType.PURGE_MS_RESULT,
                record.imsi,
                freeze_ptmsi=serving,
                cn_domain=CnDomain.PS,
            ),
            peer,
        )
        if serving:
            record.sgsn = None
            record.since = None
            self._events.append(MsPurged(record.imsi, peer[0]))
            self._reachability.lose(record, MsNotReachableReason.PURGED_GPRS)

    def _ready_for_sm(
        self, message: GsupMessage, record: Record, peer: Address, now: float
    ) -> None:
        """Take note that the MS is there (TS 29.002 §24.5.2, TS 23.060 §9.2.2.2.3)."""
        if record.sgsn != peer:
            self._refuse(
                message.type, record.imsi, peer, GmmCause.MESSAGE_NOT_COMPATIBLE_WITH_STATE
            )
            return
        self._send(
            GsupMessage(
                MessageType.READY_FOR_SM_RESULT,
                record.imsi,
                cn_domain=CnDomain.PS,
                sm_rp_mr=message.sm_rp_mr,
            ),
            peer,
        )
        if message.sm_alert_reason is SmAlertReason.MEMORY_AVAILABLE:
            self._short_messages.alert(record, SmAlertReason.MEMORY_AVAILABLE, now)
        else:
            record.note_contact()
            self._reachability.regain(record, now)

    def _receive_answer(self, message: GsupMessage, peer: Address, now: float) -> None:
        """Take an SGSN's answer to a request that is open."""
        request = message.type.request
        if self._short_messages.receive_answer(message, peer, now):
            return
        found = self._open.pop((message.imsi, peer, request), None)
        if found is None:
            self.counters.discarded += 1
        elif request is MessageType.LOCATION_CANCEL_REQUEST:
            # An error says that the SGSN has no such MS, which is what was wanted.
            self._events.append(LocationCancelled(message.imsi, peer[0]))
        elif request is MessageType.DELETE_SUBSCRIBER_DATA_REQUEST:
            if message.cause is None:
                self._events.append(LocationCancelled(message.imsi, peer[0]))
            elif message.cause != GmmCause.IMSI_UNKNOWN_IN_HLR:
                self._cancel(found[1], peer, now)
        elif message.cause is not None:
            self._data_refused(found[1], peer, message.cause)
        elif found[1].updating == peer:
            self._update_granted(found[1], peer, now)
        else:
            self._events.append(SubscriberDataTaken(message.imsi, peer[0]))

    def _ask(self, message: GsupMessage, record: Record, peer: Address, now: float) -> None:
        key = (message.imsi, peer, message.type)
        self._open[key] = (now + self._timeout, record)
        self._open.move_to_end(key)
        self._send(message, peer)

    def _refuse(self, request: MessageType, imsi: str, peer: Address, cause: int) -> None:
        self.counters.refused += 1
        self._send(GsupMessage(request.error, imsi, cause=cause, cn_domain=CnDomain.PS), peer)

    def _send(self, message: GsupMessage, peer: Address) -> None:
        self._datagrams.append(Datagram(Interface.GR, peer, message.encode()))
