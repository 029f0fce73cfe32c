"""One scenario on one stage: its steps taken one after the other, then its end awaited.

Theory of operation. The course of a scenario is a generator: each step does what it does at once
and then yields how long to wait, or what to wait for. A timer of the stage's runtime takes it on,
so that it is the same on sockets and in virtual time; no time passes while a step is taken. When
all steps are taken, expectations that may still come true are asked now and then, until all have
or their time is up; what must not happen gets a while more to happen. Then all is judged.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from corenet.control.errors import ControlError
from corenet.control.model import ActivationRequest, NetworkDetach, QosRequest
from testbed.codecs import pap, si
from testbed.codecs.media import ContentType
from testbed.codecs.si import ServiceIndication
from testbed.codecs.wsp.push import PUSH_PORT, Push
from testbed.expectations.matching import first, instead
from testbed.expectations.seen import ABSENT, Record, Seen
from testbed.expectations.values import agrees
from testbed.initiator.submission import indication_part, recipient, submission
from testbed.lab.ladder import Ladder, Rung
from testbed.lab.yaml_source import Problem
from testbed.scenarios.faults import Faults
from testbed.scenarios.judging import failures, open_expectations
from testbed.scenarios.loading import BODIES, Scenario, expectation, names_of
from testbed.scenarios.model import (
    ActivateStep,
    DatagramStep,
    MobileStep,
    NetworkStep,
    PushStep,
    StepPart,
    UntilStep,
    UntilTerminalStep,
)
from testbed.scenarios.observation import Observation, PushCourse
from testbed.scenarios.stage import Stage, Submission

HREF: Final = "http://www.example.com/mail/123"
SI_ID: Final = "mail1@example.com"
_LOOK: Final = 0.005
"""Seconds between two looks at whether what a step waits for is there."""
_SLOW_LOOK: Final = 0.02
"""The same of what is expected in the end."""


class StepFailedError(Exception):
    """A step could not be taken, or what it waited for did not come."""


@dataclass(frozen=True, slots=True)
class Report:
    """What came of a scenario."""

    scenario: Scenario
    on_sockets: bool
    seed: int
    problems: tuple[Problem, ...]
    """Each expectation that is not so, with what is so instead; none: all is as it should be."""
    ladder: tuple[Rung, ...]
    began: float
    """When the first step was taken, seconds since 1970-01-01 UTC."""
    seconds: float
    """From then to the end."""
    observed: Observation | None = None
    """None where it did not even begin."""

    @property
    def passed(self) -> bool:
        """Whether all is as it should be."""
        return not self.problems


@dataclass(frozen=True, slots=True)
class _Condition:
    """What a step waits for."""

    holds: Callable[[], bool]
    within: float
    instead: Callable[[], str]


class Performance:
    """A scenario under way on a stage whose lab is at rest."""

    def __init__(self, scenario: Scenario, stage: Stage, *, seed: int, on_sockets: bool) -> None:
        self._scenario = scenario
        self._stage = stage
        self._seed = seed
        self._on_sockets = on_sockets
        initiator = scenario.lab.model.initiator
        names = {} if initiator is None else {initiator.address: "initiator"}
        self._rungs: list[Rung] = []
        self._names = names
        self.record = Record(names)
        self._observed = Observation(stage.control, self.record, 0.0, {})
        self._faults = Faults(names)
        self._course: Iterator[float | _Condition] = iter(())
        self._at_step = -1
        self._activations = iter(names_of(scenario.part, "activate"))
        self._pushes = iter(names_of(scenario.part, "push"))
        self._done: Callable[[], None] = lambda: None
        self.report: Report | None = None
        """None until it is over."""

    def begin(self, done: Callable[[], None] = lambda: None) -> None:
        """Take the first step; ``done`` is called when all is over."""
        runtime = self._stage.runtime
        observed = self._observed
        observed.began = runtime.now()
        observed.counters = self._stage.control.counters()
        self._done = done
        ladder = Ladder(self._rungs.append, self._names)
        runtime.on_passed(ladder.passed)
        runtime.on_event(ladder.happened)
        runtime.on_passed(self.record.passed)
        runtime.on_event(self.record.happened)
        runtime.interference = self._faults
        self._faults.add(self._scenario.part.arrange.faults, observed.began)
        self._course = self._steps()
        self._go_on()

    # The course of things

    def _go_on(self) -> None:
        """Take the next step, or steps, until one waits."""
        try:
            waits_for = next(self._course, None)
        except (ControlError, StepFailedError, LookupError) as error:
            step = self._scenario.part.act[self._at_step]
            text = f"this step failed: {error}"
            self._end([self._scenario.source.problem(("act", self._at_step, step.kind), text)])
            return
        if waits_for is None:
            now = self._stage.runtime.now()
            self._watch(now + self._scenario.part.expect.within)
        elif isinstance(waits_for, _Condition):
            self._look(waits_for, self._stage.runtime.now() + waits_for.within)
        else:
            self._stage.runtime.call_later(waits_for, self._go_on)

    def _look(self, condition: _Condition, deadline: float) -> None:
        runtime = self._stage.runtime
        if condition.holds():
            self._go_on()
        elif runtime.now() >= deadline:
            step = self._scenario.part.act[self._at_step]
            text = f"in vain for {condition.within:g} s: {condition.instead()}"
            self._end([self._scenario.source.problem(("act", self._at_step, step.kind), text)])
        else:
            runtime.call_later(_LOOK, lambda: self._look(condition, deadline))

    def _watch(self, deadline: float) -> None:
        """Wait until what is expected is so, or ``deadline`` has come."""
        runtime = self._stage.runtime
        if runtime.now() < deadline and open_expectations(self._scenario, self._observed):
            runtime.call_later(_SLOW_LOOK, lambda: self._watch(deadline))
        else:
            runtime.call_later(self._scenario.part.expect.after, self._judge)

    def _judge(self) -> None:
        self._end(
            [
                self._scenario.source.problem(place, text)
                for place, text in failures(self._scenario, self._observed)
            ]
        )

    def _end(self, problems: list[Problem]) -> None:
        now = self._stage.runtime.now()
        self._faults.clear()
        self.report = Report(
            self._scenario,
            self._on_sockets,
            self._seed,
            tuple(problems),
            tuple(sorted(self._rungs, key=lambda rung: rung.time)),
            self._observed.began,
            now - self._observed.began,
            self._observed,
        )
        self._done()

    # Steps

    def _steps(self) -> Iterator[float | _Condition]:
        for number, step in enumerate(self._scenario.part.act):
            self._at_step = number
            if step.at is not None:
                wait = self._observed.began + step.at - self._stage.runtime.now()
                if wait > 0:
                    yield wait
            yield from self._take(step)

    def _take(self, step: StepPart) -> Iterator[float | _Condition]:
        if step.push is not None:
            self._push(step.push)
        elif step.activate is not None:
            self._activate(step.activate)
        elif step.datagram is not None:
            self._datagram(step.datagram)
        elif step.mobile is not None:
            self._drive(step.mobile)
        elif step.network is not None:
            self._command(step.network)
        elif step.restart is not None:
            yield self._restart(step.restart)
        elif step.reset is not None:
            self._stage.control.faults.reset(step.reset)
        elif step.fault is not None:
            self._faults.add((step.fault,), self._stage.runtime.now())
        elif step.mend is not None:
            self._faults.clear()
        elif step.wait is not None:
            yield step.wait
        elif step.until is not None:
            yield self._until(step.until)
        elif step.until_terminal is not None:
            yield self._until_terminal(step.until_terminal)

    def _push(self, step: PushStep) -> None:
        name = next(self._pushes)
        now = self._stage.runtime.now()
        msisdn = self._scenario.msisdn_of(step.terminal)
        push_id = f"{self._scenario.name}-{name}-{int(now * 1000)}@pi.example"
        course = self._observed.pushes[name] = PushCourse(push_id, msisdn)

        def answered(answer: pap.PushResponse | pap.BadMessageResponse | str) -> None:
            if isinstance(answer, str):
                course.refusal = answer
            else:
                course.accepted = int(answer.code)

        def notified(notification: pap.ResultNotification) -> None:
            course.notification = notification

        message = pap.PushMessage(
            push_id=push_id,
            addresses=(recipient(msisdn),),
            deliver_before=float(int(now + step.lifetime)),
            notify_url=self._stage.notify_url,
            quality_of_service=pap.QualityOfService(delivery_method=step.delivery),
        )
        indication = ServiceIndication(href=HREF, text=step.text, si_id=SI_ID)
        content = submission(message, indication_part(indication))
        self._stage.submit(Submission(push_id, content, answered, notified))

    def _activate(self, step: ActivateStep) -> None:
        name = next(self._activations)
        request = ActivationRequest(
            msisdn=self._scenario.msisdn_of(step.terminal),
            apn=step.apn or self._scenario.apn_of(step.terminal),
            deadline_seconds=step.deadline,
        )
        self._observed.activations[name] = self._stage.control.request_activation(request)

    def _datagram(self, step: DatagramStep) -> None:
        address = step.to
        if address is None:
            imsi = self._scenario.imsi_of(step.terminal)
            addresses = self._stage.control.terminal(imsi).static_addresses
            address = next(iter(addresses.values()), None)
        if address is None:
            raise StepFailedError("the terminal has no static address")
        indication = ServiceIndication(href=HREF, text=step.text, si_id=SI_ID)
        push = Push(1, ContentType(si.WBXML_TYPE), si.encode(indication))
        self._stage.send_outside(push.encode(), (address, PUSH_PORT))

    def _drive(self, step: MobileStep) -> None:
        model = BODIES[step.verb]
        body = None if model is None else model.model_validate(step.body or {})
        imsi = self._scenario.imsi_of(step.terminal)
        self._stage.control.drive_mobile(imsi, step.verb, body)

    def _command(self, step: NetworkStep) -> None:
        control = self._stage.control
        imsi = self._scenario.imsi_of(step.terminal)
        apn = step.apn or self._scenario.apn_of(step.terminal)
        body = step.body or {}
        match step.operation:
            case "deactivate":
                control.deactivate(imsi, apn)
            case "detach_terminal":
                control.detach(imsi, NetworkDetach.model_validate(body))
            case "reallocate_p_tmsi":
                control.reallocate_p_tmsi(imsi)
            case "change_qos":
                control.bearers.change_qos(imsi, apn, QosRequest.model_validate(body))

    def _restart(self, node: str) -> _Condition:
        there: list[bool] = []
        self._stage.restart(node, lambda: there.append(True))
        return _Condition(lambda: bool(there), 5.0, lambda: f"{node} is not back")

    def _until(self, step: UntilStep) -> _Condition:
        expected = expectation(step)
        return _Condition(
            lambda: first(expected, self.record) is not None,
            step.within,
            lambda: f"{expected}: {'; '.join(self._instead(step))}",
        )

    def _instead(self, step: UntilStep) -> list[str]:
        return instead(expectation(step), self.record, since=self._observed.began)

    def _until_terminal(self, step: UntilTerminalStep) -> _Condition:
        imsi = self._scenario.imsi_of(step.terminal)

        def differences() -> list[str]:
            terminal = self._stage.control.terminal(imsi).model_dump(mode="json")
            seen = Seen(0.0, "", terminal)
            found = {path: seen.look_up(path) for path in step.has}
            return [
                f"{path} is {'not there' if found[path] is ABSENT else found[path]}"
                for path, wanted in step.has.items()
                if found[path] is ABSENT or not agrees(wanted, found[path])
            ]

        return _Condition(lambda: not differences(), step.within, lambda: ", ".join(differences()))


def unperformed(
    scenario: Scenario, error: Any, *, seed: int, on_sockets: bool, now: float = 0.0
) -> Report:
    """Return the report of a scenario that could not begin, and why."""
    problem = scenario.source.problem(("arrange", "lab"), str(error))
    return Report(scenario, on_sockets, seed, (problem,), (), now, 0.0)
