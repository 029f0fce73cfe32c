"""What the values of some information elements mean: flags, modes, and codes of other protocols.

Specs: TS 29.060 §7.7 (information elements); TS 29.002 (MAP user errors, absent subscriber
diagnostic).
"""

from __future__ import annotations

from enum import IntEnum, IntFlag


class DirectTunnelFlags(IntFlag):
    """What an SGSN says of a direct tunnel (TS 29.060 §7.7.81)."""

    DIRECT_TUNNEL = 1
    GPRS_CSI = 2
    ERROR_INDICATION = 4


class CommonFlags(IntFlag):
    """What else is said of a context (TS 29.060 §7.7.48)."""

    PROHIBIT_PAYLOAD_COMPRESSION = 1
    MBMS_SERVICE_TYPE = 2
    RAN_PROCEDURES_READY = 4
    MBMS_COUNTING_INFORMATION = 8
    NO_QOS_NEGOTIATION = 16
    NRSN = 32
    """The SGSN takes contexts that the network asks for."""
    UPGRADE_QOS_SUPPORTED = 64
    DUAL_ADDRESS_BEARER = 128

    def __str__(self) -> str:
        names = (each.name for each in self)
        return ", ".join(name.replace("_", " ").lower() for name in names if name) or "none"


class ExtendedCommonFlags(IntFlag):
    """More common flags (TS 29.060 §7.7.93)."""

    UNAUTHENTICATED_IMSI = 1
    CCRSI = 2
    CPSR = 4
    RETURN_LOCATION = 8
    VOICE_BEARER = 16
    PCRI = 32
    BEARER_DEACTIVATION_WITHOUT_INDICATION = 64
    UPLINK_APN_STATUS = 128


class ExtendedCommonFlagsII(IntFlag):
    """Yet more common flags (TS 29.060 §7.7.118)."""

    PENDING_NETWORK_INITIATED_SIGNALLING = 1
    DELAY_TOLERANT_CONNECTION = 2
    PENDING_MT_SHORT_MESSAGE = 4


class CsgReportingAction(IntFlag):
    """Of which CSG cells a GGSN wants to hear (TS 29.060 §7.7.95)."""

    CSG_CELL = 1
    SUBSCRIBED_HYBRID_CELL = 2
    UNSUBSCRIBED_HYBRID_CELL = 4


class SrvccFlags(IntFlag):
    """More of single radio voice call continuity (TS 29.060 §7.7.108)."""

    ICS = 1
    VIDEO = 2


class SelectionMode(IntEnum):
    """How the APN was selected (TS 29.060 §7.7.12); 3 is read as 2."""

    SUBSCRIPTION_VERIFIED = 0
    MS_PROVIDED = 1
    NETWORK_PROVIDED = 2


class ApnRestriction(IntEnum):
    """Which further APNs an MS may use beside one (TS 29.060 §7.7.49)."""

    NONE = 0
    """There is no context yet, or nothing is restricted."""
    PUBLIC_1 = 1
    """Such as MMS: beside all but private 2."""
    PUBLIC_2 = 2
    """Such as the Internet: beside public ones."""
    PRIVATE_1 = 3
    """Such as a company that uses MMS: beside public 1."""
    PRIVATE_2 = 4
    """Such as a company that does not: beside none."""


class BearerControlMode(IntEnum):
    """Who may ask for further contexts with an address (TS 29.060 §7.7.83)."""

    MS_ONLY = 0
    MS_AND_NETWORK = 1


class InfoChangeReporting(IntEnum):
    """Which changes of place a GGSN wants to hear of (TS 29.060 §7.7.80)."""

    STOP = 0
    CELL_OR_SERVICE_AREA = 1
    ROUTEING_AREA = 2


class RatType(IntEnum):
    """Radio access technology (TS 29.060 §7.7.50)."""

    UTRAN = 1
    GERAN = 2
    WLAN = 3
    GAN = 4
    HSPA_EVOLUTION = 5
    EUTRAN = 6


class MapCause(IntEnum):
    """MAP user errors that location management meets (TS 29.060 §7.7.8, TS 29.002 §17.6.6)."""

    UNKNOWN_SUBSCRIBER = 1
    ROAMING_NOT_ALLOWED = 8
    CALL_BARRED = 13
    ABSENT_SUBSCRIBER = 27
    SYSTEM_FAILURE = 34
    DATA_MISSING = 35
    UNEXPECTED_DATA_VALUE = 36


class MsNotReachableReason(IntEnum):
    """Why the MS cannot be reached (TS 29.060 §7.7.25A, TS 29.002 AbsentSubscriberDiagnosticSM)."""

    NO_PAGING_RESPONSE_MSC = 0
    IMSI_DETACHED = 1
    ROAMING_RESTRICTION = 2
    DEREGISTERED_NON_GPRS = 3
    PURGED_NON_GPRS = 4
    NO_PAGING_RESPONSE_SGSN = 5
    GPRS_DETACHED = 6
    DEREGISTERED_GPRS = 7
    PURGED_GPRS = 8
    UNIDENTIFIED_SUBSCRIBER_MSC = 9
    UNIDENTIFIED_SUBSCRIBER_SGSN = 10
    DEREGISTERED_IMS = 11
    NO_RESPONSE_IP_SM_GW = 12
    TEMPORARILY_UNAVAILABLE = 13
