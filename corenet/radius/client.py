"""A RADIUS accounting client: every record is sent until a server has answered it.

Specs: RFC 2866 (accounting), RFC 5080 §2.2.1 (retransmission), TS 29.061 §16.3 (GGSN as client).

Theory of operation. ``record`` takes what is to be told; from then on the record is either
answered or given up, and an event says which. Records of one session go out one after the
other, so that a Stop cannot overtake its Start. An Accounting-On is a barrier: what comes
after it waits until it is answered, or it would wipe out sessions that are alive. A
server may not know it and stay silent, so it is given up once each has had its tries.

A record goes to the preferred server. Unanswered, it is sent again, unchanged, after waits
that double up to a bound; after a number of tries the next server is preferred, and after
the last the first again. The record's octets stay the same at one server, so that a server
knows a duplicate when it sees one: hence Event-Timestamp and no Acct-Delay-Time, which would
make each repetition a new request (RFC 5080 §2.2.1 and RFC 2866 §5.2 leave the choice).

The client holds no socket and no clock. After ``stop`` each record has a few tries left.
"""

from __future__ import annotations

import hashlib
import hmac
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from heapq import heappop, heappush
from importlib.resources import files
from io import StringIO
from itertools import count
from random import Random
from typing import Final

from pyrad.dictionary import Dictionary
from pyrad.packet import AccountingResponse, AcctPacket

from corenet.interfaces.node import Address
from corenet.radius.accounting import (
    AccountingAnswered,
    AccountingEvent,
    AccountingGivenUp,
    AccountingPolicy,
    AccountingSent,
    AccountingStatus,
    RadiusServer,
)

AttributeValue = str | int | bytes
"""Text, number or octets, as the attribute's type in the dictionary wants."""

_IDENTIFIERS: Final = 256
_HEADER_LENGTH: Final = 20
_JITTER: Final = 0.1


def load_dictionary() -> Dictionary:
    """Return the attributes of RFC 2865, RFC 2866 and TS 29.061 that a GGSN uses."""
    text = files("corenet.radius").joinpath("dictionary").read_text(encoding="utf-8")
    return Dictionary(StringIO(text))


@dataclass(slots=True)
class AccountingCounters:
    """What a client has counted since it was made; every field only grows."""

    requests: int = 0
    """Records, each counted once."""
    retransmissions: int = 0
    answered: int = 0
    given_up: int = 0
    ignored: int = 0
    """Datagrams that answer nothing, or whose authenticator is wrong."""


class _Record:
    """One thing to tell, until it is answered or given up."""

    __slots__ = (
        "attributes",
        "closed",
        "due",
        "identifier",
        "made",
        "number",
        "octets",
        "server",
        "session",
        "status",
        "tries",
        "tries_here",
        "wait",
    )

    def __init__(
        self,
        number: int,
        status: AccountingStatus,
        session: str,
        attributes: dict[str, AttributeValue],
        now: float,
    ) -> None:
        self.number = number
        self.status = status
        self.session = session
        self.attributes = attributes
        self.made = now
        self.closed = False
        self.server: _Server | None = None
        self.identifier = 0
        self.octets = b""
        self.tries = 0
        self.tries_here = 0
        self.wait = 0.0
        self.due: float | None = None


class _Server:
    """One server: its secret and its 256 identifiers."""

    __slots__ = ("address", "in_flight", "next_identifier", "secret")

    def __init__(self, server: RadiusServer, random: Random) -> None:
        self.address = server.address
        self.secret = server.secret
        self.next_identifier = random.randrange(_IDENTIFIERS)
        self.in_flight: dict[int, _Record] = {}

    def take_identifier(self, record: _Record) -> int | None:
        """Return an identifier for ``record``, or None where all are in use."""
        if len(self.in_flight) >= _IDENTIFIERS:
            return None
        while self.next_identifier in self.in_flight:
            self.next_identifier = (self.next_identifier + 1) % _IDENTIFIERS
        identifier = self.next_identifier
        self.next_identifier = (identifier + 1) % _IDENTIFIERS
        self.in_flight[identifier] = record
        return identifier


class AccountingClient:
    """Tells RADIUS servers what happened. Holds no socket and no clock."""

    def __init__(
        self, servers: tuple[RadiusServer, ...], policy: AccountingPolicy, *, random: Random
    ) -> None:
        """Make a client; without servers it takes records and forgets them.

        ``random`` chooses the first identifiers and spreads repetitions.
        """
        self._servers = [_Server(server, random) for server in servers]
        self._by_address = {server.address: server for server in self._servers}
        self._policy = policy
        self._random = random
        self._dictionary = load_dictionary()
        self._preferred = 0
        self._barrier_tries = policy.tries_per_server * len(servers)
        self._numbers = count()
        self._records: dict[int, _Record] = {}
        """Everything that is neither answered nor given up, oldest first."""
        self._sessions: dict[str, deque[_Record]] = {}
        """Per session the record under way and those behind it."""
        self._barrier: _Record | None = None
        self._held: deque[_Record] = deque()
        self._ready: deque[_Record] = deque()
        self._due: list[tuple[float, int, _Record]] = []
        self._stopped = False
        self._datagrams: list[tuple[bytes, Address]] = []
        self._events: list[AccountingEvent] = []
        self.counters = AccountingCounters()

    @property
    def pending(self) -> int:
        """How many records are neither answered nor given up."""
        return len(self._records)

    def record(
        self,
        status: AccountingStatus,
        attributes: Mapping[str, AttributeValue],
        now: float,
        *,
        session: str = "",
    ) -> None:
        """Tell the servers, for as long as it takes.

        ``attributes`` are by name; Acct-Status-Type, Acct-Session-Id and Event-Timestamp are
        added. ``session`` is the Acct-Session-Id, or "" for On and Off.
        """
        if not self._servers:
            return
        complete: dict[str, AttributeValue] = {"Acct-Status-Type": status.value}
        if session:
            complete["Acct-Session-Id"] = session
        complete.update(attributes)
        complete["Event-Timestamp"] = int(now)
        record = _Record(next(self._numbers), status, session, complete, now)
        self.counters.requests += 1
        self._records[record.number] = record
        if len(self._records) > self._policy.queue_limit:
            self._give_up(next(iter(self._records.values())))
        self._admit(record)
        self._send_ready(now)

    def stop(self, now: float) -> None:
        """Let nothing wait for anything any more, and end within a few tries."""
        self._stopped = True
        self._barrier = None
        waiting = [*self._held]
        self._held.clear()
        for chain in self._sessions.values():
            waiting.extend(list(chain)[1:])
        self._sessions.clear()
        waiting.sort(key=lambda record: record.number)
        self._ready.extend(waiting)
        self._send_ready(now)

    def receive(self, data: bytes, peer: Address, now: float) -> None:
        """Take a datagram. What is no right answer from a server is counted and ignored."""
        server = self._by_address.get(peer)
        record = None
        if server is not None and len(data) >= _HEADER_LENGTH and data[0] == AccountingResponse:
            record = server.in_flight.get(data[1])
        if server is None or record is None or not _authentic(data, record.octets, server.secret):
            self.counters.ignored += 1
            return
        self.counters.answered += 1
        self._events.append(
            AccountingAnswered(server.address[0], record.status, record.session, now - record.made)
        )
        self._close(record)
        self._send_ready(now)

    def next_timeout(self) -> float | None:
        """Return when ``handle_timeout`` wants to be called, or None."""
        while self._due and self._due[0][2].due != self._due[0][0]:
            heappop(self._due)
        return self._due[0][0] if self._due else None

    def handle_timeout(self, now: float) -> None:
        """Send again what was not answered in time."""
        while (due := self.next_timeout()) is not None and due <= now:
            record = heappop(self._due)[2]
            record.due = None
            if self._hopeless(record):
                self._give_up(record)
            elif record.tries_here >= self._policy.tries_per_server and len(self._servers) > 1:
                self._change_server(record)
            else:
                self.counters.retransmissions += 1
                self._transmit(record, now)
        self._send_ready(now)

    def take_datagrams(self) -> list[tuple[bytes, Address]]:
        """Return what is to be sent, in order, and forget it."""
        taken, self._datagrams = self._datagrams, []
        return taken

    def take_events(self) -> list[AccountingEvent]:
        """Return what has happened since the last call, in order, and forget it."""
        taken, self._events = self._events, []
        return taken

    def _admit(self, record: _Record) -> None:
        """Put ``record`` where it waits for its turn."""
        if self._stopped:
            self._ready.append(record)
        elif self._barrier is not None:
            self._held.append(record)
        elif record.status is AccountingStatus.ACCOUNTING_ON:
            self._barrier = record
            self._ready.append(record)
        elif record.session:
            chain = self._sessions.setdefault(record.session, deque())
            chain.append(record)
            if len(chain) == 1:
                self._ready.append(record)
        else:
            self._ready.append(record)

    def _send_ready(self, now: float) -> None:
        while self._ready:
            record = self._ready[0]
            if record.closed:
                self._ready.popleft()
                continue
            server = self._servers[self._preferred]
            identifier = server.take_identifier(record)
            if identifier is None:
                return
            self._ready.popleft()
            record.server = server
            record.identifier = identifier
            record.octets = self._encode(record, server.secret)
            record.tries_here = 0
            record.wait = self._policy.first_wait
            self._events.append(AccountingSent(server.address[0], record.status, record.session))
            self._transmit(record, now)

    def _encode(self, record: _Record, secret: bytes) -> bytes:
        packet = AcctPacket(id=record.identifier, secret=secret, dict=self._dictionary)
        for name, value in record.attributes.items():
            packet.AddAttribute(name, value)
        octets: bytes = packet.RequestPacket()
        return octets

    def _transmit(self, record: _Record, now: float) -> None:
        assert record.server is not None
        record.tries += 1
        record.tries_here += 1
        self._datagrams.append((record.octets, record.server.address))
        spread = 1 + self._random.uniform(-_JITTER, _JITTER)
        record.due = now + record.wait * spread
        record.wait = min(record.wait * 2, self._policy.longest_wait)
        heappush(self._due, (record.due, record.number, record))

    def _change_server(self, record: _Record) -> None:
        """Leave the server that does not answer; the others come in turn."""
        silent = record.server
        self._leave(record)
        if silent is self._servers[self._preferred]:
            self._preferred = (self._preferred + 1) % len(self._servers)
        self.counters.retransmissions += 1
        self._ready.append(record)

    def _leave(self, record: _Record) -> None:
        if record.server is not None:
            del record.server.in_flight[record.identifier]
            record.server = None
        record.due = None

    def _hopeless(self, record: _Record) -> bool:
        """Whether ``record`` has had all its tries; while others don't wait there is no end."""
        if self._stopped:
            return record.tries >= self._policy.farewell_tries
        return record is self._barrier and record.tries >= self._barrier_tries

    def _give_up(self, record: _Record) -> None:
        self.counters.given_up += 1
        self._events.append(AccountingGivenUp(record.status, record.session, record.tries))
        self._close(record)

    def _close(self, record: _Record) -> None:
        """Forget ``record`` and let go what waited for it."""
        record.closed = True
        self._leave(record)
        del self._records[record.number]
        if record is self._barrier:
            self._barrier = None
            held, self._held = self._held, deque()
            for waiting in held:
                self._admit(waiting)
            return
        chain = self._sessions.get(record.session)
        if chain is None:
            return
        # Only the first of a chain is under way, and the oldest is given up first.
        chain.popleft()
        if chain:
            self._ready.append(chain[0])
        else:
            del self._sessions[record.session]


def _authentic(response: bytes, request: bytes, secret: bytes) -> bool:
    """Whether the Response Authenticator is right (RFC 2866 §3)."""
    length = int.from_bytes(response[2:4], "big")
    if not _HEADER_LENGTH <= length <= len(response):
        return False
    digest = hashlib.md5(
        response[:4] + request[4:20] + response[20:length] + secret, usedforsecurity=False
    ).digest()
    return hmac.compare_digest(digest, response[4:20])
