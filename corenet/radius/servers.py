"""Servers of one service: which of them is asked, and which numbers are free there.

Specs: RFC 2865 §2.4 and §3 (identifiers), RFC 5080 §2.2.1 (retransmission, fail-over).

Servers are in order of preference. One that has been silent for a request's tries is dead for a
while and comes after all others; then it is as good as before. Where all are dead, the one that
died first is asked, so that all get their turn.
"""

from __future__ import annotations

from collections.abc import Iterable
from random import Random
from typing import Final, Generic, TypeVar

from corenet.radius.accounting import RadiusServer

IDENTIFIERS: Final = 256
"""Requests that may be under way at one server from one port."""

T = TypeVar("T")


class Server(Generic[T]):
    """One server: its secret, its 256 identifiers, and when it was last heard."""

    __slots__ = ("_next", "address", "dead_until", "heard", "in_flight", "secret", "signs")

    def __init__(self, server: RadiusServer, random: Random) -> None:
        self.address = server.address
        self.secret = server.secret
        self.signs = server.signs
        self.in_flight: dict[int, T] = {}
        self.dead_until = float("-inf")
        self.heard = float("-inf")
        self._next = random.randrange(IDENTIFIERS)

    def take_identifier(self, request: T) -> int | None:
        """Return an identifier for ``request``, or None where all are in use."""
        if len(self.in_flight) >= IDENTIFIERS:
            return None
        while self._next in self.in_flight:
            self._next = (self._next + 1) % IDENTIFIERS
        identifier = self._next
        self._next = (identifier + 1) % IDENTIFIERS
        self.in_flight[identifier] = request
        return identifier

    def is_dead(self, now: float) -> bool:
        """Whether it has been silent a moment ago."""
        return now < self.dead_until

    def silent_since(self, asked: float, now: float, dead_time: float) -> bool:
        """Take it for dead if nothing came since ``asked``; return whether that is news."""
        if self.heard >= asked:
            return False
        news = not self.is_dead(now)
        self.dead_until = now + dead_time
        return news

    def hear(self, now: float) -> bool:
        """Take note of an authentic answer; return whether it was taken for dead."""
        was_dead = self.dead_until > float("-inf")
        self.heard = now
        self.dead_until = float("-inf")
        return was_dead


def choose(servers: Iterable[Server[T]], now: float, silent: Server[T] | None = None) -> Server[T]:
    """Return the server to ask; ``silent`` only if there is no other that lives."""
    dead = []
    for server in servers:
        if not server.is_dead(now):
            if server is not silent:
                return server
        elif server is not silent:
            dead.append(server)
    if silent is not None and (not dead or not silent.is_dead(now)):
        return silent
    return min(dead, key=lambda server: server.dead_until)
