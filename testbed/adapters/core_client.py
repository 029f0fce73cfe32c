"""The core's control interface as the gateway uses it: look up, activate, listen.

Paths and members are those of the core's OpenAPI document (``GET /v1/openapi.json``). Whatever
cannot be understood, or does not come in time, is an answer too: the core is silent.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

from twisted.internet.defer import Deferred, DeferredSemaphore
from twisted.internet.protocol import Protocol
from twisted.python.failure import Failure
from twisted.web.client import Agent
from twisted.web.http_headers import Headers

from corenet.interfaces.activation import ActivationOutcome, CauseSource, FailureCause, Step
from testbed.adapters.http_client import BoundedClient, BrokenOffError, ExchangeError
from testbed.gateway.activation.activate import ActivationAnswer, Refused, Unanswered
from testbed.gateway.effects import RequestActivation
from testbed.gateway.routing.judge import CoreAnswer, CoreSilent, TerminalView, UnknownTerminal
from testbed.gateway.terminal import Terminal

LOOK_UPS_AT_ONCE = 32
LARGEST_ANSWER = 1 << 20
ANSWER_MARGIN = 5.0
"""Seconds that the core may answer later than the deadline it was given."""
SHORTEST_DEADLINE = 0.1
LONGEST_DEADLINE = 3600.0
LONGEST_SILENCE = 60.0
"""Seconds without a line after which an event stream is taken for dead."""
REACHABLE = "MsReachable"
"""The core's event for a terminal that is back (TS 29.060 §7.4.5, Note MS GPRS Present)."""


class CoreClient:
    """Talks to one core."""

    def __init__(
        self, reactor: Any, url: str, *, token: str | None = None, timeout: float = 10.0
    ) -> None:
        """``url`` is the interface's base, ``timeout`` the seconds that a look-up may take."""
        self._reactor = reactor
        self._url = url.rstrip("/")
        self._timeout = timeout
        self._headers = Headers({"Accept": ["application/json"]})
        if token is not None:
            self._headers.addRawHeader("Authorization", f"Bearer {token}")
        self._client = BoundedClient(
            reactor, connections=LOOK_UPS_AT_ONCE, largest_answer=LARGEST_ANSWER
        )
        self._look_ups = DeferredSemaphore(LOOK_UPS_AT_ONCE)

    async def look_up(self, terminal: Terminal) -> CoreAnswer:
        """Ask about a terminal. Never raises for what the core does."""
        query = urlencode({terminal.kind.value: terminal.value})
        await self._look_ups.acquire()
        try:
            status, body = await self._exchange(
                "GET", f"/v1/terminals?{query}", None, self._timeout
            )
            if status == 404:
                return UnknownTerminal()
            if status != 200:
                return CoreSilent(_problem(status, body))
            return read_terminals(body)
        except ExchangeError as failed:
            return CoreSilent(str(failed))
        finally:
            self._look_ups.release()

    async def activate(self, request: RequestActivation, now: float) -> ActivationAnswer:
        """Ask for an activation and wait for its end. Never raises for what the core does.

        A connection that breaks off is no reason to give up: under the same key the core gives
        the same activation back.
        """
        seconds = min(max(request.deadline - now, SHORTEST_DEADLINE), LONGEST_DEADLINE)
        asked = {
            "imsi": request.imsi,
            "apn": request.apn,
            "deadline_seconds": seconds,
            "key": request.key,
        }
        try:
            try:
                status, body = await self._ask_for_activation(asked)
            except BrokenOffError:
                status, body = await self._ask_for_activation(asked)
        except ExchangeError as failed:
            return Unanswered(str(failed))
        if status == 404:
            return Refused(_problem(status, body))
        if status not in (200, 502, 504):
            return Unanswered(_problem(status, body))
        return read_outcome(body)

    async def _ask_for_activation(self, asked: Mapping[str, Any]) -> tuple[int, Any]:
        seconds = float(asked["deadline_seconds"]) + ANSWER_MARGIN
        return await self._exchange("POST", "/v1/activations", asked, seconds)

    def follow(self, on_reachable: Callable[[str], None]) -> EventStream:
        """Listen to the core's events; call ``on_reachable`` with each IMSI that is back."""
        stream = EventStream(
            self._reactor, self._client.agent, f"{self._url}/v1/events", self._headers, on_reachable
        )
        stream.start()
        return stream

    async def close(self) -> None:
        """Break off what is under way."""
        await self._client.close()

    async def _exchange(
        self, method: str, path: str, body: Mapping[str, Any] | None, seconds: float
    ) -> tuple[int, Any]:
        headers = self._headers.copy()
        data = None
        if body is not None:
            headers.addRawHeader("Content-Type", "application/json")
            data = json.dumps(body).encode()
        status, text = await self._client.exchange(
            method, self._url + path, headers=headers, data=data, timeout=seconds
        )
        try:
            return status, json.loads(text) if text else None
        except ValueError:
            return status, None


def read_terminals(body: Any) -> CoreAnswer:
    """Read a list of terminals; CoreSilent where it is none."""
    try:
        terminals = body["terminals"]
        if not terminals:
            return UnknownTerminal()
        terminal = terminals[0]
        return TerminalView(
            imsi=str(terminal["imsi"]),
            msisdn=terminal.get("msisdn"),
            contexts=tuple(
                (str(context["apn"]), address)
                for context in terminal["contexts"]
                for address in _addresses(context)
            ),
            attached=terminal.get("attached"),
            reachable=terminal.get("reachable"),
            static_addresses={
                str(apn): str(address)
                for apn, address in (terminal.get("static_addresses") or {}).items()
            },
            downlink_idle={
                address: None if idle is None else float(idle)
                for context in terminal["contexts"]
                if (idle := context.get("downlink_idle", "")) != ""
                for address in _addresses(context)
            },
        )
    except (KeyError, TypeError, AttributeError, IndexError, ValueError):
        return CoreSilent("it answers with something that is no list of terminals")


def _addresses(context: Any) -> list[str]:
    """Return the addresses of a context, IPv4 first; the only one may be told twice."""
    told = (context["address"], context.get("ipv6_address"))
    return list(dict.fromkeys(str(address) for address in told if address is not None))


def read_outcome(body: Any) -> ActivationAnswer:
    """Read how an activation ended; Unanswered where it has not, or where it is none."""
    try:
        if body["outcome"] not in ("active", "failed"):
            return Unanswered(f"the activation is {body['outcome']}")
        # What the mobile said is more than GTP makes of it: that it refuses.
        cause = body.get("mobile_cause") or body.get("cause")
        retry_after = body.get("retry_after")
        return ActivationOutcome(
            imsi=str(body["imsi"]),
            apn=str(body["apn"]),
            step=Step(body["step"]),
            address=body.get("address"),
            cause=None
            if cause is None
            else FailureCause(
                CauseSource(cause["source"]), int(cause["number"]), str(cause["name"])
            ),
            hold_until_reachable=bool(body.get("hold_until_reachable")),
            retry_after=None if retry_after is None else float(retry_after),
            steps=tuple(
                (Step(step["step"]), float(step["seconds"])) for step in body.get("steps") or ()
            ),
        )
    except (KeyError, TypeError, AttributeError, ValueError):
        return Unanswered("the core answers with something that is no activation")


class EventStream(Protocol):
    """Server-sent events of the core, taken up again whenever they break off.

    The core is told the last event seen, so that what came meanwhile is not missed.
    """

    _WAITS = (1.0, 2.0, 5.0, 10.0, 30.0)

    def __init__(
        self,
        reactor: Any,
        agent: Agent,
        url: str,
        headers: Headers,
        on_reachable: Callable[[str], None],
    ) -> None:
        self._reactor = reactor
        self._agent = agent
        self._url = url
        self._headers = headers
        self._on_reachable = on_reachable
        self._last_id = ""
        self._failures = 0
        self._pending = b""
        self._event = ""
        self._data = ""
        self._call: Any = None
        self._request: Deferred[Any] | None = None
        self._is_open = False
        self._is_stopped = False

    @property
    def is_open(self) -> bool:
        """Whether events come in."""
        return self._is_open

    def start(self) -> None:
        """Connect."""
        headers = self._headers.copy()
        headers.setRawHeaders("Accept", ["text/event-stream"])
        if self._last_id:
            headers.setRawHeaders("Last-Event-ID", [self._last_id])
        self._call = None
        self._request = self._agent.request(b"GET", self._url.encode(), headers)
        self._request.addCallbacks(self._take_response, self._try_again)

    def stop(self) -> None:
        """Break off for good."""
        self._is_stopped = True
        if self._call is not None:
            self._call.cancel()
            self._call = None
        if self._is_open and self.transport is not None:
            self.transport.loseConnection()
        elif self._request is not None:
            self._request.cancel()

    def _take_response(self, response: Any) -> None:
        self._request = None
        if response.code == 200:
            self._is_open = True
            self._pending = b""
        response.deliverBody(self)

    def dataReceived(self, data: bytes) -> None:
        """Take a piece of the stream (Twisted calls this)."""
        if not self._is_open:
            return
        self._failures = 0
        self._watch()
        *lines, self._pending = (self._pending + data).split(b"\n")
        if len(self._pending) > LARGEST_ANSWER and self.transport is not None:
            self._pending = b""
            self.transport.loseConnection()
        for line in lines:
            self._take_line(line.rstrip(b"\r").decode("utf-8", "replace"))

    def connectionLost(self, reason: Failure | None = None) -> None:
        """Connect again after a while (Twisted calls this)."""
        self._is_open = False
        if self._call is not None:
            self._call.cancel()
        self._try_again(reason)

    def _watch(self) -> None:
        """Give up a stream on which even the core's heartbeat has ceased."""
        if self._call is not None:
            self._call.reset(LONGEST_SILENCE)
        elif self.transport is not None:
            self._call = self._reactor.callLater(LONGEST_SILENCE, self._silent)

    def _silent(self) -> None:
        self._call = None
        if self.transport is not None:
            self.transport.loseConnection()

    def _take_line(self, line: str) -> None:
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "id":
            self._last_id = value
        elif name == "event":
            self._event = value
        elif name == "data":
            self._data = value
        elif not line:
            self._take_event(self._event, self._data)
            self._event = self._data = ""

    def _take_event(self, name: str, data: str) -> None:
        if name != REACHABLE:
            return
        try:
            imsi = json.loads(data)["imsi"]
        except (ValueError, KeyError, TypeError):
            return
        self._on_reachable(str(imsi))

    def _try_again(self, _reason: object) -> None:
        self._request = None
        self._call = None
        if self._is_stopped:
            return
        wait = self._WAITS[min(self._failures, len(self._WAITS) - 1)]
        self._failures += 1
        self._call = self._reactor.callLater(wait, self.start)


def _problem(status: int, body: Any) -> str:
    detail = body.get("detail") if isinstance(body, dict) else None
    return f"HTTP {status}: {detail}" if detail else f"HTTP {status}"
