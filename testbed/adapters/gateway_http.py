"""The gateway's HTTP face: PAP for initiators, status for people.

``POST`` to the PAP path takes a submission, ``GET /v1/pushes/{push_id}`` shows a push with its
timeline, ``GET /health`` tells whether the gateway is well. What is no PAP is answered with 4xx
and a line of text, never with a traceback.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Coroutine
from typing import Any
from urllib.parse import unquote

import structlog
from twisted.internet.defer import CancelledError, Deferred
from twisted.protocols.policies import ProtocolWrapper, WrappingFactory
from twisted.python.failure import Failure
from twisted.web import http
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET, Request, Site

from testbed.gateway.answers import HttpAnswer
from testbed.gateway.records import StoredPush
from testbed.gateway.status import as_plain

PUSHES = "/v1/pushes/"
HEALTH = "/health"
IDLE_SECONDS = 60
"""Seconds after which a client that sends nothing is let go."""
TEXT = "text/plain; charset=utf-8"
JSON = "application/json"

_log = structlog.get_logger("gateway")

Submit = Callable[[str, bytes], Coroutine[Any, Any, HttpAnswer]]
"""Takes Content-Type and body of a submission; returns what to answer, once it may be."""
Find = Callable[[str], Coroutine[Any, Any, StoredPush | None]]
"""Takes a push-id; returns the push as it stands."""
Health = Callable[[], dict[str, Any]]
"""Returns what to show; the member "status" is "ok" when all is well."""


class GatewaySite(WrappingFactory):
    """What a listening port serves; knows its connections, so that they can be closed."""

    def __init__(
        self, *, pap_path: str, largest_body: int, submit: Submit, find: Find, health: Health
    ) -> None:
        class BoundedRequest(_BoundedRequest):
            limit = largest_body

        root = _Root(pap_path, submit, find, health)
        site = Site(root, requestFactory=BoundedRequest, timeout=IDLE_SECONDS)
        site.displayTracebacks = False
        super().__init__(site)  # type: ignore[no-untyped-call]
        self._closed: Deferred[None] | None = None

    def unregisterProtocol(self, p: ProtocolWrapper) -> None:
        """Forget a connection that has ended (Twisted calls this)."""
        super().unregisterProtocol(p)  # type: ignore[no-untyped-call]
        if self._closed is not None and not self.protocols:
            closed, self._closed = self._closed, None
            closed.callback(None)

    async def close(self) -> None:
        """Break off all connections, and wait until they have ended."""
        if self.protocols:
            closed: Deferred[None] = Deferred()
            self._closed = closed
            for protocol in list(self.protocols):
                protocol.transport.abortConnection()
            await closed


class _Root(Resource):
    """Every path."""

    isLeaf = True  # noqa: N815

    def __init__(self, pap_path: str, submit: Submit, find: Find, health: Health) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._pap_path = pap_path
        self._submit = submit
        self._find = find
        self._health = health

    def render(self, request: Request) -> int:
        """Answer a request (Twisted calls this)."""
        path = request.path.decode("ascii", "replace")
        method = request.method.decode("ascii", "replace")
        answer: Callable[[Request], Coroutine[Any, Any, HttpAnswer]]
        if path == self._pap_path:
            answer = self._take_submission
        elif path.startswith(PUSHES):
            answer = self._show_push
        elif path == HEALTH:
            answer = self._show_health
        else:
            _write(request, HttpAnswer(404, TEXT, b"there is nothing here\n"))
            return NOT_DONE_YET
        allowed = ("POST",) if path == self._pap_path else ("GET", "HEAD")
        if method not in allowed:
            request.setHeader("Allow", ", ".join(allowed))
            text = f"{path} takes {' and '.join(allowed)} only\n".encode("utf-8", "replace")
            _write(request, HttpAnswer(405, TEXT, text))
            return NOT_DONE_YET
        answering = Deferred.fromCoroutine(answer(request))
        request.notifyFinish().addErrback(lambda _reason: answering.cancel())
        answering.addCallback(lambda ready: _write(request, ready))
        answering.addErrback(lambda failure: self._failed(request, failure))
        return NOT_DONE_YET

    async def _take_submission(self, request: Request) -> HttpAnswer:
        assert request.content is not None
        return await self._submit(request.getHeader("Content-Type") or "", request.content.read())

    async def _show_push(self, request: Request) -> HttpAnswer:
        push_id = unquote(request.path.decode("ascii", "replace").removeprefix(PUSHES))
        stored = await self._find(push_id)
        if stored is None:
            return HttpAnswer(404, TEXT, f"no push has the push-id {push_id}\n".encode())
        return HttpAnswer(200, JSON, _as_json(as_plain(stored)))

    async def _show_health(self, _request: Request) -> HttpAnswer:
        health = self._health()
        return HttpAnswer(200 if health["status"] == "ok" else 503, JSON, _as_json(health))

    def _failed(self, request: Request, failure: Failure) -> None:
        if failure.check(CancelledError):
            return  # The client has gone.
        _log.error("request failed", path=request.path, failure=failure.getTraceback())
        _write(request, HttpAnswer(500, TEXT, b"a fault of the gateway; its log says more\n"))


class _BoundedRequest(Request):
    """A request that is broken off once its body is larger than ``limit``."""

    limit = 0
    _octets = 0

    def gotLength(self, length: int | None) -> None:
        """Refuse a body that is announced too large (Twisted calls this)."""
        super().gotLength(length)  # type: ignore[no-untyped-call]
        if length is not None and length > self.limit:
            self._break_off()

    def handleContentChunk(self, data: bytes) -> None:
        """Take a piece of the body (Twisted calls this)."""
        self._octets += len(data)
        if self._octets > self.limit:
            self._break_off()
        else:
            super().handleContentChunk(data)  # type: ignore[no-untyped-call]

    def _break_off(self) -> None:
        text = f"a body has at most {self.limit} octets\n".encode()
        head = (
            f"HTTP/1.1 413 {http.RESPONSES[413].decode()}\r\nConnection: close\r\n"
            f"Content-Type: {TEXT}\r\nContent-Length: {len(text)}\r\n\r\n"
        )
        if self.transport is not None:
            self.transport.write(head.encode() + text)
            self.transport.loseConnection()


def _write(request: Request, answer: HttpAnswer) -> None:
    request.setResponseCode(answer.status)
    request.setHeader("Content-Type", answer.content_type)
    request.setHeader("Content-Length", str(len(answer.body)))
    if request.method != b"HEAD":
        request.write(answer.body)
    request.finish()


def _as_json(value: dict[str, Any]) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=2) + "\n").encode("utf-8", "replace")
