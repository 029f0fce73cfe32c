"""Identification: the messages (TS 24.008 §9.4.12, §9.4.13)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from corenet.interfaces.nas.elements import Body, invalid
from corenet.interfaces.nas.gmm.common import MobileIdentity, counted


class IdentityType(IntEnum):
    """Type of identity (TS 24.008 §10.5.5.9)."""

    IMSI = 1
    IMEI = 2
    IMEISV = 3
    TMSI = 4


@dataclass(frozen=True, slots=True)
class IdentityRequest:
    """IDENTITY REQUEST (TS 24.008 §9.4.12), network to MS."""

    identity_type: int = IdentityType.IMSI

    def encode(self) -> bytes:
        """Return the message's octets."""
        return bytes((0x08, 0x15, self.identity_type))

    @classmethod
    def decode(cls, body: Body) -> IdentityRequest:
        """Return the message in ``body``; raises NasError."""
        kind = body.octet("identity type") & 7
        body.optional()
        return cls(kind)


@dataclass(frozen=True, slots=True)
class IdentityResponse:
    """IDENTITY RESPONSE (TS 24.008 §9.4.13), MS to network."""

    identity: MobileIdentity

    def encode(self) -> bytes:
        """Return the message's octets."""
        return b"\x08\x16" + counted(self.identity.encode())

    @classmethod
    def decode(cls, body: Body) -> IdentityResponse:
        """Return the message in ``body``; raises NasError."""
        at = body.at
        try:
            identity = MobileIdentity.decode(body.counted("mobile identity", 1, 9))
        except ValueError as error:
            raise invalid(str(error), at) from None
        body.optional()
        return cls(identity)
