"""Keys, vectors, and the mobility management context that carries them between SGSNs.

Specs: TS 29.060 §7.7.7 (Authentication Triplet), §7.7.28 (MM Context), §7.7.35 (Authentication
Quintuplet).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import Final, NamedTuple

from gtp.constants import IEType
from gtp.ies.cursor import Cursor, counted, exactly
from gtp.ies.element import Element, tlv


class Triplet(NamedTuple):
    """An authentication vector of GSM (TS 29.060 §7.7.7)."""

    rand: bytes
    """The challenge, 16 octets."""
    sres: bytes
    """The signed response, 4 octets."""
    kc: bytes
    """The ciphering key, 8 octets."""


class Quintuplet(NamedTuple):
    """An authentication vector of UMTS (TS 29.060 §7.7.35)."""

    rand: bytes
    """The challenge, 16 octets."""
    xres: bytes
    """The expected response, at most 255 octets."""
    ck: bytes
    """The ciphering key, 16 octets."""
    ik: bytes
    """The integrity key, 16 octets."""
    autn: bytes
    """The authentication token, at most 255 octets."""


class SecurityMode(IntEnum):
    """Which keys and vectors an MM context has (TS 29.060 §7.7.28)."""

    UMTS_KEYS_AND_CIPHER = 0
    """CK, IK, quintuplets, and the GPRS cipher in use."""
    GSM_KEY_AND_TRIPLETS = 1
    UMTS_KEYS = 2
    """CK, IK and quintuplets."""
    GSM_KEY_AND_QUINTUPLETS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class MmContext:
    """What an SGSN knows of an MS, as it tells another SGSN (TS 29.060 §7.7.28)."""

    mode: SecurityMode
    key_set: int = 7
    """CKSN or KSI, 3 bits; 7 where there is no key."""
    cipher: int = 7
    """The GPRS encryption algorithm in use, 3 bits; spare, 7, with UMTS_KEYS."""
    key: bytes
    """Kc of 8 octets, or CK and IK of 32, by the mode."""
    vectors: tuple[Triplet, ...] | tuple[Quintuplet, ...] = ()
    """At most seven: triplets with GSM_KEY_AND_TRIPLETS, else quintuplets."""
    drx: bytes = bytes(2)
    """The DRX parameter of TS 24.008 §10.5.5.6, 2 octets."""
    ms_network_capability: bytes = b""
    """The value of TS 24.008 §10.5.5.12."""
    container: bytes = b""
    """Elements of TS 24.008, such as the IMEISV, each with type and length."""
    integrity: int = 0x1F
    """Bits 8 to 4 of the first octet; spare, all ones, until integrity came to GPRS."""
    more: bytes = b""
    """What stands behind the container, in later releases."""


_GSM: Final = SecurityMode.GSM_KEY_AND_TRIPLETS
_KEY_SIZES: Final = {
    SecurityMode.UMTS_KEYS_AND_CIPHER: 32,
    SecurityMode.GSM_KEY_AND_TRIPLETS: 8,
    SecurityMode.UMTS_KEYS: 32,
    SecurityMode.GSM_KEY_AND_QUINTUPLETS: 8,
}


def _read_triplet(cursor: Cursor) -> Triplet:
    return Triplet(cursor.take(16), cursor.take(4), cursor.take(8))


def _read_quintuplet(cursor: Cursor) -> Quintuplet:
    return Quintuplet(
        cursor.take(16), cursor.counted(), cursor.take(16), cursor.take(16), cursor.counted()
    )


def _write_triplet(triplet: Triplet) -> bytes:
    rand, sres, kc = triplet
    return exactly(rand, 16) + exactly(sres, 4) + exactly(kc, 8)


def _write_quintuplet(quintuplet: Quintuplet) -> bytes:
    rand, xres, ck, ik, autn = quintuplet
    keys = exactly(ck, 16) + exactly(ik, 16)
    return exactly(rand, 16) + counted(xres) + keys + counted(autn)


def _decode_triplet(value: bytes) -> Triplet:
    return _read_triplet(Cursor(value))


def _encode_triplet(triplet: Triplet) -> bytes:
    return bytes((IEType.AUTHENTICATION_TRIPLETS,)) + _write_triplet(triplet)


def _decode_quintuplet(value: bytes) -> Quintuplet:
    cursor = Cursor(value)
    quintuplet = _read_quintuplet(cursor)
    cursor.finish()
    return quintuplet


def _encode_quintuplet(quintuplet: Quintuplet) -> bytes:
    return tlv(IEType.AUTHENTICATION_QUINTUPLETS, _write_quintuplet(quintuplet))


def _rand_text(vector: Triplet | Quintuplet) -> str:
    # Keys are nobody's business in a log.
    return f"RAND {vector.rand.hex()}"


def _decode_mm_context(value: bytes) -> MmContext:
    cursor = Cursor(value)
    first, second = cursor.number(), cursor.number()
    mode = SecurityMode(second >> 6)
    count = second >> 3 & 7
    return MmContext(
        mode=mode,
        key_set=first & 7,
        integrity=first >> 3,
        cipher=second & 7,
        key=cursor.take(_KEY_SIZES[mode]),
        vectors=(
            tuple(_read_triplet(cursor) for _ in range(count))
            if mode is _GSM
            else _read_quintuplets(cursor, count)
        ),
        drx=cursor.take(2),
        ms_network_capability=cursor.counted(),
        container=cursor.counted(2),
        more=cursor.rest(),
    )


def _read_quintuplets(cursor: Cursor, count: int) -> tuple[Quintuplet, ...]:
    """Read the length of all quintuplets and then these; without any there is no length."""
    if not count:
        return ()
    inner = Cursor(cursor.counted(2))
    quintuplets = tuple(_read_quintuplet(inner) for _ in range(count))
    inner.finish()
    return quintuplets


def _encode_mm_context(context: MmContext) -> bytes:
    for name, greatest in (("key_set", 7), ("cipher", 7), ("integrity", 31)):
        if not 0 <= getattr(context, name) <= greatest:
            raise ValueError(f"{name} is not 0 to {greatest}")
    mode, count = context.mode, len(context.vectors)
    if count > 7:
        raise ValueError("has more than seven vectors")
    kind: type[Triplet] | type[Quintuplet] = Triplet if mode is _GSM else Quintuplet
    if not all(isinstance(vector, kind) for vector in context.vectors):
        raise ValueError(f"with {mode.name} the vectors are {kind.__name__}s")
    vectors = b"".join([_WRITERS[kind](vector) for vector in context.vectors])
    if count and kind is Quintuplet:
        vectors = counted(vectors, 2)
    octets = (
        bytes((context.integrity << 3 | context.key_set, mode << 6 | count << 3 | context.cipher)),
        exactly(context.key, _KEY_SIZES[mode]),
        vectors,
        exactly(context.drx, 2),
        counted(context.ms_network_capability),
        counted(context.container, 2),
        context.more,
    )
    return tlv(IEType.MM_CONTEXT, b"".join(octets))


_WRITERS: Final[dict[type, Callable[..., bytes]]] = {
    Triplet: _write_triplet,
    Quintuplet: _write_quintuplet,
}


def _mm_context_text(context: MmContext) -> str:
    mode = context.mode.name.replace("_", " ").lower()
    return f"{mode}, key set {context.key_set}, {len(context.vectors)} vectors"


AUTHENTICATION_TRIPLET: Final = Element(
    IEType.AUTHENTICATION_TRIPLETS, _decode_triplet, _encode_triplet, _rand_text
)
AUTHENTICATION_QUINTUPLET: Final = Element(
    IEType.AUTHENTICATION_QUINTUPLETS, _decode_quintuplet, _encode_quintuplet, _rand_text
)
MM_CONTEXT: Final = Element(
    IEType.MM_CONTEXT, _decode_mm_context, _encode_mm_context, _mm_context_text
)
