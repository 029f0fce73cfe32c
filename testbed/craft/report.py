"""What was sent and what came, in lines for people and as plain values for programs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from corenet.interfaces.node import Event
from gtp.constants import Cause
from gtp.describe import describe, describe_octets
from gtp.errors import RemoteProtocolError
from gtp.messages import decode
from testbed.craft.sender import MessageCame, MessageSent, MessageUnanswered

_ALL_TYPES: Final = range(256)


class Report:
    """Tells what a ``Sender`` does, and judges it at the end."""

    def __init__(self, tell: Callable[[str], None], peer: str, expected: Cause | None) -> None:
        """Give each line to ``tell``; ``expected`` is the Cause that answers must have."""
        self._tell = tell
        self._peer = peer
        self._expected = expected
        self._known: bytes | None = None
        self._messages: list[dict[str, Any]] = []
        self.wrong: list[str] = []
        """What was not as it should be."""

    def take(self, event: Event) -> None:
        """Take what has happened."""
        match event:
            case MessageSent(number=number, transmission=transmission, data=data):
                self._sent(number, transmission, data)
            case MessageCame(number=number, answers=answers):
                self._came(event)
                if answers:
                    self._judge(number, event.data)
            case MessageUnanswered(number=number, transmissions=times):
                sent = "" if times == 1 else f", sent {times} times"
                self._miss(f"message {number} was not answered{sent}")

    def plain(self) -> dict[str, Any]:
        """Return it all as values that JSON has."""
        return {"peer": self._peer, "messages": self._messages, "wrong": self.wrong}

    def _sent(self, number: int, transmission: int, data: bytes) -> None:
        if transmission > 1:
            self._messages[-1]["transmissions"] = transmission
            self._tell(f"message {number} sent again")
            return
        self._messages.append({"sent": plain_message(data), "transmissions": 1, "came": []})
        first = "sent to" if number == 1 else f"message {number} sent to"
        self._tell(f"{first} {self._peer}, {len(data)} octets")
        # Repetitions differ in their sequence number only.
        if number == 1:
            self._explain(data)

    def _came(self, event: MessageCame) -> None:
        milliseconds = event.seconds * 1000
        self._messages[-1]["came"].append(
            plain_message(event.data)
            | {"answers": event.answers, "milliseconds": round(milliseconds, 3)}
        )
        what = "answered" if event.answers else "came besides"
        self._tell(f"{what} after {milliseconds:.1f} ms, {len(event.data)} octets")
        self._explain(event.data)

    def _explain(self, data: bytes) -> None:
        for line in describe_octets(data):
            self._tell(line)

    def _judge(self, number: int, data: bytes) -> None:
        try:
            answer = decode(data, comprehended=_ALL_TYPES)
        except RemoteProtocolError as error:
            self._miss(f"the answer to message {number} is no valid message: {error}")
            return
        cause = getattr(answer, "cause", None)
        if self._expected is not None and cause != self._expected:
            found = "no cause" if cause is None else f"cause {cause:d}, {cause.text}"
            self._miss(
                f"the answer to message {number} has {found}, "
                f"not {self._expected:d}, {self._expected.text}"
            )

    def _miss(self, sentence: str) -> None:
        self.wrong.append(sentence)


def plain_message(data: bytes) -> dict[str, Any]:
    """Return a message as values that JSON has: octets, and what they say if they do."""
    plain: dict[str, Any] = {"octets": data.hex()}
    try:
        message = decode(data, comprehended=_ALL_TYPES)
    except RemoteProtocolError as error:
        return plain | {"error": str(error)}
    return plain | {
        "type": int(message.TYPE),
        "message": message.TYPE.text,
        "teid": message.teid,
        "sequence": message.sequence,
        "elements": [{"name": name, "value": value} for name, value in describe(message)],
    }
