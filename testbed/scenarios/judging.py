"""Whether what came of a scenario is what it expects, and what came instead."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeVar

from testbed.expectations.matching import every, in_order, instead
from testbed.expectations.seen import ABSENT, Seen
from testbed.expectations.values import agrees, text
from testbed.lab.wording import meant
from testbed.lab.yaml_source import Path as Place
from testbed.scenarios.loading import Scenario, expectation
from testbed.scenarios.model import CountPart, MessagePart
from testbed.scenarios.observation import Observation

T = TypeVar("T")

Values = Mapping[str, Any]
"""What is expected, by name."""

Failure = tuple[Place, str]
"""Where an expectation stands in its file, and what is wrong."""


def open_expectations(scenario: Scenario, observed: Observation) -> list[Failure]:
    """Return what is not so yet and may still come, each with what is so instead."""
    return [
        *_ladder(scenario, observed),
        *_activations(scenario, observed),
        *_pushes(scenario, observed),
        *_screens(scenario, observed),
        *_terminals(scenario, observed),
        *_counters(scenario, observed),
        *_counts(scenario, observed, too_few=True),
    ]


def failures(scenario: Scenario, observed: Observation) -> list[Failure]:
    """Return all that is not as it should be, now that all is over."""
    never = _never(scenario, observed)
    return [*open_expectations(scenario, observed), *_counts(scenario, observed), *never]


def _ladder(scenario: Scenario, observed: Observation) -> Iterator[Failure]:
    rungs = [
        (number, expectation(part))
        for number, part in enumerate(scenario.part.expect.ladder)
        for _ in range(part.times)
    ]
    found = in_order([expected for _, expected in rungs], observed.record)
    if found.missing is None:
        return
    number = rungs[len(found.positions)][0]
    start = found.positions[-1] + 1 if found.positions else 0
    lines = instead(found.missing, observed.record, start, since=observed.began)
    times = scenario.part.expect.ladder[number].times
    which = "" if times == 1 else f" {times} times"
    after = ""
    if found.positions:
        after = f" after {_at(observed.record[found.positions[-1]], observed)}"
    yield ("expect", "ladder", number), f"{found.missing}{which}{after}: {'; '.join(lines)}"


def _never(scenario: Scenario, observed: Observation) -> Iterator[Failure]:
    for number, part in enumerate(scenario.part.expect.never):
        expected = expectation(part)
        for position in every(expected, observed.record)[:1]:
            seen = _at(observed.record[position], observed)
            yield ("expect", "never", number), f"{expected} never: {seen} was seen"


def _counts(
    scenario: Scenario, observed: Observation, *, too_few: bool = False
) -> Iterator[Failure]:
    """Find what was not seen often enough, or, in the end, too often."""
    for number, part in enumerate(scenario.part.expect.count):
        count = _number(part, observed)
        if count < part.times if too_few else count > part.times:
            more = ""
            if count < part.times and count == 0:
                more = f": {'; '.join(_instead(part, observed))}"
            text = f"{expectation(part)} {part.times} times in all, not {count}{more}"
            yield ("expect", "count", number), text


def _number(part: CountPart, observed: Observation) -> int:
    found = [observed.record[place] for place in every(expectation(part), observed.record)]
    if part.repeats or part.event is not None:
        return len(found)
    distinct: list[tuple[object, ...]] = []
    for seen in found:
        what = (seen.source, seen.destination, seen.subject)
        if what not in distinct:
            distinct.append(what)
    return len(distinct)


def _instead(part: MessagePart, observed: Observation) -> list[str]:
    return instead(expectation(part), observed.record, since=observed.began)


def _activations(scenario: Scenario, observed: Observation) -> Iterator[Failure]:
    part = scenario.part.expect
    wanted = _wanted("activation", part.activations, part.activation)
    for place, values, requested in _named(wanted, observed.activations):
        if requested is None:
            yield place, "nothing was asked for"
        else:
            yield from _values(place, requested.view().model_dump(mode="json"), values)


def _pushes(scenario: Scenario, observed: Observation) -> Iterator[Failure]:
    part = scenario.part.expect
    wanted = _wanted("push", part.pushes, part.push)
    for place, values, course in _named(wanted, observed.pushes):
        if course is None:
            yield place, "nothing was pushed"
        else:
            for at, said in _values(place, course.view(), values):
                yield at, f"{said}{course.refusal and f' ({course.refusal})'}"


def _wanted(
    kind: str, by_name: Mapping[str, Values], only: Values | None
) -> Iterator[tuple[Place, str | None, Values]]:
    """Yield what is expected of each activation or push, with its name; the only one has None."""
    for name, values in by_name.items():
        yield ("expect", f"{kind}{'es' if kind == 'push' else 's'}", name), name, values
    if only is not None:
        yield ("expect", kind), None, only


def _named(
    wanted: Iterable[tuple[Place, str | None, Values]], there: Mapping[str, T]
) -> Iterator[tuple[Place, Values, T | None]]:
    """Yield what is expected with what it is expected of, None where there is no such thing."""
    first = next(iter(there), "")
    for place, name, values in wanted:
        yield place, values, there.get(name or first)


def _screens(scenario: Scenario, observed: Observation) -> Iterator[Failure]:
    part = scenario.part.expect
    wanted: list[tuple[Place, str | None, tuple[Any, ...]]] = [
        (("expect", "screens", number, "shows"), one.terminal, one.shows)
        for number, one in enumerate(part.screens)
    ]
    if part.screen is not None:
        wanted.append((("expect", "screen"), None, part.screen))
    for place, msisdn, shows in wanted:
        mobile = observed.control.terminal(scenario.imsi_of(msisdn)).mobile
        shown = [item["text"] for item in mobile.shown] if mobile is not None else []
        if not agrees(shows, shown):
            yield place, f"the screen shows {_quoted(shown)}, not {_quoted(shows)}"


def _terminals(scenario: Scenario, observed: Observation) -> Iterator[Failure]:
    part = scenario.part.expect
    wanted: list[tuple[Place, str | None, Values]] = [
        (("expect", "terminals", number, "has"), one.terminal, one.has)
        for number, one in enumerate(part.terminals)
    ]
    if part.terminal is not None:
        wanted.append((("expect", "terminal"), None, part.terminal))
    for place, msisdn, values in wanted:
        terminal = observed.control.terminal(scenario.imsi_of(msisdn))
        yield from _values(place, terminal.model_dump(mode="json"), values)


def _counters(scenario: Scenario, observed: Observation) -> Iterator[Failure]:
    for node, values in scenario.part.expect.counters.items():
        grown = observed.grown(node)
        if grown is None:
            known = ", ".join(observed.control.counters())
            yield ("expect", "counters", node), f"no {node} counts anything; these do: {known}"
        else:
            yield from _values(("expect", "counters", node), grown, values)


def _values(place: Place, has: Values, wanted: Values) -> Iterator[Failure]:
    for path, value in wanted.items():
        found = has[path] if path in has else Seen(0.0, "", has).look_up(path)
        if found is ABSENT:
            yield (*place, path), f"there is no {path} here{meant(path, has)}"
        elif not agrees(value, found):
            yield (*place, path), f"{path} is {_shown(found)}, not {_shown(value)}"


def _shown(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {_shown(inner)}" for key, inner in value.items())
    return str(value).lower() if isinstance(value, bool) else text(value)


def _quoted(texts: Any) -> str:
    return ", ".join(f"“{one}”" for one in texts) or "nothing"


def _at(seen: Seen, observed: Observation) -> str:
    return f"{seen} at {(seen.time - observed.began) * 1000:.1f} ms"
