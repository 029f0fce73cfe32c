"""The push gateway (PPG): judge, activate, send and the push machine, composed as one node.

Specs: WAP-249 (Push Proxy Gateway), WAP-247 (Push Access Protocol), WAP-235 (Push OTA).

Theory of operation. Beside datagrams and events the gateway puts out effects (``effects``):
what must be written, asked or posted. ``EffectsQueued`` tells whoever runs the gateway to take
them; each is answered by a command. A submission is answered with 1001 only when the store has
it. An end is stored before the initiator is notified of it, and a delivery is forgotten when the
initiator's answer is stored too. A delivery has at most one commit under way; what changes
meanwhile goes into the next, so that the store never sees an older state after a newer.

Where gateways share a store, what this one may do to its pushes depends on a lease. Once it has
lapsed nothing is sent, posted or accepted, for another gateway may be at it; when it is renewed,
what is still held goes on as after a restart.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import count
from random import Random
from typing import Final

from corenet.interfaces.node import Address, Datagram, Event, Interface
from testbed.codecs.pap import StatusCode
from testbed.gateway import answers, submission
from testbed.gateway.accounting import AccountingServer, Dropped
from testbed.gateway.activate import ActivationAnswer
from testbed.gateway.answers import HttpAnswer, Refusal
from testbed.gateway.config import GatewayConfig
from testbed.gateway.deliveries import Delivery, Key
from testbed.gateway.dispatch import Dispatch
from testbed.gateway.effects import AnswerSubmission, Commit, Effect
from testbed.gateway.events import (
    DeliveryEnded,
    LeaseLapsed,
    PushAccepted,
    PushAdopted,
    PushLetGo,
    PushRefused,
    SessionBegan,
    SessionEnded,
    StoreFailed,
)
from testbed.gateway.initiators import Allowances
from testbed.gateway.inquiries import Inquiries, Inquiry
from testbed.gateway.judge import CoreAnswer
from testbed.gateway.operations import Accepted, Question
from testbed.gateway.output import Output
from testbed.gateway.pushes import State
from testbed.gateway.recipients import Nobody, terminal_of
from testbed.gateway.records import AddPush, Notification, PushRecord, StoredPush
from testbed.gateway.reports import Reports
from testbed.gateway.schedule import Schedule
from testbed.gateway.sessions import AccountingRecord, SessionTable
from testbed.gateway.terminal import Terminal

OUT_OF_REACH: Final = "the store is out of reach"
SAVE_AGAIN: Final = 1.0
"""Seconds until the store is tried again after it failed."""


class Gateway:
    """A push proxy gateway (satisfies ``corenet.interfaces.node.Node``).

    It attaches to ``Interface.RADIUS`` at its RADIUS port and to ``Interface.WDP`` at its WDP
    port, from which pushes leave.
    """

    def __init__(self, config: GatewayConfig, *, name: str = "gateway", random: Random) -> None:
        """Make a gateway that has not started; ``random`` spreads retries and names activations."""
        self._config = config
        self._name = name
        self._output = Output()
        self._accounting = AccountingServer(config.radius_secret)
        self._sessions = SessionTable()
        self._dispatch = Dispatch(config, self._sessions, self._output, self._save, random)
        self._pushes: dict[str, list[Delivery]] = {}
        self._allowances = Allowances(config.initiators)
        self._commit_numbers = count(1)
        self._submissions: dict[int, tuple[str, Accepted]] = {}
        self._inquiries = Inquiries(
            config,
            self._output,
            self._dispatch,
            self._pushes,
            add=self._add,
            answer=self._answer,
            refuse=self._refuse,
        )
        self._saves: dict[int, tuple[Delivery, int]] = {}
        """The delivery and the length of its history, by commit."""
        self._unsaved: Schedule[Key] = Schedule()
        self._counts: Counter[str] = Counter()
        self._reports = Reports(config, self._output, self._counts, self._save)
        self._is_stopping = False
        self._lease_until: float | None = None
        self._is_lapsed = False

    @property
    def name(self) -> str:
        """The name that logs, captures and the lab file use."""
        return self._name

    @property
    def config(self) -> GatewayConfig:
        """What the gateway was made with."""
        return self._config

    # Commands

    def restore(self, pushes: Iterable[StoredPush], now: float) -> None:
        """Take up what a store had kept: pushes that have not ended, and results not reported.

        To be called once, before anything is submitted.
        """
        for stored in pushes:
            self._resume(stored, now, "the gateway has restarted")

    def renewed(self, until: float, now: float, *, kept: frozenset[str] | None = None) -> None:
        """Take note that the pushes are this gateway's until then, whatever happens.

        ``kept`` are the push-ids that are still its own, where others could take some; None: all.
        """
        self._lease_until = until
        if kept is not None:
            for push_id in [push_id for push_id in self._pushes if push_id not in kept]:
                self._let_go(push_id, now)
        if self._is_lapsed:
            self._is_lapsed = False
            for deliveries in list(self._pushes.values()):
                for delivery in deliveries:
                    self._go_on(delivery, now)

    def adopt(self, pushes: Iterable[StoredPush], now: float) -> None:
        """Take up pushes that another gateway left; those that are under way stay as they are."""
        for stored in pushes:
            if stored.push.push_id not in self._pushes:
                self._counts["adopted"] += 1
                self._output.tell(PushAdopted(stored.push.push_id))
                self._resume(stored, now, "taken over from another gateway")

    def submit(
        self,
        key: str,
        content_type: str,
        body: bytes,
        now: float,
        *,
        initiator: str = "",
        forbidden: str | None = None,
    ) -> None:
        """Take what an initiator posted; exactly one ``AnswerSubmission`` with ``key`` follows.

        ``initiator`` says whose it is, where initiators are told apart; ``forbidden`` why it may
        not push, which is answered with 2001.
        """
        self._check_lease(now)
        self._counts["submissions"] += 1
        result = submission.read(content_type, body, self._config, now, initiator=initiator)
        if isinstance(result, Refusal):
            self._refuse(key, result)
            return
        inquiry = Inquiry(key, result, initiator)
        busy = self._too_busy(result, initiator, now)
        if forbidden is not None:
            self._inquiries.refuse(inquiry, forbidden, now, StatusCode.FORBIDDEN)
        elif busy is not None:
            self._inquiries.refuse(inquiry, busy, now)
        elif isinstance(result, Accepted) and result.push.replaces is None:
            self._add(key, result)
        else:
            self._inquiries.ask(inquiry, now)

    def committed(self, number: int, now: float, *, duplicate: bool = False) -> None:
        """Take note that a commit is on disk, or found its push-id used already."""
        if number in self._submissions:
            key, accepted = self._submissions.pop(number)
            if duplicate:
                code, text = StatusCode.DUPLICATE_PUSH_ID, "this push-id was used before"
                self._refuse(key, answers.refusal(accepted.push, code, text, self._config, now))
            else:
                self._accept(key, accepted, now)
            return
        if number not in self._saves:
            return  # Of a push that was let go.
        self._check_lease(now)
        delivery, history = self._saves.pop(number)
        delivery.saving = False
        delivery.saved_history = history
        if delivery.dirty:
            self._save(delivery)
            return
        self._inquiries.saved(delivery.key)
        if delivery.notification is Notification.DUE:
            self._post(delivery)
        elif delivery.state.final:
            self._finish(delivery)
        elif not self._is_lapsed:
            self._dispatch.saved(delivery, now)

    def push_found(self, push_id: str, stored: StoredPush | None, now: float) -> None:
        """Take the answer to ``FindPush``."""
        self._inquiries.found(push_id, stored, now)

    def find_failed(self, push_id: str, reason: str, now: float) -> None:
        """Take note that ``FindPush`` came to nothing."""
        self._output.tell(StoreFailed(push_id, reason))
        self._inquiries.find_failed(push_id, now)

    def commit_failed(self, number: int, reason: str, now: float) -> None:
        """Take note that a commit is not on disk: refuse the submission, or save again later."""
        self._counts["commits failed"] += 1
        if number in self._submissions:
            key, accepted = self._submissions.pop(number)
            code, text = StatusCode.SERVICE_UNAVAILABLE, "the push could not be stored"
            self._refuse(key, answers.refusal(accepted.push, code, text, self._config, now))
            self._output.tell(StoreFailed(accepted.push.push_id, reason))
            return
        if number not in self._saves:
            return  # Of a push that was let go.
        delivery, _ = self._saves.pop(number)
        self._unsaved.set(delivery.key, now + SAVE_AGAIN)
        self._output.tell(StoreFailed(delivery.push.push_id, reason))

    def commit_not_held(self, number: int, now: float) -> None:
        """Take note that a commit was refused, for another gateway has taken its push over."""
        saved = self._saves.get(number)
        if saved is not None:
            self._let_go(saved[0].push.push_id, now)

    def terminal_found(self, terminal: Terminal, answer: CoreAnswer, now: float) -> None:
        """Take the answer to ``LookUpTerminal``."""
        self._check_lease(now)
        self._dispatch.terminal_found(terminal, answer, now)

    def activation_finished(self, key: str, answer: ActivationAnswer, now: float) -> None:
        """Take the answer to ``RequestActivation``; answers to unknown keys are ignored."""
        self._check_lease(now)
        if not self._dispatch.activation_finished(key, answer, now):
            self._counts["activation answers unasked"] += 1

    def terminal_reachable(
        self, now: float, *, imsi: str | None = None, msisdn: str | None = None
    ) -> None:
        """Take the core's word that a terminal is back: whatever waits for it is tried at once."""
        self._check_lease(now)
        self._dispatch.terminal_back(msisdn=msisdn, imsi=imsi, address=None, now=now)

    def notification_answered(
        self, push_id: str, number: int, status: int, body: bytes, now: float
    ) -> None:
        """Take an initiator's HTTP answer to a result notification."""
        delivery = self._posted((push_id, number))
        if delivery is not None:
            self._reports.answered(delivery, status, body, now)

    def notification_failed(self, push_id: str, number: int, reason: str, now: float) -> None:
        """Take note that a result notification could not be posted."""
        delivery = self._posted((push_id, number))
        if delivery is not None:
            self._reports.failed(delivery, reason, now)

    # Queries

    def push(self, push_id: str) -> StoredPush | None:
        """Return a push that is under way, or None: then the store may know it."""
        deliveries = self._pushes.get(push_id)
        if deliveries is None:
            return None
        return StoredPush(deliveries[0].push, tuple(d.record() for d in deliveries))

    @property
    def unfinished(self) -> int:
        """How many deliveries have not ended."""
        return len(self._dispatch)

    @property
    def sessions(self) -> SessionTable:
        """Who is online, as accounting has it; to be read only."""
        return self._sessions

    @property
    def counters(self) -> Mapping[str, int]:
        """What was counted since the gateway was made, and how much there is now."""
        radius = {f"radius {name}": n for name, n in self._accounting.counts.items()}
        return {
            **self._counts,
            **radius,
            "deliveries kept": self._allowances.under_way,
            "deliveries unfinished": self.unfinished,
            "sessions": len(self._sessions),
        }

    def take_effects(self) -> list[Effect]:
        """Return the effects to carry out, in order, and forget them."""
        return self._output.take_effects()

    # Node

    def start(self, now: float) -> None:
        """Begin service; there is nothing to send."""

    def stop(self, now: float) -> None:  # noqa: ARG002
        """End service: further submissions are answered with 4001."""
        self._is_stopping = True

    def receive(
        self,
        interface: Interface,
        data: bytes,
        *,
        peer: Address,
        local: Address,  # noqa: ARG002
        now: float,
    ) -> None:
        """Take an Accounting-Request; what terminals send to the WDP port is counted only."""
        if interface is not Interface.RADIUS:
            self._counts["wdp datagrams dropped"] += 1
            return
        self._check_lease(now)
        result = self._accounting.receive(data, peer, now)
        if isinstance(result, Dropped):
            return
        self._output.send(Datagram(Interface.RADIUS, peer, result.answer))
        if result.record is not None:
            self._account(result.record, now)

    def next_timeout(self) -> float | None:
        """Return when ``handle_timeout`` wants to be called, or None."""
        times = (
            self._dispatch.next_timeout(),
            self._unsaved.next(),
            self._reports.next(),
            None if self._is_lapsed else self._lease_until,
        )
        return min((time for time in times if time is not None), default=None)

    def handle_timeout(self, now: float) -> None:
        """Do what is due at ``now``."""
        self._check_lease(now)
        self._dispatch.handle_timeout(now)
        for key in self._unsaved.take_due(now):
            delivery = self._delivery(key)
            delivery.saving = False
            self._save(delivery)
        for key in self._reports.take_due(now):
            self._post(self._delivery(key))

    def take_datagrams(self) -> list[Datagram]:
        """Return what is to be sent, in order, and forget it."""
        return self._output.take_datagrams()

    def take_events(self) -> list[Event]:
        """Return what has happened since the last call, in order, and forget it."""
        return self._output.take_events()

    # Submissions

    def _too_busy(self, what: Accepted | Question, initiator: str, now: float) -> str | None:
        addresses = len(what.push.addresses) if isinstance(what, Accepted) else 0
        exceeded = self._allowances.exceeded(initiator, addresses, now)
        if exceeded is not None:
            return exceeded
        if self._is_lapsed:
            return OUT_OF_REACH
        return self._overload(what.push) if isinstance(what, Accepted) else None

    def _overload(self, push: PushRecord) -> str | None:
        limits = self._config.limits
        if self._is_stopping:
            return "the gateway is going out of service"
        if len(self._submissions) + len(self._inquiries) >= limits.uncommitted:
            return "too many submissions are waiting for the store"
        kept = self._allowances.under_way
        if kept + len(push.addresses) > limits.unfinished:
            return f"{kept} pushes have not ended"
        return None

    def _add(self, key: str, accepted: Accepted) -> None:
        number = next(self._commit_numbers)
        self._submissions[number] = (key, accepted)
        self._output.ask(Commit(number, AddPush(accepted.push, accepted.ended)))

    def _accept(self, key: str, accepted: Accepted, now: float) -> None:
        push = accepted.push
        self._counts["accepted"] += 1
        answer = answers.accepted(push, self._config, now, progress_notes=accepted.progress_notes)
        self._answer(key, answer)
        self._output.tell(PushAccepted(push.push_id, push.addresses))
        for ended in accepted.ended:
            self._counts[ended.state] += 1
            whose, code, why = push.addresses[ended.number], ended.code, ended.description
            self._output.tell(DeliveryEnded(push.push_id, whose, ended.state, code, why))
        self._resume(accepted.stored(), now)

    def _resume(self, stored: StoredPush, now: float, note: str = "") -> None:
        """Take up a push that the store has."""
        push = stored.push
        deliveries = []
        for record in stored.deliveries:
            whom = terminal_of(push.addresses[record.number], self._config.users)
            if isinstance(whom, Nobody):
                whom = Terminal.nobody(push.addresses[record.number])
            deliveries.append(Delivery.resumed(stored, record.number, whom, now, note))
        self._keep(push.push_id, deliveries)
        if self._is_lapsed:
            return
        for delivery in deliveries:
            if not delivery.state.final:
                self._begin(delivery, now, is_new=not note)
            elif delivery.notification is Notification.DUE:
                self._post(delivery)

    def _begin(self, delivery: Delivery, now: float, *, is_new: bool) -> None:
        whom = terminal_of(delivery.address, self._config.users)
        if isinstance(whom, Nobody):
            # The directory has changed since the push was accepted.
            self._dispatch.refuse(delivery, whom.code, whom.text, now)
        elif self._inquiries.takes_its_place(delivery, now, is_new=is_new):
            self._dispatch.begin(delivery, now)
        else:
            code = StatusCode.CANCELLATION_NOT_POSSIBLE
            self._dispatch.refuse(delivery, code, "its original has ended", now)

    def _refuse(self, key: str, refusal: Refusal) -> None:
        self._counts["refused"] += 1
        self._answer(key, refusal.answer)
        self._output.tell(PushRefused(refusal.push_id, refusal.code, refusal.reason))

    def _answer(self, key: str, answer: HttpAnswer) -> None:
        self._output.ask(AnswerSubmission(key, answer.status, answer.content_type, answer.body))

    # The lease

    def _check_lease(self, now: float) -> None:
        """Let everything rest once the lease has lapsed; what is being stored is stored still."""
        if self._is_lapsed or self._lease_until is None or now < self._lease_until:
            return
        self._is_lapsed = True
        self._output.tell(LeaseLapsed(len(self._dispatch)))
        for deliveries in self._pushes.values():
            for delivery in deliveries:
                self._dispatch.forget(delivery)
                self._reports.cancel(delivery.key)

    def _go_on(self, delivery: Delivery, now: float) -> None:
        """Take up again what rested while the lease had lapsed."""
        if not delivery.state.final:
            delivery.enter(State.ACCEPTED, now, "the lease had lapsed")
            self._begin(delivery, now, is_new=False)
        elif not (delivery.done or delivery.saving or delivery.posting):
            self._post(delivery)

    def _let_go(self, push_id: str, now: float) -> None:
        deliveries = self._drop(push_id)
        self._saves = {n: saved for n, saved in self._saves.items() if saved[0] not in deliveries}
        for delivery in deliveries:
            self._dispatch.forget(delivery)
            self._inquiries.lost(delivery.key, now)
            self._unsaved.cancel(delivery.key)
            self._reports.cancel(delivery.key)
        self._output.tell(PushLetGo(push_id))

    # What is kept

    def _keep(self, push_id: str, deliveries: list[Delivery]) -> None:
        self._pushes[push_id] = deliveries
        self._allowances.began(deliveries[0].push.initiator, len(deliveries))

    def _drop(self, push_id: str) -> list[Delivery]:
        deliveries = self._pushes.pop(push_id)
        self._allowances.ended(deliveries[0].push.initiator, len(deliveries))
        return deliveries

    def _delivery(self, key: Key) -> Delivery:
        return self._pushes[key[0]][key[1]]

    def _save(self, delivery: Delivery) -> None:
        delivery.dirty = delivery.saving
        if delivery.saving:
            return
        delivery.saving = True
        number = next(self._commit_numbers)
        self._saves[number] = (delivery, len(delivery.history))
        self._output.ask(Commit(number, delivery.row()))

    def _finish(self, delivery: Delivery) -> None:
        self._counts[delivery.state] += 1
        delivery.done = True
        push_id = delivery.push.push_id
        if all(other.done for other in self._pushes[push_id]):
            self._drop(push_id)

    # Result notifications

    def _posted(self, key: Key) -> Delivery | None:
        """Return the delivery whose notification came to an end, unless it was let go."""
        deliveries = self._pushes.get(key[0])
        return None if deliveries is None else deliveries[key[1]]

    def _post(self, delivery: Delivery) -> None:
        if not self._is_lapsed:
            self._reports.post(delivery)

    # Accounting

    def _account(self, record: AccountingRecord, now: float) -> None:
        change = self._sessions.apply(record, now)
        for gone in change.went:
            self._output.tell(SessionEnded(gone.address, gone.msisdn, gone.imsi))
        came = change.came
        if came is not None:
            self._output.tell(SessionBegan(came.address, came.msisdn, came.imsi))
            self._dispatch.terminal_back(
                msisdn=came.msisdn, imsi=came.imsi, address=came.address, now=now
            )
