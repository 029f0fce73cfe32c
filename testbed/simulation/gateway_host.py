"""Runs a push gateway in virtual time: carries its effects out, and lets it crash.

Theory of operation. The gateway says by effects what it wants; each is carried out here after
the time that it would take, and answered by its command. What survives a crash is the store
alone: rows that were not written yet, answers under way and everything in memory are gone. A
row can be on disk although the gateway died before it heard so.

What the core notes while the connection to it (``core_line``) is broken (terminals that are back)
is told when it is there again, as an event stream does that is taken up where it broke off.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from random import Random
from typing import Protocol

from corenet.adapters.sqlite_file import StoreError
from corenet.control.core import CoreControl
from corenet.control.event_log import Entry
from corenet.ggsn.events import MsReachable
from corenet.interfaces.node import Event
from testbed.esme.outcome import SmsOutcome
from testbed.gateway.activation.activate import ActivationAnswer
from testbed.gateway.config import GatewayConfig
from testbed.gateway.effects import (
    AnswerSubmission,
    Commit,
    Effect,
    FindPush,
    LookUpContext,
    LookUpTerminal,
    PostNotification,
    RequestActivation,
    SubmitSms,
)
from testbed.gateway.events import EffectsQueued
from testbed.gateway.keeping.store import Store, Written
from testbed.gateway.node import Gateway
from testbed.gateway.routing.judge import CoreAnswer
from testbed.gateway.submissions.answers import HttpAnswer
from testbed.gateway.terminal import Terminal as AddressedTerminal
from testbed.pull.effects import CancelFetch, FetchFromOrigin, OriginAnswer
from testbed.simulation.core_line import CoreLine
from testbed.simulation.initiator import VirtualInitiator
from testbed.simulation.network import VirtualNetwork
from testbed.simulation.origin import VirtualOrigin


@dataclass(frozen=True, slots=True)
class Delays:
    """How long what is no datagram takes, in seconds."""

    write: float = 0.004
    """Until rows are on disk; those that come meanwhile are written together after that."""
    confirm: float = 0.001
    """From then until the gateway hears of it."""
    http: float = 0.005
    """One way over HTTP, whether it is PAP, the control interface or a result notification."""


class VirtualSmsc(Protocol):
    """Takes short messages from a gateway, as whoever speaks SMPP for it does."""

    def submit(self, message: SubmitSms, answered: Callable[[SmsOutcome], None]) -> None:
        """Take a message; ``answered`` is called once, with what became of it."""
        ...


@dataclass(slots=True, eq=False)
class _Life:
    """One gateway from its start to its crash, and what waits to be answered."""

    gateway: Gateway
    rows: deque[Commit] = field(default_factory=deque)
    is_writing: bool = False
    submissions: dict[str, Callable[[HttpAnswer | None], None]] = field(default_factory=dict)
    """By key; called with None where the connection breaks."""
    unanswered: int = 0
    """Effects whose command has not come."""


class GatewayDownError(RuntimeError):
    """There is no gateway now; ``GatewayHost.start`` makes one."""


class GatewayHost:
    """The machine that a gateway runs on, with its disk and its connections."""

    def __init__(
        self,
        network: VirtualNetwork,
        config: GatewayConfig,
        *,
        control: CoreControl,
        initiator: VirtualInitiator,
        origin: VirtualOrigin,
        store: Store,
        random: Random,
        delays: Delays,
        smsc: VirtualSmsc | None = None,
        name: str = "gateway",
    ) -> None:
        """``store`` is the disk; ``random`` gives each gateway a generator of its own.

        ``smsc`` takes short messages where the configuration has an SMSC.
        """
        if config.has_smsc and smsc is None:
            raise ValueError("the gateway is to have an SMSC, and there is none")
        self._network = network
        self._config = config
        self._control = control
        self._initiator = initiator
        self._origin = origin
        self._store = store
        self._random = random
        self._delays = delays
        self._smsc = smsc
        self._name = name
        self._life: _Life | None = None
        self._keys = count(1)
        self._core = CoreLine(network, control, delay=delays.http)
        self._heard = 0
        """Number of the last event of the core."""
        self._missed_from: int | None = None
        """The last event that the gateway has seen, while its event stream is broken."""
        network.on_event(self._happened)
        if config.ask_core:
            control.events.listen(self._listen)

    # The gateway

    @property
    def config(self) -> GatewayConfig:
        """What the gateway is made with."""
        return self._config

    @property
    def store(self) -> Store:
        """What is on disk."""
        return self._store

    @property
    def is_up(self) -> bool:
        """Whether a gateway runs."""
        return self._life is not None

    @property
    def gateway(self) -> Gateway:
        """The gateway that runs; ``GatewayDownError`` where none does. For queries only."""
        if self._life is None:
            raise GatewayDownError(f"{self._name} is down")
        return self._life.gateway

    @property
    def unanswered(self) -> int:
        """How many effects are being carried out."""
        return 0 if self._life is None else self._life.unanswered

    def start(self) -> None:
        """Start a gateway with what the store has kept."""
        if self._life is not None:
            raise RuntimeError(f"{self._name} is up already")
        network, config = self._network, self._config
        gateway = Gateway(config, name=self._name, random=Random(self._random.getrandbits(64)))
        self._life = _Life(gateway)
        self._missed_from = None
        gateway.restore(self._store.unfinished(), network.now())
        network.attach(
            gateway,
            config.attachments,
        )

    def crash(self) -> None:
        """Kill the gateway at this instant; connections to it break."""
        life, self._life = self._life, None
        if life is None:
            raise GatewayDownError(f"{self._name} is down already")
        self._network.detach(life.gateway)
        for answer in life.submissions.values():
            self._network.call_later(self._delays.http, _with_none(answer))

    def submit(
        self, content_type: str, body: bytes, answered: Callable[[HttpAnswer | None], None]
    ) -> None:
        """POST a push; ``answered`` gets the answer, or None where the connection breaks."""

        def arrive() -> None:
            life = self._life
            if life is None:
                self._network.call_later(self._delays.http, _with_none(answered))
                return
            key = f"submission-{next(self._keys)}"
            life.submissions[key] = answered
            self._command(life, lambda gateway, now: gateway.submit(key, content_type, body, now))

        self._network.call_later(self._delays.http, arrive)

    # The way to the core

    @property
    def core_is_reachable(self) -> bool:
        """Whether the control interface can be reached."""
        return self._core.is_there

    def break_core_off(self) -> None:
        """Let the control interface be out of reach: what is under way to it breaks."""
        if self._life is not None:
            self._missed_from = self._heard
        self._core.break_off()

    def bring_core_back(self) -> None:
        """Let the control interface be reached again; what the core noted meanwhile is told."""
        self._core.mend()
        missed_from, self._missed_from = self._missed_from, None
        if missed_from is not None:
            for entry in self._control.events.since(missed_from):
                self._tell_of(entry)

    def _listen(self, entry: Entry) -> None:
        self._heard = entry.number
        if self._core.is_there:
            self._tell_of(entry)

    def _tell_of(self, entry: Entry) -> None:
        life, event = self._life, entry.event
        if life is None or not isinstance(event, MsReachable):
            return
        imsi = event.imsi
        self._network.call_later(
            self._delays.http,
            lambda: self._command(
                life, lambda gateway, now: gateway.terminal_reachable(now, imsi=imsi)
            ),
        )

    # Effects

    def _happened(self, _time: float, name: str, event: Event) -> None:
        life = self._life
        if life is not None and name == self._name and isinstance(event, EffectsQueued):
            for effect in life.gateway.take_effects():
                self._carry_out(life, effect)

    def _carry_out(self, life: _Life, effect: Effect) -> None:
        match effect:
            case AnswerSubmission():
                self._answer(life, effect)
                return
            case Commit():
                life.rows.append(effect)
                if not life.is_writing:
                    self._begin_writing(life)
            case FindPush():
                self._find(life, effect)
            case LookUpTerminal():
                self._look_up(life, effect)
            case LookUpContext():
                self._look_up_context(life, effect)
            case RequestActivation():
                self._activate(life, effect)
            case SubmitSms():
                self._submit_sms(life, effect)
            case PostNotification():
                self._post(life, effect)
            case FetchFromOrigin():
                self._fetch(life, effect)
            case CancelFetch():
                return  # The server has the request by now, and its answer finds nobody.
        life.unanswered += 1

    def announce(self, msisdn: str) -> None:
        """Tell the gateway that runs now that a terminal is there again, by an SMSC's word."""
        life = self._life
        if life is not None:
            self._command(life, lambda gateway, now: gateway.terminal_reachable(now, msisdn=msisdn))

    def _command(self, life: _Life, action: Callable[[Gateway, float], None]) -> None:
        """Command the gateway, unless it is not there any more."""
        if life is self._life:
            self._network.command(life.gateway, lambda now: action(life.gateway, now))

    def _answered(self, life: _Life, action: Callable[[Gateway, float], None]) -> None:
        """Give the gateway the command that answers an effect."""
        life.unanswered -= 1
        self._command(life, action)

    def _answer(self, life: _Life, effect: AnswerSubmission) -> None:
        answer = HttpAnswer(effect.status, effect.content_type, effect.body)
        answered = life.submissions.pop(effect.key)
        # The octets are with the other host by now: a crash does not take them back.
        self._network.call_later(self._delays.http, lambda: answered(answer))

    # The disk

    def _begin_writing(self, life: _Life) -> None:
        life.is_writing = True
        batch = list(life.rows)
        life.rows.clear()
        self._network.call_later(self._delays.write, lambda: self._write(life, batch))

    def _write(self, life: _Life, batch: list[Commit]) -> None:
        if life is not self._life:
            return
        try:
            results = self._store.write([commit.row for commit in batch])
        except StoreError as error:
            reason = str(error)
            self._network.call_later(
                self._delays.confirm, lambda: self._not_written(life, batch, reason)
            )
        else:
            self._network.call_later(
                self._delays.confirm, lambda: self._written(life, batch, results)
            )
        life.is_writing = False
        if life.rows:
            self._begin_writing(life)

    def _written(self, life: _Life, batch: list[Commit], results: list[Written]) -> None:
        for commit, result in zip(batch, results, strict=True):
            self._answered(life, _committed(commit.number, result is Written.DUPLICATE))

    def _not_written(self, life: _Life, batch: list[Commit], reason: str) -> None:
        for commit in batch:
            self._answered(life, _commit_failed(commit.number, reason))

    def _find(self, life: _Life, effect: FindPush) -> None:
        def read() -> None:
            if life is not self._life:
                return
            push_id = effect.push_id
            try:
                stored = self._store.find(push_id)
            except StoreError as error:
                reason = str(error)
                self._answered(life, lambda gateway, now: gateway.find_failed(push_id, reason, now))
                return
            self._answered(life, lambda gateway, now: gateway.push_found(push_id, stored, now))

        # Behind what is being written, and what is written after that.
        delays = self._delays
        self._network.call_later(2 * delays.write + delays.confirm, read)

    # The core

    def _look_up(self, life: _Life, effect: LookUpTerminal) -> None:
        def take(answer: CoreAnswer) -> None:
            self._answered(
                life, lambda gateway, now: gateway.terminal_found(effect.terminal, answer, now)
            )

        self._core.look_up(effect.terminal, take)

    def _look_up_context(self, life: _Life, effect: LookUpContext) -> None:
        def take(answer: CoreAnswer) -> None:
            self._answered(
                life, lambda gateway, now: gateway.context_found(effect.number, answer, now)
            )

        self._core.look_up(AddressedTerminal.by_address(effect.address), take)

    def _activate(self, life: _Life, effect: RequestActivation) -> None:
        def take(answer: ActivationAnswer) -> None:
            self._answered(
                life, lambda gateway, now: gateway.activation_finished(effect.key, answer, now)
            )

        self._core.activate(effect, take)

    # The SMSC

    def _submit_sms(self, life: _Life, effect: SubmitSms) -> None:
        smsc = self._smsc
        assert smsc is not None

        def answered(outcome: SmsOutcome) -> None:
            self._network.call_later(
                self._delays.http,
                lambda: self._answered(
                    life, lambda gateway, now: gateway.sms_finished(effect.key, outcome, now)
                ),
            )

        self._network.call_later(self._delays.http, lambda: smsc.submit(effect, answered))

    # The initiator

    def _post(self, life: _Life, effect: PostNotification) -> None:
        push_id, number = effect.push_id, effect.number
        is_over = False

        def end(action: Callable[[Gateway, float], None]) -> None:
            nonlocal is_over
            if not is_over:
                is_over = True
                late.cancel()
                self._answered(life, action)

        def give_up() -> None:
            reason = "no answer in time"
            end(lambda gateway, now: gateway.notification_failed(push_id, number, reason, now))

        def answer(status: int, body: bytes) -> None:
            self._network.call_later(
                self._delays.http,
                lambda: end(
                    lambda gateway, now: gateway.notification_answered(
                        push_id, number, status, body, now
                    )
                ),
            )

        late = self._network.call_later(self._config.notification.timeout, give_up)
        self._network.call_later(
            self._delays.http, lambda: self._initiator.take(effect.body, answer)
        )

    # Origin servers

    def _fetch(self, life: _Life, effect: FetchFromOrigin) -> None:
        number = effect.number

        def answer(answer: OriginAnswer) -> None:
            self._network.call_later(
                self._delays.http,
                lambda: self._answered(
                    life, lambda gateway, now: gateway.fetched(number, answer, now)
                ),
            )

        self._network.call_later(self._delays.http, lambda: self._origin.take(effect, answer))


def _committed(number: int, duplicate: bool) -> Callable[[Gateway, float], None]:
    return lambda gateway, now: gateway.committed(number, now, duplicate=duplicate)


def _commit_failed(number: int, reason: str) -> Callable[[Gateway, float], None]:
    return lambda gateway, now: gateway.commit_failed(number, reason, now)


def _with_none(answered: Callable[[HttpAnswer | None], None]) -> Callable[[], None]:
    return lambda: answered(None)
