"""The short message service centre, composed as one node.

Specs: SMPP 3.4; TS 23.040 (short messages); OsmoHLR user manual (GSUP, towards the HLR).

Theory of operation. ESMEs speak SMPP over connections; terminals are reached through the HLR, by
GSUP. Messages that are to be delivered at once (transaction, datagram) go over the desk; those that
are kept take their course in store and forward, which has them written down by effects. Both send
through the same lanes, so that what is reserved for push is reserved against everything else.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from itertools import count
from random import Random
from typing import Final

from corenet.interfaces.node import Address, Datagram, Event, Interface
from corenet.interfaces.sms import tpdu
from corenet.interfaces.sms.causes import RpCause
from corenet.interfaces.streams import StreamCommand
from corenet.schedule import Schedule
from testbed.codecs.smpp import CommandStatus
from testbed.smpp.config import SmppLimits
from testbed.smpp.events import (
    Answered,
    BindRequested,
    Cancelled,
    LinkLost,
    OutbindFailed,
    Queried,
    Replaced,
    SessionClosed,
    SessionEvent,
    Submitted,
    TimedOut,
)
from testbed.smpp.server import SmppServer
from testbed.smpp.smsc import SmscSession
from testbed.smsc.ancillary import AncillaryOperations, Found
from testbed.smsc.config import SmscConfig
from testbed.smsc.desk import Desk
from testbed.smsc.effects import Commit, Effect, FindMessage
from testbed.smsc.esmes import Esmes
from testbed.smsc.events import (
    EffectsQueued,
    EsmeNotCalled,
    MessageEnded,
    StoreFailed,
    SubmissionRefused,
)
from testbed.smsc.failures import SHUT_DOWN
from testbed.smsc.lanes import Lanes
from testbed.smsc.ledger import Ledger
from testbed.smsc.operations import FROM_MOBILE, Operations
from testbed.smsc.outbinds import Outbinds
from testbed.smsc.receipts import Receipts
from testbed.smsc.references import References
from testbed.smsc.relay import MobileAnswer, Relay
from testbed.smsc.room import Room
from testbed.smsc.sending import Sending
from testbed.smsc.store_forward import StoreForward
from testbed.smsc.stored import MessageRecord, ReceiptState
from testbed.smsc.submission import Refused
from testbed.smsc.to_esmes import ToEsme, ToEsmes

_MOBILE_CAUSES: Final = {
    CommandStatus.RINVDSTADR: RpCause.UNASSIGNED_NUMBER,
    CommandStatus.RINVEXPIRY: RpCause.SHORT_MESSAGE_TRANSFER_REJECTED,
    CommandStatus.RMSGQFUL: RpCause.CONGESTION,
}


class Smsc:
    """An SMSC (satisfies ``corenet.interfaces.streams.StreamNode``).

    It attaches to ``Interface.SMPP`` at its SMPP port, and to ``Interface.GR`` at its GSUP port.
    """

    def __init__(self, config: SmscConfig, *, name: str = "smsc", random: Random) -> None:
        """Make an SMSC that has not started; ``random`` begins the ids of messages."""
        self._config = config
        self._name = name
        self._server = SmppServer(
            timers=config.timers, limits=SmppLimits(window=config.deliver_window)
        )
        self._schedule = Schedule()
        self._datagrams: list[Datagram] = []
        self._events: list[Event] = []
        self._effects: list[Effect] = []
        self._finding: dict[int, Found] = {}
        self._find_numbers = count(1)
        # Ids must not repeat after a restart; ESMEs keep them.
        prefix = f"{random.getrandbits(24):06X}"
        message_ids = (f"{prefix}{number:08X}" for number in count(1))
        self._lanes = Lanes(config.lanes, rate=config.rate, under_way=config.under_way)
        self._relay = self._new_relay(life=f"{name}-{prefix}".encode())
        self._sending = Sending(self._lanes, self._relay, self._schedule)
        self._references = References(
            wide=config.wide_references, rest=config.reference_rest, first=random.getrandbits(16)
        )
        self._room = self._new_room()
        self._ledger = Ledger(
            self._schedule, ask=self._ask, saved=self._saved, failed=self._save_failed
        )
        self._stored = self._new_store_forward()
        self._desk = Desk(config, self._sending, self._references, message_ids, tell=self._tell)
        self._esmes = self._new_esmes()
        numbers = {number: one.system_id for one in config.esmes for number in one.numbers}
        self._to_esmes = ToEsmes(numbers, self._esmes, most=config.limits.to_esme, tell=self._tell)
        self._receipts = self._new_receipts()
        self._outbinds = self._new_outbinds()
        self._ancillary = AncillaryOperations(self._stored, self._find)
        self._operations = Operations(
            self._desk,
            self._stored,
            self._ledger,
            default=config.default_mode,
            message_ids=message_ids,
            tell=self._tell,
            want_alert=self._esmes.want_alert,
        )

    # Its parts

    def _new_relay(self, *, life: bytes) -> Relay:
        return Relay(
            self._config.hlr,
            self._config.number,
            self._schedule,
            life=life,
            answer_time=self._config.answer_time,
            send=self._datagrams.append,
            back=self._terminal_back,
            submitted=self._from_mobile,
        )

    def _new_room(self) -> Room:
        esmes = self._config.esmes
        of_esmes = {one.system_id: one.messages for one in esmes if one.messages is not None}
        return Room(self._config.limits, of_esmes)

    def _new_store_forward(self) -> StoreForward:
        return StoreForward(
            self._config.retry,
            self._sending,
            self._schedule,
            self._references,
            self._room,
            save=self._ledger.save,
            wide=self._config.wide_references,
        )

    def _new_esmes(self) -> Esmes:
        return Esmes(
            self._config,
            self._server,
            tell=self._tell,
            bound=self._esme_bound,
            missed=lambda system_id, now: self._outbinds.call(system_id, now),
        )

    def _new_receipts(self) -> Receipts:
        return Receipts(
            self._schedule,
            deliver=self._esmes.deliver,
            over=self._stored.receipt_over,
            tell=self._tell,
            lifetime=self._config.receipt_lifetime,
            most=self._config.limits.receipts,
        )

    def _new_outbinds(self) -> Outbinds:
        esmes = self._config.esmes
        return Outbinds(
            {one.system_id: one.listens for one in esmes if one.listens is not None},
            self._server,
            self._schedule,
            identity=(self._config.system_id, self._config.outbind_password),
            is_wanted=self._is_missed,
            tell=self._tell,
        )

    @property
    def name(self) -> str:
        """The name that logs, captures and the lab file use."""
        return self._name

    @property
    def config(self) -> SmscConfig:
        """What the SMSC was made with."""
        return self._config

    @property
    def counters(self) -> Mapping[str, int]:
        """What was counted since the SMSC was made, and how much there is now."""
        return {
            **self._server.counters,
            **self._relay.counts,
            **self._sending.counts,
            **self._desk.counts,
            **{f"messages {state}": number for state, number in self._stored.counts.items()},
            "transactions under way": self._desk.under_way,
            "messages kept": len(self._stored),
            "messages waiting": len(self._room),
            "receipts due": len(self._receipts),
            "messages to esmes": len(self._to_esmes),
            "segments under way": self._lanes.under_way,
            "references in use": len(self._references),
            "writes under way": len(self._ledger),
            "sessions": len(self._esmes),
            **{f"lane {lane} queued": self._sending.queued(lane) for lane in self._config.lanes},
        }

    # Commands

    def restore(self, records: Iterable[MessageRecord], now: float) -> None:
        """Take up what a store had kept; to be called once, before anything is submitted."""
        kept = list(records)
        self._stored.restore(kept, now)
        for record in kept:
            if record.receipt is ReceiptState.DUE:
                self._receipts.add(record, now)

    def committed(self, number: int, now: float) -> None:
        """Take note that a ``Commit`` is on disk."""
        self._ledger.committed(number, now)

    def commit_failed(self, number: int, why: str, now: float) -> None:
        """Take note that a ``Commit`` came to nothing."""
        self._ledger.commit_failed(number, why, now)

    def message_found(self, number: int, records: list[MessageRecord], now: float) -> None:
        """Take the answer to ``FindMessage``."""
        self._finding.pop(number)(records, now)

    def take_effects(self) -> list[Effect]:
        """Return the effects to carry out, in order, and forget them."""
        taken, self._effects = self._effects, []
        return taken

    # Node

    def start(self, now: float) -> None:
        """Begin service; there is nothing to send."""

    def stop(self, now: float) -> None:
        """End service: what is under way fails for now, sessions are unbound."""
        self._operations.is_stopping = True
        self._sending.give_up_all(SHUT_DOWN, now)
        self._server.stop(now)
        self._take_session_events(now)

    def receive(
        self,
        interface: Interface,  # noqa: ARG002
        data: bytes,
        *,
        peer: Address,
        local: Address,  # noqa: ARG002
        now: float,
    ) -> None:
        """Take what the HLR sends."""
        self._relay.receive(data, peer, now)

    def next_timeout(self) -> float | None:
        """Return when ``handle_timeout`` wants to be called, or None."""
        times = (self._schedule.next_timeout(), self._server.next_timeout())
        return min((time for time in times if time is not None), default=None)

    def handle_timeout(self, now: float) -> None:
        """Do what is due."""
        self._schedule.ring(now)
        self._server.handle_timeout(now)
        self._take_session_events(now)

    def take_datagrams(self) -> list[Datagram]:
        """Return what is to be sent to the HLR, and forget it."""
        taken = self._datagrams[:]
        self._datagrams.clear()
        return taken

    def take_events(self) -> list[Event]:
        """Return what has happened, and forget it."""
        taken, self._events = self._events, []
        return taken

    # StreamNode

    @property
    def listens(self) -> Collection[Interface]:
        """ESMEs come to us."""
        return (Interface.SMPP,)

    def connected(
        self,
        interface: Interface,  # noqa: ARG002
        connection: int,
        *,
        peer: Address,
        local: Address,  # noqa: ARG002
        attempt: int | None,
        now: float,
    ) -> None:
        """Take an ESME's connection."""
        self._server.connected(connection, peer=peer, attempt=attempt, now=now)

    def connect_failed(self, attempt: int, reason: str, now: float) -> None:
        """Hear that a connection could not be opened."""
        self._server.connect_failed(attempt, reason, now)
        self._take_session_events(now)

    def stream_received(self, connection: int, data: bytes, now: float) -> None:
        """Take octets of an ESME."""
        self._server.received(connection, data, now)
        self._take_session_events(now)

    def disconnected(self, connection: int, reason: str, now: float) -> None:
        """Hear that an ESME's connection is over."""
        self._server.disconnected(connection, reason, now)
        self._take_session_events(now)

    def take_stream_commands(self) -> list[StreamCommand]:
        """Return what is to be done with connections, and forget it."""
        return self._server.take_commands()

    # Sessions

    def _take_session_events(self, now: float) -> None:
        while events := self._server.take_events():
            for event in events:
                self._take_session_event(event, now)

    def _take_session_event(self, event: SessionEvent, now: float) -> None:
        match event:
            case Answered(context=str(message_id), response=response):
                self._receipts.answered(message_id, taken=response.is_success, now=now)
            case TimedOut(context=str(message_id)) | LinkLost(context=str(message_id)):
                self._receipts.answered(message_id, taken=False, now=now)
            case Answered(context=ToEsme() as one):
                self._to_esmes.ended(one, event)
            case TimedOut(context=ToEsme() as one) | LinkLost(context=ToEsme() as one):
                self._to_esmes.ended(one, event)
            case OutbindFailed(peer=peer, reason=reason):
                self._tell(EsmeNotCalled(peer, reason))
            case SessionClosed(connection=connection, reason=reason):
                self._esmes.closed(connection, reason)
            case _:
                session = self._server.session(event.connection)
                if session is not None:
                    self._take_request(session, event, now)

    def _take_request(self, session: SmscSession, event: SessionEvent, now: float) -> None:
        if isinstance(event, BindRequested):
            self._esmes.bind(session, event.request, now)
            return
        if not session.state.is_bound:
            return
        account = self._esmes.account(session)
        match event:
            case Submitted(sequence=sequence, request=submit):
                self._operations.submit(session, sequence, submit, account, now)
            case Queried(sequence=sequence, request=query):
                self._ancillary.query(session, sequence, query, account, now)
            case Cancelled(sequence=sequence, request=cancel):
                self._ancillary.cancel(session, sequence, cancel, account, now)
            case Replaced(sequence=sequence, request=replacement):
                self._ancillary.replace(session, sequence, replacement, account, now)

    def _from_mobile(self, sender: str, pdu: tpdu.Submit, answer: MobileAnswer, now: float) -> None:
        if self._to_esmes.submit(sender, pdu, answer, now):
            return
        lane = list(self._config.lanes)[-1]
        try:
            self._operations.submit_from_mobile(sender, pdu, lane, answer, now)
        except Refused as refusal:
            answer.refuse(_MOBILE_CAUSES.get(refusal.status, RpCause.TEMPORARY_FAILURE))
            self._tell(SubmissionRefused(FROM_MOBILE, refusal.status, str(refusal)))

    def _is_missed(self, system_id: str) -> bool:
        return self._receipts.waits_for(system_id) and not self._esmes.receives(system_id)

    def _esme_bound(self, system_id: str, now: float) -> None:
        self._receipts.esme_bound(system_id, now)

    def _terminal_back(self, terminal: str, now: float) -> None:
        self._stored.terminal_back(terminal, now)
        self._esmes.alert(terminal, now)

    # The store

    def _saved(self, record: MessageRecord, now: float) -> None:
        if self._operations.saved(record, now):
            return
        if record.state.final and record.receipt in (ReceiptState.NONE, ReceiptState.DUE):
            self._tell_ended(record)
        if record.receipt is ReceiptState.DUE:
            self._receipts.add(record, now)

    def _save_failed(self, record: MessageRecord, why: str, now: float) -> None:
        self._tell(StoreFailed(record.message_id, why))
        if self._operations.save_failed(record, now):
            self._ledger.drop(record.message_id)

    def _tell_ended(self, record: MessageRecord) -> None:
        self._tell(
            MessageEnded(
                record.message_id,
                record.esme,
                record.submission.message.destination,
                str(record.state),
                record.attempts,
                record.failure,
                record.changed - record.accepted,
            )
        )

    def _find(self, message_id: str, found: Found) -> None:
        number = next(self._find_numbers)
        self._finding[number] = found
        self._ask(FindMessage(number, message_id))

    def _ask(self, effect: Commit | FindMessage) -> None:
        if not self._effects:
            self._tell(EffectsQueued())
        self._effects.append(effect)

    def _tell(self, event: Event) -> None:
        self._events.append(event)
