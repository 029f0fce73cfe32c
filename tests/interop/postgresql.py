"""A PostgreSQL server of the tests' own, run by an ordinary user on a free port of loopback."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any

import psycopg

from tests.conftest import missing_peer, require_peer

PACKAGE = "postgresql"
STARTING_SECONDS = 120.0


class PostgresqlServer:
    """Makes a cluster, runs it, and takes everything away again. PostgreSQL refuses to be root."""

    def __init__(self) -> None:
        """Make the cluster; skip the test, or fail it, where that cannot be."""
        self._initdb = require_peer("initdb", package=PACKAGE)
        self._postgres = require_peer("postgres", package=PACKAGE)
        self._as_user: dict[str, Any] = {}
        if os.geteuid() == 0:
            self._as_user = {"user": "nobody", "group": "nogroup", "extra_groups": []}
        # Not in pytest's folder, which is root's alone where root runs the tests.
        self.folder = Path(tempfile.mkdtemp(prefix="corenet-pg-"))
        if self._as_user:
            shutil.chown(self.folder, "nobody", "nogroup")
        self._data = self.folder / "data"
        self._process: subprocess.Popen[bytes] | None = None
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = int(free.getsockname()[1])
        made = self._run(
            self._initdb, "-D", str(self._data), "-U", "corenet", "-A", "trust", "-E", "UTF8",
            "--locale=C", "--no-sync",
        )  # fmt: skip
        if made.returncode != 0:
            missing_peer(f"initdb fails: {made.stdout.decode()}")

    def url(self, database: str = "postgres") -> str:
        """Return where a database is reached."""
        return f"postgresql://corenet@127.0.0.1:{self.port}/{database}"

    def make_database(self, name: str) -> str:
        """Make an empty database and return its URL."""
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}"')
        return self.url(name)

    def start(self) -> None:
        """Start it, and wait until it takes connections."""
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    self._postgres,
                    "-D",
                    str(self._data),
                    "-k",
                    str(self.folder),
                    "-h",
                    "127.0.0.1",
                    "-p",
                    str(self.port),
                    "-F",
                ],
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                **self._as_user,
            )
        deadline = time.monotonic() + STARTING_SECONDS
        while True:
            with suppress(psycopg.OperationalError):
                psycopg.connect(self.url(), connect_timeout=10).close()
                return
            said = (self.folder / "log").read_text(errors="replace")[-2000:]
            assert self._process.poll() is None, said
            assert time.monotonic() < deadline, said
            time.sleep(0.05)

    def stop(self, number: signal.Signals = signal.SIGQUIT) -> None:
        """End it: by SIGQUIT at once, as a crash would; by SIGINT in good order."""
        process, self._process = self._process, None
        if process is not None:
            process.send_signal(number)
            process.wait(STARTING_SECONDS)

    def __enter__(self) -> PostgresqlServer:
        self.start()
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _: TracebackType | None,
    ) -> None:
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _run(self, *words: str) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            words,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=180,
            check=False,
            **self._as_user,
        )
