"""What a lab keeps from one run to the next: the restart counter, and what is not done."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path


def state_base() -> Path:
    """Return the folder that the user's labs keep their state in (XDG)."""
    base = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(base) / "corenet"


@dataclass(frozen=True, slots=True)
class LabState:
    """A folder of one lab's lasting state."""

    folder: Path

    @classmethod
    def of(cls, lab: str) -> LabState:
        """Return the state of the lab with that name, in the user's state folder (XDG)."""
        return cls(state_base() / lab)

    @property
    def push_store(self) -> str:
        """The gateway's SQLite file."""
        return str(self.folder / "pushes.sqlite")

    @property
    def message_store(self) -> str:
        """The SMSC's SQLite file."""
        return str(self.folder / "messages.sqlite")

    @property
    def accounting_journal(self) -> Path:
        """The GGSN's accounting records that nobody has answered."""
        return self.folder / "accounting.journal"

    def next_recovery(self) -> int:
        """Return the restart counter of this start, 0..255: one more than last time's.

        It is on disk before it is used, so that peers see a restart as one (TS 23.007 §18).
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        file = self.folder / "recovery"
        try:
            last = int(file.read_text(encoding="ascii"))
        except (OSError, ValueError):
            last = -1
        counter = (last + 1) % 256
        written = file.with_suffix(".new")
        written.write_text(f"{counter}\n", encoding="ascii")
        written.replace(file)
        return counter
