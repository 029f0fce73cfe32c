"""One scenario, performed in the demo lab: start the lab, push, watch, judge the end."""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.defer import TimeoutError as DeferredTimeoutError

from corenet.control.core import CoreControl
from corenet.control.model import Coverage, Move, TerminalQuery
from corenet.ggsn.events import ActivationFinished, ActivationStarted
from corenet.interfaces.activation import ActivationOutcome, FailureCause
from corenet.interfaces.node import Event
from corenet.mobile.events import NetworkRequestAnswered, RequestAnswer, ShownOnScreen
from testbed.adapters.initiator import SubmissionClient
from testbed.codecs import pap, si
from testbed.codecs.media import ContentType
from testbed.codecs.si import ServiceIndication
from testbed.codecs.wsp.push import PUSH_PORT, Push
from testbed.gateway.events import DeliveryEnded, PushSent, SmsSubmitted
from testbed.initiator.submission import indication_part, recipient, submission
from testbed.lab.running import RunningLab
from testbed.lab.scenarios import Before, Scenario, Trigger
from testbed.smsc.events import TransactionEnded

SETTLE_TIME = 10.0
"""Seconds that the mobiles may take to attach."""
LONGEST = 14.5
"""Seconds after which a scenario is over, however it stands."""
_LOOK = 0.1
"""Seconds between two looks at whether a mobile is in STANDBY."""
AFTERMATH = 0.3
"""Seconds for what still passes when the outcome is known: accounting, the last answer."""

HREF = "http://www.example.com/mail/123"


@dataclass(slots=True)
class Performance:
    """What happened in a scenario."""

    scenario: Scenario
    push_id: str | None = None
    imsi: str | None = None
    began: float = 0.0
    """When the push was submitted, seconds since 1970-01-01 UTC."""
    accepted_code: int | None = None
    """PAP code of the gateway's answer."""
    final_state: str | None = None
    final_code: int | None = None
    final_text: str | None = None
    shown: str | None = None
    address: str | None = None
    """The PDP address that the push went to."""
    activation: ActivationOutcome | None = None
    """How the first activation ended."""
    transaction: TransactionEnded | None = None
    """How the SMSC's transaction ended, where the push went by short message."""
    mobile_cause: int | None = None
    """SM cause with which the mobile refused."""
    marks: list[tuple[str, float]] = field(default_factory=list)
    """What was reached, and when, in seconds since ``began``."""

    @property
    def cause(self) -> FailureCause | None:
        """Why the activation failed, or None."""
        return self.activation.cause if self.activation is not None else None

    def as_expected(self) -> bool:
        """Return whether it ended as the scenario says it should."""
        expected = self.scenario
        step = self.activation.step.value if self.activation is not None else None
        cause = self.cause.number if self.cause is not None else None
        return (
            (self.shown is not None) == expected.delivered
            and self.final_state == expected.final_state
            and expected.code in (None, self.final_code)
            and step == expected.step
            and (expected.cause is None or cause == expected.cause)
            and expected.short_messages == (self.transaction and self.transaction.attempts)
        )

    @property
    def bearer(self) -> str | None:
        """What the push went over, None where it went nowhere."""
        if self.transaction is not None:
            return "SMS"
        return "IP" if self.address else None

    def durations(self) -> list[tuple[str, float]]:
        """Return each step with the seconds it took, in order."""
        steps: list[tuple[str, float]] = []
        before = 0.0
        for name, at in sorted(self.marks, key=lambda mark: mark[1]):
            steps.append((name, max(0.0, at - before)))
            before = at
        return steps

    def plain(self, capture: str | None) -> dict[str, Any]:
        """Return the document that ``--json`` prints."""
        cause = self.cause
        return {
            "scenario": self.scenario.name,
            "as_expected": self.as_expected(),
            "push_id": self.push_id,
            "msisdn": self.scenario.msisdn,
            "imsi": self.imsi,
            "outcome": self.final_state or ("delivered" if self.shown else "undeliverable"),
            "code": self.final_code,
            "description": self.final_text,
            "bearer": self.bearer,
            "short_messages": None
            if self.transaction is None
            else {
                "segments": self.transaction.segments,
                "sent": self.transaction.attempts,
                "outcome": self.transaction.outcome,
                "seconds": round(self.transaction.seconds, 6),
            },
            "pdp_address": self.address,
            "shown": self.shown,
            "activation": None
            if self.activation is None
            else {
                "step": self.activation.step.value,
                "cause": None
                if cause is None
                else {"source": cause.source.value, "number": cause.number, "name": cause.name},
                "mobile_sm_cause": self.mobile_cause,
            },
            "steps": [
                {"step": name, "seconds": round(seconds, 6)} for name, seconds in self.durations()
            ],
            "capture": capture,
        }


class LabNotReadyError(Exception):
    """The mobiles did not attach in time."""


async def perform(
    reactor: Any, running: RunningLab, scenario: Scenario, begun: Callable[[float], None]
) -> Performance:
    """Perform ``scenario`` in a lab that has started; call ``begun`` when the push is posted.

    Raises:
        LabNotReadyError: the mobiles did not attach in time.
        testbed.adapters.initiator.SubmissionError: the gateway did not answer.
    """
    if not await running.settled(SETTLE_TIME):
        raise LabNotReadyError(f"not every mobile has attached within {SETTLE_TIME:g} s")
    performance = Performance(scenario)
    assert running.control is not None
    (terminal,) = running.control.terminals(TerminalQuery(msisdn=scenario.msisdn)).terminals
    performance.imsi = terminal.imsi
    if scenario.before in (Before.STANDBY, Before.STANDBY_OUT_OF_COVERAGE):
        await _standby(reactor, running.control, terminal.imsi)
    if scenario.before is Before.STANDBY_OUT_OF_COVERAGE:
        running.control.drive_mobile(terminal.imsi, "coverage", Coverage(in_coverage=False))
    shown: Deferred[None] = Deferred()
    running.runtime.on_event(_watch(performance, shown))
    performance.began = running.runtime.now()
    begun(performance.began)
    if scenario.before is Before.MOVING:
        cell = next(iter(running.lab.model.sgsns.values())).routing_areas[0].cells[0]
        running.control.drive_mobile(terminal.imsi, "move", Move(cell=cell))
    if scenario.trigger is Trigger.GI:
        (address,) = terminal.static_addresses.values()
        _send_datagram(address, scenario.text, running)
        await _within(reactor, shown, LONGEST)
        performance.address = address if performance.shown else None
    else:
        await _push(reactor, running, performance)
        if scenario.delivered:
            await _within(reactor, shown, LONGEST)
    await _pause(reactor, AFTERMATH)
    return performance


async def _standby(reactor: Any, control: CoreControl, imsi: str) -> None:
    """Wait until the SGSN would page the mobile."""
    for _ in range(int(SETTLE_TIME / _LOOK)):
        if control.terminal(imsi).reachability == "standby":
            return
        await _pause(reactor, _LOOK)
    raise LabNotReadyError(f"{imsi} is not in STANDBY after {SETTLE_TIME:g} s")


async def _push(reactor: Any, running: RunningLab, performance: Performance) -> None:
    assert running.notifications is not None
    assert running.lab.gateway is not None
    scenario, began = performance.scenario, performance.began
    performance.push_id = f"{scenario.name}-{int(began * 1000)}@pi.example"
    message = pap.PushMessage(
        push_id=performance.push_id,
        addresses=(recipient(scenario.msisdn),),
        deliver_before=float(int(began + scenario.lifetime)),
        notify_url=running.notifications.url,
        quality_of_service=pap.QualityOfService(delivery_method=scenario.delivery_method),
    )
    indication = ServiceIndication(href=HREF, text=scenario.text, si_id="mail1@example.com")
    content = indication_part(indication)
    client = SubmissionClient(reactor, running.lab.gateway.pap_url)
    try:
        answer = await client.submit(submission(message, content))
        performance.accepted_code = answer.code
        performance.marks.append(("accepted by the gateway", running.runtime.now() - began))
        waiting = running.notifications.wait_for(performance.push_id, LONGEST)
        try:
            notification = await waiting
        except DeferredTimeoutError:
            return
    finally:
        await client.close()
    performance.final_state = notification.state.value
    performance.final_code = notification.code
    performance.final_text = notification.desc
    performance.marks.append(("initiator notified", running.runtime.now() - began))


def _watch(performance: Performance, shown: Deferred[None]) -> Callable[[float, str, Event], None]:
    def note(time: float, _node: str, event: Event) -> None:
        since = time - performance.began
        match event:
            case ActivationStarted(imsi=performance.imsi) if performance.activation is None:
                performance.marks.append(("activation requested", since))
            case ActivationFinished() if event.outcome.imsi == performance.imsi:
                if performance.activation is None:
                    performance.activation = event.outcome
                    performance.marks += _step_marks(event.outcome, since)
            case NetworkRequestAnswered(imsi=performance.imsi, answer=RequestAnswer.REJECTED):
                performance.mobile_cause = event.cause
            case PushSent(push_id=performance.push_id):
                performance.address = event.peer[0]
                performance.marks.append(("push sent", since))
            case SmsSubmitted(push_id=performance.push_id):
                performance.marks.append(("short messages submitted", since))
            case TransactionEnded(destination=performance.scenario.msisdn):
                performance.transaction = event
                performance.marks.append(("short messages delivered", since))
            case ShownOnScreen(imsi=performance.imsi):
                performance.shown = event.shown.text
                performance.marks.append(("shown on the mobile", since))
                if not shown.called:
                    shown.callback(None)
            case DeliveryEnded(push_id=performance.push_id):
                performance.marks.append((f"push {event.state}", since))

    return note


def _step_marks(outcome: ActivationOutcome, ended: float) -> list[tuple[str, float]]:
    """Return when each step of an activation that ended at ``ended`` was over."""
    at = ended - sum(seconds for _, seconds in outcome.steps)
    marks = []
    for step, seconds in outcome.steps:
        at += seconds
        marks.append((step.value, at))
    return marks


def _send_datagram(address: str, text: str, running: RunningLab) -> None:
    """Send what a gateway that knows nothing of this core would: a datagram to an address."""
    part = running.lab.model.initiator
    indication = ServiceIndication(href=HREF, text=text, si_id="mail1@example.com")
    push = Push(1, ContentType(si.WBXML_TYPE), si.encode(indication))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sending:
        sending.bind((part.address if part is not None else "127.0.0.1", 0))
        sending.sendto(push.encode(), (address, PUSH_PORT))


async def _within(reactor: Any, waiting: Deferred[None], seconds: float) -> None:
    waiting.addTimeout(seconds, reactor)
    try:
        await waiting
    except DeferredTimeoutError:
        return


async def _pause(reactor: Any, seconds: float) -> None:
    pause: Deferred[None] = Deferred()
    reactor.callLater(seconds, pause.callback, None)
    await pause
