"""A gateway as ``corenet run`` runs it: a process that can be killed, and begin again."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from typing import Final

from testbed.experiments.ledger import Life
from testbed.experiments.surroundings import APN
from testbed.gateway.config import GatewayConfig

_LAB: Final = """\
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
_ENDING: Final = 30.0
"""Seconds that a process may take to end."""


class GatewayProcess:
    """One gateway, through all its lives."""

    def __init__(
        self, folder: Path, address: str, *, core: str, store: str | None, lease: float
    ) -> None:
        """Write its lab file into ``folder``.

        ``core`` is the URL of the control interface. ``store`` None stands for an SQLite file in
        the folder.
        """
        self.address = address
        self._folder = folder
        store = store or str(folder / "pushes.sqlite")
        text = _LAB.format(address=address, apn=APN, core=core, store=store, lease=lease)
        (folder / "lab.yaml").write_text(text, encoding="utf-8")
        self.config = GatewayConfig(address, APN, b"-", store=store, lease=lease)
        """What tells where it is, and opens its store."""
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
                [sys.executable, "-c", command, "run", lab, "--quiet", "--state", state],
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
