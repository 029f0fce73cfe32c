"""Every scenario that comes along, in virtual time."""

from __future__ import annotations

import pytest

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
