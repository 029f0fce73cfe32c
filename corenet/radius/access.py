"""A RADIUS authentication client: it asks whether a user may have what it wants.

Specs: RFC 2865 (authentication), RFC 5080 §2.2 (retransmission, Message-Authenticator),
TS 29.061 §16.3 (GGSN as client).

Theory of operation. ``ask`` sends an Access-Request to the first server that lives; unanswered
it is sent again, unchanged, a number of times, and then anew to the next server, and so on until
the deadline: somebody waits for the answer. Each request ends in exactly one ``AccessResult``:
accepted, rejected, or unanswered. An Access-Challenge asks for a dialogue that nobody here can
have, so it is as good as a reject. Every request carries a Message-Authenticator; an answer's is
checked where it has one, and where the server is known to send one it must be there.

The client holds no socket and no clock.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from heapq import heappop, heappush
from itertools import count
from random import Random
from typing import Any, Final

from corenet.interfaces.node import Address
from corenet.radius.accounting import (
    RadiusEvent,
    RadiusServer,
    RadiusServerAnswered,
    RadiusServerSilent,
    RadiusService,
)
from corenet.radius.attributes import (
    Attributes,
    AttributeValue,
    MalformedError,
    encode_attributes,
)
from corenet.radius.packets import (
    Code,
    Packet,
    access_request,
    answers,
    has_signature,
    hide_password,
    read,
)
from corenet.radius.servers import Server, choose


@dataclass(frozen=True, slots=True)
class AccessPolicy:
    """How Access-Requests are repeated (RFC 5080 §2.2.1)."""

    wait: float = 1.5
    """Seconds until a repetition."""
    tries_per_server: int = 2
    """Transmissions to one server before the next one is tried."""
    deadline: float = 10.0
    """Seconds until it is taken that nobody answers: shorter than the patience of who waits."""
    dead_time: float = 60.0
    """Seconds for which a server that was silent comes after all others."""

    def __post_init__(self) -> None:
        if min(self.wait, self.deadline) <= 0 or self.dead_time < 0:
            raise ValueError("waits and deadline of authentication are above 0")
        if self.tries_per_server < 1:
            raise ValueError("tries of authentication are at least 1")


@dataclass(frozen=True, slots=True)
class Pap:
    """A password that is hidden from who does not know the secret (RFC 2865 §5.2)."""

    password: bytes


@dataclass(frozen=True, slots=True)
class Chap:
    """A response to a challenge (RFC 2865 §5.3, §5.40)."""

    identifier: int
    response: bytes
    challenge: bytes


class AccessOutcome(Enum):
    """How an Access-Request ended."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    UNANSWERED = "unanswered"


@dataclass(frozen=True, slots=True)
class AccessResult:
    """The end of an Access-Request."""

    context: Any
    """What ``ask`` was given."""
    outcome: AccessOutcome
    attributes: Attributes


@dataclass(slots=True)
class AccessCounters:
    """What a client has counted since it was made; every field only grows."""

    requests: int = 0
    """Access-Requests, each counted once."""
    retransmissions: int = 0
    accepted: int = 0
    rejected: int = 0
    unanswered: int = 0
    silences: int = 0
    """Times that a server was taken for dead."""
    ignored: int = 0
    """Datagrams that answer nothing, or are not authentic."""


class _Request:
    """One question, until it is answered."""

    __slots__ = (
        "asked",
        "attributes",
        "context",
        "due",
        "end",
        "identifier",
        "number",
        "octets",
        "proof",
        "server",
        "servers",
        "silent",
        "tries",
    )

    def __init__(
        self,
        number: int,
        servers: tuple[Server[_Request], ...],
        attributes: bytes,
        proof: Pap | Chap,
        context: object,
        end: float,
    ) -> None:
        self.number = number
        self.servers = servers
        self.attributes = attributes
        self.proof = proof
        self.context = context
        self.end = end
        self.server: Server[_Request] | None = None
        self.silent: Server[_Request] | None = None
        self.asked = 0.0
        self.tries = 0
        """Transmissions to this server."""
        self.identifier = 0
        self.octets = b""
        self.due: float | None = None


_OUTCOMES: Final[Mapping[int, AccessOutcome]] = {
    Code.ACCESS_ACCEPT: AccessOutcome.ACCEPTED,
    Code.ACCESS_REJECT: AccessOutcome.REJECTED,
    Code.ACCESS_CHALLENGE: AccessOutcome.REJECTED,
}


class AccessClient:
    """Asks RADIUS servers whether a user may. Holds no socket and no clock."""

    def __init__(self, policy: AccessPolicy, *, random: Random) -> None:
        """Make a client; ``random`` chooses identifiers and authenticators."""
        self._policy = policy
        self._random = random
        self._servers: dict[Address, Server[_Request]] = {}
        self._requests: dict[int, _Request] = {}
        self._numbers = count()
        self._due: list[tuple[float, int, _Request]] = []
        self._datagrams: list[tuple[bytes, Address]] = []
        self._results: list[AccessResult] = []
        self._events: list[RadiusEvent] = []
        self.counters = AccessCounters()

    @property
    def pending(self) -> int:
        """How many requests wait for an answer."""
        return len(self._requests)

    @property
    def has_results(self) -> bool:
        """Whether ``take_results`` would return anything."""
        return bool(self._results)

    def ask(
        self,
        servers: tuple[RadiusServer, ...],
        attributes: Mapping[str, AttributeValue],
        proof: Pap | Chap,
        now: float,
        *,
        context: object,
    ) -> int:
        """Ask ``servers``, the first one first; return the request's number.

        ``attributes`` are by name; the ``proof`` of who asks and Message-Authenticator are added.
        A server's address always goes with the same secret.
        """
        request = _Request(
            next(self._numbers),
            tuple(map(self._server, servers)),
            encode_attributes(attributes),
            proof,
            context,
            now + self._policy.deadline,
        )
        self.counters.requests += 1
        self._requests[request.number] = request
        self._begin_turn(request, now)
        return request.number

    def cancel(self, number: int) -> None:
        """Ask no more, and tell nothing. Safe after the end."""
        request = self._requests.pop(number, None)
        if request is not None:
            _leave(request)

    def receive(self, data: bytes, peer: Address, now: float) -> None:
        """Take a datagram. What is no right answer from a server is counted and ignored."""
        server = self._servers.get(peer)
        try:
            packet = read(data)
        except MalformedError:
            server = None
        request = None if server is None else server.in_flight.get(packet.identifier)
        if server is None or request is None or not _is_answer(packet, request, server):
            self.counters.ignored += 1
            return
        if server.hear(now):
            service = RadiusService.AUTHENTICATION
            self._events.append(RadiusServerAnswered(server.address[0], service))
        outcome = _OUTCOMES[packet.code]
        if outcome is AccessOutcome.ACCEPTED:
            self.counters.accepted += 1
        else:
            self.counters.rejected += 1
        self._end(request, outcome, packet.attributes)

    def next_timeout(self) -> float | None:
        """Return when ``handle_timeout`` wants to be called, or None."""
        while self._due and self._due[0][2].due != self._due[0][0]:
            heappop(self._due)
        return self._due[0][0] if self._due else None

    def handle_timeout(self, now: float) -> None:
        """Send again what was not answered in time, or ask another server."""
        while (due := self.next_timeout()) is not None and due <= now:
            request = heappop(self._due)[2]
            request.due = None
            if now >= request.end:
                self._note_silence(request, now)
                self.counters.unanswered += 1
                self._end(request, AccessOutcome.UNANSWERED, Attributes(()))
            elif request.server is not None and request.tries < self._policy.tries_per_server:
                self.counters.retransmissions += 1
                self._transmit(request, now)
            else:
                self._note_silence(request, now)
                self.counters.retransmissions += 1
                self._begin_turn(request, now)

    def take_datagrams(self) -> list[tuple[bytes, Address]]:
        """Return what is to be sent, in order, and forget it."""
        taken, self._datagrams = self._datagrams, []
        return taken

    def take_results(self) -> list[AccessResult]:
        """Return what has ended since the last call, in order, and forget it."""
        taken, self._results = self._results, []
        return taken

    def take_events(self) -> list[RadiusEvent]:
        """Return what has happened since the last call, in order, and forget it."""
        taken, self._events = self._events, []
        return taken

    def _server(self, server: RadiusServer) -> Server[_Request]:
        if server.address not in self._servers:
            self._servers[server.address] = Server(server, self._random)
        return self._servers[server.address]

    def _begin_turn(self, request: _Request, now: float) -> None:
        """Ask the best server anew: another secret, another authenticator."""
        server = choose(request.servers, now, request.silent)
        identifier = server.take_identifier(request)
        request.tries = 0
        if identifier is None:
            # Room comes with the next answers, or with the next deadlines.
            self._wait(request, now)
            return
        authenticator = self._random.randbytes(16)
        request.server = server
        request.identifier = identifier
        request.asked = now
        request.octets = access_request(
            identifier,
            authenticator,
            _proof(request.proof, authenticator, server.secret) + request.attributes,
            server.secret,
        )
        self._transmit(request, now)

    def _transmit(self, request: _Request, now: float) -> None:
        assert request.server is not None
        request.tries += 1
        self._datagrams.append((request.octets, request.server.address))
        self._wait(request, now)

    def _wait(self, request: _Request, now: float) -> None:
        request.due = min(now + self._policy.wait, request.end)
        heappush(self._due, (request.due, request.number, request))

    def _note_silence(self, request: _Request, now: float) -> None:
        """Leave the server, which has not answered."""
        server = request.server
        if server is None:
            return
        if server.silent_since(request.asked, now, self._policy.dead_time):
            self.counters.silences += 1
            service = RadiusService.AUTHENTICATION
            self._events.append(RadiusServerSilent(server.address[0], service))
        request.silent = server
        _leave(request)

    def _end(self, request: _Request, outcome: AccessOutcome, attributes: Attributes) -> None:
        _leave(request)
        del self._requests[request.number]
        self._results.append(AccessResult(request.context, outcome, attributes))


def _leave(request: _Request) -> None:
    if request.server is not None:
        del request.server.in_flight[request.identifier]
        request.server = None
    request.due = None


def _is_answer(packet: Packet, request: _Request, server: Server[_Request]) -> bool:
    """Whether a packet is an authentic answer to a request."""
    if packet.code not in _OUTCOMES or (server.signs and not has_signature(packet)):
        return False
    return answers(packet, request.octets[4:20], server.secret)


def _proof(proof: Pap | Chap, authenticator: bytes, secret: bytes) -> bytes:
    if isinstance(proof, Pap):
        hidden = hide_password(proof.password, authenticator, secret)
        return encode_attributes({"User-Password": hidden})
    return encode_attributes(
        {
            "CHAP-Password": bytes((proof.identifier,)) + proof.response,
            "CHAP-Challenge": proof.challenge,
        }
    )
