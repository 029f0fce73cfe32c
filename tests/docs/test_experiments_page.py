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
OFFLINE = [(Terminal.ABSENT, 0.0)] + [
    (trouble, share)
    for trouble in (Terminal.ABSENT, Terminal.SILENT, Terminal.REJECTING)
    for share in (0.25, 1.0)
]


def segmented_line(what: str, varied: str, value: float) -> str:
    cells = []
    for way in Way:
        row = picked("segmented", varied=varied, value=value, way=str(way))
        cells.append(f"{100 * float(row['shown in time']):.3g} %, {number(row['delay p95 s'])} s")
    return f"| {what} | {' | '.join(cells)} |"


def offline_line(trouble: Terminal, share: float) -> str:
    cells = []
    for way in OfflineWay:
        row = picked("offline", terminals=str(trouble), share=share, way=str(way))
        cells.append(
            f"{estimated(row, 'arrived', 100)} % | {estimated(row, 'delay p50 s')} | "
            f"{number(row['short messages per push'])}"
        )
    what = f"{share:.0%} {trouble}" if share else "all ready"
    return f"| {what} | {' | '.join(cells)} |"


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
    took = [f"{number(row[column])} s" for column in ("attaching took s", "campaign took s")]
    return (
        f"| {int(float(row['subscribers'])):,} | {int(float(row['pushes'])):,} | "
        f"{100 * float(row['arrived']):.3g} % | {' | '.join(took)} | "
        f"{number(row['virtual per real s'])} | "
        f"{float(row['octets per subscriber']) / 1000:.2g} kB |"
    )


@pytest.mark.parametrize(
    "line",
    [
        *(segmented_line(*one) for one in SEGMENTED),
        *(offline_line(*one) for one in OFFLINE),
        *(signalling_line(kind) for kind in Terminal),
        *(scale_line(row) for row in TABLES["scale"]),
    ],
)
def test_the_page_has_what_the_tables_say(line: str) -> None:
    """Line for line."""
    assert line in PAGE.read_text(encoding="utf-8"), f"the page should have\n{line}"


@pytest.mark.parametrize("name", NAMES)
def test_the_page_shows_each_plot_and_table(name: str) -> None:
    """With the command that makes them."""
    page = PAGE.read_text(encoding="utf-8")
    assert f"(experiments/{name}.svg)" in page
    assert f"(experiments/{name}.csv)" in page
    assert f"corenet experiment {name}" in page


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


def test_the_validation_measured_again_is_that_of_the_table(tmp_path: Path) -> None:
    """All of it: to the octet."""
    experiment = find("validation")
    parameters = load("validation", experiment.parameters)
    write(experiment.measure(parameters, (1,), Spread()), tmp_path / "again.csv")
    table = FOLDER / "validation.csv"
    assert (tmp_path / "again.csv").read_bytes() == table.read_bytes()
