"""Many contexts at a scripted SGSN: how they come, what they take, and how they go.

Run by ``benchmarks.ggsn.sgsn``. Contexts are created so many at a time; for each tenth of them the
GGSN's CPU time is noted, and its memory at the end. Then the SGSN comes back with another restart
counter, and while its contexts go another one asks by Echo Request, one after the other and at most
every few milliseconds, until none is left.
"""

from __future__ import annotations

import select
import socket
import time
from typing import Any

from benchmarks.cpu import cpu_seconds
from benchmarks.ggsn.messages import (
    CREATE_RESPONSE,
    DELETE_REQUEST,
    ECHO_RESPONSE,
    SEQUENCES,
    control_teid,
    create,
    deleted,
    echo,
    numbered,
    split,
)
from benchmarks.ggsn.processes import HLR, SGSN, resident
from benchmarks.ggsn.serving import CONTROL_PORT
from benchmarks.ggsn.sockets import SILENCE, open_socket

OUTSTANDING = 64
TENTHS = 10
ECHO_PAUSE = 0.002
"""Seconds from an Echo Response to the next Echo Request."""
CALM = 0.5
"""Seconds of Echo Requests before anything happens."""
LOOK = 0.05
"""Seconds between two looks at how many contexts are left."""


def run_crowd(peer: str, pid: int, contexts: int) -> dict[str, Any]:
    """Create that many contexts, then restart; say what it took."""
    creates = [split(create(number, SGSN, recovery=1).encode()) for number in range(contexts)]
    with open_socket(peer, SGSN) as port, open_socket(peer, HLR) as other:
        empty = resident(pid)
        tenths = _fill(port, pid, creates)
        full = resident(pid)
        used = cpu_seconds(pid)
        calm, meanwhile, took = _restart(port, other, peer, pid, contexts)
        return {
            "contexts": contexts,
            "octets": (full - empty) / contexts,
            "tenths": tenths,
            "calm": calm.waits,
            "waits": meanwhile.waits,
            "turns": meanwhile.turns,
            "teardown": took,
            "teardown_cpu": cpu_seconds(pid) - used,
            "deletes": meanwhile.deletes,
        }


def _fill(port: socket.socket, pid: int, creates: list[tuple[bytes, bytes]]) -> list[float]:
    """Create all; return microseconds of the GGSN's CPU for one, for each tenth."""
    tenths = []
    share = len(creates) // TENTHS
    for tenth in range(TENTHS):
        used = cpu_seconds(pid)
        started, finished = tenth * share, tenth * share
        end = started + share
        while finished < end:
            while started < end and started - finished < OUTSTANDING:
                port.send(numbered(creates[started], started % SEQUENCES))
                started += 1
            data = port.recv(2048)
            if data[1] == CREATE_RESPONSE:
                control_teid(data)
                finished += 1
        tenths.append(1e6 * (cpu_seconds(pid) - used) / share)
    return tenths


def _restart(
    port: socket.socket, other: socket.socket, peer: str, pid: int, contexts: int
) -> tuple[_Echoes, _Echoes, float]:
    """Come back with another restart counter; return the echoes before and meanwhile."""
    back = numbered(split(create(contexts, SGSN, recovery=2).encode()), contexts % SEQUENCES)
    with open_socket(peer, HLR, CONTROL_PORT) as control:
        calm = _Echoes(other, port, pid)
        calm.go_on(time.perf_counter() + CALM)
        begin = time.perf_counter()
        port.send(back)
        meanwhile = _Echoes(other, port, pid)
        while True:
            meanwhile.go_on(time.perf_counter() + LOOK)
            control.send(b"count")
            if int(control.recv(100)) <= 1:
                break
        took = time.perf_counter() - begin
    return calm, meanwhile, took


class _Echoes:
    """Echo Requests of one peer, while the GGSN may ask another for deletions."""

    def __init__(self, asking: socket.socket, deleting: socket.socket, pid: int) -> None:
        self.waits: list[float] = []
        """Seconds to each Echo Response."""
        self.turns: list[float] = []
        """What the GGSN has computed meanwhile, seconds of CPU: what is its own of the wait."""
        self.deletes = 0
        """Delete PDP Context Requests that were answered."""
        self._asking = asking
        self._deleting = deleting
        self._pid = pid

    def go_on(self, end: float) -> None:
        """Ask until it is that time."""
        while time.perf_counter() < end:
            ran, asked = cpu_seconds(self._pid), time.perf_counter()
            self._asking.send(echo(len(self.waits) % SEQUENCES))
            while not self._answered(SILENCE):
                pass
            self.waits.append(time.perf_counter() - asked)
            self.turns.append(cpu_seconds(self._pid) - ran)
            pause = time.perf_counter() + ECHO_PAUSE
            while (left := pause - time.perf_counter()) > 0:
                self._answered(left)

    def _answered(self, patience: float) -> bool:
        """Wait for what comes; return whether it is an Echo Response."""
        ready, _, _ = select.select((self._asking, self._deleting), (), (), patience)
        if self._deleting in ready:
            data = self._deleting.recv(2048)
            if data[1] == DELETE_REQUEST:
                self._deleting.send(deleted(data))
                self.deletes += 1
        return self._asking in ready and self._asking.recv(2048)[1] == ECHO_RESPONSE
