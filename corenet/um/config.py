"""What the ends of the radio link between processes are told. Times are seconds."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from ipaddress import IPv4Network, ip_address

from corenet.interfaces.node import Address

LOOPBACK = IPv4Network("127.0.0.0/8")


@dataclass(frozen=True, slots=True)
class BaseStationConfig:
    """The network, as it is found by mobiles of other processes."""

    listen: Address
    cells: frozenset[int]
    """Identities of the cells that there are."""
    sgsns: dict[int, Address]
    """Places of SGSNs on RADIO, by cell."""
    clients: tuple[IPv4Network, ...] = (LOOPBACK,)
    """Where processes with mobiles may be."""
    own: Container[str] = frozenset()
    """IMSIs of the mobiles of this process, which are nobody else's."""
    patience: float = 15.0
    """Without a word of a process until it is taken for gone."""
    processes: int = 100
    """That can be registered at one time."""
    mobiles: int = 1_000_000
    """Of which it is remembered in which process they are."""

    def __post_init__(self) -> None:
        if min(self.patience, self.processes, self.mobiles) <= 0:
            raise ValueError("patience, processes and mobiles are above 0")
        if frozenset(self.sgsns) != self.cells:
            raise ValueError("every cell has an SGSN")

    def admits(self, host: str) -> bool:
        """Whether a process may be at an address."""
        return any(ip_address(host) in network for network in self.clients)


@dataclass(frozen=True, slots=True)
class TransceiverConfig:
    """Where a process with mobiles finds the network."""

    network: Address
    local: Address = ("127.0.0.1", 0)
    """Where the process itself is; port 0 is any free one."""
    process: str = "mobiles"
    """What the network knows it by: with the same name it is the same process, started anew."""
    interval: float = 5.0
    """Between two messages that say that it is still there."""
    missed: int = 3
    """Such messages without an answer until the network is taken for gone."""
    first_wait: float = 0.5
    """From a failure to the next attempt; it doubles with each that follows."""
    longest_wait: float = 30.0
    answer: float = 2.0
    """That the network has to answer an attempt."""

    def __post_init__(self) -> None:
        if not (1 <= len(self.process) <= 100 and self.process.isascii()):
            raise ValueError("the name of a process has 1 to 100 ASCII characters")
        if not self.process.isprintable():
            raise ValueError("the name of a process is printable")
        if min(self.interval, self.missed, self.answer) <= 0:
            raise ValueError("interval, missed and answer are above 0")
        if not 0 < self.first_wait <= self.longest_wait:
            raise ValueError("the first wait is above 0 and not above the longest one")
