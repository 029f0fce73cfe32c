"""Which routes a push takes to its terminal, in what order, and what follows when one fails.

Theory of operation. A policy is a list of rules; the first that fits a push's application and
initiator holds for it, and the last fits all. A rule orders routes. Judging takes the first route
that can be taken now. When a route has failed, the kind of failure (``Refusal``) decides what
follows, by the rule's ``after`` or else by ``FOLLOWS``. A route that is given up, or whose time is
over, is passed over until the terminal shows itself again.

This module is data; ``judge`` reads it, and ``routes`` keeps what was tried of it for one push.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from testbed.codecs.pap import StatusCode


class Route(StrEnum):
    """A way to a terminal."""

    IP = "ip"
    """It has an address: the push goes there."""
    ACTIVATION = "activation"
    """The core is asked for a PDP context."""
    GI_TRIGGER = "gi-trigger"
    """A datagram to its static address makes its GGSN activate (TS 23.060 §9.2.2.2)."""
    SMS = "sms"
    """An SMSC takes the push as a short message."""
    HOLD = "hold"
    """The push waits until the terminal shows itself."""


class Confirm(StrEnum):
    """What it takes for a push that no client confirms to count as delivered."""

    LEFT = "left"
    """It left the gateway, and the network did not return it."""
    CONTEXT = "context"
    """The core has since sent a packet to the mobile (a G-PDU) over a context that is there."""


class Refusal(StrEnum):
    """Why a route came to nothing."""

    UNKNOWN_SUBSCRIBER = "unknown-subscriber"
    """The core or its HLR has never heard of the terminal."""
    NO_ACCESS = "no-access"
    """Subscription or configuration give it no context: barred, no such APN, no address."""
    ABSENT = "absent"
    """It is detached; the network will note when it is back."""
    NOT_RESPONDING = "not-responding"
    """It is attached, and does not answer."""
    REFUSED = "refused"
    """It said no to the activation."""
    BUSY = "busy"
    """The network has no resources for it now, or refuses another attempt for a while."""
    LATE = "late"
    """Time was up."""
    CORE_SILENT = "core-silent"
    """The core's control interface gives no answer that can be used."""
    FAILED = "failed"
    """Anything else that went wrong in the network."""
    NO_CONTEXT = "no-context"
    """No accounting session began after the Gi trigger."""
    UNDELIVERED = "undelivered"
    """The push went to the terminal's address, and came back or was not confirmed."""
    SMS_ABSENT = "sms-absent"
    """The short message found the terminal out of reach."""
    SMS_ADDRESS = "sms-address"
    """The SMSC knows no such number."""
    SMS_BUSY = "sms-busy"
    """SMSC or network could not take the short message now."""
    SMS_REFUSED = "sms-refused"
    """SMSC or network will never take it."""
    SMS_UNKNOWN = "sms-unknown"
    """Nobody can say what became of the short message."""


class Next(StrEnum):
    """What follows a refusal."""

    RETRY = "retry"
    """The same route again after a back-off, as long as its time lasts; then the next one."""
    NEXT = "next"
    """The next route of the order."""
    SMS = "sms"
    """SMS where the order has it, or else the push is undeliverable."""
    HOLD = "hold"
    """Hold, whatever stands before it in the order but IP."""
    FAIL = "fail"
    """The push is undeliverable."""


FOLLOWS: Final[Mapping[Refusal, Next]] = MappingProxyType(
    {
        # It will not come into being while we wait, and has no short messages either.
        Refusal.UNKNOWN_SUBSCRIBER: Next.FAIL,
        # Waiting changes neither; short messages are another service.
        Refusal.NO_ACCESS: Next.SMS,
        Refusal.ABSENT: Next.NEXT,
        Refusal.NOT_RESPONDING: Next.RETRY,
        Refusal.REFUSED: Next.RETRY,
        Refusal.BUSY: Next.RETRY,
        Refusal.LATE: Next.RETRY,
        Refusal.CORE_SILENT: Next.RETRY,
        Refusal.FAILED: Next.RETRY,
        Refusal.NO_CONTEXT: Next.RETRY,
        Refusal.UNDELIVERED: Next.RETRY,
        Refusal.SMS_ABSENT: Next.NEXT,
        Refusal.SMS_ADDRESS: Next.FAIL,
        Refusal.SMS_BUSY: Next.RETRY,
        Refusal.SMS_REFUSED: Next.NEXT,
        # Under the same key, by which the SMSC knows it again.
        Refusal.SMS_UNKNOWN: Next.RETRY,
    }
)
"""What follows a refusal unless the rule says otherwise."""

_CODES: Final = MappingProxyType(
    {
        Refusal.UNKNOWN_SUBSCRIBER: StatusCode.ADDRESS_NOT_FOUND,
        Refusal.SMS_ADDRESS: StatusCode.ADDRESS_NOT_FOUND,
    }
)

DEFAULT_ORDER: Final = (Route.IP, Route.ACTIVATION, Route.HOLD)
TIME_BEFORE_SMS: Final = 120.0
"""Seconds that activation or Gi trigger is tried before SMS, where the rule does not say."""
NEVER: Final = float("inf")


def code_of(refusal: Refusal) -> StatusCode:
    """Return the PAP status code of a push that is undeliverable for this reason."""
    return _CODES.get(refusal, StatusCode.SERVICE_FAILURE)


@dataclass(frozen=True, slots=True)
class Rule:
    """How the pushes of some applications and initiators reach their terminals."""

    applications: frozenset[str] = frozenset()
    """Applications as ``send.application_name`` names them; empty: any."""
    initiators: frozenset[str] = frozenset()
    """Names of initiators; empty: any."""
    order: tuple[Route, ...] = DEFAULT_ORDER
    activation_for: float | None = None
    """Seconds that activation, or the Gi trigger, is tried before the next route is taken.

    None: 120 where SMS follows, else as long as attempts are left.
    """
    sms_for: float | None = None
    """Seconds that SMS is tried before the next route is taken; None: as long as the push lives."""
    hold_for: float | None = None
    """Seconds that a push is held before the next route is taken; None: as long as it lives."""
    lifetime: float | None = None
    """Seconds that a push without deliver-before-timestamp may take; None: the gateway's."""
    confirm: Confirm | None = None
    """When a push that no client confirms counts as delivered; None: as the gateway has it."""
    activations: int | None = None
    """Activations for these pushes that run at a time; None: as many as the gateway's limit."""
    after: Mapping[Refusal, Next] = field(default_factory=dict, hash=False)
    """What follows a refusal, where it is not what ``FOLLOWS`` says."""

    def __post_init__(self) -> None:
        objection = _objection(self)
        if objection is not None:
            raise ValueError(objection)

    @property
    def fits_all(self) -> bool:
        """Whether every push is meant."""
        return not self.applications and not self.initiators

    def fits(self, application: str, initiator: str) -> bool:
        """Return whether a push is meant."""
        return (not self.applications or application in self.applications) and (
            not self.initiators or initiator in self.initiators
        )

    def follows(self, refusal: Refusal) -> Next:
        """Return what follows a refusal; SMS only where it is in the order."""
        follows = self.after.get(refusal, FOLLOWS[refusal])
        return Next.FAIL if follows is Next.SMS and Route.SMS not in self.order else follows

    def time_of(self, route: Route) -> float:
        """Return the seconds that a route is tried before the next one; NEVER: no end."""
        match route:
            case Route.ACTIVATION | Route.GI_TRIGGER:
                sms_follows = Route.SMS in self.order[self.order.index(route) :]
                default = TIME_BEFORE_SMS if sms_follows else NEVER
                return default if self.activation_for is None else self.activation_for
            case Route.SMS:
                return NEVER if self.sms_for is None else self.sms_for
            case Route.HOLD:
                return NEVER if self.hold_for is None else self.hold_for
            case Route.IP:
                return NEVER


def _objection(rule: Rule) -> str | None:
    """Return what is wrong with a rule, or None."""
    order = rule.order
    if not order or len(set(order)) < len(order):
        return "order names one route at least, and each once"
    for route in (Route.ACTIVATION, Route.GI_TRIGGER):
        if route in order and Route.IP not in order[: order.index(route)]:
            return f"{route} gives a terminal an address, so ip comes before it"
    for refusal, follows in rule.after.items():
        if follows in (Next.SMS, Next.HOLD) and Route(follows) not in order:
            return f"after {refusal} comes {follows}, which is not in order"
    times = (rule.activation_for, rule.sms_for, rule.hold_for, rule.lifetime)
    if any(time is not None and time <= 0 for time in times):
        return "times are above 0"
    if rule.activations is not None and rule.activations < 1:
        return "activations is at least 1"
    return None


@dataclass(frozen=True, slots=True)
class Policy:
    """Rules, the first of which that fits a push holds for it."""

    rules: tuple[Rule, ...] = (Rule(),)

    def __post_init__(self) -> None:
        for number, rule in enumerate(self.rules):
            if rule.fits_all and number + 1 < len(self.rules):
                raise ValueError(f"rule {number + 1} fits every push, so those after it never hold")
        if not self.rules or not self.rules[-1].fits_all:
            raise ValueError("the last rule fits every push: it names no application or initiator")

    def rule_for(self, application: str, initiator: str) -> Rule:
        """Return the rule that holds for a push."""
        return next(rule for rule in self.rules if rule.fits(application, initiator))

    def takes(self, route: Route) -> bool:
        """Return whether any rule has ``route`` in its order."""
        return any(route in rule.order for rule in self.rules)


@dataclass(frozen=True, slots=True)
class Standing:
    """What earlier activations of a terminal say about another one."""

    is_awaited: bool = False
    """The network will note when it is back."""
    not_before: float = 0.0
    """When it may be tried again; NEVER: not until the terminal shows itself."""
    why: str = ""


@dataclass(frozen=True, slots=True)
class Tried:
    """What was tried of one route for one push at one address."""

    since: float | None = None
    """When it was taken first."""
    not_before: float = 0.0
    """When it may be taken again."""
    given_up: str = ""
    """Why it is passed over until the terminal shows itself; "" where it is not."""
    is_absent: bool = False
    """It was given up because the terminal was away."""


UNTRIED: Final = Tried()
