"""GSMTAP: how frames of the radio are carried over UDP, so that Wireshark reads them.

Specs: GSMTAP version 2 (libosmocore, ``gsmtap.h``), TS 24.008 §10.5.1.4 (digits of an IMSI).

Theory of operation. A capture shows each frame under a header that says which protocol it is and
which way it goes. The radio link between processes is the same octets on UDP 4729, with two
additions. The header of a frame is longer than usual, which it says itself, and has the cell and
the IMSI at its end: readers that do not know of them skip them. And there are messages of a type
that GSMTAP does not use, by which a process with mobiles says that it is there (``corenet.um``).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

GSMTAP_PORT: Final = 4729

# Version 2, 4 words, payload type GB_LLC; the rest says where on the air, which is nowhere here.
DOWNLINK: Final = bytes.fromhex("02040800 0000 0000 00000000 00000000")
UPLINK: Final = bytes.fromhex("02040800 4000 0000 00000000 00000000")
PAGING: Final = bytes.fromhex("02040100 0000 0000 00000000 05000000")
"""Payload type UM, channel PCH."""

_VERSION: Final = 2
_PLAIN: Final = 16
_WITH_PLACE: Final = 28
_UPLINK_BIT: Final = 0x40
_GB_LLC: Final = 8
_UM: Final = 1
_LINK: Final = 0xC0
"""Payload type of the messages between processes."""
_FORMAT: Final = 1
"""Of these messages; another one is for other programs."""
_LONGEST_TEXT: Final = 200


class GsmtapError(Exception):
    """Octets that are no GSMTAP, or none of what the radio link has."""


class LinkVerb(IntEnum):
    """What a message between processes says."""

    REGISTER = 1
    """From a process with mobiles: it is there, and still there."""
    REGISTERED = 2
    """From the network: frames for its mobiles will be sent to it."""
    REFUSED = 3
    """From the network: they will not, and why."""
    GOODBYE = 4
    """From either: it is going."""


@dataclass(frozen=True, slots=True)
class RadioFrame:
    """An LLC frame or a page, with the mobile and the cell that it is for or from."""

    imsi: str
    cell: int
    uplink: bool
    octets: bytes


@dataclass(frozen=True, slots=True)
class LinkMessage:
    """A message between processes."""

    verb: LinkVerb
    instance: int
    """A number that a process with mobiles draws when it starts, below 2**64."""
    text: str = ""
    """Name of the process in REGISTER, why in REFUSED."""


def encode_frame(frame: RadioFrame, *, page: bool = False) -> bytes:
    """Return the datagram that carries a frame; raises ValueError for what is no IMSI or cell."""
    header = PAGING if page else UPLINK if frame.uplink else DOWNLINK
    imsi = frame.imsi
    if not (imsi.isascii() and imsi.isdigit() and len(imsi) <= 15):
        raise ValueError(f"IMSI {imsi!r} is not 1 to 15 digits")
    digits = bytes.fromhex(imsi.ljust(16, "f"))
    place = frame.cell.to_bytes(2, "big") + bytes(2) + digits
    return header[:1] + bytes((_WITH_PLACE // 4,)) + header[2:] + place + frame.octets


def encode_link(message: LinkMessage) -> bytes:
    """Return the datagram that is a message between processes."""
    header = bytearray(DOWNLINK)
    header[2] = _LINK
    if message.verb is LinkVerb.REGISTER:
        header[4] = _UPLINK_BIT
    header[12] = message.verb
    body = bytes((_FORMAT,)) + message.instance.to_bytes(8, "big") + message.text.encode()
    return bytes(header) + body[: 9 + _LONGEST_TEXT]


def decode(datagram: bytes) -> RadioFrame | LinkMessage:
    """Return what a datagram of the link carries; raises GsmtapError."""
    if len(datagram) < _PLAIN or datagram[0] != _VERSION:
        raise GsmtapError("no GSMTAP of version 2")
    header = datagram[1] * 4
    if datagram[2] == _LINK:
        return _decode_link(datagram, header)
    if datagram[2] not in (_GB_LLC, _UM):
        raise GsmtapError(f"payload type {datagram[2]}")
    if header != _WITH_PLACE or len(datagram) <= _WITH_PLACE:
        raise GsmtapError("frame without IMSI and cell")
    imsi = datagram[_PLAIN + 4 : _WITH_PLACE].hex().rstrip("f")
    if not (imsi.isdigit() and len(imsi) <= 15):
        raise GsmtapError("IMSI is not 1 to 15 digits")
    cell = int.from_bytes(datagram[_PLAIN : _PLAIN + 2], "big")
    return RadioFrame(imsi, cell, bool(datagram[4] & _UPLINK_BIT), datagram[_WITH_PLACE:])


def _decode_link(datagram: bytes, header: int) -> LinkMessage:
    body = datagram[header:]
    if header < _PLAIN or len(body) < 9 or body[0] != _FORMAT:
        raise GsmtapError("message of another format")
    try:
        verb, text = LinkVerb(datagram[12]), body[9:].decode("ascii")
    except ValueError as error:
        raise GsmtapError(f"message cannot be read: {error}") from None
    if len(text) > _LONGEST_TEXT or not (text.isprintable() or not text):
        raise GsmtapError("text is not printable")
    return LinkMessage(verb, int.from_bytes(body[1:9], "big"), text)
