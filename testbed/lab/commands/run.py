"""``corenet run``: run a lab until Ctrl-C."""

from __future__ import annotations

import argparse
import gc
import os
import sys
import time
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from random import Random
from typing import Any

import structlog
from twisted.internet.defer import Deferred
from twisted.internet.error import CannotListenError

from corenet.adapters.sqlite_file import StoreError
from corenet.adapters.udp import CannotBindError
from corenet.capture.ring import RingLimits
from corenet.capture.streams import PIPE
from testbed.lab.build import LoadedLab, load, shipped_labs
from testbed.lab.capture_file import capture_stream
from testbed.lab.logs import log_events, log_to, log_what_matters
from testbed.lab.reactor_run import run_in_reactor
from testbed.lab.register import RegisteredLab, registered
from testbed.lab.running import RunningLab
from testbed.lab.state import LabState

_log = structlog.get_logger("lab")

OBJECTS_UNTIL_COLLECTION = 50_000
"""Objects that are made and kept until Python looks for cycles among them.

What a push or a packet needs is in no cycle, and is freed without a look; Python's own 700 would
spend a tenth of the time of a busy gateway on looks that find nothing.
"""
LOOKS_AT_NEW_ONES = 200
"""Looks at what is new until one at what is old too.

A hundred thousand PDP contexts are half a million objects: to look at all of them would keep
everybody waiting for a quarter of a second.
"""
SETTLE_TIME = 60.0
"""Seconds after which a lab whose mobiles have not all attached is announced all the same."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    known = ", ".join(shipped_labs())
    parser.add_argument("lab", metavar="LAB", help=f"a lab file, or one that comes along: {known}")
    add_running_arguments(parser)


def add_running_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what every command takes that runs nodes until it is interrupted."""
    parser.add_argument(
        "--pcap", metavar="FILE", help="capture everything that passes; - is standard output"
    )
    parser.add_argument(
        "--ring",
        metavar="WHEN",
        type=_ring,
        help="capture into FILE_00001, FILE_00002 and so on: filesize:KB,duration:SECONDS,files:N "
        "(a file is full at that size or age; the last N are kept)",
    )
    parser.add_argument(
        "--state",
        metavar="FOLDER",
        type=Path,
        help="where the restart counter and accepted pushes are kept "
        "(default: ~/.local/state/corenet/NAME)",
    )
    parser.add_argument(
        "--json", action="store_true", help="log each event as a JSON object on a line"
    )
    logged = parser.add_mutually_exclusive_group()
    logged.add_argument("--quiet", action="store_true", help="log nothing")
    logged.add_argument("--verbose", action="store_true", help="log every event of the core too")


def run(options: argparse.Namespace) -> int:
    """Run the lab until it is interrupted, which is how it should end: status 0."""
    return run_loaded("run", load(options.lab), options)


def run_loaded(command: str, lab: LoadedLab, options: argparse.Namespace) -> int:
    """Run a lab that was read; ``command`` is what the user has called."""
    if options.ring is not None and options.pcap in (None, PIPE):
        print(f"corenet {command}: --ring needs --pcap FILE", file=sys.stderr)
        return 2
    state = LabState(options.state) if options.state else LabState.of(lab.model.name)
    log = log_to(None if options.quiet else sys.stderr, as_json=options.json)
    say = _Announcements(in_log=options.json and not options.quiet)
    try:
        with capture_stream(options.pcap, options.ring) as stream:

            async def work(reactor: Any) -> int:
                running = RunningLab(
                    reactor, lab, state=state, random=Random(), capture=stream, log=log
                )
                if options.verbose:
                    log_events(running.runtime, but=("gateway", "smsc"))
                else:
                    log_what_matters(running.runtime)
                await running.start()
                try:
                    with _registered(lab):
                        if not await running.settled(SETTLE_TIME, _Progress()):
                            say.unsettled()
                        spare_collections()
                        say.ready(lab)
                        await Deferred()
                finally:
                    await running.stop()
                return 0

            run_in_reactor(work)
    except (CannotBindError, CannotListenError, StoreError, OSError) as error:
        print(f"corenet {command}: {error}", file=sys.stderr)
        return 1
    finally:
        if log is not None:
            log.flush()
    return 0


def _ring(text: str) -> RingLimits:
    try:
        return RingLimits.parse(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _registered(lab: LoadedLab) -> AbstractContextManager[None]:
    """Let others find the lab's control interface, where it has one."""
    control = lab.model.control
    if control is None or lab.core is None:
        return nullcontext()
    url = f"http://{control.address}:{control.port}"
    return registered(RegisteredLab(lab.model.name, os.getpid(), url, control.token))


class _Progress:
    """Says once a second how many mobiles have attached, where somebody looks on."""

    def __init__(self) -> None:
        self._next = time.monotonic() + 1.0

    def __call__(self, attached: int, wanted: int) -> None:
        """Say it, unless it was said a moment ago."""
        if sys.stderr.isatty() and time.monotonic() >= self._next:
            self._next += 1.0
            print(f"{attached} of {wanted} mobiles are attached …", file=sys.stderr)


def spare_collections() -> None:
    """Look for cycles seldom, and no more among what has been made so far, which stays."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(OBJECTS_UNTIL_COLLECTION, LOOKS_AT_NEW_ONES, 10)


_SPOKEN = {"control": "control", "pap": "PAP"}


class _Announcements:
    """Says how the start went: to people, or in a log that is for programs as one of its lines."""

    def __init__(self, *, in_log: bool) -> None:
        self._in_log = in_log

    def unsettled(self) -> None:
        """Say that some mobiles take longer than one should wait for."""
        if self._in_log:
            _log.warning("not settled")
        else:
            print("Some mobiles have not attached yet.", file=sys.stderr)

    def ready(self, lab: LoadedLab) -> None:
        """Say that the lab runs, and where it is."""
        model, where = lab.model, {}
        if model.control is not None:
            where["control"] = f"http://{model.control.address}:{model.control.port}/v1"
        if lab.gateway is not None:
            where["pap"] = lab.gateway.pap_url
        if self._in_log:
            _log.info("ready", lab=model.name, terminals=lab.terminals, **where)
            return
        terminals = f"{lab.terminals} terminal{'' if lab.terminals == 1 else 's'}"
        parts = [terminals, *(f"{_SPOKEN[name]} {url}" for name, url in where.items())]
        print(f"Ready: lab {model.name}, {', '.join(parts)}", file=sys.stderr, flush=True)
