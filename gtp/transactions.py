"""Requests and responses that arrive once although UDP loses, repeats and reorders.

Spec: TS 29.060 §7.6 (reliable delivery of signalling messages).

Theory of operation. A requester gives each request a sequence number that no other open request
to the same peer has, and sends the same octets again every T3-RESPONSE until the response is
there or N3-REQUESTS transmissions have been made. T3-RESPONSE is the same for all, so deadlines
arise in order and a queue is all the timer that thousands of transactions need; a transaction
that has ended stays in the queue until it comes to the front.

A responder keeps each response as long as its request may arrive again, and gives the kept
octets to every duplicate: same peer, sequence number, message type and octets. A request with
other octets under the same number is a new one, for a retransmission is never different; peers
come to that when they restart, or when their numbers wrap around within the time of retention.
A duplicate of a request that is still being worked on is dropped.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from random import Random
from types import MappingProxyType
from typing import Any, Final

from gtp.constants import MessageType
from gtp.errors import LocalProtocolError
from gtp.events import Address
from gtp.messages import Message
from gtp.timers import Timers

_SUFFIXES: Final = (
    ("_REQUEST", "_RESPONSE"),
    ("_COMPLETE", "_COMPLETE_ACKNOWLEDGE"),
    ("_SRNS_CONTEXT", "_SRNS_CONTEXT_ACKNOWLEDGE"),
)

RESPONSE_TO: Final[Mapping[int, MessageType]] = MappingProxyType(
    {
        kind.value: MessageType[kind.name.removesuffix(suffix) + answer]
        for suffix, answer in _SUFFIXES
        for kind in MessageType
        if kind.name.endswith(suffix)
    }
)
"""The response of each request (TS 29.060 §7.1).

An SGSN Context Request ends with the SGSN Context Response; the SGSN Context Acknowledge behind
it is no response and in no pair. Neither is RAN Information Relay, which nothing answers.
"""

RESPONSES: Final = frozenset(RESPONSE_TO.values()) | {MessageType.VERSION_NOT_SUPPORTED}
"""What ends a request: its response, or Version Not Supported."""

_SEQUENCE_NUMBERS: Final = 0x10000


@dataclass(slots=True, eq=False)
class Transaction:
    """One request of ours, from its first transmission to its end."""

    number: int
    sequence: int
    request: Message
    data: bytes
    """The octets of every transmission."""
    peer: Address
    context: Any
    deadline: float
    """When T3-RESPONSE of the last transmission expires."""
    attempts: int
    """Transmissions in all."""
    transmissions: int = 1
    open: bool = True


class OutstandingRequests:
    """The requests of one endpoint that have no response yet."""

    def __init__(self, timers: Timers, random: Random) -> None:
        """``random`` gives each peer's sequence numbers their start."""
        self._timers = timers
        self._random = random
        self._numbers = 0
        self._next_sequence: dict[Address, int] = {}
        self._open: dict[tuple[Address, int], Transaction] = {}
        self._by_number: dict[int, Transaction] = {}
        self._open_per_peer: dict[Address, int] = {}
        self._queue: deque[Transaction] = deque()

    def __len__(self) -> int:
        return len(self._open)

    def begin(
        self,
        request: Message,
        peer: Address,
        now: float,
        context: object,
        attempts: int | None = None,
    ) -> Transaction:
        """Give ``request`` a sequence number and return its transaction, to be sent once.

        ``attempts`` stands for N3-REQUESTS where this request has a number of its own.

        Raises LocalProtocolError when it cannot be encoded, or when all 65536 numbers of the
        path are in use.
        """
        request.sequence = sequence = self._free_sequence(peer)
        data = request.encode()
        self._next_sequence[peer] = (sequence + 1) % _SEQUENCE_NUMBERS
        self._numbers += 1
        transaction = Transaction(
            self._numbers,
            sequence,
            request,
            data,
            peer,
            context,
            now + self._timers.t3_response,
            attempts or self._timers.n3_requests,
        )
        self._open[peer, sequence] = transaction
        self._by_number[transaction.number] = transaction
        self._open_per_peer[peer] = self._open_per_peer.get(peer, 0) + 1
        self._queue.append(transaction)
        return transaction

    def find(self, peer: Address, sequence: int) -> Transaction | None:
        """Return the open transaction to which a response from ``peer`` belongs."""
        return self._open.get((peer, sequence))

    def numbered(self, number: int) -> Transaction | None:
        """Return the open transaction with that number."""
        return self._by_number.get(number)

    def end(self, transaction: Transaction) -> None:
        """Close ``transaction``; its sequence number is free again."""
        transaction.open = False
        peer = transaction.peer
        del self._open[peer, transaction.sequence]
        del self._by_number[transaction.number]
        remaining = self._open_per_peer[peer] - 1
        if remaining:
            self._open_per_peer[peer] = remaining
        else:
            del self._open_per_peer[peer]

    def next_timeout(self) -> float | None:
        """Return when the first T3-RESPONSE expires, or None."""
        queue = self._queue
        while queue and not queue[0].open:
            queue.popleft()
        return queue[0].deadline if queue else None

    def expire(self, now: float) -> tuple[list[Transaction], list[Transaction]]:
        """Return the transactions to be sent again, and those that were sent often enough.

        The latter are closed.
        """
        again: list[Transaction] = []
        exhausted: list[Transaction] = []
        queue = self._queue
        while queue and (not queue[0].open or queue[0].deadline <= now):
            transaction = queue.popleft()
            if not transaction.open:
                continue
            if transaction.transmissions >= transaction.attempts:
                self.end(transaction)
                exhausted.append(transaction)
                continue
            transaction.transmissions += 1
            transaction.deadline = now + self._timers.t3_response
            again.append(transaction)
        queue.extend(again)
        return again, exhausted

    def _free_sequence(self, peer: Address) -> int:
        sequence = self._next_sequence.get(peer)
        if sequence is None:
            sequence = self._random.randrange(_SEQUENCE_NUMBERS)
        if self._open_per_peer.get(peer, 0) >= _SEQUENCE_NUMBERS:
            raise LocalProtocolError(f"all sequence numbers towards {peer[0]}:{peer[1]} are in use")
        while (peer, sequence) in self._open:
            sequence = (sequence + 1) % _SEQUENCE_NUMBERS
        return sequence


class InWork(Enum):
    """The answer of the cache to a duplicate of a request that has no response yet."""

    IN_WORK = "in work"


IN_WORK: Final = InWork.IN_WORK

RequestKey = int
"""A digest of a request's octets and of the peer that it came from.

The octets have sequence number and message type in them. So a number that comes around again
within the time of retention takes nothing from the request that had it before.
"""

_Answer = tuple[float, bytes, RequestKey]
"""When a response may be forgotten, its octets, and to which request it is."""


class ResponseCache:
    """What duplicates of answered requests get, bounded in octets; the oldest give way.

    It needs no timer: what is too old goes when something new comes, and is never given out.
    All are kept equally long, so a queue has them in the order in which they go.
    """

    def __init__(self, retention: float, octets: int) -> None:
        """``retention`` is in seconds; ``octets`` is the most that is kept."""
        self._retention = retention
        self._limit = octets
        self._octets = 0
        self._answers: dict[RequestKey, _Answer] = {}
        self._queue: deque[_Answer] = deque()
        self._in_work: OrderedDict[RequestKey, float] = OrderedDict()

    @property
    def octets(self) -> int:
        """How many octets of responses are kept."""
        return self._octets

    @property
    def in_work(self) -> int:
        """How many requests wait for their response."""
        return len(self._in_work)

    def find(self, key: RequestKey, now: float) -> bytes | InWork | None:
        """Return the response to a duplicate, IN_WORK while there is none, None for a new one."""
        answer = self._answers.get(key)
        if answer is not None and now < answer[0]:
            return answer[1]
        forgotten = self._in_work.get(key)
        if forgotten is not None and now < forgotten:
            # Whoever sends it again still waits, and may do so once more.
            self._in_work[key] = now + self._retention
            self._in_work.move_to_end(key)
            return IN_WORK
        return None

    def begin(self, key: RequestKey, now: float) -> None:
        """Take note of a request that is being worked on."""
        waiting = self._in_work
        while waiting and next(iter(waiting.values())) <= now:
            waiting.popitem(last=False)
        waiting[key] = now + self._retention

    def finish(self, key: RequestKey, data: bytes, now: float) -> int:
        """Keep the response ``data`` for duplicates; return how many went before their time."""
        self._in_work.pop(key, None)
        queue = self._queue
        while queue and queue[0][0] <= now:
            self._drop_oldest()
        previous = self._answers.get(key)
        if previous is not None:
            queue.remove(previous)
            self._octets -= len(previous[1])
        answer = (now + self._retention, data, key)
        self._answers[key] = answer
        queue.append(answer)
        self._octets += len(data)
        shed = 0
        while self._octets > self._limit:
            self._drop_oldest()
            shed += 1
        return shed

    def _drop_oldest(self) -> None:
        _, data, key = self._queue.popleft()
        del self._answers[key]
        self._octets -= len(data)
