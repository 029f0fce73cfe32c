"""The blocks of a pcapng file, written.

Spec: draft-ietf-opsawg-pcapng. Little-endian, microseconds, no limit to a packet's length.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from socket import inet_aton
from typing import Final

LINKTYPE_RAW: Final = 101
"""Packets begin with an IP header, version 4 or 6."""

SECTION_HEADER: Final = 0x0A0D0D0A
"""Type of the block that a file begins with."""
_INTERFACE_DESCRIPTION: Final = 1
NAME_RESOLUTION: Final = 4
"""Type of the block that gives addresses their names."""
_ENHANCED_PACKET: Final = 6

_OPTION_COMMENT: Final = 1
_OPTION_INTERFACE_NAME: Final = 2
_OPTION_INTERFACE_DESCRIPTION: Final = 3
_OPTION_USER_APPLICATION: Final = 4

_RECORD_IPV4: Final = 1

_ENDS: Final = struct.Struct("<II")
_PACKET: Final = struct.Struct("<IIIIIII")
_LENGTH: Final = struct.Struct("<I")
_PADDING: Final = (b"", b"\0\0\0", b"\0\0", b"\0")


def section_header(application: str) -> bytes:
    """Return the block that a file begins with, naming the application that writes it."""
    body = struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1)
    return _block(SECTION_HEADER, body + _options((_OPTION_USER_APPLICATION, application)))


def interface_description(name: str, description: str, link_type: int = LINKTYPE_RAW) -> bytes:
    """Return the block that declares the next interface; they are numbered from 0."""
    options = _options((_OPTION_INTERFACE_NAME, name), (_OPTION_INTERFACE_DESCRIPTION, description))
    return _block(_INTERFACE_DESCRIPTION, struct.pack("<HHI", link_type, 0, 0) + options)


def packet(interface: int, time: float, data: bytes, comment: str = "") -> bytes:
    """Return the block of one packet; ``time`` is seconds since 1970-01-01 UTC."""
    length = len(data)
    padding = _PADDING[length & 3]
    options = _options((_OPTION_COMMENT, comment)) if comment else b""
    total = 32 + length + len(padding) + len(options)
    high, low = divmod(int(time * 1_000_000), 0x1_0000_0000)
    head = _PACKET.pack(_ENHANCED_PACKET, total, interface, high, low, length, length)
    return b"".join((head, data, padding, options, _LENGTH.pack(total)))


def name_resolution(names: Iterable[tuple[str, str]]) -> bytes:
    """Return the block that gives IPv4 addresses (first) their names (second)."""
    records = (
        _record(_RECORD_IPV4, inet_aton(address) + name.encode() + b"\0") for address, name in names
    )
    return _block(NAME_RESOLUTION, b"".join(records) + bytes(4))


def _block(kind: int, body: bytes) -> bytes:
    total = 12 + len(body)
    return _ENDS.pack(kind, total) + body + _LENGTH.pack(total)


def _options(*options: tuple[int, str]) -> bytes:
    return b"".join(_record(code, text.encode()) for code, text in options) + bytes(4)


def _record(code: int, value: bytes) -> bytes:
    return struct.pack("<HH", code, len(value)) + value + _PADDING[len(value) & 3]
