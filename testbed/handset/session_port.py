"""A WSP session client on a UDP port of a mobile: what carries its datagrams and keeps its time."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import TypeVar

from corenet.interfaces.application import Host
from corenet.interfaces.node import Address
from corenet.interfaces.runtime import Timer
from testbed.wap.client import SessionClient
from testbed.wap.events import Event

T = TypeVar("T")


class SessionPort:
    """The sessions of one application from one PDP address, on a port of their own.

    The port is there until the last session is over and nothing more can come of it; then
    ``on_end`` is called. Commands go through ``do``.
    """

    __slots__ = (
        "_alarm",
        "_client",
        "_due",
        "_hear",
        "_host",
        "_is_open",
        "_is_paused",
        "_is_settling",
        "_local",
        "_on_end",
    )

    def __init__(
        self,
        host: Host,
        address: str,
        *,
        hear: Callable[[Event, float], None],
        on_end: Callable[[float], None],
    ) -> None:
        """Take a free port; ``hear`` is given what the client tells."""
        self._host = host
        self._client = SessionClient(random=Random(host.random.getrandbits(64)))
        self._hear = hear
        self._on_end = on_end
        self._local: Address = (address, host.bind(self._receive))
        self._alarm: Timer | None = None
        self._due: float | None = None
        self._is_settling = False
        self._is_open = True
        self._is_paused = False

    @property
    def sessions(self) -> int:
        """How many sessions are not over."""
        return len(self._client.sessions())

    def do(self, action: Callable[[SessionClient], T], now: float) -> T:
        """Give the client a command, then carry out what it wants; what it raises comes through."""
        try:
            return action(self._client)
        finally:
            self._settle(now)

    def drop(self) -> None:
        """Be done with every session without a word, and hear nothing more of any."""
        self._is_open = False
        self._arm(None)
        if not self._is_paused:
            self._host.unbind(self._local[1])

    def pause(self) -> None:
        """Send and hear nothing until ``move``: the address is no longer there."""
        self._host.unbind(self._local[1])
        self._is_paused = True

    def move(self, address: str) -> None:
        """Go on after a pause, from another PDP address and a port of its own."""
        self._local = (address, self._host.bind(self._receive))
        self._is_paused = False

    def _receive(self, payload: bytes, source: Address, local: Address, now: float) -> None:
        if local == self._local:
            self._client.receive(payload, source, now)
            self._settle(now)

    def _ring(self, now: float) -> None:
        self._alarm = self._due = None
        self._client.handle_timeout(now)
        self._settle(now)

    def _settle(self, now: float) -> None:
        """Tell what has happened, with what comes of that; then send and wait."""
        if self._is_settling:
            return
        self._is_settling = True
        try:
            while self._is_open and (events := self._client.take_events()):
                for event in events:
                    self._hear(event, now)
        finally:
            self._is_settling = False
        for data, peer in self._client.take_datagrams():
            if not self._is_paused:
                self._host.send(data, self._local, peer)
        if not self._is_open:
            return
        due = self._client.next_timeout()
        if due is None and not self.sessions:
            self.drop()
            self._on_end(now)
        else:
            self._arm(due)

    def _arm(self, due: float | None) -> None:
        if due == self._due:
            return
        if self._alarm is not None:
            self._alarm.cancel()
        self._due = due
        self._alarm = None if due is None else self._host.at(due, self._ring)
