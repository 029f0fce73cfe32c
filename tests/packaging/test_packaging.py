"""What comes along for those who run labs: systemd units and a dashboard."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

from tests.conftest import require_peer

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
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    said = [line for line in done.stderr.splitlines() if "corenet@" in line]
    assert (done.returncode, said) == (0, []), done.stderr
