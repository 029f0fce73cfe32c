"""The set-ups of the compose file without containers: their files, and what the guide asks them."""

from __future__ import annotations

import subprocess

import pytest

from tests.conftest import require_peer
from tests.interop.peers import CORENET, Peers, Place, eventually
from tests.pages import ROOT, shown

pytestmark = pytest.mark.interop

GUIDE = "docs/howto/run-in-containers.md"
CONTAINER = ROOT / "packaging" / "container"
CONTEXTS = "CORENET_TOKEN=only-for-a-lab corenet ctl --url http://127.0.0.1:8080 contexts"


@pytest.fixture
def core(isolated_peers: Peers) -> Peers:
    """Return what starts peers beside the core, which runs."""
    isolated_peers.run_lab(str(CONTAINER / "core.yaml"), name="core")
    return isolated_peers


def contexts(place: Place) -> str:
    """Return what the guide's question about the core's contexts is answered."""
    token, _, *words = shown(GUIDE, CONTEXTS)
    return place.run("env", token, str(CORENET), *words)


def test_our_gateway_delivers_what_the_guide_pushes(core: Peers) -> None:
    """The push is followed to its end, and the context it needed is listed."""
    core.run_lab(str(CONTAINER / "gateway.yaml"), name="gateway")
    _, *words = shown(
        GUIDE, "corenet push +447700900001 --gateway http://127.0.0.1:8081/pap --follow"
    )
    assert "delivered" in core.place.run(str(CORENET), *words)
    assert "127.10.0.1" in contexts(core.place)


def test_kannel_delivers_what_the_guide_pushes(core: Peers) -> None:
    """Its datagram to an address without a context is what has the network request one."""
    for program, ready in (
        ("bearerbox", "MAIN: Start-up done"),
        ("wapbox", "Connected to bearerbox"),
    ):
        path = require_peer(program, package="kannel")
        core.start(program, path, str(CONTAINER / "kannel.conf")).wait_for(ready)
    _, *words = shown(
        GUIDE, "corenet push 127.10.0.1 --gateway http://127.0.0.1:18080/wappush --wait 0"
    )
    asked = core.place.command(str(CORENET), *words)
    eventually(lambda: subprocess.run(asked, timeout=60).returncode, lambda status: status == 0)
    eventually(lambda: contexts(core.place), lambda said: "127.10.0.1" in said)
