"""What the page asks a running lab for, beside the control interface, and the page itself.

The page's files are for everybody who reaches the control interface; what they show asks for its
token, if it has one.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Coroutine, Mapping
from functools import cache, partial
from importlib.resources import files
from typing import Annotated, Any, Final, Literal, Protocol
from uuid import uuid4

from pydantic import Field, StringConstraints
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.python.failure import Failure
from twisted.web.server import Request

from corenet.adapters.control_exchange import (
    BoundedRequest,
    answer,
    answer_octets,
    read_body,
    read_parameters,
    read_query,
)
from corenet.adapters.control_http import ControlInterface
from corenet.control.core import CoreControl
from corenet.control.errors import ControlError
from corenet.control.model import Imsi, NoParameters, Page, Parameters, TerminalQuery
from corenet.control.model import Request as Body
from corenet.interfaces.node import Event
from corenet.interfaces.runtime import Runtime
from testbed.adapters.gateway import GatewayService
from testbed.codecs import pap
from testbed.codecs.si import ServiceIndication
from testbed.codecs.sl import ServiceLoading
from testbed.gateway.events import DeliveryEnded
from testbed.gateway.keeping.status import as_plain
from testbed.gateway.keeping.store import PushQuery
from testbed.initiator.submission import (
    indication_part,
    loading_part,
    read_answer,
    recipient,
    submission,
)
from testbed.lab.build import LoadedLab
from testbed.lab.page.tree import tree
from testbed.lab.page.watch import TerminalsWatch, Watch

LATENCIES: Final = 500
"""Deliveries of which the page is told how long they took."""
_PUSHES: Final = 50
_STATIC: Final = files("testbed.lab.page") / "static"
_KINDS: Final = {
    "css": "text/css; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
}
_POLICY: Final = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:"
_LEARNED_AT_A_TIME: Final = 1000


class _Of(Parameters):
    imsi: Imsi | None = None


class _ByNumber(Parameters):
    number: int = Field(ge=1, lt=2**53, strict=False)


class _ById(Parameters):
    push_id: Annotated[str, StringConstraints(min_length=1, max_length=2048)]


class _PushesOf(Parameters):
    terminal: Annotated[str, StringConstraints(pattern=r"^\+?[0-9.:a-fA-F]{3,45}$")] | None = None


class PushOrder(Body):
    """What somebody who looks at the page has pushed."""

    terminal: Annotated[str, StringConstraints(min_length=3, max_length=45)]
    kind: Literal["SI", "SL"] = "SI"
    text: Annotated[str, StringConstraints(max_length=500)] = ""
    href: Annotated[str, StringConstraints(max_length=1000)] = "http://www.example.com/"


class RunningParts(Protocol):
    """What the page needs of a lab that runs (``RunningLab``)."""

    @property
    def lab(self) -> LoadedLab:
        """What the lab file says."""

    @property
    def runtime(self) -> Runtime:
        """What carries everything between its nodes."""

    @property
    def control(self) -> CoreControl | None:
        """Its core's control."""

    @property
    def gateway(self) -> GatewayService | None:
        """Its gateway, once that has started."""


class LabPage:
    """The page of one lab, on its control interface."""

    def __init__(
        self, running: RunningParts, interface: ControlInterface, reactor: IReactorTime
    ) -> None:
        """Begin to serve; what passes is watched from the first time that somebody looks."""
        assert running.control is not None
        self._running = running
        self._control = running.control
        self._interface = interface
        self._reactor = reactor
        self._watch: Watch | None = None
        self._latencies: deque[tuple[float, float, str]] = deque(maxlen=LATENCIES)
        running.runtime.on_event(self._note)
        for name in _static_files():
            interface.add_public(f"/page/{name}", partial(_serve, name))
        interface.add_public("/", partial(_serve, "index.html"))
        interface.add("GET", "/page/lab", self._lab)
        interface.add("GET", "/page/arrows", self._arrows)
        interface.add("GET", "/page/arrows/{number}", self._arrow)
        interface.add("GET", "/page/pushes", self._pushes)
        interface.add("GET", "/page/pushes/{push_id}", self._push)
        interface.add("POST", "/page/pushes", self._submit)

    # What passes

    def _arrows(self, request: BoundedRequest, _parts: Mapping[str, str]) -> None:
        asked = read_parameters(_Of, "query", read_query(request))
        watch = self._watching()
        feed = watch if asked.imsi is None else TerminalsWatch(watch, asked.imsi)
        self._interface.stream(request, feed, 0)

    def _arrow(self, request: BoundedRequest, parts: Mapping[str, str]) -> None:
        asked = read_parameters(_ByNumber, "path", parts)
        arrow = self._watching().arrow(asked.number)
        if arrow is None:
            raise ControlError(404, "Not found", "that message is kept no more", field="number")
        answer(request, 200, arrow.plain() | {"tree": tree(arrow.rung.subject)})

    def _watching(self) -> Watch:
        """Return the watch; it begins here, with the addresses that terminals have by now."""
        if self._watch is None:
            part = self._running.lab.model.initiator
            names = {} if part is None else {part.address: "initiator"}
            self._watch = Watch(self._imsi_of, names)
            for context in self._contexts():
                for address in filter(None, (context.address, context.ipv6_address)):
                    self._watch.attribution.learn_address(address, context.imsi)
            self._running.runtime.on_passed(self._watch.passed)
            self._running.runtime.on_event(self._watch.happened)
        return self._watch

    def _contexts(self) -> list[Any]:
        found: list[Any] = []
        while True:
            page = self._control.contexts(Page(offset=len(found), limit=_LEARNED_AT_A_TIME))
            found += page.contexts
            if not page.contexts or len(found) >= page.total:
                return found

    def _imsi_of(self, msisdn: str) -> str | None:
        try:
            (terminal,) = self._control.terminals(TerminalQuery(msisdn=msisdn)).terminals
        except (ControlError, ValueError):
            return None
        return terminal.imsi

    # How the lab is

    def _note(self, _time: float, _node: str, event: Event) -> None:
        if isinstance(event, DeliveryEnded):
            self._latencies.append((_time, event.seconds, event.state))

    def _lab(self, request: BoundedRequest, _parts: Mapping[str, str]) -> None:
        read_parameters(NoParameters, "query", read_query(request))
        lab, gateway = self._running.lab, self._running.gateway
        counters = {name: dict(own) for name, own in self._control.counters().items()}
        if gateway is not None:
            counters["gateway"] = dict(gateway.gateway.counters)
        answer(
            request,
            200,
            {
                "name": lab.model.name,
                "time": self._running.runtime.now(),
                "nodes": _nodes(lab),
                "sizes": dict(self._control.sizes()),
                "counters": counters,
                "latencies": list(self._latencies),
                "pushes": gateway is not None,
            },
        )

    # Pushes

    def _gateway(self) -> GatewayService:
        if self._running.gateway is None:
            raise ControlError(404, "No gateway", "this lab has no push gateway")
        return self._running.gateway

    def _pushes(self, request: BoundedRequest, _parts: Mapping[str, str]) -> None:
        asked = read_parameters(_PushesOf, "query", read_query(request))
        gateway = self._gateway()
        address = None if asked.terminal is None else _recipient(asked.terminal)
        query = PushQuery(address=address, limit=_PUSHES)
        self._when(
            request,
            gateway.search(query),
            lambda pushes: answer(request, 200, {"pushes": [as_plain(push) for push in pushes]}),
        )

    def _push(self, request: BoundedRequest, parts: Mapping[str, str]) -> None:
        asked = read_parameters(_ById, "path", parts)

        def tell(push: Any) -> None:
            if push is None:
                raise ControlError(404, "Not found", "there is no such push", field="push_id")
            answer(request, 200, as_plain(push))

        self._when(request, self._gateway().find(asked.push_id), tell)

    def _submit(self, request: BoundedRequest, _parts: Mapping[str, str]) -> None:
        order = read_body(request, PushOrder)
        assert order is not None
        message = pap.PushMessage(
            push_id=f"{uuid4()}@page.corenet.example", addresses=(_recipient(order.terminal),)
        )
        content = (
            loading_part(ServiceLoading(href=order.href))
            if order.kind == "SL"
            else indication_part(ServiceIndication(href=order.href, text=order.text))
        )
        try:
            post = submission(message, content)
        except ValueError as error:
            raise ControlError(400, "Bad request", str(error), field="text") from None

        def tell(answered: Any) -> None:
            said = read_answer(answered.body)
            code = int(said.code)
            if code != pap.StatusCode.ACCEPTED:
                raise ControlError(409, "Refused", f"{code} {said.desc}")
            answer(request, 200, {"push_id": message.push_id}, push=message.push_id)

        self._when(request, self._gateway().submit(post.content_type, post.body), tell)

    def _when(
        self,
        request: Request,
        coming: Deferred[Any] | Coroutine[Any, Any, Any],
        tell: Callable[[Any], None],
    ) -> None:
        """Answer once something has come; what goes wrong becomes a problem document."""
        waiting = coming if isinstance(coming, Deferred) else Deferred.fromCoroutine(coming)
        gone: list[object] = []
        request.notifyFinish().addErrback(gone.append)

        def told(result: Any) -> None:
            if not gone:
                self._interface.guard(request, lambda: _raise_or_tell(result, tell))

        waiting.addBoth(told)


def _raise_or_tell(result: Any, tell: Callable[[Any], None]) -> None:
    if isinstance(result, Failure):
        result.raiseException()
    tell(result)


def _recipient(terminal: str) -> str:
    try:
        return recipient(terminal)
    except ValueError as error:
        raise ControlError(400, "Bad request", str(error), field="terminal") from None


def _nodes(lab: LoadedLab) -> list[dict[str, str]]:
    """Return the nodes from provider to mobile, each with its address."""
    core, model = lab.core, lab.model
    assert core is not None
    nodes = []
    if model.initiator is not None:
        nodes.append({"kind": "initiator", "name": "initiator", "address": model.initiator.address})
    if model.gateway is not None:
        nodes.append({"kind": "gateway", "name": "gateway", "address": model.gateway.address})
    if model.smsc is not None:
        nodes.append({"kind": "smsc", "name": "smsc", "address": model.smsc.address})
    for name, ggsn in core.ggsns.items():
        nodes.append({"kind": "ggsn", "name": name, "address": ggsn.control_address})
    if model.hlr is not None:
        nodes.append({"kind": "hlr", "name": "hlr", "address": model.hlr.address})
    for name, sgsn in core.sgsns.items():
        nodes.append({"kind": "sgsn", "name": name, "address": sgsn.control_address})
    if core.mobiles:
        nodes.append({"kind": "mobiles", "name": "mobiles", "address": ""})
    return nodes


@cache
def _static_files() -> tuple[str, ...]:
    beside = [file.name for file in _STATIC.iterdir() if "." in file.name]
    vendor = [f"vendor/{file.name}" for file in (_STATIC / "vendor").iterdir()]
    return tuple(name for name in beside + vendor if name.rpartition(".")[2] in _KINDS)


def _serve(name: str, request: Request) -> None:
    request.setHeader("Cache-Control", "no-cache")
    request.setHeader("Content-Security-Policy", _POLICY)
    request.setHeader("X-Content-Type-Options", "nosniff")
    octets = (_STATIC / name).read_bytes()
    body = b"" if request.method == b"HEAD" else octets
    answer_octets(request, 200, body, _KINDS[name.rpartition(".")[2]])
