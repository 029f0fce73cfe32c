"""What has happened in an SGSN, and what its tables look like from outside."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from corenet.interfaces.node import Address, Event


class MmState(StrEnum):
    """Mobility management states (TS 23.060 §6.1)."""

    ATTACHING = "attaching"
    """The HLR has been asked, or the mobile's Attach Complete is awaited."""
    ATTACHED = "attached"
    LEAVING = "leaving"
    """Another SGSN has asked for its contexts."""
    DETACHING = "detaching"
    """The network has commanded a detach; the mobile's acceptance is awaited."""
    DETACHED = "detached"


class Reachability(StrEnum):
    """How an attached mobile is reached (TS 23.060 §6.1.2)."""

    READY = "ready"
    """It was heard lately: its cell is known, frames are just sent."""
    STANDBY = "standby"
    """Only its routing area is known: it has to be paged first."""


class PdpState(StrEnum):
    """States of a PDP context in the SGSN (TS 24.008 §6.1.2.2)."""

    CREATING = "creating"
    """Create PDP Context has been sent to the GGSN."""
    ACTIVE = "active"
    DEACTIVATING = "deactivating"
    """The mobile or the GGSN has been told; its acceptance is awaited."""


class NetworkRequestFailure(StrEnum):
    """Why a network-requested activation that was accepted (28 with 128) died later."""

    NOT_PAGED = "no paging response"
    """T3313 expired for the last time."""
    NOT_RESPONDING = "mobile is not responding"
    """T3385 expired for the last time."""
    REFUSED = "mobile refuses"
    """Request PDP Context Activation Reject; the event has its SM cause."""
    DETACHED = "mobile detached"
    MOVED = "mobile goes to another sgsn"
    NOT_SUBSCRIBED = "APN is not subscribed"
    NO_RESOURCES = "no resources"
    PROTOCOL_ERROR = "mobile's activation request is wrong"
    CREATE_REFUSED = "GGSN refuses to create the context"
    CREATE_UNANSWERED = "GGSN does not answer"
    NOT_CONFIRMED = "GGSN does not say whether it has the context"
    """It asked for one that is active here."""
    ABANDONED = "mobile or SGSN gave the activation up"


class DetachReason(StrEnum):
    """Who ended an attachment."""

    MOBILE = "mobile"
    POWER_OFF = "power off"
    NETWORK = "network"
    HLR = "hlr"
    WITHDRAWN = "gprs withdrawn"
    """Delete Subscriber Data has left nothing."""
    IMPLICIT = "implicit"
    """It was silent for as long as the mobile reachable timer."""
    MOVED = "moved to another sgsn"
    REPLACED = "attached anew"
    STOPPED = "sgsn stopped"


class DeactivationReason(StrEnum):
    """Who or what ended a PDP context."""

    MOBILE = "mobile"
    NETWORK = "network"
    GGSN = "ggsn"
    GGSN_RESTARTED = "ggsn restarted"
    ERROR_INDICATION = "ggsn does not know the tunnel"
    DETACHED = "mobile detached"
    REPLACED = "mobile activated anew"
    STALE = "ggsn asks for it anew"
    UNKNOWN_TO_GGSN = "ggsn does not know it"
    """The answer to an Update PDP Context Request."""
    STOPPED = "sgsn stopped"
    NOT_MOVED = "ggsn does not follow to this sgsn"
    SUBSCRIPTION = "not subscribed any more"
    FORGOTTEN = "mobile has it no more"
    """The PDP context status of a routing area update says so."""


@dataclass(frozen=True, slots=True)
class MobileAttached(Event):
    """A mobile has an MM context in state ATTACHED (TS 24.008 §4.7.3)."""

    imsi: str
    msisdn: str
    p_tmsi: int


@dataclass(frozen=True, slots=True)
class MobileDetached(Event):
    """A mobile's attachment has ended (TS 24.008 §4.7.4)."""

    imsi: str
    reason: DetachReason


@dataclass(frozen=True, slots=True)
class AttachRefused(Event):
    """An Attach Request got Attach Reject, or died; ``gmm_cause`` is None when it died."""

    imsi: str
    gmm_cause: int | None
    text: str


@dataclass(frozen=True, slots=True)
class LocationsRestored(Event):
    """An HLR that had lost its data knows again which mobiles are here (TS 23.007 §5)."""

    mobiles: int


@dataclass(frozen=True, slots=True)
class MobileAuthenticated(Event):
    """A mobile has shown that it has the subscriber's card (TS 24.008 §4.7.7)."""

    imsi: str
    umts: bool
    """By a quintuplet; else by a triplet."""


@dataclass(frozen=True, slots=True)
class AuthenticationFailed(Event):
    """An authentication came to nothing; what wanted it is refused."""

    imsi: str
    reason: str


@dataclass(frozen=True, slots=True)
class RoutingAreaUpdated(Event):
    """A routing area update was accepted (TS 24.008 §4.7.5)."""

    imsi: str
    rai: str
    """The area that the mobile is in, as MCC-MNC-LAC-RAC."""
    periodic: bool


@dataclass(frozen=True, slots=True)
class RoutingAreaUpdateRefused(Event):
    """A routing area update was rejected."""

    imsi: str
    """"" where the mobile is not known."""
    gmm_cause: int | None
    """None where it could not be authenticated, of which it knows or does not hear."""


@dataclass(frozen=True, slots=True)
class MobileLeaves(Event):
    """Another SGSN was told a mobile's contexts (TS 29.060 §7.5.4)."""

    imsi: str
    sgsn: str
    """Its control address."""


@dataclass(frozen=True, slots=True)
class MobileArrived(Event):
    """A mobile is ATTACHED that came from another SGSN (TS 23.060 §6.9.1.2.2)."""

    imsi: str
    msisdn: str
    old_rai: str
    """The area that it came from, as MCC-MNC-LAC-RAC."""


@dataclass(frozen=True, slots=True)
class PTmsiReallocated(Event):
    """A mobile has taken a new P-TMSI (TS 24.008 §4.7.6)."""

    imsi: str
    p_tmsi: int


@dataclass(frozen=True, slots=True)
class IdentityRequested(Event):
    """A mobile that cannot be known by its P-TMSI is asked who it is (TS 24.008 §4.7.8)."""

    p_tmsi: int
    attempt: int


@dataclass(frozen=True, slots=True)
class MobileBecameReachable(Event):
    """A mobile with MNRG set has been heard; the HLR is told Ready for SM."""

    imsi: str


@dataclass(frozen=True, slots=True)
class MobilePaged(Event):
    """A mobile in STANDBY is called (TS 24.008 §4.7.9.1)."""

    imsi: str
    attempt: int
    """1 for the first."""


@dataclass(frozen=True, slots=True)
class PagingAnswered(Event):
    """A mobile that was paged has been heard, and is READY."""

    imsi: str


@dataclass(frozen=True, slots=True)
class PagingUnanswered(Event):
    """T3313 expired for the last time; what was for the mobile is dropped."""

    imsi: str


@dataclass(frozen=True, slots=True)
class ShortMessageDelivered(Event):
    """A mobile has taken a short message (TS 24.011 §6.2.2)."""

    imsi: str
    reference: int
    """RP-Message-Reference."""


@dataclass(frozen=True, slots=True)
class ShortMessageNotDelivered(Event):
    """A short message for a mobile was refused, by the mobile or here."""

    imsi: str
    reference: int | None
    rp_cause: int
    """What the HLR was told (TS 24.011 §8.2.5.4)."""
    text: str


@dataclass(frozen=True, slots=True)
class ShortMessageSubmitted(Event):
    """A service centre has taken a mobile's short message."""

    imsi: str
    reference: int


@dataclass(frozen=True, slots=True)
class ShortMessageNotSubmitted(Event):
    """A mobile's short message was refused, by the network behind or here."""

    imsi: str
    reference: int
    rp_cause: int


@dataclass(frozen=True, slots=True)
class NetworkRequestReceived(Event):
    """A PDU Notification Request was answered with ``cause`` (TS 29.060 §7.3.8)."""

    imsi: str
    apn: str
    address: str
    """The PDP address in text form, "" where the notification has none (dynamic)."""
    ggsn: str
    cause: int
    """The GTP Cause in the PDU Notification Response; 128 is acceptance."""


@dataclass(frozen=True, slots=True)
class MsActivationRequested(Event):
    """Request PDP Context Activation went to the mobile (TS 24.008 §6.1.3.1.2)."""

    imsi: str
    apn: str
    attempt: int
    """1 for the first transmission."""


@dataclass(frozen=True, slots=True)
class NetworkRequestedActivationFailed(Event):
    """A network-requested activation that was accepted has died."""

    imsi: str
    apn: str
    sm_cause: int | None
    """What the mobile said, or was told; None where no SM cause was exchanged."""
    reason: NetworkRequestFailure


@dataclass(frozen=True, slots=True)
class ActivationRefused(Event):
    """An Activate PDP Context Request got Activate PDP Context Reject."""

    imsi: str
    apn: str
    nsapi: int
    sm_cause: int
    gtp_cause: int | None
    """The GGSN's Cause where it was the one who refused."""


@dataclass(frozen=True, slots=True)
class GgsnsFound(Event):
    """The DNS has said which GGSNs an access point has (TS 23.060 Annex A)."""

    name: str
    addresses: tuple[str, ...]
    ttl: float | None
    """Seconds."""


@dataclass(frozen=True, slots=True)
class GgsnsNotFound(Event):
    """The DNS knows no GGSN of an access point, or has not answered."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class GgsnPassedOver(Event):
    """A GGSN did not answer, or has no resources; the next one is asked."""

    imsi: str
    apn: str
    nsapi: int
    ggsn: str
    gtp_cause: int | None
    """None where it did not answer."""
    next: str


@dataclass(frozen=True, slots=True)
class PdpContextActivated(Event):
    """Activate PDP Context Accept went to the mobile (TS 24.008 §6.1.3.1)."""

    imsi: str
    apn: str
    nsapi: int
    address: str
    ggsn: str
    network_requested: bool


@dataclass(frozen=True, slots=True)
class PdpContextDeactivated(Event):
    """A PDP context that was active has ended (TS 24.008 §6.1.3.4)."""

    imsi: str
    apn: str
    nsapi: int
    address: str
    sm_cause: int
    reason: DeactivationReason


@dataclass(frozen=True, slots=True)
class MsSecondaryActivationRequested(Event):
    """Request Secondary PDP Context Activation went to the mobile (TS 24.008 §6.1.3.2)."""

    imsi: str
    apn: str
    linked_nsapi: int
    attempt: int
    """1 for the first transmission."""


@dataclass(frozen=True, slots=True)
class SecondaryRequestAnswered(Event):
    """An Initiate PDP Context Activation Request was answered (TS 29.060 §7.3.14)."""

    imsi: str
    apn: str
    linked_nsapi: int
    cause: int
    """The GTP Cause; 128 where the context is active."""
    sm_cause: int | None
    """What the mobile said, or was told, where that is why."""


class ModifiedBy(StrEnum):
    """Who wanted a PDP context changed (TS 23.060 §9.2.3)."""

    MOBILE = "mobile"
    GGSN = "ggsn"
    SGSN = "sgsn"


@dataclass(frozen=True, slots=True)
class PdpContextModified(Event):
    """A PDP context was changed, and both sides know (TS 24.008 §6.1.3.3)."""

    imsi: str
    apn: str
    nsapi: int
    by: ModifiedBy
    qos: bytes
    """Negotiated, as GTP writes it (TS 29.060 §7.7.34)."""


@dataclass(frozen=True, slots=True)
class PdpContextModificationFailed(Event):
    """A PDP context stays as it was, or is gone."""

    imsi: str
    apn: str
    nsapi: int
    by: ModifiedBy
    sm_cause: int | None
    """What the mobile said, or was told; None where it was silent, or not asked."""
    gtp_cause: int | None
    """What the GGSN said, or was told; None where it was silent, or not asked."""


@dataclass(frozen=True, slots=True)
class PdpContextView:
    """A PDP context as it was when asked."""

    imsi: str
    apn: str
    nsapi: int
    ti: int
    state: PdpState
    address: str
    """The PDP address in text form, "" while not known."""
    since: float
    """When it became what ``state`` says, seconds since 1970-01-01 UTC."""
    ggsn_control: str
    ggsn_user: str
    teid_control: int
    """The SGSN's own TEID Control Plane."""
    teid_data: int
    """The SGSN's own TEID Data I."""
    remote_teid_control: int
    remote_teid_data: int
    network_requested: bool
    linked_nsapi: int | None
    """The context whose address a secondary one shares; None for a primary one."""
    qos: bytes
    """Negotiated, as GTP writes it (TS 29.060 §7.7.34)."""


@dataclass(frozen=True, slots=True)
class MmContextView:
    """A mobile's MM context as it was when asked."""

    imsi: str
    msisdn: str
    state: MmState
    since: float
    """When it became what ``state`` says, seconds since 1970-01-01 UTC."""
    rai: bytes
    """The routing area that it is registered in, six octets."""
    p_tmsi: int | None
    radio: Address
    """The radio link on which the mobile was last heard, and the identity of its cell."""
    last_heard: float
    reachability: Reachability | None
    """None where it is not attached."""
    suspended: bool
    mnrg: bool
    """Whether the HLR is to be told as soon as the mobile is heard."""
    contexts: tuple[PdpContextView, ...]
