"""The reference page of scenarios: the language from its model, every scenario from a run.

``python -m testbed.scenarios.reference > docs/reference/scenarios.md`` writes it anew.
"""

from __future__ import annotations

from typing import Final

from testbed.lab.reference import tables
from testbed.scenarios.loading import load_scenario, shipped_scenarios
from testbed.scenarios.model import ScenarioPart
from testbed.scenarios.picture import picture
from testbed.scenarios.virtual import perform_virtually

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
    lines.append("")
    for scenario in scenarios:
        report = perform_virtually(scenario, seed=1)
        summary = scenario.part.summary
        sentence = f"{summary[0].upper()}{summary[1:]}."
        lines += [f"## {scenario.name}", "", f"{sentence} ({', '.join(scenario.part.clauses)})", ""]
        lines += ["```text", *picture(report.ladder, report.began), "```", ""]
    return "\n".join(lines)


if __name__ == "__main__":
    print(page(), end="")
