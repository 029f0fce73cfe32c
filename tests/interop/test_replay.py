"""Recorded dialogues of real peers, sent again: to our GGSN, and to osmo-ggsn with its TUN."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import missing_peer, require_peer
from tests.interop.peers import CORENET, Peers
from tests.interop.test_osmo_ggsn import OSMO_GGSN, TUN

pytestmark = pytest.mark.interop

SGSNEMU = Path(__file__).parents[1] / "vectors" / "osmo" / "sgsnemu.pcapng"
"""sgsnemu and our GGSN: echo, one context created and deleted."""
OURS, THEIRS, SGSN = "127.0.10.1", "192.0.2.1", "192.0.2.2"


def replay(peers: Peers, capture: Path, *options: str) -> tuple[int, dict[str, Any]]:
    """Replay a capture; return the exit status, and what is told as JSON."""
    words = (str(CORENET), "replay", str(capture), "--fast", "--json", *options)
    peer = peers.start(f"replay-{capture.stem}", *words)
    status = peer.wait()
    told: dict[str, Any] = json.loads(peer.output)
    return status, told


def different(told: dict[str, Any]) -> dict[str, list[str]]:
    """Return the elements that differ, by message."""
    return {
        step["message"]: [one["element"] for one in step["differences"]]
        for step in told["steps"]
        if step.get("differences")
    }


def test_sgsnemu_is_answered_by_our_ggsn_as_it_was(peers: Peers) -> None:
    """Our GGSN answers the recorded dialogue as it did, and nothing is left of the context."""
    peers.run_lab("ggsn")
    status, told = replay(peers, SGSNEMU, "--to", OURS)
    assert different(told) == {}
    assert (status, told["different"]) == (0, 0)
    assert len(told["steps"]) == 6
    control = "http://127.0.10.4:8080/v1/contexts"
    assert peers.place.ask("GET", control)["total"] == 0


def test_osmo_ggsn_and_ours_are_compared(isolated_peers: Peers) -> None:
    """osmo-ggsn takes the same dialogue; what it answers otherwise is shown, both ways."""
    peers = isolated_peers
    program = require_peer("osmo-ggsn", package="osmo-ggsn")
    if not os.access(TUN, os.R_OK | os.W_OK):
        missing_peer(f"osmo-ggsn cannot open {TUN} as this user")
    for address in (THEIRS, SGSN):
        peers.place.run("ip", "address", "add", f"{address}/32", "dev", "lo")
    (peers.folder / "osmo-ggsn.cfg").write_text(OSMO_GGSN, encoding="utf-8")
    ggsn = peers.start("osmo-ggsn", program, "-c", "osmo-ggsn.cfg")
    ggsn.wait_for(r"GGSN\(ggsn\): Successfully started")

    recording = peers.folder / "osmo.pcapng"
    _, told = replay(peers, SGSNEMU, "--to", THEIRS, "--from", SGSN, "--pcap", str(recording))
    print(f"osmo-ggsn where ours was recorded: {different(told)}")
    assert [step["came"] for step in told["steps"] if step.get("came", "") is None] == []
    assert "Cause" not in {name for names in different(told).values() for name in names}

    # What osmo-ggsn has said is played to our GGSN, and differs in the same elements.
    peers.run_lab("ggsn")
    _, back = replay(peers, recording, "--to", OURS)
    print(f"ours where osmo-ggsn was recorded: {different(back)}")
    assert different(back).keys() == different(told).keys()
