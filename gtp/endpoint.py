"""A GTP-C endpoint: requests and responses that arrive once, paths that are known to live.

Specs: TS 29.060 §7.2 (path management), §7.6 (reliable delivery), §11 (error handling),
TS 23.007 (restart).
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from gtp.constants import MessageType
from gtp.events import (
    Address,
    Event,
    FailureReason,
    PathDown,
    PathSuspected,
    PathUp,
    PeerRestarted,
    RequestFailed,
    RequestReceived,
    ResponseReceived,
)
from gtp.messages import Message
from gtp.timers import Timers

__all__ = [
    "Address",
    "Endpoint",
    "EndpointCounters",
    "Event",
    "FailureReason",
    "PathDown",
    "PathSuspected",
    "PathUp",
    "PeerRestarted",
    "RequestFailed",
    "RequestReceived",
    "ResponseReceived",
]


@dataclass(slots=True)
class EndpointCounters:
    """What an endpoint has counted since it was made; every field only grows."""

    requests_sent: int = 0
    """Requests, each counted once however often it was transmitted."""


class Endpoint:
    """A GTP-C endpoint on one UDP port. Holds no socket and no clock."""

    def __init__(
        self,
        *,
        timers: Timers,
        recovery: int,
        accepts: frozenset[MessageType],
        random: Random,
        cache_octets: int = 4 * 1024 * 1024,
    ) -> None:
        """Make an endpoint.

        ``recovery`` is this node's restart counter, 0..255. ``accepts`` names the requests
        that this role answers beside Echo Request; others are discarded and counted.
        ``cache_octets`` bounds the responses kept for duplicates.
        """
        self.timers = timers
        self.recovery = recovery
        self.counters = EndpointCounters()

    def receive(self, data: bytes, peer: Address, now: float) -> None:
        """Take a datagram from ``peer``. Never raises for what a peer sent."""
        raise NotImplementedError

    def request(
        self, message: Message, peer: Address, now: float, *, context: object = None
    ) -> int:
        """Send a request and see to its response; return the transaction's number.

        Gives ``message`` a sequence number. Ends in exactly one ResponseReceived or
        RequestFailed that carries ``context``.
        """
        raise NotImplementedError

    def respond(self, received: RequestReceived, response: Message, now: float) -> None:
        """Answer a request; duplicates of the request get the same octets from now on."""
        raise NotImplementedError

    def send(self, message: Message, peer: Address, now: float) -> None:
        """Send a message to which there is no answer."""
        raise NotImplementedError

    def watch(self, peer: Address, now: float) -> None:
        """Monitor the path to ``peer`` by echo; counted, so each call wants its ``unwatch``."""
        raise NotImplementedError

    def unwatch(self, peer: Address) -> None:
        """Take back one ``watch``; with the last one the path's echo ends."""
        raise NotImplementedError

    def next_timeout(self) -> float | None:
        """Return when ``handle_timeout`` wants to be called, or None."""
        raise NotImplementedError

    def handle_timeout(self, now: float) -> None:
        """Send again what was not answered, give up what was sent often enough, echo."""
        raise NotImplementedError

    def take_datagrams(self) -> list[tuple[bytes, Address]]:
        """Return what is to be sent, in order, and forget it."""
        raise NotImplementedError

    def take_events(self) -> list[Event]:
        """Return what has happened since the last call, in order, and forget it."""
        raise NotImplementedError
