"""A push as people see it."""

from __future__ import annotations

import json
from dataclasses import replace

from testbed.gateway.status import as_plain
from testbed.gateway.testing import MESSAGE, NOW


def test_a_push_is_shown_with_its_timeline(bench):
    """Times are readable, and the whole can be written as JSON."""
    bench.submit(replace(MESSAGE, source_reference="campaign 7"))
    shown = json.loads(json.dumps(as_plain(bench.store.find("1@pi.example"))))
    assert shown["push_id"] == "1@pi.example"
    assert shown["received"] == "2027-01-15T08:00:00Z"
    assert shown["deliver_before"] == "2027-01-16T08:00:00Z"
    assert shown["deliver_after"] is None
    assert shown["source_reference"] == "campaign 7"
    (delivery,) = shown["deliveries"]
    assert delivery["state"] == delivery["message_state"] == "delivered"
    assert (delivery["code"], delivery["activations"]) == (1000, 1)
    assert delivery["notification"] == "answered"
    assert [entry["state"] for entry in delivery["history"]] == [
        "accepted",
        "judging",
        "activating",
        "sending",
        "delivered",
    ]
    assert delivery["history"][-1] == {
        "seconds": 0.0,
        "state": "delivered",
        "note": "sent to 10.45.0.7:2948",
    }


def test_a_push_that_waits_is_pending(bench):
    """No code is shown before the end."""
    bench.submit(replace(MESSAGE, deliver_after=NOW + 60))
    shown = as_plain(bench.gateway.push("1@pi.example"))
    assert shown["deliver_after"] == "2027-01-15T08:01:00Z"
    (delivery,) = shown["deliveries"]
    assert (delivery["state"], delivery["message_state"], delivery["code"]) == (
        "held",
        "pending",
        None,
    )
