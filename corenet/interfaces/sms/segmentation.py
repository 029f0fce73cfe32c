"""Cutting what is too long for one short message.

Spec: TS 23.040 §9.2.3.24.1: every part has a header with the same reference, and all other
elements again; at most 255 parts. A user data field has 140 octets, or 160 septets.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from corenet.interfaces.sms import alphabet
from corenet.interfaces.sms.coding import Alphabet, data_coding, is_septets
from corenet.interfaces.sms.header import Concatenation, Header, encode_header

USER_DATA_OCTETS: Final = 140
USER_DATA_SEPTETS: Final = 160
MOST_SEGMENTS: Final = 255


@dataclass(frozen=True, slots=True)
class Segment:
    """The user data of one short message."""

    header: Header
    payload: bytes


def room(dcs: int, header: Header = ()) -> int:
    """Return how much payload fits beside ``header``: septets where coded so, else octets."""
    octets = len(encode_header(header))
    if is_septets(dcs):
        return USER_DATA_SEPTETS - (8 * octets + 6) // 7
    return USER_DATA_OCTETS - octets


def segment(
    payload: bytes,
    *,
    dcs: int,
    header: Header = (),
    reference: int | None = None,
    wide: bool = False,
) -> tuple[Segment, ...]:
    """Return ``payload`` as one part, or as many as it takes, each with ``header``.

    ``payload`` is septets, one in each octet, where ``dcs`` says so. ``reference`` is what the
    parts have in common, of 16 bits if ``wide``; what fits in one part does without. Raises
    ValueError for a long payload without reference, and for one that takes over 255 parts.
    """
    if len(payload) <= room(dcs, header):
        return (Segment(header, payload),)
    if reference is None:
        raise ValueError(f"{len(payload)} octets do not fit in one message: give a reference")
    each = room(dcs, (Concatenation(reference, 1, 1, wide), *header))
    if each < 4:
        raise ValueError("the header leaves no room")
    pieces = _pieces(payload, each, data_coding(dcs).alphabet)
    if len(pieces) > MOST_SEGMENTS:
        raise ValueError(f"{len(pieces)} parts are over {MOST_SEGMENTS}")
    return tuple(
        Segment((Concatenation(reference, len(pieces), number, wide), *header), piece)
        for number, piece in enumerate(pieces, start=1)
    )


def _pieces(payload: bytes, each: int, coding: Alphabet) -> list[bytes]:
    """Cut, but not inside a character."""
    pieces = []
    start = 0
    while start < len(payload):
        end = start + each
        if end < len(payload):
            end -= _in_character(payload, end, coding)
        pieces.append(payload[start:end])
        start = end
    return pieces


def _in_character(payload: bytes, end: int, coding: Alphabet) -> int:
    """Return how far before ``end`` the character begins that it would cut, 0 for none."""
    if coding is Alphabet.DEFAULT:
        return 1 if payload[end - 1] == alphabet.ESCAPE else 0
    if coding is Alphabet.UCS2:
        odd = end % 2
        high_surrogate = payload[end - odd - 2] & 0xFC == 0xD8
        return odd + (2 if high_surrogate else 0)
    return 0
