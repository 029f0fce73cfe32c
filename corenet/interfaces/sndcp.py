"""SNDCP SN-UNITDATA: a user's IP packet in the information field of an LLC frame.

Spec: TS 44.065 §7.2 (PDU formats). One PDU holds one whole N-PDU: the LLC link carries frames
large enough for any IP packet of up to 1500 octets, so nothing is segmented, and neither headers
nor data are compressed. What arrives segmented or compressed is refused.
"""

from __future__ import annotations

from typing import Final

from corenet.interfaces.llc import MAX_INFORMATION

N_PDU_MODULUS: Final = 4096
"""N-PDU numbers of SN-UNITDATA count modulo this."""

_HEADER = 4
MAX_PACKET: Final = MAX_INFORMATION - _HEADER
"""The longest IP packet that one PDU holds, in octets."""

_FIRST_SEGMENT = 0x40
_UNITDATA = 0x20
_MORE = 0x10


class SndcpError(Exception):
    """A PDU that cannot be taken or built; the N-PDU is dropped, for SNDCP answers nothing."""


def encode(nsapi: int, ip_packet: bytes, n_pdu: int) -> bytes:
    """Return the SN-UNITDATA PDU of ``ip_packet``.

    ``n_pdu`` counts the packets of one NSAPI and direction modulo N_PDU_MODULUS. Raises
    SndcpError where the packet is over MAX_PACKET octets.
    """
    if len(ip_packet) > MAX_PACKET:
        raise SndcpError(f"packet of {len(ip_packet)} octets is over {MAX_PACKET}")
    header = (_FIRST_SEGMENT | _UNITDATA | nsapi & 0x0F, 0, n_pdu >> 8 & 0x0F, n_pdu & 0xFF)
    return bytes(header) + ip_packet


def decode(payload: bytes) -> tuple[int, bytes]:
    """Return the NSAPI and the IP packet in an SN-UNITDATA PDU; raises SndcpError for others."""
    if len(payload) <= _HEADER:
        raise SndcpError(f"PDU of {len(payload)} octets")
    first = payload[0]
    if not first & _UNITDATA:
        raise SndcpError("SN-DATA PDU on an unacknowledged link")
    if first & _MORE or not first & _FIRST_SEGMENT or payload[2] & 0xF0:
        raise SndcpError("segmented N-PDU")
    if payload[1]:
        raise SndcpError("compressed N-PDU")
    return first & 0x0F, payload[_HEADER:]
