"""UDP sockets for nodes, and what is said when one cannot be had."""

from __future__ import annotations

from corenet.interfaces.node import Address


class CannotBindError(Exception):
    """A UDP socket could not be bound. The sentence names the place, the reason and the remedy."""

    def __init__(self, owner: str, address: Address, reason: str, remedy: str) -> None:
        super().__init__(owner, address, reason, remedy)
        self.owner = owner
        """The node or device that wanted the socket."""
        self.address = address
        self.reason = reason
        self.remedy = remedy

    def __str__(self) -> str:
        host, port = self.address
        return f"{self.owner} cannot listen on UDP {host}:{port}: {self.reason}. {self.remedy}"
