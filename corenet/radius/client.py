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

Nearly every record is answered long before it would be repeated, so what is sent first only joins a
queue, by the earliest time at which its repetition can be due. It gets a time of its own, spread by
chance, if it is still there when it comes to the front.

Records are in the journal from when they are made until they are answered or given up. Those that
an earlier life has left go out first, and the Accounting-On waits for them as long as it would
for its own answer. After ``stop`` each record has a few tries left, and stays in the journal.

The client holds no socket and no clock.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
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
from corenet.radius.journal import Journal, JournalEntry
from corenet.radius.packets import Code, accounting_request, acknowledges
from corenet.radius.records import AccountingCounters, Record
from corenet.radius.servers import Server, choose

_ACCOUNTING_RESPONSE: Final = Code.ACCOUNTING_RESPONSE.value
_JITTER: Final = 0.1
"""The part of a wait by which it is shorter or longer, by chance."""
_DELAY_HEAD: Final = b"\x29\x06"
"""Number and length of Acct-Delay-Time."""
_NO_DELAY: Final = _DELAY_HEAD + bytes(4)
_PAST_KEPT: Final = 64
"""Repetitions that need not be made any more, after which they are forgotten."""
_STATUSES: Final = {
    1: AccountingStatus.START,
    2: AccountingStatus.STOP,
    3: AccountingStatus.INTERIM_UPDATE,
}
"""Records that outlive the GGSN; On and Off are told anew by the next life."""


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
        self._servers = [Server[Record](server, random) for server in servers]
        self._by_address = {server.address: server for server in self._servers}
        self._policy = policy
        self._random = random
        self._journal = journal
        self._soonest = policy.first_wait * (1 - _JITTER)
        """Seconds until the first repetition at least."""
        self._barrier_tries = policy.tries_per_server * len(servers)
        self._numbers = count()
        self._records: dict[int, Record] = {}
        """Everything that is neither answered nor given up, oldest first."""
        self._sessions: dict[str, Record] = {}
        """The last record of each session that has one."""
        self._resumed: set[int] = set()
        """Records of an earlier life, while an Accounting-On waits for them."""
        self._barrier: Record | None = None
        self._held: deque[Record] = deque()
        self._ready: deque[Record] = deque()
        self._fresh: deque[Record] = deque()
        """What has been sent once in its turn, by ``due``: the earliest time of its repetition."""
        self._due: list[tuple[float, int, Record]] = []
        """What has a time of its own for its repetition, as a heap; past entries too."""
        self._stopped = False
        self._statuses = {
            status: encode_attributes({"Acct-Status-Type": status.value})
            for status in AccountingStatus
        }
        self._write_session = writer("Acct-Session-Id")
        self._write_time = writer("Event-Timestamp")
        self._second = 0
        self._stamp = b""
        """Event-Timestamp of that second."""
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
        if not self._servers or self._journal is None:
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
            record = Record(entry.number, status, session, entry.attributes, entry.made)
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
        second = int(now)
        if second != self._second or not self._stamp:
            self._second, self._stamp = second, self._write_time(second)
        octets = self._statuses[status] + self._write_session(session) + attributes + self._stamp
        record = Record(next(self._numbers), status, session, octets, now)
        self.counters.requests += 1
        if session and self._journal is not None:
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
        if server is not None and len(data) > 1 and data[0] == _ACCOUNTING_RESPONSE:
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
        if self._ready:
            self._send_ready(now)

    def next_timeout(self) -> float | None:
        """Return when ``handle_timeout`` wants to be called, or None."""
        due, fresh = self._due, self._fresh
        while due and due[0][2].due != due[0][0]:
            heappop(due)
        while fresh and fresh[0].closed:
            fresh.popleft()
        earliest = due[0][0] if due else None
        if fresh:
            first = fresh[0].due
            if first is not None and (earliest is None or first < earliest):
                return first
        return earliest

    def handle_timeout(self, now: float) -> None:
        """Send again what was not answered in time."""
        fresh = self._fresh
        while (due := self.next_timeout()) is not None and due <= now:
            if fresh and fresh[0].due == due:
                self._repeat_later(fresh.popleft())
                continue
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

    def _take(self, record: Record) -> None:
        """Take a record in; the oldest gives way where there are too many."""
        self._records[record.number] = record
        if len(self._records) > self._policy.queue_limit:
            self._give_up(next(iter(self._records.values())))
        if not record.closed:
            self._admit(record)

    def _admit(self, record: Record) -> None:
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
        ready = self._ready
        while ready:
            record = ready[0]
            if record.closed:
                ready.popleft()
                continue
            server = self._servers[0]
            if record.silent is not None or now < server.dead_until:
                server = choose(self._servers, now, record.silent)
            identifier = server.take_identifier(record)
            if identifier is None:
                return
            ready.popleft()
            record.server = server
            record.identifier = identifier
            record.asked = now
            waited = int(now - record.made)
            delay = _DELAY_HEAD + waited.to_bytes(4, "big") if waited > 0 else _NO_DELAY
            record.octets = accounting_request(identifier, record.attributes + delay, server.secret)
            record.tries_here = 0
            if record.tries == 0 or not server.is_dead(now):
                record.wait = self._policy.first_wait
            if server is not record.silent:
                self._events.append(
                    AccountingSent(server.address[0], record.status, record.session)
                )
            self._transmit(record, now)

    def _transmit(self, record: Record, now: float) -> None:
        assert record.server is not None
        record.tries += 1
        record.tries_here += 1
        record.sent = now
        self._datagrams.append((record.octets, record.server.address))
        if record.tries == 1:
            record.due = now + self._soonest
            self._wait_in_line(record)
        else:
            self._repeat_later(record)
        if self._resumed and record.number in self._resumed and record.tries > self._barrier_tries:
            # Nobody answers: the Accounting-On need not wait for the others either.
            self._lift_resumed()

    def _wait_in_line(self, record: Record) -> None:
        """Let ``record`` wait among those that were sent once, of which few will be repeated."""
        fresh = self._fresh
        while fresh and fresh[0].closed:
            fresh.popleft()
        fresh.append(record)
        if len(fresh) > _PAST_KEPT + 2 * len(self._records):
            self._fresh = deque(one for one in fresh if not one.closed)

    def _repeat_later(self, record: Record) -> None:
        """Give the repetition of ``record`` a time of its own."""
        spread = 1 - _JITTER + 2 * _JITTER * self._random.random()
        record.due = record.sent + record.wait * spread
        record.wait = min(record.wait * 2, self._policy.longest_wait)
        if len(self._due) > _PAST_KEPT + 2 * len(self._records):
            self._due = [entry for entry in self._due if entry[2].due == entry[0]]
            heapify(self._due)
        heappush(self._due, (record.due, record.number, record))

    def _end_turn(self, record: Record, now: float) -> None:
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

    def _leave(self, record: Record) -> None:
        if record.server is not None:
            del record.server.in_flight[record.identifier]
            record.server = None
        record.due = None

    def _is_hopeless(self, record: Record, now: float) -> bool:
        """Whether ``record`` has had all its tries, or all the time there is."""
        if self._stopped:
            return record.tries >= self._policy.farewell_tries
        if record is self._barrier and record.tries >= self._barrier_tries:
            return True
        return now - record.made >= self._policy.give_up_after

    def _give_up(self, record: Record) -> None:
        kept = self._stopped and bool(record.session)
        if kept:
            self.counters.kept += 1
        else:
            self.counters.given_up += 1
        self._events.append(AccountingGivenUp(record.status, record.session, record.tries, kept))
        self._close(record, kept=kept)

    def _close(self, record: Record, *, kept: bool = False) -> None:
        """Forget ``record`` and let go what waited for it."""
        record.closed = True
        self._leave(record)
        del self._records[record.number]
        session = record.session
        if session and not kept:
            if self._journal is not None:
                self._journal.forget(record.number)
            if self.on_told is not None:
                self.on_told(record.status, session)
        if record is self._barrier:
            self._barrier = None
            held, self._held = self._held, deque()
            for waiting in held:
                self._admit(waiting)
            return
        if record.behind is not None:
            self._ready.append(record.behind)
        elif self._sessions.get(session) is record:
            del self._sessions[session]
        if self._resumed and record.number in self._resumed:
            self._resumed.remove(record.number)
            if not self._resumed:
                self._lift_resumed()

    def _lift_resumed(self) -> None:
        """Let the Accounting-On go that waits for records of an earlier life."""
        self._resumed.clear()
        if self._barrier is not None:
            self._ready.append(self._barrier)
