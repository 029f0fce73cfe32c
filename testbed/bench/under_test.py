"""A gateway that is not ours, on a lab on sockets: what it needs to know, its start and its end."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final, Self

from testbed.bench.lab import Lab

END_TIME: Final = 5.0
LOG_LINES: Final = 20
_LOOK: Final = 0.05
_LISTENING: Final = "0A"
"""How the kernel's tables of sockets say so, in hexadecimal."""


class GatewayFailedError(AssertionError):
    """The gateway under test has ended, or did not become ready."""


@dataclass(frozen=True, slots=True)
class RadiusPlace:
    """Where the GGSN sends accounting."""

    address: str
    port: int
    secret: str


class GatewayUnderTest:
    """What a gateway of yours needs to know of the lab, and the processes that it consists of."""

    def __init__(self, lab: Lab, folder: Path, *, patience: float = END_TIME) -> None:
        """Make one whose log is in ``folder``; ValueError where the lab is in virtual time.

        ``patience`` is the seconds from SIGTERM to SIGKILL, when it ends.
        """
        if lab.is_virtual:
            raise ValueError("a gateway under test is a process: its lab has to be on sockets")
        self._lab = lab
        self._patience = patience
        self.folder = folder
        """For its configuration: a folder of this test."""
        self.log = folder / "gateway-under-test.log"
        """What it writes to standard output and standard error."""
        self._processes: list[subprocess.Popen[bytes]] = []
        self._output: BinaryIO | None = None

    @property
    def address(self) -> str:
        """A loopback address for it: where the lab sends accounting, else one that is free."""
        radius = self.radius
        return self._lab.spare_address if radius is None else radius.address

    @property
    def radius(self) -> RadiusPlace | None:
        """Where it is to listen for RADIUS accounting; None where the lab's GGSN sends it none."""
        model = self._lab.loaded.model
        own = None if model.gateway is None else model.gateway.address
        for server in model.ggsn.radius if model.ggsn is not None else ():
            if server.address != own:
                return RadiusPlace(server.address, server.port, server.secret)
        return None

    @property
    def control_url(self) -> str | None:
        """The core's control interface; None where the lab file has none."""
        return self._lab.core.url

    @property
    def control_token(self) -> str | None:
        """What the control interface asks for; None where it asks for nothing."""
        part = self._lab.loaded.model.control
        return None if part is None else part.token

    @property
    def notify_url(self) -> str:
        """Where the lab's initiator takes result notifications."""
        return self._lab.initiator.notify_url

    @property
    def settings(self) -> dict[str, str]:
        """All of that by name, as environment variables or for ``str.format_map``."""
        radius = self.radius
        asked: dict[str, Any] = {
            "CORENET_ADDRESS": self.address,
            "CORENET_CONTROL_URL": self.control_url,
            "CORENET_CONTROL_TOKEN": self.control_token,
            "CORENET_NOTIFY_URL": self.notify_url,
            "CORENET_RADIUS_PORT": None if radius is None else radius.port,
            "CORENET_RADIUS_SECRET": None if radius is None else radius.secret,
        }
        return {name: str(value) for name, value in asked.items() if value is not None}

    def free_port(self) -> int:
        """Return a TCP port that nobody has on this host, for what it binds on all addresses."""
        with socket.socket() as probe:
            probe.bind(("0.0.0.0", 0))
            port: int = probe.getsockname()[1]
            return port

    def write(self, name: str, template: str, **more: object) -> Path:
        """Write a configuration file, with ``{CORENET_ADDRESS}``, and ``more``, filled in."""
        file = self.folder / name
        file.write_text(template.format_map({**self.settings, **more}), encoding="utf-8")
        return file

    def start(
        self,
        command: Sequence[str | Path],
        *,
        ready: str | int,
        within: float = 30.0,
        environment: Mapping[str, str] | None = None,
    ) -> subprocess.Popen[bytes]:
        """Start one of its processes; wait for the text ``ready`` in its output, or that TCP port.

        Of a port the kernel is asked who listens: nobody connects to it. The process runs in
        ``folder`` and has ``settings`` in its environment. Raises ``GatewayFailedError``, with its
        last words, where it ends or is not ready in time.
        """
        __tracebackhide__ = True
        if self._output is None:
            self._output = self.log.open("ab")
        begin = self.log.stat().st_size
        process = subprocess.Popen(
            [str(word) for word in command],
            cwd=self.folder,
            env={**os.environ, **self.settings, **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=self._output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self._processes.append(process)
        end = time.monotonic() + within
        while ready not in (self._written(begin) if isinstance(ready, str) else _listened_on()):
            ended = process.poll()
            if ended is not None or time.monotonic() > end:
                why = "is not ready" if ended is None else f"has ended with status {ended}"
                last = "\n".join(self.last_lines()) or "it said nothing"
                raise GatewayFailedError(f"{command[0]} {why}; its last words:\n{last}")
            time.sleep(_LOOK)
        return process

    def last_lines(self, number: int = LOG_LINES) -> list[str]:
        """Return the last lines of its log."""
        return self._written(0).splitlines()[-number:]

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """End its processes, the last one first, and all that they have started."""
        for process in reversed(self._processes):
            self._end(process)
        if self._output is not None:
            self._output.close()

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        for number in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(process.pid, number)
            except ProcessLookupError:
                break
            try:
                process.wait(self._patience)
            except subprocess.TimeoutExpired:
                continue
        process.wait()

    def _written(self, begin: int) -> str:
        if not self.log.exists():
            return ""
        with self.log.open("rb") as file:
            file.seek(begin)
            return file.read().decode(errors="replace")


def _listened_on() -> set[int]:
    """Return the TCP ports on which somebody listens."""
    ports = set()
    for table in ("tcp", "tcp6"):
        lines = Path(f"/proc/net/{table}").read_text(encoding="ascii").splitlines()
        for _, local, _, state, *_ in map(str.split, lines[1:]):
            if state == _LISTENING:
                ports.add(int(local.rsplit(":", 1)[1], 16))
    return ports
