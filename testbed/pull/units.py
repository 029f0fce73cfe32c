"""Which requests without a session have come before (WAP-230 §6.4, §8.2.1).

Theory of operation. A terminal that hears nothing sends its request again, under the same
transaction id. While the first is under way its copies are passed over; once it is answered they
get the same octets. A transaction id comes round again after 256 requests: it is a copy only
where the octets are the same, and the first came not long ago.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from enum import Enum, auto
from hashlib import blake2b

from corenet.interfaces.node import Address

Key = tuple[Address, int]
"""Peer and transaction id."""
_DIGEST_OCTETS = 16


class Recognised(Enum):
    """What a request is that brings no answer to send again."""

    NEW = auto()
    UNDER_WAY = auto()


def digest(request: bytes) -> bytes:
    """Return what a request is known by: it may be much longer than its reply."""
    return blake2b(request, digest_size=_DIGEST_OCTETS).digest()


@dataclass(slots=True)
class _Remembered:
    request: bytes
    since: float
    reply: bytes | None = None


class UnitMemory:
    """The last requests without a session, and what they were answered."""

    def __init__(self, *, most: int, lifetime: float) -> None:
        """``most`` is how many are remembered, ``lifetime`` for how many seconds."""
        self._most = most
        self._lifetime = lifetime
        self._known: OrderedDict[Key, _Remembered] = OrderedDict()

    def recognise(self, key: Key, request: bytes, now: float) -> Recognised | bytes:
        """Take the digest of a request; return the reply it was given, or what else it is."""
        self._forget_old(now)
        known = self._known.get(key)
        if known is not None and known.request == request:
            return Recognised.UNDER_WAY if known.reply is None else known.reply
        self._known.pop(key, None)
        self._known[key] = _Remembered(request, now)
        if len(self._known) > self._most:
            self._known.popitem(last=False)
        return Recognised.NEW

    def answered(self, key: Key, request: bytes, reply: bytes) -> None:
        """Keep the reply for copies of the request with this digest that are still to come."""
        known = self._known.get(key)
        if known is not None and known.request == request:
            known.reply = reply

    def _forget_old(self, now: float) -> None:
        while self._known:
            key, oldest = next(iter(self._known.items()))
            if oldest.since + self._lifetime > now:
                return
            del self._known[key]
