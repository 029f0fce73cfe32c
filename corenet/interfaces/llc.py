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
from typing import Final

MAX_INFORMATION: Final = 1520
"""N201-U: the most octets a UI frame carries (TS 44.064 §8.9.8)."""

SEQUENCE_MODULUS: Final = 512
"""N(U) counts modulo this."""

_WINDOW = 32
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


class ReceiveWindow:
    """Which of the last 32 frames of one SAPI have come (V(UR), TS 44.064 §8.4.2).

    A frame that comes twice is to be given on once. Whoever begins a link anew, and so may count
    from 0 again, is heard with a new window.
    """

    __slots__ = ("_expected", "_seen")

    def __init__(self) -> None:
        self._expected: int | None = None
        self._seen = 0

    def take(self, nu: int) -> bool:
        """Note the frame N(U) ``nu``; return False where it has come before."""
        if self._expected is None:
            self._expected, self._seen = (nu + 1) % SEQUENCE_MODULUS, 1
            return True
        behind = (self._expected - 1 - nu) % SEQUENCE_MODULUS
        if behind < _WINDOW:
            fresh = not self._seen >> behind & 1
            self._seen |= 1 << behind
            return fresh
        ahead = SEQUENCE_MODULUS - behind
        self._seen = (self._seen << ahead | 1) & (1 << _WINDOW) - 1
        self._expected = (nu + 1) % SEQUENCE_MODULUS
        return True


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
