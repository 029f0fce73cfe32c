"""How much store and forward takes on: messages that have not ended, by whom and for whom.

What is beyond is refused with ESME_RMSGQFUL (SMPP 3.4 §5.1.3, "message queue full"), so that
neither one ESME nor one terminal that is never there fills the disk for all others.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from testbed.smsc.config import Limits


class QueueFullError(Exception):
    """There is no room for another message; the sentence says whose."""


class Room:
    """The messages that have not ended, counted."""

    def __init__(self, limits: Limits, of_esmes: Mapping[str, int]) -> None:
        """``of_esmes`` says by system_id how many an ESME may have, where that is bounded."""
        self._limits = limits
        self._of_esmes = of_esmes
        self._by_esme: Counter[str] = Counter()
        self._by_terminal: Counter[str] = Counter()

    def __len__(self) -> int:
        """Return how many messages have not ended."""
        return self._by_esme.total()

    def take(self, esme: str, terminal: str) -> None:
        """Take room for a message. Raises QueueFullError where there is none."""
        limits = self._limits
        if len(self) >= limits.messages:
            raise QueueFullError(f"{limits.messages} messages wait")
        if self._by_terminal[terminal] >= limits.messages_per_terminal:
            raise QueueFullError(f"{limits.messages_per_terminal} messages wait for this terminal")
        own = self._of_esmes.get(esme)
        if own is not None and self._by_esme[esme] >= own:
            raise QueueFullError(f"{own} messages of this ESME wait")
        self.hold(esme, terminal)

    def hold(self, esme: str, terminal: str) -> None:
        """Count a message that is there since before the SMSC came back."""
        self._by_esme[esme] += 1
        self._by_terminal[terminal] += 1

    def give_back(self, esme: str, terminal: str) -> None:
        """Take note that a message has ended."""
        for counts, key in ((self._by_esme, esme), (self._by_terminal, terminal)):
            counts[key] -= 1
            if not counts[key]:
                del counts[key]
