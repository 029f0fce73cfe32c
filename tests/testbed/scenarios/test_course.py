"""What the demo says of a scenario, read out of what was seen."""

from __future__ import annotations

import json

import pytest

from testbed.scenarios.course import course_of
from testbed.scenarios.loading import load_scenario
from testbed.scenarios.virtual import perform_virtually


def course(name):
    return course_of(perform_virtually(load_scenario(name), seed=1))


@pytest.mark.parametrize(
    ("name", "outcome", "bearer", "address", "step"),
    [
        ("offline", "delivered", "IP", "127.20.0.101", "active"),
        ("online", "delivered", "IP", "127.20.0.1", None),
        ("gi-trigger", "delivered", "IP", "127.20.0.107", "active"),
        ("ms-rejects", "expired", None, None, "ms-activation"),
        ("unknown-subscriber", "undeliverable", None, None, "routeing-information"),
        ("sms-partial-loss", "delivered", "SMS", None, "ms-activation"),
        ("hlr-silent", "undeliverable", None, None, "routeing-information"),
    ],
)
def test_document_has_bearer_address_and_step(name, outcome, bearer, address, step):
    """As ``corenet demo --json`` prints it."""
    document = json.loads(json.dumps(course(name).plain("a.pcapng")))
    assert document["as_expected"]
    assert (document["outcome"], document["bearer"]) == (outcome, bearer)
    assert document["pdp_address"] == address
    activation = document["activation"]
    assert (activation and activation["step"]) == step
    assert document["capture"] == "a.pcapng"
    assert all(one["seconds"] >= 0 for one in document["steps"])


def test_steps_are_in_order_with_the_time_each_took():
    """From the gateway's acceptance to the initiator's notification."""
    names = [name for name, _ in course("offline").durations()]
    assert names == [
        "accepted by the gateway",
        "activation requested",
        "routeing-information",
        "pdu-notification",
        "ms-activation",
        "create-pdp-context",
        "push sent",
        "shown on the mobile",
        "push delivered",
        "initiator notified",
    ]


def test_what_the_mobile_said_and_the_transaction_are_there():
    """The SM cause of its refusal; how often short messages were sent."""
    refused = course("ms-rejects")
    assert (refused.mobile_cause, refused.cause.number) == (31, 4)
    sent = course("sms-partial-loss").plain(None)["short_messages"]
    assert (sent["segments"], sent["sent"]) == (3, 4)


def test_a_scenario_that_did_not_begin_has_no_course(written):
    """Only who it would have been about."""
    text = "  overrides: {sgsn: {hlr: {address: 127.0.0.9}}}\nact:\n  - push: {}\nexpect: {}\n"
    report = perform_virtually(load_scenario(written(text)), seed=1)
    document = course_of(report).plain(None)
    assert (document["imsi"], document["as_expected"]) == ("234150000000401", False)
    assert document["steps"] == []
