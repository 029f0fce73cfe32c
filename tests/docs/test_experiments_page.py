"""The page about experiments says what their tables say, and the tables are what comes out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from testbed.experiments.command import NAMES, find
from testbed.experiments.estimates import estimate, quantile
from testbed.experiments.experiment import Row, Spread, read, write
from testbed.experiments.parameters import load
from testbed.experiments.push_offline import Terminal
from testbed.experiments.push_offline import Way as OfflineWay
from testbed.experiments.push_over_sms import Way, run
from testbed.experiments.segmented import Segmented, conditions

pytestmark = pytest.mark.docs

PAGE = Path(__file__).parents[2] / "docs" / "explanation" / "experiments.md"
VALIDATION = PAGE.with_name("experiments-validation.md")
TEXT = PAGE.read_text(encoding="utf-8") + VALIDATION.read_text(encoding="utf-8")
FOLDER = PAGE.parent / "experiments"
TABLES = {name: read(FOLDER / f"{name}.csv") for name in NAMES}


def picked(name: str, **columns: str | float) -> Row:
    """Return the one row of a table that is so."""
    found = [row for row in TABLES[name] if all(row[key] == columns[key] for key in columns)]
    assert len(found) == 1, (name, columns)
    return found[0]


def number(value: str | float) -> str:
    return f"{value:.3g}"


def estimated(row: Row, column: str, scale: float = 1.0) -> str:
    value, half = float(row[column]) * scale, float(row[f"{column} ±"]) * scale
    return "–" if value != value else f"{value:.3g} ± {half:.2g}"


SEGMENTED = (
    ("usual: 4 segments, failure 0.1, load 0.3 + 0.4, handset 300 s", "segments", 4.0),
    ("1 segment", "segments", 1.0),
    ("8 segments", "segments", 8.0),
    ("failure 0", "failure", 0.0),
    ("failure 0.3", "failure", 0.3),
    ("load 0.3 + 1.0", "background", 1.0),
    ("load 0.3 + 1.2", "background", 1.2),
    ("handset 60 s", "reassembly", 60.0),
    ("handset 30 s", "reassembly", 30.0),
)
OFFLINE = [("offline", 0.0), ("offline", 1.0)] + [
    (str(trouble), share)
    for trouble in (Terminal.ABSENT, Terminal.SILENT, Terminal.REJECTING)
    for share in (0.25, 1.0)
]
LOADS = (0.5, 2.0, 5.0, 10.0, 20.0)
OFFERED = (0.9, 1.1, 1.5)


def segmented_line(what: str, varied: str, value: float) -> str:
    cells = []
    for way in Way:
        row = picked("segmented", varied=varied, value=value, way=str(way))
        cells.append(f"{100 * float(row['shown in time']):.3g} %, {number(row['delay p95 s'])} s")
    return f"| {what} | {' | '.join(cells)} |"


def offline_line(trouble: str, share: float) -> str:
    cells = []
    for way in OfflineWay:
        row = picked("offline", varied=trouble, value=share, way=str(way))
        cells.append(
            f"{estimated(row, 'arrived', 100)} % | {estimated(row, 'delay p50 s')} | "
            f"{number(row['short messages per push'])}"
        )
    what = f"{share:.0%} {trouble}" if share else "all online"
    return f"| {what} | {' | '.join(cells)} |"


def load_line(load: float) -> str:
    cells = []
    for way in OfflineWay:
        row = picked("offline", varied="load", value=load, way=str(way))
        cells.append(
            f"{100 * float(row['arrived']):.3g} % | {estimated(row, 'delay p50 s')} | "
            f"{number(row['SMSC load'])}"
        )
    return f"| {load:g} | {' | '.join(cells)} |"


def capacity_line(node: str, way: str) -> str:
    rows = [row for row in TABLES["capacity"] if row["node"] == node and row["way"] == way]
    most = max(float(row["capacity"]) for row in rows)
    rows = [row for row in rows if row["capacity"] == most]
    expected = float(rows[0]["expected"])
    carried = []
    for part in OFFERED:
        (row,) = (row for row in rows if abs(float(row["offered"]) / expected - part) < 0.01)
        carried.append(estimated(row, "carried"))
    return (
        f"| {node.upper()} | {way}, {rows[0]['terminals']} | "
        f"{number(rows[0]['messages per push'])} | "
        f"{1_000 / float(rows[0]['messages per push']):.3g} | {number(expected)} | "
        f"{' | '.join(carried)} |"
    )


def sockets_line(terminals: str, source: str, destination: str, message: str) -> str:
    row = next(
        row
        for row in TABLES["sockets"]
        if (row["terminals"], row["from"], row["to"], row["message"])
        == (terminals, source, destination, message)
    )
    return (
        f"| {terminals} | {source} → {destination}: {message} | {number(row['virtual s'])} | "
        f"{number(row['sockets s'])} | {estimated(row, 'difference ms')} |"
    )


def signalling_line(kind: Terminal) -> str:
    cells = []
    for way in OfflineWay:
        rows = {
            interface: picked("signalling", terminals=str(kind), way=str(way), interface=interface)
            for interface in ("gtp-c", "radio", "gr", "all")
        }
        counts = [number(row["messages"]) for row in rows.values()]
        arrived = "" if rows["all"]["arrived"] else ", in vain"
        cells.append(f"{' / '.join(counts)}{arrived}")
    return f"| {kind} | {' | '.join(cells)} |"


def scale_line(row: Row) -> str:
    took = [
        f"{float(row[f'{what} real s']):,.0f} s, {float(row[f'{what} processor s']):,.0f} s"
        for what in ("attaching", "campaign")
    ]
    ratios = [number(row[f"virtual s per {what} s"]) for what in ("real", "processor")]
    return (
        f"| {int(float(row['subscribers'])):,} | {int(float(row['pushes'])):,} | "
        f"{100 * float(row['arrived']):.3g} % | {' | '.join(took)} | {', '.join(ratios)} | "
        f"{float(row['octets per idle subscriber']) / 1000:.2g} kB | "
        f"{float(row['megabytes']):,.0f} MB |"
    )


SOCKETS = (
    ("ready", "ggsn", "hlr", "Send Routeing Information for GPRS Request"),
    ("ready", "ggsn", "sgsn", "PDU Notification Request"),
    ("ready", "sgsn", "mobiles", "Request PDP Context Activation"),
    ("ready", "sgsn", "ggsn", "Create PDP Context Request"),
    ("ready", "ggsn", "sgsn", "G-PDU"),
    ("ready", "mobiles", "mobiles", "shows SI"),
    ("rejecting", "sgsn", "ggsn", "PDU Notification Reject Request"),
    ("rejecting", "gateway esme", "smsc", "SMPP data_sm"),
    ("rejecting", "sgsn", "mobiles", "CP-DATA RP-DATA SMS-DELIVER"),
    ("rejecting", "mobiles", "mobiles", "shows SI"),
    ("rejecting", "gateway", "initiator", "PAP resultnotification-message"),
)


@pytest.mark.parametrize(
    "line",
    [
        *(segmented_line(*one) for one in SEGMENTED),
        *(offline_line(*one) for one in OFFLINE),
        *(load_line(load) for load in LOADS),
        *(signalling_line(kind) for kind in Terminal),
        *(
            capacity_line(*case)
            for case in dict.fromkeys(
                (str(row["node"]), str(row["way"])) for row in TABLES["capacity"]
            )
        ),
        *(sockets_line(*step) for step in SOCKETS),
        *(scale_line(row) for row in TABLES["scale"]),
    ],
)
def test_the_page_has_what_the_tables_say(line: str) -> None:
    """Line for line."""
    assert line in TEXT, f"the page should have\n{line}"


@pytest.mark.parametrize("name", NAMES)
def test_the_page_shows_each_plot_and_table(name: str) -> None:
    """With the command that makes them."""
    assert f"(experiments/{name}.svg)" in TEXT
    assert f"(experiments/{name}.csv)" in TEXT
    assert f"corenet experiment {name}" in TEXT


def by_seed(parameters: Segmented, way: Way, varied: str, value: float) -> Sequence[float]:
    """Return the median delay of each seed's run."""
    cell = conditions(parameters, way, varied, value)
    return [quantile(run(cell, seed).delays, 0.5) for seed in range(1, parameters.seeds + 1)]


def test_a_cell_measured_again_is_that_of_the_table() -> None:
    """The shipped parameters and seeds give these numbers, wherever they are run."""
    parameters = load("segmented", Segmented)
    again = estimate(by_seed(parameters, Way.TRANSACTION_DEDICATED, "segments", 8))
    row = picked("segmented", varied="segments", value=8.0, way=str(Way.TRANSACTION_DEDICATED))
    assert row["delay p50 s"] == float(f"{again.mean:.4g}")
    assert row["delay p50 s ±"] == float(f"{again.half:.4g}")


def test_every_step_on_sockets_was_one_in_virtual_time() -> None:
    """No message of either ladder is without its like in the other."""
    assert all(row["found"] == 1 for row in TABLES["sockets"])
    assert all(float(row["virtual s"]) >= 0 for row in TABLES["sockets"])


def test_the_validation_measured_again_is_that_of_the_table(tmp_path: Path) -> None:
    """All of it: to the octet."""
    experiment = find("validation")
    parameters = load("validation", experiment.parameters)
    write(experiment.measure(parameters, (1,), Spread()), tmp_path / "again.csv")
    table = FOLDER / "validation.csv"
    assert (tmp_path / "again.csv").read_bytes() == table.read_bytes()
