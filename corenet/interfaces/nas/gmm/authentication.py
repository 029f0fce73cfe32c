"""Authentication and ciphering: the messages (TS 24.008 §9.4.9 to §9.4.11)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from corenet.interfaces.nas.elements import Body
from corenet.interfaces.nas.gmm.common import counted

IEI_KEY_SEQUENCE: Final = 0x8
"""The high half of its octet; the low half is the value."""
IEI_RAND: Final = 0x21
IEI_SRES: Final = 0x22
IEI_AUTN: Final = 0x28
IEI_RES_EXTENSION: Final = 0x29
IEI_AUTS: Final = 0x30

_RAND, _SRES, _AUTN, _AUTS = 16, 4, 16, 14
"""Octets."""


@dataclass(frozen=True, slots=True)
class AuthenticationRequest:
    """AUTHENTICATION AND CIPHERING REQUEST (TS 24.008 §9.4.9), network to MS."""

    reference: int
    """A&C reference number, 0 to 15, which the answer repeats."""
    rand: bytes | None = None
    """None: it is only about ciphering."""
    key_sequence: int | None = None
    """Ciphering key sequence number, 0 to 6, by which the MS names this authentication later."""
    autn: bytes | None = None
    algorithm: int = 0
    """Ciphering algorithm; 0 is none."""

    def encode(self) -> bytes:
        """Return the message's octets."""
        out = bytes((0x08, 0x12, self.algorithm, self.reference << 4))
        if self.rand is not None:
            out += bytes((IEI_RAND,)) + self.rand
        if self.key_sequence is not None:
            out += bytes((IEI_KEY_SEQUENCE << 4 | self.key_sequence,))
        return out + _counted(IEI_AUTN, self.autn)

    @classmethod
    def decode(cls, body: Body) -> AuthenticationRequest:
        """Return the message in ``body``; raises NasError."""
        algorithm = body.octet("ciphering algorithm") & 7
        reference = body.octet("A&C reference number") >> 4
        found = body.optional({IEI_RAND: _RAND})
        key = found.get(IEI_KEY_SEQUENCE)
        return cls(
            reference,
            found.get(IEI_RAND),
            None if key is None else key[0] & 7,
            _sized(found.get(IEI_AUTN), _AUTN),
            algorithm,
        )


@dataclass(frozen=True, slots=True)
class AuthenticationResponse:
    """AUTHENTICATION AND CIPHERING RESPONSE (TS 24.008 §9.4.10), MS to network."""

    reference: int
    response: bytes = b""
    """SRES of 4 octets, or RES of 4 to 16, the rest of which is in an element of its own."""

    def encode(self) -> bytes:
        """Return the message's octets."""
        out = bytes((0x08, 0x13, self.reference))
        if self.response:
            out += bytes((IEI_SRES,)) + self.response[:_SRES]
        return out + _counted(IEI_RES_EXTENSION, self.response[_SRES:] or None)

    @classmethod
    def decode(cls, body: Body) -> AuthenticationResponse:
        """Return the message in ``body``; raises NasError."""
        reference = body.octet("A&C reference number") & 15
        found = body.optional({IEI_SRES: _SRES})
        first = found.get(IEI_SRES, b"")
        return cls(reference, first + (found.get(IEI_RES_EXTENSION, b"") if first else b""))


@dataclass(frozen=True, slots=True)
class AuthenticationFailure:
    """AUTHENTICATION AND CIPHERING FAILURE (TS 24.008 §9.4.10a), MS to network."""

    cause: int
    """GMM cause: MAC failure, synch failure or GSM authentication unacceptable."""
    auts: bytes | None = None
    """With synch failure, 14 octets."""

    def encode(self) -> bytes:
        """Return the message's octets."""
        return bytes((0x08, 0x1C, self.cause)) + _counted(IEI_AUTS, self.auts)

    @classmethod
    def decode(cls, body: Body) -> AuthenticationFailure:
        """Return the message in ``body``; raises NasError."""
        cause = body.octet("GMM cause")
        return cls(cause, _sized(body.optional().get(IEI_AUTS), _AUTS))


@dataclass(frozen=True, slots=True)
class AuthenticationReject:
    """AUTHENTICATION AND CIPHERING REJECT (TS 24.008 §9.4.11), network to MS."""

    def encode(self) -> bytes:
        """Return the message's octets."""
        return b"\x08\x14"

    @classmethod
    def decode(cls, body: Body) -> AuthenticationReject:
        """Return the message in ``body``; raises NasError."""
        body.optional()
        return cls()


def _counted(identifier: int, value: bytes | None) -> bytes:
    return b"" if value is None else bytes((identifier,)) + counted(value)


def _sized(value: bytes | None, size: int) -> bytes | None:
    """Return an element of that size; one of another counts as none (§8.7)."""
    return value if value is not None and len(value) == size else None
