"""Transaction identifiers: those we give, and whether a peer's is new (WAP-224 §8.8).

Theory of operation. TIDs of an initiator go up by one, modulo 2**15. A responder remembers the
last one of each peer. A TID that is newer by no more than half the range begins a transaction at
once; any other may be a copy that comes late, so the initiator is asked whether it means it. The
last few TIDs are remembered one by one, because after one that was overtaken by its successor and
then verified, the last TID alone would let a copy of the successor pass.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from dataclasses import dataclass, field
from random import Random

from testbed.wap.events import Address

_RANGE = 0x8000
_WINDOW = 0x4000
_REMEMBERED = 64


@dataclass(slots=True)
class _Peer:
    next_of_ours: int
    last: int | None = None
    recent: deque[int] = field(default_factory=lambda: deque(maxlen=_REMEMBERED))


class Tids:
    """The transaction identifiers of one endpoint, by peer."""

    def __init__(self, random: Random, *, peers: int, verify_strangers: bool) -> None:
        """``random`` gives the first TID towards each peer; ``peers`` bounds how many are known."""
        self._random = random
        self._limit = peers
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

    def is_new(self, peer: Address, tid: int, *, wrapped: bool) -> bool:
        """Return whether ``tid`` of ``peer`` can begin a transaction without being verified.

        ``wrapped`` when the peer says that its numbers have wrapped: what was last is forgotten.
        """
        known = self._known(peer)
        if wrapped:
            known.last = None
            return False
        if known.last is None:
            return not self._verify_strangers
        return 0 < (tid - known.last) % _RANGE <= _WINDOW and tid not in known.recent

    def note(self, peer: Address, tid: int) -> None:
        """Remember the TID of a transaction that has begun."""
        known = self._known(peer)
        known.last = tid
        known.recent.append(tid)

    def _known(self, peer: Address) -> _Peer:
        known = self._peers.get(peer)
        if known is None:
            known = self._peers[peer] = _Peer(self._random.randrange(_RANGE))
            if len(self._peers) > self._limit:
                self._peers.popitem(last=False)
        self._peers.move_to_end(peer)
        return known
