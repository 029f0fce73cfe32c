"""Our requests on a session: those that wait for a response, and those that wait for their turn.

Spec: SMPP 3.4 §2.7. Responses may come in any order; the sequence_number says whose each is.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import NamedTuple

from corenet.schedule import Alarm
from testbed.codecs.smpp import CommandId
from testbed.codecs.smpp.constants import LARGEST_SEQUENCE


@dataclass(slots=True, eq=False)
class Outstanding:
    """A request that was sent."""

    command: CommandId
    context: object
    alarm: Alarm
    in_window: bool
    """Whether it takes a place in the window; what keeps the link does not."""


class Waiting(NamedTuple):
    """A request that was not sent yet."""

    command: CommandId
    octets: bytes
    """The whole PDU, but for its sequence_number."""
    context: object


class Window:
    """Requests by sequence number, and a queue."""

    __slots__ = ("_next", "_outstanding", "_taken", "queue", "size")

    def __init__(self, size: int) -> None:
        self.size = size
        self.queue: deque[Waiting] = deque()
        self._outstanding: dict[int, Outstanding] = {}
        self._taken = 0
        self._next = 0

    def __len__(self) -> int:
        """Return how many requests wait for a response."""
        return len(self._outstanding)

    @property
    def has_room(self) -> bool:
        """Whether another request may be sent."""
        return self._taken < self.size

    def next_sequence(self) -> int:
        """Return a sequence number that no outstanding request has."""
        while True:
            self._next = self._next % LARGEST_SEQUENCE + 1
            if self._next not in self._outstanding:
                return self._next

    def add(self, sequence: int, request: Outstanding) -> None:
        """Keep a request until it is answered."""
        self._outstanding[sequence] = request
        self._taken += request.in_window

    def find(self, sequence: int) -> Outstanding | None:
        """Return the request with a sequence number, if one is outstanding."""
        return self._outstanding.get(sequence)

    def remove(self, sequence: int) -> Outstanding:
        """Forget a request, and its timer."""
        request = self._outstanding.pop(sequence)
        request.alarm.cancel()
        self._taken -= request.in_window
        return request

    def clear(self) -> list[Outstanding]:
        """Forget every request that was sent; return them in order."""
        return [self.remove(sequence) for sequence in list(self._outstanding)]
