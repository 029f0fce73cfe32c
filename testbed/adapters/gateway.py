"""The push gateway as a service: its node on a runtime, its store, its HTTP faces.

Theory of operation. The node says what it wants done by effects; ``EffectsQueued`` tells when to
take them. Each is carried out here, and answered by a command through the runtime. The store works
in its own thread, everything else in the reactor.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from itertools import count
from random import Random
from secrets import token_bytes
from typing import Any, cast

import structlog
from twisted.internet.address import IPv4Address
from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IDelayedCall, IListeningPort
from twisted.python.failure import Failure

from corenet.adapters.sqlite_file import StoreError
from corenet.interfaces.node import Event
from corenet.interfaces.runtime import Runtime
from testbed.adapters.core_client import CoreClient, EventStream
from testbed.adapters.eager_port import listen_eagerly
from testbed.adapters.event_words import EventWords
from testbed.adapters.gateway_http import GatewaySite
from testbed.adapters.gateway_metrics import GatewayMetrics
from testbed.adapters.http_client import ExchangeError
from testbed.adapters.notification_poster import NotificationPoster
from testbed.adapters.origin_client import FetchError, OriginClient
from testbed.adapters.store_tending import StoreTending
from testbed.adapters.store_thread import StoreThread, opener
from testbed.adapters.tls import ClientPolicy, server_options
from testbed.esme.config import EsmeConfig
from testbed.esme.events import SmscLost, TransactionModeMissed
from testbed.gateway.answers import HttpAnswer, unauthorized
from testbed.gateway.config import GatewayConfig, TlsConfig
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
from testbed.gateway.esme_route import EsmeRoute
from testbed.gateway.events import (
    EffectsQueued,
    LeaseLapsed,
    NotificationFailed,
    StoreFailed,
    SubmissionFaulted,
)
from testbed.gateway.initiators import Access, Caller, Known, Unknown
from testbed.gateway.node import Gateway
from testbed.gateway.pages import pull_config
from testbed.gateway.records import StoredPush, Withdrawal
from testbed.gateway.store import PushQuery, Renewal, Store, Written
from testbed.gateway.terminal import Terminal
from testbed.pull.effects import CancelFetch, FetchFromOrigin

_WARNINGS = (
    LeaseLapsed,
    NotificationFailed,
    SmscLost,
    StoreFailed,
    SubmissionFaulted,
    TransactionModeMissed,
)


NOBODY = Caller()
"""Whoever submits without HTTP."""


class GatewayService:
    """Starts and stops one gateway."""

    def __init__(
        self,
        reactor: Any,
        runtime: Runtime,
        config: GatewayConfig,
        *,
        random: Random,
        name: str = "gateway",
        esme: EsmeConfig | None = None,
        open_store: Callable[[], Store] | None = None,
        flush_log: Callable[[], None] | None = None,
    ) -> None:
        """Make a gateway that has not started; ``esme`` reaches its SMSCs, where it has any.

        ``flush_log`` writes what has been logged, before anybody is answered.

        Raises:
            ValueError: the gateway is to ask a core, and no control_url says where it is; or it is
                to have an SMSC, and there is no ``esme``.
            testbed.adapters.tls.TlsError: the certificate or the key cannot be used.
        """
        if config.ask_core and config.control_url is None:
            raise ValueError("the gateway needs the core's control_url, or ask_core set to false")
        if config.has_smsc and esme is None:
            raise ValueError("the gateway is to have an SMSC, and there is no ESME to reach it")
        self._reactor = reactor
        self._runtime = runtime
        self._config = config
        self.gateway = Gateway(config, name=name, random=random)
        """The node; command it through the runtime only."""
        self._route: EsmeRoute | None = None
        if esme is not None:
            own = Random(random.getrandbits(64))
            self._route = EsmeRoute(runtime, esme, random=own, name=f"{name} esme")
            self._route.announced = self._announced
        self._store = StoreThread(
            reactor, open_store or opener(config), written=self._written, failed=self._not_written
        )
        self._tending = StoreTending(
            reactor,
            self._store,
            now=runtime.now,
            renewed=self._renewed,
            asked=self._asked,
            retention=config.retention,
        )
        self._access = Access(config.initiators, seal=token_bytes(32))
        self._tls = None if config.tls is None else server_options(config.tls)
        self._poster = NotificationPoster(
            reactor, timeout=config.notification.timeout, policy=_policy(config.tls)
        )
        self._origins = OriginClient(reactor, pull_config(config))
        self._metrics = GatewayMetrics(self.gateway, self._up)
        self._core: CoreClient | None = None
        if config.ask_core and config.control_url is not None:
            self._core = CoreClient(reactor, config.control_url, token=config.control_token)
        self._site = GatewaySite(
            reactor,
            pap_path=config.pap_path,
            largest_body=config.limits.body,
            viewers=config.viewers,
            submit=self.submit,
            find=self.find,
            search=self._store.search,
            health=self.health,
            metrics=self._metrics.page,
        )
        self._stream: EventStream | None = None
        self._port: IListeningPort | None = None
        self._tls_port: IListeningPort | None = None
        self._submissions: dict[str, tuple[Deferred[HttpAnswer], float]] = {}
        """What to fire, and when the submission came, by key."""
        self._arrived: list[Callable[[float], None]] = []
        """Submissions for the node."""
        self._taking: IDelayedCall | None = None
        self._answers: list[tuple[Deferred[HttpAnswer], HttpAnswer]] = []
        """What to fire at the end of a command."""
        self._commands = 0
        """Commands that are being carried out, each within the one before."""
        self._flush_log = flush_log
        self._keys = count(1)
        self._words = EventWords()
        self._is_running = False
        self._store_failed = False
        self._log = structlog.get_logger("gateway").bind(node=name)

    @property
    def pap_port(self) -> int:
        """The TCP port that initiators reach, which matters where port 0 was configured."""
        if self._port is None:
            raise RuntimeError("the gateway has not started")
        return int(cast(IPv4Address, self._port.getHost()).port)

    @property
    def tls_port(self) -> int:
        """The TCP port that initiators reach over TLS."""
        if self._tls_port is None:
            raise RuntimeError("the gateway has not started, or has no TLS")
        return int(cast(IPv4Address, self._tls_port.getHost()).port)

    async def start(self) -> None:
        """Open the store, take up what it kept, listen.

        Raises:
            testbed.gateway.store.StoreError: the store cannot be opened.
            twisted.internet.error.CannotListenError: a TCP port is taken.
            corenet.adapters.udp.CannotBindError: a UDP port is taken.
        """
        config = self._config
        kept = await self._store.start()
        # Opening may have taken most of the lease that it began.
        asked = self._runtime.now()
        try:
            renewal = await self._store.renew()
        except StoreError:
            await self._store.stop()
            raise
        self._is_running = True
        self._runtime.on_event(self._on_event)
        try:
            self._port = listen_eagerly(self._reactor, config.pap_port, self._site, config.address)
            if config.tls is not None:
                self._tls_port = self._reactor.listenSSL(
                    config.tls.port, self._site, self._tls, interface=config.address
                )
            if self._store.lease is not None:
                self.gateway.renewed(asked + self._store.lease, self._runtime.now())
            if renewal.kept is not None:
                kept = [stored for stored in kept if stored.push.push_id in renewal.kept]
            kept += renewal.adopted
            self.gateway.restore(kept, self._runtime.now())
            self._runtime.attach(
                self.gateway,
                config.attachments,
            )
            if self._route is not None:
                self._route.start()
        except BaseException:
            self._is_running = False  # There is nobody to take leave of.
            await self.stop()
            raise
        if kept:
            self._log.info("pushes taken up again", pushes=len(kept))
        self._tending.start()
        if self._core is not None:
            self._stream = self._core.follow(self._reachable)

    async def stop(self) -> None:
        """Take leave of terminals, stop listening, store what is under way, close.

        The runtime detaches the node, which has stopped by then: what it says last has its time to
        get through a core that stops next.
        """
        self._command(self.gateway.stop)
        self._is_running = False
        if self._taking is not None:
            self._taking.cancel()
            self._taking = None
        ports = (self._port, self._tls_port)
        self._port = self._tls_port = None
        for port in ports:
            if port is not None:
                await _ended(port.stopListening())
        if self._stream is not None:
            self._stream.stop()
        self._tending.stop()
        await self._site.close()
        await self._store.stop()
        await self._poster.close()
        await self._origins.close()
        if self._core is not None:
            await self._core.close()

    def submit(
        self, content_type: str, body: bytes, caller: Caller = NOBODY
    ) -> Deferred[HttpAnswer]:
        """Submit what an initiator posted; fire with what to answer, once it is durable."""
        if not self._is_running:
            return succeed(HttpAnswer(503, "text/plain", b"the gateway is not in service\n"))
        who = self._access.check(caller, self._runtime.now())
        if isinstance(who, Unknown):
            return succeed(unauthorized(who.challenges))
        key = f"submission-{next(self._keys)}"

        def forget(_cancelled: Deferred[Any]) -> None:
            self._submissions.pop(key, None)

        answer: Deferred[HttpAnswer] = Deferred(forget)
        self._submissions[key] = answer, self._reactor.seconds()
        self._arrived.append(partial(self._submit, key, content_type, body, who))
        if self._taking is None:
            self._taking = self._reactor.callLater(0, self._take_submissions)
        return answer

    def _submit(self, key: str, content_type: str, body: bytes, who: Known, now: float) -> None:
        try:
            self.gateway.submit(
                key, content_type, body, now, initiator=who.name, forbidden=who.forbidden
            )
        except Exception:
            waiting = self._submissions.pop(key, None)
            if waiting is not None:
                waiting[0].errback()

    def _take_submissions(self) -> None:
        """Give the node what has arrived in this turn of the reactor, in one turn of its."""
        self._taking = None
        arrived, self._arrived = self._arrived, []
        self._each(arrived)

    async def find(self, push_id: str) -> StoredPush | None:
        """Return a push as it stands: from the gateway while under way, else from the store."""
        return self.gateway.push(push_id) or await self._store.find(push_id)

    async def search(self, query: PushQuery) -> list[StoredPush]:
        """Return the pushes that a query is about, newest first, as they are stored."""
        return await self._store.search(query)

    def health(self) -> dict[str, Any]:
        """Return how the gateway is, and what it has counted."""
        return {
            "status": "store failing" if self._store_failed else "ok",
            "core": "not asked"
            if self._stream is None
            else ("listening" if self._stream.is_open else "not reached"),
            "counters": dict(self.gateway.counters),
        }

    def _up(self) -> dict[str, bool]:
        """Return what the gateway depends on, and whether it works."""
        up = {"store": not self._store_failed}
        if self._stream is not None:
            up["core"] = self._stream.is_open
        return up

    def _command(self, action: Callable[[float], None]) -> None:
        """Command the node; what comes back after the end is dropped, the store has it all."""
        if not self._is_running:
            return
        self._commands += 1
        try:
            self._runtime.command(self.gateway, action)
        finally:
            self._commands -= 1
            if not self._commands:
                self._send_answers()

    def _each(self, actions: Sequence[Callable[[float], None]]) -> None:
        """Command the node several things at once; one that fails does not keep others back."""

        def act(now: float) -> None:
            for action in actions:
                try:
                    action(now)
                except Exception:
                    self._fault(Failure())

        self._command(act)

    def _reachable(self, imsi: str) -> None:
        self._command(lambda now: self.gateway.terminal_reachable(now, imsi=imsi))

    def _announced(self, msisdn: str) -> None:
        self._command(lambda now: self.gateway.terminal_reachable(now, msisdn=msisdn))

    def _renewed(self, renewal: Renewal, until: float) -> None:
        def take(now: float) -> None:
            self.gateway.renewed(until, now, kept=renewal.kept)
            self.gateway.adopt(renewal.adopted, now)

        self._command(take)

    def _asked(self, withdrawals: list[Withdrawal]) -> None:
        self._command(lambda now: self.gateway.withdraw(withdrawals, now))

    # Events and effects

    def _on_event(self, _time: float, name: str, event: Event) -> None:
        if self._route is not None and name == self._route.esme.name:
            self._log_event(event)
        if name != self.gateway.name:
            return
        self._metrics.observe(event)
        if isinstance(event, EffectsQueued):
            if self._is_running:
                self._carry_out_all(self.gateway.take_effects())
            return
        self._log_event(event)

    def _log_event(self, event: Event) -> None:
        words, values = self._words.of(event)
        log = self._log.warning if isinstance(event, _WARNINGS) else self._log.info
        log(words, **values)

    def _carry_out_all(self, effects: list[Effect]) -> None:
        # Together, so that they share a transaction.
        self._store.write(effect for effect in effects if isinstance(effect, Commit))
        for effect in effects:
            if not isinstance(effect, Commit):
                self._carry_out(effect)
        if not self._commands:
            self._send_answers()

    def _carry_out(self, effect: Effect) -> None:
        match effect:
            case AnswerSubmission():
                self._answer(effect)
            case FindPush():
                self._run(self._find(effect))
            case LookUpTerminal():
                self._run(self._look_up(effect))
            case SubmitSms():
                self._submit_sms(effect)
            case LookUpContext():
                self._run(self._look_up_context(effect))
            case RequestActivation():
                self._run(self._activate(effect))
            case PostNotification():
                self._run(self._post(effect))
            case FetchFromOrigin():
                self._run(self._fetch(effect))
            case CancelFetch():
                self._origins.cancel(effect.number)

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        Deferred.fromCoroutine(work).addErrback(self._fault)

    def _fault(self, failure: Failure) -> None:
        self._log.error("fault of the gateway", failure=failure.getTraceback())

    def _answer(self, effect: AnswerSubmission) -> None:
        waiting = self._submissions.pop(effect.key, None)
        if waiting is not None:
            answer, began = waiting
            self._metrics.answered(self._reactor.seconds() - began)
            what = HttpAnswer(effect.status, effect.content_type, effect.body)
            self._answers.append((answer, what))

    def _send_answers(self) -> None:
        """Answer, once the log says what is answered."""
        answers, self._answers = self._answers, []
        if answers and self._flush_log is not None:
            self._flush_log()
        for answer, what in answers:
            if not answer.called:
                answer.callback(what)

    def _written(self, written: Sequence[tuple[Commit, Written]]) -> None:
        """Tell the node of a transaction."""
        self._store_failed = False
        self._each([partial(self._committed, commit.number, became) for commit, became in written])

    def _committed(self, number: int, became: Written, now: float) -> None:
        if became is Written.NOT_HELD:
            self.gateway.commit_not_held(number, now)
        else:
            self.gateway.committed(number, now, duplicate=became is Written.DUPLICATE)

    def _not_written(self, commits: Sequence[Commit], reason: str) -> None:
        self._store_failed = True
        gateway = self.gateway
        self._each([partial(gateway.commit_failed, commit.number, reason) for commit in commits])

    async def _find(self, effect: FindPush) -> None:
        push_id = effect.push_id
        try:
            stored = await self._store.find(push_id)
        except StoreError as error:
            reason = str(error)
            self._command(lambda now: self.gateway.find_failed(push_id, reason, now))
            return
        self._command(lambda now: self.gateway.push_found(push_id, stored, now))

    def _submit_sms(self, effect: SubmitSms) -> None:
        assert self._route is not None
        self._route.submit(
            effect,
            lambda outcome: self._command(
                lambda now: self.gateway.sms_finished(effect.key, outcome, now)
            ),
        )

    async def _look_up(self, effect: LookUpTerminal) -> None:
        assert self._core is not None
        answer = await self._core.look_up(effect.terminal)
        self._command(lambda now: self.gateway.terminal_found(effect.terminal, answer, now))

    async def _look_up_context(self, effect: LookUpContext) -> None:
        assert self._core is not None
        answer = await self._core.look_up(Terminal.by_address(effect.address))
        self._command(lambda now: self.gateway.context_found(effect.number, answer, now))

    async def _activate(self, effect: RequestActivation) -> None:
        assert self._core is not None
        answer = await self._core.activate(effect, self._runtime.now())
        self._command(lambda now: self.gateway.activation_finished(effect.key, answer, now))

    async def _fetch(self, effect: FetchFromOrigin) -> None:
        number = effect.number
        try:
            answer = await self._origins.fetch(effect)
        except FetchError as failed:
            failure, reason = failed.failure, str(failed)
            self._command(lambda now: self.gateway.fetch_failed(number, failure, reason, now))
            return
        self._command(lambda now: self.gateway.fetched(number, answer, now))

    async def _post(self, effect: PostNotification) -> None:
        push_id, number = effect.push_id, effect.number
        try:
            status, body = await self._poster.post(effect)
        except ExchangeError as failed:
            reason = str(failed)
            self._command(
                lambda now: self.gateway.notification_failed(push_id, number, reason, now)
            )
            return
        self._command(
            lambda now: self.gateway.notification_answered(push_id, number, status, body, now)
        )


def _policy(tls: TlsConfig | None) -> ClientPolicy | None:
    """Return how results are reported over TLS: as the system does, unless there is a CA."""
    if tls is None or tls.ca is None:
        return None
    return ClientPolicy(ca=tls.ca, certificate=tls.certificate, key=tls.key)


async def _ended(stopping: object) -> None:
    if isinstance(stopping, Deferred):
        await stopping
