"""RADIUS packets: authenticators, hidden passwords, and what is drawn from them.

Specs: RFC 2865 §3 (packets), §5.2 (User-Password); RFC 2866 §3 (accounting authenticators);
RFC 2869 §5.14 and RFC 5080 §2.2.2 (Message-Authenticator); RFC 5176 §2.3 (authenticators of CoA
and Disconnect, which are those of accounting).
"""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from enum import IntEnum
from hashlib import md5
from struct import Struct
from typing import Final, NamedTuple

from corenet.radius.attributes import MESSAGE_AUTHENTICATOR, Attributes, MalformedError

HEADER_LENGTH: Final = 20
LONGEST: Final = 4096
"""Octets of a packet (RFC 2865 §3)."""

_NO_AUTHENTICATOR: Final = bytes(16)
_HEAD: Final = Struct("!BBH").pack
"""Code, identifier and length."""
_MESSAGE_AUTHENTICATOR_LENGTH: Final = 18
_NO_MORE: Final = HEADER_LENGTH.to_bytes(2, "big")
"""Length of a packet without attributes."""
_BEGUN: Final = md5(usedforsecurity=False)


class Code(IntEnum):
    """Codes of packets (RFC 2865 §3, RFC 2866 §3, RFC 5176 §2.3)."""

    ACCESS_REQUEST = 1
    ACCESS_ACCEPT = 2
    ACCESS_REJECT = 3
    ACCOUNTING_REQUEST = 4
    ACCOUNTING_RESPONSE = 5
    ACCESS_CHALLENGE = 11
    DISCONNECT_REQUEST = 40
    DISCONNECT_ACK = 41
    DISCONNECT_NAK = 42
    COA_REQUEST = 43
    COA_ACK = 44
    COA_NAK = 45


_ACCOUNTING_REQUEST: Final = Code.ACCOUNTING_REQUEST.value


class Packet(NamedTuple):
    """A packet as it was received. Whether it is authentic is another question."""

    code: int
    identifier: int
    authenticator: bytes
    octets: bytes
    """The whole of it, without what may follow."""
    attributes: Attributes


def read(data: bytes) -> Packet:
    """Take a datagram apart. Raises MalformedError where lengths do not add up."""
    if len(data) < HEADER_LENGTH:
        raise MalformedError("no header")
    length = int.from_bytes(data[2:4], "big")
    if not HEADER_LENGTH <= length <= min(len(data), LONGEST):
        raise MalformedError("wrong length")
    octets = data[:length]
    attributes = Attributes.decode(octets[HEADER_LENGTH:])
    return Packet(octets[0], octets[1], octets[4:20], octets, attributes)


def accounting_request(identifier: int, attributes: bytes, secret: bytes) -> bytes:
    """Return an Accounting-Request (RFC 2866 §3)."""
    head = _HEAD(_ACCOUNTING_REQUEST, identifier, HEADER_LENGTH + len(attributes))
    return head + _digest(head + _NO_AUTHENTICATOR + attributes + secret) + attributes


def access_request(
    identifier: int, authenticator: bytes, attributes: bytes, secret: bytes
) -> bytes:
    """Return an Access-Request, its Message-Authenticator in front (RFC 5080 §2.2.2).

    ``authenticator`` is 16 octets that nobody can foretell.
    """
    attributes = _EMPTY_SIGNATURE + attributes
    head = _head(Code.ACCESS_REQUEST, identifier, attributes) + authenticator
    signature = hmac.digest(secret, head + attributes, "md5")
    return head + _SIGNATURE_HEAD + signature + attributes[_MESSAGE_AUTHENTICATOR_LENGTH:]


def response(code: Code, request: Packet, attributes: bytes, secret: bytes) -> bytes:
    """Return the answer to a request, signed as the request was (RFC 5176 §2.3)."""
    signs = has_signature(request)
    if signs:
        attributes = _EMPTY_SIGNATURE + attributes
    head = _head(code, request.identifier, attributes)
    if signs:
        signature = hmac.digest(secret, head + request.authenticator + attributes, "md5")
        attributes = _SIGNATURE_HEAD + signature + attributes[_MESSAGE_AUTHENTICATOR_LENGTH:]
    return _signed(head, attributes, secret, request.authenticator)


def answers(packet: Packet, authenticator: bytes, secret: bytes) -> bool:
    """Whether a response is authentic; ``authenticator`` is its request's (RFC 2865 §3).

    A Message-Authenticator is checked where there is one.
    """
    octets = packet.octets
    asked = _digest(octets[:4] + authenticator + octets[20:] + secret)
    if not hmac.compare_digest(asked, packet.authenticator):
        return False
    return len(octets) == HEADER_LENGTH or _is_signed(packet, authenticator, secret)


def acknowledges(data: bytes, authenticator: bytes, secret: bytes) -> bool:
    """Whether a datagram is an authentic response to the request with an authenticator.

    Nearly every Accounting-Response is a header alone, of which there is nothing to be read.
    """
    if len(data) == HEADER_LENGTH:
        asked = _digest(data[:4] + authenticator + secret)
        return data[2:4] == _NO_MORE and hmac.compare_digest(asked, data[4:])
    try:
        packet = read(data)
    except MalformedError:
        return False
    return answers(packet, authenticator, secret)


def is_authentic_request(packet: Packet, secret: bytes) -> bool:
    """Whether a request of accounting's kind was made with ``secret`` (RFC 5176 §2.3)."""
    return answers(packet, _NO_AUTHENTICATOR, secret)


def has_signature(packet: Packet) -> bool:
    """Whether a packet has a Message-Authenticator."""
    return any(number == (0, MESSAGE_AUTHENTICATOR) for number, _ in packet.attributes.items)


def hide_password(password: bytes, authenticator: bytes, secret: bytes) -> bytes:
    """Return the value of User-Password (RFC 2865 §5.2)."""
    padded = password.ljust(max(16, -(-len(password) // 16) * 16), b"\0")
    hidden, last = b"", authenticator
    for place in range(0, len(padded), 16):
        mask = _digest(secret + last)
        last = bytes(a ^ b for a, b in zip(padded[place : place + 16], mask, strict=True))
        hidden += last
    return hidden


_SIGNATURE_HEAD: Final = bytes((MESSAGE_AUTHENTICATOR, _MESSAGE_AUTHENTICATOR_LENGTH))
_EMPTY_SIGNATURE: Final = _SIGNATURE_HEAD + _NO_AUTHENTICATOR


def _head(code: Code, identifier: int, attributes: bytes) -> bytes:
    return _HEAD(code, identifier, HEADER_LENGTH + len(attributes))


def _signed(
    head: bytes, attributes: bytes, secret: bytes, authenticator: bytes = _NO_AUTHENTICATOR
) -> bytes:
    return head + _digest(head + authenticator + attributes + secret) + attributes


def _digest(octets: bytes) -> bytes:
    """Return the MD5 digest; to copy what was begun is faster than to look MD5 up each time."""
    digest = _BEGUN.copy()
    digest.update(octets)
    return digest.digest()


def _is_signed(packet: Packet, authenticator: bytes, secret: bytes) -> bool:
    """Whether every Message-Authenticator is right (RFC 2869 §5.14)."""
    octets = packet.octets
    for start in _signatures(octets):
        end = start + _MESSAGE_AUTHENTICATOR_LENGTH
        if octets[start + 1] != _MESSAGE_AUTHENTICATOR_LENGTH:
            return False
        covered = octets[:4] + authenticator + octets[20 : start + 2]
        covered += _NO_AUTHENTICATOR + octets[end:]
        if not hmac.compare_digest(hmac.digest(secret, covered, "md5"), octets[start + 2 : end]):
            return False
    return True


def _signatures(octets: bytes) -> Iterator[int]:
    """Return where each Message-Authenticator begins."""
    place = HEADER_LENGTH
    while place < len(octets):
        if octets[place] == MESSAGE_AUTHENTICATOR:
            yield place
        place += octets[place + 1]
