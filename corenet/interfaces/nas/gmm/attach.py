"""GPRS attach: the messages (TS 24.008 §9.4.1 to §9.4.4)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from corenet.interfaces.nas.elements import Body, invalid
from corenet.interfaces.nas.gmm.common import (
    IEI_CAUSE,
    IEI_READY_TIMER,
    IEI_SIGNATURE,
    MS_NETWORK_CAPABILITY,
    MS_RADIO_ACCESS_CAPABILITY,
    NO_DRX,
    NO_RAI,
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


class AttachType(IntEnum):
    """Type of attach (TS 24.008 §10.5.5.2)."""

    GPRS = 1
    GPRS_WHILE_IMSI_ATTACHED = 2
    COMBINED = 3


@dataclass(frozen=True, slots=True)
class AttachRequest:
    """ATTACH REQUEST (TS 24.008 §9.4.1), MS to network."""

    identity: MobileIdentity
    attach_type: int = AttachType.GPRS
    key_sequence: int = 7
    """Ciphering key sequence number; 7 says that the MS has no key."""
    old_rai: bytes = NO_RAI
    ms_network_capability: bytes = MS_NETWORK_CAPABILITY
    drx_parameter: bytes = NO_DRX
    ms_radio_access_capability: bytes = MS_RADIO_ACCESS_CAPABILITY
    ready_timer: int | None = None
    """T3314 that the MS wants, as a GPRS timer (§10.5.7.3)."""
    p_tmsi_signature: bytes | None = None
    """The one that came with the P-TMSI, three octets."""

    def encode(self) -> bytes:
        """Return the message's octets."""
        return b"".join(
            (
                b"\x08\x01",
                counted(self.ms_network_capability),
                bytes((self.key_sequence << 4 | self.attach_type,)),
                self.drx_parameter,
                counted(self.identity.encode()),
                self.old_rai,
                counted(self.ms_radio_access_capability),
                signature(self.p_tmsi_signature),
                one(IEI_READY_TIMER, self.ready_timer),
            )
        )

    @classmethod
    def decode(cls, body: Body) -> AttachRequest:
        """Return the message in ``body``; raises NasError."""
        capability = body.counted("MS network capability", 1)
        kinds = body.octet("attach type")
        drx = body.fixed(2, "DRX parameter")
        at = body.at
        try:
            identity = MobileIdentity.decode(body.counted("mobile identity", 1, 9))
        except ValueError as error:
            raise invalid(str(error), at) from None
        rai = body.fixed(6, "old routeing area")
        radio = body.counted("MS radio access capability", 1)
        found = body.optional(SIZES)
        return cls(
            identity,
            kinds & 7,
            kinds >> 4 & 7,
            rai,
            capability,
            drx,
            radio,
            found_octet(found, IEI_READY_TIMER),
            found.get(IEI_SIGNATURE),
        )


@dataclass(frozen=True, slots=True)
class AttachAccept:
    """ATTACH ACCEPT (TS 24.008 §9.4.2), network to MS."""

    rai: bytes
    """Routeing area identification, 6 octets."""
    p_tmsi: int | None = None
    """The identity allotted; an MS that gets one answers with ATTACH COMPLETE."""
    result: int = AttachType.GPRS
    periodic_update_timer: int = PERIODIC_UPDATE_54_MINUTES
    """T3312 as a GPRS timer (§10.5.7.3)."""
    cause: int | None = None
    ready_timer: int | None = None
    """T3314 as a GPRS timer; an MS that is told none uses what it asked for, or 44 seconds."""
    p_tmsi_signature: bytes | None = None
    """Three octets, by which the MS shows later that the P-TMSI is its own."""

    def encode(self) -> bytes:
        """Return the message's octets."""
        return b"".join(
            (
                bytes((0x08, 0x02, self.result, self.periodic_update_timer, 0x04)),
                self.rai,
                signature(self.p_tmsi_signature),
                one(IEI_READY_TIMER, self.ready_timer),
                p_tmsi(self.p_tmsi),
                one(IEI_CAUSE, self.cause),
            )
        )

    @classmethod
    def decode(cls, body: Body) -> AttachAccept:
        """Return the message in ``body``; raises NasError."""
        result = body.octet("attach result") & 7
        timer = body.octet("periodic update timer")
        body.octet("radio priorities")
        rai = body.fixed(6, "routeing area")
        found = body.optional(SIZES)
        cause, ready = found_octet(found, IEI_CAUSE), found_octet(found, IEI_READY_TIMER)
        given = found_p_tmsi(found)
        return cls(rai, given, result, timer, cause, ready, found.get(IEI_SIGNATURE))


@dataclass(frozen=True, slots=True)
class AttachComplete:
    """ATTACH COMPLETE (TS 24.008 §9.4.3), MS to network."""

    def encode(self) -> bytes:
        """Return the message's octets."""
        return b"\x08\x03"

    @classmethod
    def decode(cls, body: Body) -> AttachComplete:
        """Return the message in ``body``; raises NasError."""
        body.optional()
        return cls()


@dataclass(frozen=True, slots=True)
class AttachReject:
    """ATTACH REJECT (TS 24.008 §9.4.4), network to MS."""

    cause: int

    def encode(self) -> bytes:
        """Return the message's octets."""
        return bytes((0x08, 0x04, self.cause))

    @classmethod
    def decode(cls, body: Body) -> AttachReject:
        """Return the message in ``body``; raises NasError."""
        cause = body.octet("GMM cause")
        body.optional()
        return cls(cause)
