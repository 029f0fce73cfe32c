"""A node as ``corenet run`` runs it: a process that can be killed, and begin again."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

from twisted.internet.task import deferLater

from testbed.experiments.ledger import Life
from testbed.experiments.surroundings import APN
from testbed.gateway.config import GatewayConfig

_GATEWAY: Final = """\
name: experiment
gateway:
  address: {address}
  apn: {apn}
  core: {{url: "{core}"}}
  store: "{store}"
  lease: {lease}
  activation_time: 5
  retry: [0.3, 0.6]
"""
_ENDING: Final = 120.0
"""Seconds that a process may take to end."""
_DRAIN: Final = 0.05
"""Seconds in which what a dead process had sent arrives."""
_TURNS: Final = 20
"""Turns of the reactor in which it is taken: a connection is accepted, read and answered in three.

A process that has no time from the machine may find the seconds over before it has read anything.
"""


async def drained(reactor: Any) -> None:
    """Wait until everything has been taken that a dead process had sent."""
    await deferLater(reactor, _DRAIN)
    for _ in range(_TURNS):
        await deferLater(reactor, 0)


class LabProcess:
    """One lab, through all its lives."""

    def __init__(self, folder: Path, address: str, lab: str, *options: str) -> None:
        """Write ``lab`` into ``folder``; ``address`` is what its lives are known by.

        ``options`` are those of ``corenet run`` that say what it logs.
        """
        self.address = address
        self._folder = folder
        (folder / "log").touch()
        (folder / "lab.yaml").write_text(lab, encoding="utf-8")
        self._options = options
        self._lives = 0
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def life(self) -> Life:
        """The life that it lives, or has lived last."""
        return (self.address, self._lives)

    @property
    def has_ended(self) -> bool:
        """Whether it has ended by itself."""
        return self._process is not None and self._process.poll() is not None

    def start(self) -> None:
        """Begin the next life."""
        self._lives += 1
        command = "import sys; from testbed.lab.cli import main; sys.exit(main())"
        lab, state = str(self._folder / "lab.yaml"), str(self._folder / "state")
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-c", command, "run", lab, "--state", state, *self._options],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def end(self, number: signal.Signals) -> None:
        """End its life by a signal, and wait for the end. Safe where it does not run."""
        process, self._process = self._process, None
        if process is not None:
            process.send_signal(number)
            process.wait(_ENDING)

    def pause(self) -> None:
        """Have it stand still, as on a machine that has no time for it."""
        if self._process is not None:
            self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on."""
        if self._process is not None:
            self._process.send_signal(signal.SIGCONT)

    def log(self) -> str:
        """Return what it has said lately."""
        return (self._folder / "log").read_text(errors="replace")[-2000:]


class GatewayProcess(LabProcess):
    """One gateway."""

    def __init__(
        self, folder: Path, address: str, *, core: str, store: str | None, lease: float
    ) -> None:
        """Write its lab file into ``folder``.

        ``core`` is the URL of the control interface. ``store`` None stands for an SQLite file in
        the folder.
        """
        store = store or str(folder / "pushes.sqlite")
        lab = _GATEWAY.format(address=address, apn=APN, core=core, store=store, lease=lease)
        super().__init__(folder, address, lab, "--quiet")
        self.config = GatewayConfig(address, APN, b"-", store=store, lease=lease)
        """What tells where it is, and opens its store."""
