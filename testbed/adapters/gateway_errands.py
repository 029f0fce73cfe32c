"""What a gateway wants from others: its core, its SMSCs, origin servers, initiators, the store.

Each errand is answered by a command of the gateway, whatever came of it.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

import structlog
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from corenet.adapters.sqlite_file import StoreError
from testbed.adapters.core_client import CoreClient, EventStream
from testbed.adapters.http_client import ExchangeError
from testbed.adapters.notification_poster import NotificationPoster
from testbed.adapters.origin_client import FetchError, OriginClient
from testbed.adapters.store_thread import StoreThread
from testbed.adapters.tls import ClientPolicy
from testbed.gateway.carriers.esme_route import EsmeRoute
from testbed.gateway.carriers.pages import pull_config
from testbed.gateway.config import GatewayConfig, TlsConfig
from testbed.gateway.effects import (
    FindPush,
    LookUpContext,
    LookUpTerminal,
    PostNotification,
    RequestActivation,
    SubmitSms,
)
from testbed.gateway.node import Gateway
from testbed.gateway.terminal import Terminal
from testbed.pull.effects import CancelFetch, FetchFromOrigin

Errand = (
    FindPush
    | LookUpTerminal
    | LookUpContext
    | RequestActivation
    | SubmitSms
    | PostNotification
    | FetchFromOrigin
    | CancelFetch
)


class Errands:
    """Runs the errands of one gateway."""

    def __init__(
        self,
        reactor: Any,
        config: GatewayConfig,
        gateway: Gateway,
        *,
        store: StoreThread,
        route: EsmeRoute | None,
        now: Callable[[], float],
        command: Callable[[Callable[[float], None]], None],
    ) -> None:
        """``route`` leads to the SMSCs, if there are any; ``command`` commands the gateway."""
        self._gateway = gateway
        self._store = store
        self._route = route
        self._now = now
        self._command = command
        self._poster = NotificationPoster(
            reactor, timeout=config.notification.timeout, policy=_policy(config.tls)
        )
        self._origins = OriginClient(reactor, pull_config(config))
        self._core: CoreClient | None = None
        if config.ask_core and config.control_url is not None:
            self._core = CoreClient(reactor, config.control_url, token=config.control_token)
        self._log = structlog.get_logger("gateway").bind(node=gateway.name)

    def run(self, errand: Errand) -> None:
        """Begin with an errand."""
        match errand:
            case FindPush():
                self._begin(self._find(errand))
            case LookUpTerminal():
                self._begin(self._look_up(errand))
            case SubmitSms():
                self._submit_sms(errand)
            case LookUpContext():
                self._begin(self._look_up_context(errand))
            case RequestActivation():
                self._begin(self._activate(errand))
            case PostNotification():
                self._begin(self._post(errand))
            case FetchFromOrigin():
                self._begin(self._fetch(errand))
            case CancelFetch():
                self._origins.cancel(errand.number)

    def follow_core(self, reachable: Callable[[str], None]) -> EventStream | None:
        """Have the core say which terminals are back, where it is asked at all."""
        return None if self._core is None else self._core.follow(reachable)

    async def close(self) -> None:
        """Close all connections."""
        await self._poster.close()
        await self._origins.close()
        if self._core is not None:
            await self._core.close()

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        Deferred.fromCoroutine(work).addErrback(self._fault)

    def _fault(self, failure: Failure) -> None:
        self._log.error("fault of the gateway", failure=failure.getTraceback())

    async def _find(self, effect: FindPush) -> None:
        push_id = effect.push_id
        try:
            stored = await self._store.find(push_id)
        except StoreError as error:
            reason = str(error)
            self._command(lambda now: self._gateway.find_failed(push_id, reason, now))
            return
        self._command(lambda now: self._gateway.push_found(push_id, stored, now))

    def _submit_sms(self, effect: SubmitSms) -> None:
        assert self._route is not None
        self._route.submit(
            effect,
            lambda outcome: self._command(
                lambda now: self._gateway.sms_finished(effect.key, outcome, now)
            ),
        )

    async def _look_up(self, effect: LookUpTerminal) -> None:
        assert self._core is not None
        answer = await self._core.look_up(effect.terminal)
        self._command(lambda now: self._gateway.terminal_found(effect.terminal, answer, now))

    async def _look_up_context(self, effect: LookUpContext) -> None:
        assert self._core is not None
        answer = await self._core.look_up(Terminal.by_address(effect.address))
        self._command(lambda now: self._gateway.context_found(effect.number, answer, now))

    async def _activate(self, effect: RequestActivation) -> None:
        assert self._core is not None
        answer = await self._core.activate(effect, self._now())
        self._command(lambda now: self._gateway.activation_finished(effect.key, answer, now))

    async def _fetch(self, effect: FetchFromOrigin) -> None:
        number = effect.number
        try:
            answer = await self._origins.fetch(effect)
        except FetchError as failed:
            failure, reason = failed.failure, str(failed)
            self._command(lambda now: self._gateway.fetch_failed(number, failure, reason, now))
            return
        self._command(lambda now: self._gateway.fetched(number, answer, now))

    async def _post(self, effect: PostNotification) -> None:
        push_id, number = effect.push_id, effect.number
        try:
            status, body = await self._poster.post(effect)
        except ExchangeError as failed:
            reason = str(failed)
            self._command(
                lambda now: self._gateway.notification_failed(push_id, number, reason, now)
            )
            return
        self._command(
            lambda now: self._gateway.notification_answered(push_id, number, status, body, now)
        )


def _policy(tls: TlsConfig | None) -> ClientPolicy | None:
    """Return how results are reported over TLS: as the system does, unless there is a CA."""
    if tls is None or tls.ca is None:
        return None
    return ClientPolicy(ca=tls.ca, certificate=tls.certificate, key=tls.key)
