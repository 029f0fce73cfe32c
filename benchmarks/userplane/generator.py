"""A scripted SGSN and a host outside: they create contexts and send packets as fast as they can.

Run by ``benchmarks.userplane`` inside its namespace, as ``python -m benchmarks.userplane.generator
DIRECTION PID SECONDS``; prints what came of it as JSON. Packets are counted by the kernel at the
TUN device: those that the GGSN wrote to it (up) or read from it (down). Where they go then nobody
reads them.

``down`` and ``up`` send packets of 100 octets. In ``ragged``, downlink, each packet is an octet
longer than the one before, so that no two in a row have one length: nothing can be joined.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import struct
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.cpu import cpu_seconds
from benchmarks.ggsn.messages import create
from benchmarks.ggsn.processes import GGSN, HLR, SGSN
from corenet.gi.ip import udp_packet
from gtp.messages import CreatePdpContextResponse, decode
from gtp.user_plane import encapsulate

DEVICE = "apn0"
CONTEXTS = 32
SIZE = 100
HEADERS = 28
"""Octets of IPv4 and UDP."""
SEGMENTS = 32
OUTSIDE = HLR
"""An address of the namespace that is none of GTP's here."""
PORT = 4000
WARM_UP = 0.5
_FIRST = 1000
"""A sequence number that who waited for the GGSN has not used."""
_SEGMENT = (socket.IPPROTO_UDP, 103, struct.pack("=H", SIZE - HEADERS))
_SEGMENT_UP = (socket.IPPROTO_UDP, 103, struct.pack("=H", SIZE + 8))


def udp(address: str, port: int, buffer: int = 2048) -> socket.socket:
    """Return a bound socket, whose buffer is soon full if nobody reads it."""
    bound = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
    bound.bind((address, port))
    return bound


def contexts(control: socket.socket) -> list[tuple[int, str]]:
    """Create contexts; return the GGSN's TEID and the mobile's address of each."""
    made: list[tuple[int, str]] = []
    control.settimeout(2.0)
    for number in range(CONTEXTS):
        message = create(number, SGSN)
        message.sequence = _FIRST + number
        control.sendto(message.encode(), (GGSN, 2123))
        while True:
            response = decode(control.recv(2048))
            if response.sequence == message.sequence and response.teid:
                break
        assert isinstance(response, CreatePdpContextResponse)
        assert response.teid_data is not None
        assert response.end_user_address is not None
        made.append((response.teid_data, response.end_user_address.ipv4 or ""))
    return made


def sender_up(user: socket.socket, made: list[tuple[int, str]]) -> Callable[[], None]:
    """Return what sends a burst of G-PDUs, each from another mobile."""
    datagrams = [
        encapsulate(teid, udp_packet((address, PORT), (OUTSIDE, PORT), bytes(SIZE - HEADERS)))
        for teid, address in made
    ]

    def send() -> None:
        user.sendmsg(datagrams, [_SEGMENT_UP], 0, (GGSN, 2152))

    return send


def sender_down(outside: socket.socket, made: list[tuple[int, str]]) -> Callable[[], None]:
    """Return what sends a burst of packets to a mobile, the next time to another one."""
    burst = bytes((SIZE - HEADERS) * SEGMENTS)
    turn = 0

    def send() -> None:
        nonlocal turn
        turn += 1
        outside.sendmsg([burst], [_SEGMENT], 0, (made[turn % len(made)][1], PORT))

    return send


def sender_ragged(outside: socket.socket, made: list[tuple[int, str]]) -> Callable[[], None]:
    """Return what sends packets of growing lengths."""
    packets = [bytes(SIZE - HEADERS + n) for n in range(SEGMENTS)]
    turn = 0

    def send() -> None:
        nonlocal turn
        turn += 1
        address = (made[turn % len(made)][1], PORT)
        for packet in packets:
            outside.sendto(packet, address)

    return send


def passed(direction: str) -> int:
    """Return how many packets have passed the TUN device."""
    devices = Path("/proc/self/net/dev").read_text(encoding="ascii")
    (line,) = (one for one in devices.splitlines() if one.strip().startswith(f"{DEVICE}:"))
    return int(line.partition(":")[2].split()[1 if direction == "up" else 9])


def main() -> None:
    """Send and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("direction", choices=("up", "down", "ragged"))
    parser.add_argument("pid", type=int)
    parser.add_argument("seconds", type=float)
    options = parser.parse_args()
    control, user, outside = udp(SGSN, 2123, 1 << 20), udp(SGSN, 2152), udp(OUTSIDE, PORT)
    made = contexts(control)
    if options.direction == "up":
        send = sender_up(user, made)
    elif options.direction == "down":
        send = sender_down(outside, made)
    else:
        send = sender_ragged(outside, made)
    burst(send, WARM_UP)
    before, cpu, own = passed(options.direction), cpu_seconds(options.pid), os.times()
    begun = time.monotonic()
    burst(send, options.seconds)
    seconds = time.monotonic() - begun
    used = cpu_seconds(options.pid) - cpu
    count, now = passed(options.direction) - before, os.times()
    print(
        json.dumps(
            {
                "packets": count,
                "cpu": used,
                "seconds": seconds,
                "generator_cpu": now.user + now.system - own.user - own.system,
            }
        )
    )


def burst(send: Callable[[], None], seconds: float) -> None:
    """Send for so long."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        send()


if __name__ == "__main__":
    main()
