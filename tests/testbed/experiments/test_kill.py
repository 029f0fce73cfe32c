"""The kill test, in small; ``python -m testbed.experiments.kill`` is the large one."""

from __future__ import annotations

import subprocess
import sys


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "testbed.experiments.kill", *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_a_gateway_that_is_killed_keeps_its_promises():
    """Three deaths at seeded instants under load: nothing lost, nothing known done twice."""
    done = run("--kills", "3", "--seed", "7", "--rate", "40")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "kills                                   3" in done.stdout


def test_what_makes_no_sense_is_refused():
    """In a sentence."""
    for arguments in (("--gateways", "2"), ("--store", "file"), ("--kills", "0")):
        done = run(*arguments)
        assert done.returncode == 2
        assert "error:" in done.stderr
