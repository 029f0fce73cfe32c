"""``corenet scenario``: run scenarios, and say what came of them."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TextIO

from testbed.lab.capture_file import capture_stream
from testbed.lab.logs import log_to
from testbed.lab.reactor_run import run_in_reactor
from testbed.lab.yaml_source import SourceError
from testbed.scenarios.loading import Scenario, load_scenario, shipped_scenarios
from testbed.scenarios.performance import Report
from testbed.scenarios.reports import failure_text, junit, ladder_lines, result_line, tap
from testbed.scenarios.sockets import perform_on_sockets
from testbed.scenarios.virtual import perform_virtually

PASSED, FAILED, NOT_A_SCENARIO = 0, 1, 2


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = (
        "A FILE is a scenario's file, or the name of one that comes with Corenet; without any,\n"
        "all of those are run. Exit status: 0 all passed, 1 one did not, 2 a file is no scenario.\n"
        "docs/reference/scenarios.md has the language, and every scenario with its ladder."
    )
    parser.add_argument("scenarios", nargs="*", metavar="FILE", help="what to run")
    parser.add_argument(
        "--virtual", action="store_true", help="in virtual time, which is what is done by default"
    )
    parser.add_argument(
        "--sockets", action="store_true", help="on real sockets; with --virtual, both ways"
    )
    parser.add_argument("--list", action="store_true", help="say what scenarios there are, and end")
    parser.add_argument("--seed", type=int, default=1, help="of all chance (default: 1)")
    parser.add_argument("--ladder", action="store_true", help="show what passed, always")
    parser.add_argument("--tap", action="store_true", help="print TAP instead of lines for people")
    parser.add_argument("--junit", metavar="FILE", help="write JUnit XML too")
    parser.add_argument(
        "--pcap", metavar="FILE", help="capture everything that passes, of one scenario on sockets"
    )
    parser.add_argument("--verbose", action="store_true", help="log to standard error")


def run(options: argparse.Namespace) -> int:
    """Run the scenarios; status 0 if all went as they should."""
    log_to(sys.stderr if options.verbose else None)
    try:
        scenarios = [load_scenario(name) for name in options.scenarios or shipped_scenarios()]
    except SourceError as error:
        print(error, file=sys.stderr)
        return NOT_A_SCENARIO
    if options.list:
        width = max((len(scenario.name) for scenario in scenarios), default=0)
        for scenario in scenarios:
            print(f"{scenario.name:<{width}}  {scenario.part.summary}")
        return PASSED
    on_sockets = options.sockets or options.pcap is not None
    if options.pcap is not None and len(scenarios) != 1:
        print("corenet scenario: --pcap is for one scenario", file=sys.stderr)
        return NOT_A_SCENARIO
    telling = _Telling(options, scenarios)
    if options.virtual or not on_sockets:
        for scenario in scenarios:
            telling.tell(perform_virtually(scenario, seed=options.seed))
    if on_sockets:
        with capture_stream(options.pcap) as stream:

            async def work(reactor: Any) -> int:
                for scenario in scenarios:
                    telling.tell(
                        await perform_on_sockets(
                            reactor, scenario, seed=options.seed, capture=stream
                        )
                    )
                return PASSED

            interrupted = run_in_reactor(work)
            if interrupted:
                return interrupted
    return telling.end()


class _Telling:
    """Says what came of each scenario as it ends, and of all in the end."""

    def __init__(self, options: argparse.Namespace, scenarios: Sequence[Scenario]) -> None:
        self._options = options
        self._width = max((len(scenario.name) for scenario in scenarios), default=0)
        self._reports: list[Report] = []
        # What goes to standard output besides a capture on it would spoil the capture.
        self._out: TextIO = sys.stderr if options.pcap == "-" else sys.stdout

    def tell(self, report: Report) -> None:
        """Say what came of one."""
        self._reports.append(report)
        if self._options.tap:
            return
        print(result_line(report, width=self._width), file=self._out, flush=True)
        if not report.passed:
            print(_indented(failure_text(report).splitlines()), file=self._out)
        elif self._options.ladder:
            print(_indented(ladder_lines(report)), file=self._out)

    def end(self) -> int:
        """Say what came of all, and return the exit status."""
        reports = self._reports
        failed = sum(not report.passed for report in reports)
        if self._options.tap:
            print(tap(reports), end="", file=self._out)
        else:
            print(f"{len(reports) - failed} passed, {failed} failed", file=self._out)
        if self._options.junit is not None:
            Path(self._options.junit).write_text(junit(reports), encoding="utf-8")
        return FAILED if failed else PASSED


def _indented(lines: Sequence[str]) -> str:
    return "\n".join(f"  {line}".rstrip() for line in lines)
