"""A message to a mobile that is repeated until it is answered (TS 24.008 §11.2)."""

from __future__ import annotations

from collections.abc import Callable

from corenet.schedule import Action, Alarm
from corenet.sgsn.core import Core


class Repetition:
    """Sends at once and at each expiry, ``RadioTimers.attempts`` times in all.

    ``give_up`` is called at the expiry after the last.
    """

    __slots__ = ("_alarm", "_core", "_give_up", "_interval", "_send", "attempt")

    def __init__(
        self, core: Core, send: Callable[[], None], interval: float, give_up: Action, now: float
    ) -> None:
        self._core = core
        self._send = send
        self._interval = interval
        self._give_up = give_up
        self.attempt = 1
        """1 for the first transmission."""
        self._alarm: Alarm = core.schedule.at(now + interval, self._expired)
        send()

    def repeat(self) -> None:
        """Send once more, which is not counted as another attempt."""
        self._send()

    def stop(self) -> None:
        """Send no more."""
        self._alarm.cancel()

    def _expired(self, now: float) -> None:
        if self.attempt >= self._core.config.radio.attempts:
            self._give_up(now)
            return
        self.attempt += 1
        self._alarm = self._core.schedule.at(now + self._interval, self._expired)
        self._send()
