"""What tests with real peers share: a place of their own, and peers that end with the test."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from tests.interop.peers import Peers, Place, make_namespace, make_place


@pytest.fixture
def place() -> Iterator[Place]:
    """Return a network namespace of this test's own, or this host where there can be none."""
    place = make_place()
    yield place
    place.close()


@pytest.fixture
def namespace() -> Iterator[Place]:
    """Return a network namespace of this test's own, for what must not be done on the host."""
    place = make_namespace()
    yield place
    place.close()


@pytest.fixture
def peers(tmp_path: Path, place: Place) -> Iterator[Peers]:
    """Return what starts peers in ``place``; all of them end with the test."""
    peers = Peers(tmp_path, place)
    yield peers
    peers.stop()


@pytest.fixture
def isolated_peers(tmp_path: Path, namespace: Place) -> Iterator[Peers]:
    """Return what starts peers in ``namespace``; all of them end with the test."""
    peers = Peers(tmp_path, namespace)
    yield peers
    peers.stop()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show with a failure what each peer said."""
    report = yield
    if report.failed:
        for peers in getattr(item, "funcargs", {}).values():
            if isinstance(peers, Peers):
                for name, output in peers.outputs():
                    report.sections.append((f"{name} said (kept in {peers.folder})", output))
    return report
