"""Posts result notifications to initiators over HTTP."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from twisted.internet.defer import DeferredSemaphore
from twisted.web.http_headers import Headers
from twisted.web.iweb import IPolicyForHTTPS

from testbed.adapters.http_client import BoundedClient
from testbed.gateway.effects import PostNotification

AT_ONCE_PER_HOST = 8
LARGEST_ANSWER = 64 * 1024

_HEADERS = Headers({"Content-Type": ["application/xml"], "Accept": ["application/xml"]})


class NotificationPoster:
    """Posts to any number of initiators; a slow one holds up nobody but itself."""

    def __init__(
        self, reactor: Any, *, timeout: float, policy: IPolicyForHTTPS | None = None
    ) -> None:
        """``timeout`` is the seconds that an initiator has to answer; ``policy`` is for https."""
        self._timeout = timeout
        self._client = BoundedClient(
            reactor,
            connections=AT_ONCE_PER_HOST,
            largest_answer=LARGEST_ANSWER,
            policy=policy,
        )
        self._hosts: dict[str, DeferredSemaphore] = {}

    async def post(self, notification: PostNotification) -> tuple[int, bytes]:
        """POST; return the HTTP status and body.

        Raises:
            testbed.adapters.http_client.ExchangeError: there is no answer.
        """
        host = urlsplit(notification.url).netloc.lower()
        turn = self._hosts.setdefault(host, DeferredSemaphore(AT_ONCE_PER_HOST))
        await turn.acquire()
        try:
            return await self._client.exchange(
                "POST",
                notification.url,
                headers=_HEADERS,
                data=notification.body,
                timeout=self._timeout,
            )
        finally:
            turn.release()
            if turn.tokens == turn.limit:
                self._hosts.pop(host, None)

    async def close(self) -> None:
        """Break off what is under way."""
        await self._client.close()
