"""The wheel and the source distribution, as who has nothing else gets them."""

from __future__ import annotations

import os
import pty
import re
import select
import shutil
import subprocess
import sys
import tarfile
import time
import zipfile
from pathlib import Path

import pytest

from tests.conftest import require_peer
from tests.interop.peers import Peers, Place

pytestmark = [pytest.mark.interop, pytest.mark.downloads]

ROOT = Path(__file__).parents[2]
LEFT_OUT = (
    ".git", ".gitignore", ".*_cache", ".hypothesis", ".tox", ".venv", ".coverage*", "*.egg-info",
    "*.py[co]", "__pycache__", "build", "dist", "site", "demo.pcapng",
)  # fmt: skip
"""What is in a working copy and not of the project."""
PATIENCE = 60.0
"""Seconds that a shell has to show a completion."""


class Distribution:
    """Both files, built, and the wheel in an environment that has nothing else."""

    def __init__(self, folder: Path) -> None:
        self.source = folder / "source"
        shutil.copytree(ROOT, self.source, ignore=shutil.ignore_patterns(*LEFT_OUT))
        built = folder / "dist"
        # The wheel is built from the source distribution, not from the tree.
        _run(sys.executable, "-m", "build", "--outdir", str(built), str(self.source))
        (self.archive,) = built.glob("*.tar.gz")
        (self.wheel,) = built.glob("*.whl")
        self.environment = folder / "environment"
        _run(sys.executable, "-m", "venv", "--without-pip", str(self.environment))
        pip = (sys.executable, "-m", "pip", "--python", str(self.environment / "bin" / "python"))
        _run(*pip, "install", "--quiet", f"{self.wheel}[pytest]")
        self.corenet = str(self.environment / "bin" / "corenet")

    def variables(self, home: Path) -> dict[str, str]:
        """Return the variables of a user of that environment who has a new home."""
        path = f"{self.environment / 'bin'}{os.pathsep}{os.environ['PATH']}"
        kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
        return kept | {"PATH": path, "HOME": str(home), "XDG_CONFIG_HOME": str(home / "config")}


@pytest.fixture(scope="module")
def distribution(tmp_path_factory: pytest.TempPathFactory) -> Distribution:
    """Return what the project's build makes, once for all tests here."""
    return Distribution(tmp_path_factory.mktemp("distribution"))


def _run(*words: str, **options) -> str:
    done = subprocess.run(words, capture_output=True, text=True, timeout=300, **options)
    assert done.returncode == 0, f"{words}:\n{done.stdout}{done.stderr}"
    return done.stdout


def test_the_source_distribution_has_all_of_the_source(distribution: Distribution) -> None:
    """Code, tests, docs, benchmarks and packaging: nothing of the project is left out."""
    files = {
        path.relative_to(distribution.source).as_posix()
        for path in distribution.source.rglob("*")
        if path.is_file() and path.suffix != ".pyc" and ".egg-info" not in str(path)
    }
    with tarfile.open(distribution.archive) as archive:
        there = {name.partition("/")[2] for name in archive.getnames()}
    assert {"tests/conftest.py", "docs/howto/README.md", "tox.ini", ".ci/run"} < files
    assert files - there == set()


def test_the_wheel_has_no_tests_and_all_data(distribution: Distribution) -> None:
    """What packages read at run time comes along; what tests them does not."""
    names = set(zipfile.ZipFile(distribution.wheel).namelist())
    assert {name.partition("/")[0].partition("-")[0] for name in names} == {
        "corenet", "gtp", "testbed",
    }  # fmt: skip
    data = {
        path.relative_to(distribution.source).as_posix()
        for package in ("corenet", "gtp", "testbed")
        for path in (distribution.source / package).rglob("*")
        if path.is_file()
    }
    assert data - names == set()


def test_who_has_only_the_wheel_sees_an_offline_push(
    distribution: Distribution, place: Place, tmp_path: Path
) -> None:
    """The demo, its lab and its scenarios come along, and need nothing that is not required."""
    home = distribution.variables(tmp_path)
    said = place.run(distribution.corenet, "demo", cwd=tmp_path, env=home)
    assert "push delivered" in said
    listed = place.run(distribution.corenet, "scenario", "--list", env=home, cwd=tmp_path)
    assert "gi-trigger" in listed
    place.run(distribution.corenet, "validate", "default", "sms", "gateway", env=home, cwd=tmp_path)


def test_a_project_made_from_the_wheel_finds_the_plugin(
    distribution: Distribution, place: Place, tmp_path: Path
) -> None:
    """``corenet init`` writes it, and its tests of the core run."""
    home = distribution.variables(tmp_path)
    place.run(distribution.corenet, "init", "project", cwd=tmp_path, env=home)
    words = (str(distribution.environment / "bin" / "pytest"), "-q", "tests/test_core.py")
    said = place.run(*words, cwd=tmp_path / "project", env=home, timeout=120.0)
    assert re.search(r"^3 passed", said, re.MULTILINE), said


def test_the_page_is_in_the_wheel(distribution: Distribution, peers: Peers, tmp_path: Path) -> None:
    """With every script and style sheet that it names."""
    lab = peers.start("lab", distribution.corenet, "run", "core", "--state", str(tmp_path / "s"))
    lab.wait_for("^Ready: ")
    page = peers.place.fetch("GET", "http://127.0.10.4:8080/")
    named = re.findall(r'(?:src|href)="(/?[\w./-]+\.(?:js|css))"', page)
    assert named
    for file in named:
        assert peers.place.fetch("GET", f"http://127.0.10.4:8080/{file.lstrip('/')}")


def test_man_finds_the_pages_of_the_wheel(distribution: Distribution, tmp_path: Path) -> None:
    """man looks beside the folders of PATH; each command and the lab file has a page."""
    mandoc = require_peer("mandoc", package="mandoc")
    pages = distribution.environment / "share" / "man"
    for name, section in (("corenet", 1), ("corenet-run", 1), ("corenet-lab", 5)):
        page = pages / f"man{section}" / f"{name}.{section}"
        assert name.upper() in _run(mandoc, "-T", "utf8", str(page))


def test_bash_completes_from_the_wheel(distribution: Distribution, tmp_path: Path) -> None:
    """The file stands where bash-completion looks, and offers what begins so."""
    script = distribution.environment / "share" / "bash-completion" / "completions" / "corenet"
    asked = (
        f"source {script}; COMP_WORDS=(corenet sc); COMP_CWORD=1; "
        "$(complete -p corenet | sed 's/.* -F \\([^ ]*\\) .*/\\1/'); echo \"${COMPREPLY[@]}\""
    )
    said = _run("bash", "--norc", "-c", asked, env=distribution.variables(tmp_path))
    assert said.split() == ["scenario"]


def test_zsh_completes_from_the_wheel(distribution: Distribution, tmp_path: Path) -> None:
    """In a terminal, at the Tab key, the first time and the second."""
    zsh = require_peer("zsh", package="zsh")
    functions = distribution.environment / "share" / "zsh" / "site-functions"
    process, terminal = pty.fork()
    if process == 0:
        home = distribution.variables(tmp_path) | {"TERM": "dumb", "PS1": "% "}
        os.execve(zsh, [zsh, "-f", "-i"], home)
    try:
        prepare = f"unsetopt zle; fpath+=({functions}); autoload -Uz compinit; compinit -u -D"
        _type(terminal, f"{prepare}; setopt zle; echo rea''dy\r", "ready")
        _type(terminal, "corenet scen\t", r"corenet scenario ")
        _type(terminal, "--soc\t", r"--sockets")
    finally:
        os.kill(process, 9)
        os.waitpid(process, 0)
        os.close(terminal)


def test_fish_completes_from_the_wheel(distribution: Distribution, tmp_path: Path) -> None:
    """It finds the file by itself, below the folders of shared data that it is told."""
    fish = require_peer("fish", package="fish")
    shared = f"{distribution.environment / 'share'}:/usr/share"
    home = distribution.variables(tmp_path) | {"XDG_DATA_DIRS": shared}
    said = _run(fish, "-c", "complete --do-complete 'corenet scen'", env=home)
    assert said.startswith("scenario\t")


def _type(terminal: int, keys: str, until: str) -> None:
    """Press keys, and wait until the terminal shows something."""
    os.write(terminal, keys.encode())
    shown, deadline = "", time.monotonic() + PATIENCE
    while not re.search(until, shown):
        assert time.monotonic() < deadline, shown
        if select.select([terminal], [], [], 0.5)[0]:
            shown += os.read(terminal, 4096).decode(errors="replace")


def test_the_wheel_brings_what_runs_and_watches_labs(
    distribution: Distribution, tmp_path: Path
) -> None:
    """A systemd unit, Grafana's dashboard, and Wireshark's profile."""
    shared = distribution.environment / "share" / "corenet"
    assert (shared / "systemd" / "corenet@.service").is_file()
    assert (shared / "grafana" / "corenet.json").is_file()
    home = distribution.variables(tmp_path)
    _run(distribution.corenet, "wireshark", "install", cwd=tmp_path, env=home)
    assert list((tmp_path / "config" / "wireshark" / "profiles").glob("Corenet/colorfilters"))
