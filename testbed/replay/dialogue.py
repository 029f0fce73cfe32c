"""A recorded dialogue: which messages one side sent, and what answers which.

Spec: TS 29.060 §7.6 for what makes a message the answer to another: the response to its type,
with its sequence number, the other way.

Theory of operation. The dialogue is all GTPv1-C between two hosts, without what was sent again.
User data, RADIUS and what else there is in a capture is counted, and left out: a G-PDU answers
nothing, and secrets and sessions of other protocols are not the capture's to know.
The side to be played is the one that asked first, unless it is named. Each step is outgoing (of
the side to be played) or incoming (of its peer), and knows the step that it answers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from gtp.constants import GTP_C_PORT, GTP_U_PORT, MessageType
from gtp.transactions import RESPONSE_TO, RESPONSES
from testbed.replay.captures import Datagram

_PLAIN_BITS: Final = 0xF0
_GTP_1: Final = 0x30
"""Version 1, protocol type GTP."""


_PROTOCOLS: Final = {
    GTP_C_PORT: "GTP-C that is not between two hosts or broken",
    GTP_U_PORT: "GTP-U",
    1812: "RADIUS",
    1813: "RADIUS",
    3799: "RADIUS",
    4729: "GSMTAP",
    2948: "WAP",
    9200: "WAP",
    9201: "WAP",
}
"""What else there may be in a capture, by port."""


class DialogueError(ValueError):
    """There is no such dialogue in the capture; the sentence says what there is."""


@dataclass(frozen=True, slots=True)
class Step:
    """One message of a dialogue."""

    number: int
    """Its place, from 1."""
    time: float
    """Seconds since the dialogue's first message."""
    outgoing: bool
    data: bytes
    answers: int | None = None
    """The step that it is the answer to."""

    @property
    def type(self) -> int:
        """The message type."""
        return self.data[1]

    @property
    def sequence(self) -> int:
        """The sequence number."""
        return int.from_bytes(self.data[8:10])

    @property
    def teid(self) -> int:
        """The TEID in the header."""
        return int.from_bytes(self.data[4:8])

    @property
    def asks(self) -> bool:
        """Whether it is a request, which is to be answered."""
        return self.type in RESPONSE_TO

    @property
    def text(self) -> str:
        """The message's name."""
        return name_of_type(self.type)


@dataclass(frozen=True, slots=True)
class Dialogue:
    """What two hosts said to each other."""

    side: str
    """The host whose messages are to be sent."""
    peer: str
    steps: tuple[Step, ...]
    others: int
    """Messages of other hosts in the capture."""
    left_out: str
    """What else there is over UDP, which is not replayed: "12 GTP-U, 4 RADIUS"."""

    def answer_to(self, step: Step) -> Step | None:
        """Return the recorded answer to a step."""
        return next((one for one in self.steps if one.answers == step.number), None)

    @property
    def peer_asks(self) -> bool:
        """Whether the peer sends requests of its own."""
        return any(step.asks and not step.outgoing for step in self.steps)


def name_of_type(message_type: int) -> str:
    """Return a message's name."""
    try:
        return MessageType(message_type).text
    except ValueError:
        return f"message type {message_type}"


def dialogue(recorded: Iterable[Datagram], side: str | None = None) -> Dialogue:
    """Return the dialogue of ``side``, or of whoever asked first, with the peer it asked most.

    Raises:
        DialogueError: there is none.
    """
    messages = []
    left_out: Counter[str] = Counter()
    for one in recorded:
        if _is_gtp_c(one):
            messages.append(one)
        else:
            left_out[_protocol(one)] += 1
    besides = ", ".join(f"{count} {protocol}" for protocol, count in sorted(left_out.items()))
    if not messages:
        raise DialogueError(
            "only GTPv1-C between two hosts is replayed, and in this capture there is none"
            + (f"; there is {besides}" if besides else "")
        )
    hosts = sorted({one.source[0] for one in messages} | {one.destination[0] for one in messages})
    if side is None:
        asked = (one for one in messages if one.data[1] in RESPONSE_TO)
        side = next((one.source[0] for one in asked), messages[0].source[0])
    elif side not in hosts:
        raise DialogueError(f"{side} is none of the hosts that speak GTPv1-C: {', '.join(hosts)}")
    peers = Counter(_peer_of(one, side) for one in messages if side in _ends(one))
    peer = max(peers, key=lambda host: peers[host])
    ours = [one for one in messages if set(_ends(one)) == {side, peer}]
    return Dialogue(side, peer, tuple(_steps(ours, side)), len(messages) - len(ours), besides)


def _protocol(one: Datagram) -> str:
    ports = (one.source[1], one.destination[1])
    return next((_PROTOCOLS[port] for port in ports if port in _PROTOCOLS), "other UDP")


def _is_gtp_c(one: Datagram) -> bool:
    return (
        GTP_C_PORT in (one.source[1], one.destination[1])
        # Of a host that speaks to itself nobody can tell the sides.
        and one.source[0] != one.destination[0]
        and len(one.data) >= 12
        and one.data[0] & _PLAIN_BITS == _GTP_1
        and bool(one.data[0] & 0x02)
    )


def _ends(one: Datagram) -> tuple[str, str]:
    return one.source[0], one.destination[0]


def _peer_of(one: Datagram, side: str) -> str:
    source, destination = _ends(one)
    return destination if source == side else source


def _steps(messages: list[Datagram], side: str) -> list[Step]:
    steps: list[Step] = []
    open_requests: dict[tuple[bool, int, int], int] = {}
    seen: set[tuple[bool, bytes]] = set()
    for one in messages:
        outgoing = one.source[0] == side
        message_type, sequence = one.data[1], int.from_bytes(one.data[8:10])
        if (outgoing, one.data) in seen:
            continue
        seen.add((outgoing, one.data))
        answers = None
        if message_type in RESPONSE_TO:
            response = RESPONSE_TO[message_type]
            open_requests[not outgoing, response, sequence] = len(steps) + 1
        elif message_type in RESPONSES:
            answers = open_requests.pop((outgoing, message_type, sequence), None)
        since = one.time - messages[0].time
        steps.append(Step(len(steps) + 1, max(since, 0.0), outgoing, one.data, answers))
    return steps
