"""What a subscriber's card and the HLR both know, and what the HLR makes of it for SGSNs.

Specs: TS 33.102 §6.3.2 (quintuplets), §6.3.5 (resynchronisation), §6.8.1.2 (conversion functions
c2 and c3), Annex C.1 (sequence numbers); TS 43.020 §3.3 (triplets); TS 34.108 §8.1.2 (the test
algorithm). The authentication centre is a part of the HLR here.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from corenet.authentication.milenage import BLOCK, Milenage, xor

SQN_OCTETS = 6
INDEX_BITS = 5
"""Of a sequence number: IND, so that vectors of one batch may be used in any order (C.1.1.1)."""
_SQN_MODULUS = 1 << 8 * SQN_OCTETS

AMF = bytes(2)
"""Authentication management field of our vectors: no key is for anything special."""
_AMF_OF_AUTS = bytes(2)
"""TS 33.102 §6.3.3: MAC-S is made with a dummy AMF."""


@dataclass(frozen=True, slots=True)
class Vector:
    """What one authentication takes: a triplet, with all attributes a quintuplet as well."""

    rand: bytes
    """16 octets."""
    sres: bytes
    """4 octets that a SIM answers with."""
    kc: bytes
    """8 octets."""
    autn: bytes | None = None
    """16 octets by which the network shows who it is; None in a triplet."""
    res: bytes | None = None
    """4 to 16 octets that a USIM answers with."""
    ck: bytes | None = None
    ik: bytes | None = None

    @property
    def triplet(self) -> Vector:
        """What a SIM can do with it."""
        return Vector(self.rand, self.sres, self.kc)


@dataclass(frozen=True, slots=True)
class XorSecret:
    """The key of a SIM with the test algorithm: all is made of RAND xor Ki.

    The functions of TS 34.108 §8.1.2 give RES, CK and IK; a SIM takes them through c2 and c3, as
    osmo-hlr has it.
    """

    ki: bytes
    """16 octets."""

    def __post_init__(self) -> None:
        if len(self.ki) != BLOCK:
            raise ValueError(f"ki has {len(self.ki)} octets, not {BLOCK}")

    def vector(self, rand: bytes) -> Vector:
        """Return the triplet for ``rand``."""
        out = xor(self.ki, rand)
        return Vector(rand, sres_of(out), kc_of(out[1:] + out[:1], out[2:] + out[:2]))


@dataclass(frozen=True, slots=True)
class MilenageSecret:
    """The key of a USIM with Milenage, and the operator's variant."""

    k: bytes
    opc: bytes
    functions: Milenage = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "functions", Milenage(self.k, self.opc))

    def vector(self, rand: bytes, sqn: int) -> Vector:
        """Return the quintuplet for ``rand``, and the triplet that is made of it."""
        f, number = self.functions, encode_sqn(sqn)
        autn = xor(number, f.f5(rand)) + AMF + f.f1(rand, number, AMF)
        res, ck, ik = f.f2(rand), f.f3(rand), f.f4(rand)
        return Vector(rand, sres_of(res), kc_of(ck, ik), autn, res, ck, ik)

    def sqn_of(self, rand: bytes, auts: bytes) -> int | None:
        """Return the card's sequence number in ``auts``, or None where no card made it."""
        concealed, mac = auts[:SQN_OCTETS], auts[SQN_OCTETS:]
        number = xor(concealed, self.functions.f5_star(rand))
        if self.functions.f1_star(rand, number, _AMF_OF_AUTS) != mac:
            return None
        return int.from_bytes(number)

    def auts(self, rand: bytes, sqn: int) -> bytes:
        """Return what a card says whose highest sequence number is ``sqn``."""
        number = encode_sqn(sqn)
        mac = self.functions.f1_star(rand, number, _AMF_OF_AUTS)
        return xor(number, self.functions.f5_star(rand)) + mac


Secret = XorSecret | MilenageSecret


def sres_of(res: bytes) -> bytes:
    """Return the SRES of a RES: conversion function c2 (TS 33.102 §6.8.1.2)."""
    padded = res.ljust(BLOCK, b"\0")
    return xor(xor(padded[:4], padded[4:8]), xor(padded[8:12], padded[12:]))


def kc_of(ck: bytes, ik: bytes) -> bytes:
    """Return the Kc of CK and IK: conversion function c3 (TS 33.102 §6.8.1.2)."""
    return xor(xor(ck[:8], ck[8:]), xor(ik[:8], ik[8:]))


def next_sqn(sqn: int) -> int:
    """Return the sequence number after ``sqn``: SEQ and IND are both one higher (C.1.2)."""
    index = (sqn + 1) % (1 << INDEX_BITS)
    return (((sqn >> INDEX_BITS) + 1 << INDEX_BITS) | index) % _SQN_MODULUS


def encode_sqn(sqn: int) -> bytes:
    """Return the six octets of a sequence number."""
    return sqn.to_bytes(SQN_OCTETS)
