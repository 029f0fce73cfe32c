"""Reference numbers of concatenated short messages (TS 23.040 §9.2.3.24.1).

A terminal tells groups of segments apart by originator and reference. So a number is not given
again while its group may still be in pieces at the terminal: while in use, and for as long after
as a handset keeps pieces. Counting begins anywhere: an SMSC that was killed does not know what it
had given, and what it begins with is unlikely to be that.
"""

from __future__ import annotations

from collections import OrderedDict


class NoReferenceError(Exception):
    """All numbers are in use for this terminal."""


class References:
    """The numbers in use, for all terminals."""

    def __init__(self, *, wide: bool = False, rest: float = 300.0, first: int = 0) -> None:
        """``wide`` numbers have 16 bits; ``rest`` is seconds until a number is given again.

        ``first`` is where counting begins for a terminal, whatever it is.
        """
        self._size = 1 << (16 if wide else 8)
        self._before = first - 1
        self._rest = rest
        self._taken: dict[str, set[int]] = {}
        self._resting: OrderedDict[tuple[str, int], float] = OrderedDict()
        self._last: dict[str, int] = {}

    def __len__(self) -> int:
        """Return how many numbers are in use, without those that rest."""
        return sum(map(len, self._taken.values())) - len(self._resting)

    def take(self, terminal: str, now: float) -> int:
        """Return a number that nothing on its way to ``terminal`` has; NoReferenceError if none."""
        self._wake(now)
        taken = self._taken.setdefault(terminal, set())
        first = self._last.get(terminal, self._before) + 1
        for step in range(self._size):
            number = (first + step) % self._size
            if number not in taken:
                taken.add(number)
                self._last[terminal] = number
                return number
        raise NoReferenceError(f"{self._size} concatenated messages are under way to {terminal}")

    def hold(self, terminal: str, number: int) -> None:
        """Take note that a number is in use since before the SMSC came back."""
        self._taken.setdefault(terminal, set()).add(number)
        self._last[terminal] = number

    def give_back(self, terminal: str, number: int, now: float) -> None:
        """Let a number rest, and be given again after that."""
        self._resting[terminal, number] = now + self._rest
        self._wake(now)

    def _wake(self, now: float) -> None:
        while self._resting:
            (terminal, number), until = next(iter(self._resting.items()))
            if until > now:
                return
            del self._resting[terminal, number]
            taken = self._taken[terminal]
            taken.discard(number)
            if not taken:
                # Where nothing is known of a terminal, any number will do.
                del self._taken[terminal], self._last[terminal]
