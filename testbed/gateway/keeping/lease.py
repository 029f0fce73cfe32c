"""Until when a gateway may act on its pushes, where others share its store."""

from __future__ import annotations


class Lease:
    """One gateway's lease; without ``renew`` it lasts for ever."""

    def __init__(self) -> None:
        self._until: float | None = None
        self._is_over = False
        self.is_lapsed = False
        """Nothing is sent, posted or accepted now."""

    @property
    def is_shared(self) -> bool:
        """Whether there is one: others may hold, or come to hold, what is in the store."""
        return self._until is not None

    def renew(self, until: float) -> bool:
        """Let it last until then; return whether it had lapsed. One that was given up stays so."""
        if self._is_over:
            return False
        self._until = until
        had_lapsed, self.is_lapsed = self.is_lapsed, False
        return had_lapsed

    def give_up(self) -> None:
        """Have it lapsed from now on: the gateway goes out of service."""
        self._is_over = self.is_lapsed = True

    def lapses(self, now: float) -> bool:
        """Return whether it lapses at this moment, which it then has."""
        if self.is_lapsed or self._until is None or now < self._until:
            return False
        self.is_lapsed = True
        return True

    def next(self) -> float | None:
        """Return when it lapses, or None: never, or it has."""
        return None if self.is_lapsed else self._until
