"""Several PDUs in one datagram (WAP-224 §8.5, concatenation and separation)."""

from __future__ import annotations

from collections.abc import Sequence

from testbed.codecs.wtp.errors import WtpError

CONCATENATED = 0x00
"""The first octet of a datagram with several PDUs; no PDU begins so."""
_LONGEST_SHORT = 0x7F
_LONGEST = 0x7FFF


def join(pdus: Sequence[bytes]) -> bytes:
    """Return a datagram: one PDU as it is, several with their lengths.

    Raises WtpError for a PDU of more than 32767 octets among several.
    """
    if len(pdus) == 1:
        return pdus[0]
    out = bytearray((CONCATENATED,))
    for pdu in pdus:
        length = len(pdu)
        if length > _LONGEST:
            raise WtpError(f"a PDU of {length} octets cannot share a datagram")
        out += (
            bytes((length,)) if length <= _LONGEST_SHORT else (length | 0x8000).to_bytes(2, "big")
        )
        out += pdu
    return bytes(out)


def shared_length(length: int) -> int:
    """Return how many octets a PDU of ``length`` takes of a datagram that it shares.

    The datagram has one octet more, in front.
    """
    return length + (1 if length <= _LONGEST_SHORT else 2)


def split(datagram: bytes) -> tuple[bytes, ...]:
    """Return a datagram's PDUs, not yet decoded.

    Raises WtpError where the lengths are not those of the octets.
    """
    if not datagram:
        raise WtpError("an empty datagram", 0)
    if datagram[0] != CONCATENATED:
        return (datagram,)
    pdus = []
    position = 1
    while position < len(datagram):
        length = datagram[position]
        start = position + 1
        if length > _LONGEST_SHORT:
            start += 1
            length = int.from_bytes(datagram[position : position + 2], "big") & _LONGEST
        position = start + length
        if start > len(datagram) or position > len(datagram):
            raise WtpError(f"a PDU of {length} octets in what is left of the datagram", start)
        pdus.append(datagram[start:position])
    return tuple(pdus)
