"""The reference page of scenarios: the language from its model, every scenario from a run.

``python -m testbed.scenarios.reference > docs/reference/scenarios.md`` writes it anew.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from corenet.interfaces.activation import Step
from testbed.lab.reference import tables
from testbed.scenarios.loading import Scenario, load_scenario, shipped_scenarios
from testbed.scenarios.model import ScenarioPart
from testbed.scenarios.picture import picture
from testbed.scenarios.virtual import perform_virtually

_PROCEDURE: Final = "23.060 §9.2.2.2"
_STEPS: Final = {
    Step.ACCEPTANCE: "not begun",
    Step.ROUTEING_INFORMATION: "ends with what the HLR says",
    Step.PDU_NOTIFICATION: "ends with what the SGSN says",
    Step.MS_ACTIVATION: "ends with what the mobile does",
    Step.CREATE_PDP_CONTEXT: "ends with the Create PDP Context Request",
    Step.ACTIVE: "the context is there",
}
"""What comes of a network-requested activation."""

TITLES: Final = {
    "23.060 §6.6.1": "detach by the mobile",
    "23.060 §6.9.1.2.2": "routing area update to another SGSN",
    "23.060 §9.2.2.1": "activation by the mobile",
    _PROCEDURE: "network-requested activation",
    "23.060 §9.2.2.3": "protection and mobile user activity: not reachable until the HLR says so",
    "24.008 §4.7.9.1": "paging",
    "24.008 §6.1.3.1.2": "activation that the network requests and that succeeds",
    "24.008 §6.1.3.1.3": "activation of the mobile that does not succeed",
    "24.008 §6.1.3.1.4": "activation that the network requests and that the mobile rejects",
    "24.008 §6.1.3.1.5": "abnormal cases: nobody answers, requests cross",
    "24.008 §8.5": "mandatory elements that are missing",
    "29.060 §7.3.2": "Create PDP Context Response",
    "29.060 §7.3.3": "Update PDP Context Request",
    "29.060 §7.3.4": "Update PDP Context Response",
    "29.060 §7.3.5": "Delete PDP Context Request",
    "29.060 §7.3.8": "PDU Notification Request",
    "29.060 §7.3.9": "PDU Notification Response",
    "29.060 §7.3.10": "PDU Notification Reject Request",
    "29.060 §7.3.11": "PDU Notification Reject Response",
    "29.060 §7.4.2": "Send Routeing Information for GPRS Response",
    "29.060 §7.4.3": "Failure Report Request",
    "29.060 §7.4.5": "Note MS GPRS Present Request",
    "29.060 §7.6": "messages that are lost",
    "29.061 §11.2.1.3": "IPv6 addresses",
    "23.007 §5": "restart of the HLR",
    "23.007 §10": "restart of an SGSN",
    "23.007 §11.2": "restart of a GGSN",
    "23.007 §18": "restart of a GTP node",
    "29.281 §7.3.1": "Error Indication",
}
"""What the clauses are about that scenarios show, in the order of the page."""

_STEP: Final = re.compile(rf'"(?:outcome\.)?(?:step|outcome)":"({"|".join(Step)})"')

_HEAD: Final = """\
# Scenarios

Written from `testbed/scenarios/model.py` and `testbed/labs/scenarios` by
`python -m testbed.scenarios.reference`; do not edit.

A scenario is a YAML file: what is arranged (a lab, and what is otherwise in it), what is done step
by step, and what should come of it. `corenet scenario FILE…` runs it in virtual time, with
`--sockets` on real sockets, with both options both ways: the same file, the same expectations.
Without a file it runs all that come with Corenet, which are [below](#the-catalogue). `--list` names
them, `--ladder` shows what passed, `--junit FILE` and `--tap` are for machines. The exit status is
0 where all went as they should, 1 where one did not, 2 where a file is no scenario. What is wrong
with a file, and what did not come true, is said with file, line and column, and with what there is
or was instead. [A guide](../howto/write-scenarios.md) writes one.

## Values

What is expected of an information element or a field (`with`, `has`, `activation` …) is by its
name, with dots into what it has (`outcome.cause.number`). The value can be

- a number, `true` or `false`, or text; causes and other fixed values can be given as a number or in
  words, whatever the capitals, spaces and hyphens; in text `*` stands for anything;
- `null`: it is absent;
- `{min: 1, max: 2}`: within bounds; other mappings are what the value's own fields are;
- a list: as many values, each as said.

Names of messages are those of ladders; events are those of the nodes, by the names of their
classes. In `ladder` messages are in order among messages and events among events; a message and an
event of one second may come in either order.

# The language
"""


def page() -> str:
    """Return the page, in Markdown."""
    lines = [_HEAD, *tables(ScenarioPart, level=2)]
    scenarios = [load_scenario(name) for name in shipped_scenarios()]
    lines += ["# The catalogue", "", "| Scenario | Shows | Clauses |", "|---|---|---|"]
    for scenario in scenarios:
        clauses = ", ".join(scenario.part.clauses)
        lines.append(
            f"| [`{scenario.name}`](#{scenario.name}) | {scenario.part.summary} | {clauses} |"
        )
    lines += ["", "## By clause", "", "| Clause | About | Scenarios |", "|---|---|---|"]
    for clause, title in TITLES.items():
        showing = [one for one in scenarios if clause in one.part.clauses]
        for about, some in _by_step(showing) if clause == _PROCEDURE else [("", showing)]:
            named = ", ".join(f"[`{one.name}`](#{one.name})" for one in some)
            lines.append(f"| {clause} | {title}{about} | {named} |")
    lines.append("")
    for scenario in scenarios:
        report = perform_virtually(scenario, seed=1)
        summary = scenario.part.summary
        sentence = f"{summary[0].upper()}{summary[1:]}."
        lines += [f"## {scenario.name}", "", f"{sentence} ({', '.join(scenario.part.clauses)})", ""]
        lines += ["```text", *picture(report.ladder, report.began), "```", ""]
    return "\n".join(lines)


def _by_step(scenarios: Iterable[Scenario]) -> list[tuple[str, list[Scenario]]]:
    """Return scenarios by what they expect to become of an activation; one may expect several."""
    expected: dict[Step | None, list[Scenario]] = {step: [] for step in (*_STEPS, None)}
    for one in scenarios:
        named = _STEP.findall(one.part.expect.model_dump_json())
        steps: set[Step | None] = {Step(step) for step in named}
        for step in steps or {None}:
            expected[step].append(one)
    told = [(f": {about}", expected[step]) for step, about in _STEPS.items()]
    return [*told, (", and what its callers see", expected[None])]


if __name__ == "__main__":
    print(page(), end="")
