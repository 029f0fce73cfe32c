"""How often something may happen: a token bucket (RFC 4443 §2.4 (f))."""

from __future__ import annotations


class Limit:
    """So many at once, and so many a second after that."""

    __slots__ = ("_at_once", "_rate", "_since", "_tokens")

    def __init__(self, rate: float, at_once: float) -> None:
        """Start full: ``at_once`` of them may happen now, and ``rate`` a second."""
        self._rate = rate
        self._at_once = at_once
        self._tokens = at_once
        self._since = 0.0

    def admits(self, now: float) -> bool:
        """Whether one more may happen at ``now``; if so, it counts as having happened."""
        self._tokens = min(self._at_once, self._tokens + (now - self._since) * self._rate)
        self._since = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True
