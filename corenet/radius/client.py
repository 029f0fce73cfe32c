"""A RADIUS accounting client: every record is sent until a server has answered it.

Specs: RFC 2866 (accounting), RFC 5080 §2.2.1 (retransmission), TS 29.061 §16.3 (GGSN as client).

Theory of operation. ``record`` takes what is to be told; from then on the record is either
answered or given up, and an event says which. Records of one session go out one after the
other, so that a Stop cannot overtake its Start. An Accounting-On is a barrier: what comes
after it waits until it is answered, or it would wipe out sessions that are alive. A
server may not know it and stay silent, so it is given up once each has had its tries.

A record goes to the first server that lives. Unanswered, it is sent again, unchanged, after waits
that double up to a bound: the same octets, so that a server knows a duplicate when it sees one.
After a number of tries its turn is over; the server is dead for a while if it has said nothing at
all, and the record has another turn, at the next server if there is one. Only then its
Acct-Delay-Time is brought up to date, and with it identifier and authenticator are new
(RFC 2866 §5.2). Event-Timestamp says when it happened, whatever the delay.

Records are in the journal from when they are made until they are answered or given up. Those that
an earlier life has left go out first, and the Accounting-On waits for them as long as it would
for its own answer. After ``stop`` each record has a few tries left, and stays in the journal.

The client holds no socket and no clock.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from itertools import count
from random import Random
from typing import Final

from corenet.interfaces.node import Address
from corenet.radius.accounting import (
    AccountingAnswered,
    AccountingGivenUp,
    AccountingPolicy,
    AccountingResumed,
    AccountingSent,
    AccountingStatus,
    RadiusEvent,
    RadiusServer,
    RadiusServerAnswered,
    RadiusServerSilent,
    RadiusService,
)
from corenet.radius.attributes import (
    Attributes,
    MalformedError,
    encode_attributes,
    writer,
)
from corenet.radius.journal import Journal, JournalEntry, MemoryJournal
from corenet.radius.packets import HEADER_LENGTH, Code, accounting_request, acknowledges
from corenet.radius.servers import Server, choose

_ACCOUNTING_RESPONSE: Final = bytes((Code.ACCOUNTING_RESPONSE,))
_JITTER: Final = 0.1
_DELAY_HEAD: Final = b"\x29\x06"
"""Number and length of Acct-Delay-Time."""
_PAST_KEPT: Final = 64
"""Repetitions that need not be made any more, after which they are forgotten."""
_STATUSES: Final = {
    1: AccountingStatus.START,
    2: AccountingStatus.STOP,
    3: AccountingStatus.INTERIM_UPDATE,
}
"""Records that outlive the GGSN; On and Off are told anew by the next life."""


@dataclass(slots=True)
class AccountingCounters:
    """What a client has counted since it was made; every field only grows."""

    requests: int = 0
    """Records, each counted once."""
    retransmissions: int = 0
    answered: int = 0
    given_up: int = 0
    """Records that nobody will ever be told of."""
    kept: int = 0
    """Records left to the next life, after ``stop``."""
    resumed: int = 0
    """Records that an earlier life had left."""
    silences: int = 0
    """Times that a server was taken for dead."""
    ignored: int = 0
    """Datagrams that answer nothing, or whose authenticator is wrong."""


class _Record:
    """One thing to tell, until it is answered or given up."""

    __slots__ = (
        "asked",
        "attributes",
        "behind",
        "closed",
        "due",
        "identifier",
        "made",
        "number",
        "octets",
        "server",
        "session",
        "silent",
        "status",
        "tries",
        "tries_here",
        "wait",
    )

    def __init__(
        self, number: int, status: AccountingStatus, session: str, attributes: bytes, made: float
    ) -> None:
        self.number = number
        self.status = status
        self.session = session
        self.attributes = attributes
        self.made = made
        self.behind: _Record | None = None
        """The next one of its session, which waits until this one is answered or given up."""
        self.closed = False
        self.server: Server[_Record] | None = None
        self.silent: Server[_Record] | None = None
        """Where its last turn ended without an answer."""
        self.asked = 0.0
        """When its turn began."""
        self.identifier = 0
        self.octets = b""
        self.tries = 0
        self.tries_here = 0
        self.wait = 0.0
        self.due: float | None = None


class AccountingClient:
    """Tells RADIUS servers what happened. Holds no socket and no clock."""

    def __init__(
        self,
        servers: tuple[RadiusServer, ...],
        policy: AccountingPolicy,
        *,
        random: Random,
        journal: Journal | None = None,
    ) -> None:
        """Make a client; without servers it takes records and forgets them.

        ``random`` chooses the first identifiers and spreads repetitions. ``journal`` keeps what
        is to outlive the client.
        """
        self._servers = [Server[_Record](server, random) for server in servers]
        self._by_address = {server.address: server for server in self._servers}
        self._policy = policy
        self._random = random
        self._journal = journal if journal is not None else MemoryJournal()
        self._barrier_tries = policy.tries_per_server * len(servers)
        self._numbers = count()
        self._records: dict[int, _Record] = {}
        """Everything that is neither answered nor given up, oldest first."""
        self._sessions: dict[str, _Record] = {}
        """The last record of each session that has one."""
        self._resumed: set[int] = set()
        """Records of an earlier life, while an Accounting-On waits for them."""
        self._barrier: _Record | None = None
        self._held: deque[_Record] = deque()
        self._ready: deque[_Record] = deque()
        self._due: list[tuple[float, int, _Record]] = []
        self._stopped = False
        self._statuses = {
            status: encode_attributes({"Acct-Status-Type": status.value})
            for status in AccountingStatus
        }
        self._write_session = writer("Acct-Session-Id")
        self._write_time = writer("Event-Timestamp")
        self._datagrams: list[tuple[bytes, Address]] = []
        self._events: list[RadiusEvent] = []
        self.on_told: Callable[[AccountingStatus, str], None] | None = None
        """Called with status and session of each record that was answered or given up for good."""
        self.counters = AccountingCounters()

    @property
    def pending(self) -> int:
        """How many records are neither answered nor given up."""
        return len(self._records)

    def resume(self, now: float) -> list[Attributes]:
        """Send what an earlier life has left; return the attributes of each record.

        To be called once, before the first record.
        """
        if not self._servers:
            return []
        found = []
        for entry in self._journal.entries():
            self._numbers = count(entry.number + 1)
            try:
                attributes = Attributes.decode(entry.attributes)
            except MalformedError:
                attributes = Attributes(())
            status = _STATUSES.get(attributes.integer("Acct-Status-Type") or 0)
            session = attributes.text("Acct-Session-Id")
            if status is None or not session:
                self._journal.forget(entry.number)
                continue
            record = _Record(entry.number, status, session, entry.attributes, entry.made)
            self._resumed.add(record.number)
            self.counters.resumed += 1
            found.append(attributes)
            self._take(record)
        if found:
            self._events.append(AccountingResumed(len(found)))
        self._send_ready(now)
        return found

    def record(
        self,
        status: AccountingStatus,
        attributes: bytes,
        now: float,
        *,
        session: str = "",
    ) -> None:
        """Tell the servers, for as long as it takes.

        ``attributes`` are as in the packet; Acct-Status-Type, Acct-Session-Id, Event-Timestamp
        and Acct-Delay-Time are added. ``session`` is the Acct-Session-Id, or "" for On and Off.
        """
        if not self._servers:
            return
        about = self._statuses[status] + self._write_session(session)
        octets = about + attributes + self._write_time(int(now))
        record = _Record(next(self._numbers), status, session, octets, now)
        self.counters.requests += 1
        if session:
            self._journal.keep(JournalEntry(record.number, now, octets))
        self._take(record)
        self._send_ready(now)

    def stop(self, now: float) -> None:
        """Let nothing wait for anything any more, and end within a few tries."""
        self._stopped = True
        waiting = [*self._held]
        if self._barrier is not None and self._resumed:
            waiting.append(self._barrier)
        self._barrier = None
        self._resumed.clear()
        self._held.clear()
        for record in self._records.values():
            if record.behind is not None:
                waiting.append(record.behind)
                record.behind = None
        self._sessions.clear()
        waiting.sort(key=lambda record: record.number)
        self._ready.extend(waiting)
        self._send_ready(now)

    def receive(self, data: bytes, peer: Address, now: float) -> None:
        """Take a datagram. What is no right answer from a server is counted and ignored."""
        server = self._by_address.get(peer)
        record = None
        if server is not None and data[:1] == _ACCOUNTING_RESPONSE and len(data) >= HEADER_LENGTH:
            record = server.in_flight.get(data[1])
        if (
            server is None
            or record is None
            or not acknowledges(data, record.octets[4:20], server.secret)
        ):
            self.counters.ignored += 1
            return
        if server.hear(now):
            self._events.append(RadiusServerAnswered(server.address[0], RadiusService.ACCOUNTING))
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
            if self._is_hopeless(record, now):
                self._give_up(record)
            elif record.tries_here >= self._policy.tries_per_server:
                self._end_turn(record, now)
            else:
                self.counters.retransmissions += 1
                self._transmit(record, now)
        self._send_ready(now)

    def take_datagrams(self) -> list[tuple[bytes, Address]]:
        """Return what is to be sent, in order, and forget it."""
        taken, self._datagrams = self._datagrams, []
        return taken

    def take_events(self) -> list[RadiusEvent]:
        """Return what has happened since the last call, in order, and forget it."""
        taken, self._events = self._events, []
        return taken

    def _take(self, record: _Record) -> None:
        """Take a record in; the oldest gives way where there are too many."""
        self._records[record.number] = record
        if len(self._records) > self._policy.queue_limit:
            self._give_up(next(iter(self._records.values())))
        if not record.closed:
            self._admit(record)

    def _admit(self, record: _Record) -> None:
        """Put ``record`` where it waits for its turn."""
        if self._stopped:
            self._ready.append(record)
        elif self._barrier is not None:
            self._held.append(record)
        elif record.status is AccountingStatus.ACCOUNTING_ON:
            self._barrier = record
            if not self._resumed:
                self._ready.append(record)
        elif record.session:
            last = self._sessions.get(record.session)
            self._sessions[record.session] = record
            if last is None:
                self._ready.append(record)
            else:
                last.behind = record
        else:
            self._ready.append(record)

    def _send_ready(self, now: float) -> None:
        while self._ready:
            record = self._ready[0]
            if record.closed:
                self._ready.popleft()
                continue
            server = choose(self._servers, now, record.silent)
            identifier = server.take_identifier(record)
            if identifier is None:
                return
            self._ready.popleft()
            record.server = server
            record.identifier = identifier
            record.asked = now
            delay = _DELAY_HEAD + max(0, int(now - record.made)).to_bytes(4, "big")
            record.octets = accounting_request(identifier, record.attributes + delay, server.secret)
            record.tries_here = 0
            if record.tries == 0 or not server.is_dead(now):
                record.wait = self._policy.first_wait
            if server is not record.silent:
                self._events.append(
                    AccountingSent(server.address[0], record.status, record.session)
                )
            self._transmit(record, now)

    def _transmit(self, record: _Record, now: float) -> None:
        assert record.server is not None
        record.tries += 1
        record.tries_here += 1
        self._datagrams.append((record.octets, record.server.address))
        spread = 1 - _JITTER + 2 * _JITTER * self._random.random()
        record.due = now + record.wait * spread
        record.wait = min(record.wait * 2, self._policy.longest_wait)
        if len(self._due) > _PAST_KEPT + 2 * len(self._records):
            self._due = [entry for entry in self._due if entry[2].due == entry[0]]
            heapify(self._due)
        heappush(self._due, (record.due, record.number, record))
        if self._resumed and record.number in self._resumed and record.tries > self._barrier_tries:
            # Nobody answers: the Accounting-On need not wait for the others either.
            self._lift_resumed()

    def _end_turn(self, record: _Record, now: float) -> None:
        """Leave a server that does not answer; the record has its next turn at once."""
        server = record.server
        assert server is not None
        if server.silent_since(record.asked, now, self._policy.dead_time):
            self.counters.silences += 1
            self._events.append(RadiusServerSilent(server.address[0], RadiusService.ACCOUNTING))
        self._leave(record)
        record.silent = server
        self.counters.retransmissions += 1
        self._ready.append(record)

    def _leave(self, record: _Record) -> None:
        if record.server is not None:
            del record.server.in_flight[record.identifier]
            record.server = None
        record.due = None

    def _is_hopeless(self, record: _Record, now: float) -> bool:
        """Whether ``record`` has had all its tries, or all the time there is."""
        if self._stopped:
            return record.tries >= self._policy.farewell_tries
        if record is self._barrier and record.tries >= self._barrier_tries:
            return True
        return now - record.made >= self._policy.give_up_after

    def _give_up(self, record: _Record) -> None:
        kept = self._stopped and bool(record.session)
        if kept:
            self.counters.kept += 1
        else:
            self.counters.given_up += 1
        self._events.append(AccountingGivenUp(record.status, record.session, record.tries, kept))
        self._close(record, kept=kept)

    def _close(self, record: _Record, *, kept: bool = False) -> None:
        """Forget ``record`` and let go what waited for it."""
        record.closed = True
        self._leave(record)
        del self._records[record.number]
        if record.session and not kept:
            self._journal.forget(record.number)
            if self.on_told is not None:
                self.on_told(record.status, record.session)
        if record is self._barrier:
            self._barrier = None
            held, self._held = self._held, deque()
            for waiting in held:
                self._admit(waiting)
            return
        if record.behind is not None:
            self._ready.append(record.behind)
        elif self._sessions.get(record.session) is record:
            del self._sessions[record.session]
        if record.number in self._resumed:
            self._resumed.remove(record.number)
            if not self._resumed:
                self._lift_resumed()

    def _lift_resumed(self) -> None:
        """Let the Accounting-On go that waits for records of an earlier life."""
        self._resumed.clear()
        if self._barrier is not None:
            self._ready.append(self._barrier)
