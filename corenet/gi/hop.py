"""What a router does to a packet that it forwards: one hop less, and fragments where it must.

Specs: RFC 791 §2.3, §3.1 (fragmentation, options), RFC 1812 §5.3.1 (time to live), RFC 8200 §3.

Nothing else of a packet changes, its type of service and ECN least of all.
"""

from __future__ import annotations

from typing import Final

from corenet.gi.ip import IPV4_HEADER_LENGTH, checksum

_DO_NOT_FRAGMENT: Final = 0x40
_MORE_FRAGMENTS: Final = 0x2000
_OFFSET_MASK: Final = 0x1FFF
_COPIED: Final = 0x80
"""Bit of an option's type that says that every fragment has it (RFC 791 §3.1)."""


def may_be_fragmented(packet: bytes) -> bool:
    """Whether a router may cut an IP packet: one of IPv4 without DF."""
    return packet[0] >> 4 == 4 and not packet[6] & _DO_NOT_FRAGMENT


def fragments(packet: bytes, mtu: int) -> list[bytes]:
    """Return an IPv4 packet, its header whole, in fragments of at most ``mtu`` octets (68 or more).

    A fragment of a larger packet may itself be cut again.
    """
    length = int.from_bytes(packet[2:4], "big")
    header_length = (packet[0] & 0x0F) * 4
    data = packet[header_length:length]
    options = _copied_options(packet[IPV4_HEADER_LENGTH:header_length])
    flags = int.from_bytes(packet[6:8], "big")
    cut: list[bytes] = []
    at = 0
    while at < len(data):
        header = packet[:header_length] if at == 0 else packet[:IPV4_HEADER_LENGTH] + options
        room = (mtu - len(header)) // 8 * 8
        part = data[at : at + room]
        more = _MORE_FRAGMENTS if at + room < len(data) else flags & _MORE_FRAGMENTS
        offset = (flags & _OFFSET_MASK) + at // 8
        cut.append(
            _renewed(
                bytes((0x40 | len(header) // 4, header[1]))
                + (len(header) + len(part)).to_bytes(2, "big")
                + header[4:6]
                + (flags & ~_MORE_FRAGMENTS & ~_OFFSET_MASK | more | offset).to_bytes(2, "big")
                + header[8:]
            )
            + part
        )
        at += room
    return cut


def one_hop_less(packet: bytes) -> bytes | None:
    """Return an IP packet, its header whole, with one hop less; None where it has had its last."""
    if packet[0] >> 4 == 6:
        hops = packet[7]
        return packet[:7] + bytes((hops - 1,)) + packet[8:] if hops > 1 else None
    hops = packet[8]
    if hops <= 1:
        return None
    end = (packet[0] & 0x0F) * 4
    return _renewed(packet[:8] + bytes((hops - 1,)) + packet[9:end]) + packet[end:]


def _renewed(header: bytes) -> bytes:
    """Return an IPv4 header with its checksum made right."""
    value = checksum(header[:10] + b"\x00\x00" + header[12:])
    return header[:10] + value.to_bytes(2, "big") + header[12:]


def _copied_options(options: bytes) -> bytes:
    """Return the options that every fragment has, padded; damaged ones end them."""
    kept = b""
    while options and options[0] != 0:
        if options[0] == 1:
            length = 1
        elif len(options) < 2 or not 2 <= options[1] <= len(options):
            break
        else:
            length = options[1]
        if options[0] & _COPIED:
            kept += options[:length]
        options = options[length:]
    return kept + bytes(-len(kept) % 4)
