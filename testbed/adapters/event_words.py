"""How the log names events: "push accepted" for PushAccepted, with the event's own fields."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from corenet.interfaces.node import Event


class EventWords:
    """Names kinds of events, each worked out once."""

    def __init__(self) -> None:
        self._known: dict[type[Event], tuple[str, tuple[str, ...]]] = {}

    def of(self, event: Event) -> tuple[str, dict[str, Any]]:
        """Return an event's words, and its fields by name."""
        kind = type(event)
        known = self._known.get(kind)
        if known is None:
            known = _words(kind.__name__), tuple(field.name for field in fields(event))
            self._known[kind] = known
        words, names = known
        return words, {name: getattr(event, name) for name in names}


def _words(name: str) -> str:
    """Turn "PushAccepted" into "push accepted"."""
    return "".join(f" {c.lower()}" if c.isupper() else c for c in name).strip()
