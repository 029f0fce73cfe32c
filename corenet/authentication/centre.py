"""The authentication centre's side of one subscriber: its secret and its sequence number.

Specs: TS 33.102 §6.3.2 (distribution of vectors), §6.3.5 (resynchronisation), Annex C.3.
"""

from __future__ import annotations

from random import Random

from corenet.authentication.milenage import BLOCK
from corenet.authentication.secrets import (
    INDEX_BITS,
    MilenageSecret,
    Secret,
    Vector,
    XorSecret,
    next_sqn,
)


class Centre:
    """Makes one subscriber's vectors."""

    __slots__ = ("_secret", "sqn")

    def __init__(self, secret: Secret, sqn: int = 0) -> None:
        self._secret = secret
        self.sqn = sqn
        """The sequence number of the last quintuplet."""

    def vectors(self, count: int, random: Random) -> tuple[Vector, ...]:
        """Return that many vectors, to be used in this order."""
        return tuple(self._vector(random.randbytes(BLOCK)) for _ in range(count))

    def resynchronise(self, rand: bytes, auts: bytes) -> bool:
        """Go on from the card's sequence number; False where the card is another one.

        One that is behind ours stays without effect: what comes next is new to the card anyway.
        """
        if isinstance(self._secret, XorSecret):
            return False
        sqn = self._secret.sqn_of(rand, auts)
        if sqn is None:
            return False
        if sqn >> INDEX_BITS >= self.sqn >> INDEX_BITS:
            self.sqn = sqn
        return True

    def _vector(self, rand: bytes) -> Vector:
        if isinstance(self._secret, MilenageSecret):
            self.sqn = next_sqn(self.sqn)
            return self._secret.vector(rand, self.sqn)
        return self._secret.vector(rand)
