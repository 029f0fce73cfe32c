"""User data of a TPDU: the optional header, and the payload behind it.

Spec: TS 23.040 §9.2.3.16 (length), §9.2.3.24 (user data, fill bits).

A payload is octets; where the data coding scheme says 7 bit it is septets, one in each octet.
"""

from __future__ import annotations

from corenet.interfaces.sms import alphabet
from corenet.interfaces.sms.coding import is_septets
from corenet.interfaces.sms.errors import Reader, SmsError
from corenet.interfaces.sms.header import Header, decode_header, encode_header


def encode_user_data(dcs: int, header: Header, payload: bytes, most: int) -> bytes:
    """Return length and user data. Raises ValueError where it is over ``most`` octets."""
    front = encode_header(header)
    if is_septets(dcs):
        if payload and max(payload) > 0x7F:
            raise ValueError("a septet has more than 7 bits")
        length = (8 * len(front) + 6) // 7 + len(payload)
        octets = front + alphabet.pack(payload, -8 * len(front) % 7)
    else:
        octets = front + payload
        length = len(octets)
    if len(octets) > most:
        raise ValueError(f"{len(octets)} octets of user data are over {most}")
    return bytes((length,)) + octets


def decode_user_data(reader: Reader, dcs: int, has_header: bool) -> tuple[Header, bytes]:
    """Take length and user data; return header and payload."""
    start = reader.position
    length = reader.octet("user data length")
    septets = is_septets(dcs)
    inner = reader.part((7 * length + 7) // 8 if septets else length, "user data")
    header = decode_header(inner) if has_header else ()
    if not septets:
        return header, inner.rest()
    bits = 8 * inner.position
    used = (bits + 6) // 7
    if used > length:
        raise SmsError(f"{length} septets do not hold the header", start)
    return header, alphabet.unpack(inner.rest(), length - used, -bits % 7)
