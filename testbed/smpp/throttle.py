"""A bound on how many messages a peer may submit a second."""

from __future__ import annotations


class TokenBucket:
    """Fills at a rate up to a burst; each message takes one token."""

    __slots__ = ("_burst", "_level", "_rate", "_since")

    def __init__(self, rate: float | None, burst: int, now: float) -> None:
        """``rate`` is tokens a second, or None for a bucket that is never empty."""
        self._rate = rate
        self._burst = burst
        self._level = float(burst)
        self._since = now

    def take(self, now: float) -> bool:
        """Take a token; return whether there was one."""
        if self._rate is None:
            return True
        self._level = min(self._burst, self._level + (now - self._since) * self._rate)
        self._since = now
        if self._level < 1.0:
            return False
        self._level -= 1.0
        return True
