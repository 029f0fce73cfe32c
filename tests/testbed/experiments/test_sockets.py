"""The ladder on sockets beside that in virtual time: what is compared with what."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import isnan
from typing import Any

import pytest

from testbed.experiments.experiment import ExperimentError, Spread
from testbed.experiments.parameters import load
from testbed.experiments.sockets import EXPERIMENT, Climbed, Sockets, compare, measure, times
from testbed.lab.cli import run
from testbed.lab.ladder import Rung


def climbed(*rungs: tuple[float, str], terminals: str = "ready") -> Climbed:
    """Return a ladder between two nodes."""
    return Climbed(terminals, tuple(Rung(time, "ggsn", "sgsn", what) for time, what in rungs))


class WithoutSockets(Spread):
    """Does in virtual time what is for sockets, a second later and as often as it is asked."""

    def __call__(self, run: Callable[[Any], Any], jobs: Sequence[Any]) -> list[Any]:
        """Return the ladders of both jobs."""
        virtual, real = jobs
        assert real.on_sockets
        ladders = run(virtual)
        late = [
            Climbed(
                one.terminals,
                tuple(
                    Rung(rung.time + 1, rung.source, rung.destination, rung.message)
                    for rung in one.rungs
                ),
            )
            for one in ladders
        ]
        return [ladders, late * real.pushes]


def test_the_same_rungs_are_compared_the_first_with_the_first() -> None:
    """A message that passes twice has two rungs; the difference is in milliseconds."""
    virtual = climbed((0.1, "Create"), (0.2, "Update"), (0.3, "Create"))
    real = [climbed((0.11, "Create"), (0.22, "Update"), (0.33, "Create")) for _ in range(2)]
    rows = compare([virtual], real)
    assert [row["message"] for row in rows] == ["Create", "Update", "Create"]
    assert [row["difference ms"] for row in rows] == pytest.approx([10, 20, 30])
    assert [row["found"] for row in rows] == [1, 1, 1]


def test_what_only_one_ladder_has_is_seen() -> None:
    """It has a row of its own, with nothing on the other side."""
    rows = compare([climbed((0.1, "Create"))], [climbed((0.1, "Delete"))])
    missing, beside = rows
    assert (missing["message"], missing["found"]) == ("Create", 0)
    assert (beside["message"], beside["found"]) == ("Delete", 1)
    assert isnan(float(beside["virtual s"]))


def test_ladders_of_other_terminals_are_not_mixed_in() -> None:
    """A terminal that refuses goes another way."""
    rows = compare([climbed((0.1, "Create"))], [climbed((9, "Create"), terminals="rejecting")])
    assert [row["found"] for row in rows] == [0]


def test_virtual_time_has_every_step_with_the_latencies_of_the_file() -> None:
    """An activation has its ten steps; a message over the radio takes what the file says."""
    rows = measure(load("sockets", Sockets), range(1, 3), WithoutSockets())
    assert {row["found"] for row in rows} == {1}
    ready = Climbed(
        "ready",
        tuple(
            Rung(float(row["virtual s"]), str(row["from"]), str(row["to"]), str(row["message"]))
            for row in rows
            if row["terminals"] == "ready"
        ),
    )
    when = times(ready)
    asked = when["sgsn", "mobiles", "Request PDP Context Activation", 1]
    answered = when["mobiles", "sgsn", "Activate PDP Context Request", 1]
    assert answered - asked == pytest.approx(0.2)
    created = when["sgsn", "ggsn", "Create PDP Context Request", 1]
    assert created - answered == pytest.approx(0.2)
    assert when["ggsn", "sgsn", "Create PDP Context Response", 1] - created == pytest.approx(0.03)
    assert ("mobiles", "mobiles", "shows SI", 1) in when
    segments = [
        row
        for row in rows
        if row["terminals"] == "rejecting" and row["message"] == "CP-DATA RP-DATA SMS-DELIVER"
    ]
    assert len(segments) == 4
    assert all(row["difference ms"] == pytest.approx(1_000) for row in rows)
    assert all(panel.lines for panel in EXPERIMENT.panels(rows))


def test_more_pushes_than_terminals_are_refused() -> None:
    """With how many there are."""
    with pytest.raises(ExperimentError, match="10 terminals of each kind, not 11"):
        measure(load("sockets", Sockets), range(1, 12), Spread())


def test_the_command_says_what_is_wrong(capsys: pytest.CaptureFixture[str]) -> None:
    """In one line, and ends with 1."""
    assert run(["experiment", "sockets", "--seeds", "11"]) == 1
    assert "corenet experiment sockets: there are 10 terminals" in capsys.readouterr().err
