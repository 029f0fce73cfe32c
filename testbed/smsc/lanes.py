"""Who gets the next place on the way to the network: lanes with guaranteed and borrowed shares.

Theory of operation. The SMSC sends at most so many short messages a second, and has at most so
many under way. Each lane has a weight. Among the lanes that have something to send, the one whose
last message should have been over first goes next (start-time fair queueing, Goyal, Vin and Cheng
1996): so a lane gets at least its weight's part of the capacity whenever it wants it, and whatever
the others leave is there to be borrowed. A lane that was silent has saved nothing up.

A dedicated SMSC has one lane. A shared one without reservation has one too, in which push waits
its turn among all else; with a reservation push has a lane of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping


class Lanes:
    """The capacity of one SMSC, and whose turn it is."""

    def __init__(
        self, weights: Mapping[str, float], *, rate: float | None = None, under_way: int = 1_000
    ) -> None:
        """``rate`` is short messages a second, None for no limit; ``under_way`` at one time.

        Raise ``ValueError`` where there is no lane, or a number is not above 0.
        """
        if not weights or min(weights.values()) <= 0:
            raise ValueError("there is a lane at least, and each weight is above 0")
        if under_way < 1 or (rate is not None and rate <= 0):
            raise ValueError("rate and messages under way are above 0")
        total = sum(weights.values())
        self._cost = {lane: total / weight for lane, weight in weights.items()}
        self._over = dict.fromkeys(weights, 0.0)
        """When each lane's last message should have been over, in virtual time."""
        self._virtual = 0.0
        self._interval = 0.0 if rate is None else 1.0 / rate
        self._most = under_way
        self._free_at = 0.0
        self.under_way = 0

    @property
    def names(self) -> tuple[str, ...]:
        """The lanes, as configured."""
        return tuple(self._cost)

    def free_at(self) -> float | None:
        """Return from when on a message may leave; None until one that is under way is over."""
        return None if self.under_way >= self._most else self._free_at

    def next(self, wanting: Iterable[str]) -> str:
        """Return the lane whose turn it is among those that want to send; ValueError if none."""
        over, virtual = self._over, self._virtual
        return min(wanting, key=lambda lane: max(over[lane], virtual))

    def spend(self, lane: str, now: float) -> None:
        """Take note that a message of ``lane`` leaves now."""
        self._virtual = max(self._over[lane], self._virtual)
        self._over[lane] = self._virtual + self._cost[lane]
        self._free_at = max(self._free_at, now) + self._interval
        self.under_way += 1

    def give_back(self) -> None:
        """Take note that a message is over, however it went."""
        self.under_way -= 1
