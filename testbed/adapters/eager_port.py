"""A TCP port whose connections send what they are given at once.

Twisted has a connection wait until its socket can be written to, even though it nearly always can:
for an answer that is three calls of the system and a turn of the reactor more. Here only what the
socket does not take waits.
"""

from __future__ import annotations

from typing import Any

from twisted.internet.protocol import Factory
from twisted.internet.tcp import Port, Server


class EagerServer(Server):
    """One connection."""

    def write(self, data: bytes) -> None:
        """Send what the socket takes, and keep the rest."""
        waits = self.dataBuffer or self._tempDataBuffer or self.disconnecting
        if self.connected and not (waits or self._writeDisconnected or self.TLS):
            sent = self.writeSomeData(data)
            # Of a connection that is lost the reactor hears when it tries again.
            if isinstance(sent, int):
                data = data[sent:]
        if data:
            super().write(data)  # type: ignore[no-untyped-call]


class EagerPort(Port):
    """What listens."""

    transport = EagerServer


def listen_eagerly(reactor: Any, port: int, factory: Factory, interface: str) -> EagerPort:
    """Listen as ``reactor.listenTCP`` does; return the port."""
    listening = EagerPort(port, factory, interface=interface, reactor=reactor)
    listening.startListening()
    return listening
