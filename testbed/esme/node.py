"""The ESME: has pushes delivered by SMSCs, each with one outcome.

Specs: SMPP 3.4 §2.7 (modes), §2.8 (windows); WAP-259 (WDP over SMS).

Theory of operation. A push goes over the best link that is up. In transaction mode the response is
its outcome; in segments, the receipts of all of them are. Meanwhile others go on. A push whose link
is lost while the SMSC has it, or that nobody answers for by its deadline, ends as unknown: whoever
gave it may give it again under the same key, by which an SMSC in transaction mode knows it. An SMSC
that refuses transaction mode gets its pushes in segments from then on.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Final

from corenet.interfaces.node import Address, Datagram, Event, Interface
from corenet.interfaces.streams import StreamCommand
from corenet.schedule import Alarm, Schedule
from testbed.codecs.smpp import (
    CommandStatus,
    DataSmResp,
    DeliverSm,
    DeliverSmResp,
    GenericNack,
    LocalProtocolError,
    MessageState,
    Response,
    SubmitSmResp,
)
from testbed.esme.config import EsmeConfig, SmscMode
from testbed.esme.events import (
    SmscBound,
    SmscLost,
    SmsTransactionEnded,
    TerminalAnnounced,
    TransactionModeMissed,
)
from testbed.esme.outcome import SmsFailed, SmsOutcome, SmsUnknown
from testbed.esme.pushes import (
    Group,
    PushTransaction,
    ReceiptRead,
    cut,
    failure_of,
    outcome_of,
    read_receipt,
    segments_of,
    whole,
)
from testbed.smpp.errors import NothingToAnswerError, QueueFullError, SessionStateError
from testbed.smpp.events import (
    Alerted,
    Answered,
    Delivered,
    LinkDown,
    LinkLost,
    LinkUp,
    SessionEvent,
    TimedOut,
)
from testbed.smpp.links import SmscLinks

_MOST_EARLY: Final = 1_000
"""Receipts kept that came before the response with their message_id."""
_NO_MODE: Final = frozenset({CommandStatus.RINVESMCLASS, CommandStatus.RINVCMDID})
"""What an SMSC without transaction mode, or without data_sm, answers."""


@dataclass(eq=False, slots=True)
class _Open:
    """A push that an SMSC has."""

    push: PushTransaction
    alarm: Alarm
    smsc: str = ""
    group: Group | None = None
    """Its segments, where it is cut."""
    awaited: list[tuple[str, str]] = field(default_factory=list)
    """SMSC and message_id of each receipt that was waited for."""


@dataclass(frozen=True, slots=True)
class _Context:
    """What a request was about."""

    open: _Open
    segment: int
    """From 1; 0 for the push as a whole."""


class Esme:
    """An ESME (satisfies ``corenet.interfaces.streams.StreamNode``).

    It attaches to ``Interface.SMPP``, from where it connects.
    """

    def __init__(self, config: EsmeConfig, *, name: str = "esme", random: Random) -> None:
        """Make an ESME that has not started; ``random`` spreads its attempts to connect."""
        self._config = config
        self._name = name
        self._links = SmscLinks(
            [smsc.account for smsc in config.smscs], random=random, backoff=config.backoff
        )
        self._modes = {smsc.account.name: smsc.mode for smsc in config.smscs}
        self._schedule = Schedule()
        self._events: list[Event] = []
        self._open: dict[str, _Open] = {}
        self._receipts: dict[tuple[str, str], tuple[_Open, int]] = {}
        """Whose receipt is waited for, by SMSC and message_id."""
        self._early: OrderedDict[tuple[str, str], ReceiptRead] = OrderedDict()
        self._names: dict[int, str] = {}
        """Of SMSCs, by connection."""
        self._counts: Counter[str] = Counter()

    @property
    def name(self) -> str:
        """The name that logs, captures and the lab file use."""
        return self._name

    @property
    def config(self) -> EsmeConfig:
        """What the ESME was made with."""
        return self._config

    @property
    def is_up(self) -> bool:
        """Whether any SMSC is there."""
        return self._links.is_up

    @property
    def counters(self) -> Mapping[str, int]:
        """What was counted so far, and how much there is now."""
        return {**self._links.counters, **self._counts, "pushes under way": len(self._open)}

    # Commands

    def submit(self, push: PushTransaction, now: float) -> None:
        """Have a push delivered; exactly one ``SmsTransactionEnded`` with its key follows.

        One with a key that is under way joins it.
        """
        if push.key in self._open:
            self._counts["pushes joined"] += 1
            return
        alarm = self._schedule.at(
            max(push.deadline, now),
            lambda _: self._end(one, SmsUnknown("no answer by its deadline")),
        )
        one = self._open[push.key] = _Open(push, alarm)
        self._counts["pushes submitted"] += 1
        self._send(one, now)

    def _send(self, one: _Open, now: float) -> None:
        """Send over the best link, in the way that its SMSC takes pushes."""
        for name, mode in list(self._modes.items()):
            send = self._send_whole if mode is SmscMode.TRANSACTION else self._send_segments
            try:
                send(one, name, now)
            except SessionStateError:
                continue  # This link is down.
            except QueueFullError as full:
                self._end(one, SmsFailed(CommandStatus.RMSGQFUL, reason=str(full)))
                return
            except (LocalProtocolError, ValueError) as error:
                self._end(one, SmsFailed(CommandStatus.RSUBMITFAIL, reason=str(error)))
                return
            one.smsc = name
            return
        self._end(one, SmsFailed(CommandStatus.RSYSERR, reason="no SMSC is reached"))

    def _send_whole(self, one: _Open, smsc: str, now: float) -> None:
        pdu = whole(one.push, self._config.source, self._config.data_coding, now)
        self._links.submit(pdu, _Context(one, 0), now, through=smsc)

    def _send_segments(self, one: _Open, smsc: str, now: float) -> None:
        pdus = cut(one.push, self._config.source, self._config.data_coding, now)
        one.group = Group(len(pdus))
        for number, pdu in enumerate(pdus, 1):
            self._links.submit(pdu, _Context(one, number), now, through=smsc)

    # What SMSCs say

    def _digest(self, now: float) -> None:
        for event in self._links.take_events():
            self._hear(event, now)

    def _hear(self, event: SessionEvent, now: float) -> None:
        match event:
            case Answered(context=_Context() as context, response=response):
                self._answered(context, response, now)
            case TimedOut(context=_Context() as context):
                self._unknown(context, "the SMSC did not answer")
            case LinkLost(context=_Context() as context, sent=True):
                self._unknown(context, "the link to the SMSC was lost")
            case LinkLost(context=_Context() as context):
                failed = SmsFailed(
                    CommandStatus.RSYSERR, reason="the link was lost before it was sent"
                )
                self._segment_failed(context, failed)
            case Delivered(request=DeliverSm() as request):
                self._take_receipt(event, request, now)
            case Delivered():
                self._answer(event, DataSmResp(status=CommandStatus.RX_R_APPN), now)
            case Alerted(notification=notification):
                msisdn = notification.source.address.removeprefix("+")
                self._events.append(TerminalAnnounced(msisdn))
            case LinkUp(connection=connection, name=name, version=version):
                self._names[connection] = name
                self._events.append(SmscBound(name, version))
            case LinkDown(name=name, reason=reason, retry_in=retry_in):
                self._names = {c: n for c, n in self._names.items() if n != name}
                self._events.append(SmscLost(name, reason, retry_in))

    def _answered(self, context: _Context, response: Response, now: float) -> None:
        one = context.open
        if self._open.get(one.push.key) is not one:
            self._counts["answers too late"] += 1
            return
        if context.segment:
            self._segment_answered(context, response)
        elif response.status in _NO_MODE or (
            isinstance(response, GenericNack) and not response.is_success
        ):
            self._modes[one.smsc] = SmscMode.SEGMENTS
            self._events.append(TransactionModeMissed(one.smsc))
            self._send(one, now)
        else:
            push = one.push
            ports = (push.destination_port, push.source_port)
            number = segments_of(push.pdu, self._config.data_coding, ports)
            self._end(one, outcome_of(response, number))

    def _segment_answered(self, context: _Context, response: Response) -> None:
        if not response.is_success or not isinstance(response, SubmitSmResp):
            self._segment_failed(context, _as_failure(response))
            return
        key = context.open.smsc, response.message_id
        early = self._early.pop(key, None)
        self._receipts[key] = context.open, context.segment
        context.open.awaited.append(key)
        if early is not None:
            self._receipt(key, early)

    def _segment_failed(self, context: _Context, failed: SmsFailed) -> None:
        one = context.open
        if one.group is None or not context.segment:
            self._end(one, failed)
            return
        one.group.failed[context.segment] = failed
        self._look(one)

    def _unknown(self, context: _Context, why: str) -> None:
        self._end(context.open, SmsUnknown(why))

    # Receipts

    def _take_receipt(self, event: Delivered, request: DeliverSm, now: float) -> None:
        receipt = read_receipt(request)
        self._answer(event, DeliverSmResp(), now)
        if receipt is None:
            self._counts["messages dropped"] += 1
            return
        key = self._names.get(event.connection, ""), receipt.message_id
        if key in self._receipts:
            self._receipt(key, receipt)
            return
        self._counts["receipts early or unasked"] += 1
        self._early[key] = receipt
        if len(self._early) > _MOST_EARLY:
            self._early.popitem(last=False)

    def _receipt(self, key: tuple[str, str], receipt: ReceiptRead) -> None:
        if not receipt.state.is_final:
            return
        one, number = self._receipts.pop(key)
        if one.group is None:
            return
        if receipt.state is MessageState.DELIVERED:
            one.group.arrived.add(number)
        else:
            one.group.failed[number] = failure_of(receipt)
        self._look(one)

    def _look(self, one: _Open) -> None:
        outcome = None if one.group is None else one.group.outcome()
        if outcome is not None:
            self._end(one, outcome)

    def _answer(self, event: Delivered, response: Response, now: float) -> None:
        try:
            self._links.session(event.connection).respond(event.sequence, response, now)
        except NothingToAnswerError:
            self._counts["answers too late"] += 1

    def _end(self, one: _Open, outcome: SmsOutcome) -> None:
        if self._open.get(one.push.key) is not one:
            return
        del self._open[one.push.key]
        one.alarm.cancel()
        for key in one.awaited:
            self._receipts.pop(key, None)
        self._events.append(SmsTransactionEnded(one.push.key, outcome, one.smsc))

    # Node

    def start(self, now: float) -> None:
        """Connect to every SMSC."""
        self._links.start(now)
        self._digest(now)

    def stop(self, now: float) -> None:
        """Unbind; what SMSCs have ends as unknown."""
        self._links.stop(now)
        self._digest(now)
        for one in list(self._open.values()):
            self._end(one, SmsUnknown("the gateway stops"))

    def receive(
        self, interface: Interface, data: bytes, *, peer: Address, local: Address, now: float
    ) -> None:
        """Nothing: SMPP has no datagrams."""

    def next_timeout(self) -> float | None:
        """Return when ``handle_timeout`` wants to be called, or None."""
        times = (self._schedule.next_timeout(), self._links.next_timeout())
        return min((time for time in times if time is not None), default=None)

    def handle_timeout(self, now: float) -> None:
        """Do what is due."""
        self._schedule.ring(now)
        self._links.handle_timeout(now)
        self._digest(now)

    def take_datagrams(self) -> list[Datagram]:
        """Return nothing: SMPP has no datagrams."""
        return []

    def take_events(self) -> list[Event]:
        """Return what has happened, and forget it."""
        taken, self._events = self._events, []
        return taken

    # StreamNode

    @property
    def listens(self) -> Collection[Interface]:
        """Nowhere: SMSCs don't come to us."""
        return ()

    def connected(
        self,
        interface: Interface,  # noqa: ARG002
        connection: int,
        *,
        peer: Address,  # noqa: ARG002
        local: Address,  # noqa: ARG002
        attempt: int | None,
        now: float,
    ) -> None:
        """Bind on a connection of ours."""
        if attempt is not None:
            self._links.connected(connection, attempt=attempt, now=now)
            self._digest(now)

    def connect_failed(self, attempt: int, reason: str, now: float) -> None:
        """Try again later."""
        self._links.connect_failed(attempt, reason, now)
        self._digest(now)

    def stream_received(self, connection: int, data: bytes, now: float) -> None:
        """Take octets of an SMSC."""
        self._links.received(connection, data, now)
        self._digest(now)

    def disconnected(self, connection: int, reason: str, now: float) -> None:
        """Hear that a connection is over."""
        self._links.disconnected(connection, reason, now)
        self._digest(now)

    def take_stream_commands(self) -> list[StreamCommand]:
        """Return what is to be done with connections, and forget it."""
        return self._links.take_commands()


def _as_failure(response: Response) -> SmsFailed:
    outcome = outcome_of(response, 1)
    if isinstance(outcome, SmsFailed):
        return outcome
    return SmsFailed(CommandStatus.RUNKNOWNERR, reason="an answer to another request")
