"""The push initiator on Twisted: posts pushes, receives result notifications over HTTP."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from typing import Any, NoReturn
from urllib.parse import urlsplit

import treq
from treq.client import HTTPClient
from twisted.internet import defer, error
from twisted.internet.defer import Deferred
from twisted.protocols.policies import ProtocolWrapper, WrappingFactory
from twisted.web.client import (
    Agent,
    BrowserLikePolicyForHTTPS,
    HTTPConnectionPool,
    RequestTransmissionFailed,
    ResponseFailed,
)
from twisted.web.http import (
    ACCEPTED,
    NOT_ALLOWED,
    NOT_FOUND,
    REQUEST_ENTITY_TOO_LARGE,
    UNAUTHORIZED,
)
from twisted.web.http_headers import Headers
from twisted.web.iweb import IPolicyForHTTPS
from twisted.web.resource import Resource
from twisted.web.server import Request, Site

from testbed.codecs import pap
from testbed.codecs.pap import PapError
from testbed.initiator.login import Login
from testbed.initiator.submission import HttpMessage, read_answer, take_notification

_MOST_OCTETS = 1 << 20
_MOST_UNCLAIMED = 1000
_IDLE_SECONDS = 30


class SubmissionError(Exception):
    """A push could not be submitted: no connection, timeout, or no PAP document came back.

    ``status`` is the HTTP status where there was one.
    """

    def __init__(self, text: str, status: int | None = None) -> None:
        self.text = text
        self.status = status
        super().__init__(text)


class SubmissionClient:
    """Posts pushes to one gateway, over connections that stay open between them.

    ``reactor`` provides TCP connections and time. ``timeout`` is in seconds and covers a whole
    exchange. ``login`` answers a gateway that asks for name and password; ``policy`` says whom to
    trust over TLS, and what to show. ValueError where ``url`` is not one of HTTP.
    """

    def __init__(
        self,
        reactor: Any,
        url: str,
        *,
        timeout: float = 10.0,
        login: Login | None = None,
        policy: IPolicyForHTTPS | None = None,
    ) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"{url} is not an http URL")
        self._login = login
        self._target = f"{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}"
        self._reactor = reactor
        self._url = url
        self._timeout = timeout
        self._pool = HTTPConnectionPool(reactor)
        self._pool.cachedConnectionTimeout = _IDLE_SECONDS
        agent = Agent(
            reactor, policy or BrowserLikePolicyForHTTPS(), connectTimeout=timeout, pool=self._pool
        )
        self._http = HTTPClient(agent)

    async def submit(self, message: HttpMessage) -> pap.PushResponse | pap.BadMessageResponse:
        """POST ``message``; return the gateway's answer or raise SubmissionError."""
        exchange = Deferred.fromCoroutine(self._exchange(message))
        exchange.addTimeout(self._timeout, self._reactor, self._timed_out)
        try:
            status, body = await exchange
        except (RequestTransmissionFailed, ResponseFailed) as failed:
            reasons = ", ".join(reason.getErrorMessage() for reason in failed.reasons)
            raise SubmissionError(f"{self._url} broke off: {reasons}") from failed
        except (error.ConnectError, error.ConnectionClosed, OSError) as failed:
            raise SubmissionError(f"{self._url} cannot be reached: {failed}") from failed
        if status == UNAUTHORIZED:
            why = "asks for a name and password" if self._login is None else "does not know them"
            raise SubmissionError(f"{self._url} {why}", status)
        try:
            return read_answer(body)
        except PapError as failed:
            reason = f"no PAP answer ({failed})" if status < 300 else "no PAP document"
            raise SubmissionError(
                f"{self._url} answered HTTP {status} with {reason}", status
            ) from failed

    def _timed_out(self, _result: object, seconds: float) -> NoReturn:
        raise SubmissionError(f"{self._url} has not answered for {seconds:g} s")

    async def _exchange(self, message: HttpMessage) -> tuple[int, bytes]:
        """POST, and once more where the gateway asks who we are and we can tell."""
        login = self._login
        if login is None:
            status, _, body = await self._post(message, None)
            return status, body
        said = login.authorization("POST", self._target)
        status, challenges, body = await self._post(message, said)
        if status == UNAUTHORIZED and login.challenged(challenges, said):
            said = login.authorization("POST", self._target)
            status, _, body = await self._post(message, said)
        return status, body

    async def _post(
        self, message: HttpMessage, authorization: str | None
    ) -> tuple[int, list[str], bytes]:
        headers = Headers({"Content-Type": [message.content_type], "Accept": ["application/xml"]})
        if authorization is not None:
            headers.setRawHeaders("Authorization", [authorization])
        response = await self._http.post(self._url, data=message.body, headers=headers)
        body = bytearray()

        def collect(data: bytes) -> None:
            # What is too much is read to its end but not kept; the timeout bounds it.
            if len(body) <= _MOST_OCTETS:
                body.extend(data)

        await treq.collect(response, collect)
        if len(body) > _MOST_OCTETS:
            raise SubmissionError(f"{self._url} answers more than {_MOST_OCTETS} octets")
        challenges = response.headers.getRawHeaders("WWW-Authenticate", [])
        return response.code, challenges, bytes(body)

    async def close(self) -> None:
        """Close idle connections."""
        await self._pool.closeCachedConnections()


class NotificationReceiver:
    """Listens for result notifications and answers each with resultnotification-response.

    Whoever waits for a push's notification gets it; what nobody waits for yet is kept, the last
    thousand of it. ``on_notification`` is called for each as well.
    """

    def __init__(
        self,
        reactor: Any,
        *,
        interface: str = "127.0.0.1",
        port: int = 0,
        path: str = "/notifications",
        on_notification: Callable[[pap.ResultNotification], None] | None = None,
    ) -> None:
        self._reactor = reactor
        self._interface = interface
        self._wanted_port = port
        self._path = "/" + path.strip("/")
        self._on_notification = on_notification
        self._unclaimed: deque[pap.ResultNotification] = deque(maxlen=_MOST_UNCLAIMED)
        self._waiting: list[tuple[str, Deferred[pap.ResultNotification]]] = []
        self._listening: Any = None
        self._connections = _Connections(self._site())

    def _site(self) -> Site:
        resource = _Notifications(self._path, self._take)
        return Site(resource, requestFactory=_BoundedRequest, reactor=self._reactor)

    def start(self) -> None:
        """Listen; port 0 takes a free one. CannotListenError where the port is taken."""
        self._listening = self._reactor.listenTCP(
            self._wanted_port, self._connections, interface=self._interface
        )

    @property
    def url(self) -> str:
        """What to give as ppg-notify-requested-to; only after ``start``."""
        host = f"[{self._interface}]" if ":" in self._interface else self._interface
        return f"http://{host}:{self._listening.getHost().port}{self._path}"

    def wait_for(self, push_id: str, timeout: float) -> Deferred[pap.ResultNotification]:
        """Fire with the next notification for ``push_id`` that nobody has taken yet.

        Fails with twisted.internet.defer.TimeoutError after ``timeout`` seconds.
        """
        for notification in self._unclaimed:
            if notification.push_id == push_id:
                self._unclaimed.remove(notification)
                return defer.succeed(notification)
        waiting: Deferred[pap.ResultNotification] = Deferred(self._forget)
        self._waiting.append((push_id, waiting))
        if math.isfinite(timeout):
            waiting.addTimeout(timeout, self._reactor)
        return waiting

    def _forget(self, cancelled: Deferred[pap.ResultNotification]) -> None:
        self._waiting = [wait for wait in self._waiting if wait[1] is not cancelled]

    def _take(self, notification: pap.ResultNotification) -> None:
        if self._on_notification is not None:
            self._on_notification(notification)
        for place, (push_id, waiting) in enumerate(self._waiting):
            if push_id == notification.push_id:
                del self._waiting[place]
                waiting.callback(notification)
                return
        self._unclaimed.append(notification)

    async def stop(self) -> None:
        """Stop listening, close connections, cancel waits."""
        listening, self._listening = self._listening, None
        if listening is not None:
            await defer.maybeDeferred(listening.stopListening)
        await self._connections.close()
        for _, waiting in list(self._waiting):
            waiting.cancel()


class _Notifications(Resource):
    """The resource that gateways post to."""

    def __init__(self, path: str, take: Callable[[pap.ResultNotification], None]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.isLeaf = True
        self._path = path.encode()
        self._take = take

    def render(self, request: _BoundedRequest) -> bytes:
        """Answer one notification; HTTP 202 whatever the PAP code says (WAP-247 §8)."""
        if request.path != self._path:
            request.setResponseCode(NOT_FOUND)
            return b""
        if request.method != b"POST":
            request.setResponseCode(NOT_ALLOWED)
            request.responseHeaders.setRawHeaders("Allow", ["POST"])
            return b""
        if request.too_long:
            request.setResponseCode(REQUEST_ENTITY_TOO_LARGE)
            return b""
        content_type = request.getHeader("Content-Type") or ""
        receipt = take_notification(content_type, request.body())
        request.setResponseCode(ACCEPTED)
        request.responseHeaders.setRawHeaders("Content-Type", [receipt.answer.content_type])
        if receipt.notification is not None:
            self._take(receipt.notification)
        return receipt.answer.body


class _BoundedRequest(Request):
    """A request whose body is kept up to a limit only."""

    too_long = False

    def handleContentChunk(self, data: bytes) -> None:
        assert self.content is not None
        if self.content.tell() + len(data) > _MOST_OCTETS:
            self.too_long = True
        else:
            super().handleContentChunk(data)  # type: ignore[no-untyped-call]

    def body(self) -> bytes:
        """Return the body."""
        assert self.content is not None
        return bytes(self.content.read())


class _Connections(WrappingFactory):
    """Knows the connections that are open, so that they can be closed."""

    def __init__(self, site: Site) -> None:
        super().__init__(site)  # type: ignore[no-untyped-call]
        self._all_closed: Deferred[None] | None = None

    def unregisterProtocol(self, p: ProtocolWrapper) -> None:
        super().unregisterProtocol(p)  # type: ignore[no-untyped-call]
        if self._all_closed is not None and not self.protocols:
            self._all_closed.callback(None)

    async def close(self) -> None:
        """Close all connections and wait until they are."""
        if self.protocols:
            self._all_closed = Deferred()
            for protocol in list(self.protocols):
                protocol.transport.abortConnection()
            await self._all_closed
            self._all_closed = None
