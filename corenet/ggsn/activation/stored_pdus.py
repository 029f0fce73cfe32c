"""PDUs that wait while the context of their address is being activated.

Spec: TS 23.060 §9.2.2.2: the GGSN may store subsequent PDUs for the same address. Bounds are
our own: number, octets and age; the oldest gives way.
"""

from __future__ import annotations

from collections import deque

from corenet.ggsn.config import StoredPduLimits


class StoredPdus:
    """What waits for one address."""

    __slots__ = ("_limits", "_pdus", "octets")

    def __init__(self, limits: StoredPduLimits) -> None:
        """Make an empty store with ``limits``."""
        self._limits = limits
        self._pdus: deque[tuple[float, bytes]] = deque()
        self.octets = 0
        """Octets that wait."""

    def __len__(self) -> int:
        """Return how many PDUs wait."""
        return len(self._pdus)

    def fits(self, pdu: bytes) -> bool:
        """Whether ``pdu`` could be kept if it were the only one."""
        return self._limits.count > 0 and len(pdu) <= self._limits.octets

    def store(self, pdu: bytes, now: float) -> int:
        """Keep ``pdu``, which fits; return how many older ones were dropped for it."""
        limits = self._limits
        dropped = 0
        while len(self._pdus) >= limits.count or self.octets + len(pdu) > limits.octets:
            self._drop_oldest()
            dropped += 1
        self._pdus.append((now, pdu))
        self.octets += len(pdu)
        return dropped

    def next_expiry(self) -> float | None:
        """Return when the oldest PDU will have waited too long, or None."""
        return self._pdus[0][0] + self._limits.age if self._pdus else None

    def expire(self, now: float) -> int:
        """Drop what has waited too long; return how many PDUs that were."""
        dropped = 0
        while (expiry := self.next_expiry()) is not None and expiry <= now:
            self._drop_oldest()
            dropped += 1
        return dropped

    def take(self) -> list[bytes]:
        """Return what waits, oldest first, and forget it."""
        taken = [pdu for _, pdu in self._pdus]
        self._pdus.clear()
        self.octets = 0
        return taken

    def _drop_oldest(self) -> None:
        self.octets -= len(self._pdus.popleft()[1])
