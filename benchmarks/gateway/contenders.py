"""The two gateways as processes, each in the smallest configuration that does the same work.

Both take PAP over HTTP and send connectionless pushes to the IPv4 address that the push names.
Kannel needs bearerbox and wapbox for that and keeps nothing. Ours is ``corenet run`` of a lab with
nothing but a gateway; it stores every push in an SQLite file before it answers, and sends to
addresses that a RADIUS Start has announced. Both write the log that they write when nobody says
otherwise: Kannel at its level 0, as in ``tests/interop``, ours one line per event. Where neither
is to log, Kannel runs at level 2 (warnings) and ours with ``--quiet``.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.cpu import cpu_seconds
from tests.interop.peers import CORENET, Peer, Place

SECRET = "testing123"
KANNEL_ADDRESS, OUR_ADDRESS = "127.0.30.1", "127.0.31.1"
OUR_PORT = 8081
_AWAIT_PORT = """
import socket, sys, time
deadline = time.monotonic() + 15
while True:
    try:
        socket.create_connection((sys.argv[1], int(sys.argv[2])), 1).close()
        break
    except OSError:
        if time.monotonic() > deadline:
            raise
        time.sleep(0.02)
"""

KANNEL = """
group = core
admin-port = 13000
admin-password = bar
admin-allow-ip = "127.0.0.1"
wapbox-port = 13002
box-allow-ip = "127.0.0.1"
wdp-interface-name = "{address}"
log-file = "bearerbox-file.log"
log-level = {level}

group = wapbox
bearerbox-host = 127.0.0.1
log-file = "wapbox-file.log"
log-level = {level}

group = ppg
ppg-url = /wappush
ppg-port = 18080
trusted-pi = true
concurrent-pushes = 100
users = 1024
"""

OURS = """
name: benchmark{number}
gateway:
  address: {address}
  apn: wap.example
  ask_core: false
  radius_secret: {secret}
  store: {store}
"""


class MissingPeerError(Exception):
    """A program that the benchmark needs is not installed."""


@dataclass(frozen=True, slots=True)
class Contender:
    """A gateway that runs."""

    name: str
    peers: tuple[Peer, ...]
    hosts: tuple[str, ...]
    """Where PAP is served."""
    port: int
    path: str
    radius: tuple[str, ...] = ()
    """Where terminals have to be announced by accounting."""

    def cpu_seconds(self) -> float:
        """Return the CPU time that its processes have used, user and system."""
        return sum(cpu_seconds(peer.pid) for peer in self.peers)

    def stop(self) -> None:
        """End its processes."""
        _stop(self.peers)


def kannel_programs() -> tuple[str, str]:
    """Return where Kannel's two programs are; MissingPeerError where it is not installed."""
    return _program("bearerbox", "kannel"), _program("wapbox", "kannel")


def start_kannel(folder: Path, place: Place, *, logged: bool) -> Contender:
    """Start bearerbox and wapbox."""
    bearerbox, wapbox = kannel_programs()
    folder.mkdir(parents=True)
    level = "0" if logged else "2"
    configuration = KANNEL.format(address=KANNEL_ADDRESS, level=level)
    (folder / "kannel.conf").write_text(configuration, encoding="utf-8")
    # -v is the level of what they print beside their log files: errors only.
    words = ("-v", "3", "kannel.conf")
    peers: list[Peer] = []
    try:
        for name, program, port in (("bearerbox", bearerbox, 13002), ("wapbox", wapbox, 18080)):
            peers.append(Peer(name, (program, *words), folder=folder, place=place))
            _wait_for_port(place, "127.0.0.1", port)
    except BaseException:
        _stop(peers)
        raise
    return Contender("Kannel", tuple(peers), ("127.0.0.1",), 18080, "/wappush")


def start_ours(
    folder: Path, place: Place, *, logged: bool, count: int = 1, compiled: str | None = None
) -> Contender:
    """Start ``count`` gateways, each at an address of its own and with a store of its own.

    ``compiled`` is the Python of a compiled Corenet, if it is to be that one.
    """
    program = [str(CORENET)]
    if compiled is not None:
        # Another interpreter is to find what is installed for it, and not what lies here.
        program = [compiled, "-I", "-c", "from testbed.lab.cli import main; main()"]
    folder.mkdir(parents=True)
    hosts = tuple(f"{OUR_ADDRESS}{number}" for number in range(count))
    peers: list[Peer] = []
    try:
        for number, host in enumerate(hosts):
            lab = folder / f"lab{number}.yaml"
            store = folder / f"pushes{number}.sqlite"
            lab.write_text(OURS.format(number=number, address=host, secret=SECRET, store=store))
            words = [*program, "run", str(lab), "--state", str(folder / f"state{number}")]
            if not logged:
                words.append("--quiet")
            peer = Peer(
                f"corenet{number}", words, folder=folder, place=place, stop_with=signal.SIGINT
            )
            peers.append(peer)
            peer.wait_for("^Ready: ", timeout=30.0)
    except BaseException:
        _stop(peers)
        raise
    name = "Corenet" if compiled is None else "Corenet, compiled"
    if count > 1:
        name += f", {count} processes"
    return Contender(name, tuple(peers), hosts, OUR_PORT, "/pap", radius=hosts)


def start_floor(folder: Path, place: Place) -> Contender:
    """Start what does nothing for a push but what every gateway of ours has to."""
    folder.mkdir(parents=True)
    host = f"{OUR_ADDRESS}9"
    program = Path(__file__).with_name("floor.py")
    words = (sys.executable, str(program), host, str(folder / "floor.sqlite"))
    peer = Peer("floor", words, folder=folder, place=place)
    try:
        peer.wait_for("^Ready: ", timeout=30.0)
    except BaseException:
        peer.stop()
        raise
    return Contender("Floor", (peer,), (host,), OUR_PORT, "/pap")


def _program(name: str, package: str) -> str:
    path = shutil.which(name, path=os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin")))
    if path is None:
        raise MissingPeerError(f"{name} is not installed: it comes with Debian's package {package}")
    return path


def _wait_for_port(place: Place, host: str, port: int) -> None:
    place.run(sys.executable, "-c", _AWAIT_PORT, host, str(port))


def _stop(peers: Sequence[Peer]) -> None:
    for peer in reversed(peers):
        peer.stop()
