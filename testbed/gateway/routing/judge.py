"""Judges where and how a terminal can be reached, from all that is known of it.

Theory of operation. Two sources speak: the RADIUS accounting session of the terminal, and what
the core's control interface answers. Where both speak the core is right, because a lost Stop
leaves a session behind and a lost Start hides one. Where the core is not asked, or does not
answer, the session alone decides. The rule that holds for the push says in which order routes
are tried; the verdict is the first that can be taken now.

| route      | is taken                                                                    |
|------------|-----------------------------------------------------------------------------|
| ip         | with a context, as the core says; where it says nothing, with a session     |
| activation | where the core knows the terminal, MNRG is not set, and it is not detached  |
|            | after an activation that ended so; a back-off or a silent core is waited for|
| gi-trigger | where the static address is known, and the core does not say why it is vain |
| sms        | where the number is known                                                   |
| hold       | always                                                                      |

A route that was given up for this push, or whose time is over, is passed over. A terminal that
the core does not know, nor accounting, is what the rule makes of an unknown subscriber. Where no
route is left the push is undeliverable.

Verdicts are a union that grows: a bearer beside IP is one more member.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from testbed.codecs.pap import StatusCode
from testbed.gateway.routing.policy import (
    NEVER,
    UNTRIED,
    Next,
    Refusal,
    Route,
    Rule,
    Standing,
    Tried,
    code_of,
)
from testbed.gateway.terminal import Terminal, TerminalKind, place_of

# What the sources say


@dataclass(frozen=True, slots=True)
class NotAsked:
    """There is no core to ask."""


@dataclass(frozen=True, slots=True)
class CoreSilent:
    """The core was asked and gave no answer that can be used."""

    reason: str


@dataclass(frozen=True, slots=True)
class UnknownTerminal:
    """The core has no such terminal."""


@dataclass(frozen=True, slots=True)
class TerminalView:
    """A terminal as the core sees it."""

    imsi: str
    msisdn: str | None = None
    contexts: tuple[tuple[str, str], ...] = ()
    """APN and PDP address of each PDP context, oldest first; IPv4 before IPv6 where it has both."""
    attached: bool | None = None
    """None where the core cannot tell."""
    reachable: bool | None = None
    """False while MNRG is set (TS 23.060 §9.2.2.2); None where the core cannot tell."""
    static_addresses: Mapping[str, str] = field(default_factory=dict)
    """Static PDP address by APN."""
    downlink_idle: Mapping[str, float | None] = field(default_factory=dict)
    """Seconds since a packet last left for each PDP address, None: none has; as far as the core
    says."""

    def in_ipv4(self) -> TerminalView:
        """Return what is seen of it where there is only IPv4."""
        return replace(self, contexts=tuple(one for one in self.contexts if ":" not in one[1]))


CoreAnswer = NotAsked | CoreSilent | UnknownTerminal | TerminalView


@dataclass(frozen=True, slots=True)
class Known:
    """All that is known of a terminal."""

    core: CoreAnswer
    session: str | None = None
    """The address of its accounting session."""
    msisdn: str | None = None
    """Its number, where the push or its session names it."""
    static_address: str | None = None
    """Where a Gi trigger reaches it."""
    standings: Mapping[Route, Standing] = field(default_factory=dict)
    """What earlier attempts by activation and by Gi trigger say about another one."""


# Verdicts


@dataclass(frozen=True, slots=True)
class Online:
    """Send to ``address`` now."""

    address: str
    known_by: str
    """Which source says so, for the log."""


@dataclass(frozen=True, slots=True)
class Activate:
    """Ask the core for a PDP context first."""

    imsi: str
    apn: str
    msisdn: str | None = None


@dataclass(frozen=True, slots=True)
class Trigger:
    """Make the terminal's GGSN activate, by a datagram to its static address."""

    address: str


@dataclass(frozen=True, slots=True)
class Sms:
    """Give the push to the SMSC."""

    msisdn: str


@dataclass(frozen=True, slots=True)
class Hold:
    """Wait until ``until`` (seconds since 1970-01-01 UTC), or None: until the terminal is back."""

    until: float | None
    why: str
    route: Route = Route.HOLD
    """Which route is waited for; HOLD: the terminal."""


@dataclass(frozen=True, slots=True)
class Undeliverable:
    """Give up, with the PAP status code to report."""

    code: int
    why: str


Verdict = Online | Activate | Trigger | Sms | Hold | Undeliverable


def judge(
    terminal: Terminal,
    known: Known,
    rule: Rule,
    tried: Mapping[Route, Tried],
    *,
    apn: str,
    ask_again: float,
    now: float,
) -> Verdict:
    """Return what to do about a push for ``terminal``.

    ``tried`` is what came of the routes so far, ``apn`` the APN for terminals named by MSISDN,
    ``ask_again`` the seconds until a silent core is asked again.
    """
    case = _Case(terminal, known, rule, tried, apn, ask_again, now)
    reasons: list[str] = []
    for route in rule.order:
        obstacle = case.passed_over(route)
        verdict = case.by(route, reasons) if obstacle is None else obstacle
        if not isinstance(verdict, str):
            return verdict
        if verdict:
            reasons.append(verdict)
    return Undeliverable(StatusCode.SERVICE_FAILURE, "; ".join(reasons) or "no route is left")


@dataclass(frozen=True, slots=True)
class _Case:
    """One judgement; a route gives a verdict, or the reason why it cannot be taken."""

    terminal: Terminal
    known: Known
    rule: Rule
    tried: Mapping[Route, Tried]
    apn: str
    ask_again: float
    now: float

    def passed_over(self, route: Route) -> str | None:
        """Return why a route is no longer taken, or None where it is."""
        tried = self.tried.get(route, UNTRIED)
        if tried.given_up:
            return tried.given_up
        if self.now >= self.end_of(route):
            return f"{route} has had its time"
        return None

    def end_of(self, route: Route) -> float:
        """Return when a route has had its time, if it is taken now or was before."""
        since = self.tried.get(route, UNTRIED).since
        return (self.now if since is None else since) + self.rule.time_of(route)

    def by(self, route: Route, reasons: list[str]) -> Verdict | str:
        match route:
            case Route.IP:
                return self._by_ip()
            case Route.ACTIVATION:
                return self._by_activation(reasons)
            case Route.GI_TRIGGER:
                return self._by_trigger()
            case Route.SMS:
                return self._by_sms()
            case Route.HOLD:
                return self._by_hold(reasons)

    def _by_ip(self) -> Verdict | str:
        core, session = self.known.core, self.known.session
        if isinstance(core, TerminalView):
            address = _address(self.terminal, core, self.apn)
            return "" if address is None else Online(address, "context")
        return "" if session is None else Online(session, "accounting")

    def _by_activation(self, reasons: list[str]) -> Verdict | str:
        match self.known.core:
            case NotAsked():
                return "no accounting session, and no core to ask for an activation"
            case CoreSilent(reason):
                return self._refused(
                    Refusal.CORE_SILENT, f"the core does not answer: {reason}", reasons
                )
            case UnknownTerminal():
                return self._refused(
                    Refusal.UNKNOWN_SUBSCRIBER, f"the core does not know {self.terminal}", reasons
                )
            case TerminalView() as view:
                return self._in_vain(view) or self._activation_of(view)

    def _refused(self, refusal: Refusal, why: str, reasons: list[str]) -> Verdict | str:
        """Return what the rule makes of a refusal that judging itself finds."""
        match self.rule.follows(refusal):
            case Next.FAIL:
                return Undeliverable(code_of(refusal), why)
            case Next.RETRY:
                return self._later(Route.ACTIVATION, self.now + self.ask_again, why)
            case Next.SMS:
                verdict = self.passed_over(Route.SMS) or self._by_sms()
                return why if isinstance(verdict, str) else verdict
            case Next.HOLD:
                return self.passed_over(Route.HOLD) or self._by_hold([*reasons, why])
            case Next.NEXT:
                return why

    def _in_vain(self, view: TerminalView) -> str:
        """Return why the terminal is out of the network's reach, or "" where it is not."""
        if view.reachable is False:
            return "not reachable: the network will note when it is back"
        if self._standing(Route.ACTIVATION).is_awaited and view.attached is False:
            return "detached: the network will note when it is back"
        return ""

    def _activation_of(self, view: TerminalView) -> Verdict | str:
        standing = self._standing(Route.ACTIVATION)
        if standing.not_before > self.now:
            return self._later(Route.ACTIVATION, standing.not_before, standing.why)
        apn = apn_of(self.terminal, view, self.apn)
        if apn is not None:
            return Activate(view.imsi, apn, view.msisdn)
        return Undeliverable(
            StatusCode.ADDRESS_NOT_FOUND,
            f"{self.terminal} is nobody's static address and in no context",
        )

    def _by_trigger(self) -> Verdict | str:
        core, address = self.known.core, self.known.static_address
        if isinstance(core, TerminalView) and (why := self._in_vain(core)):
            return why
        if address is None:
            return f"{self.terminal} has no static address that a trigger could go to"
        standing = self._standing(Route.GI_TRIGGER)
        if standing.not_before > self.now:
            return self._later(Route.GI_TRIGGER, standing.not_before, standing.why)
        return Trigger(address)

    def _by_sms(self) -> Verdict | str:
        core = self.known.core
        msisdn = core.msisdn if isinstance(core, TerminalView) else None
        number = self.known.msisdn or msisdn
        if number is None:
            return f"{self.terminal} has no number for short messages"
        not_before = self.tried.get(Route.SMS, UNTRIED).not_before
        if not_before > self.now:
            return self._later(Route.SMS, not_before, "the SMSC is tried again later")
        return Sms(number)

    def _by_hold(self, reasons: list[str]) -> Verdict:
        end = self.end_of(Route.HOLD)
        why = "; ".join(reasons) or "until the terminal shows itself"
        return Hold(None if end == NEVER else end, why)

    def _standing(self, route: Route) -> Standing:
        return self.known.standings.get(route, _NO_HISTORY)

    def _later(self, route: Route, at: float, why: str) -> Verdict | str:
        """Wait for a route, unless its time ends before it may be taken again."""
        return why if at >= self.end_of(route) else Hold(at, why, route)


_NO_HISTORY: Final = Standing()


def apn_of(terminal: Terminal, view: TerminalView, apn: str) -> str | None:
    """Return the APN to activate: ``apn``, or that of the address asked for; None: of nobody."""
    if terminal.kind is TerminalKind.MSISDN:
        return apn
    bindings = view.static_addresses.items()
    return next((static for static, address in bindings if address == terminal.value), None)


def _address(terminal: Terminal, view: TerminalView, apn: str) -> str | None:
    """Return the PDP address to use: the one asked for, or that on ``apn``, or any."""
    if terminal.kind is TerminalKind.ADDRESS:
        places = [place_of(address) for _, address in view.contexts]
        return terminal.value if place_of(terminal.value) in places else None
    by_apn = {context_apn.lower(): address for context_apn, address in reversed(view.contexts)}
    return by_apn.get(apn.lower()) or next(iter(address for _, address in view.contexts), None)
