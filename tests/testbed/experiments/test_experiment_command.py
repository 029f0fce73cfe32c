"""``corenet experiment``: each experiment in small, with its table and its plot."""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import pytest

from testbed.experiments.command import find
from testbed.experiments.experiment import Row, Spread, read, write
from testbed.experiments.parameters import load
from testbed.experiments.plots import Line, Panel, save
from testbed.lab.cli import run
from testbed.lab.yaml_source import SourceError

SMALL = {
    "capacity": (
        *("terminals=1", "seconds=1", "capacities=[5]"),
        *("offered=[0.8, 2]", "offered_seconds=16", "lifetime=30"),
    ),
    "offline": (
        *("terminals=2", "shares=[0, 1]", "troubles=[rejecting]", "seconds=5"),
        *("loads=[0.5, 4]", "load_seconds=5", "mixed={rejecting: 0.5}", "capacity=2"),
    ),
    "scale": ("subscribers=[20]", "attaches=20"),
    "segmented": (
        "seconds=5",
        "segments=[2]",
        "failure=[0.2]",
        "background=[0.1]",
        "reassembly=[60]",
    ),
    "signalling": ("terminals=1", "seconds=1"),
    "validation": ("segments=[1, 2]",),
}
"""Changes that make each experiment take a second or two; `sockets` has tests of its own."""


def measured(name: str) -> list[Row]:
    """Return the rows of an experiment in small."""
    experiment = find(name)
    parameters = load(name, experiment.parameters, SMALL[name])
    return experiment.measure(parameters, range(1, 3), Spread())


@pytest.fixture(scope="module")
def rows() -> dict[str, list[Row]]:
    """Every experiment's rows."""
    return {name: measured(name) for name in SMALL}


def picked(rows: list[Row], **columns: str | float) -> Row:
    """Return the one row that is so."""
    (row,) = (row for row in rows if all(row[name] == columns[name] for name in columns))
    return row


def test_the_same_seeds_give_the_same_numbers(rows: dict[str, list[Row]], tmp_path: Path) -> None:
    """To the octet, in the table."""
    write(rows["segmented"], tmp_path / "one.csv")
    write(measured("segmented"), tmp_path / "other.csv")
    assert (tmp_path / "one.csv").read_bytes() == (tmp_path / "other.csv").read_bytes()


@pytest.mark.parametrize("name", SMALL)
def test_tables_have_a_row_for_each_cell(
    name: str, rows: dict[str, list[Row]], tmp_path: Path
) -> None:
    """Every row has every column, and an estimate has its interval beside it."""
    path = tmp_path / "table.csv"
    write(rows[name], path)
    with path.open(encoding="utf-8", newline="") as file:
        read = list(csv.DictReader(file))
    assert len(read) == len(rows[name])
    assert all(None not in row and None not in row.values() for row in read)
    assert any(column.endswith(" ±") for column in read[0])


@pytest.mark.parametrize("name", SMALL)
def test_plots_are_drawn(name: str, rows: dict[str, list[Row]], tmp_path: Path) -> None:
    """Each panel has named axes and a line for each way; drawn again it is the same file."""
    experiment = find(name)
    panels = experiment.panels(rows[name])
    assert all(panel.x and panel.y and panel.lines for panel in panels)
    for file in ("one.svg", "other.svg"):
        save(experiment.title, panels, tmp_path / file, columns=experiment.columns)
    assert (tmp_path / "one.svg").read_bytes() == (tmp_path / "other.svg").read_bytes()
    assert b"<dc:date>" not in (tmp_path / "one.svg").read_bytes()


def test_a_plot_is_that_of_its_table(rows: dict[str, list[Row]], tmp_path: Path) -> None:
    """What was not measured is no number, also after it was written and read."""
    path = tmp_path / "table.csv"
    for name in SMALL:
        write(rows[name], path)
        again = read(path)
        assert [list(row) for row in again] == [list(row) for row in rows[name]]
        write(again, tmp_path / "again.csv")
        assert (tmp_path / "again.csv").read_bytes() == path.read_bytes()


def test_the_model_is_as_fast_as_the_core(rows: dict[str, list[Row]]) -> None:
    """The gateway has its outcome at the same time; the handset has it half an exchange sooner."""
    for row in rows["validation"]:
        assert row["model told s"] == pytest.approx(row["core told s"], abs=1e-4)
        assert row["model shown s"] == pytest.approx(float(row["core shown s"]) + 0.51, abs=1e-4)


def test_a_terminal_that_refuses_costs_short_messages(rows: dict[str, list[Row]]) -> None:
    """As many as the push has segments, where they are the fallback."""
    way = "activation, then SMS in transaction mode"
    row = picked(rows["offline"], way=way, varied="rejecting", value=1.0)
    assert row["short messages per push"] == 4
    row = picked(rows["offline"], way=way, varied="rejecting", value=0.0)
    assert row["short messages per push"] == 0


def test_the_smsc_is_loaded_by_what_it_sends(rows: dict[str, list[Row]]) -> None:
    """Half of 20 pushes in 5 s take four short messages each, of two a second: four times that."""
    way = "activation, then SMS in transaction mode"
    row = picked(rows["offline"], way=way, varied="load", value=4.0)
    assert row["SMSC load"] == pytest.approx(4.0, rel=0.1)  # What is lost is sent again.
    assert float(row["SMSC sends for s"]) >= 40 / 2 - 1
    alone = picked(rows["offline"], way="network-requested activation", varied="load", value=4.0)
    assert alone["SMSC load"] == 0


def test_a_node_carries_what_the_messages_per_push_leave_it(rows: dict[str, list[Row]]) -> None:
    """Four messages come to a GGSN for one activation; past its capacity it carries less."""
    below, above = (
        row
        for row in rows["capacity"]
        if row["node"] == "ggsn" and row["way"] == "network-requested activation"
    )
    assert (below["messages per push"], below["expected"]) == (4, 1.25)
    assert float(below["carried"]) == pytest.approx(float(below["offered"]), rel=0.35)
    assert float(above["carried"]) <= float(above["expected"])
    assert float(above["delay p50 s"]) > 2 * float(below["delay p50 s"])


def test_activation_signals_less_than_a_notification(rows: dict[str, list[Row]]) -> None:
    """For a terminal that takes part in it."""
    notified = picked(
        rows["signalling"], terminals="ready", way="SMS notification and pull", interface="all"
    )
    activated = picked(
        rows["signalling"], terminals="ready", way="network-requested activation", interface="all"
    )
    assert float(activated["messages"]) < float(notified["messages"])


def test_the_command_leaves_a_table_and_a_plot(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """And says how far it is."""
    arguments = ["experiment", "validation", "--out", str(tmp_path), "--processes", "1"]
    assert run([*arguments, "--seeds", "1", "--set", "segments=[1]"]) == 0
    shown = capsys.readouterr()
    assert f"{tmp_path}/validation.csv: 2 rows" in shown.out
    assert "4 of 4 runs" in shown.err
    assert (tmp_path / "validation.svg").read_text(encoding="utf-8").startswith("<?xml")


def test_without_matplotlib_there_is_still_a_table(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command says what to install, and ends with 1."""
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    arguments = ["experiment", "validation", "--out", str(tmp_path), "--processes", "1"]
    assert run([*arguments, "--set", "segments=[1]"]) == 1
    assert "pip install 'corenet[experiments]'" in capsys.readouterr().err
    assert (tmp_path / "validation.csv").exists()


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ("speed=3", "there is no parameter 'speed'; there are seeds, segments, radio"),
        ("radio.hold=3", "there is no parameter 'radio.hold'"),
        ("radio", "there is no parameter 'radio'"),
        ("radio=0", "validation.yaml:4:8: radio: input should be greater than 0"),
        ("radio=[", "--set radio:1:2: not YAML"),
    ],
)
def test_a_change_that_does_not_fit_is_refused(change: str, complaint: str) -> None:
    """With the parameters that there are, or what was expected."""
    with pytest.raises(SourceError) as refused:
        load("validation", find("validation").parameters, [change])
    assert complaint in str(refused.value)


@pytest.mark.parametrize(
    "arguments", [["nothing"], ["offline", "--seeds", "0"], ["offline", "--seeds", "x"]]
)
def test_wrong_use_is_status_2(arguments: list[str]) -> None:
    """As with every command."""
    with pytest.raises(SystemExit) as ended:
        run(["experiment", *arguments])
    assert ended.value.code == 2


def test_lines_without_ticks_may_be_logarithmic(tmp_path: Path) -> None:
    """A panel without a floor has a logarithmic axis."""
    panel = Panel("x", "y", (Line("way", (1.0, 2.0), (1.0, 100.0), (0.0, float("nan"))),), None)
    save("title", [panel], tmp_path / "plot.svg", columns=1)
    assert (tmp_path / "plot.svg").stat().st_size > 1_000
