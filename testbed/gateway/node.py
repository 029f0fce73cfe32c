"""The push gateway (PPG): judge, activate, send and the push machine, composed as one node.

Specs: WAP-249 (Push Proxy Gateway), WAP-247 (Push Access Protocol), WAP-235 (Push OTA).

Theory of operation. Beside datagrams and events the gateway puts out effects (``effects``):
what must be written, asked or posted. ``EffectsQueued`` tells whoever runs the gateway to take
them; each is answered by a command. An end is stored before the initiator is notified of it, and
a delivery is forgotten when the initiator's answer is stored too.

Where gateways share a store, ``tenure`` tells what this one may do to its pushes. A gateway that
stops lets everything rest as if its lease had lapsed, and takes leave of its sessions: what has
not ended is as the store has it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from random import Random

from corenet.interfaces.node import Address, Datagram, Event, Interface
from testbed.esme.outcome import SmsOutcome
from testbed.gateway.activation.activate import ActivationAnswer
from testbed.gateway.carriers.pages import Pages
from testbed.gateway.carriers.wap_server import NoPull, Pull, WapServer
from testbed.gateway.config import GatewayConfig
from testbed.gateway.dispatch.dispatch import Dispatch
from testbed.gateway.effects import Effect
from testbed.gateway.events import (
    StoreFailed,
)
from testbed.gateway.initiators import Allowances
from testbed.gateway.keeping.lease import Lease
from testbed.gateway.keeping.pushes import State
from testbed.gateway.keeping.records import Notification, StoredPush, Withdrawal
from testbed.gateway.output import Output
from testbed.gateway.presence.accounting import AccountingServer
from testbed.gateway.presence.presence import Presence
from testbed.gateway.presence.sessions import Session, SessionTable
from testbed.gateway.routing.judge import CoreAnswer
from testbed.gateway.submissions.capabilities import Clients
from testbed.gateway.submissions.intake import Intake
from testbed.gateway.submissions.reports import Reports
from testbed.gateway.tenure import Tenure
from testbed.gateway.terminal import Terminal
from testbed.gateway.underway.custody import Custody
from testbed.gateway.underway.deliveries import Delivery, Key
from testbed.pull.effects import FetchFailure, OriginAnswer
from testbed.wap.session_events import SessionEvent


class Gateway:
    """A push proxy gateway (satisfies ``corenet.interfaces.node.Node``).

    It attaches to ``Interface.RADIUS`` at its RADIUS port, to ``Interface.WDP`` and, where it has
    IPv6, ``Interface.WDP6`` at its WDP port, from which connectionless pushes leave, and to
    ``Interface.WSP`` at its port of sessions.
    """

    def __init__(
        self,
        config: GatewayConfig,
        *,
        name: str = "gateway",
        random: Random,
    ) -> None:
        """Make a gateway that has not started; ``random`` spreads retries and names activations."""
        self._config = config
        self._name = name
        self._output = Output()
        self._presence = Presence(
            AccountingServer(config.accounting_clients),
            SessionTable(config.ageing),
            self._output,
            has_ipv6=config.has_ipv6,
            began=self._session_began,
        )
        self._lease = Lease()
        self._allowances = Allowances(config.initiators)
        self._custody = Custody(self._output, self._allowances)
        save = self._custody.save
        self._pages: Pages | None = None
        self._wap = WapServer(
            self._output,
            random=Random(random.getrandbits(64)),
            tell=self._session_event,
            make_pull=self._make_pull,
            granted=config.capabilities,
            limits=config.wsp_sessions,
            timers=config.ota.timers,
        )
        self._dispatch = Dispatch(
            config,
            self._presence.sessions,
            self._output,
            self._wap,
            save=save,
            random=random,
        )
        self._intake = Intake(
            config,
            self._output,
            dispatch=self._dispatch,
            custody=self._custody,
            allowances=self._allowances,
            lease=self._lease,
            clients=Clients(config, self._presence.sessions, self._wap.headers_at),
            take_up=self._take_up,
        )
        self._inquiries = self._intake.inquiries
        self._reports = Reports(config, self._output, save)
        self._tenure = Tenure(
            config,
            self._output,
            custody=self._custody,
            dispatch=self._dispatch,
            inquiries=self._inquiries,
            reports=self._reports,
            lease=self._lease,
        )

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
            self._tenure.resume(stored, now, "the gateway has restarted")

    def renewed(self, until: float, now: float, *, kept: frozenset[str] | None = None) -> None:
        """Take note that the pushes are this gateway's until then, whatever happens.

        ``kept`` are the push-ids that are still its own, where others could take some; None: all.
        """
        self._tenure.renewed(until, now, kept)

    def adopt(self, pushes: Iterable[StoredPush], now: float) -> None:
        """Take up pushes that another gateway left; those that are under way stay as they are."""
        for stored in pushes:
            self._tenure.adopt(stored, now)

    def withdraw(self, asked: Iterable[Withdrawal], now: float) -> None:
        """End what other gateways ask for, of what this one holds; ``Store.withdrawals``."""
        self._tenure.check(now)
        if not self._lease.is_lapsed:
            self._inquiries.withdraw(asked, now)

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
        self._tenure.check(now)
        self._intake.submit(key, content_type, body, now, initiator=initiator, forbidden=forbidden)

    def committed(self, number: int, now: float, *, duplicate: bool = False) -> None:
        """Take note that a commit is on disk, or found its push-id used already."""
        if self._intake.committed(number, now, duplicate=duplicate):
            return
        self._tenure.check(now)
        delivery = self._custody.saved(number)
        if delivery is None:
            return
        self._inquiries.saved(delivery.key)
        if delivery.notification is Notification.DUE:
            self._tenure.post(delivery)
        elif delivery.state.final:
            self._custody.finish(delivery)
        elif not self._lease.is_lapsed:
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
        self._output.count("commits failed")
        if not self._intake.commit_failed(number, reason, now):
            self._custody.not_saved(number, reason, now)

    def commit_not_held(self, number: int, now: float) -> None:
        """Take note that a commit was refused, for another gateway has taken its push over."""
        delivery = self._custody.saving(number)
        if delivery is not None:
            self._tenure.let_go(delivery.push.push_id, now)

    def terminal_found(self, terminal: Terminal, answer: CoreAnswer, now: float) -> None:
        """Take the answer to ``LookUpTerminal``."""
        self._tenure.check(now)
        self._dispatch.terminal_found(terminal, answer, now)

    def context_found(self, number: int, answer: CoreAnswer, now: float) -> None:
        """Take the answer to ``LookUpContext``."""
        self._tenure.check(now)
        self._dispatch.context_found(number, answer, now)

    def activation_finished(self, key: str, answer: ActivationAnswer, now: float) -> None:
        """Take the answer to ``RequestActivation``; answers to unknown keys are ignored."""
        self._tenure.check(now)
        if not self._dispatch.activation_finished(key, answer, now):
            self._output.count("activation answers unasked")

    def sms_finished(self, key: str, outcome: SmsOutcome, now: float) -> None:
        """Take the answer to ``SubmitSms``; answers to unknown keys are ignored."""
        self._tenure.check(now)
        self._dispatch.sms_finished(key, outcome, now)

    def terminal_reachable(
        self, now: float, *, imsi: str | None = None, msisdn: str | None = None
    ) -> None:
        """Take the core's word that a terminal is back: whatever waits for it is tried at once."""
        self._tenure.check(now)
        self._dispatch.terminal_back(msisdn=msisdn, imsi=imsi, addresses=(), now=now)

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

    def fetched(self, number: int, answer: OriginAnswer, now: float) -> None:
        """Take the answer to ``FetchFromOrigin``."""
        if self._pages is not None:
            self._pages.fetched(number, answer, now)

    def fetch_failed(self, number: int, failure: FetchFailure, text: str, now: float) -> None:
        """Take note that ``FetchFromOrigin`` came to nothing."""
        if self._pages is not None:
            self._pages.fetch_failed(number, failure, text, now)

    # Queries

    def push(self, push_id: str) -> StoredPush | None:
        """Return a push that is under way, or None: then the store may know it."""
        return self._custody.stored(push_id)

    @property
    def unfinished(self) -> int:
        """How many deliveries have not ended."""
        return len(self._dispatch)

    @property
    def sessions(self) -> SessionTable:
        """Who is online, as accounting has it; to be read only."""
        return self._presence.sessions

    @property
    def counters(self) -> Mapping[str, int]:
        """What was counted since the gateway was made, and how much there is now."""
        pull = {} if self._pages is None else self._pages.counters
        return {**self._output.counts, **self._presence.counters(), **pull, **self.sizes}

    @property
    def sizes(self) -> Mapping[str, int]:
        """How many of a thing there are now."""
        activations = self._dispatch.activations
        return {
            "deliveries kept": self._allowances.under_way,
            "deliveries unfinished": self.unfinished,
            "submissions being stored": self._intake.uncommitted,
            "inquiries unanswered": len(self._inquiries),
            "activations asked for": activations.running,
            "activations waiting": len(activations) - activations.running,
            "notifications to repeat": len(self._reports),
            "sessions": len(self.sessions),
            "wsp sessions": self._wap.sessions,
            **({} if self._pages is None else self._pages.sizes),
        }

    def states(self) -> Counter[State]:
        """Count the deliveries in care by their states."""
        return Counter(delivery.state for delivery in self._custody.deliveries())

    def take_effects(self) -> list[Effect]:
        """Return the effects to carry out, in order, and forget them."""
        return self._output.take_effects()

    # Node

    def start(self, now: float) -> None:
        """Begin service; there is nothing to send."""

    def stop(self, now: float) -> None:
        """End service: submissions are answered with 4001, nothing is sent but farewells."""
        self._intake.is_closed = True
        self._lease.give_up()
        self._tenure.rest(now)
        self._wap.close(now)

    def receive(
        self,
        interface: Interface,
        data: bytes,
        *,
        peer: Address,
        local: Address,  # noqa: ARG002
        now: float,
    ) -> None:
        """Take an Accounting-Request, or what a terminal sends."""
        self._tenure.check(now)
        match interface:
            case Interface.RADIUS:
                self._presence.receive(data, peer, now)
            case Interface.WSP:
                self._wap.receive(data, peer, now)
            case _:
                self._output.count("wdp datagrams")
                self._wap.datagram_received(data, peer, now)

    def unreachable(
        self,
        interface: Interface,  # noqa: ARG002
        peer: Address,
        *,
        host: bool,
        now: float,
    ) -> None:
        """Take note that a datagram for a terminal did not arrive (ICMP)."""
        self._tenure.check(now)
        if host:
            self._presence.sessions.doubt(peer[0])
        self._dispatch.unreachable(peer, now, is_gone=host)

    def next_timeout(self) -> float | None:
        """Return when ``handle_timeout`` wants to be called, or None."""
        if self._intake.is_closed:
            return None
        times = (
            self._dispatch.next_timeout(),
            self._custody.next_timeout(),
            self._reports.next(),
            self._inquiries.next_timeout(),
            self._lease.next(),
            self._presence.next_timeout(),
            self._wap.next_timeout(),
        )
        return min((time for time in times if time is not None), default=None)

    def handle_timeout(self, now: float) -> None:
        """Do what is due at ``now``."""
        self._tenure.check(now)
        self._dispatch.handle_timeout(now)
        self._custody.handle_timeout(now)
        self._inquiries.handle_timeout(now)
        self._presence.handle_timeout(now)
        for key in self._reports.take_due(now):
            self._tenure.post(self._custody.delivery(key))
        self._wap.handle_timeout(now)

    def take_datagrams(self) -> list[Datagram]:
        """Return what is to be sent, in order, and forget it."""
        return self._output.take_datagrams()

    def take_events(self) -> list[Event]:
        """Return what has happened since the last call, in order, and forget it."""
        return self._output.take_events()

    def _make_pull(self, server: WapServer, output: Output) -> Pull:
        if self._config.pull is None:
            return NoPull(server, output)
        self._pages = Pages(self._config, server, output, sessions=self._presence.sessions)
        return self._pages

    # What arrives

    def _take_up(self, stored: StoredPush, now: float) -> None:
        """Begin with a push that was accepted."""
        self._tenure.resume(stored, now)

    def _session_began(self, session: Session, now: float) -> None:
        self._dispatch.terminal_back(
            msisdn=session.msisdn, imsi=session.imsi, addresses=session.addresses, now=now
        )

    def _session_event(self, event: SessionEvent, now: float) -> None:
        self._dispatch.session_event(event, now)

    # Result notifications

    def _posted(self, key: Key) -> Delivery | None:
        """Return the delivery whose notification came to an end, unless it was let go."""
        deliveries = self._custody.pushes.get(key[0])
        return None if deliveries is None else deliveries[key[1]]
