"""Who may have a context: PAP and CHAP as mobiles send them in their options.

The mobile has played the authenticator towards its terminal equipment already, and sends what
came of it: a PAP Authenticate-Request with name and password, or a CHAP Challenge of its own
together with the Response. The answer goes to the terminal equipment.

Specs: TS 29.061 §11.2.1.2, RFC 1334 §2 (PAP), RFC 1994 §4 (CHAP), RFC 1321 (MD5).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import md5
from hmac import compare_digest
from typing import Final

from corenet.ggsn.config import Credential
from corenet.ggsn.options import ppp
from corenet.ggsn.options.ppp import PppPacket, Protocol
from corenet.radius.access import Chap, Pap

_AUTHENTICATE_REQUEST: Final = 1
_AUTHENTICATE_ACK: Final = 2
_AUTHENTICATE_NAK: Final = 3
_NO_MESSAGE: Final = b"\x00"
"""Length of the message in PAP's answers."""

_LONGEST_PASSWORD: Final = 128
_MD5_LENGTH: Final = 16
_CHALLENGE: Final = 1
_RESPONSE: Final = 2
_SUCCESS: Final = 3
_FAILURE: Final = 4


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of one attempt to authenticate."""

    accepted: bool
    answer: bytes
    """The packet that says so."""


@dataclass(frozen=True, slots=True)
class Presented:
    """What a mobile says to prove who it is."""

    name: bytes
    proof: Pap | Chap


class Authentication:
    """The policy of one APN: everybody is let in, or only those with the right password."""

    __slots__ = ("_passwords",)

    def __init__(self, credentials: Sequence[Credential] | None) -> None:
        """Let in those with one of ``credentials``, or everybody if that is None."""
        self._passwords: dict[bytes, bytes] | None = None
        if credentials is not None:
            self._passwords = {c.name.encode(): c.password.encode() for c in credentials}

    @property
    def needed(self) -> bool:
        """Whether a mobile must say who it is."""
        return self._passwords is not None

    def verdict(
        self, protocol: int, content: bytes, challenges: Mapping[int, bytes]
    ) -> Verdict | None:
        """Judge a packet of PAP or CHAP; None where it is no attempt to authenticate.

        ``challenges`` are those of ``challenges_of``. A broken attempt is refused.
        """
        packet = ppp.read(content)
        if packet is None:
            return None
        if protocol == Protocol.PAP and packet.code == _AUTHENTICATE_REQUEST:
            accepted = self._accepts_pap(packet)
            code = _AUTHENTICATE_ACK if accepted else _AUTHENTICATE_NAK
            return Verdict(accepted, ppp.write(code, packet.identifier, _NO_MESSAGE))
        if protocol == Protocol.CHAP and packet.code == _RESPONSE:
            accepted = self._accepts_chap(packet, challenges.get(packet.identifier))
            code = _SUCCESS if accepted else _FAILURE
            return Verdict(accepted, ppp.write(code, packet.identifier))
        return None

    def _accepts_pap(self, packet: PppPacket) -> bool:
        """Whether name and password are right; everybody's are, if only they can be read."""
        name, rest = _counted(packet.body)
        password, _ = _counted(rest)
        if not packet.whole or name is None or password is None:
            return False
        if self._passwords is None:
            return True
        expected = self._passwords.get(name)
        return expected is not None and compare_digest(expected, password)

    def _accepts_chap(self, packet: PppPacket, challenge: bytes | None) -> bool:
        """Whether the value is the MD5 of identifier, password and challenge (RFC 1994 §4.1)."""
        value, name = _counted(packet.body)
        if not packet.whole or value is None:
            return False
        if self._passwords is None:
            return True
        password = self._passwords.get(name)
        if password is None or challenge is None:
            return False
        asked = bytes((packet.identifier,)) + password + challenge
        return compare_digest(md5(asked, usedforsecurity=False).digest(), value)


def presented(protocol: int, content: bytes, challenges: Mapping[int, bytes]) -> Presented | None:
    """Return what a packet of PAP or CHAP says, for somebody else to judge; None for nothing."""
    packet = ppp.read(content)
    if packet is None or not packet.whole:
        return None
    first, rest = _counted(packet.body)
    if first is None:
        return None
    if protocol == Protocol.PAP and packet.code == _AUTHENTICATE_REQUEST:
        password, _ = _counted(rest)
        # RFC 2865 §5.2: a longer password cannot be told.
        if password is not None and len(password) <= _LONGEST_PASSWORD:
            return Presented(first, Pap(password))
    elif protocol == Protocol.CHAP and packet.code == _RESPONSE and len(first) == _MD5_LENGTH:
        challenge = challenges.get(packet.identifier)
        if challenge:
            return Presented(rest, Chap(packet.identifier, first, challenge))
    return None


def refusal(protocol: int, content: bytes) -> bytes | None:
    """Return the packet that refuses an attempt to authenticate, or None where it is none."""
    packet = ppp.read(content)
    if packet is None:
        return None
    if protocol == Protocol.PAP and packet.code == _AUTHENTICATE_REQUEST:
        return ppp.write(_AUTHENTICATE_NAK, packet.identifier, _NO_MESSAGE)
    if protocol == Protocol.CHAP and packet.code == _RESPONSE:
        return ppp.write(_FAILURE, packet.identifier)
    return None


def challenges_of(entries: Iterable[tuple[int, bytes]]) -> dict[int, bytes]:
    """Return the values of the CHAP Challenges among protocols and contents, by identifier."""
    found: dict[int, bytes] = {}
    for protocol, content in entries:
        packet = ppp.read(content) if protocol == Protocol.CHAP else None
        if packet is not None and packet.code == _CHALLENGE and packet.whole:
            value, _ = _counted(packet.body)
            if value is not None:
                found[packet.identifier] = value
    return found


def _counted(octets: bytes) -> tuple[bytes | None, bytes]:
    """Split into a value that begins with its length, and the rest; None if it is cut short."""
    end = 1 + octets[0] if octets else 1
    return (octets[1:end], octets[end:]) if end <= len(octets) else (None, b"")
