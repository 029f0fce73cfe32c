"""Scenario files read, and found to make sense: names, numbers, verbs, and the lab itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ValidationError

from corenet.control.operations import OPERATIONS
from testbed.expectations.expected import Expected
from testbed.expectations.known import UnknownNameError, check_event, check_message
from testbed.lab.build import LABS, LoadedLab, build, shipped_labs
from testbed.lab.yaml_source import Path as Place
from testbed.lab.yaml_source import Problem, Source, SourceError, read, validate
from testbed.scenarios.faults import AnswerError, check_answer
from testbed.scenarios.model import FaultPart, MessagePart, ScenarioPart, StepPart
from testbed.scenarios.overrides import overlaid, part_of

SCENARIOS: Final = files("testbed") / "labs" / "scenarios"
"""The scenarios that come with the distribution."""

BODIES: Final[Mapping[str, type[BaseModel] | None]] = {
    operation.path.rsplit("/", 1)[1]: operation.body
    for operation in OPERATIONS
    if operation.path.startswith("/v1/mobiles/{imsi}/")
}
"""What each verb for mobiles takes."""
_NETWORK_BODIES: Final = {operation.name: operation.body for operation in OPERATIONS}


@dataclass(frozen=True, slots=True)
class Scenario:
    """A scenario that can be run."""

    name: str
    part: ScenarioPart
    lab: LoadedLab
    source: Source

    def imsi_of(self, msisdn: str | None) -> str:
        """Return the IMSI of a terminal, or of the scenario's own."""
        number = int(msisdn or self.part.arrange.terminal or 0)
        for part in self.lab.model.subscribers:
            index = number - int(part.msisdn)
            if 0 <= index < part.count:
                return str(int(part.imsi) + index).zfill(len(part.imsi))
        raise LookupError(f"the lab has no subscriber {number}")

    def msisdn_of(self, msisdn: str | None) -> str:
        """Return the MSISDN of a terminal, or of the scenario's own."""
        return msisdn or self.part.arrange.terminal or ""

    def apn_of(self, msisdn: str | None) -> str:
        """Return the first APN that a terminal is subscribed to."""
        imsi = self.imsi_of(msisdn)
        return next(
            part.apns[0].name
            for part in self.lab.model.subscribers
            if 0 <= int(imsi) - int(part.imsi) < part.count
        )


def shipped_scenarios() -> tuple[str, ...]:
    """Return the names of the scenarios that come with the distribution."""
    return tuple(
        sorted(entry.name[:-5] for entry in SCENARIOS.iterdir() if entry.name.endswith(".yaml"))
    )


def summary_of(shipped: str) -> str:
    """Return the sentence that says what a scenario of the distribution is."""
    file = SCENARIOS / f"{shipped}.yaml"
    return str(read(file.read_text(encoding="utf-8"), file.name).value["summary"])


def load_scenario(scenario: str) -> Scenario:
    """Read a scenario: a file's path, or the name of one that comes with the distribution.

    Raises:
        SourceError: it is not there, or not what a scenario should be.
    """
    shipped = SCENARIOS / f"{scenario}.yaml"
    try:
        if scenario in shipped_scenarios() and not Path(scenario).is_file():
            text = shipped.read_text(encoding="utf-8")
            return _load(read(text, f"{scenario}.yaml"), scenario, Path())
        text = Path(scenario).read_text(encoding="utf-8")
    except OSError as error:
        what = f"{error.strerror}; `corenet scenario --list` names those that come with Corenet"
        raise SourceError((Problem(scenario, 1, 1, what),)) from None
    except UnicodeDecodeError as error:
        raise SourceError((Problem(scenario, 1, 1, f"not UTF-8 text: {error}"),)) from None
    path = Path(scenario)
    return _load(read(text, scenario), path.stem, path.parent)


def expectation(part: MessagePart) -> Expected:
    """Return what a file says of a message or an event."""
    return Expected(
        part.message or part.event or "",
        part.fields,
        is_event=part.event is not None,
        interface=part.on,
        source=part.of if part.event is not None else part.source,
        destination=part.to,
    )


def _load(source: Source, name: str, folder: Path) -> Scenario:
    part = validate(ScenarioPart, source)
    scenario = Scenario(name, part, build(_lab(source, part, folder)), source)
    problems = tuple(
        source.problem(place, text) for place, text in sorted(_problems(scenario), key=str)
    )
    if problems:
        raise SourceError(problems)
    return scenario


def _lab(source: Source, part: ScenarioPart, folder: Path) -> Source:
    lab = part.arrange.lab
    if isinstance(lab, str):
        try:
            if lab in shipped_labs():
                base = read((LABS / f"{lab}.yaml").read_text(encoding="utf-8"), f"{lab}.yaml")
            else:
                file = folder / lab
                base = read(file.read_text(encoding="utf-8"), str(file))
        except (OSError, UnicodeDecodeError) as error:
            text = f"{lab} cannot be read: {error}; labs that come along are "
            known = ", ".join(shipped_labs())
            raise SourceError((source.problem(("arrange", "lab"), text + known),)) from None
    else:
        base = part_of(source, ("arrange", "lab"))
    if not part.arrange.overrides:
        return base
    return overlaid(base, part_of(source, ("arrange", "overrides")))


_Found = Iterator[tuple[Place, str]]


def _problems(scenario: Scenario) -> _Found:
    """Find what only shows when the file is seen with its lab."""
    part = scenario.part
    for number, fault in enumerate(part.arrange.faults):
        yield from _fault_problems(("arrange", "faults", number), fault)
    for number, step in enumerate(part.act):
        yield from _step_problems(("act", number), step, scenario)
    expect = part.expect
    for what in ("ladder", "never", "count"):
        for number, message in enumerate(getattr(expect, what)):
            yield from _message_problems(("expect", what, number), message)
    for what, one, several in (
        ("activation", expect.activation, expect.activations),
        ("push", expect.push, expect.pushes),
    ):
        known = names_of(part, "activate" if what == "activation" else what)
        if one is not None and len(known) != 1:
            yield ("expect", what), f"there are {len(known)} of them: give them names"
        plural = f"{what}s" if what == "activation" else "pushes"
        for name in several:
            if name not in known:
                yield ("expect", plural, name), f"no step has that name; there are {known}"
    for what in ("screens", "terminals"):
        for number, of_one in enumerate(getattr(expect, what)):
            yield from _terminal_problems(("expect", what, number), of_one.terminal, scenario)
    for what in ("screen", "terminal"):
        if getattr(expect, what) is not None:
            yield from _terminal_problems(("expect", what), None, scenario)


def names_of(part: ScenarioPart, kind: str) -> list[str]:
    """Return the names of a scenario's activations or pushes: its own, or a number."""
    steps = [step for step in part.act if step.kind == kind]
    return [step.name or str(number) for number, step in enumerate(steps, 1)]


def _step_problems(place: Place, step: StepPart, scenario: Scenario) -> _Found:
    kind = step.kind
    value = getattr(step, kind)
    place = (*place, kind)
    if hasattr(value, "terminal") and not (kind == "datagram" and value.to):
        yield from _terminal_problems(place, value.terminal, scenario)
    model = scenario.lab.model
    if kind == "push" and (model.gateway is None or model.initiator is None):
        yield place, "the lab has no gateway, or no initiator"
    if kind == "restart" and value not in ({"ggsn": model.ggsn} | {**model.all_sgsns()}):
        yield place, f"the lab has no GGSN or SGSN {value}"
    if kind == "fault":
        yield from _fault_problems(place, value)
    if kind == "until":
        yield from _message_problems(place, value)
    if kind == "mobile":
        if value.verb not in BODIES:
            known = ", ".join(BODIES)
            yield (*place, "do"), f"a mobile has no verb {value.verb}; it has {known}"
        else:
            yield from _body_problems(place, BODIES[value.verb], value.body)
    if kind == "network":
        yield from _body_problems(place, _NETWORK_BODIES[value.operation], value.body)


def _body_problems(place: Place, model: type[BaseModel] | None, body: Any) -> _Found:
    if model is None:
        if body is not None:
            yield (*place, "with"), "this has nothing with it"
        return
    try:
        model.model_validate(body or {})
    except ValidationError as error:
        for entry in error.errors(include_url=False, include_context=False):
            what = ".".join(map(str, entry["loc"]))
            yield (*place, "with", *entry["loc"]), f"{what}: {entry['msg'].lower()}".strip(": ")


def _terminal_problems(place: Place, msisdn: str | None, scenario: Scenario) -> _Found:
    if msisdn is None and scenario.part.arrange.terminal is None:
        yield place, "which terminal? Name it here, or for all in arrange.terminal"
        return
    try:
        scenario.imsi_of(msisdn)
    except LookupError as error:
        own = msisdn is None
        yield (("arrange", "terminal") if own else (*place, "terminal")), str(error)


def _fault_problems(place: Place, fault: FaultPart) -> _Found:
    for kind in ("lose", "delay", "repeat", "answer"):
        part = getattr(fault, kind)
        if part is not None:
            yield from _message_problems((*place, kind), part)
    if fault.answer is not None:
        try:
            check_answer(fault)
        except AnswerError as error:
            yield (*place, "answer"), str(error)


def _message_problems(place: Place, part: MessagePart) -> _Found:
    try:
        if part.event is not None:
            check_event(part.event, part.fields)
        else:
            check_message(part.message or "", part.fields)
    except UnknownNameError as error:
        yield (*place, "message" if part.message is not None else "event"), str(error)
