"""What information elements of GSUP hold.

Specs: OsmoHLR user manual, "Generic Subscriber Update Protocol"; TS 29.002 §7.6 (the parameters
of MAP that they stand for).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from corenet.interfaces.sms.address import SmsAddress, TypeOfNumber


class Ie(IntEnum):
    """Tags of the information elements that have an attribute here."""

    IMSI = 0x01
    CAUSE = 0x02
    AUTH_TUPLE = 0x03
    PDP_INFO_COMPLETE = 0x04
    PDP_INFO = 0x05
    CANCEL_TYPE = 0x06
    FREEZE_PTMSI = 0x07
    MSISDN = 0x08
    HLR_NUMBER = 0x09
    MESSAGE_CLASS = 0x0A
    PDP_CONTEXT_ID = 0x10
    PDP_ADDRESS = 0x11
    APN = 0x12
    PDP_QOS = 0x13
    CHARGING_CHARACTERISTICS = 0x14
    RAND = 0x20
    SRES = 0x21
    KC = 0x22
    IK = 0x23
    CK = 0x24
    AUTN = 0x25
    AUTS = 0x26
    RES = 0x27
    CN_DOMAIN = 0x28
    SM_RP_MR = 0x40
    SM_RP_DA = 0x41
    SM_RP_OA = 0x42
    SM_RP_UI = 0x43
    SM_RP_CAUSE = 0x44
    SM_RP_MMS = 0x45
    SM_ALERT_REASON = 0x46
    SOURCE_NAME = 0x60
    DESTINATION_NAME = 0x61


class CnDomain(IntEnum):
    """Core network domain that a message is about."""

    PS = 1
    CS = 2


class CancelType(IntEnum):
    """Why a location is cancelled (TS 29.002 §7.6.3.52)."""

    UPDATE_PROCEDURE = 0
    """The MS is served by another SGSN now."""
    SUBSCRIPTION_WITHDRAW = 1


class SmAlertReason(IntEnum):
    """Why an MS is ready for short messages, or packets, again (TS 29.002 §7.6.8.8)."""

    MS_PRESENT = 1
    MEMORY_AVAILABLE = 2


class PdpType(IntEnum):
    """PDP type organisation and number (TS 29.060 §7.7.27)."""

    PPP = 0x0001
    IPV4 = 0x0121
    IPV6 = 0x0157
    IPV4V6 = 0x018D


class MessageClass(IntEnum):
    """What a message is about, where its type does not say."""

    SUBSCRIBER_MANAGEMENT = 1
    SMS = 2
    USSD = 3
    INTER_MSC = 4


class SmRpAddressType(IntEnum):
    """What an SM-RP-DA or SM-RP-OA names (TS 29.002 §7.6.8.1, §7.6.8.2)."""

    IMSI = 1
    MSISDN = 2
    SERVICE_CENTRE = 3
    NONE = 0xFF
    """Nobody: noSM-RP-DA and noSM-RP-OA."""


@dataclass(frozen=True, slots=True)
class SmRpAddress:
    """Whom a short message goes to or comes from, on its way to or from a service centre."""

    type: SmRpAddressType
    digits: str = ""
    ton: TypeOfNumber = TypeOfNumber.INTERNATIONAL
    """Type of number; an IMSI has none."""

    @classmethod
    def imsi(cls, imsi: str) -> SmRpAddress:
        """Return the address of a subscriber by IMSI."""
        return cls(SmRpAddressType.IMSI, imsi)

    @classmethod
    def msisdn(cls, digits: str) -> SmRpAddress:
        """Return the address of a subscriber by number."""
        return cls(SmRpAddressType.MSISDN, digits)

    @classmethod
    def service_centre(cls, digits: str) -> SmRpAddress:
        """Return the address of a service centre."""
        return cls(SmRpAddressType.SERVICE_CENTRE, digits)

    @property
    def number(self) -> SmsAddress:
        """The address as it is in short messages."""
        return SmsAddress(self.digits, self.ton)


@dataclass(frozen=True, slots=True)
class RawIe:
    """An information element that has no attribute."""

    tag: int
    value: bytes


@dataclass(frozen=True, slots=True)
class PdpAddress:
    """PDP type and, where the subscription gives one, the static address."""

    pdp_type: int = PdpType.IPV4
    """Organisation and number, one of ``PdpType`` or another 12 bit number."""
    address: str | None = None
    """The static address in text form, or None where it is dynamic."""


@dataclass(frozen=True, slots=True)
class PdpInfo:
    """One subscribed PDP context (TS 23.060 §13.1)."""

    context_id: int
    pdp_address: PdpAddress | None = None
    apn: str | None = None
    """APN network identifier, or "*" for any."""
    qos: bytes | None = None
    charging_characteristics: bytes | None = None
    other_ies: tuple[RawIe, ...] = ()

    @property
    def address(self) -> str | None:
        """The static address, or None where it is dynamic."""
        return self.pdp_address.address if self.pdp_address is not None else None
