"""Kannel's bearerbox as an ESME that submits the four segments of each push itself.

Kannel's fakesmsc hands short messages to bearerbox over a fake SMSC link, and bearerbox reroutes
them over SMPP. They are all in its queue before there is an SMSC to bind to: so what is measured is
its SMPP client at full speed, and neither fakesmsc nor HTTP. It tells of itself on its status page.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from urllib.request import urlopen

FAKESMSC = "/usr/lib/kannel/test/fakesmsc"
PROGRAMS = {"bearerbox": "kannel", FAKESMSC: "kannel-extras"}
SEGMENTS = 4
"""Of a push."""
_OCTETS = 128
"""Of a segment, behind ports and concatenation."""
_WAITING = 60.0
"""Seconds at most for something that is awaited."""
_POLL = 0.02
_PASSWORD = "bar"
_CONFIGURATION = """
group = core
admin-port = {admin}
admin-password = {password}
smsbox-port = {box}
sms-combine-concatenated-mo = false
log-file = "bearerbox-file.log"
log-level = 2
dlr-storage = internal

group = smsc
smsc = fake
smsc-id = feed
port = {feed}
connect-allow-ip = 127.0.0.1
reroute-smsc-id = measured
allowed-smsc-id = feed

group = smsc
smsc = smpp
smsc-id = measured
allowed-smsc-id = measured
host = {address}
port = 2775
transceiver-mode = true
smsc-username = kannel
smsc-password = secret
system-type = VMA
interface-version = 34
reconnect-delay = 1
max-pending-submits = {outstanding}
source-addr-ton = 1
source-addr-npi = 1
dest-addr-ton = 1
dest-addr-npi = 1

group = smsbox
bearerbox-host = 127.0.0.1
sendsms-port = {sendsms}
"""


class MissingPeerError(Exception):
    """A program that the benchmark needs is not installed."""


def require_programs() -> None:
    """Raise MissingPeerError where Kannel is not there."""
    for program, package in PROGRAMS.items():
        if _path(program) is None:
            raise MissingPeerError(
                f"{program} is not installed: it comes with Debian's package {package}"
            )


class Bearerbox:
    """One bearerbox with a queue of short messages, from its start to its stop."""

    def __init__(self, folder: Path, address: str, *, outstanding: int) -> None:
        """Write its configuration: the SMSC will be at ``address``."""
        admin, box, feed, sendsms = _free_ports(4)
        self._folder = folder
        self._feed = feed
        self._status = f"http://127.0.0.1:{admin}/status.txt?password={_PASSWORD}"
        self._process: subprocess.Popen[bytes] | None = None
        (folder / "kannel.conf").write_text(
            _CONFIGURATION.format(
                admin=admin,
                password=_PASSWORD,
                box=box,
                feed=feed,
                sendsms=sendsms,
                address=address,
                outstanding=outstanding,
            ),
            encoding="utf-8",
        )

    def __enter__(self) -> Bearerbox:
        program = _path("bearerbox")
        assert program is not None
        self._process = self._run(program, "-v", "4", "kannel.conf")
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _: TracebackType | None,
    ) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait(_WAITING)

    @property
    def pid(self) -> int:
        """Its process id, while it runs."""
        assert self._process is not None
        return self._process.pid

    def fill(self, pushes: int, terminals: int) -> None:
        """Put the segments of so many pushes into its queue."""
        _await(self._is_there)
        number = pushes * SEGMENTS
        messages = [_segment(place) for place in range(terminals * SEGMENTS)]
        words = ("-H", "127.0.0.1", "-r", str(self._feed), "-i", "0", "-m", str(number))
        feeding = self._run(FAKESMSC, *words, *messages)
        try:
            _await(lambda: self._count(r"SMS: received (\d+)") == number)
        finally:
            feeding.kill()
            feeding.wait(_WAITING)

    def sent(self) -> int:
        """Return how many submissions were answered."""
        return self._count(r"sent (\d+) \(\d+ queued\), store")

    def await_first(self) -> int:
        """Wait until some are answered, and return how many."""
        _await(lambda: self.sent() > 0)
        return self.sent()

    def await_all(self, pushes: int) -> None:
        """Wait until all are answered."""
        _await(lambda: self.sent() >= pushes * SEGMENTS, patience=1_800.0)

    def _is_there(self) -> bool:
        try:
            return "SMS:" in self._page()
        except OSError:
            return False

    def _page(self) -> str:
        with urlopen(self._status, timeout=_WAITING) as answer:
            return str(answer.read().decode("ascii", "replace"))

    def _count(self, pattern: str) -> int:
        found = re.search(pattern, self._page())
        return 0 if found is None else int(found[1])

    def _run(self, *words: str) -> subprocess.Popen[bytes]:
        with (self._folder / "kannel.log").open("ab") as log:
            return subprocess.Popen(
                words, cwd=self._folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )


def _segment(place: int) -> str:
    """Return one segment of a push as fakesmsc takes it: to a terminal, with ports and number."""
    push, number = divmod(place, SEGMENTS)
    header = f"0b05040b8423f00003{push % 256:02x}{SEGMENTS:02x}{number + 1:02x}"
    escaped = "".join(f"%{header[at : at + 2]}" for at in range(0, len(header), 2))
    return f"447700900100 4477009{push:05} udh-data {escaped} {'a' * _OCTETS}"


def _await(has_come: Callable[[], bool], *, patience: float = _WAITING) -> None:
    deadline = time.monotonic() + patience
    while not has_come():
        if time.monotonic() > deadline:
            raise RuntimeError("bearerbox is not as far as it should be")
        time.sleep(_POLL)


def _path(program: str) -> str | None:
    return shutil.which(program, path=os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin")))


def _free_ports(number: int) -> list[int]:
    sockets = [socket.socket() for _ in range(number)]
    try:
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [int(one.getsockname()[1]) for one in sockets]
    finally:
        for one in sockets:
            one.close()
