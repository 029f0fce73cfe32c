"""The push gateway as a service: its node on a runtime, its store, its HTTP faces.

Theory of operation. The node says what it wants done by effects; ``EffectsQueued`` tells when to
take them. Each is carried out here, and answered by a command through the runtime. The store works
in its own thread, everything else in the reactor.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from random import Random
from secrets import token_bytes
from typing import Any, cast

import structlog
from twisted.internet.address import IPv4Address
from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IListeningPort
from twisted.python.failure import Failure

from corenet.adapters.sqlite_file import StoreError
from corenet.interfaces.node import Event
from corenet.interfaces.runtime import Runtime
from testbed.adapters.core_client import EventStream
from testbed.adapters.eager_port import listen_eagerly
from testbed.adapters.event_words import EventWords
from testbed.adapters.gateway_errands import Errands
from testbed.adapters.gateway_http import GatewaySite
from testbed.adapters.gateway_metrics import GatewayMetrics
from testbed.adapters.store_tending import StoreTending
from testbed.adapters.store_thread import StoreThread, opener
from testbed.adapters.submissions import Submissions
from testbed.adapters.tls import server_options
from testbed.esme.config import EsmeConfig
from testbed.esme.events import SmscLost, TransactionModeMissed
from testbed.gateway.carriers.esme_route import EsmeRoute
from testbed.gateway.config import GatewayConfig
from testbed.gateway.effects import (
    AnswerSubmission,
    Commit,
    Effect,
)
from testbed.gateway.events import (
    EffectsQueued,
    LeaseLapsed,
    NotificationFailed,
    StoreFailed,
    SubmissionFaulted,
)
from testbed.gateway.initiators import Access, Caller, Unknown
from testbed.gateway.keeping.records import StoredPush, Withdrawal
from testbed.gateway.keeping.store import PushQuery, Renewal, Store, Written
from testbed.gateway.node import Gateway
from testbed.gateway.submissions.answers import HttpAnswer, unauthorized

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
        self._route = None if esme is None else self._make_route(esme, random, name)
        self._store = StoreThread(
            reactor, open_store or opener(config), written=self._written, failed=self._not_written
        )
        self._tending = self._make_tending()
        self._access = Access(config.initiators, seal=token_bytes(32))
        self._tls = None if config.tls is None else server_options(config.tls)
        self._errands = Errands(
            reactor,
            config,
            self.gateway,
            store=self._store,
            route=self._route,
            now=runtime.now,
            command=self._command,
        )
        self._metrics = GatewayMetrics(self.gateway, self._up)
        self._site = self._make_site()
        self._stream: EventStream | None = None
        self._port: IListeningPort | None = None
        self._tls_port: IListeningPort | None = None
        self._submissions = Submissions(
            reactor, deliver=self._each, answered=self._metrics.answered, flush_log=flush_log
        )
        self._commands = 0
        """Commands that are being carried out, each within the one before."""
        self._words = EventWords()
        self._is_running = False
        self._store_failed = False
        self._log = structlog.get_logger("gateway").bind(node=name)

    def _make_route(self, esme: EsmeConfig, random: Random, name: str) -> EsmeRoute:
        own = Random(random.getrandbits(64))
        route = EsmeRoute(self._runtime, esme, random=own, name=f"{name} esme")
        route.announced = self._announced
        return route

    def _make_tending(self) -> StoreTending:
        return StoreTending(
            self._reactor,
            self._store,
            now=self._runtime.now,
            renewed=self._renewed,
            asked=self._asked,
            retention=self._config.retention,
        )

    def _make_site(self) -> GatewaySite:
        config = self._config
        return GatewaySite(
            self._reactor,
            pap_path=config.pap_path,
            largest_body=config.limits.body,
            viewers=config.viewers,
            submit=self.submit,
            find=self.find,
            search=self._store.search,
            health=self.health,
            metrics=self._metrics.page,
        )

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
            testbed.gateway.keeping.store.StoreError: the store cannot be opened.
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
            self._port = listen_eagerly(
                self._reactor, config.pap_port, self._site, config.listens_at
            )
            if config.tls is not None:
                self._tls_port = self._reactor.listenSSL(
                    config.tls.port, self._site, self._tls, interface=config.listens_at
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
        self._stream = self._errands.follow_core(self._reachable)

    async def stop(self) -> None:
        """Take leave of terminals, stop listening, store what is under way, close.

        The runtime detaches the node, which has stopped by then: what it says last has its time to
        get through a core that stops next.
        """
        self._command(self.gateway.stop)
        self._is_running = False
        self._submissions.stop()
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
        await self._errands.close()

    def submit(
        self, content_type: str, body: bytes, caller: Caller = NOBODY
    ) -> Deferred[HttpAnswer]:
        """Submit what an initiator posted; fire with what to answer, once it is durable."""
        if not self._is_running:
            return succeed(HttpAnswer(503, "text/plain", b"the gateway is not in service\n"))
        who = self._access.check(caller, self._runtime.now())
        if isinstance(who, Unknown):
            return succeed(unauthorized(who.challenges))
        return self._submissions.add(
            lambda key, now: self.gateway.submit(
                key, content_type, body, now, initiator=who.name, forbidden=who.forbidden
            )
        )

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
                self._submissions.send_answers()

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
            match effect:
                case Commit():
                    pass
                case AnswerSubmission():
                    self._submissions.answer(effect)
                case errand:
                    self._errands.run(errand)
        if not self._commands:
            self._submissions.send_answers()

    def _fault(self, failure: Failure) -> None:
        self._log.error("fault of the gateway", failure=failure.getTraceback())

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


async def _ended(stopping: object) -> None:
    if isinstance(stopping, Deferred):
        await stopping
