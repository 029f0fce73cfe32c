"""LLC unnumbered information frames: what carries signalling and user data on the radio link.

Specs: TS 44.064 §5.5 (FCS), §6.2 (address), §6.3.5.3 and §6.4.2.2 (UI), §8.4 (unacknowledged
transfer). Only UI frames, not ciphered, with the FCS over the whole frame (PM = 1) are built;
ciphered frames and those with PM = 0 are read. XID negotiation and ciphering are left out: both
ends behave as though the greatest N201-U had been agreed. Octets on this link arrive unharmed,
yet the FCS is there and is checked, so that captures and foreign ends agree with us.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache
from typing import Final

MAX_INFORMATION: Final = 1520
"""N201-U: the most octets a UI frame carries (TS 44.064 §8.9.8)."""

SEQUENCE_MODULUS: Final = 512
"""N(U) counts modulo this."""

_WINDOW = 32
_SENT_BITS = 9
"""For a number modulo SEQUENCE_MODULUS."""
_HEARD_BITS = _SENT_BITS + _WINDOW
"""For the last number, and which of those up to it have come."""
_HEADER = 3
_FCS = 3
_UNPROTECTED_BEYOND = _HEADER + 4
_UI_CONTROL = 0xC0
_DIRECTION_BIT = 0x40
_CIPHERED_BIT = 0x02
_PROTECTED_BIT = 0x01


class Sapi(IntEnum):
    """Service access point identifiers (TS 44.064 §6.2.3)."""

    MOBILITY_MANAGEMENT = 1
    """GMM and SM messages."""
    USER_DATA_3 = 3
    """SNDCP, QoS profile 1; what this network gives all user data."""
    USER_DATA_5 = 5
    SMS = 7
    USER_DATA_9 = 9
    USER_DATA_11 = 11


class LlcError(Exception):
    """A frame that cannot be taken; TS 44.064 has it discarded, for LLC answers nothing."""


@dataclass(frozen=True, slots=True)
class UiFrame:
    """A UI frame as received."""

    sapi: int
    payload: bytes
    nu: int
    """Sequence number N(U), 0 to 511."""
    uplink: bool
    """From MS to SGSN: what the command/response bit says, as UI frames are always commands."""
    ciphered: bool = False
    """Whether the payload, FCS included, was ciphered; it is left as it came."""


def encode_ui(sapi: int, payload: bytes, *, uplink: bool, nu: int) -> bytes:
    """Return the UI frame that carries ``payload``.

    Raises LlcError where ``payload`` is over MAX_INFORMATION octets.
    """
    if len(payload) > MAX_INFORMATION:
        raise LlcError(f"{len(payload)} octets are over N201-U, {MAX_INFORMATION}")
    frame = (
        bytes(
            (
                sapi if uplink else sapi | _DIRECTION_BIT,
                _UI_CONTROL | nu >> 6 & 7,
                (nu & 0x3F) << 2 | _PROTECTED_BIT,
            )
        )
        + payload
    )
    return frame + frame_check_sequence(frame)


def decode_ui(frame: bytes) -> UiFrame:
    """Return the UI frame in ``frame``; raises LlcError where it is none or its FCS is wrong."""
    if len(frame) < _HEADER + _FCS:
        raise LlcError(f"frame of {len(frame)} octets")
    address, first, second = frame[0], frame[1], frame[2]
    if address & 0x80:
        raise LlcError("protocol discriminator is not LLC's")
    if first & 0xE0 != _UI_CONTROL:
        raise LlcError(f"control octet 0x{first:02x} is not that of a UI frame")
    body = frame[:-_FCS]
    ciphered = bool(second & _CIPHERED_BIT)
    covered = body if second & _PROTECTED_BIT else body[:_UNPROTECTED_BEYOND]
    if not ciphered and frame_check_sequence(covered) != frame[-_FCS:]:
        raise LlcError("frame check sequence is wrong")
    return UiFrame(
        sapi=address & 0x0F,
        payload=body[_HEADER:],
        nu=(first & 7) << 6 | second >> 2,
        uplink=not address & _DIRECTION_BIT,
        ciphered=ciphered,
    )


class FrameNumbers:
    """The N(U) of one link's UI frames, by SAPI: of those to send, and which were heard.

    A frame that comes twice is to be given on once (V(UR), TS 44.064 §8.4.2): of each SAPI the
    last 32 are known. Whoever begins a link anew, and so may count from 0 again, is heard with
    ``begin_anew``.

    The numbers of all SAPIs are packed into two integers: there are two of these objects for
    each mobile of a network, and mobiles are many. Mobiles that have heard the same share one.
    """

    __slots__ = ("_heard", "_sent")

    def __init__(self) -> None:
        self._sent = 0
        self._heard = 0

    def next(self, sapi: int) -> int:
        """Return the number of the next frame to send."""
        place = (sapi - 1 & 0xF) * _SENT_BITS
        nu = self._sent >> place & (1 << _SENT_BITS) - 1
        self._sent ^= (nu ^ (nu + 1) % SEQUENCE_MODULUS) << place
        return nu

    def is_new(self, sapi: int, nu: int) -> bool:
        """Note the frame ``nu``; return False where it has come before."""
        before = self._heard
        self._heard = _with(before, sapi, nu)
        return self._heard != before

    def begin_anew(self) -> None:
        """Forget what was heard."""
        self._heard = 0


@lru_cache(maxsize=4096)
def _with(heard: int, sapi: int, nu: int) -> int:
    """Return what has been heard when the frame ``nu`` of a SAPI has come, too."""
    place = (sapi - 1 & 0xF) * _HEARD_BITS
    before = heard >> place & (1 << _HEARD_BITS) - 1
    window, last = before & (1 << _WINDOW) - 1, before >> _WINDOW
    behind = (last - nu) % SEQUENCE_MODULUS
    if window and behind < _WINDOW:
        window |= 1 << behind
    else:
        ahead = min(SEQUENCE_MODULUS - behind, _WINDOW)
        window = (window << ahead | 1) & (1 << _WINDOW) - 1
        last = nu
    return heard ^ (before ^ (last << _WINDOW | window)) << place


def _crc_table() -> tuple[int, ...]:
    table = []
    for octet in range(256):
        for _ in range(8):
            octet = octet >> 1 ^ 0xAD85DD if octet & 1 else octet >> 1
        table.append(octet)
    return tuple(table)


_CRC_TABLE: Final = _crc_table()


def frame_check_sequence(octets: bytes) -> bytes:
    """Return the three octets of the CRC-24 over ``octets`` (TS 44.064 §5.5)."""
    table = _CRC_TABLE
    crc = 0xFFFFFF
    for octet in octets:
        crc = crc >> 8 ^ table[(crc ^ octet) & 0xFF]
    return (crc ^ 0xFFFFFF).to_bytes(3, "little")
