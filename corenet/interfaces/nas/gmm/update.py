"""Routing area update and P-TMSI reallocation: the messages (TS 24.008 §9.4.7, §9.4.8, §9.4.14 ff).

In A/Gb mode a ROUTING AREA UPDATE REQUEST need not name its MS, for the TLLI of the frame below
does. The radio link of this core has no TLLI; here the message brings the P-TMSI, as in Iu mode.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum

from corenet.interfaces.nas.elements import Body, invalid
from corenet.interfaces.nas.gmm.common import (
    IEI_CAUSE,
    IEI_CONTEXT_STATUS,
    IEI_READY_TIMER,
    IEI_SIGNATURE,
    MS_RADIO_ACCESS_CAPABILITY,
    PERIODIC_UPDATE_54_MINUTES,
    SIZES,
    MobileIdentity,
    counted,
    found_octet,
    found_p_tmsi,
    one,
    p_tmsi,
    signature,
)


class UpdateType(IntEnum):
    """Type of update (TS 24.008 §10.5.5.18)."""

    ROUTING_AREA = 0
    COMBINED = 1
    COMBINED_WITH_IMSI_ATTACH = 2
    PERIODIC = 3


def context_status(nsapis: Iterable[int]) -> int:
    """Return the PDP context status of these active NSAPIs: bit n is NSAPI n (§10.5.7.1)."""
    return sum(1 << nsapi for nsapi in set(nsapis))


def _status(status: int | None) -> bytes:
    # Its first octet has NSAPI 0 to 7.
    if status is None:
        return b""
    return bytes((IEI_CONTEXT_STATUS, 2)) + status.to_bytes(2, "little")


def _found_status(value: bytes | None) -> int | None:
    return None if value is None or len(value) < 2 else int.from_bytes(value[:2], "little")


@dataclass(frozen=True, slots=True)
class RoutingAreaUpdateRequest:
    """ROUTING AREA UPDATE REQUEST (TS 24.008 §9.4.14), MS to network."""

    old_rai: bytes
    """Routeing area identification, 6 octets."""
    update_type: int = UpdateType.ROUTING_AREA
    key_sequence: int = 7
    """Ciphering key sequence number; 7 says that the MS has no key."""
    p_tmsi: int | None = None
    p_tmsi_signature: bytes | None = None
    ready_timer: int | None = None
    """T3314 that the MS wants, as a GPRS timer (§10.5.7.3)."""
    context_status: int | None = None
    """Which NSAPIs have an active PDP context; bit n is NSAPI n."""
    ms_radio_access_capability: bytes = MS_RADIO_ACCESS_CAPABILITY

    def encode(self) -> bytes:
        """Return the message's octets."""
        return b"".join(
            (
                bytes((0x08, 0x08, self.key_sequence << 4 | self.update_type)),
                self.old_rai,
                counted(self.ms_radio_access_capability),
                signature(self.p_tmsi_signature),
                one(IEI_READY_TIMER, self.ready_timer),
                p_tmsi(self.p_tmsi),
                _status(self.context_status),
            )
        )

    @classmethod
    def decode(cls, body: Body) -> RoutingAreaUpdateRequest:
        """Return the message in ``body``; raises NasError."""
        kinds = body.octet("update type")
        rai = body.fixed(6, "old routeing area")
        radio = body.counted("MS radio access capability", 1)
        found = body.optional(SIZES)
        return cls(
            rai,
            kinds & 7,
            kinds >> 4 & 7,
            found_p_tmsi(found),
            found.get(IEI_SIGNATURE),
            found_octet(found, IEI_READY_TIMER),
            _found_status(found.get(IEI_CONTEXT_STATUS)),
            radio,
        )


@dataclass(frozen=True, slots=True)
class RoutingAreaUpdateAccept:
    """ROUTING AREA UPDATE ACCEPT (TS 24.008 §9.4.15), network to MS."""

    rai: bytes
    """Routeing area identification, 6 octets."""
    p_tmsi: int | None = None
    """The identity allotted; an MS that gets one answers with ROUTING AREA UPDATE COMPLETE."""
    p_tmsi_signature: bytes | None = None
    result: int = 0
    periodic_update_timer: int = PERIODIC_UPDATE_54_MINUTES
    """T3312 as a GPRS timer (§10.5.7.3)."""
    ready_timer: int | None = None
    cause: int | None = None
    context_status: int | None = None

    def encode(self) -> bytes:
        """Return the message's octets."""
        return b"".join(
            (
                bytes((0x08, 0x09, self.result << 4, self.periodic_update_timer)),
                self.rai,
                signature(self.p_tmsi_signature),
                p_tmsi(self.p_tmsi),
                one(IEI_READY_TIMER, self.ready_timer),
                one(IEI_CAUSE, self.cause),
                _status(self.context_status),
            )
        )

    @classmethod
    def decode(cls, body: Body) -> RoutingAreaUpdateAccept:
        """Return the message in ``body``; raises NasError."""
        result = body.octet("update result") >> 4 & 7
        timer = body.octet("periodic update timer")
        rai = body.fixed(6, "routeing area")
        found = body.optional(SIZES)
        return cls(
            rai,
            found_p_tmsi(found),
            found.get(IEI_SIGNATURE),
            result,
            timer,
            found_octet(found, IEI_READY_TIMER),
            found_octet(found, IEI_CAUSE),
            _found_status(found.get(IEI_CONTEXT_STATUS)),
        )


@dataclass(frozen=True, slots=True)
class RoutingAreaUpdateComplete:
    """ROUTING AREA UPDATE COMPLETE (TS 24.008 §9.4.16), MS to network."""

    def encode(self) -> bytes:
        """Return the message's octets."""
        return b"\x08\x0a"

    @classmethod
    def decode(cls, body: Body) -> RoutingAreaUpdateComplete:
        """Return the message in ``body``; raises NasError."""
        body.optional()
        return cls()


@dataclass(frozen=True, slots=True)
class RoutingAreaUpdateReject:
    """ROUTING AREA UPDATE REJECT (TS 24.008 §9.4.17), network to MS."""

    cause: int

    def encode(self) -> bytes:
        """Return the message's octets."""
        return bytes((0x08, 0x0B, self.cause, 0))

    @classmethod
    def decode(cls, body: Body) -> RoutingAreaUpdateReject:
        """Return the message in ``body``; raises NasError."""
        cause = body.octet("GMM cause")
        body.octet("force to standby")
        body.optional()
        return cls(cause)


@dataclass(frozen=True, slots=True)
class PTmsiReallocationCommand:
    """P-TMSI REALLOCATION COMMAND (TS 24.008 §9.4.7), network to MS."""

    p_tmsi: int
    rai: bytes
    p_tmsi_signature: bytes | None = None

    def encode(self) -> bytes:
        """Return the message's octets."""
        identity = counted(MobileIdentity(p_tmsi=self.p_tmsi).encode())
        return b"\x08\x10" + identity + self.rai + b"\x00" + signature(self.p_tmsi_signature)

    @classmethod
    def decode(cls, body: Body) -> PTmsiReallocationCommand:
        """Return the message in ``body``; raises NasError."""
        at = body.at
        try:
            identity = MobileIdentity.decode(body.counted("P-TMSI", 5, 5))
        except ValueError as error:
            raise invalid(str(error), at) from None
        if identity.p_tmsi is None:
            raise invalid("mobile identity that is no P-TMSI", at)
        rai = body.fixed(6, "routeing area")
        body.octet("force to standby")
        return cls(identity.p_tmsi, rai, body.optional(SIZES).get(IEI_SIGNATURE))


@dataclass(frozen=True, slots=True)
class PTmsiReallocationComplete:
    """P-TMSI REALLOCATION COMPLETE (TS 24.008 §9.4.8), MS to network."""

    def encode(self) -> bytes:
        """Return the message's octets."""
        return b"\x08\x11"

    @classmethod
    def decode(cls, body: Body) -> PTmsiReallocationComplete:
        """Return the message in ``body``; raises NasError."""
        body.optional()
        return cls()
