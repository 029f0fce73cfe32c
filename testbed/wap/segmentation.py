"""Messages in packets, and packets in groups (WAP-224 §8.14, segmentation and re-assembly).

Theory of operation. A message that is longer than a packet goes out in groups. The last packet of
a group is marked (GTR), the last of the message too (TTR); only marked ones are acknowledged, and
the next group waits for that. Whoever gets a marked packet while others are missing names these
in a Negative Ack. If an acknowledgement does not come, the marked packet alone is sent again:
it makes the receiver say what it has.
"""

from __future__ import annotations

from enum import Enum

from testbed.codecs.wtp.constants import MOST_PACKETS, Trailer
from testbed.wap.errors import WapError


class Outgoing:
    """A message on its way out, and how far it has come."""

    __slots__ = ("_data", "_group", "_packet", "count", "first", "last")

    def __init__(self, data: bytes, packet: int, group: int) -> None:
        """``packet`` is in octets, ``group`` in packets.

        Raises WapError when the message needs more packets than there are numbers.
        """
        self.count = max(1, -(-len(data) // packet))
        """How many packets the message has."""
        if self.count > MOST_PACKETS:
            raise WapError(
                f"{len(data)} octets are more than {MOST_PACKETS} packets of {packet} octets"
            )
        self._data = data
        self._packet = packet
        self._group = group
        self.first = 0
        """The first packet of the group that is waiting for its acknowledgement."""
        self.last = min(group, self.count) - 1
        """The last one."""

    @property
    def is_last_group(self) -> bool:
        """Whether nothing follows the present group."""
        return self.last == self.count - 1

    def next_group(self) -> None:
        """Go on to the next group."""
        self.first = self.last + 1
        self.last = min(self.last + self._group, self.count - 1)

    def in_group(self, missing: tuple[int, ...]) -> list[int]:
        """Return which of these packets are in the present group; naming none means all."""
        group = range(self.first, self.last + 1)
        return sorted(set(missing) & set(group)) if missing else list(group)

    def payload(self, psn: int) -> bytes:
        """Return the data of a packet."""
        return self._data[psn * self._packet : (psn + 1) * self._packet]

    def trailer(self, psn: int) -> Trailer:
        """Return the mark of a packet."""
        if self.count == 1:
            return Trailer.WHOLE
        if psn == self.count - 1:
            return Trailer.LAST
        return Trailer.GROUP if (psn + 1) % self._group == 0 else Trailer.MORE


class Arrival(Enum):
    """What a packet has brought about."""

    KEPT = "kept"
    """Nothing to say yet."""
    MISSING = "missing"
    """It ends a group that is not complete."""
    GROUP = "group"
    """Its group is complete."""
    MESSAGE = "message"
    """The message is complete."""
    COPY = "copy"
    """It was there already, and asks for nothing."""
    MISFIT = "misfit"
    """It lies beyond the packet that ended the message, or ends it before packets that came."""


class Incoming:
    """A message on its way in."""

    __slots__ = ("_acknowledged", "_end", "_marked", "_packets", "octets")

    def __init__(self) -> None:
        self._packets: dict[int, bytes] = {}
        self._marked = -1
        self._acknowledged = -1
        self._end: int | None = None
        self.octets = 0
        """How many have arrived."""

    def add(self, psn: int, data: bytes, trailer: Trailer, *, again: bool) -> Arrival:
        """Take a packet; ``again`` when it was sent before."""
        if psn in self._packets:
            return self._again(psn) if again and trailer is not Trailer.MORE else Arrival.COPY
        if self._end is not None and psn > self._end:
            return Arrival.MISFIT
        if trailer.ends_message:
            if psn < self.last:
                return Arrival.MISFIT
            self._end = psn
        self._packets[psn] = data
        self.octets += len(data)
        if trailer is not Trailer.MORE:
            self._marked = max(self._marked, psn)
        return self._state(ended_now=trailer is not Trailer.MORE)

    def _again(self, psn: int) -> Arrival:
        """Answer a repeated packet that wants to be acknowledged."""
        if psn <= self._acknowledged:
            return Arrival.GROUP
        return self._state(ended_now=True)

    def _state(self, *, ended_now: bool) -> Arrival:
        if self.missing():
            return Arrival.MISSING if ended_now else Arrival.KEPT
        if self._end is not None and self._marked == self._end:
            return Arrival.MESSAGE
        if self._marked > self._acknowledged:
            self._acknowledged = self._marked
            return Arrival.GROUP
        return Arrival.KEPT

    @property
    def is_empty(self) -> bool:
        """Whether nothing has arrived."""
        return not self._packets

    @property
    def acknowledged(self) -> int:
        """The last packet of the last group that was complete, or -1."""
        return self._acknowledged

    @property
    def last(self) -> int:
        """The last packet that has arrived, or -1."""
        return max(self._packets, default=-1)

    def missing(self) -> tuple[int, ...]:
        """Return the packets up to the last marked one that have not arrived."""
        return tuple(psn for psn in range(self._marked + 1) if psn not in self._packets)

    def message(self) -> bytes:
        """Return the complete message."""
        return b"".join(self._packets[psn] for psn in range(len(self._packets)))
