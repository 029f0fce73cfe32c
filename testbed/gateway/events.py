"""What a gateway reports as having happened."""

from __future__ import annotations

from dataclasses import dataclass

from corenet.interfaces.node import Address, Event


@dataclass(frozen=True, slots=True)
class EffectsQueued(Event):
    """Effects wait to be taken (``Gateway.take_effects``) where none did before."""


@dataclass(frozen=True, slots=True)
class PushAccepted(Event):
    """A push is stored and was answered with 1001."""

    push_id: str
    addresses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PushRefused(Event):
    """A submission was answered with an error."""

    push_id: str
    """ "" where none could be read."""
    code: int
    """PAP status code, or 0 where the request was no PAP."""
    reason: str


@dataclass(frozen=True, slots=True)
class SubmissionFaulted(Event):
    """A fault of the gateway came up while it worked on a submission; 3000 was answered."""

    push_id: str
    """ "" where it is about none."""
    traceback: str


@dataclass(frozen=True, slots=True)
class TerminalJudged(Event):
    """Where and how a terminal can be reached was decided."""

    push_id: str
    terminal: str
    verdict: str
    """online, activate, trigger, sms, hold or undeliverable."""
    reason: str


@dataclass(frozen=True, slots=True)
class ActivationRequested(Event):
    """The core was asked for a PDP context."""

    key: str
    imsi: str
    apn: str
    push_ids: tuple[str, ...]
    """The pushes that wait for it."""


@dataclass(frozen=True, slots=True)
class ActivationAnswered(Event):
    """How an activation ended, for all the pushes that waited for it."""

    key: str
    route: str
    """activation, where the core was asked, or gi-trigger."""
    result: str
    """reached, or the kind of refusal."""
    reason: str
    push_ids: tuple[str, ...]
    """The pushes that waited."""


@dataclass(frozen=True, slots=True)
class GiTriggered(Event):
    """A datagram went to a static address, to make its GGSN activate."""

    key: str
    address: str
    octets: int
    push_ids: tuple[str, ...]
    """The pushes that wait for it."""
    is_push: bool
    """Whether it was the first of them itself."""


@dataclass(frozen=True, slots=True)
class SmsSubmitted(Event):
    """A push was given to the SMSC."""

    push_id: str
    address: str
    key: str
    octets: int
    again: bool
    """Whether the SMSC may have had it already."""


@dataclass(frozen=True, slots=True)
class SmsEnded(Event):
    """The SMSC said what became of a push."""

    push_id: str
    address: str
    key: str
    outcome: str
    """delivered, failed or unknown."""
    reason: str


@dataclass(frozen=True, slots=True)
class PushHeld(Event):
    """A push waits."""

    push_id: str
    address: str
    until: float
    """When the gateway looks again at the latest, seconds since 1970-01-01 UTC."""
    reason: str


@dataclass(frozen=True, slots=True)
class PushSent(Event):
    """A push left."""

    push_id: str
    address: str
    peer: Address
    octets: int
    how: str
    """push, or confirmed push."""


@dataclass(frozen=True, slots=True)
class PushSentInVain(Event):
    """A push came back, was not confirmed, or could not leave; it is judged anew."""

    push_id: str
    address: str
    reason: str


@dataclass(frozen=True, slots=True)
class PushRepeated(Event):
    """A push is sent again although the first one may have arrived, for the gateway lost track."""

    push_id: str
    address: str


@dataclass(frozen=True, slots=True)
class SessionInvited(Event):
    """A terminal was asked to open a session for a push (SIA)."""

    push_id: str
    address: str
    peer: Address


@dataclass(frozen=True, slots=True)
class DeliveryEnded(Event):
    """A push at one address reached a final state."""

    push_id: str
    address: str
    state: str
    code: int
    reason: str
    seconds: float
    """Since the push was accepted, or since deliver-after, whichever is later."""


@dataclass(frozen=True, slots=True)
class InitiatorNotified(Event):
    """The initiator answered a result notification."""

    push_id: str
    address: str


@dataclass(frozen=True, slots=True)
class NotificationFailed(Event):
    """A result notification was not answered."""

    push_id: str
    address: str
    reason: str
    abandoned: bool
    """Whether it is not tried again."""


@dataclass(frozen=True, slots=True)
class SessionBegan(Event):
    """RADIUS accounting says that a terminal is online."""

    address: str
    msisdn: str | None
    imsi: str | None


@dataclass(frozen=True, slots=True)
class SessionEnded(Event):
    """RADIUS accounting says that a terminal is no longer online, or lost its address."""

    address: str
    msisdn: str | None
    imsi: str | None


@dataclass(frozen=True, slots=True)
class LeaseLapsed(Event):
    """The store could not be reached for so long that others may take this gateway's pushes.

    Nothing is sent, posted or accepted until the lease is renewed.
    """

    pushes: int
    """How many have not ended."""


@dataclass(frozen=True, slots=True)
class PushAdopted(Event):
    """A push is this gateway's from now on: who had it is not there any more."""

    push_id: str


@dataclass(frozen=True, slots=True)
class PushLetGo(Event):
    """A push is this gateway's no more: another has taken it over."""

    push_id: str


@dataclass(frozen=True, slots=True)
class StoreFailed(Event):
    """The store could not write; it is tried again."""

    push_id: str
    reason: str
