"""Network-requested activations from end to end of the GGSN, so many a second.

Run by ``benchmarks.ggsn.sgsn``. This process is whoever asks, the HLR and the SGSN, and answers
each at once, so that what is measured is the GGSN, the sockets and the waiting for a processor:

    control call → routeing → PDU Notification → Create PDP Context → control answer

Each context is deleted afterwards. A call goes out when it is due, whatever has come of others.
"""

from __future__ import annotations

import select
import socket
import time
from dataclasses import dataclass
from typing import Any

from benchmarks.cpu import cpu_seconds
from benchmarks.ggsn.messages import (
    CREATE_RESPONSE,
    SEQUENCES,
    control_teid,
    create,
    delete,
    imsi,
    numbered,
    split,
)
from benchmarks.ggsn.processes import HLR, SGSN
from benchmarks.ggsn.serving import CONTROL_PORT
from benchmarks.ggsn.sockets import SILENCE, open_socket
from gtp.constants import Cause
from gtp.messages import (
    PduNotificationRequest,
    PduNotificationResponse,
    SendRouteingInformationRequest,
    SendRouteingInformationResponse,
    decode,
)

SUBSCRIBERS = 20_000
SETTLING = 0.3
"""Seconds to wait for the responses to the last Delete PDP Context Requests."""


@dataclass(slots=True)
class _Ladder:
    """When each step of one activation was seen, seconds."""

    called: float
    notified: float = 0.0
    created: float = 0.0
    answered: float = 0.0


class _Network:
    """Everybody but the GGSN."""

    def __init__(
        self, sgsn: socket.socket, hlr: socket.socket, control: socket.socket, subscribers: int
    ) -> None:
        self.finished: list[_Ladder] = []
        self.failed = 0
        self._sgsn, self._hlr, self._control = sgsn, hlr, control
        self._creates = [split(create(n, SGSN).encode()) for n in range(subscribers)]
        self._open: dict[str, _Ladder] = {}
        self._by_sequence: dict[int, _Ladder] = {}
        self._sequence = 0
        self._sockets = {
            sgsn: self._take_from_ggsn,
            hlr: self._route,
            control: self._take_answer,
        }

    @property
    def under_way(self) -> int:
        """How many activations were asked for and have not ended."""
        return len(self._open)

    def call(self, number: int) -> None:
        """Have a subscriber's context activated."""
        who = imsi(number)
        self._open[who] = _Ladder(time.perf_counter())
        self._control.send(who.encode("ascii"))

    def serve(self, patience: float) -> None:
        """Wait for what comes, and do what it asks for."""
        ready, _, _ = select.select(list(self._sockets), (), (), patience)
        for one in ready:
            self._sockets[one](one.recv(2048))

    def _route(self, data: bytes) -> None:
        request = decode(data)
        if isinstance(request, SendRouteingInformationRequest):
            response = SendRouteingInformationResponse(
                cause=Cause.REQUEST_ACCEPTED,
                imsi=request.imsi,
                sgsn_address=SGSN,
                sequence=request.sequence,
            )
            self._hlr.send(response.encode())

    def _take_from_ggsn(self, data: bytes) -> None:
        if data[1] == CREATE_RESPONSE:
            ladder = self._by_sequence.pop(data[8] << 8 | data[9], None)
            if ladder is not None:
                ladder.created = time.perf_counter()
                self._sgsn.send(delete(control_teid(data), self._next_sequence()))
            return
        request = decode(data)
        if not isinstance(request, PduNotificationRequest):
            return
        ladder = self._open[request.imsi]
        if not ladder.notified:
            ladder.notified = time.perf_counter()
            response = PduNotificationResponse(
                teid=request.teid_control,
                cause=Cause.REQUEST_ACCEPTED,
                sequence=request.sequence,
            )
            self._sgsn.send(response.encode())
            sequence = self._next_sequence()
            self._by_sequence[sequence] = ladder
            self._sgsn.send(numbered(self._creates[int(request.imsi[5:])], sequence))

    def _take_answer(self, data: bytes) -> None:
        who, outcome = data.decode("ascii").split()
        ladder = self._open.pop(who)
        ladder.answered = time.perf_counter()
        if outcome == "active":
            self.finished.append(ladder)
        else:
            self.failed += 1

    def _next_sequence(self) -> int:
        self._sequence = (self._sequence + 1) % SEQUENCES
        return self._sequence


def run_ladders(peer: str, pid: int, rate: float, seconds: float) -> dict[str, Any]:
    """Have contexts activated for some time, ``rate`` a second; say how long each step took."""
    count = max(1, round(rate * seconds))
    with (
        open_socket(peer, SGSN) as sgsn,
        open_socket(peer, HLR) as hlr,
        open_socket(peer, HLR, CONTROL_PORT) as control,
    ):
        network = _Network(sgsn, hlr, control, min(count, SUBSCRIBERS))
        used, own, begin = cpu_seconds(pid), time.process_time(), time.perf_counter()
        for number in range(count):
            due = begin + number / rate
            while (left := due - time.perf_counter()) > 0:
                network.serve(left)
            network.call(number % SUBSCRIBERS)
            network.serve(0)
        deadline = time.perf_counter() + SILENCE
        while network.under_way and time.perf_counter() < deadline:
            network.serve(SETTLING)
        took = time.perf_counter() - begin
        end = time.perf_counter() + SETTLING
        while (left := end - time.perf_counter()) > 0:
            network.serve(left)
        return {
            "finished": len(network.finished),
            "failed": network.failed + network.under_way,
            "seconds": took,
            "cpu": cpu_seconds(pid) - used,
            "generator_cpu": time.process_time() - own,
            "notification": [one.notified - one.called for one in network.finished],
            "creation": [one.created - one.notified for one in network.finished],
            "answer": [one.answered - one.called for one in network.finished],
        }
