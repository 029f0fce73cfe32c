"""What the lab itself does: a place to try things out, in virtual time and on sockets."""

from __future__ import annotations

import pytest

from testbed.bench.lab import Lab

REFUSING = "447700900003"


@pytest.mark.corenet_time("virtual", "sockets")
def test_a_context_is_activated_and_ended(lab: Lab) -> None:
    """By the network, and then by the mobile."""
    mobile = lab.mobiles[0]
    assert lab.core.activate(mobile).address == mobile.address
    mobile.deactivate()
    mobile.expect_no_context()
    lab.core.expect("Delete PDP Context Request", to="ggsn")


@pytest.mark.corenet_time("virtual")
def test_a_mobile_refuses(lab: Lab) -> None:
    """With SM cause 31, of which GTP says cause 4."""
    outcome = lab.core.activate(REFUSING)
    assert outcome.cause is not None
    assert outcome.cause.number == 4
    lab.core.expect("Request PDP Context Activation Reject", cause=31)
