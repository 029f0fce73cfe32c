"""The control interface over HTTP: JSON in and out, problem details, server-sent events.

Everything that can be asked stands in ``corenet.control.operations``; this module finds the
operation, checks who asks, and has it answered: at once, or when an activation has ended.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from functools import partial
from ipaddress import ip_address
from typing import Any
from urllib.parse import quote

import structlog
from prometheus_client import CollectorRegistry, generate_latest
from twisted.internet.interfaces import IListeningPort, IReactorTime
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET, Request, Site

from corenet.adapters.capture_stream import PCAPNG, CaptureStream, Record
from corenet.adapters.control_exchange import (
    BoundedRequest,
    answer,
    answer_octets,
    header,
    read_body,
    read_parameters,
    read_query,
    refuse,
)
from corenet.adapters.event_stream import EventStream, Feed
from corenet.adapters.metrics import METRICS_TYPE, CoreMetrics
from corenet.control.activations import Requested
from corenet.control.core import CoreControl
from corenet.control.errors import ControlError, bad_request
from corenet.control.model import NoParameters
from corenet.control.openapi import document
from corenet.control.operations import OPERATIONS, Call, Operation
from corenet.control.routes import Routes

IDLE_SECONDS = 60
"""Seconds after which a client that sends nothing is let go."""

_log = structlog.get_logger("control")

Serve = Callable[[BoundedRequest, Mapping[str, str]], None]
"""Answers a request, whose path has these parts."""


class ControlInterface:
    """Serves one core's control interface."""

    def __init__(
        self,
        control: CoreControl,
        reactor: IReactorTime,
        *,
        token: str | None = None,
        record: Record | None = None,
    ) -> None:
        """``token`` is the bearer token that every request must carry, or None for none.

        ``record`` writes captures for who asks for them; without it nobody may.
        """
        if token == "":
            raise ValueError("a bearer token is not empty")
        self._control = control
        self._reactor = reactor
        self._token = token
        self._closed = False
        self._record = record
        self._streams: set[EventStream | CaptureStream] = set()
        self._registry = CollectorRegistry()
        self._registry.register(CoreMetrics(control))
        self._routes: Routes[Serve] = Routes()
        for operation in OPERATIONS:
            self._routes.add(operation.method, operation.path, partial(self._serve, operation))
        self._routes.add("GET", "/v1/events", self._stream)
        self._routes.add("GET", "/v1/capture", self._capture)
        self._routes.add("GET", "/v1/openapi.json", self._openapi)
        self._routes.add("GET", "/metrics", self._metrics)
        self._public: dict[bytes, Callable[[BoundedRequest], None]] = {}

    def site(self) -> Site:
        """Return what a listening port serves."""
        site = Site(
            _Root(self._answer),
            requestFactory=BoundedRequest,
            timeout=IDLE_SECONDS,
            reactor=self._reactor,
        )
        site.displayTracebacks = False
        return site

    def listen(self, reactor: Any, address: str = "127.0.0.1", port: int = 8080) -> IListeningPort:
        """Listen for clients.

        Raises:
            ValueError: ``address`` is no IP address, or one that can be reached from outside
                while there is no token.
            twisted.internet.error.CannotListenError: the port is taken.
        """
        if not ip_address(address).is_loopback and self._token is None:
            raise ValueError(
                f"the control interface does not listen on {address} without a token: "
                "anybody could command the core"
            )
        listening: IListeningPort = reactor.listenTCP(port, self.site(), interface=address)
        return listening

    def add(self, method: str, path: str, serve: Serve) -> None:
        """Serve something beside the operations, for who may use those."""
        self._routes.add(method, path, serve)

    def add_public(self, path: str, serve: Callable[[BoundedRequest], None]) -> None:
        """Serve something to whoever reaches the interface, with a token or without."""
        self._public[path.encode("ascii")] = serve

    def stream(self, request: Request, feed: Feed, seen: int | None) -> None:
        """Answer with a stream of what a feed has after ``seen``, and of what comes."""
        stream = EventStream(request, self._reactor, feed, self._streams.discard)
        self._streams.add(stream)
        stream.begin(seen)

    def close(self) -> None:
        """End the streams and serve nothing more; the port is its owner's to close."""
        self._closed = True
        for stream in tuple(self._streams):
            stream.end()

    # One request

    def _answer(self, request: BoundedRequest) -> None:
        self.guard(request, partial(self._find_and_serve, request))

    def _find_and_serve(self, request: BoundedRequest) -> None:
        if self._closed:
            raise ControlError(503, "Not in service", "the core is being stopped")
        public = self._public.get(request.path)
        if public is not None and request.method in (b"GET", b"HEAD"):
            public(request)
            return
        self._authorize(request)
        serve, parts = self._routes.find(request.method.decode("ascii"), request.path)
        serve(request, parts)

    def guard(self, request: Request, serve: Callable[[], None], **noted: Any) -> None:
        """Serve, and turn what goes wrong into a problem document; a fault of ours is logged."""
        try:
            serve()
        except ControlError as error:
            refuse(request, error, **noted)
        except Exception:
            _log.exception("request failed", method=request.method, path=request.path)
            fault = ControlError(500, "Internal error", "a fault of the core; its log says more")
            refuse(request, fault, **noted)

    def _authorize(self, request: Request) -> None:
        if self._token is None:
            return
        given = request.getHeader(b"authorization") or b""
        scheme, _, token = given.partition(b" ")
        right = hmac.compare_digest(token.strip(), self._token.encode())
        if scheme.lower() != b"bearer" or not right:
            raise ControlError(
                401,
                "Not authorized",
                "a bearer token is asked for",
                field="Authorization",
                headers={"WWW-Authenticate": 'Bearer realm="corenet"'},
            )

    def _serve(
        self, operation: Operation, request: BoundedRequest, parts: Mapping[str, str]
    ) -> None:
        call = Call(
            read_parameters(operation.at, "path", parts),
            read_parameters(operation.query, "query", read_query(request)),
            read_body(request, operation.body),
        )
        result = operation.call(self._control, call)
        if not isinstance(result, Requested):
            answer(request, 200, result.model_dump(mode="json"))
        elif operation.may_be_polled:
            self._answer_activation(request, result)
        else:
            answer(request, 200, result.view().model_dump(mode="json"))

    def _answer_activation(self, request: Request, requested: Requested) -> None:
        noted = {"key": requested.key, "imsi": requested.imsi}
        location = f"/v1/activations/{quote(requested.key, safe='')}"
        if requested.outcome is None and _prefers_async(request):
            request.setHeader("Location", location)
            request.setHeader("Preference-Applied", "respond-async")
            answer(request, 202, requested.view().model_dump(mode="json"), **noted)
            return

        def tell() -> None:
            self.guard(request, tell_outcome, **noted)

        def tell_outcome() -> None:
            request.setHeader("Content-Location", location)
            if requested.outcome is None or not requested.outcome.active:
                raise requested.problem()
            answer(request, 200, requested.view().model_dump(mode="json"), **noted)

        def leave(_gone: object) -> None:
            if tell in requested.waiting:
                requested.waiting.remove(tell)

        if requested.outcome is not None:
            tell()
            return
        requested.waiting.append(tell)
        request.notifyFinish().addErrback(leave)

    def _stream(self, request: Request, _parts: Mapping[str, str]) -> None:
        read_parameters(NoParameters, "query", read_query(request))
        seen = header(request, "Last-Event-ID")
        if seen is not None and not (seen.isascii() and seen.isdigit() and len(seen) < 19):
            raise bad_request(f"{seen[:40]!r} is no event's number", "Last-Event-ID")
        if request.method == b"HEAD":
            answer_octets(request, 200, b"", "text/event-stream; charset=utf-8")
            return
        self.stream(request, self._control.events, None if seen is None else int(seen))

    def _capture(self, request: Request, _parts: Mapping[str, str]) -> None:
        read_parameters(NoParameters, "query", read_query(request))
        if self._record is None:
            raise ControlError(404, "Not found", "nothing is captured here")
        if request.method == b"HEAD":
            answer_octets(request, 200, b"", PCAPNG)
            return
        stream = CaptureStream(request, self._record, self._streams.discard)
        self._streams.add(stream)
        stream.begin()

    def _openapi(self, request: Request, _parts: Mapping[str, str]) -> None:
        read_parameters(NoParameters, "query", read_query(request))
        answer(request, 200, document())

    def _metrics(self, request: Request, _parts: Mapping[str, str]) -> None:
        read_parameters(NoParameters, "query", read_query(request))
        answer_octets(request, 200, generate_latest(self._registry), METRICS_TYPE)


class _Root(Resource):
    """Every path."""

    isLeaf = True  # noqa: N815

    def __init__(self, answer_request: Callable[[BoundedRequest], None]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._answer_request = answer_request

    def render(self, request: BoundedRequest) -> int:
        """Answer a request (for Twisted)."""
        self._answer_request(request)
        return NOT_DONE_YET


def _prefers_async(request: Request) -> bool:
    preferences = (header(request, "Prefer") or "").split(",")
    return any(part.split(";")[0].strip().lower() == "respond-async" for part in preferences)
