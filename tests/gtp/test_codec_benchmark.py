"""The codec's benchmark runs, and its three contenders agree; how fast they are is not tested."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.oracle

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("arguments", [("--json",), ()])
def test_the_benchmark_runs(arguments: tuple[str, ...]) -> None:
    """Both forms of output have the four columns of which a ratio is demanded."""
    pytest.importorskip("scapy")
    command = [sys.executable, "-m", "benchmarks.codec", "--rounds=1", "--messages=2", *arguments]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600, check=True)
    if arguments:
        results = json.loads(run.stdout)["columns"]
        assert len([result for result in results if result["demanded"]]) == 4
        assert all(result["ratio"] > 0 for result in results)
    else:
        assert run.stdout.count("demanded 60") == 4
