"""Answers what terminals ask for, by fetching it from origin servers.

Specs: WAP-230 §6.3.3.2 (methods on a session), §6.4.2 (without one), RFC 9110 §3.7 (gateways).

Theory of operation. A request becomes a fetch: an effect that is answered by a command. So many
are under way at one time; more wait in order of arrival, and what is beyond that, or more than one
terminal may have, is answered with 503 at once. Each request is answered once, at the latest when
its time is over, unless its terminal gives it up: then the fetch is broken off, and nothing is
said. A request that came without a session is answered with a datagram, and its copies with the
same; how a request on a session comes and goes is for whoever keeps the session.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import count

from corenet.interfaces.node import Address, Event
from corenet.schedule import Alarm, Schedule
from testbed.codecs.wsp import WspError
from testbed.codecs.wsp.pdus import (
    EXTENDED_METHODS,
    Get,
    Headers,
    Method,
    Post,
    Reply,
    decode_unit,
    encode_unit,
)
from testbed.pull import origins, preferences, replies, requests
from testbed.pull.config import PullConfig
from testbed.pull.effects import (
    CancelFetch,
    Effect,
    FetchFailure,
    FetchFromOrigin,
    HttpHeaders,
    OriginAnswer,
)
from testbed.pull.events import PageServed, RequestAbandoned
from testbed.pull.origins import NoTarget, Target
from testbed.pull.preferences import Preferences
from testbed.pull.replies import Ready
from testbed.pull.units import Recognised, UnitMemory, digest

_METHOD_PDUS = range(0x40, 0x80)


@dataclass(frozen=True, slots=True)
class MethodRequest:
    """A request on a session."""

    transaction: int
    peer: Address
    request: Get | Post
    headers: Headers
    """Of the session."""
    client_sdu: int
    """Octets of the largest PDU that the client takes; 0 is no limit."""


@dataclass(frozen=True, slots=True)
class _Unit:
    """Where the answer to a request without a session goes."""

    peer: Address
    tid: int
    digest: bytes
    """Of the request."""


@dataclass(slots=True, eq=False)
class _Request:
    """A request that is not answered."""

    number: int
    whence: _Unit | int
    """What it came in, or the transaction that it is."""
    peer: Address
    what: Get | Post
    liked: Preferences
    headers: HttpHeaders
    """For the origin server."""
    target: Target
    largest: int
    """Octets of the largest reply."""
    since: float
    alarm: Alarm | None = None


class Pull:
    """The requests of all terminals."""

    def __init__(
        self, config: PullConfig, *, msisdn_of: Callable[[str], str | None] = lambda _: None
    ) -> None:
        """``msisdn_of`` tells the MSISDN of who has an address now, where it is known."""
        self._config = config
        self._msisdn_of = msisdn_of
        limits = config.limits
        self._units = UnitMemory(most=limits.remembered, lifetime=limits.remembered_for)
        self._schedule = Schedule()
        self._numbers = count(1)
        self._under_way: dict[int, _Request] = {}
        self._waiting: OrderedDict[int, _Request] = OrderedDict()
        self._of_transaction: dict[int, _Request] = {}
        self._of_terminal: Counter[str] = Counter()
        self._breaking_off: set[int] = set()
        """Fetches that nobody waits for, and that are not over."""
        self._counts: Counter[str] = Counter()
        self._datagrams: list[tuple[bytes, Address]] = []
        self._replies: list[tuple[int, Reply]] = []
        self._effects: list[Effect] = []
        self._events: list[Event] = []

    @property
    def counters(self) -> Mapping[str, int]:
        """What was counted since it was made."""
        return self._counts

    @property
    def sizes(self) -> Mapping[str, int]:
        """How many of a thing there are now."""
        return {
            "fetches under way": len(self._under_way),
            "fetches waiting": len(self._waiting),
        }

    # What terminals say

    def receive(self, data: bytes, peer: Address, now: float) -> None:
        """Take a datagram of connectionless WSP. Never raises for what is in it."""
        if len(data) < 2 or data[1] not in _METHOD_PDUS:
            self._counts["units dropped"] += 1
            return
        unit = _Unit(peer, data[0], digest(data))
        known = self._units.recognise((peer, data[0]), unit.digest, now)
        if known is not Recognised.NEW:
            self._counts["units repeated"] += 1
            if isinstance(known, bytes):
                self._datagrams.append((known, peer))
            return
        self._counts["units"] += 1
        largest = self._config.limits.datagram - 1
        try:
            _, pdu = decode_unit(data)
        except WspError as error:
            ready = replies.page(400, str(error), Preferences())
            self._answer(unit, replies.fit(ready, Preferences(), largest))
            self._tell(peer, f"{data[1]:#04x}", "", ready, now, now)
            return
        assert isinstance(pdu, (Get, Post))
        self._begin(unit, peer, pdu, pdu.headers, largest, now)

    def take_method(self, method: MethodRequest, now: float) -> None:
        """Take a request on a session; exactly one reply or ``method_ended`` ends it."""
        self._counts["methods"] += 1
        said = requests.join(method.headers, method.request.headers)
        most = self._config.limits.reply
        largest = min(method.client_sdu or most, most)
        self._begin(method.transaction, method.peer, method.request, said, largest, now)

    def method_ended(self, transaction: int, now: float) -> None:
        """Take note that a request on a session is over; nobody waits for what it asked for."""
        request = self._of_transaction.get(transaction)
        if request is None:
            return
        self._counts["requests abandoned"] += 1
        terminal, host = self._name(request.peer), request.target.host
        self._release(request)
        self._events.append(RequestAbandoned(terminal, host, now - request.since))
        self._start_waiting(now)

    # What origins say

    def fetched(self, number: int, answer: OriginAnswer, now: float) -> None:
        """Take the answer to ``FetchFromOrigin``."""
        self._breaking_off.discard(number)
        request = self._under_way.pop(number, None)
        if request is not None:
            ready = replies.build(
                answer,
                request.liked,
                url=request.target.url,
                is_head=request.what.method == Method.HEAD,
                largest=request.largest,
            )
            self._finish(request, ready, now)
        self._start_waiting(now)

    def fetch_failed(self, number: int, failure: FetchFailure, text: str, now: float) -> None:
        """Take note that ``FetchFromOrigin`` came to nothing."""
        self._breaking_off.discard(number)
        request = self._under_way.pop(number, None)
        if request is not None:
            self._counts["fetches failed"] += 1
            self._refuse(request, failure.value, text, now)
        self._start_waiting(now)

    # Time, and what comes out

    def next_timeout(self) -> float | None:
        """Return when ``handle_timeout`` wants to be called, or None."""
        return self._schedule.next_timeout()

    def handle_timeout(self, now: float) -> None:
        """Do what is due at ``now``."""
        self._schedule.ring(now)
        self._start_waiting(now)

    def take_datagrams(self) -> list[tuple[bytes, Address]]:
        """Return the datagrams to send, in order, and forget them."""
        taken, self._datagrams = self._datagrams, []
        return taken

    def take_replies(self) -> list[tuple[int, Reply]]:
        """Return the replies to requests on sessions, by transaction, and forget them."""
        taken, self._replies = self._replies, []
        return taken

    def take_effects(self) -> list[Effect]:
        """Return the effects to carry out, in order, and forget them."""
        taken, self._effects = self._effects, []
        return taken

    def take_events(self) -> list[Event]:
        """Return what has happened since the last call, in order, and forget it."""
        taken, self._events = self._events, []
        return taken

    # Requests

    def _begin(
        self,
        whence: _Unit | int,
        peer: Address,
        what: Get | Post,
        said: Headers,
        largest: int,
        now: float,
    ) -> None:
        liked = preferences.read(said)
        target = origins.target(what.uri, self._config)
        refusal = self._objection(what, peer, target)
        if refusal is not None:
            status, text = refusal
            ready = replies.fit(replies.page(status, text, liked), liked, largest)
            self._answer(whence, ready)
            self._tell(peer, _name_of(what), target.host, ready, now, now)
            return
        assert isinstance(target, Target)
        headers = requests.headers(
            what, said, liked, via=self._config.via, identity=self._identity(peer, target)
        )
        request = _Request(
            next(self._numbers), whence, peer, what, liked, headers, target, largest, now
        )
        due = now + self._config.timeout
        request.alarm = self._schedule.at(due, lambda at: self._time_out(request, at))
        self._of_terminal[peer[0]] += 1
        if isinstance(whence, int):
            self._of_transaction[whence] = request
        self._waiting[request.number] = request
        self._start_waiting(now)

    def _objection(
        self, what: Get | Post, peer: Address, target: Target | NoTarget
    ) -> tuple[int, str] | None:
        """Return status and words where a request is refused at once."""
        limits = self._config.limits
        if what.method in EXTENDED_METHODS or what.method not in requests.METHODS:
            return 501, f"{_name_of(what)} is not passed on"
        if isinstance(target, NoTarget):
            return target.status, target.reason
        if isinstance(what, Post) and not str(what.content_type).isprintable():
            return 400, "a control character in the content type"
        if self._of_terminal[peer[0]] >= limits.per_terminal:
            return 503, f"{limits.per_terminal} requests of this terminal are under way"
        if self._is_full() and len(self._waiting) >= limits.waiting:
            return 503, "too many requests are under way"
        return None

    def _is_full(self) -> bool:
        return len(self._under_way) + len(self._breaking_off) >= self._config.limits.fetches

    def _start_waiting(self, now: float) -> None:
        while self._waiting and not self._is_full():
            _, request = self._waiting.popitem(last=False)
            self._under_way[request.number] = request
            self._counts["fetches"] += 1
            what = request.what
            self._effects.append(
                FetchFromOrigin(
                    request.number,
                    requests.METHODS[what.method],
                    request.target.url,
                    request.headers,
                    what.body if isinstance(what, Post) else None,
                    request.since + self._config.timeout - now,
                )
            )

    def _identity(self, peer: Address, target: Target) -> HttpHeaders:
        if not origins.is_told_identity(target.host, self._config):
            return ()
        msisdn = self._msisdn_of(peer[0])
        known = () if msisdn is None else ((requests.MSISDN, msisdn),)
        return (*known, (requests.ADDRESS, peer[0]))

    def _time_out(self, request: _Request, now: float) -> None:
        request.alarm = None
        waited = request.number in self._waiting
        text = "the gateway had too much to do" if waited else "the origin server did not answer"
        self._counts["fetches timed out"] += 1
        self._refuse(request, 503 if waited else 504, text, now)

    def _refuse(self, request: _Request, status: int, text: str, now: float) -> None:
        ready = replies.page(status, f"{request.target.host}: {text}", request.liked)
        self._finish(request, replies.fit(ready, request.liked, request.largest), now)

    def _finish(self, request: _Request, ready: Ready, now: float) -> None:
        self._release(request)
        self._answer(request.whence, ready)
        method, host = _name_of(request.what), request.target.host
        self._tell(request.peer, method, host, ready, request.since, now)

    def _release(self, request: _Request) -> None:
        """Forget a request; its fetch is broken off where it is under way."""
        if request.alarm is not None:
            request.alarm.cancel()
        self._of_terminal[request.peer[0]] -= 1
        if not self._of_terminal[request.peer[0]]:
            del self._of_terminal[request.peer[0]]
        if isinstance(request.whence, int):
            del self._of_transaction[request.whence]
        self._waiting.pop(request.number, None)
        if self._under_way.pop(request.number, None) is not None:
            self._breaking_off.add(request.number)
            self._effects.append(CancelFetch(request.number))

    def _answer(self, whence: _Unit | int, ready: Ready) -> None:
        self._counts[f"replies {ready.reply.status // 100}xx"] += 1
        if isinstance(whence, int):
            self._replies.append((whence, ready.reply))
            return
        octets = encode_unit(whence.tid, ready.reply)
        self._units.answered((whence.peer, whence.tid), whence.digest, octets)
        self._datagrams.append((octets, whence.peer))

    def _tell(
        self, peer: Address, method: str, host: str, ready: Ready, since: float, now: float
    ) -> None:
        octets = len(ready.reply.encode())
        status, seconds = ready.reply.status, now - since
        self._events.append(
            PageServed(self._name(peer), method, host, status, octets, seconds, ready.reason)
        )

    def _name(self, peer: Address) -> str:
        msisdn = self._msisdn_of(peer[0])
        return peer[0] if msisdn is None else f"+{msisdn}"


def _name_of(what: Get | Post) -> str:
    return requests.METHODS.get(what.method, f"method {what.method:#04x}")
