"""Judges where and how a terminal can be reached, from all that is known of it.

Theory of operation. Two sources speak: the RADIUS accounting session of the terminal, and what
the core's control interface answers. Where both speak the core is right, because a lost Stop
leaves a session behind and a lost Start hides one. Where the core is not asked, or does not
answer, the session alone decides. Without either the push waits.

| session | core              | verdict                                             |
|---------|-------------------|-----------------------------------------------------|
| yes     | not asked, silent | online at the session's address                     |
| no      | not asked         | hold until the terminal shows itself                |
| no      | silent            | hold for a moment, then ask again                   |
| yes     | unknown terminal  | online: the session is of a network not the core's  |
| no      | unknown terminal  | undeliverable, 2003                                 |
| any     | context           | online at the context's address                     |
| any     | MNRG set          | hold until reachable                                |
| any     | detached, and an activation has ended so before | hold until reachable  |
| any     | no context        | activate                                            |

Verdicts are a union that grows: a bearer beside IP is one more member.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from testbed.codecs.pap import StatusCode
from testbed.gateway.terminal import Terminal, TerminalKind

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
    """APN and PDP address of each PDP context, oldest first."""
    attached: bool | None = None
    """None where the core cannot tell."""
    reachable: bool | None = None
    """False while MNRG is set (TS 23.060 §9.2.2.2); None where the core cannot tell."""
    static_addresses: Mapping[str, str] = field(default_factory=dict)
    """Static PDP address by APN."""


CoreAnswer = NotAsked | CoreSilent | UnknownTerminal | TerminalView


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
class Hold:
    """Wait until ``until`` (seconds since 1970-01-01 UTC), or None: until the terminal is back."""

    until: float | None
    why: str


@dataclass(frozen=True, slots=True)
class Undeliverable:
    """Give up, with the PAP status code to report."""

    code: int
    why: str


Verdict = Online | Activate | Hold | Undeliverable


def judge(
    terminal: Terminal,
    *,
    session: str | None,
    core: CoreAnswer,
    awaited: bool,
    apn: str,
    ask_again: float,
    now: float,
) -> Verdict:
    """Return what to do about a push for ``terminal``.

    ``session`` is the address of its accounting session, ``awaited`` whether an activation has
    already ended in "hold until reachable", ``apn`` the APN for terminals named by MSISDN,
    ``ask_again`` the seconds until a silent core is asked again.
    """
    match core:
        case TerminalView():
            return _by_core(terminal, core, awaited, apn)
        case _ if session is not None:
            return Online(session, "accounting")
        case UnknownTerminal():
            return Undeliverable(StatusCode.ADDRESS_NOT_FOUND, f"the core does not know {terminal}")
        case CoreSilent(reason):
            return Hold(now + ask_again, f"the core does not answer: {reason}")
        case NotAsked():
            return Hold(None, "no accounting session, and no core to ask for an activation")


def _by_core(terminal: Terminal, view: TerminalView, awaited: bool, apn: str) -> Verdict:
    address = _address(terminal, view, apn)
    if address is not None:
        return Online(address, "context")
    if view.reachable is False:
        return Hold(None, "not reachable: the network will note when it is back")
    if awaited and view.attached is False:
        return Hold(None, "detached: the network will note when it is back")
    if terminal.kind is TerminalKind.MSISDN:
        return Activate(view.imsi, apn, view.msisdn)
    for static_apn, static_address in view.static_addresses.items():
        if static_address == terminal.value:
            return Activate(view.imsi, static_apn, view.msisdn)
    return Undeliverable(
        StatusCode.ADDRESS_NOT_FOUND, f"{terminal} is nobody's static address and in no context"
    )


def _address(terminal: Terminal, view: TerminalView, apn: str) -> str | None:
    """Return the PDP address to use: the one asked for, or that on ``apn``, or any."""
    if terminal.kind is TerminalKind.ADDRESS:
        addresses = [address for _, address in view.contexts]
        return terminal.value if terminal.value in addresses else None
    by_apn = {context_apn.lower(): address for context_apn, address in reversed(view.contexts)}
    return by_apn.get(apn.lower()) or next(iter(address for _, address in view.contexts), None)
