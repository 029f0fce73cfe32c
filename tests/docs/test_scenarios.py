"""Every scenario that ``corenet demo --help`` lists ends as it should, on real sockets."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from testbed.lab.scenarios import SCENARIOS, Scenario

pytestmark = pytest.mark.docs

CORENET = str(Path(sys.executable).parent / "corenet")


@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=list(SCENARIOS))
def test_scenario_ends_as_it_should(scenario: Scenario) -> None:
    """A scenario ends within 15 seconds with status 0, and its document says how."""
    result = subprocess.run(
        [CORENET, "demo", "--scenario", scenario.name, "--json"],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    assert result.stderr == ""
    document = json.loads(result.stdout)
    assert document["as_expected"]
    assert document["msisdn"] == scenario.msisdn
    assert (document["shown"] is not None) == scenario.delivered
    by_sms = scenario.short_messages is not None
    has_address = not by_sms and (scenario.delivered or scenario.step == "active")
    assert (document["pdp_address"] is not None) == has_address
    sent = document["short_messages"] and document["short_messages"]["sent"]
    assert sent == scenario.short_messages
    assert document["outcome"] == (scenario.final_state or "delivered")
    assert all(step["seconds"] >= 0 for step in document["steps"])


def test_capture_on_standard_output_is_nothing_but_a_capture() -> None:
    """``--pcap -`` leaves standard output to the capture, and the ladder goes to the other."""
    result = subprocess.run(
        [CORENET, "demo", "--scenario", "online", "--pcap", "-"], capture_output=True, timeout=40
    )
    assert result.returncode == 0
    assert result.stdout.startswith(bytes.fromhex("0a0d0d0a"))
    assert b"Delivered over IP" in result.stderr
    assert b"Traceback" not in result.stderr
