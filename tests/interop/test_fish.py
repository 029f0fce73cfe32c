"""A real fish completes the command's words: what it would offer at the Tab key."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.conftest import require_peer
from tests.interop.peers import CORENET
from tests.pages import ROOT

pytestmark = pytest.mark.interop

SCRIPT = ROOT / "packaging" / "completion" / "fish" / "corenet.fish"


@pytest.mark.parametrize(
    ("begun", "offers"),
    [
        ("corenet scen", ["scenario"]),
        ("corenet scenario --soc", ["--sockets"]),
        ("corenet scenario offl", ["offline"]),
        ("corenet ctl fault gtp-", ["gtp-c", "gtp-u"]),
        ("corenet ctl reset ", ["gsup", "smpp"]),
        ("corenet ctl mobile power-", ["power-off", "power-on"]),
        ("corenet run def", ["default", "defect.yaml"]),
        ("corenet run default --pcap defe", ["defect.yaml"]),
        ("corenet decode defe", ["defect.yaml"]),
        (
            "corenet send create-pdp-context-re",
            ["create-pdp-context-request", "create-pdp-context-response"],
        ),
    ],
)
def test_fish_offers_names_and_files(begun: str, offers: list[str], tmp_path: Path) -> None:
    """By the script that a wheel installs, which asks the command itself."""
    (tmp_path / "defect.yaml").touch()
    fish = require_peer("fish", package="fish")
    path = f"{CORENET.parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        [fish, "--no-config", "-c", f"source {SCRIPT}; complete --do-complete '{begun}'"],
        cwd=tmp_path,
        env=os.environ | {"HOME": str(tmp_path), "PATH": path},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert (done.returncode, done.stderr) == (0, "")
    # Behind a tab stands what it is.
    assert sorted(line.partition("\t")[0] for line in done.stdout.splitlines()) == offers
