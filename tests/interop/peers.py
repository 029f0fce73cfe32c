"""Real peers as processes: where they run, how one knows that they are ready, how they end.

Theory of operation. A ``Place`` is where processes see each other: a network namespace that
nobody else is in, with nothing but its own loopback, or this host where no namespace may be
made. A namespace is held by a process that reads from us, so that it ends with us, however we
end; it has no name that could stay behind. A ``Peer`` is one process in a place: its output goes
to a log beside the test's capture, every wait for it is bounded, it is ended by its pid, and
what it said is in the message of whatever fails.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from tests.conftest import missing_peer, require_peer

T = TypeVar("T")

PATIENCE = 120.0
"""Seconds that something may take at most on a machine that is busy with other tests."""
GRACE = 5.0
"""Seconds that a peer has to end by itself when its test is over."""
POLL = 0.02
"""Seconds between two looks at something that is awaited."""
LISTENING = (("tcp", "0A"), ("tcp6", "0A"), ("udp", "07"), ("udp6", "07"))
"""Tables of the kernel, and the state of a socket there that takes what comes to its port."""
TAIL = 4000
"""Characters of a log that a failure shows."""
CORENET = Path(sys.executable).with_name("corenet")
"""The command as a user has it: the one of the environment that runs the tests."""

_ALONE = "(echo 0 >/proc/sys/net/ipv4/ip_forward) 2>/dev/null"
"""A new namespace would forward if the machine does."""
_HOLD = f"ip link set lo up || exit 1; {_ALONE}; echo up && exec cat"
_ASK = """
import json, sys, urllib.error, urllib.request
method, url, body = sys.argv[1:]
request = urllib.request.Request(url, body.encode() or None, method=method)
if body:
    request.add_header("Content-Type", "application/json")
try:
    answer = urllib.request.urlopen(request, timeout=100)
except urllib.error.HTTPError as error:
    answer = error
print(answer.status)
sys.stdout.write(answer.read().decode())
"""


class Place:
    """Where processes run: this host, unless a subclass knows better."""

    def command(self, *words: str) -> list[str]:
        """Return the command line that runs ``words`` here."""
        return list(words)

    def run(self, *words: str, timeout: float = PATIENCE, **options: Any) -> str:
        """Run a command to its end and return what it printed; it must succeed."""
        done = subprocess.run(
            self.command(*words), capture_output=True, text=True, timeout=timeout, **options
        )
        assert done.returncode == 0, f"{words} ended with {done.returncode}: {done.stderr}"
        return done.stdout

    def ping(self, target: str, count: int, *options: str) -> None:
        """Have so many pings answered, one after the other.

        One that sends several waits for the last ones no longer than the others have taken.
        """
        for _ in range(count):
            self.run("ping", "-c", "1", "-W", f"{PATIENCE / 2:g}", *options, target)

    def fetch(self, method: str, url: str, body: str = "") -> str:
        """Send an HTTP request from here and return the body of its answer, which must be 2xx."""
        status, _, answer = self.run(sys.executable, "-c", _ASK, method, url, body).partition("\n")
        assert status.startswith("2"), f"{method} {url} was answered {status}: {answer}"
        return answer

    def ask(self, method: str, url: str, body: Mapping[str, Any] | None = None) -> Any:
        """Send a request with JSON, if any, and return the JSON of its answer."""
        return json.loads(self.fetch(method, url, "" if body is None else json.dumps(body)))

    def wait_counted(self, url: str, node: str, name: str) -> None:
        """Wait until a node has counted something; ``url`` is of its lab's control interface."""
        line = f'corenet_node_events_total{{name="{name}",node="{node}"}} '
        eventually(
            lambda: self.fetch("GET", f"{url}/metrics").partition(line)[2],
            lambda rest: rest[:1] not in ("", "0"),
        )

    def close(self) -> None:
        """Give the place up."""


class Namespace(Place):
    """A network namespace of its own, as root or in a user namespace."""

    def __init__(self, beside: Namespace | None = None) -> None:
        """Make it; ``OSError`` where that is not allowed.

        One ``beside`` another is in the same user namespace, so that wires can join them.
        """
        as_user = [] if os.geteuid() == 0 or beside else ["--user", "--map-root-user"]
        make = ["unshare", "--net", *as_user, "sh", "-c", _HOLD]
        self._holder = subprocess.Popen(
            make if beside is None else beside.command(*make),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert self._holder.stdout is not None
        first = self._holder.stdout.readline()
        if first != "up\n":
            rest = first + self._holder.stdout.read()
            self.close()
            raise OSError(rest.strip())
        into_user = [] if os.geteuid() == 0 else ["--user", "--preserve-credentials"]
        self._prefix = ["nsenter", "--target", str(self._holder.pid), "--net", *into_user, "--"]

    def command(self, *words: str) -> list[str]:
        """Return the command line that runs ``words`` in the namespace."""
        return [*self._prefix, *words]

    def join(self, other: Namespace, wire: str, own: Sequence[str], others: Sequence[str]) -> None:
        """Lay a wire to another namespace; at each end it has addresses, with lengths."""
        there = str(other._holder.pid)
        words = ("ip", "link", "add", wire, "type", "veth", "peer", "name", wire, "netns", there)
        self.run(*words)
        for place, addresses in ((self, own), (other, others)):
            for address in addresses:
                dad = ("nodad",) if ":" in address else ()
                place.run("ip", "address", "add", address, "dev", wire, *dad)
            place.run("ip", "link", "set", wire, "up")

    def close(self) -> None:
        """End the holder; the namespace goes with the last process in it."""
        self._holder.communicate(timeout=PATIENCE)


def make_namespace() -> Namespace:
    """Return a network namespace; skip the test, or fail it, where there can be none."""
    require_peer("ip", package="iproute2")
    require_peer("nsenter", package="util-linux")
    require_peer("unshare", package="util-linux")
    try:
        return Namespace()
    except OSError as error:
        missing_peer(f"no network namespace can be made, neither as root nor as a user: {error}")


def require_tun() -> None:
    """Skip the test, or fail it, where no TUN device can be made."""
    if not os.access("/dev/net/tun", os.R_OK | os.W_OK):
        missing_peer("/dev/net/tun cannot be opened as this user")


def make_place() -> Place:
    """Return a network namespace, or this host where none can be made."""
    try:
        return Namespace()
    except OSError:
        return Place()


class Peer:
    """One process of a peer, with its output in ``log``."""

    def __init__(
        self,
        name: str,
        words: Sequence[str],
        *,
        folder: Path,
        place: Place,
        stop_with: signal.Signals = signal.SIGTERM,
    ) -> None:
        self.name = name
        self.log = folder / f"{name}.log"
        self._stop_with = stop_with
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                place.command(*words),
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @property
    def output(self) -> str:
        """What it has said until now."""
        return self.log.read_text(encoding="utf-8", errors="replace")

    def wait_for(self, pattern: str, *, timeout: float = PATIENCE, log: Path | None = None) -> str:
        """Wait until its output, or another log of it, has ``pattern``; return what matched."""
        deadline = time.monotonic() + timeout
        while True:
            ended = self._process.poll()
            text = self.output if log is None else _read(log)
            found = re.search(pattern, text, re.MULTILINE)
            if found:
                return found[0]
            assert ended is None, f"{self.name} ended with {ended}:\n{text[-TAIL:]}"
            assert time.monotonic() < deadline, (
                f"{self.name} has not said {pattern!r} within {timeout:g} s:\n{text[-TAIL:]}"
            )
            time.sleep(POLL)

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        self._process.send_signal(number)

    def wait(self, timeout: float = PATIENCE) -> int:
        """Wait for its end and return its status."""
        try:
            return self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            raise AssertionError(
                f"{self.name} has not ended within {timeout:g} s:\n{self.output[-TAIL:]}"
            ) from None

    def kill(self) -> None:
        """End it at once: it has no time to finish anything."""
        self._process.kill()
        self._process.wait(PATIENCE)

    def wait_listening(self, *ports: int) -> None:
        """Wait until sockets where it runs listen on ports, TCP's or UDP's.

        Whoever says that it is ready may say so before; nobody connects, so nobody notices.
        """
        eventually(lambda: set(ports) - self._listening(), lambda missing: not missing)

    def _listening(self) -> set[int]:
        ended = self._process.poll()
        assert ended is None, f"{self.name} ended with {ended}:\n{self.output[-TAIL:]}"
        found = set()
        for protocol, state in LISTENING:
            # A line is: number, local address and port, those of the peer, state, in hexadecimal.
            table = Path(f"/proc/{self.pid}/net/{protocol}").read_text(encoding="ascii")
            for _, local, _, its_state, *_ in map(str.split, table.splitlines()[1:]):
                if its_state == state:
                    found.add(int(local.rsplit(":", 1)[1], 16))
        return found

    def stop(self, timeout: float = PATIENCE) -> int:
        """End it, by force where it does not follow; return its status."""
        if self._process.poll() is None:
            self.signal(self._stop_with)
            try:
                self._process.wait(timeout)
            except subprocess.TimeoutExpired:
                self._process.kill()
        return self._process.wait(PATIENCE)


class Peers:
    """The peers of one test, ended in the opposite order of their start."""

    def __init__(self, folder: Path, place: Place) -> None:
        folder.mkdir(exist_ok=True)
        self.folder = folder
        """Holds configurations, logs and captures."""
        self.place = place
        self._started: list[Peer] = []

    def start(self, name: str, *words: str, stop_with: signal.Signals = signal.SIGTERM) -> Peer:
        """Start a process."""
        peer = Peer(name, words, folder=self.folder, place=self.place, stop_with=stop_with)
        self._started.append(peer)
        return peer

    def run_lab(self, lab: str, *options: str, name: str = "lab") -> Peer:
        """Run a lab, one that comes along or a lab file's text, with a capture; wait for it.

        Capture and state have the ``name``: a second lab needs another one. ``options`` are more
        of those of ``corenet run``.
        """
        file = lab
        if "\n" in lab:
            file = f"{name}.yaml"
            (self.folder / file).write_text(lab, encoding="utf-8")
        state = "state" if name == "lab" else f"state-{name}"
        command = (
            str(CORENET),
            "run",
            file,
            "--pcap",
            f"{name}.pcapng",
            "--state",
            state,
            *options,
        )
        who = "corenet" if name == "lab" else name
        peer = self.start(who, *command, stop_with=signal.SIGINT)
        peer.wait_for("^Ready: ")
        return peer

    def outputs(self) -> list[tuple[str, str]]:
        """Return each peer's name and the end of what it said."""
        return [(peer.name, peer.output[-TAIL:]) for peer in self._started]

    def stop(self) -> None:
        """End all; the test is over, and nobody asks any more how they end."""
        while self._started:
            self._started.pop().stop(timeout=GRACE)


def eventually(
    look: Callable[[], T], wanted: Callable[[T], bool], *, timeout: float = PATIENCE
) -> T:
    """Look until what is seen is as ``wanted``, and return it."""
    deadline = time.monotonic() + timeout
    while True:
        seen = look()
        if wanted(seen):
            return seen
        assert time.monotonic() < deadline, f"within {timeout:g} s nothing came of {seen}"
        time.sleep(POLL)


def _read(log: Path) -> str:
    return log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""
