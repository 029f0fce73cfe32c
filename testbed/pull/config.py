"""What pull is told: which origins it may reach, who is told who asks, and how much it takes on.

Times are seconds, sizes are octets.
"""

from __future__ import annotations

from dataclasses import dataclass

from testbed.codecs.hosts import LOOPBACK_HOSTS


@dataclass(frozen=True, slots=True)
class PullLimits:
    """What pull takes on before it refuses; all above 0."""

    fetches: int = 64
    """Requests that origin servers work on at one time."""
    waiting: int = 256
    """Requests that wait for one of those to end; beyond it 503."""
    per_terminal: int = 8
    """Requests of one address that are under way or wait; beyond it 503."""
    datagram: int = 1_400
    """Octets of the largest reply without a session."""
    reply: int = 350_000
    """Octets of the largest reply on a session, where the client does not take less."""
    body: int = 1_000_000
    """Octets of an origin server's answer, before it is converted."""
    remembered: int = 1_000
    """Replies without a session that can be sent again, of all terminals together."""
    remembered_for: float = 60.0
    """Seconds after which a request with the same transaction id is another one."""

    def __post_init__(self) -> None:
        for name in self.__slots__:
            if getattr(self, name) <= 0:
                raise ValueError(f"the limit {name} of pull is {getattr(self, name)}")


@dataclass(frozen=True, slots=True)
class PullConfig:
    """All that pull is told."""

    origins: tuple[str, ...] = LOOPBACK_HOSTS
    """Hosts that may be fetched from: names, addresses or networks; "*" is any host."""
    closed: frozenset[tuple[str, int]] = frozenset()
    """Addresses and ports that nobody fetches from, though their host is one of ``origins``."""
    identify_to: tuple[str, ...] = ()
    """Hosts that are told the terminal's number and address, named likewise."""
    via: str = "corenet"
    """What the gateway calls itself in Via."""
    timeout: float = 30.0
    """Seconds from a request to its reply, waiting included."""
    limits: PullLimits = PullLimits()

    def __post_init__(self) -> None:
        if self.timeout <= 0:
            raise ValueError("the timeout of pull is above 0")
