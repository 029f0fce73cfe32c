"""What to say of a push that is watched: each step of each address, once."""

from __future__ import annotations

from typing import Any

from testbed.codecs.pap import MessageState


class Timeline:
    """Follows one push through what ``GET /v1/pushes/{push_id}`` answers."""

    def __init__(self) -> None:
        self._told: dict[str, int] = {}
        self.states: dict[str, MessageState] = {}
        """The message-state of each address, as last seen."""

    @property
    def is_over(self) -> bool:
        """Whether every address has come to its end."""
        return bool(self.states) and all(state.final for state in self.states.values())

    def take(self, push: dict[str, Any]) -> list[str]:
        """Return a line for every step that is new, in the order of time."""
        new: list[tuple[float, str]] = []
        for number, delivery in enumerate(push["deliveries"]):
            key, address = str(number), str(delivery["address"])
            history = delivery["history"]
            for entry in history[self._told.get(key, 0) :]:
                note = f": {entry['note']}" if entry["note"] else ""
                seconds = float(entry["seconds"])
                new.append((seconds, f"{seconds:9.3f} s  {address}  {entry['state']}{note}"))
            self._told[key] = len(history)
            self.states[key] = MessageState(delivery["message_state"])
        return [line for _, line in sorted(new, key=lambda step: step[0])]
