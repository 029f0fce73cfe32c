"""What a GGSN reports as having happened.

Specs: TS 23.060 §9.2.2.2, §9.2.4 and §9.2.9; TS 29.060 §7.3; TS 29.061 §16.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from corenet.ggsn.views import PdpContextView as PdpContextView
from corenet.interfaces.activation import ActivationOutcome, FailureCause, Step
from corenet.interfaces.node import Event
from corenet.radius.accounting import AccountingAnswered as AccountingAnswered
from corenet.radius.accounting import AccountingGivenUp as AccountingGivenUp
from corenet.radius.accounting import AccountingResumed as AccountingResumed
from corenet.radius.accounting import AccountingSent as AccountingSent
from corenet.radius.accounting import AccountingStatus as AccountingStatus
from corenet.radius.accounting import RadiusServerAnswered as RadiusServerAnswered
from corenet.radius.accounting import RadiusServerSilent as RadiusServerSilent


class Trigger(StrEnum):
    """What asked for a network-requested activation."""

    CONTROL = "control"
    """The command ``activate``."""
    GI = "gi"
    """A PDU on Gi for a static address that has no context."""


class DeletionReason(StrEnum):
    """Why a PDP context went."""

    SGSN_REQUEST = "sgsn-request"
    """Delete PDP Context Request from the SGSN (TS 29.060 §7.3.5)."""
    COMMAND = "command"
    """The command ``deactivate``; the SGSN is told."""
    REPLACED = "replaced"
    """A Create PDP Context Request with the same IMSI and NSAPI (TS 29.060 §7.3.1)."""
    SGSN_RESTARTED = "sgsn-restarted"
    """The SGSN's restart counter changed (TS 23.007)."""
    PATH_DOWN = "path-down"
    """The SGSN no longer answers Echo Requests, and the policy is to delete."""
    ERROR_INDICATION = "error-indication"
    """The SGSN does not know the tunnel (TS 29.060 §7.3.7)."""
    UNKNOWN_TO_SGSN = "unknown-to-sgsn"
    """The SGSN answered an Update PDP Context Request with "Non-existent"."""
    RADIUS_REQUEST = "radius-request"
    """Disconnect-Request from a RADIUS server (RFC 5176); the SGSN is told."""
    SESSION_TIMEOUT = "session-timeout"
    """It has lasted as long as RADIUS allows (Session-Timeout); the SGSN is told."""
    IDLE_TIMEOUT = "idle-timeout"
    """It had no traffic for as long as RADIUS allows (Idle-Timeout); the SGSN is told."""
    GGSN_STOPPED = "ggsn-stopped"


class DropReason(StrEnum):
    """Why a PDU on its way was dropped."""

    STORE_FULL = "store-full"
    """It gave way to a newer one, or is larger than what may be stored."""
    STORED_TOO_LONG = "stored-too-long"
    ACTIVATION_FAILED = "activation-failed"
    """It was stored for an activation that has failed."""
    MS_NOT_REACHABLE = "ms-not-reachable"
    """MNRG is set: nothing is tried until the HLR notes that the MS is back."""
    BACK_OFF = "back-off"
    """The last activation failed a moment ago."""
    NO_BINDING = "no-binding"
    """The address lies in a pool, but is in no context and bound to no subscriber."""
    UNKNOWN_ADDRESS = "unknown-address"
    """The address is none of ours."""
    SPOOFED_SOURCE = "spoofed-source"
    """Uplink with another source than the context's address, or its link-local one."""
    WRONG_FAMILY = "wrong-family"
    """Uplink of IPv6 in a context for IPv4, or the other way round."""
    LINK_LOCAL = "link-local"
    """From or for the link itself, so not forwarded (RFC 4291 §2.5.6)."""
    MOBILE_TO_MOBILE = "mobile-to-mobile"
    """For another mobile on an APN that does not carry such packets."""
    LAST_HOP = "last-hop"
    """For another mobile, with no hop left; its sender is told."""
    TOO_BIG = "too-big"
    """Longer than the APN's MTU, and not to be fragmented; its sender is told."""
    LATE = "late"
    """Out of order, and already given up."""
    TUNNEL_LOST = "tunnel-lost"
    """The RNC knows nothing of the direct tunnel, and the SGSN has not repaired it yet."""
    NO_PACKET_FILTER = "no-packet-filter"
    """Every context of the address has a traffic flow template, and none wants it."""
    MALFORMED = "malformed"
    """It is no IP packet."""


@dataclass(frozen=True, slots=True)
class ActivationStarted(Event):
    """An activation was asked for and either began a procedure or joined one."""

    key: str
    """The caller's; for a trigger from Gi one of our own that begins with "gi:"."""
    imsi: str
    apn: str
    trigger: Trigger
    joined: bool = False
    """Whether a procedure for this subscriber and APN was already under way."""


@dataclass(frozen=True, slots=True)
class StepReached(Event):
    """A network-requested activation got a step further."""

    imsi: str
    apn: str
    step: Step


@dataclass(frozen=True, slots=True)
class ActivationFinished(Event):
    """An activation ended for the one who asked under ``key``: exactly once per key."""

    key: str
    outcome: ActivationOutcome


@dataclass(slots=True, unsafe_hash=True)
class PdpContextCreated(Event):
    """A context is there and its Create PDP Context Response is on its way."""

    context: PdpContextView


@dataclass(slots=True, unsafe_hash=True)
class PdpContextDeleted(Event):
    """A context is gone; the view has its last counters."""

    context: PdpContextView
    reason: DeletionReason


@dataclass(frozen=True, slots=True)
class PdpContextRefused(Event):
    """A Create PDP Context Request was refused."""

    imsi: str | None
    apn: str | None
    sgsn_address: str
    cause: FailureCause


class UpdatedBy(StrEnum):
    """Who asked for a change of a PDP context."""

    SGSN = "sgsn"
    GGSN = "ggsn"


class UpdateFailure(StrEnum):
    """Why a change that we asked an SGSN for was not made."""

    REFUSED = "refused"
    TIMED_OUT = "timed-out"
    """N3-REQUESTS transmissions were not answered, or too many requests wait to send another."""
    INVALID_RESPONSE = "invalid-response"
    CONTEXT_DELETED = "context-deleted"
    """The context went while the SGSN was asked."""
    SUPERSEDED = "superseded"
    """Something else was asked for of the same context meanwhile."""


@dataclass(frozen=True, slots=True)
class PdpContextUpdated(Event):
    """A context was changed; the view has what is new (TS 29.060 §7.3.3)."""

    context: PdpContextView
    by: UpdatedBy


@dataclass(frozen=True, slots=True)
class PdpContextUpdateRefused(Event):
    """An SGSN's Update PDP Context Request was refused."""

    sgsn_address: str
    nsapi: int
    cause: FailureCause


@dataclass(frozen=True, slots=True)
class PdpContextUpdateFailed(Event):
    """A change that we asked an SGSN for was not made; the context is as it was, or gone."""

    context: PdpContextView
    failure: UpdateFailure
    cause: FailureCause | None = None
    """The SGSN's, where it refused."""


class SecondaryFailure(StrEnum):
    """Why a secondary context that an SGSN was asked for did not come."""

    REFUSED = "refused"
    """By the SGSN, or by the MS: the cause says more."""
    TIMED_OUT = "timed-out"
    """All transmissions were unanswered, or too many requests wait to send another."""
    INVALID_RESPONSE = "invalid-response"
    NO_CONTEXT = "no-context"
    """The SGSN accepted, but no Create PDP Context Request came within the guard time."""
    CREATE_REFUSED = "create-refused"
    """We refused the Create PDP Context Request ourselves; the cause is ours."""
    CONTEXT_DELETED = "context-deleted"
    """The context whose address it was to share went meanwhile."""


@dataclass(frozen=True, slots=True)
class SecondaryActivationSucceeded(Event):
    """A secondary context is there that we had asked the SGSN for (TS 23.060 §9.2.2.3)."""

    linked: PdpContextView
    context: PdpContextView


@dataclass(frozen=True, slots=True)
class SecondaryActivationFailed(Event):
    """A secondary context that we had asked the SGSN for did not come."""

    linked: PdpContextView
    failure: SecondaryFailure
    cause: FailureCause | None = None


@dataclass(frozen=True, slots=True)
class PduStored(Event):
    """A PDU from Gi waits for the context of its address."""

    imsi: str
    apn: str
    address: str
    count: int
    """PDUs that now wait for this address."""
    octets: int
    """Octets that now wait for this address."""


@dataclass(frozen=True, slots=True)
class StoredPdusSent(Event):
    """Stored PDUs went out to the MS, oldest first."""

    imsi: str
    apn: str
    address: str
    count: int


@dataclass(frozen=True, slots=True)
class PdusDropped(Event):
    """PDUs for an address with a binding were dropped.

    Drops for addresses without one are only counted (``Ggsn.counters``): anybody on Gi can
    cause them in any number.
    """

    imsi: str
    apn: str
    address: str
    count: int
    reason: DropReason


@dataclass(frozen=True, slots=True)
class MsNotReachable(Event):
    """MNRG was set for a subscriber (TS 23.060 §9.2.2.2.1)."""

    imsi: str
    reason: str
    """In words, such as "GPRS detached"."""


@dataclass(frozen=True, slots=True)
class MsReachable(Event):
    """The subscriber can be reached again: the HLR says so, or a context came."""

    imsi: str
    sgsn_address: str
    """Where the subscriber is now."""


@dataclass(frozen=True, slots=True)
class SgsnRestarted(Event):
    """An SGSN's restart counter changed; its contexts go."""

    sgsn_address: str
    recovery: int
    contexts: int
    """How many contexts that were."""


class PathState(StrEnum):
    """What is known of a peer's GTP-C."""

    UP = "up"
    SUSPECTED = "suspected"
    DOWN = "down"


@dataclass(frozen=True, slots=True)
class PathChanged(Event):
    """A peer on GTP-C answers, or has ceased to."""

    peer: str
    state: PathState


@dataclass(frozen=True, slots=True)
class SessionOrderReceived(Event):
    """A RADIUS server ordered the end or a change of sessions (RFC 5176)."""

    server: str
    disconnect: bool
    contexts: int
    """How many PDP contexts it was for."""
    refused: str | None = None
    """Error-Cause in words, or None where it was carried out."""
