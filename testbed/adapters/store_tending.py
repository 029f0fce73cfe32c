"""What a gateway's store wants from time to time: lease renewed, requests read, old pushes pruned.

Theory of operation. A lease is renewed three times before it would lapse, and its time counts
from before the asking, so that the gateway never thinks it longer than the store does. What the
store hands over with a renewal goes to the gateway; where there is more, it is fetched at once.
What other gateways ask for is read often, because initiators wait for it.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

import structlog
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall

from corenet.adapters.sqlite_file import StoreError
from testbed.adapters.store_thread import StoreThread
from testbed.gateway.keeping.records import Withdrawal
from testbed.gateway.keeping.store import PRUNED_AT_ONCE, Renewal

PRUNING_INTERVAL = 60.0
"""Seconds between two looks for pushes that are old enough."""
REQUESTS_INTERVAL = 0.5
"""Seconds between two looks for what other gateways ask for."""
RETRY_INTERVAL = 1.0
"""Seconds at most until a renewal that failed is tried again."""


class StoreTending:
    """Tends one store that has been started."""

    def __init__(
        self,
        reactor: Any,
        store: StoreThread,
        *,
        now: Callable[[], float],
        renewed: Callable[[Renewal, float], None],
        asked: Callable[[list[Withdrawal]], None],
        retention: float | None,
    ) -> None:
        """``now`` tells seconds since 1970; ``renewed`` gets each renewal and its lease's end.

        ``asked`` gets what other gateways want withdrawn, as often as it is found.
        """
        self._reactor = reactor
        self._store = store
        self._now = now
        self._renewed = renewed
        self._asked = asked
        self._retention = retention
        self._calls: dict[str, IDelayedCall] = {}
        self._is_running = False
        self._log = structlog.get_logger("gateway")

    def start(self) -> None:
        """Begin; the lease was just begun by the store's opening."""
        self._is_running = True
        lease = self._store.lease
        if lease is not None:
            self._later("renew", lease / 3, lambda: self._renew(lease))
            self._later("requests", REQUESTS_INTERVAL, self._read_requests)
        if self._retention is not None:
            self._later("prune", PRUNING_INTERVAL, self._prune)

    def stop(self) -> None:
        """End; what is under way in the store comes to its end without being heard."""
        self._is_running = False
        for call in self._calls.values():
            if call.active():
                call.cancel()

    def _later(
        self, name: str, seconds: float, work: Callable[[], Coroutine[Any, Any, None]]
    ) -> None:
        def run() -> None:
            Deferred.fromCoroutine(work()).addErrback(
                lambda failure: self._log.error(
                    "fault of the gateway", failure=failure.getTraceback()
                )
            )

        if self._is_running:
            self._calls[name] = self._reactor.callLater(seconds, run)

    async def _renew(self, lease: float) -> None:
        asked = self._now()
        wait = lease / 3
        try:
            renewal = await self._store.renew()
        except StoreError as error:
            wait = min(wait, RETRY_INTERVAL)
            if self._is_running:
                self._log.warning("lease not renewed", reason=str(error))
        else:
            if self._is_running:
                self._renewed(renewal, asked + lease)
            if renewal.more:
                wait = 0.0
        self._later("renew", wait, lambda: self._renew(lease))

    async def _read_requests(self) -> None:
        try:
            asked = await self._store.withdrawals()
        except StoreError:
            asked = []  # The renewal says so.
        if asked and self._is_running:
            self._asked(asked)
        self._later("requests", REQUESTS_INTERVAL, self._read_requests)

    async def _prune(self) -> None:
        assert self._retention is not None
        wait = PRUNING_INTERVAL
        try:
            pruned = await self._store.prune(self._now() - self._retention)
        except StoreError as error:
            self._log.warning("old pushes not pruned", reason=str(error))
        else:
            if pruned == PRUNED_AT_ONCE:
                wait = 0.0
            if pruned:
                self._log.info("old pushes pruned", pushes=pruned)
        self._later("prune", wait, self._prune)
