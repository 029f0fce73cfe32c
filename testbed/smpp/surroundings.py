"""What the sessions of one node share: timers, what they send and tell, and what was counted."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from corenet.interfaces.streams import StreamCommand
from corenet.schedule import Schedule
from testbed.smpp.events import SessionEvent


@dataclass(slots=True)
class Surroundings:
    """Where sessions put what they want and tell."""

    schedule: Schedule = field(default_factory=Schedule)
    commands: list[StreamCommand] = field(default_factory=list)
    """What is to be done with connections, in order."""
    events: list[SessionEvent] = field(default_factory=list)
    """What has happened, in order."""
    counters: Counter[str] = field(default_factory=Counter)
    """What all sessions counted, by name: PDUs "submit_sm received", "submit_sm sent" and so on;
    "refused ESME_R…" by status; "malformed", "unmatched", "timed-out", "throttled",
    "link-lost"."""

    def take_commands(self) -> list[StreamCommand]:
        """Return what is to be done with connections, and forget it."""
        taken, self.commands = self.commands, []
        return taken

    def take_events(self) -> list[SessionEvent]:
        """Return what has happened, and forget it."""
        taken, self.events = self.events, []
        return taken
