"""Posts result notifications to initiators over HTTP, following no redirect."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from treq.client import HTTPClient
from twisted.internet.defer import Deferred, DeferredSemaphore
from twisted.web.client import Agent, HTTPConnectionPool
from twisted.web.http_headers import Headers

from testbed.adapters.http_body import read_body
from testbed.gateway.effects import PostNotification

AT_ONCE_PER_HOST = 8
LARGEST_ANSWER = 64 * 1024


class NotificationPoster:
    """Posts to any number of initiators; a slow one holds up nobody but itself."""

    def __init__(self, reactor: Any, *, timeout: float) -> None:
        """``timeout`` is the seconds that an initiator has to answer."""
        self._reactor = reactor
        self._timeout = timeout
        self._pool = HTTPConnectionPool(reactor)
        self._pool.maxPersistentPerHost = AT_ONCE_PER_HOST
        self._http = HTTPClient(Agent(reactor, pool=self._pool, connectTimeout=timeout))
        self._hosts: dict[str, DeferredSemaphore] = {}

    async def post(self, notification: PostNotification) -> tuple[int, bytes]:
        """POST; return the HTTP status and body. Raises whatever stood in the way."""
        host = urlsplit(notification.url).netloc.lower()
        turn = self._hosts.setdefault(host, DeferredSemaphore(AT_ONCE_PER_HOST))
        await turn.acquire()
        try:
            exchange = Deferred.fromCoroutine(self._exchange(notification))
            exchange.addTimeout(self._timeout, self._reactor)
            return await exchange
        finally:
            turn.release()
            if turn.tokens == turn.limit:
                self._hosts.pop(host, None)

    async def close(self) -> None:
        """Close idle connections."""
        await self._pool.closeCachedConnections()

    async def _exchange(self, notification: PostNotification) -> tuple[int, bytes]:
        response = await self._http.post(
            notification.url,
            data=notification.body,
            headers=Headers({"Content-Type": ["application/xml"], "Accept": ["application/xml"]}),
            allow_redirects=False,
        )
        return response.code, await read_body(response, LARGEST_ANSWER)
