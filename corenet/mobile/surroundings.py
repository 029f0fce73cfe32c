"""What the mobiles of one node share: link, schedule, chance, programs, and what comes out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random

from corenet.interfaces.application import Applications
from corenet.interfaces.node import Datagram, Event, Interface
from corenet.mobile.config import Cell, MobileTimers
from corenet.schedule import Action, Schedule


class Surroundings:
    """The one link, clock and outbox that every mobile of a node is given."""

    __slots__ = (
        "answer_times",
        "applications",
        "cells",
        "counters",
        "datagrams",
        "events",
        "now",
        "on_air",
        "random",
        "schedule",
        "timers",
    )

    def __init__(
        self,
        cells: Mapping[int, Cell],
        timers: MobileTimers,
        random: Random,
        applications: Applications,
        answer_times: Random,
    ) -> None:
        self.cells = cells
        self.on_air = True
        """Whether there is a network at all, which all mobiles need to be in coverage."""
        self.now = 0.0
        """The time of what is being done."""
        self.timers = timers
        self.random = random
        self.answer_times = answer_times
        """The chance that mobiles have which take longer at one time than at another."""
        self.applications = applications
        self.datagrams: list[Datagram] = []
        self.events: list[Event] = []
        self.counters: dict[str, int] = {}
        self.schedule = Schedule()

    def send(self, imsi: str, cell: int, frame: bytes) -> None:
        """Send a frame from the mobile in ``cell`` to the SGSN behind it."""
        sgsn = self.cells[cell].sgsn
        self.datagrams.append(Datagram(Interface.RADIO, sgsn, frame, (imsi, cell)))

    def hand_over(self, imsi: str, packet: bytes) -> None:
        """Give a packet to the programs that run on a mobile."""
        self.datagrams.append(Datagram(Interface.TERMINAL, (imsi, 0), packet))

    def emit(self, event: Event) -> None:
        """Say that something has happened."""
        self.events.append(event)

    def count(self, what: str) -> None:
        """Count one more of ``what``."""
        self.counters[what] = self.counters.get(what, 0) + 1


class Repetition:
    """A message that is sent at each expiry of its timer until it is answered or given up.

    In all it is sent ``timers.attempts`` times; at the expiry after the last, ``give_up`` is
    called. That is how TS 24.008 §11.2 uses each of the timers that a mobile runs.
    """

    __slots__ = ("_alarm", "_give_up", "_interval", "_left", "_send", "_surroundings")

    def __init__(
        self,
        surroundings: Surroundings,
        interval: float,
        send: Callable[[], None],
        give_up: Action,
        now: float,
    ) -> None:
        self._surroundings = surroundings
        self._interval = interval
        self._send = send
        self._give_up = give_up
        self._left = surroundings.timers.attempts - 1
        send()
        self._alarm = surroundings.schedule.at(now + interval, self._expire)

    def repeat(self) -> None:
        """Send the message once more without touching the timer or the count."""
        self._send()

    def stop(self) -> None:
        """Send no more: the message is answered, or no longer wants to be."""
        self._alarm.cancel()

    def _expire(self, now: float) -> None:
        if self._left == 0:
            self._give_up(now)
            return
        self._left -= 1
        self._send()
        self._alarm = self._surroundings.schedule.at(now + self._interval, self._expire)
