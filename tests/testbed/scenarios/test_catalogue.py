"""Every scenario that comes along, in virtual time."""

from __future__ import annotations

import pytest

from testbed.scenarios.faults import cause_named
from testbed.scenarios.loading import load_scenario, shipped_scenarios
from testbed.scenarios.reports import failure_text
from testbed.scenarios.virtual import perform_virtually


@pytest.mark.clause("23.060 §9.2.2.2", "every branch as a scenario, in virtual time and on sockets")
@pytest.mark.clause("23.060 §9.2.2.3", "held until MNRG is cleared: scenarios `comes-back` …")
@pytest.mark.parametrize("name", shipped_scenarios())
def test_scenario_ends_as_it_says(name):
    """Everything that it expects is so."""
    report = perform_virtually(load_scenario(name), seed=1)
    assert report.passed, failure_text(report)


@pytest.mark.parametrize("name", shipped_scenarios())
def test_scenario_says_what_it_is(name):
    """One sentence, the clauses that it shows, and something that it expects of the callers."""
    part = load_scenario(name).part
    assert part.summary[0] == part.summary[0].lower() or part.summary.split()[0].isupper()
    assert not part.summary.endswith(".")
    assert part.clauses
    expect = part.expect
    assert expect.activation or expect.activations or expect.push or expect.pushes or expect.ladder


def _causes(message: str, element: str) -> set[int]:
    """Return the values of an element that scenarios expect in the message."""
    return {
        cause_named(rung.fields[element]) if element == "cause" else rung.fields[element]
        for name in shipped_scenarios()
        for rung in load_scenario(name).part.expect.ladder
        if rung.message == message and element in rung.fields
    }


def test_every_answer_of_an_sgsn_to_a_notification_has_its_scenario():
    """The causes of TS 29.060 §7.3.9, and acceptance."""
    listed = {128, 193, 194, 195, 199, 200, 201, 202, 203, 204, 205, 207}
    assert _causes("PDU Notification Response", "cause") >= listed


def test_every_reason_for_rejecting_a_notification_has_its_scenario():
    """No response and refusal by the mobile; and what the SGSN itself finds (§7.3.10)."""
    assert _causes("PDU Notification Reject Request", "cause") >= {4, 5, 199, 200, 204}


def test_every_error_of_map_has_its_scenario():
    """Those of sendRoutingInfoForGprs (TS 29.002 §7.6.1) that our HLR or another may say."""
    said = _causes("Send Routeing Information for GPRS Response", "map_cause")
    assert said >= {1, 13, 27, 34, 35, 36}


def test_every_refusal_of_a_mobile_has_its_scenario():
    """The SM causes of Request PDP Context Activation Reject (TS 24.008 §6.1.3.1.4)."""
    said = _causes("Request PDP Context Activation Reject", "cause")
    assert said >= {26, 31, 32, 40, 95, 96, 111}
