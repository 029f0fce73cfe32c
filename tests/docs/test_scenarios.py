"""Every scenario that ``corenet demo --help`` lists ends as it should, on real sockets."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from testbed.scenarios.demo import SHOWN_FIRST
from testbed.scenarios.loading import load_scenario

pytestmark = pytest.mark.docs

CORENET = str(Path(sys.executable).parent / "corenet")


@pytest.mark.parametrize("name", SHOWN_FIRST)
def test_scenario_ends_as_it_should(name: str) -> None:
    """A scenario ends within 15 seconds with status 0, and its document says how."""
    result = subprocess.run(
        [CORENET, "demo", "--scenario", name, "--json"], capture_output=True, text=True, timeout=300
    )
    assert result.returncode == 0, result.stdout + result.stderr
    assert result.stderr == ""
    document = json.loads(result.stdout)
    assert document["as_expected"]
    assert document["problems"] == []
    scenario = load_scenario(name).part
    assert document["msisdn"] == scenario.arrange.terminal
    assert (document["shown"] is not None) == bool(scenario.expect.screen)
    by_sms = name.startswith("sms-")
    assert (document["short_messages"] is not None) == by_sms
    is_active = document["activation"] is not None and document["activation"]["step"] == "active"
    assert (document["pdp_address"] is not None) == (is_active or name in ("online", "moving"))
    expected = "delivered" if scenario.expect.push is None else scenario.expect.push["state"]
    assert document["outcome"] == expected
    assert all(step["seconds"] >= 0 for step in document["steps"])


def test_capture_on_standard_output_is_nothing_but_a_capture() -> None:
    """``--pcap -`` leaves standard output to the capture, and the ladder goes to the other."""
    result = subprocess.run(
        [CORENET, "demo", "--scenario", "online", "--pcap", "-"], capture_output=True, timeout=300
    )
    assert result.returncode == 0
    assert result.stdout.startswith(bytes.fromhex("0a0d0d0a"))
    assert b"Delivered over IP" in result.stderr
    assert b"Traceback" not in result.stderr
