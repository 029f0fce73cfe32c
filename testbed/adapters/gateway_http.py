"""The gateway's HTTP face: PAP for initiators, status for people.

``POST`` to the PAP path takes a submission, ``GET /v1/pushes/{push_id}`` shows a push with its
timeline, ``GET /v1/pushes?state=…`` lists pushes, newest first (``status.read_query``),
``GET /health`` tells whether the gateway is well, ``GET /metrics`` is for Prometheus. What is no
PAP is answered with 4xx and a line of text, never with a traceback.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Coroutine
from functools import cache, lru_cache
from time import time
from typing import Any, Protocol, cast
from urllib.parse import unquote

import structlog
from twisted.internet.defer import CancelledError, Deferred, maybeDeferred
from twisted.internet.interfaces import IAddress, ISSLTransport, ITCPTransport
from twisted.internet.protocol import Factory, connectionDone
from twisted.python.failure import Failure
from twisted.web.http import RESPONSES, HTTPChannel, Request, datetimeToString

from corenet.adapters.metrics import METRICS_TYPE
from corenet.adapters.sqlite_file import StoreError
from testbed.adapters.tls import names_in
from testbed.codecs import whole_request
from testbed.codecs.hosts import is_listed
from testbed.codecs.whole_request import WholeRequest
from testbed.gateway.initiators import Caller
from testbed.gateway.keeping.records import StoredPush
from testbed.gateway.keeping.status import as_plain, read_query
from testbed.gateway.keeping.store import PushQuery
from testbed.gateway.submissions.answers import HttpAnswer

LISTING = "/v1/pushes"
PUSHES = f"{LISTING}/"
HEALTH = "/health"
METRICS = "/metrics"
IDLE_SECONDS = 60
"""Seconds after which a client that sends nothing is let go."""
TEXT = "text/plain; charset=utf-8"
JSON = "application/json"

_log = structlog.get_logger("gateway")

Submit = Callable[[str, bytes, Caller], Deferred[HttpAnswer]]
"""Takes Content-Type, body and maker of a submission; fires with what to answer, once it may be.

Cancelled where the client goes away before.
"""
Find = Callable[[str], Coroutine[Any, Any, StoredPush | None]]
"""Takes a push-id; returns the push as it stands."""
Search = Callable[[PushQuery], Coroutine[Any, Any, list[StoredPush]]]
"""Takes a query; returns the pushes as they are stored."""
Metrics = Callable[[], bytes]
"""Returns the metrics in Prometheus' text format."""
Health = Callable[[], dict[str, Any]]
"""Returns what to show; the member "status" is "ok" when all is well."""


class GatewaySite(Factory):
    """What a listening port serves; knows its connections, so that they can be closed.

    A request that comes whole and plain is read at once (``whole_request``). Twisted reads all
    others; what it would add for every request (forms, cookies, an access log, resources) is left
    out, because it takes longer than all that a push is about.
    """

    noisy = False

    def __init__(
        self,
        reactor: Any,
        *,
        pap_path: str,
        largest_body: int,
        viewers: tuple[str, ...],
        submit: Submit,
        find: Find,
        search: Search,
        health: Health,
        metrics: Metrics,
    ) -> None:
        """``largest_body`` is in octets; a request with a larger one is broken off.

        ``viewers`` are the hosts that may look at anything.
        """
        self.reactor = reactor
        self.answers = _Answers(pap_path, viewers, submit, find, search, health, metrics)
        self.largest_body = largest_body
        self._channels: set[_Channel] = set()
        self._closed: Deferred[None] | None = None

    def buildProtocol(self, _addr: object) -> HTTPChannel:
        """Serve a connection (Twisted calls this)."""
        return _Channel(self)

    def add(self, channel: _Channel) -> None:
        """Know a connection."""
        self._channels.add(channel)

    def discard(self, channel: _Channel) -> None:
        """Forget a connection that has ended."""
        self._channels.discard(channel)
        if self._closed is not None and not self._channels:
            closed, self._closed = self._closed, None
            closed.callback(None)

    async def close(self) -> None:
        """Break off all connections, and wait until they have ended."""
        if self._channels:
            closed: Deferred[None] = Deferred()
            self._closed = closed
            for channel in list(self._channels):
                channel.abort()
            await closed


class _Exchange(Protocol):
    """A request and its answer."""

    method: bytes
    uri: bytes
    path: bytes
    answering: Deferred[HttpAnswer] | None
    """What the client waits for."""

    @property
    def body(self) -> bytes:
        """The whole body."""
        ...

    @property
    def peer_address(self) -> str:
        """The IP address that the request comes from."""
        ...

    @property
    def certificate(self) -> tuple[str, ...]:
        """The names in the client's certificate."""
        ...

    def header(self, name: bytes) -> str | None:
        """Return the last value of a header, or None; octets that are no UTF-8 are marked."""
        ...

    def answer(self, answer: HttpAnswer, more: str = "") -> None:
        """Write the answer, whole; ``more`` is further lines of its head."""
        ...


class _Submission:
    """A POST that came whole, and its answer (satisfies ``_Exchange``)."""

    __slots__ = ("_channel", "_fields", "answering", "body", "method", "path", "uri")

    def __init__(self, channel: _Channel, request: WholeRequest) -> None:
        self._channel: _Channel | None = channel
        self._fields = request.fields
        self.method = b"POST"
        self.uri = request.target
        self.path = request.target.partition(b"?")[0]
        self.body = request.body
        self.answering: Deferred[HttpAnswer] | None = None

    @property
    def peer_address(self) -> str:
        """The IP address that the request comes from."""
        return "" if self._channel is None else self._channel.peer_address

    @property
    def certificate(self) -> tuple[str, ...]:
        """The names in the client's certificate."""
        return () if self._channel is None else self._channel.certificate

    def header(self, name: bytes) -> str | None:
        """Return the value of a header, or None."""
        value = self._fields.get(name)
        return None if value is None else value.decode("ascii")

    def answer(self, answer: HttpAnswer, more: str = "") -> None:
        """Write the answer, whole; ``more`` is further lines of its head."""
        channel, self._channel = self._channel, None
        if channel is not None:
            channel.write(_head(answer, more) + answer.body)  # type: ignore[no-untyped-call]
            channel.requestDone(self)

    def connectionLost(self, _reason: Failure) -> None:
        """Take back what was asked, for the client has gone (the channel calls this)."""
        self._channel = None
        if self.answering is not None:
            self.answering.cancel()


class _TwistedExchange(Request):
    """A request that Twisted has read, and its answer (satisfies ``_Exchange``).

    It is broken off once the body is larger than the site allows.
    """

    def __init__(self, channel: _Channel, _queued: object = None) -> None:
        super().__init__(channel)
        self._limit = channel.site.largest_body
        self._answers = channel.site.answers
        self._pieces: list[bytes] = []
        self._octets = 0
        self._refused = False
        self.answering: Deferred[HttpAnswer] | None = None
        """What the client waits for."""

    def parseCookies(self) -> None:
        """Leave cookies alone (Twisted calls this)."""

    def gotLength(self, length: int | None) -> None:
        """Refuse a body that is announced too large (Twisted calls this)."""
        if length is not None and length > self._limit:
            self._break_off()

    def handleContentChunk(self, data: bytes) -> None:
        """Take a piece of the body (Twisted calls this)."""
        self._octets += len(data)
        if self._refused:
            return
        if self._octets > self._limit:
            self._break_off()
        else:
            self._pieces.append(data)

    def requestReceived(self, command: bytes, path: bytes, version: bytes) -> None:
        """Answer, unless the request was refused (Twisted calls this)."""
        if self._refused:
            return
        self.method, self.uri, self.clientproto = command, path, version
        self.path = path.partition(b"?")[0]
        self._answers.begin(self)

    def connectionLost(self, reason: Failure) -> None:
        """Take back what was asked, for the client has gone (Twisted calls this)."""
        super().connectionLost(reason)  # type: ignore[no-untyped-call]
        if self.answering is not None:
            self.answering.cancel()

    @property
    def body(self) -> bytes:
        """The whole body."""
        return b"".join(self._pieces)

    @property
    def peer_address(self) -> str:
        """The IP address that the request comes from."""
        return cast(_Channel, self.channel).peer_address

    @property
    def certificate(self) -> tuple[str, ...]:
        """The names in the client's certificate."""
        return cast(_Channel, self.channel).certificate

    def header(self, name: bytes) -> str | None:
        """Return the last value of a header, or None; octets that are no UTF-8 are marked."""
        values = self.requestHeaders.getRawHeaders(name)
        return values[-1].decode("utf-8", "replace") if values else None

    def answer(self, answer: HttpAnswer, more: str = "") -> None:
        """Write the answer, whole; ``more`` is further lines of its head."""
        if not self.channel.persistent:
            more += "Connection: close\r\n"
        head = _head(answer, more)
        self.startedWriting = 1
        self.channel.write(head if self.method == b"HEAD" else head + answer.body)
        self.finish()  # type: ignore[no-untyped-call]

    def _break_off(self) -> None:
        self._refused = True
        # Nobody is to be told that the body may come.
        self.requestHeaders.removeHeader(b"Expect")
        text = f"a body has at most {self._limit} octets\n".encode()
        head = (
            f"HTTP/1.1 413 {_reason(413)}\r\nConnection: close\r\n"
            f"Content-Type: {TEXT}\r\nContent-Length: {len(text)}\r\n\r\n"
        )
        self.channel.write(head.encode() + text)
        self.channel.loseConnection()


class _Channel(HTTPChannel):
    """One connection."""

    requestFactory = _TwistedExchange  # type: ignore[assignment]  # noqa: N815

    def __init__(self, site: GatewaySite) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.site = site
        self._host: IAddress
        self._peer: IAddress
        self._names: tuple[str, ...] | None = None
        self.timeOut = IDLE_SECONDS
        self.callLater = site.reactor.callLater  # type: ignore[method-assign]

    def connectionMade(self) -> None:
        """Begin (Twisted calls this)."""
        self.site.add(self)
        self._host = super().getHost()  # type: ignore[no-untyped-call]
        self._peer = super().getPeer()  # type: ignore[no-untyped-call]
        super().connectionMade()  # type: ignore[no-untyped-call]

    def getHost(self) -> IAddress:
        """Return our end of the connection, which Twisted would ask the system for every time."""
        return self._host

    def getPeer(self) -> IAddress:
        """Return the client's end, which Twisted would make anew every time."""
        return self._peer

    def dataReceived(self, data: bytes) -> None:
        """Take a whole request, or let Twisted make something of a piece (Twisted calls this)."""
        # Nothing of a request is here yet, and none waits for its answer.
        if not (self.requests or self._buffer or self._busyReceiving) and self.persistent:
            request = whole_request.read(data, self.site.largest_body)
            if request is not None:
                submission = _Submission(self, request)
                self.requests.append(submission)
                self._handlingRequest = True
                # What comes before the answer is kept until then.
                self.setRawMode()  # type: ignore[no-untyped-call]
                self.site.answers.begin(submission)
                return
        super().dataReceived(data)  # type: ignore[no-untyped-call]

    def requestDone(self, request: object) -> None:
        """Wait for the next request (a request calls this)."""
        self.resetTimeout()  # type: ignore[no-untyped-call]
        super().requestDone(request)  # type: ignore[no-untyped-call]

    def timeoutConnection(self) -> None:
        """Let go of a client that sends nothing, but not while it waits for us."""
        if self._handlingRequest:
            self.setTimeout(self.timeOut)  # type: ignore[no-untyped-call]
        else:
            super().timeoutConnection()  # type: ignore[no-untyped-call]

    @property
    def peer_address(self) -> str:
        """The client's IP address."""
        return str(getattr(self._peer, "host", ""))

    @property
    def certificate(self) -> tuple[str, ...]:
        """The names in the client's certificate; none over plain HTTP."""
        if self._names is None:
            self._names = ()
            if ISSLTransport.providedBy(self.transport):
                self._names = names_in(cast(Any, self.transport).getPeerCertificate())
        return self._names

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """End (Twisted calls this)."""
        super().connectionLost(reason)  # type: ignore[no-untyped-call]
        self.site.discard(self)

    def abort(self) -> None:
        """Break off."""
        cast(ITCPTransport, self.transport).abortConnection()


class _Answers:
    """What every path answers."""

    def __init__(
        self,
        pap_path: str,
        viewers: tuple[str, ...],
        submit: Submit,
        find: Find,
        search: Search,
        health: Health,
        metrics: Metrics,
    ) -> None:
        self._pap_path = pap_path
        self._viewers = viewers
        self._submit = submit
        self._find = find
        self._search = search
        self._health = health
        self._metrics = metrics

    def begin(self, request: _Exchange) -> None:
        """Find out what is asked, and have it answered."""
        path = request.path.decode("ascii", "replace")
        method = request.method.decode("ascii", "replace")
        answer: Callable[[_Exchange], Deferred[HttpAnswer]]
        if path == self._pap_path:
            answer = self._take_submission
        elif path.startswith(PUSHES):
            answer = _fired_by(self._show_push)
        elif path == LISTING:
            answer = _fired_by(self._list_pushes)
        elif path == HEALTH:
            answer = _fired_by(self._show_health)
        elif path == METRICS:
            answer = _fired_by(self._show_metrics)
        else:
            request.answer(HttpAnswer(404, TEXT, b"there is nothing here\n"))
            return
        allowed = ("POST",) if path == self._pap_path else ("GET", "HEAD")
        if method not in allowed:
            text = f"{path} takes {' and '.join(allowed)} only\n".encode("utf-8", "replace")
            request.answer(HttpAnswer(405, TEXT, text), f"Allow: {', '.join(allowed)}\r\n")
            return
        if path != self._pap_path and not is_listed(request.peer_address, self._viewers):
            text = f"{request.peer_address} may not look at this gateway\n".encode()
            request.answer(HttpAnswer(403, TEXT, text))
            return
        request.answering = answering = maybeDeferred(answer, request)
        answering.addCallbacks(request.answer, self._failed, errbackArgs=(request,))
        answering.addErrback(self._fault)

    def _take_submission(self, request: _Exchange) -> Deferred[HttpAnswer]:
        caller = Caller(
            address=request.peer_address,
            authorization=request.header(b"authorization"),
            target=request.uri.decode("ascii", "replace"),
            certificate=request.certificate,
        )
        return self._submit(request.header(b"content-type") or "", request.body, caller)

    async def _show_push(self, request: _Exchange) -> HttpAnswer:
        push_id = unquote(request.path.decode("ascii", "replace").removeprefix(PUSHES))
        stored = await self._find(push_id)
        if stored is None:
            return HttpAnswer(404, TEXT, f"no push has the push-id {push_id}\n".encode())
        return HttpAnswer(200, JSON, _as_json(as_plain(stored)))

    async def _list_pushes(self, request: _Exchange) -> HttpAnswer:
        query = request.uri.partition(b"?")[2].decode("ascii", "replace")
        try:
            wanted = read_query(query)
        except ValueError as error:
            return HttpAnswer(400, TEXT, f"{error}\n".encode("utf-8", "replace"))
        pushes = [as_plain(stored) for stored in await self._search(wanted)]
        return HttpAnswer(200, JSON, _as_json({"pushes": pushes}))

    async def _show_health(self, _request: _Exchange) -> HttpAnswer:
        health = self._health()
        return HttpAnswer(200 if health["status"] == "ok" else 503, JSON, _as_json(health))

    async def _show_metrics(self, _request: _Exchange) -> HttpAnswer:
        return HttpAnswer(200, METRICS_TYPE, self._metrics())

    def _failed(self, failure: Failure, request: _Exchange) -> None:
        if failure.check(CancelledError):
            return  # The client has gone.
        if failure.check(StoreError):
            text = f"{failure.getErrorMessage()}\n".encode("utf-8", "replace")
            request.answer(HttpAnswer(503, TEXT, text))
            return
        _log.error("request failed", path=request.path, failure=failure.getTraceback())
        request.answer(HttpAnswer(500, TEXT, b"a fault of the gateway; its log says more\n"))

    def _fault(self, failure: Failure) -> None:
        _log.error("answer failed", failure=failure.getTraceback())


def _fired_by(
    answer: Callable[[_Exchange], Coroutine[Any, Any, HttpAnswer]],
) -> Callable[[_Exchange], Deferred[HttpAnswer]]:
    return lambda request: Deferred.fromCoroutine(answer(request))


def _head(answer: HttpAnswer, more: str) -> bytes:
    """Return what stands before the body of an answer; ``more`` is further lines of it."""
    more += "".join([f"{name}: {value}\r\n" for name, value in answer.headers])
    return (
        f"HTTP/1.1 {answer.status} {_reason(answer.status)}\r\nDate: {_date(int(time()))}\r\n"
        f"Content-Type: {answer.content_type}\r\nContent-Length: {len(answer.body)}\r\n"
        f"{more}\r\n"
    ).encode("latin-1")


@cache
def _reason(status: int) -> str:
    return RESPONSES.get(status, b"").decode()


@lru_cache(maxsize=1)
def _date(second: int) -> str:
    return str(datetimeToString(second).decode())


def _as_json(value: dict[str, Any]) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=2) + "\n").encode("utf-8", "replace")
