"""``corenet demo``: run a scenario, show its ladder, and say how it ended."""

from __future__ import annotations

import argparse
import json
import os
import sys
from typing import Any, Final, TextIO

from corenet.capture.capture import Sink
from testbed.lab.capture_file import capture_stream
from testbed.lab.ladder import Ladder, Rung, text
from testbed.lab.logs import log_to
from testbed.lab.reactor_run import run_in_reactor
from testbed.lab.running import RunningLab
from testbed.scenarios.course import Course, course_of
from testbed.scenarios.loading import Scenario, load_scenario, shipped_scenarios, summary_of
from testbed.scenarios.sockets import perform_on_sockets

TOGETHER = 0.02
"""Seconds in which what happens is put in order before it is printed."""
SHOWN_FIRST: Final = (
    "offline",
    "online",
    "ms-rejects",
    "ms-silent",
    "not-attached",
    "unknown-subscriber",
    "confirmed",
    "client-refuses",
    "standby-paging",
    "paging-unanswered",
    "moving",
    "gi-trigger",
    "sms-fallback",
    "sms-partial-loss",
)
"""The scenarios to begin with; the first one is the default."""
_USUAL_LIFETIME: Final = 12.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    lines = "\n".join(f"  {name:<20}{summary_of(name)}" for name in SHOWN_FIRST)
    parser.epilog = f"scenarios to begin with (`corenet scenario --list` has all):\n{lines}"
    parser.add_argument(
        "--scenario", choices=shipped_scenarios(), default=SHOWN_FIRST[0], metavar="NAME"
    )
    parser.add_argument(
        "--pcap", metavar="FILE", help="capture everything that passes; - is standard output"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON document instead")
    parser.add_argument("--verbose", action="store_true", help="log to standard error too")


def run(options: argparse.Namespace) -> int:
    """Run the scenario; status 0 if it ended as it should."""
    scenario = load_scenario(options.scenario)
    log_to(sys.stderr if options.verbose else None)
    try:
        with capture_stream(options.pcap) as stream:

            async def work(reactor: Any) -> int:
                return await _demo(reactor, options, scenario, stream)

            return run_in_reactor(work)
    except OSError as error:
        print(f"corenet demo: {error}", file=sys.stderr)
        return 1


async def _demo(
    reactor: Any, options: argparse.Namespace, scenario: Scenario, stream: Sink | None
) -> int:
    # What goes to standard output besides a capture on it would spoil the capture.
    out = sys.stderr if options.pcap == "-" else sys.stdout
    ladder = _PrintedLadder(reactor, out)

    def begun(running: RunningLab, time: float) -> None:
        if not options.json:
            ladder.begin(running, time)

    if not options.json:
        _say_what_comes(scenario, out)
    report = await perform_on_sockets(
        reactor, scenario, seed=1, capture=stream, begun=begun, ended=ladder.end
    )
    if report.observed is None:
        print(f"corenet demo: {report.problems[0].text}", file=sys.stderr)
        return 1
    course = course_of(report)
    capture = options.pcap if options.pcap != "-" else None
    if options.json:
        print(json.dumps(course.plain(capture), indent=2), file=out)
    else:
        _summarise(course, capture, out)
    return 0 if report.passed else 1


def _say_what_comes(scenario: Scenario, out: TextIO) -> None:
    print(f"Scenario {scenario.name}: {scenario.part.summary}.", file=out)
    lifetimes = [step.push.lifetime for step in scenario.part.act if step.push is not None]
    if lifetimes and lifetimes[0] < _USUAL_LIFETIME:
        print(
            "The demo lab's timers are short, so that this ends soon: T3385 is 1 s instead of\n"
            "8 s, the guard time 8 s instead of 60 s, and the push may take "
            f"{lifetimes[0]:g} s instead of a day.",
            file=out,
        )
    print(file=out, flush=True)


class _PrintedLadder:
    """Prints rungs a moment after they happened, so that they can be put in order."""

    def __init__(self, reactor: Any, out: TextIO) -> None:
        self._reactor = reactor
        self._out = out
        self._colour = out.isatty() and "NO_COLOR" not in os.environ
        self._since = 0.0
        self._waiting: list[Rung] = []
        self._ended = False

    def begin(self, running: RunningLab, since: float) -> None:
        """Print what passes from now on, in milliseconds after ``since``."""
        self._since = since
        part = running.lab.model.initiator
        ladder = Ladder(self._show, {part.address: "initiator"} if part is not None else None)
        running.runtime.on_passed(ladder.passed)
        running.runtime.on_event(ladder.happened)

    def end(self) -> None:
        """Print what waits, and nothing after it."""
        self._flush()
        self._ended = True

    def _show(self, rung: Rung) -> None:
        if not self._ended:
            if not self._waiting:
                self._reactor.callLater(TOGETHER, self._flush)
            self._waiting.append(rung)

    def _flush(self) -> None:
        waiting, self._waiting = self._waiting, []
        for rung in sorted(waiting, key=lambda rung: rung.time):
            print(text(rung, self._since, colour=self._colour), file=self._out, flush=True)


def _summarise(course: Course, capture: str | None, out: TextIO) -> None:
    over = f" over IP, to {course.address}" if course.address else ""
    if course.transaction is not None:
        segments, sent = course.transaction.segments, course.transaction.attempts
        over = f" by SMS, in {segments} short messages ({sent} sent)"
    print(file=out)
    if course.shown is not None:
        print(f"Delivered{over}: the mobile shows “{course.shown}”.", file=out)
    else:
        print("Not delivered.", file=out)
    if course.cause is not None and course.activation is not None:
        said = f", SM cause {course.mobile_cause}" if course.mobile_cause else ""
        step = course.activation.step.value
        print(f"The activation ended in {step}: {course.cause}{said}.", file=out)
    if course.push_id is not None:
        print(
            f"The initiator was told: {course.final_state} "
            f"({course.final_code} {course.final_text}).",
            file=out,
        )
    for name, seconds in course.durations():
        print(f"  {seconds * 1000:8.1f} ms  {name}", file=out)
    if capture:
        print(f"Captured in {capture}; `wireshark {capture}` shows it.", file=out)
    if not course.report.passed:
        print(f"This is NOT how scenario {course.report.scenario.name} should end:", file=out)
        for problem in course.report.problems:
            print(f"  {problem}", file=out)
