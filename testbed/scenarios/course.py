"""What became of one terminal's push in a scenario, read out of what was seen."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from corenet.ggsn.events import ActivationFinished, ActivationStarted
from corenet.interfaces.activation import ActivationOutcome, FailureCause
from corenet.mobile.events import NetworkRequestAnswered, RequestAnswer, ShownOnScreen
from testbed.gateway.events import (
    DeliveryEnded,
    InitiatorNotified,
    PushAccepted,
    PushSent,
    SmsSubmitted,
)
from testbed.scenarios.performance import Report
from testbed.smsc.events import TransactionEnded


@dataclass(slots=True)
class Course:
    """What became of the first push of a scenario, or of its first datagram."""

    report: Report
    imsi: str
    msisdn: str
    push_id: str | None = None
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
    """What was reached, and when, in seconds since the first step."""

    @property
    def cause(self) -> FailureCause | None:
        """Why the activation failed, or None."""
        return self.activation.cause if self.activation is not None else None

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
        """Return the document that ``corenet demo --json`` prints."""
        cause, sent = self.cause, self.transaction
        return {
            "scenario": self.report.scenario.name,
            "as_expected": self.report.passed,
            "problems": [str(problem) for problem in self.report.problems],
            "push_id": self.push_id,
            "msisdn": self.msisdn,
            "imsi": self.imsi,
            "outcome": self.final_state or ("delivered" if self.shown else "undeliverable"),
            "code": self.final_code,
            "description": self.final_text,
            "bearer": self.bearer,
            "short_messages": None
            if sent is None
            else {
                "segments": sent.segments,
                "sent": sent.attempts,
                "outcome": sent.outcome,
                "seconds": round(sent.seconds, 6),
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


def course_of(report: Report) -> Course:
    """Read the course of a scenario out of what was seen of it."""
    scenario = report.scenario
    msisdn = scenario.part.arrange.terminal or scenario.lab.model.subscribers[0].msisdn
    course = Course(report, scenario.imsi_of(msisdn), msisdn)
    observed = report.observed
    if observed is None:
        return course
    for push in list(observed.pushes.values())[:1]:
        course.push_id = push.push_id
        if push.notification is not None:
            course.final_state = push.notification.state.value
            course.final_code = int(push.notification.code)
            course.final_text = push.notification.desc
    for seen in observed.record:
        _take(course, seen.subject, seen.time - observed.began)
    if course.push_id is None and course.shown is not None and course.activation is not None:
        course.address = course.activation.address
    return course


def _take(course: Course, event: object, since: float) -> None:
    """Take note of what a thing that was seen says of the course."""
    marks = course.marks
    match event:
        case ActivationStarted(imsi=course.imsi) if course.activation is None:
            marks.append(("activation requested", since))
        case ActivationFinished() if event.outcome.imsi == course.imsi:
            if course.activation is None:
                course.activation = event.outcome
                marks += _step_marks(event.outcome, since)
        case NetworkRequestAnswered(imsi=course.imsi, answer=RequestAnswer.REJECTED):
            course.mobile_cause = event.cause
        case PushAccepted(push_id=course.push_id):
            marks.append(("accepted by the gateway", since))
        case PushSent(push_id=course.push_id):
            course.address = event.peer[0]
            marks.append(("push sent", since))
        case SmsSubmitted(push_id=course.push_id):
            marks.append(("short messages submitted", since))
        case TransactionEnded(destination=course.msisdn):
            course.transaction = event
            marks.append(("short messages delivered", since))
        case ShownOnScreen(imsi=course.imsi):
            course.shown = event.shown.text
            marks.append(("shown on the mobile", since))
        case DeliveryEnded(push_id=course.push_id):
            marks.append((f"push {event.state}", since))
        case InitiatorNotified(push_id=course.push_id):
            marks.append(("initiator notified", since))


def _step_marks(outcome: ActivationOutcome, ended: float) -> list[tuple[str, float]]:
    """Return when each step of an activation that ended at ``ended`` was over."""
    at = ended - sum(seconds for _, seconds in outcome.steps)
    marks = []
    for step, seconds in outcome.steps:
        at += seconds
        marks.append((step.value, at))
    return marks
