"""What every test shares: how properties are tried, and how real peers are asked for."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import sys
from glob import glob
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, NoReturn

import pytest
from hypothesis import settings

from tests import own_network

# No deadline: a machine that is busy is no bug. Derandomised: a failure is the same everywhere.
settings.register_profile("whole", deadline=None, derandomize=True)
# For the second and third Python, and for coverage: whoever asks for more by number still has it.
settings.register_profile("few", settings.get_profile("whole"), max_examples=10)
settings.load_profile(os.environ.get("CORENET_PROPERTIES", "whole"))

REQUIRE_PEERS = "CORENET_REQUIRE_PEERS"
"""With this in the environment, and not 0, a peer that is missing is a failure."""


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Where ``-m`` begins with a mark, leave files out that don't name it: reading costs least."""
    wanted = re.fullmatch(r"(?!not\b)(\w+)( and .*)?", config.getoption("markexpr"))
    if wanted is None or collection_path.suffix != ".py":
        return None
    return wanted[1] not in collection_path.read_text(encoding="utf-8") or None


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes(config: pytest.Config, specs: list[Any]) -> None:
    """Give each process of pytest-xdist a network of its own; where none can be had, leave one."""
    if own_network.can_be_had():
        for spec in specs:
            spec.python = shlex.join([sys.executable, own_network.__file__])
    else:
        del specs[1:]


def require_peer(program: str, *, package: str) -> str:
    """Return the path of a peer's program; without it the test is skipped, or fails if it must."""
    # Daemons live where an ordinary user's PATH may not lead.
    servers = sorted(glob("/usr/lib/postgresql/*/bin"), reverse=True)
    path = os.environ.get("PATH", os.defpath)
    folders = os.pathsep.join((path, "/usr/sbin", "/sbin", *servers))
    found = shutil.which(program, path=folders)
    if found is None:
        missing_peer(f"{program} is not installed: it comes with Debian's package {package}")
    return found


def missing_peer(reason: str) -> NoReturn:
    """Skip the test because a real peer cannot be had; fail it where peers are required."""
    if os.environ.get(REQUIRE_PEERS, "0") not in ("", "0"):
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


def with_plugin() -> dict[str, str]:
    """Return what another pytest needs in its environment to have Corenet's plugin.

    Nothing, unless this checkout was installed for editing when there was no plugin yet.
    """
    if any(point.name == "corenet" for point in entry_points(group="pytest11")):
        return {}
    return {"PYTEST_PLUGINS": "testbed.pytest_plugin.plugin"}


@pytest.fixture(scope="session")
def tshark() -> str:
    """Return the path of tshark, where it can be had."""
    return require_peer("tshark", package="tshark")
