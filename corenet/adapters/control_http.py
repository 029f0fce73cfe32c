"""The control interface over HTTP: JSON in and out, problem details, server-sent events.

Everything that can be asked stands in ``corenet.control.operations``; this module takes a
request apart, checks who asks, validates, and writes the answer.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable, Mapping
from functools import partial
from importlib.metadata import version
from ipaddress import ip_address
from typing import Any
from urllib.parse import quote

import structlog
from klein import Klein
from prometheus_client import CollectorRegistry, generate_latest
from pydantic import BaseModel, ValidationError
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.interfaces import IListeningPort, IReactorTime
from twisted.python.failure import Failure
from twisted.web.http import Request
from twisted.web.server import NOT_DONE_YET, Site
from werkzeug.exceptions import HTTPException

from corenet.adapters.metrics import CoreMetrics
from corenet.control.activations import Requested
from corenet.control.core import CoreControl
from corenet.control.errors import ControlError
from corenet.control.event_log import Entry
from corenet.control.openapi import document
from corenet.control.operations import OPERATIONS, Call, Operation

BODY_LIMIT = 64 * 1024
"""Octets of a request's body."""
IDLE_SECONDS = 60
"""Seconds after which a client that sends nothing is let go."""
HEARTBEAT = 15.0
"""Seconds between comments on a quiet event stream, so that a dead client is noticed."""
UNSENT_EVENTS = 1_000
"""Events that wait for a slow listener; one that is further behind is let go."""

_log = structlog.get_logger("control")


class ControlInterface:
    """Serves one core's control interface."""

    def __init__(
        self, control: CoreControl, reactor: IReactorTime, *, token: str | None = None
    ) -> None:
        """``token`` is the bearer token that every request must carry, or None for none."""
        self._control = control
        self._reactor = reactor
        self._token = token
        self._streams: set[_EventStream] = set()
        self._registry = CollectorRegistry()
        self._registry.register(CoreMetrics(control))
        self._app = Klein()
        for operation in OPERATIONS:
            self._route(
                operation.path, operation.method, operation.name, partial(self._serve, operation)
            )
        self._route("/v1/events", "GET", "stream_events", self._stream)
        self._route("/v1/openapi.json", "GET", "get_openapi", self._openapi)
        self._route("/metrics", "GET", "get_metrics", self._metrics)

        def refuse(request: Any, failure: Failure) -> bytes:
            return self._refuse(request, failure)

        self._app.handle_errors(HTTPException)(refuse)

    def site(self) -> Site:
        """Return what a listening port serves."""
        site = Site(self._app.resource(), timeout=IDLE_SECONDS)
        site.displayTracebacks = False
        return site

    def listen(self, reactor: Any, address: str, port: int) -> IListeningPort:
        """Listen for clients.

        Raises:
            ValueError: the address can be reached from outside and there is no token.
            twisted.internet.error.CannotListenError: the port is taken.
        """
        if not ip_address(address).is_loopback and self._token is None:
            raise ValueError(
                f"the control interface does not listen on {address} without a token: "
                "anybody could command the core"
            )
        listening: IListeningPort = reactor.listenTCP(port, self.site(), interface=address)
        return listening

    def close(self) -> None:
        """End the event streams; the listening port is its owner's to close."""
        for stream in tuple(self._streams):
            stream.end()

    def _route(self, path: str, method: str, name: str, serve: Callable[..., Any]) -> None:
        def endpoint(request: Request, **parts: str) -> Any:
            return self._guarded(request, serve, parts)

        endpoint.__name__ = name
        pattern = path.replace("{", "<").replace("}", ">")
        self._app.route(pattern, methods=[method], endpoint=name)(endpoint)

    def _refuse(self, request: Request, failure: Failure) -> bytes:
        """Answer a path that is not there, or not with that method."""
        error = failure.value
        if not isinstance(error, HTTPException):
            failure.raiseException()
        for name, value in error.get_headers():
            if name.lower() == "allow":
                request.setHeader("allow", value)
        return _write_problem(
            request,
            ControlError(
                error.code or 500, error.name, f"{_text(request.method)} {_text(request.path)}"
            ),
        )

    def _guarded(
        self, request: Request, serve: Callable[..., Any], parts: Mapping[str, str]
    ) -> Any:
        """Serve, and turn what goes wrong into a problem document; a fault of ours is logged."""
        try:
            self._authorize(request)
            return serve(request, parts)
        except ControlError as error:
            return _write_problem(request, error)
        except Exception:
            _log.exception("request failed", method=request.method, path=request.path)
            return _write_problem(
                request,
                ControlError(500, "Internal error", "a fault of the core; its log says more"),
            )

    def _authorize(self, request: Request) -> None:
        if self._token is None:
            return
        given = request.getHeader("authorization") or ""
        scheme, _, token = given.partition(" ")
        if scheme.lower() != "bearer" or not hmac.compare_digest(
            token.strip().encode("utf-8", "surrogateescape"), self._token.encode()
        ):
            request.setHeader("www-authenticate", 'Bearer realm="corenet"')
            raise ControlError(401, "Not authorized", "a bearer token is asked for")

    def _serve(self, operation: Operation, request: Request, parts: Mapping[str, str]) -> Any:
        body = None if operation.body is None else _read_body(request, operation.body)
        query = _validated(operation.query, _read_query(request))
        answer = operation.call(self._control, Call(parts, query, body))
        if isinstance(answer, Requested):
            return self._answer_activation(request, answer, asked=operation.method == "POST")
        return _write(request, 200, answer.model_dump(mode="json"))

    def _answer_activation(self, request: Request, requested: Requested, *, asked: bool) -> Any:
        if not asked:
            return _write(request, 200, requested.view().model_dump(mode="json"))
        location = f"/v1/activations/{quote(requested.key, safe='')}"
        if requested.outcome is None and _prefers_async(request):
            request.setHeader("location", location)
            return _write(request, 202, requested.view().model_dump(mode="json"))

        def answer() -> bytes:
            request.setHeader("content-location", location)
            if requested.outcome is not None and requested.outcome.active:
                return _write(request, 200, requested.view().model_dump(mode="json"))
            return _write_problem(request, requested.problem())

        if requested.outcome is not None:
            return answer()
        ended: Deferred[bytes] = Deferred()

        def tell() -> None:
            if not ended.called:
                ended.callback(answer())

        requested.waiting.append(tell)

        def leave(_gone: Failure) -> None:
            if tell in requested.waiting:
                requested.waiting.remove(tell)
            ended.cancel()

        request.notifyFinish().addErrback(leave)
        return ended.addErrback(_nobody_there)

    def _stream(self, request: Request, _parts: Mapping[str, str]) -> Any:
        seen = request.getHeader("last-event-id")
        if seen is not None and not (seen.isascii() and seen.isdigit() and len(seen) < 19):
            raise ControlError(
                400, "Bad request", f"no event number: {seen[:40]!r}", field="Last-Event-ID"
            )
        stream = _EventStream(request, self._reactor, self._control, self._streams.discard)
        self._streams.add(stream)
        stream.begin(None if seen is None else int(seen))
        return NOT_DONE_YET

    def _openapi(self, request: Request, _parts: Mapping[str, str]) -> bytes:
        return _write(request, 200, document(version("corenet")))

    def _metrics(self, request: Request, _parts: Mapping[str, str]) -> bytes:
        request.setHeader("content-type", "text/plain; version=0.0.4; charset=utf-8")
        return generate_latest(self._registry)


class _EventStream:
    """One listener's stream of server-sent events."""

    def __init__(
        self,
        request: Request,
        reactor: IReactorTime,
        control: CoreControl,
        ended: Callable[[_EventStream], None],
    ) -> None:
        self._request = request
        self._reactor = reactor
        self._control = control
        self._ended = ended
        self._unsent: list[bytes] = []
        self._flowing = True
        self._open = True
        self._beat: Any = None
        self._mute: Callable[[], None] = lambda: None

    def begin(self, seen: int | None) -> None:
        """Send what came after event ``seen``, then what comes."""
        request = self._request
        request.setHeader("content-type", "text/event-stream; charset=utf-8")
        request.setHeader("cache-control", "no-store")
        request.notifyFinish().addBoth(lambda _result: self._close())
        if request.channel is not None:
            request.channel.setTimeout(None)
        request.registerProducer(self, True)
        request.write(b": events of the core\n\n")
        if seen is not None:
            for entry in self._control.events.since(seen):
                self._send(entry)
        self._mute = self._control.events.listen(self._send)
        self._beat = self._reactor.callLater(HEARTBEAT, self._heartbeat)

    def end(self) -> None:
        """Tell the client that nothing more comes."""
        if self._open:
            self._close()
            self._request.unregisterProducer()
            self._request.finish()

    def resumeProducing(self) -> None:
        """Go on: the client has read what it was sent (IPushProducer)."""
        self._flowing = True
        unsent, self._unsent = self._unsent, []
        for data in unsent:
            self._request.write(data)

    def pauseProducing(self) -> None:
        """Hold back: the client reads slower than we write (IPushProducer)."""
        self._flowing = False

    def stopProducing(self) -> None:
        """End: the connection is gone (IPushProducer)."""
        self._close()

    def _send(self, entry: Entry) -> None:
        text = json.dumps(entry.plain(), separators=(",", ":"), default=str)
        self._write(f"id: {entry.number}\nevent: {entry.name}\ndata: {text}\n\n".encode())

    def _write(self, data: bytes) -> None:
        if not self._open:
            return
        if self._flowing:
            self._request.write(data)
        elif len(self._unsent) < UNSENT_EVENTS:
            self._unsent.append(data)
        else:
            _log.warning("event listener too slow", unsent=len(self._unsent))
            self._close()
            if self._request.channel is not None:
                self._request.channel.forceAbortClient()

    def _heartbeat(self) -> None:
        self._beat = self._reactor.callLater(HEARTBEAT, self._heartbeat)
        self._write(b": still here\n\n")

    def _close(self) -> None:
        if not self._open:
            return
        self._open = False
        self._mute()
        self._unsent.clear()
        if self._beat is not None and self._beat.active():
            self._beat.cancel()
        self._ended(self)


def _nobody_there(failure: Failure) -> bytes:
    failure.trap(CancelledError)
    return b""


def _text(octets: bytes) -> str:
    return octets.decode("utf-8", "replace")


def _prefers_async(request: Request) -> bool:
    preferences = (request.getHeader("prefer") or "").split(",")
    return any(part.split(";")[0].strip().lower() == "respond-async" for part in preferences)


def _read_query(request: Request) -> dict[str, str]:
    query: dict[str, str] = {}
    for raw_name, values in request.args.items():
        name = raw_name.decode("utf-8", "replace")
        if len(values) > 1:
            raise ControlError(400, "Bad request", f"{name} is given twice", field=name)
        query[name] = values[0].decode("utf-8", "replace")
    return query


def _read_body(request: Request, model: type[BaseModel]) -> BaseModel:
    media = (request.getHeader("content-type") or "").split(";")[0].strip().lower()
    if media != "application/json":
        raise ControlError(
            415,
            "Unsupported media type",
            "the body is to be application/json",
            field="Content-Type",
        )
    content = b"" if request.content is None else request.content.read(BODY_LIMIT + 1)
    if len(content) > BODY_LIMIT:
        raise ControlError(413, "Too large", f"a body has {BODY_LIMIT} octets at most")
    try:
        return model.model_validate_json(content)
    except ValidationError as error:
        raise _wrong(error) from None


def _validated(model: type[BaseModel], value: Mapping[str, str]) -> BaseModel:
    try:
        return model.model_validate(value)
    except ValidationError as error:
        raise _wrong(error) from None


def _wrong(error: ValidationError) -> ControlError:
    """Name the first wrong member as the field, and every one in ``errors``."""
    errors = [
        {"field": ".".join(str(part) for part in entry["loc"]), "detail": str(entry["msg"])}
        for entry in error.errors(include_url=False, include_context=False, include_input=False)
    ]
    first = errors[0]
    named = f"{first['field']}: {first['detail']}" if first["field"] else first["detail"]
    return ControlError(
        400, "Bad request", named, field=first["field"] or None, members={"errors": errors}
    )


def _write(request: Request, status: int, body: Mapping[str, Any]) -> bytes:
    request.setResponseCode(status)
    request.setHeader("content-type", "application/json")
    return json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")


def _write_problem(request: Request, error: ControlError) -> bytes:
    request.setResponseCode(error.status)
    request.setHeader("content-type", "application/problem+json")
    return json.dumps(error.problem(), ensure_ascii=False).encode("utf-8", "replace")
