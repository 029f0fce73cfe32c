"""Ctrl-C ends a running command in good order, with nothing left behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.docs

CORENET = str(Path(sys.executable).parent / "corenet")


def started(arguments: list[str], until: str, folder: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [CORENET, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=os.environ | {"XDG_STATE_HOME": str(folder)},
    )
    assert process.stdout is not None
    for line in process.stdout:
        if until in line:
            return process
    raise AssertionError(f"corenet {arguments} ended before it said {until!r}")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_run_ends_in_good_order(number: signal.Signals, tmp_path: Path) -> None:
    """A lab that is interrupted says farewell to its peers and ends with status 0."""
    capture = tmp_path / "run.pcapng"
    process = started(["run", "default", "--pcap", str(capture)], "Ready:", tmp_path)
    process.send_signal(number)
    output, _ = process.communicate(timeout=120)
    assert process.returncode == 0, output
    assert "Traceback" not in output
    assert capture.stat().st_size > 1000
    assert (tmp_path / "corenet" / "default" / "recovery").read_text() == "0\n"


def test_a_log_of_json_is_nothing_else(tmp_path: Path) -> None:
    """Each line is an object; the one that says where the lab is, too."""
    process = started(["run", "default", "--json"], '"event": "ready"', tmp_path)
    process.send_signal(signal.SIGTERM)
    output, _ = process.communicate(timeout=120)
    assert process.returncode == 0, output
    assert all(isinstance(json.loads(line), dict) for line in output.splitlines())


def test_a_second_signal_ends_at_once(tmp_path: Path) -> None:
    """Of either kind: whoever asks twice does not want to wait for farewells."""
    process = started(["run", "default"], "Ready:", tmp_path)
    # While it is stopped both come; they are taken one after the other.
    for number in (signal.SIGSTOP, signal.SIGINT, signal.SIGTERM, signal.SIGCONT):
        process.send_signal(number)
    output, _ = process.communicate(timeout=120)
    assert process.returncode == -signal.SIGTERM, output
    assert "Traceback" not in output


def test_demo_ends_with_the_status_of_an_interrupt(tmp_path: Path) -> None:
    """A demo that is interrupted ends at once with status 130 and no traceback."""
    process = started(["demo", "--scenario", "ms-silent"], "holds the push", tmp_path)
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=120)
    assert process.returncode == 130, output
    assert "Traceback" not in output


def test_second_core_on_the_same_addresses_is_refused(tmp_path: Path) -> None:
    """A lab whose addresses are taken says which and why, and starts nothing."""
    process = started(["run", "default"], "Ready:", tmp_path)
    try:
        second = subprocess.run(
            [CORENET, "run", "default", "--state", str(tmp_path / "other")],
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert second.returncode == 1
        assert "corenet run: " in second.stderr
        assert "Traceback" not in second.stderr
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=120)
