"""``corenet demo``: run a scenario, show its ladder, and say how it ended."""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path
from random import Random
from typing import Any, TextIO

from twisted.internet.error import CannotListenError

from corenet.adapters.udp import CannotBindError
from corenet.capture.capture import Sink
from testbed.adapters.initiator import SubmissionError
from testbed.lab.build import load
from testbed.lab.capture_file import capture_stream
from testbed.lab.ladder import Ladder, Rung, text
from testbed.lab.logs import log_to
from testbed.lab.performance import LabNotReadyError, Performance, perform
from testbed.lab.reactor_run import run_in_reactor
from testbed.lab.running import RunningLab
from testbed.lab.scenarios import DEFAULT_LIFETIME, SCENARIOS, Scenario, Trigger
from testbed.lab.state import LabState

TOGETHER = 0.02
"""Seconds in which what happens is put in order before it is printed."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = "scenarios:\n" + "\n".join(
        f"  {scenario.name:<20}{scenario.summary}" for scenario in SCENARIOS.values()
    )
    parser.add_argument(
        "--scenario", choices=tuple(SCENARIOS), default=next(iter(SCENARIOS)), metavar="NAME"
    )
    parser.add_argument(
        "--pcap", metavar="FILE", help="capture everything that passes; - is standard output"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON document instead")
    parser.add_argument("--verbose", action="store_true", help="log to standard error too")


def run(options: argparse.Namespace) -> int:
    """Run the scenario; status 0 if it ended as it should."""
    scenario = SCENARIOS[options.scenario]
    log_to(sys.stderr if options.verbose else None)
    try:
        with capture_stream(options.pcap) as stream, tempfile.TemporaryDirectory() as folder:
            state = LabState(Path(folder))

            async def work(reactor: Any) -> int:
                return await _demo(reactor, options, scenario, state, stream)

            return run_in_reactor(work)
    except (
        CannotBindError,
        CannotListenError,
        LabNotReadyError,
        SubmissionError,
        OSError,
    ) as error:
        print(f"corenet demo: {error}", file=sys.stderr)
        return 1


async def _demo(
    reactor: Any,
    options: argparse.Namespace,
    scenario: Scenario,
    state: LabState,
    stream: Sink | None,
) -> int:
    lab = load(scenario.lab)
    running = RunningLab(reactor, lab, state=state, random=Random(), capture=stream)
    # What goes to standard output besides a capture on it would spoil the capture.
    out = sys.stderr if options.pcap == "-" else sys.stdout
    ladder = _PrintedLadder(reactor, out)
    if not options.json:
        _say_what_comes(scenario, out)
    try:
        await running.start()

        def begun(time: float) -> None:
            if not options.json:
                ladder.begin(running, time)

        performance = await perform(reactor, running, scenario, begun)
        ladder.end()
    finally:
        await running.stop()
    capture = options.pcap if options.pcap != "-" else None
    if options.json:
        print(json.dumps(performance.plain(capture), indent=2), file=out)
    else:
        _summarise(performance, capture, out)
    return 0 if performance.as_expected() else 1


def _say_what_comes(scenario: Scenario, out: TextIO) -> None:
    print(f"Scenario {scenario.name}: {scenario.summary}.", file=out)
    if scenario.lifetime < DEFAULT_LIFETIME:
        print(
            "The demo lab's timers are short, so that this ends soon: T3385 is 1 s instead of\n"
            "8 s, the guard time 8 s instead of 60 s, and the push may take "
            f"{scenario.lifetime:g} s instead of a day.",
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


def _summarise(performance: Performance, capture: str | None, out: TextIO) -> None:
    scenario = performance.scenario
    over = f" over IP, to {performance.address}" if performance.address else ""
    if performance.transaction is not None:
        segments, sent = performance.transaction.segments, performance.transaction.attempts
        over = f" by SMS, in {segments} short messages ({sent} sent)"
    print(file=out)
    if performance.shown is not None:
        print(f"Delivered{over}: the mobile shows “{performance.shown}”.", file=out)
    else:
        print("Not delivered.", file=out)
    if performance.cause is not None and performance.activation is not None:
        said = f", SM cause {performance.mobile_cause}" if performance.mobile_cause else ""
        step = performance.activation.step.value
        print(f"The activation ended in {step}: {performance.cause}{said}.", file=out)
    if scenario.trigger is Trigger.PAP:
        print(
            f"The initiator was told: {performance.final_state} "
            f"({performance.final_code} {performance.final_text}).",
            file=out,
        )
    for name, seconds in performance.durations():
        print(f"  {seconds * 1000:8.1f} ms  {name}", file=out)
    if capture:
        print(f"Captured in {capture}; `wireshark {capture}` shows it.", file=out)
    if not performance.as_expected():
        print(f"This is NOT how scenario {scenario.name} should end.", file=out)
