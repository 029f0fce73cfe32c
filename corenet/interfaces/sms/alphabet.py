"""The GSM 7 bit default alphabet and its packing.

Specs: TS 23.038 §6.1.2.1 (packing), §6.2.1 (default alphabet), §6.2.1.1 (extension table).

Septets are handled as ``bytes`` with one septet in each octet, as they are before packing.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

ESCAPE: Final = 0x1B
"""The septet that says that the next one is of the extension table."""

_DEFAULT: Final = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ"
    " !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENSION: Final = MappingProxyType(
    {
        0x0A: "\f",
        0x14: "^",
        0x28: "{",
        0x29: "}",
        0x2F: "\\",
        0x3C: "[",
        0x3D: "~",
        0x3E: "]",
        0x40: "|",
        0x65: "€",
    }
)
_SEPTETS: Final = MappingProxyType(
    {character: bytes((code,)) for code, character in enumerate(_DEFAULT) if code != ESCAPE}
    | {character: bytes((ESCAPE, code)) for code, character in _EXTENSION.items()}
)


def encode(text: str) -> bytes:
    """Return the septets of ``text``. Raises ValueError for a character that has none."""
    try:
        return b"".join([_SEPTETS[character] for character in text])
    except KeyError as missing:
        raise ValueError(f"{missing.args[0]!r} is not in the GSM default alphabet") from None


def decode(septets: bytes) -> str:
    """Return the text of ``septets``; an escape that leads nowhere is a space (§6.2.1)."""
    text = []
    escaped = False
    for septet in septets:
        if escaped:
            escaped = False
            text.append(_EXTENSION.get(septet, _DEFAULT[septet] if septet != ESCAPE else " "))
        elif septet == ESCAPE:
            escaped = True
        else:
            text.append(_DEFAULT[septet])
    return "".join(text) + (" " if escaped else "")


def pack(septets: bytes, fill_bits: int = 0) -> bytes:
    """Return ``septets`` packed, after ``fill_bits`` zero bits (TS 23.040 §9.2.3.24)."""
    value = 0
    for septet in reversed(septets):
        value = value << 7 | septet
    bits = fill_bits + 7 * len(septets)
    return (value << fill_bits).to_bytes((bits + 7) // 8, "little")


def unpack(octets: bytes, count: int, fill_bits: int = 0) -> bytes:
    """Return the first ``count`` septets after ``fill_bits``; the octets must hold them."""
    value = int.from_bytes(octets, "little") >> fill_bits
    return bytes([value >> 7 * index & 0x7F for index in range(count)])
