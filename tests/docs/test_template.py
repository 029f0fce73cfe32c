"""The project that ``corenet init`` makes passes as it was made, by its own tox matrix.

``tox run`` runs four environments that differ in two things; two of them, ``tox run -e 1.0-plain``
and ``tox run -e 1.1-slow``, have each of these once.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import with_plugin

pytestmark = pytest.mark.docs

ROOT = Path(__file__).parents[2]
MATRIX = ["1.0-plain", "1.0-slow", "1.1-plain", "1.1-slow"]
EVERY_FACTOR = "1.0-plain,1.1-slow"
LONGEST = 900


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project, as it was made."""
    folder = tmp_path / "my-lab"
    corenet = Path(sys.executable).parent / "corenet"
    subprocess.run([corenet, "init", folder], check=True, timeout=180, cwd=ROOT)
    return folder


def tox(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run tox there, with what is installed here in place of what it would download."""
    here = [str(ROOT), *(folder for folder in sys.path if folder.endswith("site-packages"))]
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = os.environ | {"PATH": path, "PYTHONPATH": os.pathsep.join(here)} | with_plugin()
    for name in [name for name in environment if name.startswith("TOX_")]:
        del environment[name]
    overridden = ["-x", "testenv.deps=", "-x", "testenv.pass_env=*"]
    return subprocess.run(
        [sys.executable, "-m", "tox", *arguments, *overridden],
        cwd=project,
        env=environment,
        capture_output=True,
        text=True,
        timeout=LONGEST,
    )


def test_the_matrix_is_versions_by_labs(project: Path) -> None:
    """Each version of the gateway on each lab file."""
    listed = tox(project, "list", "--no-desc", "-q")
    assert listed.stdout.split() == MATRIX, listed.stderr


def test_every_version_and_every_lab_pass(project: Path) -> None:
    """Each factor once: what the gateway under test does, and what the lab does by itself."""
    result = tox(project, "run", "-e", EVERY_FACTOR)
    assert result.returncode == 0, result.stdout + result.stderr
    assert result.stdout.count("6 passed") == 2
