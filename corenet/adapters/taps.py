"""Who sees what passes."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from twisted.logger import Logger

from corenet.interfaces.node import Address, Interface
from corenet.interfaces.runtime import Passed, Phase, Tap


class Taps:
    """Called with what passes, calls every tap; one that raises is logged."""

    def __init__(self, now: Callable[[], float], log: Logger) -> None:
        """``now`` says what time it is."""
        self._now = now
        self._log = log
        self._taps: list[Tap] = []

    def add(self, tap: Tap) -> Callable[[], None]:
        """Call ``tap`` from now on, until the function returned is called."""
        self._taps = [*self._taps, tap]
        return partial(self._remove, tap)

    def _remove(self, tap: Tap) -> None:
        self._taps = [one for one in self._taps if one is not tap]

    @property
    def watched(self) -> bool:
        """Whether anybody looks; who passes what passes is not worth finding out otherwise."""
        return bool(self._taps)

    def __call__(
        self,
        interface: Interface,
        source: Address,
        destination: Address,
        data: bytes,
        sender: str,
        receiver: str,
        phase: Phase | None = None,
    ) -> None:
        """Let every tap see it."""
        if not self._taps:
            return
        passed = Passed(self._now(), interface, source, destination, data, sender, receiver, phase)
        for tap in self._taps:
            try:
                tap(passed)
            except Exception:
                self._log.failure("A tap raised for {passed}", passed=passed)
