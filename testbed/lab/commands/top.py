"""``corenet top``: watch a core and a gateway on one screen, until q."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from threading import Thread

from testbed.adapters.api_client import ApiClient, ApiError
from testbed.console import views
from testbed.console.figures import Look
from testbed.console.samples import Samples
from testbed.lab.interfaces import add_interfaces, core, gateway, smsc

BETWEEN_TRIES = 2.0
"""Seconds after which events are asked for again."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    add_interfaces(parser)
    parser.add_argument(
        "--interval",
        type=float,
        default=1.0,
        metavar="SECONDS",
        help="between two looks (%(default)g)",
    )


def run(options: argparse.Namespace) -> int:
    """Show it until q."""
    if options.interval < 0.1:
        print("corenet top: --interval is at least 0.1", file=sys.stderr)
        return 2
    try:
        from testbed.adapters.top_screen import TopScreen
    except ImportError:
        print("corenet top: it wants textual: pip install 'corenet[top]'", file=sys.stderr)
        return 1
    try:
        control = core(options)
        clients = [one for one in (control, gateway(options), smsc(options)) if one is not None]
    except ApiError as error:
        print(f"corenet top: {error}", file=sys.stderr)
        return 1

    def listen(tell: Callable[[str], None]) -> None:
        # It waits in a read when the screen ends, and is nothing to wait for.
        Thread(target=_follow, args=(control, tell), daemon=True).start()

    screen = TopScreen(lambda: look(clients, time.monotonic), listen, interval=options.interval)
    screen.run()
    return 0


def look(clients: list[ApiClient], clock: Callable[[], float]) -> Look:
    """Return the metrics of all who answer.

    Raises:
        ApiError: nobody does.
    """
    samples = Samples({})
    missing: list[ApiError] = []
    for client in clients:
        try:
            exposed = client.fetch("GET", "/metrics").decode("utf-8", "replace")
        except ApiError as error:
            missing.append(error)
        else:
            samples |= Samples.read(exposed)
    if len(missing) == len(clients):
        raise missing[0]
    return Look(clock(), samples)


def _follow(control: ApiClient, tell: Callable[[str], None]) -> None:
    last: int | None = None
    while True:
        try:
            for entry in control.events("/v1/events", last):
                last = entry["number"]
                tell(views.event(entry))
        except ApiError:
            time.sleep(BETWEEN_TRIES)
