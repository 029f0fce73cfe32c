"""A push as people see it."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from testbed.gateway.keeping.pushes import State
from testbed.gateway.keeping.status import as_plain, read_query
from testbed.gateway.keeping.store import PushQuery
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


def test_a_query_is_read():
    """Every part of it may be missing."""
    assert read_query("") == PushQuery()
    text = (
        "address=WAPPUSH%3D%2B447700900123%2FTYPE%3DPLMN%40ppg.example&state=held&limit=7"
        "&received_from=2027-01-15T08:00:00Z&received_before=2027-01-15T09:00:00Z"
    )
    address = "WAPPUSH=+447700900123/TYPE=PLMN@ppg.example"
    assert read_query(text) == PushQuery(address, State.HELD, NOW, NOW + 3600, 7)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("colour=red", "colour is none of address, state"),
        ("limit=1&limit=2", "limit is given twice"),
        ("limit=0", "limit: '0' is not a number from 1 to 1000"),
        ("limit=1001", "limit: '1001'"),
        ("limit=x", "limit: 'x'"),
        ("state=lost", "state: 'lost'"),
        ("received_from=yesterday", "received_from: 'yesterday'"),
        ("address=%00", "address: no address has a NUL"),
        ("limit=1&" * 9, "Max number of fields exceeded"),
    ],
)
def test_a_query_that_makes_no_sense_is_refused(text, said):
    """In a sentence that names the part."""
    with pytest.raises(ValueError, match=said):
        read_query(text)
