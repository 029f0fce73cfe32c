"""GPRS detach: the messages (TS 24.008 §9.4.5 and §9.4.6).

DETACH REQUEST and ACCEPT have one type number and two layouts; the direction, which LLC's
command/response bit tells, chooses between them.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from corenet.interfaces.nas.elements import Body
from corenet.interfaces.nas.gmm.common import (
    IEI_CAUSE,
    IEI_SIGNATURE,
    SIZES,
    counted,
    found_octet,
    found_p_tmsi,
    one,
    p_tmsi,
)

_POWER_OFF_BIT: Final = 0x08


class DetachType(IntEnum):
    """Type of detach, MS to network (TS 24.008 §10.5.5.5)."""

    GPRS = 1
    IMSI = 2
    COMBINED = 3


class NetworkDetachType(IntEnum):
    """Type of detach, network to MS (TS 24.008 §10.5.5.5)."""

    REATTACH_REQUIRED = 1
    REATTACH_NOT_REQUIRED = 2
    IMSI_DETACH = 3


@dataclass(frozen=True, slots=True)
class DetachRequestUplink:
    """DETACH REQUEST, MS to network (TS 24.008 §9.4.5.2)."""

    detach_type: int = DetachType.GPRS
    power_off: bool = False
    """The MS is being switched off: no answer is wanted."""
    p_tmsi: int | None = None
    p_tmsi_signature: bytes | None = None
    """The one that came with the P-TMSI; this message gives it a length (§9.4.5.2)."""

    def encode(self) -> bytes:
        """Return the message's octets."""
        kind = self.detach_type | (_POWER_OFF_BIT if self.power_off else 0)
        signed = b""
        if self.p_tmsi_signature is not None:
            signed = bytes((IEI_SIGNATURE,)) + counted(self.p_tmsi_signature)
        return bytes((0x08, 0x05, kind)) + p_tmsi(self.p_tmsi) + signed

    @classmethod
    def decode(cls, body: Body) -> DetachRequestUplink:
        """Return the message in ``body``; raises NasError."""
        kind = body.octet("detach type")
        found = body.optional()
        given = found_p_tmsi(found)
        return cls(kind & 7, bool(kind & _POWER_OFF_BIT), given, found.get(IEI_SIGNATURE))


@dataclass(frozen=True, slots=True)
class DetachRequestDownlink:
    """DETACH REQUEST, network to MS (TS 24.008 §9.4.5.1)."""

    detach_type: int = NetworkDetachType.REATTACH_NOT_REQUIRED
    cause: int | None = None

    def encode(self) -> bytes:
        """Return the message's octets."""
        return bytes((0x08, 0x05, self.detach_type)) + one(IEI_CAUSE, self.cause)

    @classmethod
    def decode(cls, body: Body) -> DetachRequestDownlink:
        """Return the message in ``body``; raises NasError."""
        kind = body.octet("detach type") & 7
        return cls(kind, found_octet(body.optional(SIZES), IEI_CAUSE))


@dataclass(frozen=True, slots=True)
class DetachAcceptUplink:
    """DETACH ACCEPT, MS to network (TS 24.008 §9.4.6.1)."""

    def encode(self) -> bytes:
        """Return the message's octets."""
        return b"\x08\x06"

    @classmethod
    def decode(cls, body: Body) -> DetachAcceptUplink:
        """Return the message in ``body``; raises NasError."""
        body.optional()
        return cls()


@dataclass(frozen=True, slots=True)
class DetachAcceptDownlink:
    """DETACH ACCEPT, network to MS (TS 24.008 §9.4.6.2)."""

    def encode(self) -> bytes:
        """Return the message's octets."""
        return b"\x08\x06\x00"

    @classmethod
    def decode(cls, body: Body) -> DetachAcceptDownlink:
        """Return the message in ``body``; raises NasError."""
        body.octet("force to standby")
        body.optional()
        return cls()
