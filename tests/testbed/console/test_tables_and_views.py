"""Tables and records of what is answered."""

from __future__ import annotations

from typing import Any

import pytest

from testbed.console import views
from testbed.console.samples import Samples, SamplesError, queues
from testbed.console.tables import Column, named, record, table, text

CAUSE = {"source": "gtp", "number": 4, "name": "MS refuses"}
ACTIVATION: dict[str, Any] = {
    "outcome": "failed",
    "step": "ms-activation",
    "address": None,
    "cause": CAUSE,
    "mobile_cause": None,
    "steps": [{"step": "routeing-information", "seconds": 0.0015}],
}


def test_columns_are_as_wide_as_what_is_in_them() -> None:
    """Text stands left, numbers right, and no line ends in blanks."""
    columns = (named("NAME", "name"), named("N", "number", right=True), Column("X", lambda _: None))
    rows = [{"name": "a", "number": 1}, {"name": "longer", "number": 123}]
    assert table(columns, rows) == ["NAME      N  X", "a         1  -", "longer  123  -"]
    assert table(columns, []) == []


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "-"),
        ([], "-"),
        ({}, "-"),
        ("", "-"),
        (0, "0"),
        (True, "yes"),
        (False, "no"),
        (1.5, "1.5"),
        (0.0015, "0.002"),
        (2.0, "2"),
        (["a", 1], "a, 1"),
        ({"k": "v"}, "k v"),
        ("two\nlines\x20\x20apart", "two lines apart"),
    ],
)
def test_values_stand_on_one_line(value: object, shown: str) -> None:
    """Whatever a value is, it fits a cell."""
    assert text(value) == shown


def test_records_go_in() -> None:
    """What is in a thing stands below it, further in."""
    assert record({"a": 1, "of": {"b": 2}, "list": [{"c": 3}], "none": {}}) == [
        "a     1",
        "of",
        "  b  2",
        "list 1",
        "  c  3",
        "none  -",
    ]


def test_pages_say_how_much_more_there_is() -> None:
    """A page that is not all says so; an empty one says that there is nothing."""
    fault = {"interface": "gi", "loss": 0.25, "delay": 0.1, "lost": 3}
    lines = views.paged(views.FAULTS, {"total": 7, "faults": [fault]}, "faults")
    assert lines[1:] == ["gi         25 %  0.1 s     3", "1 of 7 faults"]
    assert views.paged(views.FAULTS, {"total": 0, "faults": []}, "faults") == ["no faults"]


def test_terminals_show_where_they_are() -> None:
    """A terminal's line has its contexts, or the APNs that it may have."""
    context = {"apn": "wap", "address": "10.0.0.1"}
    one: dict[str, Any] = {
        "imsi": "1",
        "msisdn": "2",
        "attached": True,
        "reachability": None,
        "sgsn": None,
        "apns": ["wap", "mms"],
        "contexts": [],
        "mobile": None,
    }
    lines = table(views.TERMINALS, [one, one | {"contexts": [context], "reachability": "ready"}])
    assert lines[1].split("  ")[-1].strip() == "-"
    assert "wap, mms" in lines[1]
    assert "ready" in lines[2]
    assert "10.0.0.1" in lines[2]


def test_failed_activations_say_why() -> None:
    """A failure names step and cause, and what the mobile said where that is known."""
    assert views.activation(ACTIVATION)[0] == "failed, in ms-activation: MS refuses (gtp 4)"
    told = {"source": "sm", "number": 26, "name": "insufficient resources"}
    first = views.activation(ACTIVATION | {"mobile_cause": told})[0]
    assert first.endswith("; the mobile said insufficient resources (sm 26)")
    assert "unknown" in views.activation(ACTIVATION | {"cause": None})[0]
    active = ACTIVATION | {"outcome": "active", "address": "10.0.0.1", "step": "done"}
    assert views.activation(active)[0] == "active 10.0.0.1"


def test_pushes_have_a_line_for_each_address() -> None:
    """A push to two terminals is two lines, and alone it has its timelines."""
    delivery = {
        "state": "held",
        "code": None,
        "changed": "now",
        "history": [{"seconds": 0.1, "state": "held", "note": "not attached"}],
    }
    push = {
        "push_id": "p",
        "received": "then",
        "deliveries": [delivery | {"address": "a"}, delivery | {"address": "b"}],
    }
    lines = views.pushes({"pushes": [push]})
    assert [line.split()[2] for line in lines[1:]] == ["a", "b"]
    assert views.pushes({"pushes": []}) == ["no pushes"]
    alone = views.push(push)
    assert "a: held" in alone
    assert "    0.1  held   not attached" in alone


def test_events_stand_on_a_line() -> None:
    """An event says when, where and what, and of its own members those that have a value."""
    entry = {
        "number": 9,
        "time": 3661.5,
        "node": "ggsn",
        "event": "ContextMade",
        "imsi": "1",
        "x": None,
    }
    assert views.event(entry) == "01:01:01.500  ggsn       ContextMade  imsi 1"
    assert views.event(entry | {"imsi": None}).endswith("ggsn       ContextMade")


EXPOSED = """\
# TYPE corenet_size gauge
corenet_size{thing="terminals"} 7.0
# TYPE corenet_gateway_deliveries gauge
corenet_gateway_deliveries{state="held"} 2.0
# TYPE other_total counter
other_total{a="1",b="x"} 3.0
other_total{a="2",b="x"} 4.0
"""


def test_samples_are_found_by_name_and_label() -> None:
    """Samples add up over the labels that are not named."""
    samples = Samples.read(EXPOSED)
    assert samples.total("other_total", b="x") == 7
    assert samples.total("other_total", a="1") == 3
    assert samples.by("corenet_size", "thing") == {"terminals": 7}
    assert samples.all("nothing") == []
    assert list(queues(samples)) == [
        {"at": "gateway", "queue": "held", "length": 2},
        {"at": "core", "queue": "terminals", "length": 7},
    ]


def test_what_is_no_metrics_is_refused() -> None:
    """A page of something else is a mistake of the address, and is named."""
    with pytest.raises(SamplesError, match="no metrics"):
        Samples.read("<html>what</html> is this {")
