"""What scenarios came to, for people and for machines: lines, TAP and JUnit XML."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from collections.abc import Sequence

from testbed.lab.ladder import text
from testbed.scenarios.performance import Report


def way(report: Report) -> str:
    """Return what a report's scenario ran on."""
    return "sockets" if report.on_sockets else "virtual"


def failure_text(report: Report) -> str:
    """Say what was not as it should be, and show what passed."""
    lines = [str(problem) for problem in report.problems]
    lines += ["", f"What passed ({way(report)}, seed {report.seed}):"]
    lines += ladder_lines(report) or ["  nothing"]
    return "\n".join(lines)


def ladder_lines(report: Report) -> list[str]:
    """Return the ladder as text, a line for each rung."""
    return [text(rung, report.began) for rung in report.ladder]


def result_line(report: Report, *, width: int = 0) -> str:
    """Return one line for people."""
    verdict = "passed" if report.passed else "FAILED"
    name = f"{report.scenario.name:<{width}}"
    return f"{verdict}  {name}  {way(report)}  {report.seconds:8.3f} s"


def tap(reports: Sequence[Report]) -> str:
    """Return the reports in TAP version 14."""
    lines = ["TAP version 14", f"1..{len(reports)}"]
    for number, report in enumerate(reports, 1):
        verdict = "ok" if report.passed else "not ok"
        lines.append(f"{verdict} {number} - {report.scenario.name} ({way(report)})")
        lines += ["  ---", f"  duration_ms: {report.seconds * 1000:.3f}", f"  seed: {report.seed}"]
        if not report.passed:
            lines.append("  message: |")
            lines += [f"    {line}".rstrip() for line in failure_text(report).splitlines()]
        lines.append("  ...")
    return "\n".join(lines) + "\n"


def junit(reports: Sequence[Report]) -> str:
    """Return the reports as JUnit XML: a suite for each way of running."""
    suites = ElementTree.Element("testsuites")
    for kind in dict.fromkeys(map(way, reports)):
        of_kind = [report for report in reports if way(report) == kind]
        suite = ElementTree.SubElement(
            suites,
            "testsuite",
            name=f"scenarios ({kind})",
            tests=str(len(of_kind)),
            failures=str(sum(not report.passed for report in of_kind)),
            time=f"{sum(report.seconds for report in of_kind):.3f}",
        )
        for report in of_kind:
            _case(suite, report)
    ElementTree.indent(suites)
    body = ElementTree.tostring(suites, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{body}\n'


def _case(suite: ElementTree.Element, report: Report) -> None:
    case = ElementTree.SubElement(
        suite,
        "testcase",
        classname=f"scenarios.{way(report)}",
        name=report.scenario.name,
        file=report.scenario.source.file,
        time=f"{report.seconds:.3f}",
    )
    properties = ElementTree.SubElement(case, "properties")
    ElementTree.SubElement(properties, "property", name="seed", value=str(report.seed))
    if not report.passed:
        failure = ElementTree.SubElement(case, "failure", message=str(report.problems[0]))
        failure.text = _printable(failure_text(report))


def _printable(words: str) -> str:
    """Leave out what XML cannot hold."""
    return "".join(c for c in words if c in "\n\t" or c.isprintable())
