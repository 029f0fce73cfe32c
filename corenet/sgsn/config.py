"""What an SGSN is told when it is built: addresses, GGSNs per APN, timers and limits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from corenet.interfaces.node import Address
from corenet.interfaces.sms.transfer import TransferTimers
from gtp.ies.session import NETWORK_REQUESTS_SUPPORTED
from gtp.timers import Timers

ANY_APN = "*"
"""The GGSNs of every APN that has none of its own."""

THREE_DIGIT_MNCS = frozenset(
    {
        *map(str, range(310, 317)),
        *("302", "330", "334", "338", "342", "344", "346", "348", "352", "354", "356", "358"),
        *("360", "365", "366", "376", "708", "722", "732", "750"),
    }
)
"""Mobile country codes under which network codes have three digits (ITU-T E.212)."""


class Authentication(StrEnum):
    """Whether and how mobiles are authenticated."""

    NONE = "none"
    """A mobile is who it says it is."""
    GSM = "gsm"
    """By triplets, as an SGSN does that knows no other: a USIM answers as a SIM would."""
    UMTS = "umts"
    """By quintuplets where the HLR has them, by triplets else."""


@dataclass(frozen=True, slots=True)
class RoutingArea:
    """A routing area that an SGSN serves (TS 23.003 §4.2)."""

    mcc: str = "234"
    mnc: str = "15"
    lac: int = 0x1234
    rac: int = 1
    cells: tuple[int, ...] = (0,)
    """Cell identities of its cells (TS 23.003 §4.3.1); no other area of the network has them."""

    def encode(self) -> bytes:
        """Return the six octets of a Routeing Area Identity (TS 24.008 §10.5.5.15)."""
        third = self.mnc[2] if len(self.mnc) == 3 else "f"
        plmn = self.mcc[1] + self.mcc[0] + third + self.mcc[2] + self.mnc[1] + self.mnc[0]
        return bytes.fromhex(plmn) + self.lac.to_bytes(2, "big") + bytes([self.rac])


@dataclass(frozen=True, slots=True)
class RadioTimers:
    """Timers of the procedures with mobiles, in seconds (TS 24.008 §11.2)."""

    t3312: float | None = 3240.0
    """Periodic update: how long a mobile in STANDBY may be silent; None: for ever."""
    mobile_reachable_margin: float = 240.0
    """How much longer than T3312 until it is implicitly detached (the mobile reachable timer)."""
    t3313: float = 5.0
    """Paging until the mobile is heard."""
    t3314: float | None = 44.0
    """READY timer of mobiles that ask for none; None: such a mobile stays READY for ever."""
    t3322: float = 6.0
    """Detach on the network's command until Detach Accept."""
    t3350: float = 6.0
    """Attach or Routing Area Update Accept, or P-TMSI Reallocation Command, until Complete."""
    t3360: float = 6.0
    """Authentication and Ciphering Request until Response or Failure."""
    t3370: float = 6.0
    """Identity Request until Identity Response."""
    t3385: float = 8.0
    """Request PDP Context Activation until the mobile activates or rejects."""
    t3386: float = 8.0
    """Modify PDP Context Request until the mobile accepts or rejects."""
    t3395: float = 8.0
    """Deactivate PDP Context Request until Deactivate PDP Context Accept."""
    paging_attempts: int = 3
    """How often a mobile is paged, T3313 apart."""
    attempts: int = 5
    """Transmissions in all, the first included; the procedure aborts at the last expiry."""


@dataclass(frozen=True, slots=True)
class DnsConfig:
    """How the DNS is asked for GGSNs, and how long it is believed; times are in seconds."""

    servers: tuple[Address, ...]
    """Name servers, the preferred first; whoever carries the questions asks them."""
    timeout: float = 10.0
    """Until a question counts as unanswered."""
    shortest: float = 1.0
    """For which an answer is believed at least."""
    longest: float = 86_400.0
    """For which an answer is believed at most."""
    longest_negative: float = 300.0
    """For which it is believed at most that a name is not there (RFC 2308 §5)."""
    failure_time: float = 5.0
    """For which a name is not asked again when there was no answer (RFC 2308 §7)."""
    max_names: int = 1000
    """Answers kept; beyond, the one used longest ago is forgotten."""
    three_digit_mncs: frozenset[str] = THREE_DIGIT_MNCS


@dataclass(frozen=True, slots=True)
class SgsnConfig:
    """Everything an SGSN is told. Addresses are IP addresses in text form."""

    control_address: str
    """Own address for GTP-C, as in the IE SGSN Address for signalling."""
    user_address: str
    """Own address for GTP-U, as in the IE SGSN Address for user traffic."""
    hlr: Address
    """Where the HLR is attached to Gr."""
    ggsns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """GGSNs' control addresses by APN network identifier, the preferred first.

    For activations by the mobile; a network request names its GGSN itself. ANY_APN is every other
    APN, unless the DNS is asked.
    """
    dns: DnsConfig | None = None
    """Of APNs that ``ggsns`` does not name; None: nobody is asked."""
    most_ggsns: int = 4
    """Asked for one activation, one after the other."""
    ggsn_avoidance: float = 60.0
    """Seconds for which a GGSN that was silent, or had no resources, is asked last."""
    routing_areas: tuple[RoutingArea, ...] = (RoutingArea(),)
    """At least one; a mobile in a cell that none has is taken to be in the first."""
    neighbours: Mapping[bytes, str] = field(default_factory=dict)
    """Control address of the SGSN of each other routing area, by its identity of six octets."""
    radio: RadioTimers = field(default_factory=RadioTimers)
    timers: Timers = field(default_factory=Timers)
    authentication: Authentication = Authentication.NONE
    hlr_timeout: float = 10.0
    """Seconds until a request to the HLR counts as unanswered."""
    restorations: int = 50
    """Update Locations at a time for an HLR that has forgotten where mobiles are."""
    network_requests: bool = True
    """Whether PDU Notifications are served; else they get Cause 200 Service not supported.

    GGSNs are told that they may ask for secondary contexts where it is so (NRSN).
    """
    roaming_restricted: tuple[str, ...] = ()
    """IMSI prefixes of subscribers that are refused network requests with Cause 205."""
    max_network_requests: int = 10_000
    """Network-requested activations at once; a further one gets Cause 199."""
    max_contexts: int = 100_000
    """PDP contexts in all; a further activation is refused with SM cause 26."""
    short_messages: TransferTimers = field(default_factory=TransferTimers)
    max_short_messages: int = 10_000
    """Short messages under way at once, each way; a further one gets RP cause 42."""
    short_messages_per_mobile: int = 16
    """Short messages that wait for one mobile; a further one gets RP cause 42."""
    departure_time: float = 30.0
    """Seconds for which packets of a mobile that goes to another SGSN are kept or forwarded."""
    frames_while_paging: int = 16
    """Frames kept for a mobile that is paged or leaves; beyond, the oldest is dropped."""
    max_detached: int = 10_000
    """Detached mobiles remembered; beyond, the oldest is purged (Purge MS to the HLR)."""

    @property
    def common_flags(self) -> int | None:
        """What GGSNs are told with every context (TS 29.060 §7.7.48); None for nothing."""
        return NETWORK_REQUESTS_SUPPORTED if self.network_requests else None
