"""The push client of a mobile: takes WSP pushes on UDP 2948 and shows them."""

from __future__ import annotations

from dataclasses import dataclass

from corenet.interfaces.application import Reaction
from corenet.interfaces.node import Address
from testbed.codecs.wsp.push import PUSH_PORT


@dataclass(frozen=True, slots=True)
class PushCounts:
    """What became of the datagrams that a push client took."""

    received: int = 0
    shown: int = 0
    malformed: int = 0
    """Not a push, or content that breaks its definition."""
    expired: int = 0
    superseded: int = 0
    """Older than, or the same as, what the client already has under that si-id."""
    silent: int = 0
    """Taken without showing: signal-none, and cache."""
    deleted: int = 0


class PushClient:
    """Shows SI, SL and other pushes; an ``Application``."""

    def __init__(self, *, port: int = PUSH_PORT) -> None:
        raise NotImplementedError

    @property
    def port(self) -> int:
        """The UDP port it listens on."""
        raise NotImplementedError

    @property
    def counts(self) -> PushCounts:
        """What became of the datagrams so far."""
        raise NotImplementedError

    def receive(self, payload: bytes, source: Address, now: float) -> Reaction:
        """Take a datagram's payload. Never raises for what a peer sent."""
        raise NotImplementedError
