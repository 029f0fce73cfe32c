"""A scripted SGSN that only asks and reads as much of the answers as it needs for the next step.

Run by ``benchmarks.ggsn`` as a program of its own, so that its CPU time is told apart from the
GGSN's; prints one JSON document. Messages are made before the clock starts. It looks into
``/proc`` for what the GGSN's process has used when a part begins and when it ends.

    pairs      creates contexts and deletes each at once, so many at a time
    crowd      creates many contexts and restarts
    ladders    has contexts activated by the network, and plays HLR and SGSN
    await      asks by Echo Request until somebody answers
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from typing import Any

from benchmarks.cpu import cpu_seconds
from benchmarks.ggsn.crowd import run_crowd
from benchmarks.ggsn.ladder import run_ladders
from benchmarks.ggsn.messages import (
    CREATE_RESPONSE,
    DELETE_RESPONSE,
    SEQUENCES,
    control_teid,
    create,
    delete,
    echo,
    numbered,
    split,
)
from benchmarks.ggsn.processes import SGSN
from benchmarks.ggsn.sockets import open_socket

SUBSCRIBERS = 5000
"""How many take turns. No divisor of the sequence numbers, so that no request is ever repeated."""
WARM_UP = 0.3
"""Seconds before the clock starts."""
FIRST_SEQUENCE = 1000
"""Apart from what Echo Requests had: osmo-ggsn tells duplicates by the number alone."""
AGAIN_SEQUENCE = 4096
"""Where they begin again: osmo-ggsn keeps its first 1,024 responses and no later ones."""


def sequence_of(pair: int) -> int:
    """Return the sequence number of a pair's first request; its second one has the next."""
    sequence = FIRST_SEQUENCE + 2 * pair
    if sequence < SEQUENCES:
        return sequence
    return AGAIN_SEQUENCE + (sequence - SEQUENCES) % (SEQUENCES - AGAIN_SEQUENCE)


def run_pairs(peer: str, pid: int, seconds: float, outstanding: int, *, echoed: bool) -> Any:
    """Create and delete contexts for some time, ``outstanding`` of them under way at once.

    ``echoed`` says that the peer is an echo: it returns requests, which count as answers.
    """
    creates = [split(create(number, SGSN).encode()) for number in range(SUBSCRIBERS)]
    answers = (16, 20) if echoed else (CREATE_RESPONSE, DELETE_RESPONSE)
    of_create, of_delete = answers
    with open_socket(peer, SGSN) as port:
        send, receive = port.send, port.recv
        started = finished = before = 0
        used = own = begin = 0.0
        warm = time.perf_counter() + WARM_UP
        end = warm + seconds
        while started < outstanding:
            send(numbered(creates[started], sequence_of(started)))
            started += 1
        while finished < started:
            data = receive(2048)
            kind = data[1]
            if kind == of_create:
                teid = data[4:8] if echoed else control_teid(data)
                send(delete(teid, (data[8] << 8 | data[9]) + 1))
            elif kind == of_delete:
                finished += 1
                now = time.perf_counter()
                if not before and now > warm:
                    before, begin = finished, now
                    used, own = cpu_seconds(pid), time.process_time()
                if now < end:
                    send(numbered(creates[started % SUBSCRIBERS], sequence_of(started)))
                    started += 1
        took = time.perf_counter() - begin
        return {
            "pairs": finished - before,
            "seconds": took,
            "cpu": cpu_seconds(pid) - used,
            "generator_cpu": time.process_time() - own,
        }


def wait_until_served(peer: str) -> Any:
    """Ask by Echo Request until somebody answers."""
    deadline = time.monotonic() + 15.0
    with open_socket(peer, SGSN) as port:
        port.settimeout(0.1)
        for sequence in range(SEQUENCES):
            try:
                port.send(echo(sequence))
                port.recv(2048)
                break
            except OSError:
                if time.monotonic() > deadline:
                    raise SystemExit(f"nobody answers at {peer}") from None
                time.sleep(0.05)
    return {}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ggsn.sgsn", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    pairs = commands.add_parser("pairs")
    crowd = commands.add_parser("crowd")
    ladders = commands.add_parser("ladders")
    for each in (commands.add_parser("await"), pairs, crowd, ladders):
        each.add_argument("peer")
    for each in (pairs, crowd, ladders):
        each.add_argument("pid", type=int)
    pairs.add_argument("seconds", type=float)
    pairs.add_argument("--echoed", action="store_true")
    pairs.add_argument("--outstanding", type=int, default=64)
    crowd.add_argument("contexts", type=int)
    ladders.add_argument("rate", type=float)
    ladders.add_argument("seconds", type=float)
    options = parser.parse_args()
    peer = options.peer
    if options.command == "await":
        document = wait_until_served(peer)
    elif options.command == "crowd":
        document = run_crowd(peer, options.pid, options.contexts)
    elif options.command == "ladders":
        document = run_ladders(peer, options.pid, options.rate, options.seconds)
    else:
        seconds, outstanding = options.seconds, options.outstanding
        document = run_pairs(peer, options.pid, seconds, outstanding, echoed=options.echoed)
    json.dump(document, sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
