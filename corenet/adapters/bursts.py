"""Datagrams that are alike, which leave as one message that the kernel cuts up.

Most of what a datagram costs to send is its way through the kernel, and datagrams of one length to
one peer can go that way together (UDP_SEGMENT, udp(7)). A GGSN under load answers many requests
of one SGSN in a turn, and tells one RADIUS server of all of them; answers of one kind are mostly
of one length.

Only on interfaces where nobody minds which of several goes first: GTP-C and RADIUS, whose
messages are told apart by their numbers, and have their places in no sequence.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from corenet.interfaces.node import Address, Datagram, Interface

LARGEST_BURST: Final = 64
"""Datagrams that the kernel cuts one message into, at most (UDP_MAX_SEGMENTS)."""
LONGEST_BURST: Final = 65_000
"""Octets of a message, at most, with room for headers."""

_IN_ANY_ORDER: Final = (Interface.GTP_C, Interface.RADIUS)
_UDP_SEGMENT: Final = 103
"""From <linux/udp.h>; Python has no name for it."""


class Alike(NamedTuple):
    """Datagrams of one length from one interface to one peer, two or more."""

    interface: Interface
    peer: Address
    datagrams: list[Datagram]


def told_apart(datagrams: Iterable[Datagram]) -> tuple[list[Alike], list[Datagram]]:
    """Return what may go together, and what goes one by one, which keeps its order."""
    groups: dict[tuple[Interface, Address, int], list[Datagram]] = {}
    single: list[Datagram] = []
    for datagram in datagrams:
        interface, peer, data, local = datagram
        if interface not in _IN_ANY_ORDER or local is not None:
            single.append(datagram)
            continue
        key = (interface, peer, len(data))
        group = groups.get(key)
        if group is None:
            groups[key] = [datagram]
        else:
            group.append(datagram)
    together = []
    alone = []
    for (interface, peer, size), group in groups.items():
        most = max(1, min(LARGEST_BURST, LONGEST_BURST // max(1, size)))
        for start in range(0, len(group), most):
            part = group[start : start + most]
            if len(part) > 1:
                together.append(Alike(interface, peer, part))
            else:
                alone += part
    # GTP-C and RADIUS before packets of users, as the node wants it.
    return together, alone + single


def send_together(sender: socket.socket, datagrams: Sequence[bytes], peer: Address) -> None:
    """Send datagrams of one length as one message; OSError where the system does not take it."""
    size = struct.pack("=H", len(datagrams[0]))
    sender.sendmsg(datagrams, [(socket.IPPROTO_UDP, _UDP_SEGMENT, size)], 0, peer)
