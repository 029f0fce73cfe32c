"""Putting the parts of a long short message together again.

Spec: TS 23.040 §9.2.3.24.1. Parts belong together that have the same originator, reference, width
of the reference, number of parts and ports; they come in any order. What the specification leaves
open is done as handsets do: a part that comes twice counts once, also after the whole was handed
on; another part in its place means that the sender has begun anew with that reference; and parts
that wait for others are forgotten after a time, or when there are too many.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import Final
from zlib import crc32

from corenet.interfaces.sms.address import SmsAddress
from corenet.interfaces.sms.header import Concatenation, Ports, concatenation, ports
from corenet.interfaces.sms.tpdu import Deliver

MOST_MESSAGES: Final = 16
"""Messages that may be incomplete at a time."""
MOST_OCTETS: Final = 65_536
"""Payload that they may have in all."""


@dataclass(frozen=True, slots=True)
class Whole:
    """A message with all its parts."""

    originator: SmsAddress
    dcs: int
    ports: Ports | None
    payload: bytes
    parts: int


@dataclass(frozen=True, slots=True)
class Abandoned:
    """A message some of whose parts did not come in time, or had no room."""

    originator: SmsAddress
    reference: int
    received: int
    total: int


@dataclass(frozen=True, slots=True)
class _Key:
    originator: SmsAddress
    reference: int
    wide: bool
    total: int
    ports: Ports | None


class _Parts:
    """The parts of one message that are here."""

    __slots__ = ("dcs", "due", "payloads")

    def __init__(self, dcs: int, due: float) -> None:
        self.dcs = dcs
        self.due = due
        self.payloads: dict[int, bytes] = {}

    @property
    def octets(self) -> int:
        """How much they hold."""
        return sum(map(len, self.payloads.values()))


class Reassembly:
    """The long messages that one mobile is receiving."""

    __slots__ = ("_incomplete", "_recent", "_timeout")

    def __init__(self, timeout: float) -> None:
        """``timeout`` is how long the first part of a message waits for the others, seconds."""
        self._timeout = timeout
        self._incomplete: OrderedDict[_Key, _Parts] = OrderedDict()
        self._recent: OrderedDict[_Key, tuple[float, dict[int, int]]] = OrderedDict()

    def __len__(self) -> int:
        """Return how many messages are incomplete."""
        return len(self._incomplete)

    def take(self, message: Deliver, now: float) -> tuple[Whole | None, list[Abandoned]]:
        """Take a message; return it if that makes it whole, and what was given up for it."""
        part = concatenation(message.header)
        if part is None:
            whole = Whole(
                message.originator, message.dcs, ports(message.header), message.payload, 1
            )
            return whole, []
        key = _Key(message.originator, part.reference, part.wide, part.total, ports(message.header))
        if self._was_here(key, part, message.payload, now):
            return None, []
        abandoned = []
        known = self._incomplete.get(key)
        if known is not None and known.payloads.get(part.sequence, message.payload) != (
            message.payload
        ):
            abandoned.append(self._abandon(key))
            known = None
        if known is None:
            known = self._incomplete[key] = _Parts(message.dcs, now + self._timeout)
        known.payloads[part.sequence] = message.payload
        if len(known.payloads) == part.total:
            return self._complete(key, known, now), abandoned
        return None, abandoned + self._make_room(key)

    def next_timeout(self) -> float | None:
        """Return when the first incomplete message is to be given up, or None."""
        return next((parts.due for parts in self._incomplete.values()), None)

    def expire(self, now: float) -> list[Abandoned]:
        """Give up what has waited too long; return it."""
        abandoned = []
        while (due := self.next_timeout()) is not None and due <= now:
            abandoned.append(self._abandon(next(iter(self._incomplete))))
        return abandoned

    def _complete(self, key: _Key, parts: _Parts, now: float) -> Whole:
        del self._incomplete[key]
        payloads = [parts.payloads[number] for number in range(1, key.total + 1)]
        marks = {number: crc32(payload) for number, payload in enumerate(payloads, start=1)}
        self._recent[key] = (now + self._timeout, marks)
        self._recent.move_to_end(key)
        if len(self._recent) > MOST_MESSAGES:
            self._recent.popitem(last=False)
        return Whole(key.originator, parts.dcs, key.ports, b"".join(payloads), key.total)

    def _was_here(self, key: _Key, part: Concatenation, payload: bytes, now: float) -> bool:
        """Whether it is a part of what was whole already."""
        due, marks = self._recent.get(key, (now, {}))
        if due > now and marks.get(part.sequence) == crc32(payload):
            return key not in self._incomplete
        return False

    def _make_room(self, newest: _Key) -> list[Abandoned]:
        """Forget the oldest beyond what may be kept."""
        abandoned = []
        while len(self._incomplete) > 1 and (
            len(self._incomplete) > MOST_MESSAGES
            or sum(parts.octets for parts in self._incomplete.values()) > MOST_OCTETS
        ):
            oldest = next(key for key in self._incomplete if key != newest)
            abandoned.append(self._abandon(oldest))
        return abandoned

    def _abandon(self, key: _Key) -> Abandoned:
        parts = self._incomplete.pop(key)
        return Abandoned(key.originator, key.reference, len(parts.payloads), key.total)
