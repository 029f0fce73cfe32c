"""Which machines there are, and the tables that they are drawn from."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from typing import Any

from corenet.ggsn.activation import network_activation
from corenet.ggsn.events import DeletionReason, UpdatedBy
from corenet.interfaces.sms import transfer
from corenet.machine import Machine
from corenet.mobile import states as mobile
from corenet.sgsn import states as sgsn
from gtp import path
from testbed.gateway.keeping import pushes
from testbed.machines.drawn import OUTSIDE, Drawn, of_machine
from testbed.smpp import states as smpp
from testbed.smsc import stored, transaction


class _Context(Enum):
    ACTIVE = "active"


def machines() -> Iterator[Drawn]:
    """Return every machine, in the order of the page."""
    yield from _of_procedures()
    yield _ggsn_context()
    yield _network_activation()
    yield _path()
    yield _sms_transfer()
    yield _smsc_message()
    yield _smsc_segment()
    yield _smpp_session()


def _of_procedures() -> Iterator[Drawn]:
    tables: list[tuple[Machine[Any], str, str, str]] = [
        (
            sgsn.MOBILITY,
            "sgsn-mobility",
            "SGSN: mobility management",
            "One for each MM context (TS 23.060 §6.1, TS 24.008 §4.1.3.3).",
        ),
        (
            sgsn.REACHABILITY,
            "sgsn-reachability",
            "SGSN: READY and STANDBY",
            "How an attached mobile is reached (TS 23.060 §6.1.2). What is for a mobile in "
            "STANDBY waits for the answer to a page (T3313).",
        ),
        (
            sgsn.SESSION,
            "sgsn-session",
            "SGSN: session management",
            "One for each PDP context (TS 24.008 §6.1.2.2). What is inactive there is no context "
            "here.",
        ),
        (
            sgsn.REQUEST,
            "sgsn-request",
            "SGSN: network-requested activation",
            "One for each PDU Notification Request that was accepted (TS 23.060 §9.2.2.2). "
            "Numbers are those of GTP messages and causes.",
        ),
        (
            mobile.MOBILITY,
            "mobile-mobility",
            "Mobile: mobility management",
            "TS 24.008 §4.1.3.1. In another routing area nothing but mobility management is said "
            "until the network has accepted the update.",
        ),
        (
            mobile.SESSION,
            "mobile-session",
            "Mobile: session management",
            "One for each PDP context (TS 24.008 §6.1.2.1).",
        ),
    ]
    for table, name, title, says in tables:
        yield of_machine(table, name, title, says)


def _ggsn_context() -> Drawn:
    drawn = Drawn(
        "ggsn-context",
        "GGSN: PDP context",
        "A GGSN has a context or has it not (TS 29.060 §7.3); why one ends is named as in its "
        "event `PdpContextDeleted`.",
    )
    drawn.add(OUTSIDE, _Context.ACTIVE, "Create PDP Context Request that is accepted")
    for side in UpdatedBy:
        drawn.add(_Context.ACTIVE, _Context.ACTIVE, f"Update PDP Context Request of the {side}")
    drawn.add(_Context.ACTIVE, OUTSIDE, *DeletionReason)
    return drawn


def _network_activation() -> Drawn:
    state = network_activation.State
    drawn = Drawn(
        "ggsn-activation",
        "GGSN: network-requested activation",
        "One for each subscriber and APN that somebody wants activated (TS 23.060 §9.2.2.2, "
        "§9.2.2.3). After the slash stands what the GGSN does.",
    )
    drawn.add(OUTSIDE, state.IDLE, "the command `activate`, or a PDU on Gi")
    drawn.add_all(
        (before, after, f"{received} / {_words(action.__name__)}")
        for (before, received), (action, after) in network_activation.TRANSITIONS.items()
    )
    return drawn.add(state.DONE, OUTSIDE, "at once")


def push() -> Drawn:
    """Return the machine of a push, which has a page of its own; final states are outside."""
    drawn = Drawn("push", "Push", "One for each address of a push.")
    drawn.add(OUTSIDE, pushes.State.ACCEPTED, "a push")
    for (before, received), to in pushes.TABLE.items():
        after = OUTSIDE if to.state.final else to.state
        drawn.add(before, after, f"{received} / {to.action}")
    return drawn


def _path() -> Drawn:
    return (
        Drawn(
            "path",
            "GTP path",
            "One for each watched peer (TS 29.060 §7.2). After the slash stands the event.",
        )
        .add(OUTSIDE, path.PathState.UNKNOWN, "the first context with the peer, or a command")
        .add_all(
            (before, after, f"{received} / {event.__name__}")
            for (before, received), (after, event) in path.TRANSITIONS.items()
        )
    )


def _sms_transfer() -> Drawn:
    return (
        Drawn(
            "sms-transfer",
            "Short message transfer",
            "One for each CP connection between SGSN and mobile, either side (TS 24.011 §5). "
            "After the slash stands what is done.",
        )
        .add(OUTSIDE, transfer.State.REQUESTING, "something to send / transmit")
        .add(OUTSIDE, transfer.State.ANSWER_DUE, "CP-DATA / acknowledge")
        .add_all(
            (before, after, _done(received, [step.name for step in steps]))
            for (before, received), (steps, after) in transfer.TRANSITIONS.items()
        )
        .add(transfer.State.ENDED, OUTSIDE, "the other side repeats itself no longer")
    )


def _smsc_message() -> Drawn:
    return (
        Drawn(
            "smsc-message",
            "SMSC: stored message",
            "One for each message in store-and-forward mode (SMPP 3.4 §2.7.1). After the slash "
            "stands what the SMSC does.",
        )
        .add(OUTSIDE, stored.State.WAITING, "submit_sm or data_sm that is accepted")
        .add_all(
            (before, after, f"{received} / {action}")
            for (before, received), (action, after) in stored.TABLE.items()
        )
    )


def _smsc_segment() -> Drawn:
    return (
        Drawn(
            "smsc-segment",
            "SMSC: segment in transaction mode",
            "One for each segment of a message that is sent as one transaction.",
        )
        .add(OUTSIDE, transaction.SegmentState.WAITING, "data_sm in transaction mode")
        .add_all(
            (before, after, received) for (before, received), after in transaction.TABLE.items()
        )
    )


def _smpp_session() -> Drawn:
    return (
        Drawn("smpp-session", "SMPP session", "Either side (SMPP 3.4 §2.2).")
        .add(OUTSIDE, smpp.State.OPEN, "a connection")
        .add_all(
            (before, after, _words(happening.name))
            for (before, happening), after in smpp.TRANSITIONS.items()
            if before is not after
        )
    )


def _words(name: str) -> str:
    return name.replace("_", " ").lower()


def _done(received: Enum, steps: list[str]) -> str:
    done = ", ".join(_words(step) for step in steps)
    return f"{received.name.replace('_', '-')} / {done or 'nothing'}"
