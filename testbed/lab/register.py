"""Which labs run on this machine: each says so in a file of its own while it runs.

Other programs of the same user find a lab's control interface there: Wireshark's list of
interfaces, for one. A file whose process is gone is left over from a lab that was killed, and is
swept away by the next reader. It may hold the control interface's token, so that only its owner
may read it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from testbed.lab.state import state_base


@dataclass(frozen=True, slots=True)
class RegisteredLab:
    """A lab that runs."""

    name: str
    process: int
    """Its process id."""
    control: str
    """URL of its control interface, without the path."""
    token: str | None
    """Bearer token that the control interface asks for."""


def _folder() -> Path:
    return state_base() / ".running"


@contextmanager
def registered(lab: RegisteredLab) -> Iterator[None]:
    """Let others find ``lab`` until the end of the block."""
    folder = _folder()
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{lab.process}.json"
    written = file.with_suffix(".new")
    written.unlink(missing_ok=True)
    with os.fdopen(os.open(written, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as stream:
        json.dump(asdict(lab), stream)
    written.replace(file)
    try:
        yield
    finally:
        file.unlink(missing_ok=True)


def running_labs() -> tuple[RegisteredLab, ...]:
    """Return the labs that run, by name and then by process."""
    found = []
    for file in _folder().glob("*.json"):
        try:
            lab = RegisteredLab(**json.loads(file.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            continue
        if _runs(lab.process):
            found.append(lab)
        else:
            file.unlink(missing_ok=True)
    return tuple(sorted(found, key=lambda lab: (lab.name, lab.process)))


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
