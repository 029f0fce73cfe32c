"""Milenage, the example set of the functions f1 to f5* around AES-128.

Specs: TS 35.206 §4.1 (algorithm), TS 33.102 §6.3 (what the functions are for).
"""

from __future__ import annotations

from dataclasses import dataclass

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

BLOCK = 16
"""Octets of K, OP, OPc and RAND."""

_ZERO = bytes(BLOCK)


@dataclass(frozen=True, slots=True)
class Milenage:
    """The functions of one subscriber, bound to its key."""

    k: bytes
    """The subscriber's key, 16 octets."""
    opc: bytes
    """The operator's variant as this subscriber has it, 16 octets."""

    def __post_init__(self) -> None:
        for name in ("k", "opc"):
            if len(getattr(self, name)) != BLOCK:
                raise ValueError(f"{name} has {len(getattr(self, name))} octets, not {BLOCK}")

    def f1(self, rand: bytes, sqn: bytes, amf: bytes) -> bytes:
        """Return MAC-A, by which the network shows who it is (8 octets)."""
        return self._out1(rand, sqn, amf)[:8]

    def f1_star(self, rand: bytes, sqn: bytes, amf: bytes) -> bytes:
        """Return MAC-S, by which the USIM vouches for its own sequence number (8 octets)."""
        return self._out1(rand, sqn, amf)[8:]

    def f2(self, rand: bytes) -> bytes:
        """Return RES, by which the USIM shows who it is (8 octets)."""
        return self._out(rand, 0, 1)[8:]

    def f3(self, rand: bytes) -> bytes:
        """Return CK (16 octets)."""
        return self._out(rand, 4, 2)

    def f4(self, rand: bytes) -> bytes:
        """Return IK (16 octets)."""
        return self._out(rand, 8, 4)

    def f5(self, rand: bytes) -> bytes:
        """Return AK, which hides the sequence number in AUTN (6 octets)."""
        return self._out(rand, 0, 1)[:6]

    def f5_star(self, rand: bytes) -> bytes:
        """Return AK*, which hides the sequence number in AUTS (6 octets)."""
        return self._out(rand, 12, 8)[:6]

    def _out1(self, rand: bytes, sqn: bytes, amf: bytes) -> bytes:
        """OUT1: r1 is 64 bits, c1 is 0."""
        temp = _encrypt(self.k, xor(rand, self.opc))
        rotated = _rotate(xor((sqn + amf) * 2, self.opc), 8)
        return xor(_encrypt(self.k, xor(temp, rotated)), self.opc)

    def _out(self, rand: bytes, rotation: int, constant: int) -> bytes:
        """OUT2 to OUT5: r in octets, c as its last octet."""
        temp = _encrypt(self.k, xor(rand, self.opc))
        turned = _rotate(xor(temp, self.opc), rotation)
        return xor(_encrypt(self.k, xor(turned, _ZERO[1:] + bytes((constant,)))), self.opc)


def opc_of(k: bytes, op: bytes) -> bytes:
    """Return OPc, which stands for the operator's OP in one subscriber's key (§4.1)."""
    return xor(_encrypt(k, op), op)


def xor(one: bytes, other: bytes) -> bytes:
    """Return the bitwise exclusive or of two of the same length."""
    return bytes(a ^ b for a, b in zip(one, other, strict=True))


def _rotate(block: bytes, octets: int) -> bytes:
    return block[octets:] + block[:octets]


def _encrypt(key: bytes, block: bytes) -> bytes:
    # One block at a time is what Milenage asks for; there is no longer text that ECB could betray.
    return Cipher(algorithms.AES128(key), modes.ECB()).encryptor().update(block)
