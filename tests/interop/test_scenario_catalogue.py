"""Every scenario that comes along, on real sockets: some side by side, each in its own network.

Those that ``corenet demo`` shows first are performed by ``test_scenarios.py``.
"""

from __future__ import annotations

import subprocess
import xml.etree.ElementTree as ElementTree
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from testbed.scenarios.demo import SHOWN_FIRST
from testbed.scenarios.loading import shipped_scenarios
from tests.interop.peers import CORENET, Namespace, make_place

pytestmark = pytest.mark.interop

OTHERS = tuple(name for name in shipped_scenarios() if name not in SHOWN_FIRST)
AT_ONCE = 2
"""More would only wait for each other on a small machine."""
LONGEST = 600.0
"""Seconds after which scenarios that have not ended never will."""


def perform(names: tuple[str, ...], results: Path) -> dict[str, str | None]:
    """Run scenarios in a place of their own; return what is wrong with each, None: nothing."""
    place = make_place()
    try:
        done = subprocess.run(
            place.command(str(CORENET), "scenario", *names, "--sockets", "--junit", str(results)),
            capture_output=True,
            text=True,
            timeout=LONGEST,
        )
    finally:
        place.close()
    assert results.is_file(), done.stdout + done.stderr
    cases = ElementTree.parse(results).getroot().iter("testcase")
    return {case.attrib["name"]: case.findtext("failure") for case in cases}


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str | None]:
    """Perform every scenario."""
    folder = tmp_path_factory.mktemp("catalogue")
    place = make_place()
    at_once = AT_ONCE if isinstance(place, Namespace) else 1
    place.close()
    shares = [OTHERS[number::at_once] for number in range(at_once)]
    with ThreadPoolExecutor(at_once) as pool:
        done = pool.map(lambda share: perform(share, folder / f"{share[0]}.xml"), shares)
        return {name: failure for share in done for name, failure in share.items()}


@pytest.mark.parametrize("name", OTHERS)
def test_scenario_ends_on_sockets_as_it_says(name: str, results: dict[str, str | None]) -> None:
    """What it expects in virtual time is so on real sockets too."""
    assert results[name] is None, results[name]
