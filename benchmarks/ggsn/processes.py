"""Who is measured, as processes in a network namespace of its own, and what a process has used."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.ggsn import serving as program
from benchmarks.ggsn.serving import READY
from tests.conftest import require_peer
from tests.interop.peers import Peer, Peers, Place

GGSN, SGSN, RADIUS, HLR = "192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4"
_PAGE = os.sysconf("SC_PAGE_SIZE")

OSMO_GGSN = f"""
log stderr
 logging filter all 1
 logging color 0
 logging level all error
ggsn ggsn
 gtp state-dir .
 gtp bind-ip {GGSN}
 apn internet
  gtpu-mode tun
  tun-device apn0
  type-support v4
  ip prefix dynamic 10.0.0.0/16
  ip ifconfig 10.0.0.1/16
  ip dns 0 192.0.2.53
  ip dns 1 192.0.2.54
  no shutdown
 no shutdown ggsn
"""
"""The same APN; errors alone are logged."""


def resident(pid: int) -> int:
    """Return the octets of memory that a process holds (proc(5), statm)."""
    return int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]) * _PAGE


def prepare(place: Place) -> None:
    """Give the namespace its addresses."""
    for address in (GGSN, SGSN, RADIUS, HLR):
        place.run("ip", "address", "add", f"{address}/32", "dev", "lo")


@contextmanager
def serving(
    folder: Path, place: Place, kind: str, *words: str, python: str = sys.executable
) -> Iterator[Peer]:
    """Run our GGSN (with a RADIUS server where it is to have one), an echo, or osmo-ggsn.

    ``python`` is the interpreter of ours, which decides which installation it is.
    """
    folder.mkdir(parents=True)
    peers = Peers(folder, place)
    try:
        if kind == "osmo-ggsn":
            (folder / "osmo-ggsn.cfg").write_text(OSMO_GGSN, encoding="utf-8")
            program = require_peer("osmo-ggsn", package="osmo-ggsn")
            peer = peers.start("osmo-ggsn", program, "-c", "osmo-ggsn.cfg")
            place.run(sys.executable, "-m", "benchmarks.ggsn.sgsn", "await", GGSN)
        else:
            if "--radius" in words:
                _start(peers, sys.executable, "radius", RADIUS)
            peer = _start(peers, python, kind, GGSN, *words)
        yield peer
    finally:
        peers.stop()


def _start(peers: Peers, python: str, kind: str, *words: str) -> Peer:
    # Another interpreter is to find what is installed for it, and not what lies here.
    alone = () if python == sys.executable else ("-I",)
    command = (python, *alone, str(Path(program.__file__).absolute()), kind, *words)
    peer = peers.start(kind, *command)
    peer.wait_for(f"^{READY}", timeout=60.0)
    return peer


def ask(place: Place, words: Sequence[str], timeout: float) -> dict[str, Any]:
    """Run a scripted SGSN to its end and return what it says."""
    command = (sys.executable, "-m", "benchmarks.ggsn.sgsn", *words)
    document: dict[str, Any] = json.loads(place.run(*command, timeout=timeout))
    return document
