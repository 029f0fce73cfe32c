"""What the gateway keeps of a push, and what it asks its store to write.

Times are seconds since 1970-01-01 UTC.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from testbed.codecs.pap import DeliveryMethod, Priority, ReplaceMethod, Version
from testbed.gateway.keeping.pushes import State
from testbed.gateway.routing.bearers import Bearer
from testbed.gateway.routing.policy import Route

RouteTimes = tuple[tuple[Route, float], ...]
"""Since when each route is tried, or waited for, whose time the policy bounds."""

UNCONFIRMED: Final = "delivered without confirmation"
"""What is said of a push that left, and of which the client said nothing."""
BY_SMS: Final = "delivered by SMS"
"""What is said of a push that the SMSC has delivered; the client says nothing there either."""


def replacement_note(push_id: str) -> str:
    """Return what is said of a push that another one took the place of."""
    return f"replaced by {push_id}"


class Notification(StrEnum):
    """What became of the result notification for one address."""

    NONE = "none"
    """None was asked for, or the push has not ended."""
    DUE = "due"
    """To be posted until the initiator answers."""
    ANSWERED = "answered"
    ABANDONED = "abandoned"
    """Nobody answered within the retention time."""


@dataclass(frozen=True, slots=True)
class PushRecord:
    """A push as accepted; never changes."""

    push_id: str
    received: float
    deliver_before: float
    """deliver-before-timestamp, or the end of the default lifetime."""
    addresses: tuple[str, ...]
    """Each ``address-value`` as written."""
    pdu: bytes
    """The WSP Push PDU from its type octet on: what goes over the air behind a transaction id."""
    content_type: str
    """The media type that goes over the air."""
    version: Version = Version.V2_0
    """The version of PAP that the initiator speaks."""
    deliver_after: float | None = None
    notify_url: str | None = None
    source_reference: str | None = None
    priority: Priority = Priority.MEDIUM
    delivery_method: DeliveryMethod = DeliveryMethod.NOT_SPECIFIED
    initiator: str = ""
    """Whose it is; "" where initiators are not told apart."""
    replaces: str | None = None
    """The push-id of an earlier push that this one takes the place of."""
    replace_method: ReplaceMethod = ReplaceMethod.ALL
    application: str = ""
    """Whom on the terminal it is for (X-Wap-Application-Id): the registered name in lower case."""
    bearer: Bearer = Bearer.ANY
    """What it is to go by, if that can be had."""
    bearer_required: bool = False
    """Whether it is to go by nothing else."""


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """A push at one address took a state."""

    time: float
    state: State
    note: str = ""


@dataclass(frozen=True, slots=True)
class DeliveryRecord:
    """Where a push stands at one address."""

    push_id: str
    number: int
    """The address's place in the push, from 0."""
    state: State
    changed: float
    attempts: int = 0
    """Activations that were asked for."""
    code: int = 0
    """The PAP status code of a final state, else 0."""
    description: str = ""
    notification: Notification = Notification.NONE
    history: tuple[HistoryEntry, ...] = ()
    """Oldest first."""
    route_times: RouteTimes = ()


@dataclass(frozen=True, slots=True)
class StoredPush:
    """A push with all its deliveries, by number."""

    push: PushRecord
    deliveries: tuple[DeliveryRecord, ...]


# What a commit can hold

_BY_ITSELF: Final = frozenset(
    {State.DELIVERED, State.UNDELIVERABLE, State.EXPIRED, State.ABORTED, State.TIMED_OUT}
)
"""Ends that nobody has asked for."""


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """A push at one address that whoever holds it is to end."""

    push_id: str
    number: int
    replaced_by: str | None = None
    """The push-id of what takes its place; None: it is cancelled."""


@dataclass(frozen=True, slots=True)
class AddPush:
    """Keep a new push, unless its push-id was ever used."""

    push: PushRecord
    ended: tuple[DeliveryRecord, ...] = ()
    """Deliveries that ended before they began, with their history; the others are accepted."""
    withdraws: tuple[Withdrawal, ...] = ()
    """What other gateways are asked for with it."""

    @property
    def can_wait(self) -> bool:
        """False: the initiator waits for its answer."""
        return False


@dataclass(frozen=True, slots=True)
class PutDelivery:
    """Keep where a delivery stands now; its ``history`` is what is new since the last time."""

    delivery: DeliveryRecord
    history_from: int
    """How many entries of its history come before the new ones."""

    @property
    def can_wait(self) -> bool:
        """Whether nobody waits for this: it has ended by itself, and is not to be reported."""
        delivery = self.delivery
        return delivery.state in _BY_ITSELF and delivery.notification is not Notification.DUE


@dataclass(frozen=True, slots=True)
class AskWithdrawal:
    """Have what other gateways hold withdrawn. What is asked for already stays as it was asked."""

    withdrawals: tuple[Withdrawal, ...]

    @property
    def can_wait(self) -> bool:
        """False: an initiator waits for what becomes of it."""
        return False


Row = AddPush | PutDelivery | AskWithdrawal
