"""A request to end is obeyed whenever it comes, be it before there is a reactor.

Each script asks itself to end at the moment in question, in a process of its own.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import missing_peer, require_peer

ROOT = Path(__file__).parents[3]
BEFORE_A_COMMAND = """
import os, signal, sys
from testbed.lab import cli

def run(arguments):
    os.kill(os.getpid(), signal.SIGTERM)
    return 0

cli.run = run
cli.main([])
"""
IN_A_REACTOR = """
import os, signal, sys
from twisted.internet import reactor
from twisted.internet.defer import Deferred
from testbed.lab.reactor_run import run_in_reactor

MOMENT, NUMBER = sys.argv[1], getattr(signal, sys.argv[2])

def ask():
    os.kill(os.getpid(), NUMBER)

async def work(reactor):
    print("begun")
    try:
        if MOMENT == "first step":
            ask()
            print("goes on")
        elif MOMENT == "later":
            reactor.callLater(0, ask)
        await Deferred()
    finally:
        print("farewell")

if MOMENT == "start":
    reactor.addSystemEventTrigger("before", "startup", ask)
before = signal.getsignal(NUMBER)
print(run_in_reactor(work))
assert signal.getsignal(NUMBER) == before
"""


def said(script: str, *words: str, prefix: tuple[str, ...] = ()) -> tuple[int, list[str]]:
    """Run a script to its end; return its status and what it printed."""
    done = subprocess.run(
        [*prefix, sys.executable, "-c", script, *words],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
        timeout=120,
    )
    return done.returncode, done.stdout.splitlines()


@pytest.mark.parametrize("number", ["SIGINT", "SIGTERM"])
@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("start", ["130"]),
        ("first step", ["begun", "goes on", "farewell", "130"]),
        ("later", ["begun", "farewell", "130"]),
    ],
)
def test_work_ends_in_good_order_or_does_not_begin(
    moment: str, expected: list[str], number: str
) -> None:
    """Whatever it has begun it ends; before, there is nothing to end."""
    assert said(IN_A_REACTOR, moment, number) == (0, expected)


def test_sigterm_ends_a_command_that_has_no_reactor_yet() -> None:
    """As it ends any process."""
    assert said(BEFORE_A_COMMAND) == (-signal.SIGTERM, [])


@pytest.mark.interop
def test_sigterm_ends_the_first_process_of_a_container_that_has_no_reactor_yet() -> None:
    """The kernel ends that one by no signal: it exits with the status of one that is."""
    unshare = require_peer("unshare", package="util-linux")
    user = () if os.geteuid() == 0 else ("--user", "--map-root-user")
    prefix = (unshare, "--pid", "--fork", *user)
    if subprocess.run([*prefix, "true"], capture_output=True).returncode != 0:
        missing_peer("no namespace of processes can be made, neither as root nor as a user")
    assert said(BEFORE_A_COMMAND, prefix=prefix) == (128 + signal.SIGTERM, [])
