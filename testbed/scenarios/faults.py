"""Faults: what is done to messages on their way, as a scenario says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from corenet.interfaces.interference import LOST, Fate
from corenet.interfaces.runtime import Passed
from gtp.constants import Cause, MessageType
from gtp.errors import GtpError
from gtp.messages import MESSAGES, Message
from testbed.expectations.expected import Expected
from testbed.expectations.messages import MessageReader
from testbed.expectations.seen import Seen, see
from testbed.expectations.values import plain
from testbed.lab.wording import meant
from testbed.scenarios.model import FaultPart, MessagePart


class AnswerError(ValueError):
    """There is no such answer."""


@dataclass(slots=True, eq=False)
class _Active:
    part: FaultPart
    expected: Expected | None
    until: float | None
    skip: int
    left: int | None


class Faults:
    """Everything that is being done to messages now (an ``Interference``)."""

    def __init__(self, names: Mapping[str, str]) -> None:
        """``names`` are for addresses that are no node's."""
        self._names = names
        self._active: list[_Active] = []

    def add(self, parts: Iterable[FaultPart], now: float) -> None:
        """Do this too, from now on."""
        for part in parts:
            message = part.lose or part.delay or part.repeat or part.answer
            until = None if part.seconds is None else now + part.seconds
            expected = None if message is None else _expected(message)
            self._active.append(_Active(part, expected, until, part.skip, part.times))

    def clear(self) -> None:
        """Let everything pass from now on."""
        self._active.clear()

    def __call__(self, passed: Passed) -> Fate | None:
        """Say what becomes of a datagram: the first fault that it meets decides."""
        if not self._active:
            return None
        for seen in see(passed, MessageReader(), self._names):
            for active in self._active:
                if active.left == 0 or (active.until is not None and passed.time > active.until):
                    continue
                if not _meets(active, passed, seen):
                    continue
                if active.skip:
                    active.skip -= 1
                    continue
                if active.left is not None:
                    active.left -= 1
                return _fate(active.part, seen)
        return None


def check_answer(part: FaultPart) -> None:
    """Raise AnswerError where a fault's answer cannot be made."""
    assert part.answer is not None
    request = _kind(part.answer.message or "")
    response = _response_to(request)
    names = {place.name for place in response.IES.places}
    for name in part.values:
        if name not in names:
            known = ", ".join(sorted(names))
            raise AnswerError(f"{response.TYPE.text} has no element {name}; it has {known}")
    if "cause" not in names:
        return
    if "cause" not in part.values:
        raise AnswerError(f"{response.TYPE.text} needs a cause: say it in values")
    cause_named(part.values["cause"])


def cause_named(value: object) -> Cause:
    """Return the GTP cause that a number or its words name; raise AnswerError: there is none."""
    if isinstance(value, int) and 0 <= value <= 255:
        return Cause(value)
    for cause in Cause:
        if plain(str(value)) in (plain(cause.text), plain(cause.name)):
            return cause
    texts = [cause.text for cause in Cause]
    raise AnswerError(f"there is no GTP cause {value}{meant(value, texts)}")


def _expected(part: MessagePart) -> Expected:
    return Expected(
        part.message or "",
        part.fields,
        interface=part.on,
        source=part.source,
        destination=part.to,
    )


def _meets(active: _Active, passed: Passed, seen: Seen) -> bool:
    if active.part.cut is not None:
        return {passed.sender, passed.receiver} == set(active.part.cut)
    return active.expected is not None and active.expected.matches(seen)


def _fate(part: FaultPart, seen: Seen) -> Fate:
    if part.delay is not None:
        return Fate(sendings=(part.by,))
    if part.repeat is not None:
        return Fate(sendings=(0.0, 0.0))
    if part.answer is not None:
        return Fate(sendings=(), answers=(_answer(seen.subject, part.values),))
    return LOST


def _kind(name: str) -> type[Message]:
    for number, kind in MESSAGES.items():
        if plain(MessageType(number).text) == plain(name):
            return kind
    raise AnswerError(f"only GTP requests can be answered, and {name} is none")


def _response_to(request: type[Message]) -> type[Message]:
    """Return the response to a request: the type that follows, and says so."""
    number = request.TYPE + 1
    response = MESSAGES.get(number)
    if response is None or not response.__name__.endswith("Response"):
        raise AnswerError(f"there is no response to {request.TYPE.text}")
    return response


def _answer(request: Any, values: Mapping[str, Any]) -> bytes:
    """Return the octets of a response to ``request`` that has ``values``."""
    response = _response_to(type(request))
    elements = {
        place.name: getattr(request, place.name)
        for place in response.IES.places
        if place.name == "imsi" and hasattr(request, place.name)
    }
    elements |= values
    if "cause" in elements:
        elements["cause"] = cause_named(elements["cause"])
    teid = getattr(request, "teid_control", None) or 0
    answer = response(teid=teid, sequence=request.sequence, **elements)
    try:
        return answer.encode()
    except GtpError as error:
        raise AnswerError(str(error)) from None
