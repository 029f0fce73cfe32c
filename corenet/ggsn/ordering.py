"""Sequence numbers of a context's G-PDUs, where their order is to be kept.

Specs: TS 29.060 §7.7.6 (Reordering Required), §9.3.1 (sequence numbers of G-PDUs);
TS 24.008 §10.5.6.5 (delivery order).

Theory of operation. Ours are counted from 0. Of the other end's, what comes out of turn waits
until its turn comes, or so many wait or one has waited so long that what is missing is given up.
A number of the past is of a packet that was given up, and is dropped; but one that comes first of
all, or many of them in a row, mean that the other end does not count from 0, or counts anew, as
another SGSN may.
"""

from __future__ import annotations

from typing import Final

LONGEST_WAIT: Final = 0.1
"""Seconds that a packet waits for one before it: more than paths of a network differ in delay."""
MOST_WAITING: Final = 64
"""Packets that wait, and packets of the past after which numbers begin anew."""

_NUMBERS: Final = 0x10000


class Ordering:
    """The sequence numbers of one context, both ways."""

    __slots__ = ("_awaited", "_heard", "_late", "_next", "_since", "_waiting")

    def __init__(self) -> None:
        self._next = 0
        self._awaited: int | None = 0
        self._heard = False
        self._waiting: dict[int, bytes] = {}
        self._since = 0.0
        self._late = 0

    def number(self) -> int:
        """Return the sequence number of our next G-PDU."""
        number = self._next
        self._next = (number + 1) % _NUMBERS
        return number

    def begin_anew(self) -> None:
        """Expect any number next, since the other end is another one."""
        self._waiting.clear()
        self._awaited = None

    def arrived(self, number: int, packet: bytes, now: float) -> list[bytes] | None:
        """Take a numbered packet; return what is in turn now, or None where it comes too late."""
        if self._awaited is None:
            self._awaited = number
        ahead = (number - self._awaited) % _NUMBERS
        if ahead >= _NUMBERS // 2:
            self._late += 1
            if self._heard and self._late < MOST_WAITING:
                return None
            ahead, self._awaited = 0, number
        self._late = 0
        self._heard = True
        if ahead and not self._waiting:
            self._since = now
        self._waiting[number] = packet
        released = self._release()
        if len(self._waiting) >= MOST_WAITING:
            released += self._release_all()
        elif released:
            self._since = now
        return released

    def deadline(self) -> float | None:
        """Return when what waits has waited long enough, or None where nothing does."""
        return self._since + LONGEST_WAIT if self._waiting else None

    def expire(self, now: float) -> list[bytes]:
        """Return what has waited long enough, in order, and give up what it waited for."""
        deadline = self.deadline()
        return self._release_all() if deadline is not None and deadline <= now else []

    def _release(self) -> list[bytes]:
        """Return what is in turn."""
        released: list[bytes] = []
        while self._waiting and self._awaited in self._waiting:
            released.append(self._waiting.pop(self._awaited))
            self._awaited = (self._awaited + 1) % _NUMBERS
        return released

    def _release_all(self) -> list[bytes]:
        awaited = self._awaited or 0
        numbers = sorted(self._waiting, key=lambda number: (number - awaited) % _NUMBERS)
        released = [self._waiting.pop(number) for number in numbers]
        self._awaited = (numbers[-1] + 1) % _NUMBERS
        return released


def keeps_order(qos: bytes) -> bool:
    """Whether a QoS profile (IE 135) asks for delivery order; one of Release 97 cannot."""
    return len(qos) > 4 and qos[4] & 0x18 == 0x08
