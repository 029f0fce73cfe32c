"""Scenario files read, and found to make sense: names, numbers, verbs, and the lab itself."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ValidationError

from corenet.control.model import Activation
from corenet.control.operations import OPERATIONS
from testbed.codecs.pap import MessageState
from testbed.expectations.expected import Expected
from testbed.expectations.known import UnknownNameError, check_event, check_message
from testbed.expectations.values import agrees
from testbed.lab.build import LABS, LoadedLab, build, shipped_labs
from testbed.lab.model import Lab
from testbed.lab.wording import meant, wrong
from testbed.lab.yaml_source import Path as Place
from testbed.lab.yaml_source import Problem, Source, SourceError, read, validate
from testbed.scenarios.faults import AnswerError, check_answer
from testbed.scenarios.model import FaultPart, MessagePart, ScenarioPart, StepPart
from testbed.scenarios.observation import PushCourse
from testbed.scenarios.overrides import overlaid, part_of

SCENARIOS: Final = files("testbed") / "labs" / "scenarios"
"""The scenarios that come with the distribution."""

BODIES: Final[Mapping[str, type[BaseModel] | None]] = {
    operation.path.rsplit("/", 1)[1]: operation.body
    for operation in OPERATIONS
    if operation.path.startswith("/v1/mobiles/{imsi}/")
}
"""What each verb for mobiles takes."""
_NODES: Final = frozenset(
    {"ggsn", "sgsn", "hlr", "mobiles", "gateway", "gateway esme", "smsc", "initiator", "control"}
)
_FIELDS: Final[Mapping[str, Mapping[str, Sequence[str]]]] = {
    "activation": dict.fromkeys(Activation.model_fields, ())
    | {"outcome": ("running", "active", "failed")},
    "push": dict.fromkeys(PushCourse("", "").view(), ())
    | {"state": [state.value for state in MessageState]},
}
"""What expectations can be about, with the values that there are, where they are few."""
_NETWORK_BODIES: Final = {operation.name: operation.body for operation in OPERATIONS}


@dataclass(frozen=True, slots=True)
class Scenario:
    """A scenario that can be run."""

    name: str
    part: ScenarioPart
    lab: LoadedLab
    source: Source

    @property
    def node_names(self) -> frozenset[str]:
        """What expectations and faults may call the nodes of the lab."""
        model = self.lab.model
        return frozenset(model.all_sgsns()) | _NODES

    def imsi_of(self, msisdn: str | None) -> str:
        """Return the IMSI of a terminal, or of the scenario's own."""
        number = int(msisdn or self.part.arrange.terminal or 0)
        for part in self.lab.model.subscribers:
            index = number - int(part.msisdn)
            if 0 <= index < part.count:
                return str(int(part.imsi) + index).zfill(len(part.imsi))
        known = [part.msisdn for part in self.lab.model.subscribers]
        raise LookupError(f"the lab has no subscriber {number}{meant(number, known)}")

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
        yield from _fault_problems(("arrange", "faults", number), fault, scenario)
    for number, step in enumerate(part.act):
        yield from _step_problems(("act", number), step, scenario)
    expect = part.expect
    for what in ("ladder", "never", "count"):
        for number, message in enumerate(getattr(expect, what)):
            yield from _message_problems(("expect", what, number), message, scenario)
    for what, one, several in (
        ("activation", expect.activation, expect.activations),
        ("push", expect.push, expect.pushes),
    ):
        known = names_of(part, "activate" if what == "activation" else what)
        if one is not None:
            yield from _value_problems(("expect", what), one, what)
            if len(known) != 1:
                yield ("expect", what), f"there are {len(known)} of them: give them names"
        plural = f"{what}s" if what == "activation" else "pushes"
        for name, values in several.items():
            yield from _value_problems(("expect", plural, name), values, what)
            if name not in known:
                yield ("expect", plural, name), f"no step has that name{meant(name, known)}"
    for what in ("screens", "terminals"):
        for number, of_one in enumerate(getattr(expect, what)):
            yield from _terminal_problems(("expect", what, number), of_one.terminal, scenario)
    for what in ("screen", "terminal"):
        if getattr(expect, what) is not None:
            yield from _terminal_problems(("expect", what), None, scenario)


def _value_problems(place: Place, values: Mapping[str, Any], what: str) -> _Found:
    """Find fields that activations or pushes do not have, and values that they never have."""
    fields = _FIELDS[what]
    for path, value in values.items():
        name = path.split(".")[0]
        possible = fields.get(name)
        if possible is None:
            yield (*place, path), f"there is no {name} here{meant(name, fields)}"
        elif (
            possible and isinstance(value, str) and not any(agrees(value, one) for one in possible)
        ):
            yield (*place, path), f"{name} is never {value}{meant(value, possible)}"


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
    if kind == "restart" and value not in (known := _that_restart(model)):
        yield place, f"the lab has no GGSN, SGSN or HLR {value}{meant(value, known)}"
    if kind == "fault":
        yield from _fault_problems(place, value, scenario)
    if kind == "until":
        yield from _message_problems(place, value, scenario)
    if kind == "mobile":
        if value.verb not in BODIES:
            yield (*place, "do"), f"a mobile has no verb {value.verb}{meant(value.verb, BODIES)}"
        else:
            yield from _body_problems(place, BODIES[value.verb], value.body)
    if kind == "network":
        yield from _body_problems(place, _NETWORK_BODIES[value.operation], value.body)


def _that_restart(model: Lab) -> list[str]:
    own = {"ggsn": model.ggsn, "hlr": model.hlr}
    return [*(name for name, part in own.items() if part is not None), *model.all_sgsns()]


def _body_problems(place: Place, model: type[BaseModel] | None, body: Any) -> _Found:
    if model is None:
        if body is not None:
            yield (*place, "with"), "this has nothing with it"
        return
    try:
        model.model_validate(body or {})
    except ValidationError as error:
        for inside, text in wrong(error, model):
            yield (*place, "with", *inside), text.removeprefix("the document: ")


def _terminal_problems(place: Place, msisdn: str | None, scenario: Scenario) -> _Found:
    if msisdn is None and scenario.part.arrange.terminal is None:
        yield place, "which terminal? Name it here, or for all in arrange.terminal"
        return
    try:
        scenario.imsi_of(msisdn)
    except LookupError as error:
        own = msisdn is None
        yield (("arrange", "terminal") if own else (*place, "terminal")), str(error)


def _misspelt(name: str, names: Collection[str]) -> str:
    """Return what may be meant by a name that no node has; one like no other may be a host's."""
    question = "" if name in names else meant(name, sorted(names))
    return question if question.endswith("?") else ""


def _fault_problems(place: Place, fault: FaultPart, scenario: Scenario) -> _Found:
    names = scenario.node_names
    for number, name in enumerate(fault.cut or ()):
        if question := _misspelt(name, names):
            yield (*place, "cut", number), f"the lab has no node {name}{question}"
    for kind in ("lose", "delay", "repeat", "answer"):
        part = getattr(fault, kind)
        if part is not None:
            yield from _message_problems((*place, kind), part, scenario)
    if fault.answer is not None:
        try:
            check_answer(fault)
        except AnswerError as error:
            yield (*place, "answer"), str(error)


def _message_problems(place: Place, part: MessagePart, scenario: Scenario) -> _Found:
    names = scenario.node_names
    for key, name in (("from", part.source), ("to", part.to), ("of", part.of)):
        if name is not None and (question := _misspelt(name, names)):
            yield (*place, key), f"the lab has no node {name}{question}"
    try:
        if part.event is not None:
            check_event(part.event, part.fields)
        else:
            check_message(part.message or "", part.fields)
    except UnknownNameError as error:
        yield (*place, "message" if part.message is not None else "event"), str(error)
