"""One run of pushes over short messages: real ESME and SMSC, modelled terminals, virtual time.

Pushes and other people's messages come at random (Poisson); each push goes to a terminal of its
own. As the gateway does, a transaction that has failed is submitted again until its deadline.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from random import Random
from typing import Final

from corenet.interfaces.node import Event, Interface
from corenet.interfaces.sms.header import Ports
from corenet.interfaces.sms.segmentation import room
from testbed.codecs.smpp import BindTransceiver, DataCoding
from testbed.esme.config import EsmeConfig, SmscMode
from testbed.esme.config import Smsc as SmscLink
from testbed.esme.events import SmsTransactionEnded
from testbed.esme.node import Esme
from testbed.esme.outcome import SmsDelivered, SmsFailed, SmsOutcome
from testbed.esme.pushes import PushTransaction, segments_of
from testbed.experiments.short_message_network import PushShown, Radio, ShortMessageNetwork
from testbed.simulation.network import VirtualNetwork
from testbed.simulation.smsc_host import SmscHost
from testbed.smpp.config import SmppLimits, SmppTimers
from testbed.smpp.links import Account
from testbed.smsc.config import Esme as EsmeAccount
from testbed.smsc.config import SmscConfig
from testbed.smsc.store import MessageStore
from testbed.smsc.stored import RetryPolicy
from testbed.smsc.transaction import TransactionPolicy

HLR, SMSC = ("192.0.2.3", 4222), "192.0.2.7"
PORTS: Final = (2948, 9200)
_MANY: Final = 100_000
"""Requests open at a time: the SMPP window is not what is measured here."""
_TIMERS: Final = SmppTimers(enquire_link=None, response=3_600.0)


class Way(StrEnum):
    """How a push goes by short messages."""

    SEGMENTS_SHARED = "segments, shared"
    """Cut by the gateway; stored and forwarded in one lane with everything else."""
    SEGMENTS_RESERVED = "segments, reserved"
    """The same, in a lane of push's own."""
    TRANSACTION_SHARED = "transaction, shared"
    """Whole, and cut by the SMSC; in one lane with everything else."""
    TRANSACTION_RESERVED = "transaction, reserved"
    TRANSACTION_DEDICATED = "transaction, dedicated"
    """By an SMSC for push alone, whose capacity is what the reservation is."""

    @property
    def in_transaction(self) -> bool:
        """Whether the SMSC gets the push whole."""
        return self in _IN_TRANSACTION

    @property
    def is_reserved(self) -> bool:
        """Whether push has a lane of its own beside others."""
        return self in (Way.SEGMENTS_RESERVED, Way.TRANSACTION_RESERVED)


_IN_TRANSACTION: Final = frozenset(
    {Way.TRANSACTION_SHARED, Way.TRANSACTION_RESERVED, Way.TRANSACTION_DEDICATED}
)


@dataclass(frozen=True, slots=True)
class Conditions:
    """Under which conditions a run takes place. Loads are parts of the shared SMSC's capacity."""

    way: Way
    segments: int
    background: float
    """Load by other people's messages."""
    radio: Radio
    reassembly: float
    """Seconds that a handset keeps parts."""
    seconds: float
    """For so long pushes and messages come."""
    capacity: float
    """Short messages a second."""
    push: float
    """Load by pushes, repeats not counted."""
    reserved: float
    """Part of the capacity that is push's own."""
    deadline: float
    """Seconds from a push's submission until it is worth nothing."""
    again: float
    """Seconds after which the gateway submits a transaction again that failed."""
    transaction: TransactionPolicy
    begin: float
    """Longest wait of a transaction until its first segment leaves."""
    stored: RetryPolicy


@dataclass(frozen=True, slots=True)
class Seen:
    """What a run has shown."""

    pushes: int
    delays: tuple[float, ...]
    """Of pushes that were shown by their deadline: seconds from submission."""
    messages: int
    """Short messages sent for all pushes."""
    told: tuple[float, ...]
    """Seconds from submission until the gateway had its outcome, where it was right."""
    told_wrongly: int
    """Pushes that the gateway was told of as delivered, and that no handset has shown."""


class _Run:
    def __init__(self, conditions: Conditions, seed: int, store: MessageStore) -> None:
        self._conditions = conditions
        self._network = VirtualNetwork(seed, event_limit=50_000_000)
        self._random = Random(f"arrivals {seed}")
        self._began: dict[str, float] = {}
        self._shown: dict[str, float] = {}
        self._told: dict[str, tuple[float, SmsOutcome]] = {}
        self._pushes: dict[str, PushTransaction] = {}
        self._ends = self._network.now() + conditions.seconds
        self._terminals = ShortMessageNetwork(
            conditions.radio, reassembly=conditions.reassembly, random=Random(f"radio {seed}")
        )
        self._network.attach(self._terminals, {Interface.GR: HLR})
        SmscHost(
            self._network, _smsc(conditions), store=store, random=Random(f"smsc {seed}")
        ).start()
        mode = SmscMode.TRANSACTION if conditions.way.in_transaction else SmscMode.SEGMENTS
        self._gateway = self._attach("gateway", "192.0.2.5", mode)
        self._others = self._attach("others", "192.0.2.6", SmscMode.SEGMENTS)
        self._network.on_event(self._happened)

    def _attach(self, name: str, address: str, mode: SmscMode) -> Esme:
        bind = BindTransceiver(system_id=name, interface_version=0x34)
        limits = SmppLimits(window=_MANY, queue=_MANY)
        account = Account("smsc", (SMSC, 2775), bind, timers=_TIMERS, limits=limits)
        esme = Esme(EsmeConfig(address, (SmscLink(account, mode),)), name=name, random=Random(name))
        self._network.attach(esme, {Interface.SMPP: (address, 0)})
        return esme

    def run(self) -> Seen:
        conditions = self._conditions
        self._network.run_until(lambda: self._gateway.is_up and self._others.is_up, within=60)
        push_rate = conditions.capacity * conditions.push / conditions.segments
        self._arrive(push_rate, "447710", self._submit_push)
        if conditions.way is not Way.TRANSACTION_DEDICATED:
            rate = conditions.capacity * conditions.background
            self._arrive(rate, "447720", self._submit_other)
        self._network.run_until(self._ends)
        self._network.run_until(self._is_over, within=conditions.deadline)
        return self._seen()

    def _is_over(self) -> bool:
        return len(self._told) == len(self._began)

    def _arrive(self, rate: float, prefix: str, submit: Callable[[str], None]) -> None:
        """Plan all arrivals: they come independently of one another and of what they meet."""
        if not rate:
            return
        at, number = 0.0, 0
        while (at := at + self._random.expovariate(rate)) < self._conditions.seconds:
            number += 1
            self._network.call_later(at, partial(submit, f"{prefix}{number:06d}"))

    def _submit_push(self, msisdn: str) -> None:
        now = self._network.now()
        pdu = payload(msisdn, self._conditions.segments)
        deadline = now + self._conditions.deadline
        push = PushTransaction(msisdn, msisdn, pdu, PORTS[1], PORTS[0], deadline)
        self._pushes[msisdn] = push
        self._began[msisdn] = now
        self._submit_again(msisdn)

    def _submit_again(self, msisdn: str) -> None:
        push = self._pushes[msisdn]
        self._network.command(self._gateway, lambda now: self._gateway.submit(push, now))

    def _submit_other(self, msisdn: str) -> None:
        deadline = self._network.now() + 86_400.0
        message = PushTransaction(msisdn, msisdn, b"See you at eight", 1, 1, deadline)
        self._network.command(self._others, lambda now: self._others.submit(message, now))

    def _happened(self, time: float, name: str, event: Event) -> None:
        match event:
            case PushShown(msisdn=msisdn) if msisdn in self._began:
                self._shown.setdefault(msisdn, time)
            case SmsTransactionEnded(key=key, outcome=outcome) if name == self._gateway.name:
                again = time + self._conditions.again
                if (
                    isinstance(outcome, SmsFailed)
                    and self._conditions.way.in_transaction
                    and again < self._pushes[key].deadline
                ):
                    self._network.call_later(
                        self._conditions.again, partial(self._submit_again, key)
                    )
                    return
                self._told[key] = time, outcome

    def _seen(self) -> Seen:
        deadline = self._conditions.deadline
        delays = {key: time - self._began[key] for key, time in self._shown.items()}
        in_time = {key: delay for key, delay in delays.items() if delay <= deadline}
        return Seen(
            len(self._began),
            tuple(in_time.values()),
            sum(self._terminals.attempts[msisdn] for msisdn in self._began),
            tuple(
                time - self._began[key]
                for key, (time, outcome) in self._told.items()
                if _is_right(outcome, was_shown=key in self._shown)
            ),
            sum(
                isinstance(outcome, SmsDelivered) and key not in self._shown
                for key, (_, outcome) in self._told.items()
            ),
        )


def _is_right(outcome: SmsOutcome, *, was_shown: bool) -> bool:
    """Return whether an outcome says what happened; one that is unknown says nothing."""
    return isinstance(outcome, SmsDelivered if was_shown else SmsFailed)


def run(conditions: Conditions, seed: int) -> Seen:
    """Let pushes and messages come for a while, and return what became of the pushes."""
    with closing(MessageStore(":memory:")) as store:
        return _Run(conditions, seed, store).run()


def payload(msisdn: str, segments: int) -> bytes:
    """Return a push that takes so many segments, whoever cuts it."""
    one = room(DataCoding.WAP_PUSH, (Ports(*PORTS),))
    size = one if segments == 1 else one - 6 + 120 * (segments - 1) - 6
    octets = msisdn.encode().ljust(size, b".")
    assert segments_of(octets, DataCoding.WAP_PUSH, PORTS) == segments
    return octets


def _smsc(conditions: Conditions) -> SmscConfig:
    way, reserved = conditions.way, conditions.reserved
    lanes = {"push": reserved, "others": 1.0 - reserved} if way.is_reserved else {"push": 1.0}
    others = "others" if way.is_reserved else "push"
    dedicated = way is Way.TRANSACTION_DEDICATED
    return SmscConfig(
        address=SMSC,
        hlr=HLR,
        esmes=(
            EsmeAccount("gateway", lane="push", window=_MANY),
            EsmeAccount("others", lane=others, window=_MANY),
        ),
        lanes=lanes,
        rate=conditions.capacity * (reserved if dedicated else 1.0),
        under_way=_MANY,
        transaction=conditions.transaction,
        begin=conditions.begin,
        retry=conditions.stored,
        timers=_TIMERS,
        deliver_window=1_000,
    )
