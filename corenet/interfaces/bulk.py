"""The verbs of a node that forwards user traffic in bulk: many packets at a time.

Theory of operation. Beside ``receive``, which takes one datagram and after which everything that
came of it is collected, such a node has a verb for each direction that takes a batch, and returns
at once what becomes of those packets for which nothing but forwarding is to be done. Whatever
else comes of a batch (answers, errors, events) is taken afterwards, as after any verb. A runtime
uses these verbs where batches arrive and nobody looks at single packets; the outcome is the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from corenet.interfaces.node import Address


@dataclass(slots=True)
class Burst:
    """Datagrams to one peer, all of one length but the last, which may be shorter.

    So they can be given to the system as one, to be cut into datagrams there (UDP_SEGMENT).
    """

    peer: Address
    size: int
    """Octets of each datagram but the last."""
    count: int
    """How many datagrams they are."""
    pieces: list[bytes]
    """Their octets, one after the other, in pieces of any length."""

    def datagrams(self) -> list[bytes]:
        """Return them one by one."""
        octets = b"".join(self.pieces)
        return [octets[at : at + self.size] for at in range(0, len(octets), self.size)]


@runtime_checkable
class ForwardsInBulk(Protocol):
    """A node with tunnels on one side and Gi on the other."""

    def forward_up(
        self, datagrams: Sequence[bytes], peers: Sequence[Address], now: float
    ) -> list[tuple[str, list[bytes]]]:
        """Take datagrams from GTP-U; return packets for Gi, by the APN that they leave through.

        ``peers`` says who sent which; it is asked about few of them. Never raises for what a peer
        sent.
        """
        ...

    def forward_down(self, packets: Sequence[bytes], now: float) -> list[Burst]:
        """Take whole IP packets from Gi; return datagrams for GTP-U."""
        ...
