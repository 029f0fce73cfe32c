"""Who may send to a RADIUS server, and the secret shared with them.

Specs: RFC 2865 §3 (the source address of a request says which secret it is protected by).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network

from corenet.interfaces.node import Address


@dataclass(frozen=True, slots=True)
class RadiusClient:
    """Hosts that may send, and the secret shared with them."""

    network: str
    """An IP address or network that they send from."""
    secret: bytes = field(repr=False)

    def __post_init__(self) -> None:
        ip_network(self.network)
        if not self.secret:
            raise ValueError(f"RADIUS client {self.network}: the secret is empty")


class RadiusClients:
    """Everybody who may send to one server; the first whose network has an address counts."""

    def __init__(self, clients: tuple[RadiusClient, ...]) -> None:
        self._clients = tuple((ip_network(client.network), client.secret) for client in clients)

    def secret_of(self, peer: Address) -> bytes | None:
        """Return the secret shared with ``peer``, or None for nobody's address."""
        try:
            host = ip_address(peer[0])
        except ValueError:
            return None
        return next((secret for network, secret in self._clients if host in network), None)
