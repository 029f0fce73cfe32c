"""Responses that refuse what cannot be decoded, made of the octets of the request.

Specs: TS 29.060 §11.1 (error handling), §7.5 (what location management's responses must have).
"""

from __future__ import annotations

from gtp.constants import Cause, IEType, MessageType
from gtp.transactions import RESPONSE_TO
from gtp.wire import HEADER, PLAIN

_EXTENSION_FLAG = 0x04
_IMSI_IE_LENGTH = 9
_REFUSED_WITH_IMSI = frozenset(
    {
        MessageType.SEND_ROUTEING_INFORMATION_FOR_GPRS_REQUEST,
        MessageType.UE_REGISTRATION_QUERY_REQUEST,
    }
)


def refusal(data: bytes, cause: Cause, teid: int) -> bytes:
    """Return the response that refuses the request ``data`` with ``cause`` and nothing else.

    Made of octets, because the response's class may want what the faulty request did not give.
    The only IE beside Cause that a refusal needs is the IMSI in messages 33 and 62; it is copied
    where the request has it.
    """
    response_type = RESPONSE_TO[data[1]]
    ies = bytes((IEType.CAUSE, cause))
    if data[1] in _REFUSED_WITH_IMSI:
        ies += _imsi_ie(data)
    return (
        bytes((PLAIN, response_type))
        + (4 + len(ies)).to_bytes(2, "big")
        + teid.to_bytes(4, "big")
        + data[8:10]
        + b"\0\0"
        + ies
    )


def _imsi_ie(data: bytes) -> bytes:
    """Return the IMSI IE that stands first in the message ``data``, or nothing."""
    start = HEADER.size
    extension = data[11] if data[0] & _EXTENSION_FLAG else 0
    while extension and start < len(data) and data[start]:
        start += 4 * data[start]
        extension = data[start - 1] if start <= len(data) else 0
    element = data[start : start + _IMSI_IE_LENGTH]
    return element if len(element) == _IMSI_IE_LENGTH and element[0] == IEType.IMSI else b""
