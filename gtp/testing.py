"""Fakes for tests of whatever speaks GTP-C: endpoints on a virtual wire, in virtual time.

Ours to test with, and yours::

    wire = VirtualWire(Random(1), Conditions(loss=0.2))
    wire.attach(sgsn, ("192.0.2.2", 2123))
    wire.attach(ggsn, ("192.0.2.1", 2123), on_event=answer)
    sgsn.request(EchoRequest(), ("192.0.2.1", 2123), wire.now)
    wire.run_until_quiet()
    assert isinstance(sgsn.take_events()[0], ResponseReceived)

The same seed gives the same run. Nothing here sleeps or touches a socket.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from heapq import heappop, heappush
from random import Random
from typing import Protocol

from gtp.events import Address, Event


class Machine(Protocol):
    """What can be attached to a wire; ``gtp.endpoint.Endpoint`` can."""

    def receive(self, data: bytes, peer: Address, now: float) -> None:
        """Take a datagram from ``peer``."""
        ...

    def next_timeout(self) -> float | None:
        """Return when ``handle_timeout`` wants to be called, or None."""
        ...

    def handle_timeout(self, now: float) -> None:
        """Do what is due at ``now``."""
        ...

    def take_datagrams(self) -> list[tuple[bytes, Address]]:
        """Return what is to be sent, in order, and forget it."""
        ...

    def take_events(self) -> list[Event]:
        """Return what has happened since the last call, in order, and forget it."""
        ...


@dataclass(frozen=True, slots=True)
class Conditions:
    """What a wire does to datagrams. Probabilities are 0 to 1, times are seconds."""

    loss: float = 0.0
    duplication: float = 0.0
    shortest_delay: float = 0.01
    longest_delay: float = 0.01
    """Delays are uniform between the two; datagrams overtake each other where they differ."""


@dataclass(frozen=True, slots=True)
class Passed:
    """A datagram that was put on the wire."""

    time: float
    """When it was sent."""
    source: Address
    destination: Address
    data: bytes
    copies: int
    """How many copies arrive: 0 when it was lost, 2 when it was duplicated."""


@dataclass(slots=True)
class _Attachment:
    machine: Machine
    address: Address
    on_event: Callable[[Event, float], None] | None


class VirtualWire:
    """Carries datagrams between machines and tells them the time."""

    def __init__(
        self, random: Random, conditions: Conditions | None = None, *, now: float = 0.0
    ) -> None:
        """``random`` decides what is lost, duplicated and delayed; ``now`` is where time starts."""
        self.now = now
        self.conditions = conditions or Conditions()
        """May be exchanged while the wire runs."""
        self.passed: list[Passed] = []
        """Every datagram that was sent, in order."""
        self._random = random
        self._attachments: dict[Address, _Attachment] = {}
        self._under_way: list[tuple[float, int, Address, Address, bytes]] = []
        self._count = 0

    def attach(
        self,
        machine: Machine,
        address: Address,
        *,
        on_event: Callable[[Event, float], None] | None = None,
    ) -> None:
        """Give ``machine`` its address.

        ``on_event`` is called with each of its events and the time; without it the events stay
        in the machine for the test to take.
        """
        self._attachments[address] = _Attachment(machine, address, on_event)

    def detach(self, address: Address) -> None:
        """Take the machine at ``address`` off the wire; what is sent there is lost."""
        del self._attachments[address]

    def run(self, seconds: float) -> None:
        """Let ``seconds`` pass."""
        until = self.now + seconds
        while (moment := self._next_moment()) is not None and moment <= until:
            self._step(moment)
        self.now = until

    def run_until_quiet(self, limit: float = 3600.0) -> None:
        """Let time pass until nothing is under way and no timer runs.

        Raises TimeoutError when that takes more than ``limit`` seconds of virtual time.
        """
        until = self.now + limit
        while (moment := self._next_moment()) is not None:
            if moment > until:
                raise TimeoutError(f"not quiet after {limit} seconds")
            self._step(moment)

    def _next_moment(self) -> float | None:
        self._collect()
        moments = [self._under_way[0][0]] if self._under_way else []
        for attachment in self._attachments.values():
            timeout = attachment.machine.next_timeout()
            if timeout is not None:
                moments.append(timeout)
        return max(min(moments), self.now) if moments else None

    def _step(self, moment: float) -> None:
        self.now = moment
        while self._under_way and self._under_way[0][0] <= moment:
            _, _, source, destination, data = heappop(self._under_way)
            attachment = self._attachments.get(destination)
            if attachment is not None:
                attachment.machine.receive(data, source, moment)
        for attachment in self._attachments.values():
            timeout = attachment.machine.next_timeout()
            if timeout is not None and timeout <= moment:
                attachment.machine.handle_timeout(moment)

    def _collect(self) -> None:
        """Hand out events, and put on the wire what machines want sent."""
        for attachment in self._attachments.values():
            if attachment.on_event is not None:
                for event in attachment.machine.take_events():
                    attachment.on_event(event, self.now)
        for attachment in self._attachments.values():
            for data, destination in attachment.machine.take_datagrams():
                self._send(data, attachment.address, destination)

    def _send(self, data: bytes, source: Address, destination: Address) -> None:
        conditions = self.conditions
        copies = 0
        if self._random.random() >= conditions.loss:
            copies = 2 if self._random.random() < conditions.duplication else 1
        self.passed.append(Passed(self.now, source, destination, data, copies))
        for _ in range(copies):
            delay = self._random.uniform(conditions.shortest_delay, conditions.longest_delay)
            self._count += 1
            heappush(self._under_way, (self.now + delay, self._count, source, destination, data))
