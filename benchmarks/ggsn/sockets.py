"""Sockets of scripted SGSNs."""

from __future__ import annotations

import socket

from benchmarks.ggsn.messages import GTP_PORT

SILENCE = 10.0
"""Seconds without an answer after which the measurement is given up."""


def open_socket(peer: str, address: str, port: int = GTP_PORT) -> socket.socket:
    """Return a UDP socket at ``address`` that talks to a port of ``peer``."""
    opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
    opened.bind((address, port if port == GTP_PORT else 0))
    opened.connect((peer, port))
    opened.settimeout(SILENCE)
    return opened
