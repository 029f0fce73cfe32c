"""What has happened at the HLR."""

from __future__ import annotations

from dataclasses import dataclass

from corenet.interfaces.gsup import MessageType
from corenet.interfaces.node import Event
from gtp.codes import MapCause, MsNotReachableReason
from gtp.constants import Cause


@dataclass(frozen=True, slots=True)
class LocationUpdated(Event):
    """An SGSN serves the subscriber now and has its data (TS 23.060 §6.5)."""

    imsi: str
    sgsn: str
    """The SGSN's IP address."""
    previous: str | None
    """The SGSN before, or None."""


@dataclass(frozen=True, slots=True)
class LocationUpdateFailed(Event):
    """An SGSN asked to serve a subscriber and was refused, or did not take the data."""

    imsi: str
    sgsn: str
    cause: int
    """GMM cause."""


@dataclass(frozen=True, slots=True)
class LocationCancelled(Event):
    """An SGSN that served the subscriber before has forgotten it."""

    imsi: str
    sgsn: str


@dataclass(frozen=True, slots=True)
class MsPurged(Event):
    """The SGSN has dropped the data of a subscriber that was away long (TS 23.060 §6.6.1.3)."""

    imsi: str
    sgsn: str


@dataclass(frozen=True, slots=True)
class SubscriberCreated(Event):
    """There is a new subscriber."""

    imsi: str


@dataclass(frozen=True, slots=True)
class SubscriberChanged(Event):
    """A subscriber's subscription is another now."""

    imsi: str


@dataclass(frozen=True, slots=True)
class SubscriberDeleted(Event):
    """There is a subscriber less."""

    imsi: str


@dataclass(frozen=True, slots=True)
class SubscriberDataTaken(Event):
    """The serving SGSN has the changed data (TS 23.060 §6.11.1.1)."""

    imsi: str
    sgsn: str


@dataclass(frozen=True, slots=True)
class SubscriberDataRefused(Event):
    """The serving SGSN did not take the changed data."""

    imsi: str
    sgsn: str
    cause: int | None
    """GMM cause; None where it did not answer."""


@dataclass(frozen=True, slots=True)
class VectorsGiven(Event):
    """An SGSN has got what it needs to authenticate the subscriber (TS 33.102 §6.3.2)."""

    imsi: str
    sgsn: str
    count: int


@dataclass(frozen=True, slots=True)
class Resynchronised(Event):
    """The sequence number is the card's now (TS 33.102 §6.3.5)."""

    imsi: str
    sgsn: str


@dataclass(frozen=True, slots=True)
class VectorsRefused(Event):
    """An SGSN did not get vectors for a subscriber."""

    imsi: str
    sgsn: str
    reason: str


@dataclass(frozen=True, slots=True)
class HlrBegan(Event):
    """The HLR starts and knows of no subscriber where it is: what MAP says with Reset."""


@dataclass(frozen=True, slots=True)
class StateNotKept(Event):
    """What has changed could not be written; it is tried again with the next change."""

    subscribers: int
    reason: str


@dataclass(frozen=True, slots=True)
class GrRequestTimedOut(Event):
    """An SGSN or a service centre did not answer a request on Gr."""

    imsi: str
    sgsn: str
    request: MessageType


@dataclass(frozen=True, slots=True)
class ShortMessageForwarded(Event):
    """A short message has reached a mobile or a service centre, and its sender knows."""

    imsi: str
    request: MessageType
    """MO-forwardSM or MT-forwardSM."""
    asker: str
    """Host of the SGSN or service centre that sent it."""


@dataclass(frozen=True, slots=True)
class ShortMessageRefused(Event):
    """A short message was refused, here or where it was forwarded to."""

    imsi: str
    """"" where the number belongs to nobody."""
    request: MessageType
    asker: str
    cause: int | None
    """GMM cause."""
    rp_cause: int | None
    """RP cause (TS 24.011 §8.2.5.4)."""


@dataclass(frozen=True, slots=True)
class ServiceCentreAlerted(Event):
    """A service centre that waited has heard that the subscriber can be reached."""

    imsi: str
    centre: str


@dataclass(frozen=True, slots=True)
class ServiceCentreNotAlerted(Event):
    """A service centre that waits did not answer; it is told at the next occasion."""

    imsi: str
    centre: str


@dataclass(frozen=True, slots=True)
class RouteingInformationGiven(Event):
    """A GGSN asked where a subscriber is (TS 29.060 §7.4.1)."""

    imsi: str
    ggsn: str
    cause: Cause
    sgsn: str | None
    reason: MsNotReachableReason | None
    map_cause: MapCause | None


@dataclass(frozen=True, slots=True)
class FailureReported(Event):
    """A GGSN could not reach a subscriber and wants to hear when it is back."""

    imsi: str
    ggsn: str


@dataclass(frozen=True, slots=True)
class MsBecameNotReachable(Event):
    """The MS-not-reachable flag (MNRG) was set, or its reason has changed."""

    imsi: str
    reason: MsNotReachableReason


@dataclass(frozen=True, slots=True)
class MsBecameReachable(Event):
    """The MS-not-reachable flag (MNRG) was cleared."""

    imsi: str


@dataclass(frozen=True, slots=True)
class GgsnNotified(Event):
    """A GGSN that waited has heard that the subscriber is back (TS 29.060 §7.4.5)."""

    imsi: str
    ggsn: str
    cause: Cause


@dataclass(frozen=True, slots=True)
class GgsnNotificationFailed(Event):
    """A GGSN that waited could not be told that the subscriber is back."""

    imsi: str
    ggsn: str
    reason: str
