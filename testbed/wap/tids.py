"""Transaction identifiers: those we give, and whether a peer's is new (WAP-224 §8.8).

Theory of operation. TIDs of an initiator go up by one, modulo 2**15. A responder remembers the
last one of each peer. A TID that is newer by no more than half the range begins a transaction at
once; of any other the initiator is asked whether it means it.

That alone does not keep a transaction from happening twice: where a copy of an old Invoke is
followed by a copy of an old confirmation, or where the initiator still waits for an answer that
got lost, the confirmation says nothing about when. So the last few TIDs that began a transaction
are remembered one by one, for longer than a peer goes on sending, and are copies until then.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from dataclasses import dataclass, field
from enum import Enum
from random import Random

from testbed.wap.events import Address

_RANGE = 0x8000
_WINDOW = 0x4000
_REMEMBERED = 32


class Verdict(Enum):
    """What a TID can be."""

    NEW = "new"
    DOUBTED = "doubted"
    """To be verified."""
    COPY = "copy"
    """Of an Invoke whose transaction is over."""


@dataclass(slots=True)
class _Peer:
    next_of_ours: int
    last: int | None = None
    recent: deque[tuple[int, float]] = field(default_factory=lambda: deque(maxlen=_REMEMBERED))
    """TIDs and when their transactions began."""


class Tids:
    """The transaction identifiers of one endpoint, by peer."""

    def __init__(
        self, random: Random, *, peers: int, retention: float, verify_strangers: bool
    ) -> None:
        """``random`` gives the first TID towards each peer; ``peers`` bounds how many are known.

        ``retention`` is in seconds.
        """
        self._random = random
        self._limit = peers
        self._retention = retention
        self._verify_strangers = verify_strangers
        self._peers: OrderedDict[Address, _Peer] = OrderedDict()

    def __len__(self) -> int:
        return len(self._peers)

    def next_of_ours(self, peer: Address) -> tuple[int, bool]:
        """Return a TID for a transaction with ``peer``, and whether the numbers have wrapped."""
        known = self._known(peer)
        tid = known.next_of_ours
        known.next_of_ours = (tid + 1) % _RANGE
        return tid, tid == 0

    def judge(self, peer: Address, tid: int, now: float, *, wrapped: bool) -> Verdict:
        """Return whether ``tid`` of ``peer`` can begin a transaction.

        ``wrapped`` when the peer says that its numbers have wrapped: what was last is forgotten.
        """
        known = self._known(peer)
        if any(one == tid and now < begun + self._retention for one, begun in known.recent):
            return Verdict.COPY
        if wrapped:
            known.last = None
            return Verdict.DOUBTED
        if known.last is None:
            return Verdict.DOUBTED if self._verify_strangers else Verdict.NEW
        is_newer = 0 < (tid - known.last) % _RANGE <= _WINDOW
        return Verdict.NEW if is_newer else Verdict.DOUBTED

    def note(self, peer: Address, tid: int, now: float) -> None:
        """Remember the TID of a transaction that has begun."""
        known = self._known(peer)
        known.last = tid
        known.recent.append((tid, now))

    def _known(self, peer: Address) -> _Peer:
        known = self._peers.get(peer)
        if known is None:
            known = self._peers[peer] = _Peer(self._random.randrange(_RANGE))
            if len(self._peers) > self._limit:
                self._peers.popitem(last=False)
        self._peers.move_to_end(peer)
        return known
