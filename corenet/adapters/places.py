"""What a runtime on sockets keeps of its nodes, and what it asks of a reactor."""

from __future__ import annotations

from typing import Protocol

from corenet.adapters.reactor import ConnectsTcp, ListensUdp, ScheduledCall, Schedules
from corenet.adapters.tunnel_socket import TunnelSocket
from corenet.adapters.udp import UdpSocket
from corenet.interfaces.node import Address, Interface, Node
from corenet.interfaces.streams import StreamNode


class NodeReactor(Schedules, ListensUdp, ConnectsTcp, Protocol):
    """What the runtime asks of a reactor."""


class RuntimeStoppedError(RuntimeError):
    """Something was asked of a runtime that has stopped."""


class Place:
    """What the runtime keeps of one node."""

    __slots__ = ("addresses", "call", "due", "hearing", "node", "sockets", "streams")

    def __init__(self, node: Node) -> None:
        self.node = node
        self.streams = node if isinstance(node, StreamNode) else None
        self.addresses: dict[Interface, Address] = {}
        self.sockets: dict[Interface, UdpSocket | TunnelSocket] = {}
        self.hearing: list[UdpSocket] = []
        """Those of its sockets that tell what has come back."""
        self.due: float | None = None
        self.call: ScheduledCall | None = None
