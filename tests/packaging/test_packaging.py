"""What comes along for those who run labs: systemd units and a dashboard."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest
from twisted.internet.task import Clock

from corenet.adapters.control_http import ControlInterface
from testbed.lab.build import load
from testbed.lab.virtual import virtual_lab
from tests.conftest import require_peer
from tests.corenet.adapters.conftest import Answer, Connection, octets_of

ROOT = Path(__file__).parents[2]
DASHBOARD = json.loads((ROOT / "packaging" / "grafana" / "corenet.json").read_text())
METRICS = (ROOT / "docs" / "reference" / "metrics.md").read_text(encoding="utf-8")
OF_SERIES = ("_bucket", "_sum", "_count")


@pytest.mark.parametrize("panel", DASHBOARD["panels"], ids=lambda panel: panel["title"])
def test_the_dashboard_asks_for_metrics_that_there_are(panel) -> None:
    """Each is on the page of metrics; a histogram by its parts."""
    for target in panel["targets"]:
        for name in re.findall(r"corenet_\w+", target["expr"]):
            whole = next((name.removesuffix(end) for end in OF_SERIES if name.endswith(end)), name)
            assert f"`{whole}`" in METRICS, name


@pytest.mark.parametrize("panel", DASHBOARD["panels"], ids=lambda panel: panel["title"])
def test_the_dashboard_sums_by_labels_that_there_are(panel) -> None:
    """``le`` is every histogram's; a legend names what is left after the sum."""
    for target in panel["targets"]:
        (name,) = re.findall(r"corenet_\w+", target["expr"])
        labels = _labels_of(name)
        for summed in re.findall(r"by \(([\w, ]+)\)", target["expr"]):
            assert set(summed.split(", ")) <= labels, (name, summed)
        for named in re.findall(r"\{\{(\w+)\}\}", target.get("legendFormat", "")):
            assert named in labels, (name, named)


def test_the_dashboard_picks_out_what_a_core_has() -> None:
    """Each value that a query names is one that a core exposes."""
    with virtual_lab(load("demo"), seed=1) as lab:
        connection = Connection(ControlInterface(lab.control, Clock()).site())
        connection.send(octets_of("GET", "/metrics"))
        exposed = Answer(connection.received(), "GET").body.decode()
    asked = [target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]]
    picked = [found for each in asked for found in re.findall(r'(\w+)\{(\w+)=~?"([^"]+)"\}', each)]
    assert picked
    for metric, label, values in picked:
        for value in values.split("|"):
            assert re.search(rf'^{metric}\{{[^}}]*{label}="{value}"', exposed, re.M), value


def _labels_of(name: str) -> set[str]:
    """Return the labels that the page says a metric has: a core's in its text, others' in rows."""
    whole = next((name.removesuffix(end) for end in OF_SERIES if name.endswith(end)), name)
    if found := re.search(rf"`{whole}` by ((?:`\w+`(?: and\s)?)+)", METRICS):
        return set(re.findall(r"`(\w+)`", found[1]))
    (row,) = [line for line in METRICS.splitlines() if line.startswith(f"| `{whole}` ")]
    return set(re.findall(r"`(\w+)`", row.split("|")[3]))


def test_panels_are_beside_and_below_each_other() -> None:
    """None hides another."""
    places = [(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in DASHBOARD["panels"]]
    assert len(set(places)) == len(places)
    assert all(panel["gridPos"]["x"] + panel["gridPos"]["w"] <= 24 for panel in DASHBOARD["panels"])


@pytest.mark.interop
def test_systemd_takes_the_unit(tmp_path: Path) -> None:
    """It has nothing to say about it, once the program is there."""
    require_peer("systemd-analyze", package="systemd")
    text = (ROOT / "packaging" / "systemd" / "corenet@.service").read_text()
    unit = tmp_path / "corenet@lab.service"
    unit.write_text(text.replace("/opt/corenet/bin/corenet", "/bin/true"))
    command = ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", str(unit)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=180)
    said = [line for line in done.stderr.splitlines() if "corenet@" in line]
    assert (done.returncode, said) == (0, []), done.stderr
