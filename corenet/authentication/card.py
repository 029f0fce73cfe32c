"""The SIM or USIM in a mobile: it answers challenges, and a USIM judges who sends them.

Specs: TS 33.102 §6.3.3 (authentication and key agreement in the USIM), §6.8.1 (a USIM in GSM),
Annex C.2 (verification of sequence numbers).
"""

from __future__ import annotations

from dataclasses import dataclass

from corenet.authentication.milenage import xor
from corenet.authentication.secrets import (
    INDEX_BITS,
    SQN_OCTETS,
    MilenageSecret,
    Secret,
    XorSecret,
)


@dataclass(frozen=True, slots=True)
class Answered:
    """The challenge is the network's; the answer proves the card."""

    response: bytes
    """RES, or SRES of 4 octets."""


@dataclass(frozen=True, slots=True)
class MacFailure:
    """Whoever sent the challenge does not know the key."""


@dataclass(frozen=True, slots=True)
class SynchFailure:
    """The challenge has been used before, or the HLR has lost count."""

    auts: bytes
    """14 octets from which the HLR learns the card's sequence number."""


class Card:
    """A card and the sequence numbers that it has seen."""

    __slots__ = ("_first", "_highest", "_secret", "_seen")

    def __init__(self, secret: Secret, sqn: int = 0) -> None:
        """``sqn`` is the highest sequence number that it has seen."""
        self._secret = secret
        self._highest = sqn
        self._first = sqn >> INDEX_BITS
        self._seen: dict[int, int] = {}
        """The highest SEQ by IND (C.2.2); the first where there has been none."""

    def answer(self, rand: bytes, autn: bytes | None) -> Answered | MacFailure | SynchFailure:
        """Answer a challenge; without AUTN a USIM answers as a SIM would (§6.8.1.1)."""
        secret = self._secret
        if isinstance(secret, XorSecret):
            return Answered(secret.vector(rand).sres)
        if autn is None:
            return Answered(secret.vector(rand, 0).sres)
        return self._verify(secret, rand, autn)

    def _verify(
        self, secret: MilenageSecret, rand: bytes, autn: bytes
    ) -> Answered | MacFailure | SynchFailure:
        functions = secret.functions
        number = xor(autn[:SQN_OCTETS], functions.f5(rand))
        amf, mac = autn[SQN_OCTETS : SQN_OCTETS + 2], autn[SQN_OCTETS + 2 :]
        if functions.f1(rand, number, amf) != mac:
            return MacFailure()
        sqn = int.from_bytes(number)
        sequence, index = divmod(sqn, 1 << INDEX_BITS)
        if sequence <= self._seen.get(index, self._first):
            return SynchFailure(secret.auts(rand, self._highest))
        self._seen[index] = sequence
        self._highest = max(self._highest, sqn)
        return Answered(functions.f2(rand))
