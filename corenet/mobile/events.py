"""What has happened at a mobile, and what a mobile looks like from outside."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from corenet.interfaces.application import Shown
from corenet.interfaces.node import Event
from corenet.mobile.behaviour import Behaviour, SmsBehaviour


class MobileState(StrEnum):
    """Mobility management states of the MS (TS 24.008 §4.1.3.1)."""

    DETACHED = "detached"
    ATTACHING = "attaching"
    """Attach Request has been sent; T3310 runs."""
    ATTACHED = "attached"
    DETACHING = "detaching"
    """Detach Request has been sent; T3321 runs."""


class ContextState(StrEnum):
    """Session management states of the MS (TS 24.008 §6.1.2.1)."""

    ACTIVATING = "activating"
    """Activate PDP Context Request has been sent; T3380 runs."""
    ACTIVE = "active"
    DEACTIVATING = "deactivating"
    """Deactivate PDP Context Request has been sent; T3390 runs."""


class RequestAnswer(StrEnum):
    """What became of the network's request to activate a PDP context."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    IGNORED = "ignored"
    """The mobile is told to be silent."""
    DISCARDED = "discarded"
    """The mobile is already activating this very context."""
    DETACHED = "detached"
    """It was told to detach rather than to answer."""
    MALFORMED = "malformed"
    """It was told to answer with what is no message."""


class DetachReason(StrEnum):
    """Who ended an attachment."""

    MOBILE = "mobile"
    POWER_OFF = "power off"
    POWER_LOST = "power lost"
    """Without a word to the network."""
    NETWORK = "network"
    REFUSED = "update refused"
    """The network does not know the mobile (any more), or does not want it."""


class DeactivationReason(StrEnum):
    """Who or what ended a PDP context."""

    MOBILE = "mobile"
    NETWORK = "network"
    DETACHED = "detached"
    REPLACED = "replaced"
    """The network began another context with its transaction identifier or its PDP address."""
    UNKNOWN_TO_NETWORK = "unknown to the network"
    """SM STATUS said so (cause 81), or the PDP context status of a routing area update."""


@dataclass(frozen=True, slots=True)
class Attached(Event):
    """The network accepted the attach (TS 24.008 §4.7.3.1.3)."""

    imsi: str
    p_tmsi: int | None


@dataclass(frozen=True, slots=True)
class AttachFailed(Event):
    """The network refused the attach, or did not answer at all (TS 24.008 §4.7.3.1.4)."""

    imsi: str
    cause: int | None
    """GMM cause number; None where T3310 expired for the last time."""


@dataclass(frozen=True, slots=True)
class ChallengeRefused(Event):
    """The card does not believe the network, or there is none (TS 24.008 §4.7.7.5.1)."""

    imsi: str
    cause: int | None
    """GMM cause number of the failure; None where the mobile has no key and is silent."""


@dataclass(frozen=True, slots=True)
class AuthenticationRejected(Event):
    """The network does not believe the card (TS 24.008 §4.7.7.5): the mobile gives up."""

    imsi: str


@dataclass(frozen=True, slots=True)
class Detached(Event):
    """An attachment has ended (TS 24.008 §4.7.4)."""

    imsi: str
    reason: DetachReason


@dataclass(frozen=True, slots=True)
class RoutingAreaUpdated(Event):
    """The network accepted a routing area update (TS 24.008 §4.7.5.1.3)."""

    imsi: str
    rai: str
    """The routing area, as MCC-MNC-LAC-RAC."""


@dataclass(frozen=True, slots=True)
class RoutingAreaUpdateFailed(Event):
    """The network refused an update, or did not answer at all (TS 24.008 §4.7.5.1.4)."""

    imsi: str
    cause: int | None
    """GMM cause number; None where T3330 expired for the last time."""


@dataclass(frozen=True, slots=True)
class NetworkRequestAnswered(Event):
    """The network requested a PDP context activation (TS 24.008 §6.1.3.1.2)."""

    imsi: str
    apn: str
    """"" where the request names none."""
    address: str
    """The PDP address offered, "" where it is dynamic."""
    answer: RequestAnswer
    cause: int | None = None
    """SM cause number where the answer is REJECTED."""


@dataclass(frozen=True, slots=True)
class SecondaryRequestAnswered(Event):
    """The network requested a secondary PDP context (TS 24.008 §6.1.3.2)."""

    imsi: str
    apn: str
    """"" where the mobile has no such context."""
    linked_nsapi: int | None
    """The context whose address it is to share, or None where the mobile has none."""
    answer: RequestAnswer
    cause: int | None = None
    """SM cause number where the answer is REJECTED."""


@dataclass(frozen=True, slots=True)
class ContextActivated(Event):
    """A PDP context is active (TS 24.008 §6.1.3.1)."""

    imsi: str
    apn: str
    nsapi: int
    address: str
    network_requested: bool


@dataclass(frozen=True, slots=True)
class ActivationRefused(Event):
    """A PDP context that the mobile asked for is not to be had."""

    imsi: str
    apn: str
    cause: int | None
    """SM cause number; None where T3380 expired for the last time."""
    network_requested: bool


@dataclass(frozen=True, slots=True)
class AddressConfigured(Event):
    """A mobile has made an IPv6 address of the prefix that the network advertises."""

    imsi: str
    apn: str
    nsapi: int
    address: str


@dataclass(frozen=True, slots=True)
class ContextDeactivated(Event):
    """A PDP context that was active has ended (TS 24.008 §6.1.3.4)."""

    imsi: str
    apn: str
    nsapi: int
    address: str
    reason: DeactivationReason
    cause: int | None = None
    """SM cause number where a message gave one."""


@dataclass(frozen=True, slots=True)
class ContextModified(Event):
    """A PDP context has another quality of service or template (TS 24.008 §6.1.3.3)."""

    imsi: str
    apn: str
    nsapi: int
    qos: bytes
    by_network: bool


@dataclass(frozen=True, slots=True)
class ModificationRefused(Event):
    """A PDP context stays as it was."""

    imsi: str
    apn: str
    nsapi: int
    cause: int | None
    """SM cause number; None where T3381 expired for the last time, or the network's own
    modification took precedence."""
    by_network: bool
    """Whether the network wanted it, and the mobile refused."""


@dataclass(frozen=True, slots=True)
class DatagramReceived(Event):
    """A UDP datagram reached the mobile, whether or not anything listens on its port."""

    imsi: str
    port: int
    payload: bytes


@dataclass(frozen=True, slots=True)
class ShortMessageReceived(Event):
    """A short message is here with all its parts."""

    imsi: str
    originator: str
    parts: int
    port: int | None
    """The application port that it is for, or None."""
    text: str | None
    """None for data."""


@dataclass(frozen=True, slots=True)
class ShortMessageRefused(Event):
    """The mobile did not take a short message."""

    imsi: str
    cause: int
    """RP cause (TS 24.011 §8.2.5.4)."""


@dataclass(frozen=True, slots=True)
class ShortMessageAbandoned(Event):
    """Parts of a long short message were forgotten, for the others did not come."""

    imsi: str
    originator: str
    reference: int
    received: int
    total: int


@dataclass(frozen=True, slots=True)
class ShortMessageSent(Event):
    """The service centre has taken every part of the mobile's short message."""

    imsi: str
    destination: str


@dataclass(frozen=True, slots=True)
class ShortMessageNotSent(Event):
    """The mobile's short message, or one of its parts, was not taken."""

    imsi: str
    destination: str
    cause: int | None
    """RP cause, where the network has given one."""
    text: str


@dataclass(frozen=True, slots=True)
class EchoAnswered(Event):
    """The mobile answered an ICMP Echo, as ``ping`` sends it (RFC 792)."""

    imsi: str
    source: str
    """The address that it came from and the answer went to."""
    sequence: int


@dataclass(frozen=True, slots=True)
class ShownOnScreen(Event):
    """An application showed something to the user."""

    imsi: str
    item: int
    """How many things this mobile has shown so far, this one included."""
    shown: Shown


@dataclass(frozen=True, slots=True)
class ApplicationReported(Event):
    """An application did or met something that its user does not see."""

    imsi: str
    what: str
    """In a few words, such as "push session opened"."""
    details: dict[str, str]


@dataclass(frozen=True, slots=True)
class ContextView:
    """A PDP context as it was when asked."""

    apn: str
    nsapi: int
    ti: int
    state: ContextState
    address: str
    """The PDP address in text form, "" while not known."""
    since: float
    """When it became what ``state`` says, seconds since 1970-01-01 UTC."""
    network_requested: bool
    linked_nsapi: int | None = None
    """The context whose address a secondary one shares; None for a primary one."""
    qos: bytes = b""
    """As in TS 24.008 §10.5.6.5: negotiated, or asked for while it is activating."""
    filters: int = 0
    """How many packet filters its traffic flow template has."""
    ipv6_address: str = ""
    """The global IPv6 address, "" while not known, or where there is none."""


@dataclass(frozen=True, slots=True)
class MobileView:
    """A mobile as it was when asked."""

    imsi: str
    msisdn: str
    state: MobileState
    since: float | None
    """When it became what ``state`` says, seconds since 1970-01-01 UTC; None before the first."""
    powered: bool
    coverage: bool
    cell: int
    """Cell identity."""
    behaviour: Behaviour
    sms_behaviour: SmsBehaviour
    p_tmsi: int | None
    contexts: tuple[ContextView, ...]
    shown: tuple[Shown, ...]
    """What was shown, the latest last; the oldest are forgotten beyond a hundred."""
    forgotten: int
    """How many things were shown before those: the first of ``shown`` is the next item."""
